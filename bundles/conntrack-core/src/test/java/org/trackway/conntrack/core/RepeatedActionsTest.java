// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.trackway.conntrack.core.TrackerBench.A;
import static org.trackway.conntrack.core.TrackerBench.B;
import static org.trackway.conntrack.core.TrackerBench.COMMIT;
import static org.trackway.conntrack.core.TrackerBench.LOOK;
import static org.trackway.conntrack.core.TrackerBench.SECOND;
import static org.trackway.conntrack.core.TrackerBench.look;
import static org.trackway.conntrack.core.TrackerBench.state;
import static org.trackway.conntrack.core.TrackerBench.udp;
import static org.trackway.conntrack.core.TrackerBench.udpReply;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.Counter;
import org.trackway.conntrack.CtAction;
import org.trackway.conntrack.CtState;
import org.trackway.conntrack.Nat;
import org.trackway.conntrack.spi.ConnectionHelper;
import org.trackway.conntrack.spi.ControlPacket;
import org.trackway.packet.EtherType;
import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;
import org.trackway.packet.Packets;

/** Packets that pass several actions: what they remember, how they are found again once they are translated. */
class RepeatedActionsTest {

    private static final CtAction NAT = CtAction.builder().nat(Nat.KNOWN).build();
    private static final String OUTSIDE = "10.9.9.9";
    private static final CtAction SNAT = CtAction.builder().commit().nat(nat(Nat.Kind.SOURCE, OUTSIDE)).build();

    private final TrackerBench bench = new TrackerBench();

    private static Nat nat(final Nat.Kind kind, final String address) {
        final IpAddress to = IpAddress.parse(address);
        return new Nat(kind, to, to, 0, 0, false, false);
    }

    private static Packets client(final String flags, final long seq) {
        return Packets.tcp4(A, 1000, B, 80).flags(flags).seq(seq);
    }

    // ---- the short way ----

    @Test
    void aPacketWhoseLayersWentOutOfSightMeanwhileIsInvalidAndUntouched() {
        bench.send(SNAT, udp());
        final Packet packet = bench.send(LOOK, udp());
        assertThat(state(packet)).isEqualTo("new|trk");
        for (int tag = 0; tag < 3; tag++) {
            packet.pushVlan(EtherType.VLAN, tag);
        }
        final byte[] before = packet.bytes();
        assertThat(state(bench.send(NAT, packet))).isEqualTo("inv|trk");
        assertThat(packet.bytes()).isEqualTo(before);
    }

    @Test
    void oddity2LookingUpAndThenCommittingRunsTheMachineOnce() {
        bench.send(COMMIT, udp());
        final Packet packet = bench.send(LOOK, udp());
        assertThat(bench.only().state()).isEqualTo("MULTIPLE");
        bench.tracker.flush(ConnectionFilter.ALL);
        bench.send(COMMIT, udp());
        packet.clearConntrack();
        bench.send(LOOK, packet);
        final Connection once = bench.only();
        bench.pass(10);
        bench.send(COMMIT, packet);
        assertThat(state(packet)).isEqualTo("new|trk");
        assertThat(bench.only().state()).isEqualTo(once.state());
        assertThat(bench.only().remainingNs()).isEqualTo(once.remainingNs() - 10 * SECOND);
    }

    @Test
    void oddity2WithNatTheMachineRunsTwice() {
        bench.send(COMMIT, udp());
        final Packet packet = bench.send(NAT, udp());
        assertThat(packet.ctConnection()).isZero();
        bench.pass(10);
        bench.send(COMMIT, packet);
        assertThat(bench.remaining()).isEqualTo(60);
    }

    @Test
    void oddity2ASynThatIsJudgedTwiceReopensNothingOnItsSecondWay() {
        bench.states(COMMIT, client("S", 100), client("R", 100));
        final Packet syn = bench.send(COMMIT, client("S", 900));
        final long opened = bench.only().id();
        bench.send(COMMIT, client("R", 900));
        bench.send(COMMIT, syn);
        assertThat(state(syn)).isEqualTo("new|trk");
        assertThat(bench.only().id()).isEqualTo(opened);
    }

