// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.dummy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.Connection;
import org.trackway.offload.Path;
import org.trackway.offload.spi.Activity;
import org.trackway.offload.spi.Answer;
import org.trackway.offload.spi.Answer.Kind;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;
import org.trackway.packet.Packets;
import org.trackway.provider.dummy.Cards.Bench;

/** What the card answers, as it should and as it is told to. */
class DummyProviderTest {

    private static Packet packet(final long connection) {
        return Packets.udp4("10.0.0.1", 1000 + (int) connection, "10.0.0.2", 53).payloadSize(72).build();
    }

    private static List<Long> ids(final long... ids) {
        final List<Long> list = new ArrayList<>();
        for (final long id : ids) {
            list.add(id);
        }
        return list;
    }

    private static List<Long> connections(final Bench bench) {
        return ids(bench.card.holdings().orElseThrow().connections());
    }

    private static List<Long> paths(final Bench bench) {
        return ids(bench.card.holdings().orElseThrow().paths());
    }

    private static Kind add(final Bench bench, final Connection connection) {
        assertThat(bench.card.canOffload(connection).kind()).isEqualTo(bench.card.canOffload(connection).kind());
        return bench.card.add(connection, Optional.empty()).kind();
    }

    private static Connection translated(final long id) {
        return Cards.connection(id, Cards.udp(1), Cards.tuple("10.0.0.2", IpProtocol.UDP, 53, "10.9.9.9", 7));
    }

    private static Connection over(final int protocol, final String from, final String to) {
        return Cards.connection(1, Cards.tuple(from, protocol, 1, to, 2), Cards.tuple(to, protocol, 2, from, 1));
    }

    // ---- as it should be ----

    @Test
    void itHoldsWhatItAcceptedUntilThatIsDeleted() {
        final Bench bench = new Bench().hold(1).hold(2).forward(7, Cards.path(1)).forward(8, Cards.path(2));
        assertThat(connections(bench)).containsExactly(1L, 2L);
        assertThat(paths(bench)).containsExactly(7L, 8L);
        bench.receive(packet(2));
        assertThat(bench.card.withdraw(8)).isEqualTo(new Activity(0, 1, 100, 0, 0));
        assertThat(bench.card.delete(2)).isEqualTo(Activity.UNTOLD);
        assertThat(bench.card.delete(99)).isEqualTo(Activity.UNKNOWN);
        assertThat(bench.card.withdraw(99)).isEqualTo(Activity.UNKNOWN);
        assertThat(connections(bench)).containsExactly(1L);
        assertThat(paths(bench)).containsExactly(7L);
        bench.card.flush();
        assertThat(connections(bench)).isEmpty();
        assertThat(paths(bench)).isEmpty();
        assertThat(bench.receive(packet(1)).size()).isEqualTo(1);
        assertThat(bench.reports).isEmpty();
    }

    @Test
    void aPathCountsWhatPassesAndForHowLongNothingDid() {
        final Bench bench = new Bench().hold(1).forward(7, Cards.path(1));
        bench.now += 40;
        assertThat(bench.card.activity(7)).isEqualTo(new Activity(40, 0, 0, 0, 0));
        bench.receive(packet(1), packet(1));
        bench.now += 5;
        assertThat(bench.card.activity(7)).isEqualTo(new Activity(5, 2, 200, 0, 0));
        assertThat(bench.card.activity(8)).isEqualTo(Activity.UNKNOWN);
    }

    @Test
    void aCardThatTracksCountsNothingAndForwardsNothing() {
        final Bench bench = new Bench("mode", "tracks").hold(1);
        bench.now += 40;
        assertThat(bench.card.update(1)).isEqualTo(new Activity(40, 0, 0, 0, 0));
        assertThat(bench.card.update(2)).isEqualTo(Activity.UNKNOWN);
        assertThat(bench.card.delete(1)).isEqualTo(new Activity(40, 0, 0, 0, 0));
        assertThat(bench.card.forward(7, Cards.path(1)).kind()).isEqualTo(Kind.NO);
        assertThat(bench.receive(packet(1)).size()).isEqualTo(1);
    }

    @Test
    void whatCameTwiceOrWithoutItsConnectionIsAFailure() {
        final Bench bench = new Bench().hold(1).forward(7, Cards.path(1));
        assertThat(add(bench, Cards.connection(1))).isEqualTo(Kind.FAILED);
        assertThat(bench.card.established(Cards.connection(2), Optional.empty()).kind()).isEqualTo(Kind.FAILED);
        assertThat(bench.card.forward(7, Cards.path(1)).kind()).isEqualTo(Kind.FAILED);
        assertThat(bench.card.forward(8, Cards.path(1)).kind()).as("for the same packets").isEqualTo(Kind.NO);
        assertThat(bench.card.forward(9, Cards.path(2)).kind()).isEqualTo(Kind.FAILED);
    }

