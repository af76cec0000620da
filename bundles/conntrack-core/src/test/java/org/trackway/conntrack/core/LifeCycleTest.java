// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.trackway.conntrack.core.TrackerBench.A;
import static org.trackway.conntrack.core.TrackerBench.B;
import static org.trackway.conntrack.core.TrackerBench.COMMIT;
import static org.trackway.conntrack.core.TrackerBench.LOOK;
import static org.trackway.conntrack.core.TrackerBench.commit;
import static org.trackway.conntrack.core.TrackerBench.look;
import static org.trackway.conntrack.core.TrackerBench.state;
import static org.trackway.conntrack.core.TrackerBench.tuple;
import static org.trackway.conntrack.core.TrackerBench.udp;
import static org.trackway.conntrack.core.TrackerBench.udpReply;

import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.Counter;
import org.trackway.conntrack.CtAction;
import org.trackway.conntrack.Nat;
import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;
import org.trackway.packet.Packets;

/** Which state a packet gets, when a connection begins and when it ends. */
class LifeCycleTest {

    private static final CtAction FORCE = CtAction.builder().commit().force().build();

    private final TrackerBench bench = new TrackerBench();

    private static Packets tcp(final String flags) {
        return Packets.tcp4(A, 1000, B, 80).flags(flags);
    }

    private static Packets tcpReply(final String flags) {
        return Packets.tcp4(B, 80, A, 1000).flags(flags);
    }

    private static Nat source(final String address) {
        final IpAddress to = IpAddress.parse(address);
        return new Nat(Nat.Kind.SOURCE, to, to, 0, 0, false, false);
    }

    // ---- sequences of packets, all committed ----

    @Test
    void udpIsNewUntilItIsAnswered() {
        assertThat(bench.states(COMMIT, udp(), udp(), udpReply(), udp()))
            .isEqualTo("new|trk, new|trk, est|rpl|trk, est|trk");
    }

    @Test
    void udpOverIpv6IsNewUntilItIsAnswered() {
        final Packets forth = Packets.udp6("fd00::1", 1000, "fd00::2", 2000);
        final Packets back = Packets.udp6("fd00::2", 2000, "fd00::1", 1000);
        assertThat(bench.states(COMMIT, forth, forth, back, forth))
            .isEqualTo("new|trk, new|trk, est|rpl|trk, est|trk");
    }

    @Test
    void tcpIsNewUntilTheServerAnswersTheSyn() {
        assertThat(bench.states(COMMIT, tcp("S").seq(100), tcp("S").seq(100), tcpReply("SA").seq(300).ack(101),
            tcp("A").seq(101).ack(301))).isEqualTo("new|trk, new|trk, est|rpl|trk, est|trk");
    }

    @Test
    void oddity6TcpInItsMiddleIsEstablishedWithTheSecondSegmentOfTheSameSide() {
        assertThat(bench.states(COMMIT, tcp("A").seq(100).ack(1), tcp("PA").seq(100).ack(1).payloadSize(10)))
            .isEqualTo("new|trk, est|trk");
    }

    @Test
    void oddity5SynOfTheResponderIsNewWithoutReply() {
        assertThat(bench.states(COMMIT, tcp("S").seq(100), tcpReply("S").seq(300), tcp("SA").seq(100).ack(301),
            tcpReply("SA").seq(300).ack(101))).isEqualTo("new|trk, new|trk, est|trk, est|rpl|trk");
    }

    @Test
    void oddity41SimultaneousOpenWithOrdinarySequenceNumbersIsInvalidAtFirst() {
        final long one = 3_000_000_000L;
        final long other = 1_000_000_000L;
        bench.states(COMMIT, tcp("S").seq(one), tcpReply("S").seq(other));
        assertThat(bench.states(COMMIT, tcp("SA").seq(one).ack(other + 1), tcpReply("SA").seq(other).ack(one + 1)))
            .isEqualTo("inv|trk, inv|trk");
    }

    @Test
    void oddity7ResetOrFinMayOpenAConnection() {
        assertThat(bench.state(COMMIT, tcp("R"))).isEqualTo("new|trk");
        assertThat(bench.state(COMMIT, Packets.tcp4(A, 1, B, 80).flags("FA"))).isEqualTo("new|trk");
        assertThat(bench.tracker.count()).isEqualTo(2);
    }

