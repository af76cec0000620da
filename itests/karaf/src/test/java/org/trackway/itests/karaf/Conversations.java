// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.karaf;

import static org.junit.Assert.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.Tuple;
import org.trackway.datapath.Datapath;
import org.trackway.packet.IpAddress;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Port;

/**
 * Live conversations between clients behind one port and a server behind another. Each side says its next packet when
 * it has heard the one before, so a packet that is lost ends its conversation; what is heard has to be, byte by byte,
 * what was said, translated where it should be.
 *
 * <p>Written by the thread that carries the packets of a conversation, which pass from one to the other in the queues.
 */
final class Conversations implements AutoCloseable {

    private static final int MAX_PROBLEMS = 20;
    private static final long MAX_LAG_NS = 10_000_000;

    private final Datapath datapath;
    private final Script script;
    private final int[] steps;
    private final int[] generations;
    private final Side clients;
    private final Side servers;
    private final List<String> problems = new ArrayList<>();
    private volatile boolean paused = true;
    private final long intervalNs;
    private final int burst;

    /**
     * Opens the ports {@code clients} (1) and {@code servers} (2) and lets the conversations begin.
     *
     * @param number how many conversations
     * @param rate   packets a second on each side at the most
     * @param burst  packets that come in together at the most, up to {@link PacketBatch#BURST}
     */
    Conversations(final Datapath datapath, final Script script, final int number, final int rate, final int burst) {
        this.datapath = datapath;
        this.script = script;
        steps = new int[number];
        generations = new int[number];
        this.burst = burst;
        intervalNs = 1_000_000_000L / rate;
        clients = new Side("clients", true, number);
        servers = new Side("servers", false, number);
        for (int conversation = 0; conversation < number; conversation++) {
            clients.say(conversation);
        }
        datapath.addPort(clients, OptionalInt.of(1));
        datapath.addPort(servers, OptionalInt.of(2));
        paused = false;
    }

    /** Says nothing more for now, and waits until all that was said is heard. */
    void pause() throws InterruptedException {
        paused = true;
        Trackway.eventually(() -> "every packet that was said is heard" + this,
            () -> clients.said + servers.said == heard());
    }

    /** Goes on. */
    void resume() {
        paused = false;
    }

    /** {@return the port that the servers are behind} */
    Port servers() {
        return servers;
    }

    /** {@return packets heard so far} */
    long heard() {
        return clients.heard + servers.heard;
    }

    /** Waits until so many more packets were heard. */
    void hear(final long more) throws InterruptedException {
        final long until = heard() + more;
        Trackway.eventually(() -> "the conversations go on" + this, () -> heard() >= until);
    }

    @Override
    public String toString() {
        return "; said are " + (clients.said + servers.said) + ", heard " + heard() + ", wrong " + problems();
    }

    /** {@return what was heard that should not have been, or was not what was said} */
    List<String> problems() {
        synchronized (problems) {
            return List.copyOf(problems);
        }
    }

    /** Fails unless all was well until now. */
    void assertWell() {
        assertEquals(List.of(), problems());
    }

    /**
     * Fails unless the tracker has every conversation and soon counts every packet that was said, once. They must be
     * paused.
     *
     * @return how many of the connections are offloaded
     */
    int assertTracked(final Conntrack conntrack, final int zone) throws InterruptedException {
        // What passes in hardware is counted when it is asked next.
        Trackway.eventually(() -> "every packet is counted once: " + miscounted(conntrack, zone),
            () -> miscounted(conntrack, zone) == null);
        return (int) IntStream.range(0, steps.length)
            .filter(conversation -> connection(conntrack, zone, conversation).offloaded()).count();
    }

    /** {@return the first conversation that the tracker does not have, or counts wrong; null if there is none} */
    private String miscounted(final Conntrack conntrack, final int zone) {
        for (int conversation = 0; conversation < steps.length; conversation++) {
            final Connection connection = connection(conntrack, zone, conversation);
            final int said = steps[conversation];
            final long out = script.clientPackets(conversation, said);
            if (connection == null || connection.originalCount().packets() != out
                    || connection.replyCount().packets() != said - out) {
                return "conversation " + conversation + " has said " + out + " and " + (said - out)
                    + " packets, the tracker has " + connection;
            }
        }
        return null;
    }

    /** {@return the tracker's connection of a conversation in a zone, null if it has none} */
    Connection connection(final Conntrack conntrack, final int zone, final int conversation) {
        final byte[] frame = new byte[Script.MAX_FRAME];
        script.write(frame, conversation, generations[conversation], 0, false);
        final Packet packet = Packet.of(frame);
        final int at = packet.offset();
        return conntrack.find(zone, Tuple.of(address(packet, at + 26), address(packet, at + 30), packet.data()[at + 23],
            port(packet, at + 34), port(packet, at + 36))).orElse(null);
    }