    @Test
    void aConnectionThatIsDeletedTakesItsPathsWithIt() {
        final Bench bench = new Bench().hold(1).forward(7, Cards.path(1));
        bench.card.delete(1);
        assertThat(paths(bench)).isEmpty();
        assertThat(bench.receive(packet(1)).size()).isEqualTo(1);
    }

    @Test
    void itForwardsBothDirectionsOrTheOneThatIsThere() {
        final Bench bench = new Bench();
        bench.card.add(Cards.connection(1), Optional.empty());
        assertThat(bench.card.forward(7, Cards.path(1)).kind()).isEqualTo(Kind.LATER);
        bench.set("oneWay", true);
        assertThat(bench.card.forward(7, Cards.path(1))).isEqualTo(Answer.ACCEPTED);
    }

    @Test
    void itRefusesWhatItCannotDo() {
        final Bench bench = new Bench("v6", false, "nat", false, "protocols", "tcp, udp", "ports", "p1");
        assertThat(add(bench, over(IpProtocol.SCTP, "10.0.0.1", "10.0.0.2"))).isEqualTo(Kind.NO);
        assertThat(add(bench, over(IpProtocol.UDP, "fc00::1", "fc00::2"))).isEqualTo(Kind.NO);
        assertThat(add(bench, translated(1))).isEqualTo(Kind.NO);
        bench.hold(1);
        assertThat(bench.card.forward(7, Cards.path(1))).isEqualTo(Answer.no("it does not serve port p2"));
        bench.set("nat", false);
        assertThat(bench.card.forward(7, Cards.path(Cards.udp(1), Cards.udp(2), 1)).kind()).isEqualTo(Kind.NO);
        bench.set("protocols", "udp, sctp");
        bench.card.flush();
        assertThat(add(bench, over(IpProtocol.SCTP, "10.0.0.1", "10.0.0.2"))).as("can't be rewritten")
            .isEqualTo(Kind.NO);
        bench.set();
        assertThat(add(bench, Cards.connection(3, Cards.udp(1), translated(3).reply()))).isEqualTo(Kind.ACCEPTED);
    }

    @Test
    void aCardThatTracksTakesAnyProtocolItIsTold() {
        final Bench bench = new Bench("mode", "tracks", "protocols", "");
        assertThat(add(bench, over(IpProtocol.SCTP, "10.0.0.1", "10.0.0.2"))).isEqualTo(Kind.ACCEPTED);
    }

    // ---- bounds ----

    @Test
    void aFullCardTakesNoMoreAndLosesNothing() {
        final Bench bench = new Bench("capacity", 2).hold(1).hold(2);
        bench.forward(7, Cards.path(1)).forward(8, Cards.path(2));
        assertThat(add(bench, Cards.connection(3))).isEqualTo(Kind.FULL);
        final Path reply = new Path("p2", "p1", Cards.udp(1001).reverse(), Cards.udp(1001).reverse(), List.of(),
            List.of(), OptionalLong.empty(), OptionalLong.empty(), 0, List.of(new Path.Hop(1, true)));
        assertThat(bench.card.forward(9, reply)).isEqualTo(Answer.FULL);
        assertThat(connections(bench)).containsExactly(1L, 2L);
        bench.card.withdraw(8);
        bench.card.delete(2);
        assertThat(bench.card.forward(9, reply)).isEqualTo(Answer.ACCEPTED);
        assertThat(add(bench, Cards.connection(3))).isEqualTo(Kind.ACCEPTED);
        assertThat(bench.reports).isEmpty();
    }

    @Test
    void aCardThatShrinksLosesTheOldestAndSaysSo() {
        final Bench bench = new Bench().hold(1).hold(2).hold(3).forward(7, Cards.path(1)).forward(8, Cards.path(3));
        bench.set("capacity", 1);
        assertThat(connections(bench)).containsExactly(3L);
        assertThat(paths(bench)).containsExactly(8L);
        assertThat(bench.reports).containsExactly("pathLost 7 evicted", "lost 1 evicted", "lost 2 evicted");
    }

    // ---- what goes wrong on demand ----

