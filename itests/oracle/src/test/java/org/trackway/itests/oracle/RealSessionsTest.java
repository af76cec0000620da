// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.CtState;
import org.trackway.conntrack.Tuple;
import org.trackway.conntrack.core.Trackers;
import org.trackway.datapath.SeenPacket;
import org.trackway.helper.ftp.FtpHelper;
import org.trackway.helper.tftp.TftpHelper;
import org.trackway.packet.IpAddress;
import org.trackway.packet.Packet;

/**
 * Recorded FTP and TFTP sessions of real clients and servers, through a firewall that lets only control connections
 * from the inside pass and what is related to them. Those recorded on both sides of a Linux router leave Trackway as
 * they left the router.
 */
class RealSessionsTest {

    private static final int FTP = 21;
    private static final int TFTP = 69;
    private static final int ETHERNET = 14;

    /** A packet and the port by which it came in: {@code p1} on the client's side, {@code p2} on the server's. */
    private record Arrival(String port, Packet packet) {
    }

    /** What became of a packet, and what it was: one of the control connection or not. */
    private record Passage(SeenPacket seen, boolean control, String description) {
    }

    private long nowNs;

    @TestFactory
    Stream<DynamicTest> dataConnectionsAreRelated() throws IOException {
        return Location.list("trackway.captures", "", "*ftp?_*.pcap").stream()
            .filter(file -> !file.toString().contains("side."))
            .map(file -> DynamicTest.dynamicTest(Location.name(file), () -> new RealSessionsTest().plain(file)));
    }

    @TestFactory
    Stream<DynamicTest> translatedSessionsEqualTheRecordedOutside() throws IOException {
        return Location.list("trackway.captures", "", "*.inside.pcap").stream()
            .map(file -> DynamicTest.dynamicTest(file.getFileName().toString().replace(".inside.pcap", ""),
                () -> new RealSessionsTest().routed(file)));
    }

    /** The firewall is not simply open: without helpers in its flows, no data connection passes. */
    @TestFactory
    Stream<DynamicTest> withoutHelpersNoDataPasses() throws IOException {
        return Location.list("trackway.captures", "", "ftp?_*.pcap").stream()
            .map(file -> DynamicTest.dynamicTest(Location.name(file), () -> new RealSessionsTest().helpless(file)));
    }

    private void plain(final Path file) throws IOException {
        final List<Packet> packets = Capture.read(file);
        final List<byte[]> frames = packets.stream().map(Packet::bytes).toList();
        final Conntrack tracker = tracker();
        try (Wire wire = new Wire(tracker, firewall(tuple(packets.get(0)), true, "", "", ""))) {
            checkStates(tracker, pass(wire, sides(packets)));
            assertThat(wire.sent()).as("packets that pass").hasSameSizeAs(frames);
            for (int i = 0; i < frames.size(); i++) {
                assertThat(wire.sent().get(i).frame()).as("packet %d", i + 1).isEqualTo(frames.get(i));
            }
        }
    }

    private void helpless(final Path file) throws IOException {
        final List<Packet> packets = Capture.read(file);
        try (Wire wire = new Wire(tracker(), firewall(tuple(packets.get(0)), false, "", "", ""))) {
            final List<Passage> passages = pass(wire, sides(packets));
            assertThat(wire.sent()).hasSize((int) passages.stream().filter(Passage::control).count());
            assertThat(passages).filteredOn(passage -> !passage.control()).isNotEmpty().allSatisfy(passage ->
                assertThat(passage.seen().ctState() & (CtState.ESTABLISHED | CtState.RELATED)).isZero());
        }
    }

    private void routed(final Path insideFile) throws IOException {
        final List<Packet> inside = Capture.read(insideFile);
        final List<Packet> outside =
            Capture.read(insideFile.resolveSibling(insideFile.getFileName().toString().replace("inside", "outside")));
        final Tuple before = tuple(inside.get(0));
        final Tuple after = tuple(outside.get(0));
        final IpAddress client = before.source();
        final IpAddress server = before.destination();
        final List<Arrival> arrivals = new ArrayList<>();
        final List<String> expected = new ArrayList<>();
        for (final Packet packet : inside) {
            if (tuple(packet).source().equals(client)) {
                arrivals.add(new Arrival("p1", packet));
            }
        }
        for (final Packet packet : outside) {
            if (tuple(packet).source().equals(server)) {
                arrivals.add(new Arrival("p2", packet));
            }
        }
        arrivals.sort(Comparator.comparingLong(arrival -> arrival.packet().timestampNs()));
        outside.stream().filter(packet -> !tuple(packet).source().equals(server))
            .forEach(packet -> expected.add("p2 " + network(packet.bytes())));
        inside.stream().filter(packet -> !tuple(packet).source().equals(client))
            .forEach(packet -> expected.add("p1 " + network(packet.bytes())));

        final boolean translated = !before.equals(after);
        final Conntrack tracker = tracker();
        final String control = translated ? ",nat(src=" + after.source() + ':' + after.sourcePort() + ')' : "";
        try (Wire wire = new Wire(tracker, firewall(before, true, control, translated ? ",nat" : "", "dec_ttl,"))) {
            checkStates(tracker, pass(wire, arrivals));
            final List<String> sent = new ArrayList<>();
            for (final String port : List.of("p2", "p1")) {
                wire.sent().stream().filter(packet -> packet.port().equals(port))
                    .forEach(packet -> sent.add(port + ' ' + network(packet.frame())));
            }
            for (int i = 0; i < Math.min(sent.size(), expected.size()); i++) {
                assertThat(sent.get(i)).as("packet %d of those that left", i + 1).isEqualTo(expected.get(i));
            }
            assertThat(sent).as("packets that left").hasSameSizeAs(expected);
        }
    }

