// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.xdp;

import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.trackway.offload.spi.OffloadProvider;
import org.trackway.packet.Port;

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

    /**
     * Has the kernel run the program of a port on a frame, as if it came in there.
     *
     * @return the frame as it leaves; empty if it passes to software
     */
    public static Optional<byte[]> run(final OffloadProvider provider, final Port in,
            final byte[] frame) {
        return Arrays.stream(((XdpProvider) provider).ports).filter(port -> port != null && port.isOf(in))
            .filter(port -> port.loaded >= 0).findFirst().map(port -> TestRun.once(port.loaded, frame));
    }

    /** Takes it away. */
    public static void close(final OffloadProvider provider) {
        ((XdpProvider) provider).close();
    }
}
