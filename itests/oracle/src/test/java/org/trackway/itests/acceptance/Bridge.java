// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.acceptance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.CtState;
import org.trackway.conntrack.OvsFormat;
import org.trackway.conntrack.OvsMatch;
import org.trackway.conntrack.core.Trackers;
import org.trackway.datapath.Datapath;
import org.trackway.datapath.Flow;
import org.trackway.datapath.PrivateDatapath;
import org.trackway.datapath.SeenPacket;
import org.trackway.datapath.core.DatapathFactoryComponent;
import org.trackway.datapath.core.PortFactories;
import org.trackway.datapath.core.Shortcuts;
import org.trackway.helper.ftp.FtpHelper;
import org.trackway.helper.tftp.TftpHelper;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Packets;
import org.trackway.packet.Port;

/**
 * A datapath with the ports {@code p1} to {@code p9}, numbered 1 to 9, and the port {@code LOCAL}, and a tracker of its
 * own with both helpers and a clock that only tests move. Where the peer's flows send to a controller, the ones here
 * output to port 9.
 */
final class Bridge implements AutoCloseable {

    static final int PORTS = 9;

    private static final long NS_PER_SECOND = 1_000_000_000L;

    /**
     * A packet that left.
     *
     * @param port   number of the port it left by
     * @param packet a copy of it
     */
    record Sent(int port, Packet packet) {

        /** {@return the port and what {@link Wording} says of the packet} */
        @Override
        public String toString() {
            return "p" + port + ": " + Wording.of(packet);
        }
    }

    /**
     * What became of packets that came in.
     *
     * @param sent what left, by port and in the order of leaving
     * @param seen what the tracker said, one for each packet, and one more for each fragment that was released
     */
    record Outcome(List<Sent> sent, List<SeenPacket> seen) {

        /** {@return what left, in words} */
        List<String> words() {
            return sent.stream().map(Sent::toString).toList();
        }

        /** {@return the bits that the last {@code ct} action left on the last packet} */
        String state() {
            return CtState.format(last().ctState());
        }

        /** {@return what the tracker said of the last packet} */
        SeenPacket last() {
            return seen.get(seen.size() - 1);
        }

        /** {@return the only packet that left by this port, null if none did} */
        Packet at(final int port) {
            final List<Sent> there = sent.stream().filter(one -> one.port() == port).toList();
            if (there.size() > 1) {
                throw new AssertionError("more than one packet left by p" + port + ": " + there);
            }
            return there.isEmpty() ? null : there.get(0).packet();
        }
    }

    final Conntrack tracker;
    final PrivateDatapath datapath;
    private final Map<Integer, End> ends = new TreeMap<>();
    private final List<Sent> sent = new ArrayList<>();
    private final List<SeenPacket> seen = new ArrayList<>();
    private long nowNs;
    private int lastPort = 40_000;

    Bridge(final String... flows) {
        this(null, flows);
    }

    /** Makes a bridge on the tracker of another one, or on its own if that is null. */
    Bridge(final Bridge other, final String... flows) {
        tracker = other != null ? other.tracker
            : Trackers.make(ConntrackSettings.DEFAULT, () -> nowNs, List.of(new FtpHelper(), new TftpHelper()));
        datapath = new DatapathFactoryComponent(new PortFactories(), new Shortcuts()).create("bridge", tracker);
        for (int number = 1; number <= PORTS; number++) {
            add(number);
        }
        add(Datapath.LOCAL_PORT);
        datapath.observe(seen::add);
        flows(flows);
    }

    private void add(final int number) {
        final End end = new End(number);
        ends.put(number, end);
        datapath.addPort(end, OptionalInt.of(number));
    }

    /** Adds flows, each text of one line or several. */
    void flows(final String... flows) {
        for (final String text : flows) {
            datapath.addFlows(text.lines().toList(), Datapath.Missing.REFUSE);
        }
    }

    /** {@return how many packets the flows with this cookie matched} */
    long matched(final long cookie) {
        return datapath.flows().stream().filter(flow -> flow.cookie() == cookie).mapToLong(Flow::packets).sum();
    }

