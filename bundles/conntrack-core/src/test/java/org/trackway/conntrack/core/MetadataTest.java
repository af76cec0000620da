// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.trackway.conntrack.core.TrackerBench.A;
import static org.trackway.conntrack.core.TrackerBench.B;
import static org.trackway.conntrack.core.TrackerBench.COMMIT;
import static org.trackway.conntrack.core.TrackerBench.LOOK;
import static org.trackway.conntrack.core.TrackerBench.commit;
import static org.trackway.conntrack.core.TrackerBench.look;
import static org.trackway.conntrack.core.TrackerBench.state;
import static org.trackway.conntrack.core.TrackerBench.udp;
import static org.trackway.conntrack.core.TrackerBench.udpReply;

import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.CtAction;
import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;
import org.trackway.packet.Packets;

/** What a packet carries away from the tracker: zone, mark, label, original tuple; and what the account says. */
class MetadataTest {

    private final TrackerBench bench = new TrackerBench();

    private static Packets tcp(final String flags, final long seq) {
        return Packets.tcp4(A, 1000, B, 80).flags(flags).seq(seq);
    }

    private static void assertTuple(final Packet packet, final int protocol, final String source, final int sourcePort,
            final String destination, final int destinationPort) {
        final IpAddress from = IpAddress.parse(source);
        final IpAddress to = IpAddress.parse(destination);
        assertThat(packet.ctProtocol()).isEqualTo(protocol);
        assertThat(packet.ctV6()).isEqualTo(from.v6());
        assertThat(packet.ctSourceHigh()).isEqualTo(from.high());
        assertThat(packet.ctSourceLow()).isEqualTo(from.low());
        assertThat(packet.ctDestinationHigh()).isEqualTo(to.high());
        assertThat(packet.ctDestinationLow()).isEqualTo(to.low());
        assertThat(packet.ctSourcePort()).isEqualTo(sourcePort);
        assertThat(packet.ctDestinationPort()).isEqualTo(destinationPort);
    }

    private static void assertNothing(final Packet packet, final int zone) {
        assertThat(packet.ctZone()).isEqualTo(zone);
        assertThat(packet.ctMark()).isZero();
        assertThat(packet.ctLabelHigh()).isZero();
        assertThat(packet.ctLabelLow()).isZero();
        assertTuple(packet, 0, "0.0.0.0", 0, "0.0.0.0", 0);
        assertThat(packet.ctConnection()).isZero();
    }

    // ---- original tuple ----

    @Test
    void bothDirectionsCarryTheOriginalTuple() {
        assertTuple(bench.send(commit(9).build(), udp()), IpProtocol.UDP, A, 1000, B, 2000);
        final Packet reply = bench.send(look(9), udpReply());
        assertTuple(reply, IpProtocol.UDP, A, 1000, B, 2000);
        assertThat(reply.ctZone()).isEqualTo(9);
    }

    @Test
    void theOriginalTupleOfIpv6() {
        bench.send(COMMIT, Packets.tcp6("fd00::1", 5, "fd01::2", 6).flags("S"));
        assertTuple(bench.send(LOOK, Packets.tcp6("fd01::2", 6, "fd00::1", 5).flags("SA")), IpProtocol.TCP, "fd00::1",
            5, "fd01::2", 6);
    }

    @Test
    void theOriginalTupleOfIcmpHasTypeAndCodeInPlaceOfPorts() {
        assertTuple(bench.send(COMMIT, Packets.echo4(A, B, 77, 1)), IpProtocol.ICMP, A, 8, B, 0);
        assertTuple(bench.send(LOOK, Packets.echoReply4(B, A, 77, 1)), IpProtocol.ICMP, A, 8, B, 0);
        assertTuple(bench.send(COMMIT, Packets.echo6("fd00::1", "fd00::2", 77, 1)), IpProtocol.ICMPV6, "fd00::1", 128,
            "fd00::2", 0);
    }

