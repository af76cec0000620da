// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.trackway.offload.core.Bench.LOOK;
import static org.trackway.offload.core.Bench.SECOND;

import org.junit.jupiter.api.Test;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.CtAction;
import org.trackway.offload.OffloadState;
import org.trackway.offload.Path;
import org.trackway.offload.ProviderStatus.Counter;
import org.trackway.offload.spi.Activity;
import org.trackway.offload.spi.Answer;
import org.trackway.offload.spi.Capabilities;
import org.trackway.packet.Packets;

/** Paths are wanted, offered, taken, refused and withdrawn. */
class PathsTest {

    private final FakeProvider nic = FakeProvider.forwards("nic");
    private final Bench bench = new Bench().add(nic);

    private long established(final int port) {
        final long id = bench.udp(port);
        bench.udpReply(port);
        bench.settle();
        return id;
    }

    private boolean wants(final long id, final boolean reply) {
        return bench.manager.paths().wants(id, reply);
    }

    @Test
    void aConnectionWantsPathsOnceItIsEstablishedAndUntilTheyAreOffered() {
        final long id = bench.udp(1);
        bench.settle();
        assertThat(bench.manager.paths().wanted()).isZero();
        bench.udpReply(1);
        bench.settle();
        assertThat(bench.manager.paths().wanted()).isEqualTo(2);
        assertThat(wants(id, false)).isTrue();
        assertThat(wants(id, true)).isTrue();
        final Bench.Heard heard = bench.offer(bench.path(id, false));
        assertThat(wants(id, false)).isFalse();
        assertThat(wants(id, true)).isTrue();
        assertThat(bench.manager.paths().wanted()).isEqualTo(1);
        assertThat(heard.offered.isHeld()).isTrue();
        assertThat(nic.calls).endsWith("forward 1>53");
        assertThat(bench.chapter(nic, id).forwards()).isTrue();
        assertThat(bench.chapter(nic, id).forwardsBack()).isFalse();
        assertThat(bench.count(nic, Counter.FORWARDED)).isEqualTo(1);
    }

    @Test
    void aProviderThatForwardsOneWayWantsAPathFromTheFirstPacketOnAndAnewOnceItIsAnswered() {
        nic.capabilities = Capabilities.FORWARDS.withOneWay(true);
        final long id = bench.udp(1);
        bench.settle();
        assertThat(wants(id, false)).isTrue();
        assertThat(wants(id, true)).isFalse();
        final Bench.Heard heard = bench.offer(bench.path(id, false));
        assertThat(nic.paths).hasSize(1);
        bench.udpReply(1);
        bench.settle();
        assertThat(heard.gone).isEqualTo(1);
        assertThat(nic.paths).isEmpty();
        assertThat(wants(id, false)).isTrue();
        assertThat(wants(id, true)).isTrue();
        bench.offerBoth(id);
        bench.pass(4 * SECOND);
        assertThat(nic.paths).hasSize(2);
        assertThat(nic.faults).isEmpty();
    }

    @Test
    void theHandshakeOfTcpIsSeenAlsoByAProviderThatForwardsOneWay() {
        nic.capabilities = Capabilities.FORWARDS.withOneWay(true);
        bench.send(Bench.COMMIT, bench.left, Bench.client(5, "S", 100, 0).build());
        bench.settle();
        final long id = bench.id(5, 6);
        assertThat(bench.manager.state(id)).isEqualTo(OffloadState.ADDED);
        assertThat(wants(id, false)).isFalse();
        bench.send(Bench.COMMIT, bench.right, Bench.server(5, "SA", 300, 101).build());
        bench.send(Bench.COMMIT, bench.left, Bench.client(5, "A", 101, 301).build());
        bench.settle();
        assertThat(wants(id, false)).isTrue();
    }

    @Test
    void packetsAreJudgedUntilThereIsAPathAndNotAnyMore() {
        final long id = bench.tcp(5);
        bench.settle();
        final Packets odd = Bench.client(5, "PA", 3_000_000_101L, 301).payload("0123456789");
        assertThat(bench.state(LOOK, bench.left, odd)).isEqualTo("inv|trk");
        final Bench.Heard heard = bench.offer(bench.path(id, true));
        assertThat(bench.state(LOOK, bench.left, odd)).isEqualTo("est|trk");
        heard.offered.withdraw("a flow changed");
        bench.settle();
        assertThat(bench.state(LOOK, bench.left, Bench.client(5, "PA", 2_000_000_000L, 301).payload("0123456789")))
            .isEqualTo("est|trk");
        assertThat(bench.state(LOOK, bench.right, Bench.server(5, "PA", 301, 2_000_000_010L).payload("0123456789")))
            .isEqualTo("est|rpl|trk");
        assertThat(bench.state(LOOK, bench.left, Bench.client(5, "PA", 101, 301).payload("0123456789")))
            .isEqualTo("inv|trk");
    }

