// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.xdp;

import java.io.IOException;
import java.util.Locale;
import org.trackway.offload.spi.OffloadProvider;

/** Makes the provider without a container. */
public final class XdpProviders {

    private XdpProviders() {
    }

    /**
     * {@return a provider that serves all interfaces}
     *
     * @param attach auto, native or generic
     */
    public static OffloadProvider make(final int capacity, final String attach) throws IOException {
        LibC.register();
        return new XdpProvider(new XdpSettings("xdp", 0, capacity,
            XdpSettings.Attach.valueOf(attach.toUpperCase(Locale.ROOT)), "*"));
    }

    /** Has it look after its interfaces, as it does every second. */
    public static void look(final OffloadProvider provider) {
        ((XdpProvider) provider).lookOnce();
    }

    /** Takes it away. */
    public static void close(final OffloadProvider provider) {
        ((XdpProvider) provider).close();
    }
}