    @Test
    void anIcmpErrorCarriesTheTupleOfItsConnection() {
        bench.send(CtAction.builder().commit().mark(5, -1).label(0, 6, 0, -1).build(), udp());
        final Packet error = bench.send(LOOK, Packets.icmp4Error(B, A, 3, 3, udp().build()));
        assertThat(state(error)).isEqualTo("rel|rpl|trk");
        assertTuple(error, IpProtocol.UDP, A, 1000, B, 2000);
        assertThat(error.ctMark()).isEqualTo(5);
        assertThat(error.ctLabelLow()).isEqualTo(6);
    }

    @Test
    void aPacketThatIsNotCommittedCarriesItsOwnTuple() {
        final Packet packet = bench.send(LOOK, udp());
        assertTuple(packet, IpProtocol.UDP, A, 1000, B, 2000);
        assertThat(packet.ctMark()).isZero();
        assertThat(packet.ctConnection()).isZero();
    }

    @Test
    void aPacketThatMayNotOpenAConnectionCarriesItsOwnTupleAndNoMark() {
        final Packet packet = tcp("SA", 1).build();
        packet.ctMark(99);
        packet.ctLabel(98, 97);
        bench.send(CtAction.builder().commit().mark(5, -1).build(), packet);
        assertThat(state(packet)).isEqualTo("inv|trk");
        assertTuple(packet, IpProtocol.TCP, A, 1000, B, 80);
        assertThat(packet.ctMark()).isZero();
        assertThat(packet.ctLabelHigh()).isZero();
        assertThat(packet.ctLabelLow()).isZero();
    }

    // ---- invalid ----

    @Test
    void aPacketWithoutTupleCarriesNothingButItsZone() {
        bench.send(commit(4).mark(5, -1).build(), udp());
        final Packet packet = udp().badChecksum().build();
        packet.ctMark(99);
        packet.ctLabel(98, 97);
        packet.ctPorts(17, 1, 2);
        bench.send(commit(4).mark(5, -1).build(), packet);
        assertThat(state(packet)).isEqualTo("inv|trk");
        assertNothing(packet, 4);
    }

    @Test
    void whatIsNoIpIsInvalid() {
        final Packet packet = bench.send(look(4), Packets.arp(1, "02:00:00:00:00:01", A, "00:00:00:00:00:00", B));
        assertThat(state(packet)).isEqualTo("inv|trk");
        assertNothing(packet, 4);
    }

    @Test
    void anIcmpErrorOfNoConnectionIsInvalidAndOpensNone() {
        final Packet packet = bench.send(COMMIT, Packets.icmp4Error(B, A, 3, 3, udp().build()));
        assertThat(state(packet)).isEqualTo("inv|trk");
        assertTuple(packet, IpProtocol.UDP, B, 2000, A, 1000);
        assertThat(bench.tracker.count()).isZero();
    }

    @Test
    void aPacketThatTcpRefusesCarriesMarkLabelAndTupleOfItsConnection() {
        bench.send(CtAction.builder().commit().mark(5, -1).label(7, 6, -1, -1).build(), tcp("S", 100));
        final Packet packet = bench.send(LOOK, Packets.tcp4(B, 80, A, 1000).flags("SF"));
        assertThat(state(packet)).isEqualTo("inv|trk");
        assertThat(packet.ctMark()).isEqualTo(5);
        assertThat(packet.ctLabelHigh()).isEqualTo(7);
        assertThat(packet.ctLabelLow()).isEqualTo(6);
        assertTuple(packet, IpProtocol.TCP, A, 1000, B, 80);
    }

    // ---- ICMP errors ----

    @Test
    void anIcmpErrorInOriginalDirectionIsNoReply() {
        bench.states(COMMIT, udp(), udpReply());
        assertThat(bench.state(LOOK, Packets.icmp4Error(A, B, 3, 3, udpReply().build()))).isEqualTo("rel|trk");
    }

    @Test
    void anIcmpErrorOfARouterOnTheWayIsRelated() {
        bench.send(COMMIT, udp());
        assertThat(bench.state(LOOK, Packets.icmp4Error("10.250.0.1", A, 11, 0, udp().build())))
            .isEqualTo("rel|rpl|trk");
    }

