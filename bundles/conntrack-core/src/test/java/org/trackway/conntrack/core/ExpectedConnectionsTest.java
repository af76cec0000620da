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
import static org.trackway.conntrack.core.TrackerBench.tuple;

import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.Counter;
import org.trackway.conntrack.CtAction;
import org.trackway.conntrack.Nat;
import org.trackway.conntrack.Tuple;
import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;
import org.trackway.packet.Packets;

/** Connections that a helper announced, as the tracker treats them, and helpers of connections. */
class ExpectedConnectionsTest {

    private static final String OUTSIDE = "10.9.9.9";
    private static final Tuple CONTROL = tuple(A, 1000, B, 7, IpProtocol.TCP);
    private static final CtAction NAT = CtAction.builder().commit().nat(Nat.KNOWN).build();

    private final TrackerBench bench = new TrackerBench();

    @BeforeEach
    void helper() {
        bench.tracker.addHelper(new ToyHelper());
    }

    private static Packets control(final String flags, final String text) {
        return Packets.tcp4(A, 1000, B, 7).flags(flags).seq(flags.contains("S") ? 100 : 101).payload(text);
    }

    private static Packets data(final int fromPort, final String to) {
        return Packets.tcp4(B, fromPort, to, 4000).flags("S");
    }

    /** Opens the control connection, on which the client announces one from the server to its port 4000. */
    private void announce(final CtAction.Builder action) {
        final CtAction helped = action.helper("toy").build();
        bench.send(helped, control("S", ""));
        bench.send(helped, control("PA", "!"));
        assertThat(bench.tracker.expectations(OptionalInt.empty())).hasSize(1);
    }

    private static CtAction.Builder snat() {
        final IpAddress to = IpAddress.parse(OUTSIDE);
        return CtAction.builder().commit().nat(new Nat(Nat.Kind.SOURCE, to, to, 0, 0, false, false));
    }

    private Connection find(final Tuple tuple) {
        return bench.tracker.find(0, tuple).orElseThrow();
    }

    // ---- expected connections ----

    @Test
    void anExpectedConnectionIsRelatedFromItsFirstPacketOn() {
        announce(commit(0));
        assertThat(bench.states(COMMIT, data(20, A).seq(500),
            Packets.tcp4(A, 4000, B, 20).flags("SA").seq(900).ack(501),
            data(20, A).flags("A").seq(501).ack(901))).isEqualTo("new|rel|trk, est|rel|rpl|trk, est|rel|trk");
        assertThat(find(tuple(B, 20, A, 4000, IpProtocol.TCP)).parent()).contains(CONTROL);
    }

    @Test
    void itInheritsMarkAndLabelOfItsParent() {
        announce(commit(0).mark(5, -1).label(6, 7, -1, -1));
        final Packet first = bench.send(COMMIT, data(20, A));
        assertThat(first.ctMark()).isEqualTo(5);
        assertThat(first.ctLabelHigh()).isEqualTo(6);
        assertThat(first.ctLabelLow()).isEqualTo(7);
        final Connection data = find(tuple(B, 20, A, 4000, IpProtocol.TCP));
        assertThat(data.mark()).isEqualTo(5);
        assertThat(data.labelHigh()).isEqualTo(6);
        assertThat(data.labelLow()).isEqualTo(7);
    }

    @Test
    void oddity14MarkAndLabelOfAnExpectedConnectionCanNotBeChanged() {
        announce(commit(0).mark(5, -1));
        final CtAction mark = CtAction.builder().commit().mark(9, -1).label(1, 1, -1, -1).build();
        final Packet first = bench.send(mark, data(20, A));
        assertThat(first.ctMark()).isEqualTo(5);
        bench.send(mark, first);
        bench.send(mark, data(20, A));
        final Connection data = find(tuple(B, 20, A, 4000, IpProtocol.TCP));
        assertThat(data.mark()).isEqualTo(5);
        assertThat(data.labelHigh() | data.labelLow()).isZero();
    }

    @Test
    void itsPacketsCarryTheOriginalTupleOfItsParent() {
        announce(commit(0));
        bench.send(COMMIT, data(20, A));
        final Packet reply = bench.send(LOOK, Packets.tcp4(A, 4000, B, 20).flags("SA").ack(1));
        assertThat(reply.ctProtocol()).isEqualTo(IpProtocol.TCP);
        assertThat(reply.ctSourceLow()).isEqualTo(CONTROL.source().low());
        assertThat(reply.ctSourcePort()).isEqualTo(1000);
        assertThat(reply.ctDestinationPort()).isEqualTo(7);
    }

    @Test
    void withoutCommitItIsRelatedAndCarriesWhatItWouldInherit() {
        announce(commit(0).mark(5, -1).label(0, 7, 0, -1));
        final Packet packet = bench.send(LOOK, data(20, A));
        assertThat(state(packet)).isEqualTo("new|rel|trk");
        assertThat(packet.ctMark()).isEqualTo(5);
        assertThat(packet.ctLabelLow()).isEqualTo(7);
        assertThat(packet.ctSourcePort()).isEqualTo(1000);
        assertThat(bench.tracker.count()).isEqualTo(1);
    }