    private static IpAddress address(final Packet packet, final int at) {
        return IpAddress.parse((packet.data()[at] & 0xff) + "." + (packet.data()[at + 1] & 0xff) + "."
            + (packet.data()[at + 2] & 0xff) + "." + (packet.data()[at + 3] & 0xff));
    }

    private static int port(final Packet packet, final int at) {
        return (packet.data()[at] & 0xff) << 8 | packet.data()[at + 1] & 0xff;
    }

    /** {@return how long batches took since this was asked last, in nanoseconds, sorted} */
    int[] takeBatchTimes() {
        return IntStream.concat(Arrays.stream(clients.takeTimes()), Arrays.stream(servers.takeTimes())).sorted()
            .toArray();
    }

    @Override
    public void close() {
        paused = true;
        datapath.removePort("clients");
        datapath.removePort("servers");
    }

    private void complain(final String what) {
        synchronized (problems) {
            if (problems.size() < MAX_PROBLEMS) {
                problems.add(what);
            }
        }
    }

    /** One side's port: what it says comes in there, what it hears leaves there. */
    private final class Side implements Port {

        private final String name;
        private final boolean asks;
        private final int[] ready;
        private final Packet[] pool = new Packet[PacketBatch.BURST];
        private final byte[] saying = new byte[Script.MAX_FRAME];
        private final byte[] hearing = new byte[Script.MAX_FRAME];
        private int first;
        private int waiting;
        private long nextNs = System.nanoTime();
        private int[] times = new int[1 << 16];
        private int measured;
        private long handedOverNs;
        private volatile long said;
        private volatile long heard;

        Side(final String name, final boolean asks, final int conversations) {
            this.name = name;
            this.asks = asks;
            ready = new int[conversations];
            Arrays.setAll(pool, i -> new Packet(Script.MAX_FRAME));
        }

        /** A conversation's next packet is this side's to say. */
        private synchronized void say(final int conversation) {
            ready[(first + waiting++) % ready.length] = conversation;
        }

        private synchronized int next() {
            if (waiting == 0) {
                return -1;
            }
            final int conversation = ready[first];
            first = (first + 1) % ready.length;
            waiting--;
            return conversation;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public String kind() {
            return "conversations";
        }

        @Override
        public int receive(final PacketBatch batch) {
            final long now = System.nanoTime();
            if (handedOverNs != 0) {
                measure(now - handedOverNs);
                handedOverNs = 0;
            }
            if (paused || now < nextNs) {
                return 0;
            }
            int count = 0;
            for (; count < burst; count++) {
                final int conversation = next();
                if (conversation < 0) {
                    break;
                }
                if (pool[count].isKept()) {
                    pool[count] = new Packet(Script.MAX_FRAME);
                }
                pool[count].set(saying, 0, script.write(saying, conversation, generations[conversation],
                    steps[conversation]++, !asks));
                pool[count].inPort(this);
                batch.add(pool[count]);
            }
            said += count;
            nextNs = Math.max(nextNs, now - MAX_LAG_NS) + count * intervalNs;
            handedOverNs = count == 0 ? 0 : System.nanoTime();
            return count;
        }

        private synchronized void measure(final long ns) {
            if (measured == times.length) {
                times = Arrays.copyOf(times, 2 * measured);
            }
            times[measured++] = (int) Math.min(ns, Integer.MAX_VALUE);
        }

        private synchronized int[] takeTimes() {
            final int[] taken = Arrays.copyOf(times, measured);
            measured = 0;
            return taken;
        }

        @Override
        public void send(final PacketBatch batch) {
            for (int i = 0; i < batch.size(); i++) {
                hear(batch.get(i));
            }
            heard += batch.size();
        }

        private void hear(final Packet packet) {
            final int conversation = Script.conversation(packet.data(), packet.offset(), !asks);
            if (conversation < 0 || conversation >= steps.length) {
                complain(name + " hears of a conversation " + conversation + " that there is not");
                return;
            }
            final int step = steps[conversation] - 1;
            final int length = script.write(hearing, conversation, generations[conversation], step, !asks);
            if (!Arrays.equals(hearing, 0, length, packet.data(), packet.offset(), packet.offset() + packet.length())) {
                complain(name + " does not hear packet " + step + " of conversation " + conversation + " as it should");
                return;
            }
            if (script.isLast(conversation, step)) {
                generations[conversation]++;
                steps[conversation] = 0;
            }
            (script.fromClient(conversation, steps[conversation]) ? clients : servers).say(conversation);
        }

        @Override
        public Statistics statistics() {
            return new Statistics(said, 0, heard, 0, 0);
        }

        @Override
        public void close() {
            // Nothing is open.
        }
    }
}