    @Test
    void evictionsAreReported() {
        final Bench bench = new Bench().hold(1).forward(7, Cards.path(1));
        bench.set("evictionRate", 1000);
        assertThat(bench.card.activity(7)).isEqualTo(Activity.UNKNOWN);
        assertThat(bench.reports).containsExactly("pathLost 7 evicted");
        assertThat(bench.receive(packet(1)).size()).isEqualTo(1);
        final Bench tracks = new Bench("mode", "tracks").hold(1);
        tracks.set("mode", "tracks", "evictionRate", 1000);
        assertThat(tracks.card.update(1)).isEqualTo(Activity.UNKNOWN);
        assertThat(tracks.reports).containsExactly("lost 1 evicted");
    }

    @Test
    void whatFailsHasNotHappened() {
        final Bench bench = new Bench().hold(1).forward(7, Cards.path(1));
        bench.set("failureRate", 1000);
        assertThat(add(bench, Cards.connection(2))).isEqualTo(Kind.FAILED);
        assertThat(bench.card.established(Cards.connection(1), Optional.empty()).kind()).isEqualTo(Kind.FAILED);
        assertThat(bench.card.forward(8, Cards.path(1)).kind()).isEqualTo(Kind.FAILED);
        assertThat(bench.card.activity(7)).isEqualTo(Activity.UNKNOWN);
        assertThat(bench.card.update(1)).isEqualTo(Activity.UNKNOWN);
        assertThat(bench.card.holdings()).isEmpty();
        assertThatThrownBy(() -> bench.card.withdraw(7)).hasMessage("told to fail");
        assertThatThrownBy(() -> bench.card.delete(1)).hasMessage("told to fail");
        assertThatThrownBy(() -> bench.card.flush()).hasMessage("told to fail");
        bench.set();
        assertThat(connections(bench)).containsExactly(1L);
        assertThat(paths(bench)).containsExactly(7L);
    }

    @Test
    void someOfAThousandFail() {
        final Bench bench = new Bench("failureRate", 250);
        int failed = 0;
        for (int id = 1; id <= 4000; id++) {
            failed += add(bench, Cards.connection(id)) == Kind.FAILED ? 1 : 0;
        }
        assertThat(failed).isBetween(800, 1200);
    }

    @Test
    void anyOperationThrows() {
        final Connection connection = Cards.connection(1);
        final Bench bench = new Bench("throwing", "all");
        assertThatThrownBy(() -> bench.card.canOffload(connection)).hasMessage("told to throw in canOffload");
        assertThatThrownBy(() -> bench.card.add(connection, Optional.empty())).hasMessage("told to throw in add");
        assertThatThrownBy(() -> bench.card.established(connection, Optional.empty()))
            .hasMessageContaining("established");
        assertThatThrownBy(() -> bench.card.update(1)).hasMessageContaining("update");
        assertThatThrownBy(() -> bench.card.delete(1)).hasMessageContaining("delete");
        assertThatThrownBy(() -> bench.card.forward(7, Cards.path(1))).hasMessageContaining("forward");
        assertThatThrownBy(() -> bench.card.activity(7)).hasMessageContaining("activity");
        assertThatThrownBy(() -> bench.card.withdraw(7)).hasMessageContaining("withdraw");
        assertThatThrownBy(() -> bench.card.flush()).hasMessageContaining("flush");
        assertThatThrownBy(() -> bench.card.holdings()).hasMessageContaining("holdings");
        bench.set("throwing", "update");
        bench.hold(1);
        assertThatThrownBy(() -> bench.card.update(1)).hasMessageContaining("update");
    }