    @Test
    void protocolsWithoutPortsAreTrackedByAddresses() {
        assertThat(bench.states(COMMIT, Packets.ip4(99, A, B), Packets.ip4(99, B, A)))
            .isEqualTo("new|trk, est|rpl|trk");
    }

    @Test
    void echoReplyWithoutRequestIsInvalid() {
        assertThat(bench.state(COMMIT, Packets.echoReply4(A, B, 7, 1))).isEqualTo("inv|trk");
        assertThat(bench.state(COMMIT, Packets.echoReply6("fd00::1", "fd00::2", 7, 1))).isEqualTo("inv|trk");
        assertThat(bench.tracker.count()).isZero();
    }

    @Test
    void echoIsNewUntilItIsAnswered() {
        assertThat(bench.states(COMMIT, Packets.echo4(A, B, 7, 1), Packets.echo4(A, B, 7, 2),
            Packets.echoReply4(B, A, 7, 2), Packets.echo4(A, B, 7, 3)))
            .isEqualTo("new|trk, new|trk, est|rpl|trk, est|trk");
        final String one = "fd00::1";
        final String other = "fd00::2";
        assertThat(bench.states(COMMIT, Packets.echo6(one, other, 7, 1), Packets.echo6(one, other, 7, 2),
            Packets.echoReply6(other, one, 7, 2), Packets.echo6(one, other, 7, 3)))
            .isEqualTo("new|trk, new|trk, est|rpl|trk, est|trk");
    }

    @Test
    void timestampAndInformationQueriesAreTrackedBesidesEchoesWithTheSameIdentifier() {
        bench.state(COMMIT, Packets.echo4(A, B, 7, 1));
        assertThat(bench.states(COMMIT, Packets.icmp4(A, B, 13, 0).echo(7, 1), Packets.icmp4(B, A, 14, 0).echo(7, 1)))
            .isEqualTo("new|trk, est|rpl|trk");
        assertThat(bench.states(COMMIT, Packets.icmp4(A, B, 15, 0).echo(7, 1), Packets.icmp4(B, A, 16, 0).echo(7, 1)))
            .isEqualTo("new|trk, est|rpl|trk");
        assertThat(bench.tracker.count()).isEqualTo(3);
    }

    @Test
    void oddity37IcmpOverTheOtherIpVersionUsesItsMachineWithoutItsIdentifier() {
        final byte[] request = {8, 0, 0, 0, 0, 1, 0, 1};
        final byte[] reply = {0, 0, 0, 0, 0, 2, 0, 1};
        assertThat(bench.state(COMMIT, Packets.ip6(IpProtocol.ICMP, "fd00::1", "fd00::2").payload(reply)))
            .isEqualTo("inv|trk");
        assertThat(bench.states(COMMIT, Packets.ip6(IpProtocol.ICMP, "fd00::1", "fd00::2").payload(request),
            Packets.ip6(IpProtocol.ICMP, "fd00::2", "fd00::1").payload(reply))).isEqualTo("new|trk, est|rpl|trk");
        final byte[] request6 = {(byte) 128, 0, 0, 0, 0, 1, 0, 1};
        final byte[] reply6 = {(byte) 129, 0, 0, 0, 0, 2, 0, 1};
        assertThat(bench.states(COMMIT, Packets.ip4(IpProtocol.ICMPV6, A, B).payload(request6),
            Packets.ip4(IpProtocol.ICMPV6, B, A).payload(reply6))).isEqualTo("new|trk, est|rpl|trk");
    }

    @Test
    void icmpOverTheOtherIpVersionIsFoundByTheReverseOfItsTuple() {
        final byte[] request = {8, 0, 0, 0, 0, 1, 0, 1};
        bench.send(COMMIT, Packets.ip6(IpProtocol.ICMP, "fd00::1", "fd00::2").payload(request));
        assertThat(bench.only().reply()).isEqualTo(bench.only().original().reverse());
        assertThat(bench.tracker.flush(0, bench.only().original().reverse())).isTrue();
    }

    @Test
    void sctpIsTrackedByItsPortsAlone() {
        assertThat(bench.states(COMMIT, Packets.sctp4(A, 1, B, 2).chunk(1, 0, new byte[16]),
            Packets.sctp4(B, 2, A, 1).chunk(2, 0, new byte[16]), Packets.sctp4(A, 1, B, 2)))
            .isEqualTo("new|trk, est|rpl|trk, est|trk");
        assertThat(bench.only().tcp()).isEmpty();
    }

