// SPDX-License-Identifier: Apache-2.0
package org.trackway.benchmarks;

import java.util.SplittableRandom;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.CtAction;
import org.trackway.conntrack.CtState;
import org.trackway.conntrack.Nat;
import org.trackway.conntrack.core.TrackerAccess;
import org.trackway.packet.Bytes;
import org.trackway.packet.IpAddress;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;

/** A tracker with a number of established connections, and streams of packets over them. */
final class Workload {

    /** What is done to a packet before each pass. */
    enum Reset {
        /**
         * Its checksums are unknown and its connection forgotten; its layers stay known, as after a flow lookup. What
         * the tracker says of it is left to be overwritten, as the peer's load does.
         */
        CHECKSUMS,
        /** Its layers are to be found again, too. */
        PARSE,
        /** It is received anew: the frame is copied into the packet. */
        COPY,
        /** Only its connection is forgotten. */
        NONE
    }

    /** Connections are opened in steps of this many, each timed on its own. */
    static final int STEP = 65_536;

    private static final int BATCH = PacketBatch.BURST;
    private static final int TRANSLATED = 0x0b000000;
    private static final int TRANSLATED_ADDRESSES = 4096;
    private static final ConntrackSettings SETTINGS =
        ConntrackSettings.DEFAULT.withMaxConnections(20_000_000).withTcpSequenceCheck(true);

    final Conntrack tracker;
    private final Traffic traffic;
    private final int connections;
    private final boolean snat;
    /** One action for each zone. */
    private final CtAction[] openings;
    private final CtAction[] passings;
    /** With translation: what the server sees as client, address and port. */
    private final int[] addresses;
    private final char[] ports;

    /**
     * Makes a workload without connections.
     *
     * @param snat       whether clients are translated to other addresses
     * @param accounting whether packets and bytes are counted
     * @param zones      over how many zones the connections are spread, batch by batch
     */
    Workload(final Traffic traffic, final int connections, final boolean snat, final boolean accounting,
            final int zones) {
        this.traffic = traffic;
        this.connections = connections;
        this.snat = snat;
        tracker = TrackerAccess.create(SETTINGS.withAccounting(accounting), System::nanoTime);
        openings = new CtAction[zones];
        passings = new CtAction[zones];
        for (int zone = 0; zone < zones; zone++) {
            final CtAction.Builder builder = CtAction.builder().zone(zone).commit();
            openings[zone] = snat ? builder.nat(new Nat(Nat.Kind.SOURCE, IpAddress.v4(TRANSLATED),
                IpAddress.v4(TRANSLATED + TRANSLATED_ADDRESSES - 1), 0, 0, false, false)).build() : builder.build();
            passings[zone] = snat ? CtAction.builder().zone(zone).nat(Nat.KNOWN).build()
                : CtAction.builder().zone(zone).build();
        }
        addresses = new int[snat ? connections : 0];
        ports = new char[snat ? connections : 0];
    }

    /**
     * Opens all connections.
     *
     * @return nanoseconds per commit in each step; packets are made outside the time taken
     */
    double[] open() {
        final int step = Math.min(connections, STEP);
        final PacketBatch[] batches = batches(step, BATCH);
        final double[] times = new double[(connections + step - 1) / step];
        for (int i = 0; i < times.length; i++) {
            times[i] = open(batches, i * step, Math.min(step, connections - i * step));
        }
        return times;
    }

    private double open(final PacketBatch[] batches, final int from, final int count) {
        final int used = (count + BATCH - 1) / BATCH;
        fill(batches, used, i -> traffic.first(from + Math.min(i, count - 1)));
        final long start = System.nanoTime();
        execute(batches, used, openings, from / BATCH, start);
        final double time = (System.nanoTime() - start) / (double) count;
        if (snat) {
            for (int i = 0; i < count; i++) {
                final Packet packet = batches[i / BATCH].get(i % BATCH);
                addresses[from + i] = Bytes.i32(packet.data(), packet.l3Offset() + 12);
                ports[from + i] = (char) Bytes.u16(packet.data(), packet.l4Offset());
            }
        }
        fill(batches, used, i -> {
            final int connection = from + Math.min(i, count - 1);
            return traffic.answer(address(connection, true), port(connection, true));
        });
        execute(batches, used, passings, from / BATCH, start);
        if (traffic.tcp()) {
            fill(batches, used, i -> traffic.third(from + Math.min(i, count - 1)));
            execute(batches, used, passings, from / BATCH, start);
        }
        return time;
    }

    /** Each batch goes into the next zone, the first into the one of batch {@code number} of all connections. */
    private void execute(final PacketBatch[] batches, final int count, final CtAction[] actions, final int number,
            final long now) {
        for (int i = 0; i < count; i++) {
            tracker.execute(batches[i], actions[(number + i) % actions.length], now);
        }
    }

    /** The client's address as it is seen from one side. */
    private int address(final int connection, final boolean reply) {
        return snat && reply ? addresses[connection] : Traffic.clientAddress(connection);
    }

    private int port(final int connection, final boolean reply) {
        return snat && reply ? ports[connection] : Traffic.clientPort(connection);
    }