    /** {@return a port for a client, another one each time: 40001, 40002, ...} */
    int nextPort() {
        return ++lastPort;
    }

    // ---- packets ----

    /**
     * Lets a host send an echo request and another host answer whatever request arrives.
     *
     * @param id identifier, which the answer must carry, too
     * @return whether the answer arrived
     */
    boolean ping(final int port, final String from, final int otherPort, final String to, final int id) {
        final boolean v6 = from.indexOf(':') >= 0;
        final Packet arrived = receive(port, v6 ? Packets.echo6(from, to, id, 1) : Packets.echo4(from, to, id, 1))
            .at(otherPort);
        if (arrived == null) {
            return false;
        }
        final String[] words = Wording.of(arrived).split(" ");
        final int idThere = Integer.parseInt(words[words.length - 1]);
        final Packet answer = receive(otherPort, v6 ? Packets.echoReply6(words[3], words[1], idThere, 1)
            : Packets.echoReply4(words[3], words[1], idThere, 1)).at(port);
        return answer != null && Wording.of(answer).equals(v6 ? "icmpv6 " + to + " > " + from + " 129/0 id " + id
            : "icmp " + to + " > " + from + " 0/0 id " + id);
    }

    Outcome receive(final int port, final Packets packet) {
        return receive(port, packet.build());
    }

    /** Lets packets come in, as one batch. {@return what became of them} */
    Outcome receive(final int port, final Packet... packets) {
        return receive(port, Arrays.asList(packets));
    }

    /** Lets packets come in, as one batch. {@return what became of them} */
    Outcome receive(final int port, final List<Packet> packets) {
        sent.clear();
        seen.clear();
        final PacketBatch batch = new PacketBatch();
        for (final Packet packet : packets) {
            packet.inPort(ends.get(port));
            batch.add(packet);
        }
        datapath.process(ends.get(port), batch);
        return new Outcome(List.copyOf(sent), List.copyOf(seen));
    }

    // ---- tracker ----

    void advance(final long seconds) {
        nowNs += seconds * NS_PER_SECOND;
    }

    void settings(final UnaryOperator<ConntrackSettings> change) {
        tracker.settings(change.apply(tracker.settings()));
    }

    /** {@return all connections as {@code dpctl/dump-conntrack} prints them, sorted} */
    List<String> dump() {
        return dump(ConnectionFilter.ALL, false);
    }

    /** {@return the connections of a zone as {@code dpctl/dump-conntrack zone=N} prints them, sorted} */
    List<String> dump(final int zone) {
        return dump(ConnectionFilter.zone(zone), false);
    }

    List<String> dump(final ConnectionFilter filter, final boolean statistics) {
        final List<String> lines = new ArrayList<>();
        tracker.forEach(filter,
            (final Connection connection) -> lines.add(OvsFormat.connection(connection, false, statistics)));
        lines.sort(null);
        return lines;
    }

    /** {@return the open expectations as {@code dpctl/dump-conntrack-exp} prints them, sorted} */
    List<String> expectations(final OptionalInt zone) {
        return tracker.expectations(zone).stream().map(OvsFormat::expectation).sorted().toList();
    }

    /** {@return the whole report of {@code dpctl/ipf-get-status}} */
    String fragments() {
        return OvsFormat.fragments(tracker.fragments(), tracker.settings(), false);
    }

    /** Does what {@code dpctl/flush-conntrack} does. {@return how many connections went} */
    long flush(final String... arguments) {
        return OvsMatch.parse(List.of(arguments)).flush(tracker);
    }

    @Override
    public void close() {
        datapath.close();
    }

    /** One port: nothing arrives by itself, and what leaves is kept. */
    private final class End implements Port {

        private final int number;

        End(final int number) {
            this.number = number;
        }

        @Override
        public String name() {
            return "p" + number;
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
                final Packet copy = Packet.of(batch.get(i).bytes());
                copy.parse();
                sent.add(new Sent(number, copy));
            }
        }

        @Override
        public Statistics statistics() {
            return new Statistics(0, 0, 0, 0, 0);
        }

        @Override
        public void close() {
            // Nothing is open.
        }
    }
}
