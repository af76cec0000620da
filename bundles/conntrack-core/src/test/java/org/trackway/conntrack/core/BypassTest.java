// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.trackway.conntrack.core.TrackerBench.A;
import static org.trackway.conntrack.core.TrackerBench.B;
import static org.trackway.conntrack.core.TrackerBench.COMMIT;
import static org.trackway.conntrack.core.TrackerBench.LOOK;
import static org.trackway.conntrack.core.TrackerBench.SECOND;
import static org.trackway.conntrack.core.TrackerBench.udp;
import static org.trackway.conntrack.core.TrackerBench.udpReply;

import org.junit.jupiter.api.Test;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.CtAction;
import org.trackway.conntrack.Nat;
import org.trackway.conntrack.spi.Bypass;
import org.trackway.packet.Packet;
import org.trackway.packet.Packets;

class BypassTest {

    /** Farther than a window and than any number that can be compared with another. */
    private static final long FAR = 3_000_000_000L;

    private final TrackerBench bench = new TrackerBench();
    private final Bypass bypass = bench.tracker.bypass();

    private static Packets client(final String flags, final long seq, final long ack) {
        return Packets.tcp4(A, 1000, B, 80).flags(flags).seq(seq & 0xffffffffL).ack(ack & 0xffffffffL).window(1000);
    }

    private static Packets server(final String flags, final long seq, final long ack) {
        return Packets.tcp4(B, 80, A, 1000).flags(flags).seq(seq & 0xffffffffL).ack(ack & 0xffffffffL).window(1000);
    }

    /**
     * Ten bytes of the client. Their place is judged; that of a segment without any is not, only what it acknowledges.
     */
    private static Packets clientData(final long seq, final long ack) {
        return client("PA", seq, ack).payload("0123456789");
    }

    private static Packets serverData(final long seq, final long ack) {
        return server("PA", seq, ack).payload("0123456789");
    }

    private long openTcp() {
        assertThat(bench.states(COMMIT, client("S", 100, 0), server("SA", 300, 101), client("A", 101, 301)))
            .isEqualTo("new|trk, est|rpl|trk, est|trk");
        return bench.only().id();
    }

    private long openUdp() {
        bench.states(COMMIT, udp(), udpReply());
        return bench.only().id();
    }

    @Test
    void aHeldConnectionDoesNotExpireInLookUpsSweepsAndLists() {
        final long id = openUdp();
        assertThat(bypass.hold(id, true)).isTrue();
        bench.pass(1_000);
        assertThat(bench.tracker.sweep()).isZero();
        assertThat(bench.only().id()).isEqualTo(id);
        assertThat(bench.only().remainingNs()).isZero();
        assertThat(bench.state(LOOK, udpReply())).isEqualTo("est|rpl|trk");
        assertThat(bench.remaining()).isEqualTo(30);
    }

    @Test
    void aHeldConnectionKeepsItsTuple() {
        final long id = openUdp();
        bypass.hold(id, true);
        bench.pass(1_000);
        assertThat(bench.state(COMMIT, udp())).isEqualTo("est|trk");
        assertThat(bench.only().id()).isEqualTo(id);
    }

    @Test
    void anExpiredConnectionIsNotHeld() {
        final long id = openUdp();
        bench.pass(31);
        assertThat(bypass.hold(id, true)).isFalse();
        assertThat(bypass.credit(id, bench.nowNs, 1, 1, 0, 0)).isEqualTo(Bypass.GONE);
        assertThat(bypass.release(id, true)).isFalse();
        assertThat(bench.tracker.sweep()).isEqualTo(1);
    }

    @Test
    void creditedActivityStartsThePresentTimeoutAnewAndIsNeverTakenBack() {
        final long id = openUdp();
        bypass.hold(id, true);
        final long start = bench.nowNs;
        bench.pass(25);
        assertThat(bypass.credit(id, start + 20 * SECOND, 7, 700, 3, 300)).isEqualTo(start + 50 * SECOND);
        assertThat(bypass.credit(id, start + 10 * SECOND, 0, 0, 0, 0)).isEqualTo(start + 50 * SECOND);
        final Connection seen = bench.only();
        assertThat(seen.lastSeenNs()).isEqualTo(start + 20 * SECOND);
        assertThat(seen.originalCount()).isEqualTo(new Connection.Count(8, 728));
        assertThat(seen.replyCount()).isEqualTo(new Connection.Count(4, 328));
    }

    @Test
    void activityInTheFutureCountsAsNow() {
        final long id = openUdp();
        bypass.hold(id, true);
        assertThat(bypass.credit(id, Long.MAX_VALUE, 0, 0, 0, 0)).isEqualTo(bench.nowNs + 30 * SECOND);
    }

    @Test
    void theTimeoutIsThatOfTheStateWhateverTheProtocol() {
        final long tcp = openTcp();
        bypass.hold(tcp, true);
        bench.pass(10_000);
        bypass.credit(tcp, bench.nowNs, 0, 0, 0, 0);
        assertThat(bench.remaining()).isEqualTo(86_400);
        bench.tracker.flush(ConnectionFilter.ALL);
        bench.send(COMMIT, client("S", 100, 0));
        final long opening = bench.only().id();
        bypass.hold(opening, false);
        bench.pass(20);
        bypass.credit(opening, bench.nowNs, 0, 0, 0, 0);
        assertThat(bench.remaining()).isEqualTo(30);
    }