    @Test
    void aPathThatNobodyCanTakeIsGoneAtOnceAndTheReasonIsKept() {
        final long id = established(1);
        final long other = bench.udp(2);
        bench.settle();
        final Bench.Heard heard = bench.offer(bench.path(id, false, new Path.Hop(other, false)));
        assertThat(heard.gone).isEqualTo(1);
        assertThat(heard.offered.isHeld()).isFalse();
        assertThat(heard.offered.await(0)).isTrue();
        assertThat(wants(id, false)).isFalse();
        assertThat(bench.chapter(nic, id).reason()).startsWith("no path: no provider that forwards");
    }

    @Test
    void aPathOfTwoConnectionsIsWantedAnewOnceTheSecondIsReadyAndCountsForBoth() {
        final long id = established(1);
        final long other = bench.udp(2);
        bench.settle();
        bench.offer(bench.path(id, false, new Path.Hop(other, false)));
        bench.udpReply(2);
        bench.settle();
        assertThat(wants(other, false)).isTrue();
        final Bench.Heard heard = bench.offer(bench.path(id, false, new Path.Hop(other, false)));
        assertThat(nic.paths).hasSize(1);
        assertThat(wants(other, false)).isFalse();
        nic.pathActivity.replaceAll((path, before) -> new Activity(SECOND, 7, 700, 0, 0));
        bench.pass(2 * SECOND);
        assertThat(bench.connection(id).originalCount().packets()).isEqualTo(8);
        assertThat(bench.connection(other).originalCount().packets()).isEqualTo(8);
        assertThat(heard.packets).isEqualTo(7);
        assertThat(heard.bytes).isEqualTo(700);
        assertThat(bench.connection(other).remainingNs()).isEqualTo(29 * SECOND);
        bench.tracker.flush(0, Bench.tuple(2, 17));
        bench.settle();
        assertThat(heard.gone).isEqualTo(1);
        assertThat(nic.calls).containsSubsequence("withdraw 1>53", "delete 2");
        assertThat(bench.manager.state(id)).isEqualTo(OffloadState.ESTABLISHED);
        assertThat(wants(id, false)).isTrue();
        assertThat(nic.faults).isEmpty();
    }

    @Test
    void activityOnAPathKeepsItsConnectionsAliveToTheNanosecond() {
        final long id = established(1);
        bench.offerBoth(id);
        final long lastNs = bench.nowNs + 20 * SECOND + 3;
        nic.activity = any -> new Activity(Math.max(0, bench.nowNs - lastNs), 5, 500, 0, 0);
        bench.pass(lastNs + 30 * SECOND - 1 - bench.nowNs);
        assertThat(bench.connection(id).remainingNs()).isEqualTo(1);
        bench.pass(1);
        assertThat(bench.tracker.connection(id)).isEmpty();
        assertThat(nic.calls).containsSubsequence("withdraw 1>53", "delete 1");
        assertThat(nic.held).isEmpty();
        assertThat(bench.manager.paths().wanted()).isZero();
    }

    @Test
    void theLastWordOnAPathIsCounted() {
        final long id = established(1);
        final Bench.Heard heard = bench.offer(bench.path(id, true));
        nic.pathActivity.replaceAll((path, before) -> new Activity(0, 9, 900, 0, 0));
        heard.offered.withdraw("a flow changed");
        bench.settle();
        assertThat(heard.packets).isEqualTo(9);
        assertThat(heard.gone).isEqualTo(1);
        assertThat(bench.connection(id).replyCount().packets()).isEqualTo(10);
        assertThat(wants(id, true)).isTrue();
        assertThat(bench.count(nic, Counter.WITHDRAWN)).isEqualTo(1);
        heard.offered.withdraw("again");
        bench.settle();
        assertThat(heard.gone).isEqualTo(1);
        assertThat(nic.faults).isEmpty();
    }

    @Test
    void whatWasRefusedWantsAgainWhenFlowsHaveChanged() {
        final long id = established(1);
        bench.manager.paths().refuse(id, false, "flow 'priority=5' looks at the TTL");
        assertThat(wants(id, false)).isFalse();
        assertThat(wants(id, true)).isTrue();
        assertThat(bench.chapter(nic, id).reason()).isEqualTo("no path: flow 'priority=5' looks at the TTL");
        bench.pass(10 * SECOND);
        assertThat(wants(id, false)).isFalse();
        bench.manager.paths().changed();
        assertThat(wants(id, false)).isTrue();
        assertThat(bench.manager.paths().wanted()).isEqualTo(2);
    }

    @Test
    void aChangedMarkWithdrawsThePathsOfItsConnectionAndNoOther() {
        final long id = established(1);
        final long other = established(2);
        bench.offerBoth(id);
        bench.offerBoth(other);
        bench.send(CtAction.builder().commit().mark(9, -1).build(), bench.left,
            Packets.udp4(Bench.A, 1, Bench.B, 53).build());
        bench.settle();
        assertThat(nic.paths.values()).extracting(path -> path.arrives().sourcePort() % 53)
            .containsExactlyInAnyOrder(2, 0);
        assertThat(wants(id, false)).isTrue();
        assertThat(wants(id, true)).isTrue();
        assertThat(bench.manager.state(id)).isEqualTo(OffloadState.ESTABLISHED);
        bench.offerBoth(id);
        bench.pass(4 * SECOND);
        assertThat(nic.paths).hasSize(4);
    }