    @Test
    void aTupleThatIsItsOwnReverseCountsAsOriginalDirection() {
        final Packets own = Packets.udp4(A, 1000, A, 1000);
        assertThat(bench.states(COMMIT, own, own)).isEqualTo("new|trk, new|trk");
        assertThat(bench.tracker.count()).isEqualTo(1);
    }

    // ---- commit ----

    @Test
    void withoutCommitNothingIsRemembered() {
        assertThat(bench.states(LOOK, udp(), udp(), udpReply())).isEqualTo("new|trk, new|trk, new|trk");
        assertThat(bench.tracker.count()).isZero();
        assertThat(bench.count(Counter.CREATED)).isZero();
    }

    @Test
    void aCommittedConnectionIsFoundWithoutCommit() {
        bench.send(COMMIT, udp());
        assertThat(bench.state(LOOK, udpReply())).isEqualTo("est|rpl|trk");
    }

    @Test
    void committingTwiceMakesOneConnection() {
        final Packet packet = bench.send(COMMIT, udp());
        bench.send(COMMIT, packet);
        assertThat(bench.tracker.count()).isEqualTo(1);
        assertThat(bench.count(Counter.CREATED)).isEqualTo(1);
    }

    @Test
    void zonesAreApart() {
        bench.send(commit(1).build(), udp());
        assertThat(bench.state(look(2), udpReply())).isEqualTo("new|trk");
        assertThat(bench.state(look(1), udpReply())).isEqualTo("est|rpl|trk");
    }

    @Test
    void familiesAndProtocolsAreApart() {
        bench.send(COMMIT, udp());
        assertThat(bench.state(LOOK, Packets.tcp4(B, 2000, A, 1000))).isEqualTo("new|trk");
        assertThat(bench.state(LOOK, Packets.udp6("::a01:102", 2000, "::a01:101", 1000))).isEqualTo("new|trk");
    }

    @Test
    void ofTwoPacketsThatRaceForOneTupleOneOpensAndTheOtherAnswers() throws Exception {
        final CyclicBarrier together = new CyclicBarrier(2);
        final Packet[] replies = new Packet[300];
        final Packet[] packets = new Packet[replies.length];
        for (int i = 0; i < replies.length; i++) {
            packets[i] = Packets.udp4(A, 1 + i, B, 2000).build();
            replies[i] = Packets.udp4(B, 2000, A, 1 + i).build();
        }
        final FutureTask<Void> other = new FutureTask<>(() -> {
            for (final Packet reply : replies) {
                together.await();
                bench.send(COMMIT, reply);
            }
            return null;
        });
        new Thread(other).start();
        for (final Packet packet : packets) {
            together.await();
            bench.send(COMMIT, packet);
        }
        other.get();
        for (int i = 0; i < replies.length; i++) {
            assertThat(List.of(state(packets[i]), state(replies[i])))
                .containsExactlyInAnyOrder("new|trk", "est|rpl|trk");
        }
        assertThat(bench.tracker.count()).isEqualTo(replies.length);
        assertThat(bench.count(Counter.NAT_EXHAUSTED)).isZero();
    }

    // ---- limits leave +new ----

    @Test
    void oddity3AtTheMaximumPacketsStayNewAndAreNotRemembered() {
        final TrackerBench full = new TrackerBench(ConntrackSettings.DEFAULT.withMaxConnections(1));
        full.send(COMMIT, udp());
        final CtAction marked = CtAction.builder().commit().mark(5, -1).build();
        final Packet refused = full.send(marked, Packets.udp4(A, 1, B, 2));
        assertThat(state(refused)).isEqualTo("new|trk");
        assertThat(refused.ctMark()).isZero();
        assertThat(refused.ctConnection()).isZero();
        assertThat(full.count(Counter.FULL)).isEqualTo(1);
        assertThat(full.tracker.count()).isEqualTo(1);
    }

