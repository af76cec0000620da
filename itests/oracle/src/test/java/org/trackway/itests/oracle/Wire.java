// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.oracle;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.trackway.conntrack.Conntrack;
import org.trackway.datapath.Datapath;
import org.trackway.datapath.PrivateDatapath;
import org.trackway.datapath.SeenPacket;
import org.trackway.datapath.core.DatapathFactoryComponent;
import org.trackway.datapath.core.PortFactories;
import org.trackway.datapath.core.Shortcuts;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Port;

/** A datapath between two ports, {@code p1} and {@code p2}, that keeps what leaves. */
final class Wire implements AutoCloseable {

    /**
     * A packet that left.
     *
     * @param input the number of the last packet that had come in by then, from 1
     * @param port  where it left
     * @param frame its bytes
     */
    record Sent(int input, String port, byte[] frame) {
    }

    private final PrivateDatapath datapath;
    private final Port one = new End("p1");
    private final Port two = new End("p2");
    private final List<Sent> sent = new ArrayList<>();
    private final List<SeenPacket> seen = new ArrayList<>();
    private int input;

    Wire(final Conntrack tracker, final List<String> flows) {
        datapath = new DatapathFactoryComponent(new PortFactories(), new Shortcuts()).create("oracle", tracker);
        datapath.addPort(one, OptionalInt.of(1));
        datapath.addPort(two, OptionalInt.of(2));
        datapath.addFlows(flows, Datapath.Missing.REFUSE);
        datapath.observe(seen::add);
    }

    /** Lets packets come in together. {@return what became of them, and of fragments that they released} */
    List<SeenPacket> receive(final String port, final List<Packet> packets) {
        input += packets.size();
        seen.clear();
        final Port from = port.equals(one.name()) ? one : two;
        final PacketBatch batch = new PacketBatch();
        for (final Packet packet : packets) {
            packet.inPort(from);
            batch.add(packet);
        }
        datapath.process(from, batch);
        return List.copyOf(seen);
    }

    /** {@return all that has left, in order} */
    List<Sent> sent() {
        return sent;
    }

    @Override
    public void close() {
        datapath.close();
    }

    /** One end: nothing arrives by itself. */
    private final class End implements Port {

        private final String name;

        End(final String name) {
            this.name = name;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public String kind() {
            return "test";
        }

        @Override
        public int receive(final PacketBatch batch) {
            return 0;
        }

        @Override
        public void send(final PacketBatch batch) {
            for (int i = 0; i < batch.size(); i++) {
                sent.add(new Sent(input, name, batch.get(i).bytes()));
            }
        }

        @Override
        public Statistics statistics() {
            return new Statistics(0, 0, 0, 0, 0);
        }

        @Override
        public void close() {
        }
    }
}