    @Test
    void aProviderThatSaysNoIsNotOfferedThePathAgainUntilFlowsChange() {
        nic.forward = path -> Answer.no("it has no egress");
        final long id = established(1);
        final Bench.Heard heard = bench.offer(bench.path(id, false));
        assertThat(heard.gone).isEqualTo(1);
        bench.pass(10 * SECOND);
        assertThat(wants(id, false)).isFalse();
        assertThat(bench.chapter(nic, id).reason()).isEqualTo("no path: it has no egress");
        assertThat(bench.connection(id).offloaded()).isTrue();
    }

    @Test
    void aProviderThatSaysLaterIsOfferedThePathAgain() {
        nic.forward = path -> Answer.later("busy");
        final long id = established(1);
        bench.offer(bench.path(id, false));
        assertThat(wants(id, false)).isFalse();
        bench.pass(2 * SECOND);
        assertThat(wants(id, false)).isTrue();
    }

    @Test
    void aLostPathIsWantedAgainAfterTheNextLook() {
        final long id = established(1);
        final Bench.Heard heard = bench.offer(bench.path(id, false));
        final long path = nic.paths.keySet().iterator().next();
        nic.paths.clear();
        nic.context.pathLost(path, "evicted");
        bench.settle();
        assertThat(heard.gone).isEqualTo(1);
        assertThat(bench.count(nic, Counter.LOST)).isEqualTo(1);
        assertThat(bench.connection(id).remainingNs()).isEqualTo(30 * SECOND);
        bench.pass(2 * SECOND);
        assertThat(wants(id, false)).isTrue();
        assertThat(nic.faults).isEmpty();
    }

    @Test
    void aPathWhoseAnswerComesLaterMayBeWithdrawnBefore() {
        nic.forward = path -> Answer.PENDING;
        final long id = established(1);
        final Bench.Heard heard = bench.offer(bench.path(id, false));
        assertThat(heard.offered.isHeld()).isTrue();
        heard.offered.withdraw("a flow changed");
        bench.settle();
        assertThat(nic.calls).endsWith("forward 1>53", "withdraw 1>53");
        assertThat(heard.gone).isEqualTo(1);
        final Bench.Heard second = bench.offer(bench.path(id, false));
        nic.context.pathAnswer(nic.paths.keySet().iterator().next(), Answer.ACCEPTED);
        bench.pass(4 * SECOND);
        assertThat(second.offered.isHeld()).isTrue();
    }

    @Test
    void aSecondProviderIsOfferedWhatTheFirstForwardsSoThatASwapLosesNothing() {
        final long id = established(1);
        final Bench.Heard heard = bench.offer(bench.path(id, false));
        final FakeProvider next = FakeProvider.forwards("next");
        bench.add(next);
        assertThat(next.calls).containsExactly("add 1 from left", "established 1 from right", "forward 1>53");
        assertThat(nic.paths).hasSize(1);
        bench.manager.remove(nic);
        assertThat(heard.gone).isZero();
        assertThat(heard.offered.isHeld()).isTrue();
        assertThat(next.paths).hasSize(1);
        assertThat(nic.paths).isEmpty();
        assertThat(wants(id, false)).isFalse();
        assertThat(bench.connection(id).offloaded()).isTrue();
        bench.manager.remove(next);
        assertThat(heard.gone).isEqualTo(1);
        assertThat(bench.manager.paths().wanted()).isZero();
        assertThat(bench.connection(id).offloaded()).isFalse();
        assertThat(nic.faults).isEmpty();
        assertThat(next.faults).isEmpty();
    }

    @Test
    void everythingThatGoesLeavesNoWishBehind() {
        for (int port = 1; port <= 50; port++) {
            established(port);
        }
        assertThat(bench.manager.paths().wanted()).isEqualTo(100);
        bench.tracker.flush(ConnectionFilter.ALL);
        bench.settle();
        assertThat(bench.manager.paths().wanted()).isZero();
        assertThat(nic.held).isEmpty();
    }

    @Test
    void aPathWhosePortIsNotServedIsWantedAgainOnceItIs() {
        nic.serves = port -> !port.name().equals("right");
        final long id = established(1);
        assertThat(bench.offer(bench.path(id, false)).offered.isHeld()).isFalse();
        assertThat(wants(id, false)).isFalse();
        nic.serves = port -> true;
        nic.context.portBack("right");
        bench.settle();
        assertThat(wants(id, false)).isTrue();
        assertThat(bench.offer(bench.path(id, false)).offered.isHeld()).isTrue();
    }
}