    /** Makes a frame for each place in a stream. */
    private interface Frames {
        byte[] at(int place);
    }

    private PacketBatch[] batches(final int packets, final int batch) {
        final PacketBatch[] batches = new PacketBatch[(packets + batch - 1) / batch];
        for (int i = 0; i < packets; i++) {
            if (i % batch == 0) {
                batches[i / batch] = new PacketBatch();
            }
            batches[i / batch].add(new Packet(traffic.frameLength()));
        }
        return batches;
    }

    private static void fill(final PacketBatch[] batches, final int count, final Frames frames) {
        int place = 0;
        for (int i = 0; i < count; i++) {
            for (int j = 0; j < batches[i].size(); j++) {
                final byte[] frame = frames.at(place++);
                batches[i].get(j).set(frame, 0, frame.length);
            }
        }
    }

    /**
     * Makes a stream of packets over random connections, half of them replies.
     *
     * @param from    first connection it may touch
     * @param to      one more than the last
     * @param packets how many packets it has
     * @param batch   how many of them travel together
     * @param seed    draws connections and directions
     */
    Stream stream(final int from, final int to, final int packets, final int batch, final Reset reset,
            final long seed) {
        final SplittableRandom random = new SplittableRandom(seed);
        final PacketBatch[] batches = batches(packets, batch);
        final byte[][] frames = new byte[packets][];
        for (int i = 0; i < packets; i++) {
            final int connection = inZone(random.nextInt(from, to), i / batch);
            final boolean reply = random.nextBoolean();
            frames[i] = traffic.data(reply, address(connection, reply), port(connection, reply));
        }
        fill(batches, batches.length, i -> frames[i]);
        return new Stream(batches, reset == Reset.COPY ? frames : null, reset, passings);
    }

    /** {@return a connection beside this one that lies in the zone of batch {@code number} of a stream} */
    private int inZone(final int connection, final int number) {
        final int zones = passings.length;
        final int there = (connection / BATCH / zones * zones + number % zones) * BATCH + connection % BATCH;
        return there < connections ? there : there - zones * BATCH;
    }

    /** Makes one batch of first packets of one connection, to be committed again and again. */
    Stream onePacket(final int batch) {
        final PacketBatch[] batches = batches(batch, batch);
        final byte[] frame = traffic.first(0);
        fill(batches, 1, i -> frame);
        return new Stream(batches, null, Reset.NONE, openings);
    }

    /** Makes what is known of packets what it is when they come in, but for their layers, unless these are to go, too. */
    static void forgetChecksums(final PacketBatch batch, final boolean layers) {
        for (int i = 0; i < batch.size(); i++) {
            final Packet packet = batch.get(i);
            packet.l3Checksum(Packet.CHECKSUM_UNKNOWN);
            packet.l4Checksum(Packet.CHECKSUM_UNKNOWN);
            packet.ctState(0);
            packet.ctConnection(0, false, false);
            if (layers) {
                packet.reparse();
            }
        }
    }

    /** {@return how many packets did not find an established connection} */
    static int lost(final PacketBatch[] batches) {
        int lost = 0;
        for (final PacketBatch batch : batches) {
            for (int i = 0; i < batch.size(); i++) {
                final int state = batch.get(i).ctState();
                lost += (state & (CtState.ESTABLISHED | CtState.INVALID)) == CtState.ESTABLISHED ? 0 : 1;
            }
        }
        return lost;
    }

    /** Packets that pass the tracker again and again. One thread's. */
    final class Stream {
        private final PacketBatch[] batches;
        private final byte[][] frames;
        private final Reset reset;
        private final CtAction[] actions;
        private int next;

        private Stream(final PacketBatch[] batches, final byte[][] frames, final Reset reset,
                final CtAction[] actions) {
            this.batches = batches;
            this.frames = frames;
            this.reset = reset;
            this.actions = actions;
            pass(tracker.now());
        }

        /** Sends all packets once. */
        void pass(final long now) {
            for (int i = 0; i < batches.length; i++) {
                batch(i, now);
            }
        }

        /** Sends the next batch; after the last one comes the first. */
        void nextBatch(final long now) {
            batch(next, now);
            next = next + 1 == batches.length ? 0 : next + 1;
        }

        private void batch(final int number, final long now) {
            final PacketBatch batch = batches[number];
            switch (reset) {
                case COPY -> receive(batch, number * batch.size());
                case NONE -> forget(batch);
                default -> forgetChecksums(batch, reset == Reset.PARSE);
            }
            tracker.execute(batch, actions[number % actions.length], now);
        }

        private void receive(final PacketBatch batch, final int from) {
            for (int i = 0; i < batch.size(); i++) {
                final byte[] frame = frames[from + i];
                batch.get(i).set(frame, 0, frame.length);
            }
        }

        private void forget(final PacketBatch batch) {
            for (int i = 0; i < batch.size(); i++) {
                batch.get(i).ctState(0);
                batch.get(i).ctConnection(0, false, false);
            }
        }

        int packets() {
            return batches.length * batches[0].size();
        }

        /** {@return how many packets of the last pass did not find an established connection} */
        int lost() {
            return Workload.lost(batches);
        }
    }
}