    @Test
    void anIcmpErrorNeitherMovesNorRefreshesNorCounts() {
        bench.send(COMMIT, udp());
        bench.pass(10);
        final Connection before = bench.only();
        bench.send(COMMIT, Packets.icmp4Error(B, A, 3, 3, udp().build()));
        assertThat(bench.only()).isEqualTo(before);
        bench.send(COMMIT, Packets.tcp4(A, 1, B, 2).flags("S").seq(5));
        assertThat(bench.state(LOOK, Packets.icmp4Error(B, A, 3, 1, Packets.tcp4(A, 1, B, 2).flags("S").seq(5).build())))
            .isEqualTo("rel|rpl|trk");
    }

    @Test
    void anIcmpErrorAboutAnEchoIsRelated() {
        bench.send(COMMIT, Packets.echo4(A, B, 77, 1));
        assertThat(bench.state(LOOK, Packets.icmp4Error("10.250.0.1", A, 3, 1, Packets.echo4(A, B, 77, 1).build())))
            .isEqualTo("rel|rpl|trk");
        bench.send(COMMIT, Packets.echo6("fd00::1", "fd00::2", 77, 1));
        assertThat(bench.state(LOOK,
            Packets.icmp6Error("fd00::9", "fd00::1", 1, 0, Packets.echo6("fd00::1", "fd00::2", 77, 1).build())))
            .isEqualTo("rel|rpl|trk");
    }

    // ---- mark and label ----

    private static CtAction mark(final int value, final int mask) {
        return CtAction.builder().commit().mark(value, mask).build();
    }

    @Test
    void markAndLabelAreSetUnderTheirMasks() {
        bench.send(CtAction.builder().commit().mark(0x12345678, -1).label(0x1111, 0x2222, -1, -1).build(), udp());
        final Packet packet = bench.send(CtAction.builder().commit().mark(0xffff, 0x0ff0)
            .label(0xff, 0xff, 0xf0, 0x0f).build(), udpReply());
        assertThat(packet.ctMark()).isEqualTo(0x12345ff8);
        assertThat(packet.ctLabelHigh()).isEqualTo(0x11f1);
        assertThat(packet.ctLabelLow()).isEqualTo(0x222f);
        assertThat(bench.only().mark()).isEqualTo(0x12345ff8);
        assertThat(bench.only().labelHigh()).isEqualTo(0x11f1);
        assertThat(bench.only().labelLow()).isEqualTo(0x222f);
    }

    @Test
    void aLabelMayBeTakenAwayAgain() {
        bench.send(CtAction.builder().commit().label(1, 2, -1, -1).build(), udp());
        bench.send(CtAction.builder().commit().label(0, 0, -1, -1).build(), udp());
        assertThat(bench.only().labelHigh()).isZero();
        assertThat(bench.only().labelLow()).isZero();
    }

    @Test
    void anActionWithoutMarkLeavesItAlone() {
        bench.send(mark(5, -1), udp());
        assertThat(bench.send(COMMIT, udpReply()).ctMark()).isEqualTo(5);
        assertThat(bench.only().mark()).isEqualTo(5);
    }

    @Test
    void oddity14InvalidPacketsOfAConnectionSetMarkAndLabel() {
        bench.send(COMMIT, tcp("S", 100));
        final Packet packet = bench.send(
            CtAction.builder().commit().mark(5, -1).label(0, 8, 0, -1).build(), tcp("SF", 100));
        assertThat(state(packet)).isEqualTo("inv|trk");
        assertThat(bench.only().mark()).isEqualTo(5);
        assertThat(bench.only().labelLow()).isEqualTo(8);
    }

    @Test
    void icmpErrorsSetMarkAndLabel() {
        bench.send(COMMIT, udp());
        bench.send(mark(5, -1), Packets.icmp4Error(B, A, 3, 3, udp().build()));
        assertThat(bench.only().mark()).isEqualTo(5);
    }

    @Test
    void theMarkOfOneZoneIsNotCarriedIntoAnother() {
        final Packet packet = bench.send(commit(1).mark(5, -1).build(), udp());
        bench.send(commit(2).mark(0x10, 0xf0).build(), packet);
        assertThat(packet.ctMark()).isEqualTo(0x10);
    }

