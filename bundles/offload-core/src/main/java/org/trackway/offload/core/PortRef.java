// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import java.lang.ref.WeakReference;
import org.trackway.packet.Port;

/** A port that packets came in by. Nothing here keeps a removed port, or the class loader behind it. Immutable. */
final class PortRef extends WeakReference<Port> {

    private final int hash;
    private final String name;

    PortRef(final Port port) {
        super(port);
        hash = System.identityHashCode(port);
        name = port.name();
    }

    /** {@return the identity hash code of the port} */
    int hash() {
        return hash;
    }

    String name() {
        return name;
    }
}