    @Test
    void itIsNotExpectedInAnotherZoneNorOnAnotherPort() {
        announce(commit(0));
        assertThat(bench.state(look(1), data(20, A))).isEqualTo("new|trk");
        assertThat(bench.state(LOOK, Packets.tcp4(B, 20, A, 4001).flags("S"))).isEqualTo("new|trk");
        assertThat(bench.state(LOOK, Packets.udp4(B, 20, A, 4000))).isEqualTo("new|trk");
    }

    @Test
    void itOutlivesItsParentWhoseExpectationsGo() {
        announce(commit(0));
        bench.send(COMMIT, data(20, A));
        bench.tracker.flush(0, CONTROL);
        assertThat(bench.only().original()).isEqualTo(tuple(B, 20, A, 4000, IpProtocol.TCP));
        assertThat(bench.tracker.expectations(OptionalInt.empty())).isEmpty();
        assertThat(bench.state(COMMIT, data(21, A))).isEqualTo("new|trk");
    }

    // ---- translated as their parent is ----

    @Test
    void itIsTranslatedAsItsParentIsIfNatIsAskedFor() {
        announce(snat());
        final Packet first = bench.send(NAT, data(20, OUTSIDE));
        assertThat(state(first)).isEqualTo("new|rel|trk|dnat");
        assertThat(first.bytes()).isEqualTo(data(20, A).bytes());
        assertThat(find(tuple(B, 20, OUTSIDE, 4000, IpProtocol.TCP)).reply())
            .isEqualTo(tuple(A, 4000, B, 20, IpProtocol.TCP));
    }

    @Test
    void itIsNotTranslatedIfNatIsNotAskedFor() {
        announce(snat());
        final Packet first = bench.send(COMMIT, data(20, OUTSIDE));
        assertThat(state(first)).isEqualTo("new|rel|trk");
        assertThat(first.bytes()).isEqualTo(data(20, OUTSIDE).bytes());
    }

    @Test
    void oddity30BitsAreSetEvenIfNothingChanges() {
        announce(commit(0));
        final Packet first = bench.send(NAT, data(20, A));
        assertThat(state(first)).isEqualTo("new|rel|trk|dnat");
        assertThat(first.bytes()).isEqualTo(data(20, A).bytes());
    }

    @Test
    void oddity30ATupleInUseIsNotTakenASecondTime() {
        announce(snat());
        bench.send(COMMIT, Packets.tcp4(A, 4000, B, 20).flags("S"));
        final Packet first = bench.send(NAT, data(20, OUTSIDE));
        assertThat(state(first)).isEqualTo("new|rel|trk");
        assertThat(first.bytes()).isEqualTo(data(20, OUTSIDE).bytes());
        assertThat(bench.count(Counter.NAT_EXHAUSTED)).isEqualTo(1);
        assertThat(bench.tracker.count()).isEqualTo(2);
    }

    // ---- helpers of connections ----

    @Test
    void oddity1TheHelperOfOnePacketsConnectionIsNotGivenToTheNext() {
        announce(commit(0));
        final Packet helped = bench.send(LOOK, control("A", ""));
        bench.sendAll(COMMIT, helped, Packets.tcp4(A, 2000, B, 7).flags("S").build());
        assertThat(find(CONTROL).helper()).contains("toy");
        assertThat(find(tuple(A, 2000, B, 7, IpProtocol.TCP)).helper()).isEmpty();
    }

    @Test
    void theHelperIsTheOneOfTheFirstCommit() {
        bench.send(COMMIT, control("S", ""));
        bench.send(CtAction.builder().commit().helper("toy").build(), control("PA", "!"));
        assertThat(bench.only().helper()).isEmpty();
        assertThat(bench.tracker.expectations(OptionalInt.empty())).isEmpty();
    }

    @Test
    void aHelperThatIsNotThereIsRememberedAndActsWhenItComes() {
        final TrackerBench without = new TrackerBench();
        final CtAction helped = CtAction.builder().commit().helper("toy").build();
        without.send(helped, control("S", ""));
        assertThat(without.only().helper()).contains("toy");
        without.send(helped, control("PA", "!"));
        assertThat(without.tracker.expectations(OptionalInt.empty())).isEmpty();
        without.tracker.addHelper(new ToyHelper());
        without.send(helped, control("PA", "!"));
        assertThat(without.tracker.expectations(OptionalInt.empty())).hasSize(1);
    }

    @Test
    void withoutHelperThePortsOfFtpAndTftpAreLikeAnyOther() {
        bench.send(COMMIT, Packets.tcp4(A, 1, B, 21).flags("S").seq(100));
        final Packet packet = bench.send(LOOK, Packets.tcp4(A, 1, B, 21).flags("S").seq(100));
        bench.pass(10);
        bench.send(LOOK, packet);
        assertThat(bench.remaining()).isEqualTo(20);
    }

    @Test
    void controlPacketsTakeTheFullWayEvenWhenTheirConnectionIsRemembered() {
        announce(commit(0));
        final Packet packet = bench.send(LOOK, control("A", ""));
        assertThat(packet.ctConnection()).isNotZero();
        bench.pass(10);
        bench.send(LOOK, packet);
        assertThat(bench.remaining()).isEqualTo(30);
    }

    @Test
    void aFlushOfAllTakesExpectationsToo() {
        announce(commit(0));
        bench.tracker.flush(ConnectionFilter.ALL);
        assertThat(bench.tracker.expectations(OptionalInt.empty())).isEmpty();
    }
}
