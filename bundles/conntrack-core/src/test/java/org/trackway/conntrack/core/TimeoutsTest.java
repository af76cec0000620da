// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.trackway.conntrack.core.TrackerBench.A;
import static org.trackway.conntrack.core.TrackerBench.B;
import static org.trackway.conntrack.core.TrackerBench.COMMIT;
import static org.trackway.conntrack.core.TrackerBench.LOOK;
import static org.trackway.conntrack.core.TrackerBench.SECOND;
import static org.trackway.conntrack.core.TrackerBench.udp;
import static org.trackway.conntrack.core.TrackerBench.udpReply;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.CtAction;
import org.trackway.conntrack.Timeout;
import org.trackway.conntrack.TimeoutPolicy;
import org.trackway.packet.Packets;

class TimeoutsTest {

    private static final CtAction SHORT = CtAction.builder().commit().timeoutPolicy("short").build();

    private final TrackerBench bench = new TrackerBench();

    private static Packets client(final String flags, final long seq, final long ack) {
        return Packets.tcp4(A, 1000, B, 80).flags(flags).seq(seq).ack(ack);
    }

    private static Packets server(final String flags, final long seq, final long ack) {
        return Packets.tcp4(B, 80, A, 1000).flags(flags).seq(seq).ack(ack);
    }

    private void policy(final String text) {
        bench.tracker.settings(bench.tracker.settings().withTimeoutPolicy(TimeoutPolicy.parse(text)));
    }

    private List<Long> remaining(final CtAction action, final Packets... packets) {
        final List<Long> all = new ArrayList<>();
        for (final Packets packet : packets) {
            bench.send(action, packet);
            all.add(bench.remaining());
        }
        return all;
    }

    /** A policy in which every attribute has a value of its own: 1001 s for the first, 1002 s for the second ... */
    private void everyAttributeDiffers() {
        final Map<Timeout, Long> seconds = new EnumMap<>(Timeout.class);
        for (final Timeout timeout : Timeout.values()) {
            seconds.put(timeout, 1001L + timeout.ordinal());
        }
        bench.tracker.settings(
            bench.tracker.settings().withTimeoutPolicy(new TimeoutPolicy("short", seconds)));
    }

    private static long value(final Timeout timeout) {
        return 1001L + timeout.ordinal();
    }

    // ---- which timeout rules which state ----

    @Test
    void oddity10TwoWayUdpLivesShorterThanOneWayUdp() {
        assertThat(remaining(COMMIT, udp(), udp(), udpReply(), udp())).containsExactly(60L, 60L, 30L, 30L);
    }

    @Test
    void everyUdpStateHasItsAttribute() {
        everyAttributeDiffers();
        assertThat(remaining(SHORT, udp(), udp(), udpReply())).containsExactly(value(Timeout.UDP_FIRST),
            value(Timeout.UDP_SINGLE), value(Timeout.UDP_MULTIPLE));
    }

    @Test
    void sctpAndOtherProtocolsHaveTheUdpAttributes() {
        everyAttributeDiffers();
        assertThat(remaining(SHORT, Packets.sctp4(A, 1, B, 2), Packets.sctp4(A, 1, B, 2), Packets.sctp4(B, 2, A, 1)))
            .containsExactly(value(Timeout.UDP_FIRST), value(Timeout.UDP_SINGLE), value(Timeout.UDP_MULTIPLE));
        bench.tracker.flush(ConnectionFilter.ALL);
        assertThat(remaining(SHORT, Packets.ip4(99, A, B))).containsExactly(value(Timeout.UDP_FIRST));
    }

    @Test
    void everyIcmpStateHasItsAttribute() {
        assertThat(remaining(COMMIT, Packets.echo4(A, B, 7, 1), Packets.echo4(A, B, 7, 1), Packets.echoReply4(B, A, 7, 1)))
            .containsExactly(60L, 60L, 30L);
        bench.tracker.flush(ConnectionFilter.ALL);
        everyAttributeDiffers();
        assertThat(remaining(SHORT, Packets.echo6("fd00::1", "fd00::2", 7, 1),
            Packets.echo6("fd00::1", "fd00::2", 7, 2), Packets.echoReply6("fd00::2", "fd00::1", 7, 1)))
            .containsExactly(value(Timeout.ICMP_FIRST), value(Timeout.ICMP_FIRST), value(Timeout.ICMP_REPLY));
    }

    @Test
    void everyTcpStateHasItsAttribute() {
        everyAttributeDiffers();
        assertThat(remaining(SHORT, client("S", 100, 0), server("SA", 300, 101), client("A", 101, 301),
            client("FA", 101, 301), server("FA", 301, 102), client("A", 102, 302)))
            .containsExactly(value(Timeout.TCP_SYN_SENT), value(Timeout.TCP_SYN_RECV), value(Timeout.TCP_ESTABLISHED),
                value(Timeout.TCP_FIN_WAIT), value(Timeout.TCP_TIME_WAIT), value(Timeout.TCP_CLOSE));
    }

    @Test
    void aResetHasTheTimeoutOfAClosedConnection() {
        everyAttributeDiffers();
        assertThat(remaining(SHORT, client("S", 100, 0), server("RA", 0, 101)))
            .containsExactly(value(Timeout.TCP_SYN_SENT), value(Timeout.TCP_CLOSE));
    }

