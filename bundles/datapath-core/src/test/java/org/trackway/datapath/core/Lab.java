// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.trackway.conntrack.Conntrack;
import org.trackway.datapath.Datapath.Missing;
import org.trackway.datapath.SeenPacket;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;

/** A datapath with the ports p1, p2, p3 and p4, numbered so, that a test feeds by hand. */
final class Lab implements AutoCloseable {

    final TableDatapath datapath;
    final Shortcuts shortcuts = new Shortcuts();
    final List<SeenPacket> seen = new ArrayList<>();
    private final Map<String, FakePort> ports = new LinkedHashMap<>();

    Lab(final Conntrack conntrack, final String... flows) {
        datapath = new TableDatapath("lab", conntrack, new PortFactories(), shortcuts);
        for (int i = 1; i <= 4; i++) {
            final FakePort port = new FakePort("p" + i);
            ports.put(port.name(), port);
            datapath.addPort(port, OptionalInt.of(i));
        }
        datapath.addFlows(List.of(flows), Missing.WAIT);
        datapath.observe(seen::add);
    }

    FakePort port(final String name) {
        return ports.get(name);
    }

    /** Lets packets come in together, by one port. */
    void receive(final String port, final Packet... packets) {
        final PacketBatch batch = new PacketBatch();
        for (final Packet packet : packets) {
            packet.inPort(ports.get(port));
            batch.add(packet);
        }
        datapath.process(ports.get(port), batch);
    }

    /** {@return the only packet that was sent to a port} */
    Packet sent(final String port) {
        final List<byte[]> sent = ports.get(port).sent();
        if (sent.size() != 1) {
            throw new AssertionError(sent.size() + " packets were sent to " + port);
        }
        return Packet.of(sent.get(0));
    }

    /** {@return how many packets were sent to each port} */
    List<Integer> counts() {
        return ports.values().stream().map(port -> port.sent().size()).toList();
    }

    @Override
    public void close() {
        datapath.close();
    }
}
