// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.live;

import java.io.IOException;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.offload.core.Offloading;
import org.trackway.offload.spi.OffloadProvider;
import org.trackway.provider.xdp.XdpProviders;

/** The product with the offload manager and the XDP provider. */
final class XdpForwarder implements AutoCloseable {

    private final Forwarder forwarder;
    private final Offloading offloading;
    private final OffloadProvider provider;

    XdpForwarder(final Network network, final String namespace, final ConntrackSettings settings, final String attach,
            final int capacity) throws IOException {
        forwarder = new Forwarder(network, namespace, settings);
        offloading = new Offloading(forwarder.tracker());
        provider = XdpProviders.make(capacity, attach);
        offloading.add(provider);
        forwarder.paths(offloading.paths());
    }

    Forwarder forwarder() {
        return forwarder;
    }

    Offloading offloading() {
        return offloading;
    }

    /** Takes the provider away, and brings it back. */
    void withdraw() {
        offloading.remove(provider);
    }

    void bringBack() {
        offloading.add(provider);
    }

    @Override
    public void close() {
        forwarder.close();
        offloading.close();
        XdpProviders.close(provider);
    }
}
