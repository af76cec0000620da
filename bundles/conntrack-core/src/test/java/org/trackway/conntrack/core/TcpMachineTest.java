// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.trackway.conntrack.core.TrackerBench.A;
import static org.trackway.conntrack.core.TrackerBench.B;
import static org.trackway.conntrack.core.TrackerBench.COMMIT;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.Counter;
import org.trackway.conntrack.TcpState;
import org.trackway.packet.Packets;

/**
 * The TCP machine, seen through a tracker that commits every segment. The client's initial sequence number is 100, the
 * server's 300; all windows are 1000 bytes unless a test says otherwise.
 */
class TcpMachineTest {

    private static final int SKEW = 65535 + 1500;

    private final TrackerBench bench = new TrackerBench();

    private static Packets client(final String flags, final long seq, final long ack) {
        return Packets.tcp4(A, 1000, B, 80).flags(flags).seq(seq).ack(ack).window(1000);
    }

    private static Packets server(final String flags, final long seq, final long ack) {
        return Packets.tcp4(B, 80, A, 1000).flags(flags).seq(seq).ack(ack).window(1000);
    }

    private String send(final Packets packet) {
        return bench.state(COMMIT, packet);
    }

    private Connection.Peer original() {
        return bench.only().tcp().orElseThrow().original();
    }

    private Connection.Peer reply() {
        return bench.only().tcp().orElseThrow().reply();
    }

    private void assertStates(final TcpState original, final TcpState reply) {
        assertThat(original().state()).isEqualTo(original);
        assertThat(reply().state()).isEqualTo(reply);
    }

    /** SYN, SYN with ACK, ACK. */
    private void open() {
        bench.states(COMMIT, client("S", 100, 0), server("SA", 300, 101), client("A", 101, 301));
        assertStates(TcpState.ESTABLISHED, TcpState.ESTABLISHED);
    }

    /** The same, then both FINs and their acknowledgements. */
    private void openAndClose() {
        open();
        bench.states(COMMIT, client("FA", 101, 301), server("FA", 301, 102), client("A", 102, 302));
        assertStates(TcpState.FIN_WAIT_2, TcpState.FIN_WAIT_2);
    }

    private void without(final boolean sequenceCheck) {
        bench.tracker.settings(ConntrackSettings.DEFAULT.withTcpSequenceCheck(!sequenceCheck));
    }

    // ---- flags ----

    static IntStream allFlags() {
        return IntStream.range(0, 64);
    }

    /** Flags that make sense, found by the rules of RFC 9293 rather than by the machine's expression. */
    private static boolean isSane(final int flags) {
        final boolean fin = (flags & 1) != 0;
        final boolean syn = (flags & 2) != 0;
        final boolean rst = (flags & 4) != 0;
        final boolean psh = (flags & 8) != 0;
        final boolean ack = (flags & 16) != 0;
        final boolean urg = (flags & 32) != 0;
        if (syn && (rst || fin)) {
            return false;
        }
        if (!syn && !ack && !rst) {
            return false;
        }
        return ack || !fin && !psh && !urg;
    }

    private static String text(final int flags) {
        final StringBuilder text = new StringBuilder();
        IntStream.range(0, 6).filter(bit -> (flags >> bit & 1) != 0).forEach(bit -> text.append("FSRPAU".charAt(bit)));
        return text.toString();
    }

    @ParameterizedTest
    @MethodSource("allFlags")
    void saneFlagsOtherThanSynWithAckOpenAConnection(final int flags) {
        final boolean opens = isSane(flags) && (flags & 0x12) != 0x12;
        assertThat(send(client(text(flags), 100, 0))).isEqualTo(opens ? "new|trk" : "inv|trk");
        assertThat(bench.tracker.count()).isEqualTo(opens ? 1 : 0);
        assertThat(bench.count(Counter.INVALID_TCP_FLAGS)).isZero();
    }