    @Test
    void oddity42ExpiredConnectionsCountUntilTheyAreSwept() {
        final TrackerBench full = new TrackerBench(ConntrackSettings.DEFAULT.withMaxConnections(1));
        full.send(COMMIT, udp());
        full.pass(60);
        assertThat(full.all()).isEmpty();
        assertThat(full.tracker.count()).isEqualTo(1);
        full.send(COMMIT, Packets.udp4(A, 1, B, 2));
        assertThat(full.count(Counter.FULL)).isEqualTo(1);
        assertThat(full.tracker.sweep()).isEqualTo(1);
        full.send(COMMIT, Packets.udp4(A, 1, B, 2));
        assertThat(full.only().original()).isEqualTo(tuple(A, 1, B, 2, IpProtocol.UDP));
    }

    @Test
    void maximumOfZeroAdmitsNone() {
        final TrackerBench none = new TrackerBench(ConntrackSettings.DEFAULT.withMaxConnections(0));
        assertThat(none.state(COMMIT, udp())).isEqualTo("new|trk");
        assertThat(none.tracker.count()).isZero();
    }

    @Test
    void aLowerMaximumRemovesNothing() {
        bench.send(COMMIT, udp());
        bench.send(COMMIT, Packets.udp4(A, 1, B, 2));
        bench.tracker.settings(ConntrackSettings.DEFAULT.withMaxConnections(1));
        assertThat(bench.all()).hasSize(2);
        bench.send(COMMIT, Packets.udp4(A, 3, B, 4));
        assertThat(bench.count(Counter.FULL)).isEqualTo(1);
    }

    @Test
    void aTranslatedConnectionCountsOnce() {
        bench.send(CtAction.builder().commit().nat(source("10.9.9.9")).build(), udp());
        assertThat(bench.tracker.count()).isEqualTo(1);
        assertThat(bench.tracker.flush(ConnectionFilter.ALL)).isEqualTo(1);
        assertThat(bench.tracker.count()).isZero();
    }

    @Test
    void aTranslationThatIsUsedUpLeavesThePacketNewAndAsItWas() {
        final IpAddress to = IpAddress.parse("10.9.9.9");
        final CtAction narrow = CtAction.builder().commit()
            .nat(new Nat(Nat.Kind.SOURCE, to, to, 5000, 5000, false, false)).build();
        bench.send(narrow, udp());
        final byte[] before = Packets.udp4("10.1.1.7", 1, B, 2000).bytes();
        final Packet second = bench.send(narrow, Packets.udp4("10.1.1.7", 1, B, 2000));
        assertThat(state(second)).isEqualTo("new|trk");
        assertThat(second.bytes()).isEqualTo(before);
        assertThat(bench.count(Counter.NAT_EXHAUSTED)).isEqualTo(1);
        assertThat(bench.tracker.count()).isEqualTo(1);
    }

    @Test
    void oddity23CommitWithBareNatIsACommitWithoutTranslation() {
        final CtAction bare = CtAction.builder().commit().nat(Nat.KNOWN).build();
        assertThat(bench.states(bare, udp(), udpReply(), udp())).isEqualTo("new|trk, est|rpl|trk, est|trk");
        assertThat(bench.only().reply()).isEqualTo(bench.only().original().reverse());
        assertThat(bench.only().translated()).isFalse();
        bench.tracker.flush(ConnectionFilter.ALL);
        assertThat(bench.tracker.table().indexUsed()).isZero();
    }

    @Test
    void aPlainConnectionDoesNotTakeTheRepliesOfATranslatedOne() {
        bench.send(CtAction.builder().commit().nat(source("10.9.9.9")).build(), udp());
        // The reply tuple of this one would be B:2000 to 10.9.9.9:1000, by which the first one's replies are found.
        final Packet other = bench.send(COMMIT, Packets.udp4("10.9.9.9", 1000, B, 2000));
        assertThat(state(other)).isEqualTo("new|trk");
        assertThat(bench.tracker.count()).isEqualTo(1);
        assertThat(bench.count(Counter.NAT_EXHAUSTED)).isEqualTo(1);
        assertThat(bench.state(LOOK, Packets.udp4(B, 2000, "10.9.9.9", 1000))).isEqualTo("est|rpl|trk");
    }

    // ---- force ----

    @Test
    void forceTurnsAConnectionFoundInReplyDirectionRound() {
        bench.states(COMMIT, udp(), udpReply());
        final long before = bench.only().id();
        assertThat(bench.state(FORCE, udpReply())).isEqualTo("new|trk");
        assertThat(bench.only().original()).isEqualTo(tuple(B, 2000, A, 1000, IpProtocol.UDP));
        assertThat(bench.only().id()).isNotEqualTo(before);
        assertThat(bench.state(LOOK, udp())).isEqualTo("est|rpl|trk");
    }