    @Test
    void whatHangsHearsNoInterruptAndGoesOnWhenItIsToldTo() throws Exception {
        final Bench bench = new Bench("hanging", "add");
        final CountDownLatch returned = new CountDownLatch(1);
        final Thread hung = new Thread(() -> {
            bench.card.add(Cards.connection(1), Optional.empty());
            returned.countDown();
        });
        hung.setDaemon(true);
        hung.start();
        while (hung.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
        hung.interrupt();
        assertThat(bench.card.capabilities().capacity()).as("others are answered").isPositive();
        assertThat(connections(bench)).isEmpty();
        assertThat(returned.getCount()).isEqualTo(1);
        bench.set();
        assertThat(returned.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(connections(bench)).containsExactly(1L);
    }

    @Test
    void itTakesItsTime() {
        final Bench bench = new Bench("latencyUs", 3000);
        final long before = System.nanoTime();
        bench.card.delete(1);
        assertThat(System.nanoTime() - before).isGreaterThanOrEqualTo(3_000_000);
    }

    @Test
    void whatItForgetsItHasAccepted() {
        final Bench bench = new Bench("forget", true).hold(1).forward(7, Cards.path(1));
        assertThat(connections(bench)).isEmpty();
        assertThat(paths(bench)).isEmpty();
        assertThat(bench.card.update(1)).isEqualTo(Activity.UNKNOWN);
        assertThat(bench.receive(packet(1)).size()).isEqualTo(1);
    }

    @Test
    void itLiesAboutWhatItDoesNotHold() {
        final Bench bench = new Bench("lie", true);
        final Activity first = bench.card.update(1);
        final Activity second = bench.card.activity(7);
        assertThat(first.isKnown()).isTrue();
        assertThat(first.packets()).isPositive();
        assertThat(second.packets()).isGreaterThan(first.packets());
    }

    @Test
    void itsCountersGoBack() {
        final Bench bench = new Bench("backwards", true).hold(1).forward(7, Cards.path(1));
        bench.receive(packet(1));
        assertThat(bench.card.activity(7).packets()).isEqualTo(1);
        assertThat(bench.card.activity(7).packets()).isZero();
        assertThat(bench.card.activity(7).packets()).isEqualTo(1);
    }

    @Test
    void itSaysLaterWhatBecameOfPendingOperations() throws Exception {
        final Bench bench = new Bench("pendingMs", 1);
        final Connection connection = Cards.connection(1);
        assertThat(bench.card.add(connection, Optional.empty())).isEqualTo(Answer.PENDING);
        bench.awaitReport("answer 1 ACCEPTED");
        assertThat(bench.card.established(connection, Optional.empty())).isEqualTo(Answer.PENDING);
        assertThat(bench.card.forward(7, Cards.path(1))).isEqualTo(Answer.PENDING);
        bench.awaitReport("pathAnswer 7 ACCEPTED");
        assertThat(bench.reports).hasSize(3);
    }

    @Test
    void nothingIsSaidOfAPendingOneThatIsDeletedMeanwhile() throws Exception {
        final Bench bench = new Bench("pendingMs", 50);
        bench.card.add(Cards.connection(1), Optional.empty());
        bench.card.delete(1);
        bench.card.add(Cards.connection(2), Optional.empty());
        bench.awaitReport("answer 2 ACCEPTED");
        assertThat(bench.reports).containsExactly("answer 2 ACCEPTED");
    }

    @Test
    void aLostCardIsEmptyAndComesBackEmpty() {
        final Bench bench = new Bench().hold(1).forward(7, Cards.path(1));
        bench.set("lost", true);
        assertThat(connections(bench)).isEmpty();
        assertThat(bench.receive(packet(1)).size()).isEqualTo(1);
        assertThat(add(bench, Cards.connection(2))).isEqualTo(Kind.FAILED);
        bench.set("lost", true);
        bench.set();
        assertThat(bench.reports).containsExactly("deviceLost it is switched off", "deviceBack");
        assertThat(add(bench, Cards.connection(2))).isEqualTo(Kind.ACCEPTED);
    }

    @Test
    void aPortThatLeavesTheCardIsReportedWithItsPathsGone() {
        final Bench bench = new Bench().hold(1).hold(2).forward(7, Cards.path(1));
        assertThat(bench.card.serves(Cards.port("p1"))).isTrue();
        assertThat(bench.card.serves(Cards.port("p2"))).isTrue();
        bench.set("ports", "p1");
        assertThat(bench.card.serves(Cards.port("p2"))).isFalse();
        assertThat(bench.reports).containsExactly("portLost p2 it is not one of the card's any more");
        assertThat(paths(bench)).isEmpty();
        assertThat(bench.receive(packet(1)).size()).isEqualTo(1);
    }

    @Test
    void aPortThatComesToTheCardIsReportedIfAnybodyHasAskedForIt() {
        final Bench bench = new Bench("ports", "p1");
        assertThat(bench.card.serves(Cards.port("p1"))).isTrue();
        assertThat(bench.card.serves(Cards.port("p2"))).isFalse();
        bench.set("ports", "*");
        bench.set("ports", "p*");
        assertThat(bench.reports).containsExactly("portBack p2");
        assertThat(bench.card.serves(Cards.port("p2"))).isTrue();
        bench.set("ports", "p1");
        bench.set();
        assertThat(bench.reports).containsExactly("portBack p2", "portLost p2 it is not one of the card's any more",
            "portBack p2");
    }

    @Test
    void aCardThatIsPulledSaysNothingAndItsThreadEnds() throws Exception {
        final Bench bench = new Bench("name", "pulled", "pendingMs", 60_000);
        bench.card.add(Cards.connection(1), Optional.empty());
        final Thread timer = Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> thread.getName().equals("trackway-provider-pulled")).findAny().orElseThrow();
        bench.card.close();
        timer.join(10_000);
        assertThat(timer.isAlive()).isFalse();
        assertThat(connections(bench)).isEmpty();
        bench.set("lost", true);
        assertThat(bench.reports).isEmpty();
    }
}