    @ParameterizedTest
    @MethodSource("allFlags")
    void senselessFlagsOnAConnectionAreInvalidCountedAndChangeNothing(final int flags) {
        open();
        final Connection before = bench.only();
        final String state = send(client(text(flags), 101, 301));
        if (isSane(flags)) {
            assertThat(bench.count(Counter.INVALID_TCP_FLAGS)).isZero();
        } else {
            assertThat(state).isEqualTo("inv|trk");
            assertThat(bench.count(Counter.INVALID_TCP_FLAGS)).isEqualTo(1);
            assertThat(bench.only()).isEqualTo(before);
        }
    }

    @Test
    void congestionFlagsDoNotMatter() {
        assertThat(send(client("SEC", 100, 0))).isEqualTo("new|trk");
        assertThat(send(server("SAE", 300, 101))).isEqualTo("est|rpl|trk");
        assertThat(send(Packets.tcp4(A, 7, B, 8).flags("EC"))).isEqualTo("inv|trk");
    }

    // ---- the first segment ----

    @Test
    void aSynSetsBothPeersUp() {
        send(client("S", 100, 0).payloadSize(5));
        assertStates(TcpState.SYN_SENT, TcpState.CLOSED);
        assertThat(original()).isEqualTo(new Connection.Peer(TcpState.SYN_SENT, 0, false, false, 100, 107, 1000));
        assertThat(reply()).isEqualTo(new Connection.Peer(TcpState.CLOSED, 0, false, false, 0, 1, 1));
        assertThat(bench.remaining()).isEqualTo(30);
    }

    @Test
    void aSegmentFromTheMiddleLeavesBothScalesUnknown() {
        send(client("FA", 100, 50).payloadSize(5));
        assertThat(original()).isEqualTo(new Connection.Peer(TcpState.SYN_SENT, 0, false, true, 100, 107, 1000));
        assertThat(reply()).isEqualTo(new Connection.Peer(TcpState.CLOSED, 0, false, true, 0, 1, 1));
        assertThat(bench.remaining()).isEqualTo(30);
    }

    @Test
    void aWindowOfZeroCountsAsOne() {
        send(client("S", 100, 0).window(0));
        assertThat(original().maxWindow()).isEqualTo(1);
    }

    @Test
    void theWindowOfASynIsScaledDownRoundedUp() {
        send(client("S", 100, 0).windowScale(7).window(129));
        assertThat(original().maxWindow()).isEqualTo(2);
        assertThat(original().windowScale()).isEqualTo(7);
        assertThat(original().scaleSeen()).isTrue();
    }

    // ---- the window scale option ----

    @ParameterizedTest
    @CsvSource({
        "'3,3,7', 7, true",
        "'3,3,0', 0, true",
        "'3,3,15', 14, true",
        "'3,3,255', 14, true",
        "'1,1,3,3,9', 9, true",
        "'2,4,5,180,3,3,9,1', 9, true",
        "'3,3,4,3,3,5,0,0', 5, true",
        "'3,0,4,1', 4, true",
        "'3,200,6,1', 6, true",
        "'8,0,3,3,6,1,1,1', 6, true",
        "'0,3,3,7', 0, false",
        "'1,1,3,3', 0, false",
        "'8,10,3,3,7,3,3,7,3,3,0,0', 0, false",
        "'1,1,1,1', 0, false"
    })
    void theScaleIsReadFromTheOptions(final String options, final int shift, final boolean seen) {
        send(client("S", 100, 0).tcpOptions(
            Arrays.stream(options.split(",")).mapToInt(Integer::parseInt).toArray()));
        assertThat(original().windowScale()).isEqualTo(shift);
        assertThat(original().scaleSeen()).isEqualTo(seen);
    }

    @Test
    void aSynWithoutOptionsHasNoScale() {
        send(client("S", 100, 0));
        assertThat(original().scaleSeen()).isFalse();
    }

