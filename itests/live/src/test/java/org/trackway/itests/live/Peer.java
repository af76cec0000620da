// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.live;

import java.io.IOException;
import org.trackway.conntrack.ConntrackSettings;

/** Trackway and those it is compared with on the same traffic. */
enum Peer {

    TRACKWAY {
        @Override
        Middlebox start(final Network network, final String namespace) {
            return new Forwarder(network, namespace, ConntrackSettings.DEFAULT);
        }
    },

    OPEN_VSWITCH {
        @Override
        Middlebox start(final Network network, final String namespace) throws IOException {
            return new OpenVSwitch(network, namespace);
        }
    },

    KERNEL {
        @Override
        Middlebox start(final Network network, final String namespace) {
            return new Kernel(network, namespace);
        }
    };

    /** {@return one without ports and rules, in a namespace} */
    abstract Middlebox start(Network network, String namespace) throws IOException;
}