    @Test
    void theShortWaySetsMarkAndLabel() {
        bench.send(COMMIT, udp());
        final Packet packet = bench.send(LOOK, udp());
        bench.send(CtAction.builder().commit().mark(0xff00, 0xff00).label(1, 2, -1, -1).build(), packet);
        assertThat(packet.ctMark()).isEqualTo(0xff00);
        assertThat(packet.ctLabelHigh()).isEqualTo(1);
        assertThat(packet.ctLabelLow()).isEqualTo(2);
        assertThat(bench.only().mark()).isEqualTo(0xff00);
        assertThat(bench.only().labelHigh()).isEqualTo(1);
        assertThat(bench.only().labelLow()).isEqualTo(2);
    }

    @Test
    void theShortWayLoadsWhatOthersHaveSetMeanwhile() {
        bench.send(COMMIT, udp());
        final Packet packet = bench.send(LOOK, udp());
        bench.send(CtAction.builder().commit().mark(7, -1).label(0, 9, 0, -1).build(), udpReply());
        bench.send(LOOK, packet);
        assertThat(packet.ctMark()).isEqualTo(7);
        assertThat(packet.ctLabelLow()).isEqualTo(9);
    }

    @Test
    void theShortWayTranslatesInTheDirectionThatThePacketHad() {
        bench.send(SNAT, udp());
        final Packet packet = bench.send(LOOK, udp());
        assertThat(packet.ctConnection()).isNotZero();
        bench.send(NAT, packet);
        assertThat(state(packet)).isEqualTo("new|trk|snat");
        assertThat(packet.ctConnection()).isZero();
        assertThat(packet.bytes()).isEqualTo(Packets.udp4(OUTSIDE, 1000, B, 2000).bytes());
        final Packet reply = bench.send(LOOK, Packets.udp4(B, 2000, OUTSIDE, 1000));
        bench.send(NAT, reply);
        assertThat(state(reply)).isEqualTo("est|rpl|trk|dnat");
        assertThat(reply.bytes()).isEqualTo(udpReply().bytes());
    }

    @Test
    void aPacketIsCountedOnceHoweverOftenItIsLookedUp() {
        bench.send(COMMIT, udp());
        final Packet packet = bench.send(LOOK, udp());
        bench.send(LOOK, packet);
        bench.send(NAT, packet);
        bench.send(COMMIT, packet);
        assertThat(bench.only().originalCount().packets()).isEqualTo(2);
    }

    @Test
    void aCachedConnectionOfAnotherZoneIsNotUsed() {
        bench.send(TrackerBench.commit(1).mark(1, -1).build(), udp());
        final Packet packet = bench.send(look(1), udp());
        bench.send(look(2), packet);
        assertThat(state(packet)).isEqualTo("new|trk");
        assertThat(packet.ctZone()).isEqualTo(2);
        assertThat(packet.ctMark()).isZero();
        assertThat(packet.ctConnection()).isZero();
    }

    @Test
    void oddity2AFlushedConnectionIsNotUsedOnTheShortWay() {
        bench.states(COMMIT, udp(), udpReply());
        final Packet packet = bench.send(LOOK, udp());
        assertThat(state(packet)).isEqualTo("est|trk");
        bench.tracker.flush(ConnectionFilter.ALL);
        bench.send(LOOK, packet);
        assertThat(state(packet)).isEqualTo("new|trk");
    }

    @Test
    void oddity2AnExpiredConnectionIsNotUsedOnTheShortWay() {
        bench.states(COMMIT, udp(), udpReply());
        final Packet packet = bench.send(LOOK, udp());
        bench.pass(30);
        bench.send(COMMIT, packet);
        assertThat(state(packet)).isEqualTo("new|trk");
        assertThat(bench.only().state()).isEqualTo("FIRST");
    }

    @Test
    void anotherConnectionInTheSamePlaceIsNotTakenForTheCachedOne() {
        bench.send(CtAction.builder().commit().mark(1, -1).build(), udp());
        final Packet packet = bench.send(LOOK, udp());
        bench.tracker.flush(ConnectionFilter.ALL);
        for (int port = 1; port < 100; port++) {
            bench.send(CtAction.builder().commit().mark(2, -1).build(), Packets.udp4(A, port, B, 9));
        }
        bench.send(LOOK, packet);
        assertThat(state(packet)).isEqualTo("new|trk");
        assertThat(packet.ctMark()).isZero();
    }