    @Test
    void bothScalesTogetherWidenTheWindows() {
        bench.states(COMMIT, client("S", 100, 0).windowScale(4).window(1000),
            server("SA", 300, 101).windowScale(2).window(1000), client("A", 101, 301).window(1000));
        assertThat(original().windowScale()).isEqualTo(4);
        assertThat(reply().windowScale()).isEqualTo(2);
        // The client accepts 1000 * 16 bytes behind what it has acknowledged.
        assertThat(reply().maxSequence()).isEqualTo(301 + 16_000);
        assertThat(send(server("A", 301, 101).payloadSize(1400))).isEqualTo("est|rpl|trk");
        assertThat(send(server("A", 301 + 15_000, 101).payloadSize(1000))).isEqualTo("est|rpl|trk");
        assertThat(send(server("A", 301 + 16_000, 101).payloadSize(1))).isEqualTo("inv|trk");
    }

    @Test
    void aServerWithoutTheOptionTurnsScalingOff() {
        bench.states(COMMIT, client("S", 100, 0).windowScale(4).window(1600), server("SA", 300, 101));
        assertThat(original().scaleSeen()).isFalse();
        assertThat(original().windowScale()).isZero();
        assertThat(original().maxWindow()).isEqualTo(1600);
        assertThat(reply().scaleSeen()).isFalse();
    }

    @Test
    void theWindowThatIsScaledBackIsCutToSixteenBits() {
        send(client("S", 100, 0).windowScale(4).window(65535));
        assertThat(original().maxWindow()).isEqualTo(4096);
        send(server("SA", 300, 101));
        assertThat(original().maxWindow()).isZero();
        assertThat(reply().maxSequence()).isEqualTo(302);
    }

    @Test
    void aServerMayNotBeginWithTheOption() {
        bench.states(COMMIT, client("S", 100, 0), server("SA", 300, 101).windowScale(5));
        assertThat(reply().scaleSeen()).isFalse();
    }

    @Test
    void aConnectionFromTheMiddleIsJudgedWithTheLargestScale() {
        bench.states(COMMIT, client("A", 100, 300), server("A", 300, 100).window(10));
        assertThat(send(client("A", 100 + 100_000, 300).payloadSize(100))).isEqualTo("est|trk");
    }

    // ---- SYN on a connection ----

    @Test
    void aRepeatedSynMovesNoWindowButTheTimeout() {
        send(client("S", 100, 0));
        final Connection.Peer before = original();
        bench.pass(20);
        assertThat(send(client("S", 5_000, 0).window(9).windowScale(3))).isEqualTo("new|trk");
        assertThat(original()).isEqualTo(before);
        assertThat(bench.remaining()).isEqualTo(30);
    }

    @Test
    void aSynOfTheServerLeavesItsWindowUnlearnt() {
        send(client("S", 100, 0));
        assertThat(send(server("S", 300, 0))).isEqualTo("new|trk");
        assertStates(TcpState.SYN_SENT, TcpState.SYN_SENT);
        assertThat(reply().nextSequence()).isZero();
        assertThat(reply().maxSequence()).isEqualTo(1);
    }

    @Test
    void aSynOnAnOpenConnectionGoesThroughTheWindowTest() {
        open();
        assertThat(send(client("S", 101, 0))).isEqualTo("est|trk");
        assertThat(send(client("S", 500_000, 0))).isEqualTo("inv|trk");
        assertThat(bench.count(Counter.TCP_SEQ_CHK_FAILED)).isEqualTo(1);
    }