    /** Counts up in its own bits of the mark; what it wrote must still be there when it comes again. */
    private void countUp(final int shift) {
        final int mask = 0xffff << shift;
        for (int i = 1; i <= 3000; i++) {
            bench.send(mark(i << shift, mask), udp());
            assertThat(bench.send(LOOK, udp()).ctMark() & mask).isEqualTo(i << shift);
        }
    }

    @Test
    void threadsThatSetDifferentBitsLoseNone() throws Exception {
        bench.send(COMMIT, udp());
        final FutureTask<Void> other = new FutureTask<>(() -> countUp(16), null);
        new Thread(other).start();
        countUp(0);
        other.get();
        assertThat(bench.only().mark()).isEqualTo(3000 << 16 | 3000);
    }

    @Test
    void aNewConnectionInTheSamePlaceHasNeitherMarkNorLabelOfTheOneBefore() {
        bench.send(CtAction.builder().commit().mark(5, -1).label(1, 2, -1, -1).build(), udp());
        bench.tracker.flush(ConnectionFilter.ALL);
        for (int port = 1; port < 64; port++) {
            final Packet packet = bench.send(COMMIT, Packets.udp4(A, port, B, 2000));
            assertThat(packet.ctMark()).isZero();
            assertThat(packet.ctLabelHigh() | packet.ctLabelLow()).isZero();
        }
    }

    // ---- packets, bytes, times ----

    @Test
    void packetsAndBytesOfTheIpLayerAreCountedPerDirection() {
        bench.send(COMMIT, udp().payloadSize(10).padding(8));
        bench.send(COMMIT, udp().payloadSize(20).vlan(7));
        bench.send(LOOK, udpReply().payloadSize(100));
        assertThat(bench.only().originalCount()).isEqualTo(new Connection.Count(2, 2 * 28 + 30));
        assertThat(bench.only().replyCount()).isEqualTo(new Connection.Count(1, 128));
    }

    @Test
    void creationAndLastPacketAreTimed() {
        bench.send(COMMIT, udp());
        final long created = bench.nowNs;
        bench.pass(7);
        bench.send(LOOK, udpReply());
        bench.pass(1);
        assertThat(bench.only().createdNs()).isEqualTo(created);
        assertThat(bench.only().lastSeenNs()).isEqualTo(created + 7 * TrackerBench.SECOND);
    }

    @Test
    void invalidPacketsAreNotCountedToTheConnection() {
        bench.send(COMMIT, tcp("S", 100));
        bench.send(COMMIT, tcp("SF", 100));
        assertThat(bench.only().originalCount().packets()).isEqualTo(1);
    }

    @Test
    void withoutAccountingNothingIsCountedAndEverythingElseWorks() {
        final TrackerBench plain = new TrackerBench(ConntrackSettings.DEFAULT.withAccounting(false));
        assertThat(plain.states(mark(5, -1), udp(), udpReply())).isEqualTo("new|trk, est|rpl|trk");
        final Connection connection = plain.only();
        assertThat(connection.originalCount()).isEqualTo(new Connection.Count(0, 0));
        assertThat(connection.replyCount()).isEqualTo(new Connection.Count(0, 0));
        assertThat(connection.createdNs()).isZero();
        assertThat(connection.lastSeenNs()).isZero();
        assertThat(connection.mark()).isEqualTo(5);
        assertThat(connection.state()).isEqualTo("BIDIR");
    }

    @Test
    void accountingThatIsSwitchedOnCountsForNewConnectionsOnly() {
        final TrackerBench switched = new TrackerBench(ConntrackSettings.DEFAULT.withAccounting(false));
        switched.send(COMMIT, udp());
        switched.tracker.settings(ConntrackSettings.DEFAULT);
        switched.send(COMMIT, udpReply());
        assertThat(switched.only().replyCount().packets()).isZero();
        switched.send(COMMIT, Packets.udp4(A, 1, B, 2));
        assertThat(switched.all()).filteredOn(connection -> connection.originalCount().packets() == 1).hasSize(1);
        assertThat(switched.state(LOOK, udp())).isEqualTo("est|trk");
    }
}