    @Test
    void anIcmpErrorGoesTheShortWayAsAnError() {
        bench.send(SNAT, udp());
        final Packet error = Packets.icmp4Error("10.5.5.5", OUTSIDE, 3, 1,
            Packets.udp4(OUTSIDE, 1000, B, 2000).build()).build();
        bench.send(LOOK, error);
        assertThat(state(error)).isEqualTo("rel|rpl|trk");
        bench.send(NAT, error);
        assertThat(state(error)).isEqualTo("rel|rpl|trk|dnat");
        assertThat(error.bytes())
            .isEqualTo(Packets.icmp4Error("10.5.5.5", A, 3, 1, udp().build()).bytes());
    }

    @Test
    void oddity2OnTheShortWayNobodyLooksAtThePacketItself() {
        bench.send(COMMIT, Packets.echo4(A, B, 7, 1));
        final Packet packet = bench.send(LOOK, Packets.echo4(A, B, 7, 1));
        packet.data()[packet.l4Offset() + 7]++;
        bench.send(LOOK, packet);
        assertThat(state(packet)).isEqualTo("new|trk");
        packet.ctConnection(0, false, false);
        bench.send(LOOK, packet);
        assertThat(state(packet)).isEqualTo("inv|trk");
    }

    // ---- found by the reverse tuple ----

    @Test
    void aTranslatedPacketIsFoundAgainInItsDirection() {
        final Packet packet = bench.send(SNAT, udp());
        bench.send(CtAction.builder().commit().mark(5, -1).build(), packet);
        assertThat(state(packet)).isEqualTo("new|trk|snat");
        assertThat(bench.only().mark()).isEqualTo(5);
        assertThat(packet.ctReply()).isFalse();
        final Packet reply = bench.send(NAT, Packets.udp4(B, 2000, OUTSIDE, 1000));
        bench.send(LOOK, reply);
        assertThat(state(reply)).isEqualTo("est|rpl|trk|dnat");
        assertThat(reply.ctMark()).isEqualTo(5);
        assertThat(reply.ctReply()).isTrue();
        assertThat(bench.count(Counter.LOOKUP_NATTED_MISS)).isZero();
    }

    @Test
    void aPacketIsTranslatedOnceInAZone() {
        final Packet packet = bench.send(SNAT, udp());
        final byte[] after = packet.bytes();
        bench.send(SNAT, packet);
        bench.send(NAT, packet);
        assertThat(packet.bytes()).isEqualTo(after);
        assertThat(bench.tracker.count()).isEqualTo(1);
    }

    @Test
    void anotherZoneMayTranslateOnceMore() {
        final Packet packet = bench.send(SNAT, udp());
        bench.send(CtAction.builder().commit().zone(2).nat(nat(Nat.Kind.DESTINATION, "10.7.7.7")).build(), packet);
        assertThat(state(packet)).isEqualTo("new|trk|dnat");
        assertThat(packet.bytes()).isEqualTo(Packets.udp4(OUTSIDE, 1000, "10.7.7.7", 2000).bytes());
    }

    @Test
    void aTranslatedPacketWhoseConnectionWentIsCountedAndJudgedByItsOwnTuple() {
        final Packet packet = bench.send(SNAT, udp());
        bench.tracker.flush(ConnectionFilter.ALL);
        bench.send(LOOK, packet);
        assertThat(state(packet)).isEqualTo("new|trk");
        assertThat(bench.count(Counter.LOOKUP_NATTED_MISS)).isEqualTo(1);
        assertThat(packet.ctSourceLow()).isEqualTo(IpAddress.parse(OUTSIDE).low());
    }

    // ---- found by the original tuple ----

    /** Somebody else rewrites the translated packet, as a flow's set_field does, so that its tuple finds nothing. */
    private static Packet rewritten(final Packets as, final Packet like) {
        final Packet packet = as.build();
        packet.copyConntrack(like);
        return packet;
    }

    @Test
    void oddity38ATranslatedPacketThatWasRewrittenIsFoundByItsOriginalTupleAsOriginalDirection() {
        bench.states(SNAT, udp());
        final Packet reply = bench.send(NAT, Packets.udp4(B, 2000, OUTSIDE, 1000));
        final Packet other = rewritten(Packets.udp4(B, 2000, "10.1.1.77", 1000), reply);
        bench.send(LOOK, other);
        assertThat(other.ctReply()).isFalse();
        assertThat(other.ctConnection()).isEqualTo(bench.only().id());
        assertThat(state(other)).isEqualTo("est|rpl|trk|dnat");
    }