    @Test
    void whatIsReleasedExpiresWhenItWasLastSeenOrRenewedAFullTimeoutLater() {
        final long id = openUdp();
        bypass.hold(id, true);
        bench.pass(29);
        assertThat(bypass.release(id, false)).isTrue();
        bench.pass(1);
        assertThat(bench.tracker.sweep()).isEqualTo(1);

        final long again = openUdp();
        bypass.hold(again, true);
        bench.pass(100);
        assertThat(bypass.release(again, true)).isTrue();
        assertThat(bypass.release(again, true)).isFalse();
        bench.pass(29);
        assertThat(bench.tracker.sweep()).isZero();
        bench.pass(1);
        assertThat(bench.tracker.sweep()).isEqualTo(1);
    }

    @Test
    void aSegmentOutsideTheWindowIsInvalidInSoftwareAcceptedWhileUnseenAndJudgedAgainAfterwards() {
        final long id = openTcp();
        assertThat(bench.state(LOOK, clientData(101 + FAR, 301))).isEqualTo("inv|trk");
        bypass.hold(id, true);
        assertThat(bench.only().offloaded()).isTrue();
        assertThat(bench.states(LOOK, clientData(101 + FAR, 301 + 2 * FAR), serverData(301 + 2 * FAR, 101 + FAR)))
            .isEqualTo("est|trk, est|rpl|trk");
        bypass.release(id, false);
        assertThat(bench.only().offloaded()).isFalse();
        // Each side's next packet says where it is; it may be anywhere.
        assertThat(bench.states(LOOK, clientData(500 + FAR, 900), serverData(900, 510 + FAR)))
            .isEqualTo("est|trk, est|rpl|trk");
        assertThat(bench.states(LOOK, clientData(510 + FAR, 900), serverData(900, 520 + FAR)))
            .isEqualTo("est|trk, est|rpl|trk");
        assertThat(bench.states(LOOK, clientData(101, 900), serverData(900 + FAR, 520 + FAR)))
            .isEqualTo("inv|trk, inv|trk");
    }

    @Test
    void acceptingAnAddThatForwardsNothingYetSuspendsNothing() {
        final long id = openTcp();
        bypass.hold(id, false);
        assertThat(bench.state(LOOK, clientData(101 + FAR, 301))).isEqualTo("inv|trk");
        bypass.release(id, false);
        assertThat(bench.state(LOOK, clientData(101 + FAR, 301))).isEqualTo("inv|trk");
    }

    @Test
    void whileOneSideWasNotHeardOfSinceNothingIsJudged() {
        final long id = openTcp();
        bypass.hold(id, true);
        bypass.release(id, false);
        assertThat(bench.states(LOOK, clientData(101 + FAR, 1), clientData(7, 1))).isEqualTo("est|trk, est|trk");
        assertThat(bench.states(LOOK, serverData(1, 7), clientData(7 + FAR, 1))).isEqualTo("est|rpl|trk, inv|trk");
    }

    @Test
    void withSequenceChecksOffWindowsAreLearntAnewAllTheSame() {
        final long id = openTcp();
        bench.tracker.settings(ConntrackSettings.DEFAULT.withTcpSequenceCheck(false));
        bypass.hold(id, true);
        bypass.release(id, false);
        bench.states(LOOK, clientData(101 + FAR, 1), serverData(1, 101 + FAR));
        bench.tracker.settings(ConntrackSettings.DEFAULT);
        assertThat(bench.states(LOOK, clientData(101 + FAR, 1), clientData(101, 1))).isEqualTo("est|trk, inv|trk");
    }

    @Test
    void closingReleasesWhatIsHeldAndAnotherBypassMayCome() {
        final long id = openUdp();
        bypass.hold(id, true);
        bench.pass(100);
        assertThatThrownBy(bench.tracker::bypass).isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("test");
        bypass.close();
        assertThat(bench.only().offloaded()).isFalse();
        assertThat(bench.remaining()).isEqualTo(30);
        assertThat(bypass.hold(id, true)).isFalse();
        try (Bypass next = bench.tracker.bypass()) {
            assertThat(next.hold(id, true)).isTrue();
        }
    }

    @Test
    void heldConnectionsCanBeFlushedAndTheirIdsAreGone() {
        final long id = openUdp();
        bypass.hold(id, true);
        assertThat(bench.tracker.flush(ConnectionFilter.ALL)).isEqualTo(1);
        assertThat(bypass.credit(id, bench.nowNs, 1, 1, 1, 1)).isEqualTo(Bypass.GONE);
        assertThat(bypass.release(id, true)).isFalse();
    }

    @Test
    void aPacketTellsWhatItWasFoundToBelongToEvenWhereThatIsNotRemembered() {
        final long id = openUdp();
        final Packet packet = bench.send(CtAction.builder().nat(Nat.KNOWN).build(), udpReply());
        assertThat(packet.ctConnection()).isZero();
        assertThat(packet.ctFound()).isEqualTo(id);
        assertThat(packet.ctReply()).isTrue();
    }
}