    @Test
    void forceLeavesAConnectionFoundInOriginalDirectionAlone() {
        bench.states(COMMIT, udp(), udpReply());
        final long before = bench.only().id();
        assertThat(bench.state(FORCE, udp())).isEqualTo("est|trk");
        assertThat(bench.only().id()).isEqualTo(before);
    }

    @Test
    void forceIsNotShortenedByWhatThePacketRemembers() {
        bench.states(COMMIT, udp(), udpReply());
        final Packet reply = bench.send(LOOK, udpReply());
        bench.send(FORCE, reply);
        assertThat(state(reply)).isEqualTo("new|trk");
        assertThat(bench.only().original()).isEqualTo(tuple(B, 2000, A, 1000, IpProtocol.UDP));
    }

    @Test
    void oddity42AForcedConnectionIsGoneAtOnceAndNotCountedAnyMore() {
        final TrackerBench full = new TrackerBench(ConntrackSettings.DEFAULT.withMaxConnections(1));
        full.states(COMMIT, udp(), udpReply());
        full.send(FORCE, udpReply());
        assertThat(full.only().original()).isEqualTo(tuple(B, 2000, A, 1000, IpProtocol.UDP));
        assertThat(full.count(Counter.FULL)).isZero();
    }

    // ---- a SYN on a closed connection ----

    private void openAndReset() {
        bench.states(COMMIT, tcp("S").seq(100), tcpReply("SA").seq(300).ack(101), tcp("A").seq(101).ack(301),
            tcp("R").seq(101));
        assertThat(bench.only().state()).isEqualTo("TIME_WAIT");
    }

    @Test
    void synOnAClosedConnectionOpensAnotherInItsPlace() {
        openAndReset();
        final long before = bench.only().id();
        assertThat(bench.state(COMMIT, tcp("S").seq(90_000))).isEqualTo("new|trk");
        assertThat(bench.only().id()).isNotEqualTo(before);
        assertThat(bench.only().state()).isEqualTo("SYN_SENT");
        assertThat(bench.count(Counter.CREATED)).isEqualTo(2);
    }

    @Test
    void synOfTheServerOnAClosedConnectionOpensOneInItsDirection() {
        openAndReset();
        assertThat(bench.state(COMMIT, tcpReply("S").seq(90_000))).isEqualTo("new|trk");
        assertThat(bench.only().original()).isEqualTo(tuple(B, 80, A, 1000, IpProtocol.TCP));
    }

    @Test
    void oddity4SynOnAClosedConnectionEndsItEvenWithoutCommit() {
        openAndReset();
        assertThat(bench.state(LOOK, tcp("S").seq(90_000))).isEqualTo("new|trk");
        assertThat(bench.tracker.count()).isZero();
    }

    @Test
    void aTranslatedPacketThatReopensItsConnectionIsFoundAndRemovedAgain() {
        final CtAction translate = CtAction.builder().commit().nat(source("10.9.9.9")).build();
        bench.send(translate, tcp("S").seq(100));
        final Packet syn = tcp("S").seq(100).build();
        final Packet reset = tcp("R").seq(100).build();
        bench.sendAll(CtAction.builder().nat(Nat.KNOWN).build(), syn, reset);
        assertThat(state(syn)).isEqualTo("new|trk|snat");
        // Judged once more, the SYN meets a connection that the packet behind it has closed.
        bench.send(COMMIT, syn);
        assertThat(state(syn)).isEqualTo("new|trk");
        assertThat(bench.tracker.find(0, tuple(A, 1000, B, 80, IpProtocol.TCP))).isPresent();
        assertThat(bench.tracker.flush(ConnectionFilter.ALL)).isEqualTo(1);
        assertThat(bench.tracker.table().indexUsed()).isZero();
    }

    @Test
    void aTranslatedPacketWhoseTupleIsAnotherConnectionsLeavesAsItCame() {
        final Packet stray = bench.send(CtAction.builder().commit().nat(source("10.9.9.9")).build(), udp());
        bench.tracker.flush(ConnectionFilter.ALL);
        bench.send(CtAction.builder().commit().nat(source("10.8.8.8")).build(),
            Packets.udp4("10.9.9.9", 1000, B, 2000));
        bench.send(COMMIT, stray);
        assertThat(state(stray)).isEqualTo("new|trk|snat");
        assertThat(stray.ctConnection()).isZero();
        assertThat(bench.tracker.count()).isEqualTo(1);
    }