    @Test
    void aSynWhileOneSideIsStillOpenDoesNotReopen() {
        open();
        bench.states(COMMIT, client("FA", 101, 301), server("A", 301, 102));
        assertStates(TcpState.FIN_WAIT_2, TcpState.ESTABLISHED);
        final long before = bench.only().id();
        send(client("S", 90_000, 0));
        assertThat(bench.only().id()).isEqualTo(before);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aSynAfterBothFinsOpensAnewInItsDirection(final boolean fromClient) {
        openAndClose();
        final long before = bench.only().id();
        assertThat(send(fromClient ? client("S", 90_000, 0) : server("S", 90_000, 0))).isEqualTo("new|trk");
        assertThat(bench.only().id()).isNotEqualTo(before);
        assertThat(bench.only().original().sourcePort()).isEqualTo(fromClient ? 1000 : 80);
        assertThat(original().nextSequence()).isEqualTo(90_000);
    }

    // ---- the states ----

    @Test
    void aWholeLifeMovesStatesAndTimeouts() {
        send(client("S", 100, 0));
        assertStates(TcpState.SYN_SENT, TcpState.CLOSED);
        assertThat(bench.remaining()).isEqualTo(30);
        send(server("SA", 300, 101));
        assertStates(TcpState.ESTABLISHED, TcpState.SYN_SENT);
        assertThat(bench.remaining()).isEqualTo(30);
        send(client("A", 101, 301));
        assertStates(TcpState.ESTABLISHED, TcpState.ESTABLISHED);
        assertThat(bench.remaining()).isEqualTo(86_400);
        assertThat(send(client("FA", 101, 301))).isEqualTo("est|trk");
        assertStates(TcpState.CLOSING, TcpState.ESTABLISHED);
        assertThat(bench.remaining()).isEqualTo(900);
        assertThat(send(server("FA", 301, 102))).isEqualTo("est|rpl|trk");
        assertStates(TcpState.FIN_WAIT_2, TcpState.CLOSING);
        assertThat(bench.remaining()).isEqualTo(45);
        assertThat(send(client("A", 102, 302))).isEqualTo("est|trk");
        assertStates(TcpState.FIN_WAIT_2, TcpState.FIN_WAIT_2);
        assertThat(bench.remaining()).isEqualTo(30);
        assertThat(bench.only().state()).isEqualTo("TIME_WAIT");
    }

    @Test
    void anAcknowledgedFinAloneLeavesTheOtherSideOpen() {
        open();
        bench.states(COMMIT, client("FA", 101, 301), server("A", 301, 102));
        assertStates(TcpState.FIN_WAIT_2, TcpState.ESTABLISHED);
        assertThat(bench.remaining()).isEqualTo(900);
        assertThat(send(server("PA", 301, 102).payloadSize(50))).isEqualTo("est|rpl|trk");
    }

    // ---- RST ----

    @ParameterizedTest
    @ValueSource(ints = {199, 200, 201})
    void aResetAtTheNextSequenceNumberOrBesideItIsBelieved(final int seq) {
        open();
        send(client("PA", 101, 301).payloadSize(99));
        assertThat(send(client("R", seq, 0))).isEqualTo("est|trk");
        assertStates(TcpState.TIME_WAIT, TcpState.TIME_WAIT);
        assertThat(bench.remaining()).isEqualTo(30);
    }

    @ParameterizedTest
    @ValueSource(ints = {101, 198, 202, 500})
    void anyOtherResetIsRefused(final int seq) {
        open();
        send(client("PA", 101, 301).payloadSize(99));
        assertThat(send(client("R", seq, 0))).isEqualTo("inv|trk");
        assertStates(TcpState.ESTABLISHED, TcpState.ESTABLISHED);
        assertThat(bench.remaining()).isEqualTo(86_400);
    }

    @Test
    void aResetRightBehindTheHandshakeIsBelieved() {
        open();
        assertThat(send(client("R", 101, 0))).isEqualTo("est|trk");
        assertStates(TcpState.TIME_WAIT, TcpState.TIME_WAIT);
    }

    @Test
    void aResetThatAnswersASynMayAcknowledgeIt() {
        send(client("S", 100, 0));
        assertThat(send(server("RA", 0, 101))).isEqualTo("est|rpl|trk");
        assertStates(TcpState.TIME_WAIT, TcpState.TIME_WAIT);
    }

    @Test
    void aResetWithAnAcknowledgementOfZeroIsJudgedWithoutIt() {
        bench.states(COMMIT, client("S", 3_000_000_000L, 0), server("SA", 300, 3_000_000_001L),
            client("A", 3_000_000_001L, 301));
        assertThat(send(server("RA", 301, 0))).isEqualTo("est|rpl|trk");
    }

    // ---- the window test ----

    @Test
    void dataUpToTheReceiversWindowPassesAndNoFurther() {
        open();
        assertThat(send(client("A", 101, 301).payloadSize(1001))).isEqualTo("inv|trk");
        assertThat(send(client("A", 101, 301).payloadSize(1000))).isEqualTo("est|trk");
        assertThat(original().nextSequence()).isEqualTo(1101);
    }

    @Test
    void oldDataWithinOneWindowPassesAndNoOlder() {
        open();
        bench.states(COMMIT, client("A", 101, 301).payloadSize(1000), server("A", 301, 1101),
            client("A", 1101, 301).payloadSize(1000));
        assertThat(send(client("A", 1101, 301).payloadSize(10))).isEqualTo("est|trk");
        assertThat(send(client("A", 1100, 301).payloadSize(10))).isEqualTo("inv|trk");
    }

    @Test
    void anAcknowledgementMayBeAheadOrBehindByOneWindowAndAPacket() {
        open();
        assertThat(send(client("A", 101, 301 + SKEW))).isEqualTo("est|trk");
        assertThat(send(client("A", 101, 301 + SKEW + 1))).isEqualTo("inv|trk");
        assertThat(send(client("A", 101, 301 - SKEW))).isEqualTo("est|trk");
        assertThat(send(client("A", 101, 301 - SKEW - 1))).isEqualTo("inv|trk");
    }

    @Test
    void anEmptySegmentIsJudgedByItsAcknowledgementAlone() {
        open();
        send(client("PA", 101, 301).payloadSize(9));
        assertThat(send(client("A", 777_777, 301))).isEqualTo("est|trk");
        assertThat(original().nextSequence()).isEqualTo(110);
        assertThat(send(client("A", 110, 301 + SKEW + 1))).isEqualTo("inv|trk");
    }

    @Test
    void sequenceNumbersGoRound() {
        final long first = 0xffffff80L;
        bench.states(COMMIT, client("S", first, 0), server("SA", 300, first + 1), client("A", first + 1, 301));
        assertThat(send(client("PA", first + 1, 301).payloadSize(500))).isEqualTo("est|trk");
        assertThat(original().nextSequence()).isEqualTo((int) (first + 501));
        assertThat(send(server("A", 301, first + 501))).isEqualTo("est|rpl|trk");
    }

    @Test
    void aLargerWindowLetsTheOtherSideSendMore() {
        open();
        send(client("A", 101, 301).window(5000));
        assertThat(reply().maxSequence()).isEqualTo(5301);
        assertThat(original().maxWindow()).isEqualTo(5000);
        send(client("A", 101, 301).window(10));
        assertThat(reply().maxSequence()).isEqualTo(5301);
        assertThat(original().maxWindow()).isEqualTo(5000);
    }

    @Test
    void aClosedWindowLetsOneByteThroughToProbe() {
        bench.states(COMMIT, client("S", 100, 0), server("SA", 300, 101).window(0), client("A", 101, 301));
        assertThat(original().maxSequence()).isEqualTo(102);
        assertThat(send(client("A", 101, 301).payloadSize(1))).isEqualTo("est|trk");
        send(server("A", 301, 102).window(0));
        assertThat(original().maxSequence()).isEqualTo(103);
        assertThat(send(client("A", 102, 301).payloadSize(1))).isEqualTo("est|trk");
        assertThat(send(client("A", 103, 301).payloadSize(1))).isEqualTo("inv|trk");
    }

    @Test
    void aServerMayBeginWithAnySequenceNumber() {
        for (final long first : new long[] {0, 1, 0x7fffffff, 0x80000000L, 3_000_000_000L, 0xffffffffL}) {
            bench.tracker.flush(ConnectionFilter.ALL);
            assertThat(bench.states(COMMIT, client("S", 3_500_000_000L, 0), server("SA", first, 3_500_000_001L),
                client("A", 3_500_000_001L, first + 1))).isEqualTo("new|trk, est|rpl|trk, est|trk");
            assertStates(TcpState.ESTABLISHED, TcpState.ESTABLISHED);
        }
    }

    @Test
    void oddity8WhatTheFirstSegmentOfAPeerTeachesStaysEvenIfItIsInvalid() {
        bench.states(COMMIT, client("A", 100, 300_000), client("PA", 100, 300_000).payloadSize(10));
        assertThat(send(server("A", 1_000, 10_000_000))).isEqualTo("inv|trk");
        assertStates(TcpState.SYN_SENT, TcpState.SYN_SENT);
        assertThat(reply().nextSequence()).isEqualTo(1_000);
    }

    // ---- the lenient test ----

    @Test
    void afterTheEndSegmentsMayBeAWindowOffAndRefreshNothing() {
        openAndClose();
        bench.pass(10);
        assertThat(send(client("A", 102 + 60_000, 302).payloadSize(1000))).isEqualTo("est|trk");
        assertThat(bench.remaining()).isEqualTo(20);
        assertThat(original().nextSequence()).isEqualTo(102 + 61_000);
        assertThat(send(client("A", 1_000_000, 302).payloadSize(1000))).isEqualTo("inv|trk");
        assertThat(send(client("A", 102 + 61_000 - SKEW, 302).payloadSize(10))).isEqualTo("est|trk");
        assertThat(send(client("A", 102 + 61_000 - SKEW - 1, 302).payloadSize(10))).isEqualTo("inv|trk");
    }

    @Test
    void theLenientTestTakesAResetToo() {
        openAndClose();
        assertThat(send(client("R", 102 + 60_000, 0).payloadSize(3))).isEqualTo("est|trk");
        assertStates(TcpState.TIME_WAIT, TcpState.TIME_WAIT);
    }

    @Test
    void theLenientTestTakesAFinButNoAcknowledgement() {
        send(client("S", 100, 0));
        assertThat(send(client("FA", 10_000, 0))).isEqualTo("est|trk");
        assertStates(TcpState.CLOSING, TcpState.CLOSED);
    }

    @Test
    void betweenOpeningAndEndThereIsNoLenience() {
        open();
        assertThat(send(client("A", 101 + 2000, 301).payloadSize(10))).isEqualTo("inv|trk");
        assertThat(bench.count(Counter.TCP_SEQ_CHK_FAILED)).isEqualTo(1);
        assertThat(bench.count(Counter.INVALID)).isEqualTo(1);
    }

    // ---- without the sequence check ----

    @Test
    void withoutTheCheckSegmentsOutsideTheWindowPassAndAreCounted() {
        open();
        without(true);
        bench.pass(100);
        assertThat(send(client("A", 500_000, 301).payloadSize(10))).isEqualTo("est|trk");
        assertThat(bench.count(Counter.TCP_SEQ_CHK_BYPASS)).isEqualTo(1);
        assertThat(bench.count(Counter.TCP_SEQ_CHK_FAILED)).isZero();
        assertThat(bench.remaining()).isEqualTo(86_400);
        assertThat(original().nextSequence()).isEqualTo(500_010);
        without(false);
        assertThat(send(client("A", 101, 301).payloadSize(10))).isEqualTo("inv|trk");
    }

    @Test
    void withoutTheCheckAnyResetIsBelieved() {
        open();
        without(true);
        assertThat(send(client("R", 777_777, 0))).isEqualTo("est|trk");
        assertStates(TcpState.TIME_WAIT, TcpState.TIME_WAIT);
    }

    @Test
    void withoutTheCheckSegmentsInTheWindowAreNotCounted() {
        without(true);
        open();
        assertThat(bench.count(Counter.TCP_SEQ_CHK_BYPASS)).isZero();
    }

    @Test
    void withoutTheCheckSenselessFlagsAreStillInvalid() {
        open();
        without(true);
        assertThat(send(client("SF", 101, 301))).isEqualTo("inv|trk");
    }
}
