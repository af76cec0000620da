// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.live;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.trackway.offload.spi.OffloadProvider;
import org.trackway.packet.Port;
import org.trackway.port.afpacket.AfPacketPortFactory;
import org.trackway.provider.suite.ForwardingContract;
import org.trackway.provider.suite.Wire;
import org.trackway.provider.xdp.XdpProviders;

/** The XDP provider obeys every rule of the suite; the kernel runs its program on the suite's frames. */
class XdpContractTest extends ForwardingContract {

    private static final int CAPACITY = 64;

    private Network network;
    private List<Port> ports;

    /** JNA has a thread of its own, which is not the provider's. */
    @BeforeAll
    static void loadJna() throws IOException {
        Network.make().close();
        XdpProviders.close(XdpProviders.make(1, "generic"));
    }

    @Override
    protected OffloadProvider create() throws IOException {
        network = Network.make();
        network.namespaces("left", "middle", "right");
        network.cable("left/eth0", "middle/to-left");
        network.cable("right/eth0", "middle/to-right");
        ports = List.of(open("to-left"), open("to-right"));
        return XdpProviders.make(CAPACITY, "generic");
    }

    private Port open(final String name) throws IOException {
        return new AfPacketPortFactory().open(name, Map.of("netns", network.namespace("middle"), "ring", "1"));
    }

    @Override
    protected void destroy(final OffloadProvider made) throws IOException {
        XdpProviders.close(made);
        for (final Port port : ports) {
            port.close();
        }
        network.close();
    }

    @Override
    protected List<Port> ports() {
        return ports;
    }

    @Override
    protected Wire wire(final OffloadProvider provider) {
        // Where a frame leaves is seen on real cables only, in XdpTest.
        return (in, frame) -> XdpProviders.run(provider, in, frame)
            .map(sent -> new Wire.Sent(ports.get(1).name(), sent));
    }
}