    // ---- expiry ----

    @Test
    void aConnectionExpiresWithTheLastNanosecondOfItsTime() {
        bench.send(COMMIT, udp());
        bench.nowNs += 60 * SECOND - 1;
        assertThat(bench.all()).hasSize(1);
        assertThat(bench.tracker.sweep()).isZero();
        bench.nowNs++;
        assertThat(bench.all()).isEmpty();
        assertThat(bench.tracker.sweep()).isEqualTo(1);
    }

    @Test
    void everyPacketOfTheMachineRefreshes() {
        bench.send(COMMIT, udp());
        bench.pass(59);
        bench.send(LOOK, udp());
        bench.pass(59);
        assertThat(bench.remaining()).isEqualTo(1);
    }

    // ---- policies ----

    @Test
    void whatAPolicyDoesNotMentionHasTheDefault() {
        policy("short: udp_first=5");
        assertThat(remaining(SHORT, udp(), udp())).containsExactly(5L, 60L);
        assertThat(bench.only().timeoutPolicy()).contains("short");
    }

    @Test
    void thePolicyOfTheFirstCommitStays() {
        policy("short: udp_first=5 udp_single=6");
        policy("long: udp_first=500 udp_single=600");
        assertThat(remaining(SHORT, udp())).containsExactly(5L);
        assertThat(remaining(CtAction.builder().commit().timeoutPolicy("long").build(), udp())).containsExactly(6L);
        assertThat(bench.only().timeoutPolicy()).contains("short");
    }

    @Test
    void aConnectionWithoutPolicyHasTheDefaults() {
        policy("short: udp_first=5");
        assertThat(remaining(COMMIT, udp())).containsExactly(60L);
        assertThat(bench.only().timeoutPolicy()).isEmpty();
    }

    @Test
    void anUnknownPolicyMeansTheDefaultsUntilItComes() {
        assertThat(remaining(SHORT, udp())).containsExactly(60L);
        assertThat(bench.only().timeoutPolicy()).contains("short");
        policy("short: udp_single=6");
        assertThat(bench.remaining()).isEqualTo(60);
        assertThat(remaining(LOOK, udp())).containsExactly(6L);
    }

    @Test
    void aChangedPolicyActsWithTheNextPacketOfAConnection() {
        policy("short: udp_first=5 udp_single=5");
        bench.send(SHORT, udp());
        policy("short: udp_single=50");
        assertThat(bench.remaining()).isEqualTo(5);
        assertThat(remaining(LOOK, udp())).containsExactly(50L);
    }

    @Test
    void anUpdatedPolicyForgetsWhatItDoesNotMentionAnyMore() {
        policy("short: udp_single=5 udp_first=5");
        bench.send(SHORT, udp());
        policy("short: udp_first=5");
        assertThat(remaining(LOOK, udp())).containsExactly(60L);
    }

    @Test
    void aRemovedPolicyLeavesTheDefaults() {
        policy("short: udp_single=5 udp_first=5");
        bench.send(SHORT, udp());
        bench.tracker.settings(ConntrackSettings.DEFAULT);
        assertThat(remaining(LOOK, udp())).containsExactly(60L);
        assertThat(bench.only().timeoutPolicy()).contains("short");
    }

    @Test
    void oddity11LongTimeoutsDoNotWrap() {
        policy("short: udp_first=4294967295 udp_single=4294968");
        assertThat(remaining(SHORT, udp(), udp())).containsExactly(4_294_967_295L, 4_294_968L);
    }

    @Test
    void aTimeBeyondTheClocksEndIsTheClocksEnd() {
        policy("short: udp_first=4294967295");
        bench.nowNs = Long.MAX_VALUE - SECOND;
        bench.send(SHORT, udp());
        assertThat(bench.only().remainingNs()).isEqualTo(SECOND - 1);
    }

    @Test
    void aTimeoutOfZeroExpiresAtOnce() {
        policy("short: udp_first=0");
        bench.send(SHORT, udp());
        assertThat(bench.all()).isEmpty();
        assertThat(bench.state(LOOK, udpReply())).isEqualTo("new|trk");
    }

    @Test
    void namesKeepTheirNumbers() {
        final Timeouts timeouts = new Timeouts();
        assertThat(timeouts.number("")).isZero();
        final int one = timeouts.number("one");
        final int two = timeouts.number("two");
        assertThat(one).isNotZero().isNotEqualTo(two);
        timeouts.apply(ConntrackSettings.DEFAULT);
        assertThat(timeouts.number("one")).isEqualTo(one);
        assertThat(timeouts.name(two)).contains("two");
        assertThat(timeouts.name(0)).isEmpty();
    }

    @Test
    void connectionsOfOnePolicyTooManyHaveTheDefault() {
        final Timeouts timeouts = new Timeouts();
        for (int i = 1; i < 1 << 16; i++) {
            assertThat(timeouts.number("policy" + i)).isEqualTo(i);
        }
        assertThat(timeouts.number("one too many")).isZero();
        assertThat(timeouts.number("policy7")).isEqualTo(7);
    }
}