    // ---- bits accumulate in a zone ----

    @Test
    void oddity9TranslationBitsStayWithinAZoneAndGoInTheNext() {
        final Packet packet = bench.send(CtAction.builder().commit().nat(source("10.9.9.9")).build(), udp());
        assertThat(state(packet)).isEqualTo("new|trk|snat");
        bench.send(LOOK, packet);
        assertThat(state(packet)).isEqualTo("new|trk|snat");
        bench.send(look(7), packet);
        assertThat(state(packet)).isEqualTo("new|trk");
    }

    @Test
    void replyStaysSetWithinAZone() {
        bench.states(COMMIT, udp(), udpReply());
        final Packet reply = bench.send(CtAction.builder().nat(Nat.KNOWN).build(), udpReply());
        assertThat(state(reply)).isEqualTo("est|rpl|trk");
        bench.send(CtAction.builder().nat(Nat.KNOWN).build(), reply);
        assertThat(state(reply)).isEqualTo("est|rpl|trk");
    }

    @Test
    void aReplyInOneZoneMayBeTheOriginalDirectionInTheNext() {
        bench.send(commit(1).build(), udp());
        bench.send(commit(2).build(), udpReply());
        bench.send(commit(2).build(), udp());
        final Packet packet = bench.send(look(1), udpReply());
        assertThat(state(packet)).isEqualTo("est|rpl|trk");
        bench.send(look(2), packet);
        assertThat(state(packet)).isEqualTo("est|trk");
    }

    @Test
    void invalidDropsAllOtherBits() {
        final Packet packet = bench.send(CtAction.builder().commit().nat(source("10.9.9.9")).build(), tcp("S"));
        assertThat(state(packet)).isEqualTo("new|trk|snat");
        packet.data()[packet.l4Offset() + 13] = TcpMachine.SYN | TcpMachine.FIN;
        bench.send(LOOK, packet);
        assertThat(state(packet)).isEqualTo("inv|trk");
    }

    @Test
    void anInvalidPacketOfATranslatedConnectionIsTranslatedAllTheSame() {
        bench.send(CtAction.builder().commit().nat(source("10.9.9.9")).build(), tcp("S"));
        final Packet bad = bench.send(CtAction.builder().nat(Nat.KNOWN).build(), tcp("SF"));
        assertThat(state(bad)).isEqualTo("inv|trk|snat");
    }

    @Test
    void clearingThePacketsMetadataForgetsAllBits() {
        bench.states(COMMIT, udp(), udpReply());
        final Packet reply = bench.send(LOOK, udpReply());
        reply.clearConntrack();
        bench.send(look(3), reply);
        assertThat(state(reply)).isEqualTo("new|trk");
    }

    // ---- the end ----

    @Test
    void anExpiredConnectionIsGoneForPacketsAndListsBeforeItIsSwept() {
        bench.send(COMMIT, udp());
        bench.pass(60);
        assertThat(bench.state(LOOK, udpReply())).isEqualTo("new|trk");
        assertThat(bench.all()).isEmpty();
        assertThat(bench.tracker.find(0, tuple(A, 1000, B, 2000, IpProtocol.UDP))).isEmpty();
        assertThat(bench.tracker.count()).isEqualTo(1);
    }

    @Test
    void anExpiredConnectionDoesNotStandInTheWayOfANewOne() {
        bench.send(COMMIT, udp());
        final long before = bench.only().id();
        bench.pass(60);
        assertThat(bench.state(COMMIT, udp())).isEqualTo("new|trk");
        assertThat(bench.only().id()).isNotEqualTo(before);
        assertThat(bench.tracker.connection(before)).isEmpty();
        assertThat(bench.tracker.sweep()).isEqualTo(1);
        assertThat(bench.tracker.count()).isEqualTo(1);
    }

    @Test
    void aConditionThatThrowsLeavesTheConnectionUsable() {
        bench.send(COMMIT, udp());
        assertThatIllegalStateException().isThrownBy(() -> bench.tracker.flush(ConnectionFilter.ALL.and(connection -> {
            throw new IllegalStateException("no");
        })));
        assertThat(bench.state(LOOK, udpReply())).isEqualTo("est|rpl|trk");
    }
}