    private Conntrack tracker() {
        return Trackers.make(ConntrackSettings.DEFAULT, () -> nowNs, List.of(new FtpHelper(), new TftpHelper()));
    }

    /**
     * {@return the flows of a firewall for the IP version of a session}
     *
     * @param session a packet of it
     * @param control what the inside's control connections get besides their helper: more arguments of {@code ct}
     * @param other   what all other packets get
     * @param sending actions before a packet is sent
     */
    private static List<String> firewall(final Tuple session, final boolean helpers, final String control,
            final String other, final String sending) {
        final String version = session.source().v6() ? "6" : "";
        final List<String> flows = new ArrayList<>();
        for (final String protocol : List.of("tcp", "udp")) {
            final boolean tcp = protocol.equals("tcp");
            final String match = protocol + version;
            flows.add("table=0,priority=9,in_port=p1," + match + ",tp_dst=" + (tcp ? FTP : TFTP)
                + ",actions=ct(commit,zone=1" + (helpers ? tcp ? ",alg=ftp" : ",alg=tftp" : "") + control
                + ",table=2)");
            flows.add("table=0,priority=1," + match + ",actions=ct(zone=1" + other + ",table=1)");
            flows.add("table=1,ct_state=+new+rel," + match + ",actions=ct(commit,zone=1" + other + ",table=2)");
            flows.add("table=1,ct_state=+est-inv," + match + ",actions=goto_table:2");
        }
        final String ip = version.isEmpty() ? "ip" : "ipv6";
        flows.add("table=2,ct_state=-inv,in_port=p1," + ip + ",actions=" + sending + "output:p2");
        flows.add("table=2,ct_state=-inv,in_port=p2," + ip + ",actions=" + sending + "output:p1");
        return flows;
    }

    /** {@return one capture's packets as two sides see them: whoever comes first is the client} */
    private static List<Arrival> sides(final List<Packet> packets) {
        final IpAddress client = tuple(packets.get(0)).source();
        return packets.stream()
            .map(packet -> new Arrival(tuple(packet).source().equals(client) ? "p1" : "p2", packet)).toList();
    }

    private List<Passage> pass(final Wire wire, final List<Arrival> arrivals) {
        final List<Passage> passages = new ArrayList<>();
        for (final Arrival arrival : arrivals) {
            nowNs = arrival.packet().timestampNs();
            final Tuple tuple = tuple(arrival.packet());
            final int port = arrival.port().equals("p1") ? tuple.destinationPort() : tuple.sourcePort();
            final String description = Describe.packet(arrival.packet().bytes());
            final List<SeenPacket> seen = wire.receive(arrival.port(), List.of(arrival.packet()));
            passages.add(new Passage(seen.get(0), port == FTP || port == TFTP, description));
        }
        return passages;
    }

    /** Packets of data connections are related, those of the control connection are not, and none is refused. */
    private static void checkStates(final Conntrack tracker, final List<Passage> passages) {
        assertThat(passages).as("packets of data connections").anyMatch(passage -> !passage.control());
        for (final Passage passage : passages) {
            final int state = passage.seen().ctState();
            assertThat(state & (CtState.RELATED | CtState.INVALID | CtState.TRACKED))
                .as("%s: %s", passage.description(), CtState.format(state))
                .isEqualTo(passage.control() ? CtState.TRACKED : CtState.TRACKED | CtState.RELATED);
        }
        final List<Connection> connections = new ArrayList<>();
        tracker.forEach(ConnectionFilter.ALL, connections::add);
        final Connection control = connections.stream().filter(connection -> connection.helper().isPresent())
            .findFirst().orElseThrow();
        assertThat(connections).filteredOn(connection -> connection != control).isNotEmpty()
            .allSatisfy(connection -> assertThat(connection.parent()).contains(control.original()));
    }

    private static Tuple tuple(final Packet packet) {
        return Describe.tuple(packet.bytes());
    }

    /** {@return the bytes behind the Ethernet header, which names other machines on each side of a router} */
    private static String network(final byte[] frame) {
        return HexFormat.of().formatHex(Arrays.copyOfRange(frame, ETHERNET, frame.length));
    }
}