    @Test
    void theOriginalTupleOfAParentOfAnotherProtocolIsNotUsed() {
        bench.tracker.addHelper(new ConnectionHelper() {
            @Override
            public String name() {
                return "caller";
            }

            @Override
            public int protocol() {
                return IpProtocol.TCP;
            }

            @Override
            public Set<Integer> defaultPorts() {
                return Set.of();
            }

            @Override
            public void control(final ControlPacket packet) {
                packet.expect(new ControlPacket.Request(IpAddress.parse(B), IpAddress.parse(A), IpProtocol.UDP, 5000,
                    IpAddress.parse(OUTSIDE), 0, true, 0, false));
            }
        });
        bench.send(CtAction.builder().commit().helper("caller").build(), client("S", 1));
        final Connection parent = bench.only();
        final CtAction commitKnown = CtAction.builder().commit().nat(Nat.KNOWN).build();
        final Packet child = bench.send(commitKnown, Packets.udp4(B, 7, A, 5000));
        assertThat(state(child)).isEqualTo("new|rel|trk|snat");
        assertThat(bench.tracker.flush(0, TrackerBench.tuple(B, 7, A, 5000, IpProtocol.UDP))).isTrue();
        assertThat(state(bench.send(LOOK, child))).isEqualTo("new|trk");
        assertThat(bench.only()).isEqualTo(parent);
        assertThat(bench.count(Counter.FAILURES)).isZero();
    }

    @Test
    void theOriginalTupleIsNotUsedWithNat() {
        final Packet packet = bench.send(SNAT, udp());
        final Packet other = rewritten(Packets.udp4("10.1.1.77", 1000, B, 2000), packet);
        bench.send(NAT, other);
        assertThat(state(other)).isEqualTo("new|trk");
    }

    @Test
    void theOriginalTupleIsNotUsedForPacketsThatWereNotTranslated() {
        final Packet packet = bench.send(COMMIT, udp());
        final Packet other = rewritten(Packets.udp4("10.1.1.77", 1000, B, 2000), packet);
        bench.send(LOOK, other);
        assertThat(state(other)).isEqualTo("new|trk");
        assertThat(bench.count(Counter.LOOKUP_NATTED_MISS)).isZero();
    }

    @Test
    void theOriginalTupleOfAnEchoHasThePacketsIdentifier() {
        final Packet echo = bench.send(SNAT, Packets.echo4(A, B, 600, 1));
        assertThat(echo.ctSourcePort()).isEqualTo(8);
        final Packet other = rewritten(Packets.echo4("10.1.1.77", B, 600, 1), echo);
        bench.send(LOOK, other);
        assertThat(other.ctConnection()).isEqualTo(bench.only().id());
        final Packet unknown = rewritten(Packets.echo4("10.1.1.77", B, 601, 1), echo);
        bench.send(LOOK, unknown);
        assertThat(unknown.ctConnection()).isZero();
    }

    @Test
    void theOriginalTupleOfIpv6IsFoundToo() {
        final CtAction snat6 = CtAction.builder().commit().nat(nat(Nat.Kind.SOURCE, "fd00::9")).build();
        final Packet packet = bench.send(snat6, Packets.udp6("fd00::1", 1000, "fd00::2", 2000));
        final Packet other = rewritten(Packets.udp6("fd00::77", 1000, "fd00::2", 2000), packet);
        bench.send(LOOK, other);
        assertThat(other.ctConnection()).isEqualTo(bench.only().id());
    }

    @Test
    void theOriginalTupleOfTheOtherIpVersionIsNotUsed() {
        final CtAction snat6 = CtAction.builder().commit().nat(nat(Nat.Kind.SOURCE, "fd00::9")).build();
        // The last 32 bits are those of A and B.
        final Packet packet = bench.send(snat6, Packets.udp6("fd00::a01:101", 1000, "fd00::a01:102", 2000));
        bench.send(COMMIT, udp());
        final Packet v4 = rewritten(Packets.udp4("10.1.1.77", 1000, B, 2000), packet);
        bench.send(LOOK, v4);
        assertThat(v4.ctConnection()).isZero();
    }

    @Test
    void aPacketThatFragmentsRefusedIsInvalidAndNothingElse() {
        bench.send(COMMIT, udp());
        final Packet refused = bench.send(COMMIT, Packets.udp4(A, 1000, B, 2000).payloadSize(100).fragments(64).get(0));
        assertThat(refused.ctState()).isEqualTo(CtState.INVALID | CtState.TRACKED);
        assertThat(refused.ctConnection()).isZero();
    }
}
