// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.trackway.offload.core.Bench.LOOK;
import static org.trackway.offload.core.Bench.SECOND;

import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.Counter;
import org.trackway.offload.OffloadSettings;
import org.trackway.offload.OffloadState;
import org.trackway.offload.ProviderStatus;
import org.trackway.offload.ProviderStatus.State;
import org.trackway.offload.Verification;
import org.trackway.offload.spi.Activity;
import org.trackway.offload.spi.Answer;
import org.trackway.packet.Packets;

/** Providers appear, go, are switched off, drained, flushed and compared, while connections go on. */
class ComingAndGoingTest {

    private final FakeProvider nic = FakeProvider.tracks("nic");
    private final FakeProvider other = FakeProvider.tracks("other");
    private final Bench.Settings settings = new Bench.Settings();
    private final Bench bench = new Bench(settings.make());

    private long established(final int port) {
        final long id = bench.udp(port);
        bench.udpReply(port);
        bench.settle();
        return id;
    }

    private void enable(final boolean enabled) {
        settings.enabled = enabled;
        bench.manager.settings(settings.make());
        bench.settle();
    }

    private static Packets far() {
        return Bench.client(5, "PA", 3_000_000_101L, 301).payload("0123456789");
    }

    @Test
    void theWindowIsNotJudgedWhileAProviderMayForwardAndIsLearntAnewAfterwards() {
        final long id = bench.tcp(5);
        assertThat(bench.state(LOOK, bench.left, far())).isEqualTo("inv|trk");
        bench.add(nic);
        assertThat(bench.manager.state(id)).isEqualTo(OffloadState.ESTABLISHED);
        assertThat(bench.state(LOOK, bench.left, far())).isEqualTo("est|trk");
        bench.manager.remove(nic);
        assertThat(bench.connection(id).offloaded()).isFalse();
        assertThat(bench.state(LOOK, bench.left, Bench.client(5, "PA", 1_000_000_000L, 301).payload("0123456789")))
            .isEqualTo("est|trk");
        assertThat(bench.state(LOOK, bench.right, Bench.server(5, "PA", 301, 1_000_000_010L).payload("0123456789")))
            .isEqualTo("est|rpl|trk");
        assertThat(bench.state(LOOK, bench.left, far())).isEqualTo("inv|trk");
    }

    @Test
    void acceptingAnAddThatForwardsNothingYetSuspendsNothing() {
        nic.established = connection -> Answer.no("not this one");
        bench.add(nic);
        final long id = bench.tcp(5);
        bench.settle();
        assertThat(bench.manager.state(id)).isEqualTo(OffloadState.ADDED);
        assertThat(bench.connection(id).offloaded()).isTrue();
        // It was exposed while it was asked, so both sides say once where they are.
        bench.state(LOOK, bench.left, Bench.client(5, "A", 101, 301));
        bench.state(LOOK, bench.right, Bench.server(5, "A", 301, 101));
        assertThat(bench.state(LOOK, bench.left, far())).isEqualTo("inv|trk");
    }

    @Test
    void noDeletesAreSentForConnectionsFromBeforeOffloadWasSwitchedOn() {
        enable(false);
        bench.add(nic);
        for (int port = 1; port <= 20; port++) {
            bench.udp(port);
        }
        nic.canOffload = connection -> Answer.no("nothing old");
        enable(true);
        bench.tracker.flush(ConnectionFilter.ALL);
        bench.pass(10 * SECOND);
        assertThat(nic.calls).isEmpty();
        assertThat(nic.faults).isEmpty();
    }

    @Test
    void whatIsHeldIsDeletedWhenOffloadIsSwitchedOffThoughItIsSweptLater() {
        bench.add(nic);
        for (int port = 1; port <= 20; port++) {
            established(port);
        }
        settings.enabled = false;
        bench.manager.settings(settings.make());
        // Gone before the provider's thread has come to it.
        bench.tracker.flush(ConnectionFilter.ALL);
        bench.settle();
        bench.pass(40 * SECOND);
        bench.tracker.sweep();
        assertThat(nic.held).isEmpty();
        assertThat(nic.faults).isEmpty();
        assertThat(nic.calls).filteredOn(call -> call.startsWith("delete")).hasSize(20).doesNotHaveDuplicates();
    }

    @Test
    void offloadIsSwitchedOffAndOnWhileConnectionsGoOn() {
        bench.add(nic);
        final long id = established(1);
        nic.saw(id, 0, 10, 10);
        enable(false);
        assertThat(bench.status(nic).state()).isEqualTo(State.DISABLED);
        assertThat(bench.connection(id).offloaded()).isFalse();
        assertThat(bench.connection(id).originalCount().packets()).isEqualTo(11);
        assertThat(bench.manager.story(id).reason()).isEqualTo("offload is switched off");
        bench.udp(2);
        bench.settle();
        assertThat(nic.held).isEmpty();
        enable(true);
        assertThat(nic.held).hasSize(2);
        assertThat(bench.manager.state(id)).isEqualTo(OffloadState.ESTABLISHED);
        assertThat(nic.faults).isEmpty();
    }

    @Test
    void oneProviderIsSwitchedOffAndLimitedBySettingsOfItsOwn() {
        bench.add(nic, other);
        bench.udp(1);
        bench.udp(2);
        bench.settle();
        settings.providers = Map.of("nic", new OffloadSettings.Provider(false, OptionalInt.empty(),
            OptionalLong.empty()),
            "other", new OffloadSettings.Provider(true, OptionalInt.of(7), OptionalLong.of(3)));
        bench.manager.settings(settings.make());
        bench.settle();
        assertThat(nic.held).isEmpty();
        assertThat(other.held).hasSize(2);
        assertThat(bench.status(nic).state()).isEqualTo(State.DISABLED);
        assertThat(bench.manager.providers()).extracting(ProviderStatus::name).containsExactly("other", "nic");
        bench.udp(3);
        bench.udp(4);
        bench.settle();
        assertThat(other.held).hasSize(3);
        assertThat(bench.status(other).limit()).isEqualTo(3);
    }

    @Test
    void aProviderThatAppearsIsOfferedWhatIsThereEstablishedConnectionsFirst() {
        final long id = bench.udp(1);
        established(2);
        final long tcp = bench.tcp(3);
        bench.add(nic);
        assertThat(nic.calls).hasSize(5);
        assertThat(nic.calls.subList(0, 2)).containsExactlyInAnyOrder("add 2", "add 3");
        assertThat(nic.calls.get(2)).isEqualTo("add 1");
        assertThat(bench.manager.state(id)).isEqualTo(OffloadState.ADDED);
        assertThat(bench.manager.state(tcp)).isEqualTo(OffloadState.ESTABLISHED);
    }

    @Test
    void aProviderThatGoesIsAskedForFinalCountsAndHasDeletedEverything() {
        bench.add(nic);
        for (int port = 1; port <= 300; port++) {
            established(port);
        }
        nic.update = id -> new Activity(0, 5, 500, 5, 500);
        bench.manager.remove(nic);
        assertThat(nic.held).isEmpty();
        assertThat(nic.faults).isEmpty();
        assertThat(bench.all()).hasSize(300).allMatch(connection -> !connection.offloaded()
            && connection.originalCount().equals(new Connection.Count(6, 528)));
        nic.calls.clear();
        bench.udp(1);
        bench.pass(60 * SECOND);
        assertThat(nic.calls).isEmpty();
    }

    @Test
    void twoProvidersHoldAConnectionEachForItself() {
        nic.priority = 1;
        bench.add(other, nic);
        final long id = established(1);
        assertThat(bench.manager.story(id).chapters()).extracting(chapter -> chapter.provider() + " " + chapter.state())
            .containsExactly("nic ESTABLISHED", "other ESTABLISHED");
        nic.saw(id, 0, 10, 0);
        other.saw(id, 0, 1, 0);
        bench.pass(2 * SECOND);
        assertThat(bench.connection(id).originalCount().packets()).isEqualTo(12);
        nic.context.lost(id, "evicted");
        nic.held.clear();
        bench.settle();
        assertThat(bench.connection(id).offloaded()).isTrue();
        assertThat(bench.manager.state(id)).isEqualTo(OffloadState.ESTABLISHED);
        bench.tracker.flush(ConnectionFilter.ALL);
        bench.settle();
        assertThat(other.held).isEmpty();
        assertThat(other.faults).isEmpty();
        assertThat(nic.faults).isEmpty();
    }

    @Test
    void whenOneOfTwoIsLostTheConnectionHasAFullTimeoutThoughTheOtherHasSeenNothing() {
        bench.add(nic, other);
        final long id = established(1);
        nic.update = any -> new Activity(bench.nowNs - 1_000 * SECOND, 0, 0, 0, 0);
        other.update = nic.update;
        bench.pass(20 * SECOND);
        assertThat(bench.connection(id).remainingNs()).isEqualTo(10 * SECOND);
        nic.held.clear();
        nic.context.deviceLost("unplugged");
        bench.settle();
        assertThat(bench.connection(id).remainingNs()).isEqualTo(30 * SECOND);
        assertThat(bench.connection(id).offloaded()).isTrue();
    }

    @Test
    void theRefusalOfOneProviderIsNoMatterOfTheOther() {
        nic.canOffload = connection -> Answer.no("too odd");
        bench.add(nic, other);
        final long id = established(1);
        assertThat(bench.chapter(nic, id).reason()).isEqualTo("too odd");
        assertThat(bench.chapter(other, id).state()).isEqualTo(OffloadState.ESTABLISHED);
    }

    @Test
    void aSwapAddsToTheNewOneBeforeItDeletesFromTheOldOne() {
        bench.add(nic);
        final long id = established(1);
        bench.add(other);
        bench.manager.remove(nic);
        assertThat(other.calls).startsWith("add 1 from left", "established 1 from right");
        assertThat(nic.calls).endsWith("delete 1");
        assertThat(bench.connection(id).offloaded()).isTrue();
        assertThat(bench.manager.story(id).chapters()).extracting(chapter -> chapter.provider())
            .containsExactly("other");
    }

    @Test
    void aHundredSwapsLeaveNothingBehind() {
        final long id = established(1);
        for (int i = 0; i < 100; i++) {
            final FakeProvider next = FakeProvider.tracks("n" + i % 2);
            bench.add(next);
            assertThat(bench.manager.state(id)).isEqualTo(OffloadState.ESTABLISHED);
            bench.manager.remove(next);
            assertThat(next.held).isEmpty();
            assertThat(next.faults).isEmpty();
        }
        assertThat(bench.connection(id).offloaded()).isFalse();
        assertThat(bench.tracker.counters().get(Counter.INVALID)).isZero();
    }

    @Test
    void aDrainedProviderHoldsNothingAndIsOfferedNothingUntilItIsResumed() {
        bench.add(nic);
        final long id = established(1);
        assertThat(bench.manager.drain("nic", SECOND)).isZero();
        assertThat(nic.held).isEmpty();
        assertThat(bench.status(nic).state()).isEqualTo(State.DRAINED);
        assertThat(bench.chapter(nic, id).reason()).isEqualTo("its provider is drained");
        bench.udp(2);
        bench.settle();
        assertThat(nic.held).isEmpty();
        bench.manager.resume("nic");
        bench.settle();
        assertThat(nic.held).hasSize(2);
        assertThat(nic.faults).isEmpty();
    }

    @Test
    void aFlushedProviderIsOfferedEverythingAgain() {
        bench.add(nic);
        final long id = established(1);
        established(2);
        assertThat(bench.manager.flush("nic")).isEqualTo(2);
        bench.settle();
        assertThat(nic.held).isEmpty();
        assertThat(bench.connection(id).offloaded()).isFalse();
        bench.pass(2 * SECOND);
        assertThat(nic.held).hasSize(2);
        assertThat(bench.manager.state(id)).isEqualTo(OffloadState.ESTABLISHED);
        assertThat(nic.faults).isEmpty();
    }

    @Test
    void allThatWasFlushedIsOfferedAgainByTheNextLookHoweverManyThereAre() {
        settings.queueSize = 8_192;
        final Bench many = new Bench(settings.make()).add(nic);
        for (int port = 1; port <= 5_000; port++) {
            many.udp(port);
        }
        many.settle();
        assertThat(many.manager.flush("nic")).isEqualTo(5_000);
        many.settle();
        assertThat(nic.held).isEmpty();
        many.pass(2 * SECOND);
        assertThat(nic.held).hasSize(5_000);
        assertThat(nic.faults).isEmpty();
    }

    @Test
    void whatWaitsWhileItsProviderIsFlushedIsNotForgotten() {
        nic.add = connection -> Answer.later("busy");
        bench.add(nic);
        final long id = bench.udp(1);
        bench.settle();
        bench.manager.flush("nic");
        bench.settle();
        nic.add = connection -> Answer.ACCEPTED;
        bench.pass(2 * SECOND);
        assertThat(bench.manager.state(id)).isEqualTo(OffloadState.ADDED);
    }

    @Test
    void verifyingFindsAndRepairsDifferences() {
        bench.add(nic);
        final long kept = established(1);
        final long forgotten = established(2);
        final long dead = established(3);
        assertThat(bench.manager.verify("nic", SECOND)).isEqualTo(new Verification("nic", true, 3, 0, 0, 0));
        nic.held.remove(forgotten);
        nic.held.put(999L, new Activity(0, 0, 0, 0, 0));
        bench.tracker.flush(0, Bench.tuple(3, 17));
        nic.held.put(dead, new Activity(0, 0, 0, 0, 0));
        bench.settle();
        nic.held.put(dead, new Activity(0, 0, 0, 0, 0));
        final Verification found = bench.manager.verify("nic", SECOND);
        assertThat(found).isEqualTo(new Verification("nic", true, 4, 1, 0, 2));
        assertThat(found.isClean()).isFalse();
        bench.settle();
        assertThat(nic.held).containsOnlyKeys(kept);
        assertThat(bench.connection(forgotten).offloaded()).isFalse();
        assertThat(bench.manager.verify("nic", SECOND).isClean()).isTrue();
        assertThat(nic.faults).isEmpty();
    }

    @Test
    void aConnectionThatIsHeldWithoutBeingOfferedIsUnexpectedAndDeletedThere() {
        nic.canOffload = connection -> Answer.no("no");
        bench.add(nic);
        final long id = bench.udp(1);
        bench.settle();
        nic.held.put(id, new Activity(0, 0, 0, 0, 0));
        assertThat(bench.manager.verify("nic", SECOND)).isEqualTo(new Verification("nic", true, 1, 0, 1, 0));
        bench.settle();
        assertThat(nic.held).isEmpty();
    }

    @Test
    void pathsAreComparedToo() {
        final FakeProvider forwarding = FakeProvider.forwards("fwd");
        bench.add(forwarding);
        final long id = established(1);
        final Bench.Heard heard = bench.offer(bench.path(id, false));
        forwarding.paths.put(77L, bench.path(id, true));
        forwarding.paths.remove(forwarding.paths.keySet().iterator().next());
        assertThat(bench.manager.verify("fwd", SECOND)).isEqualTo(new Verification("fwd", true, 3, 1, 1, 0));
        bench.settle();
        assertThat(heard.gone).isEqualTo(1);
        assertThat(forwarding.paths).isEmpty();
        assertThat(forwarding.faults).isEmpty();
    }

    @Test
    void aProviderThatCanNotTellWhatItHoldsIsNotVerified() {
        nic.tellsHoldings = false;
        bench.add(nic);
        assertThat(bench.manager.verify("nic", SECOND).answered()).isFalse();
    }

    @Test
    void anUnknownProviderIsRefusedWithTheNamesThatThereAre() {
        bench.add(nic, other);
        assertThatThrownBy(() -> bench.manager.drain("nick", 1)).isInstanceOf(IllegalArgumentException.class)
            .hasMessage("there is no provider 'nick'; there are nic, other");
        bench.manager.close();
        assertThatThrownBy(() -> bench.manager.resume("nic")).hasMessage("there is no provider 'nic'; there is none");
    }

    @Test
    void aSecondProviderOfTheSameNameWaitsForTheFirstToGo() {
        final FakeProvider twin = FakeProvider.tracks("nic");
        bench.add(nic, twin);
        bench.udp(1);
        bench.settle();
        assertThat(twin.calls).isEmpty();
        bench.manager.remove(nic);
        bench.settle();
        assertThat(twin.calls).containsExactly("add 1 from left");
    }

    @Test
    void providersWithoutAUsableNameAreNotTaken() {
        bench.add(FakeProvider.tracks("a b"), FakeProvider.tracks(""), FakeProvider.tracks(null));
        assertThat(bench.manager.providers()).isEmpty();
    }

    @Test
    void whenTheManagerGoesNothingIsHeldAndAnotherMayCome() {
        bench.add(nic, other);
        final long id = established(1);
        bench.manager.close();
        assertThat(nic.held).isEmpty();
        assertThat(other.held).isEmpty();
        assertThat(bench.connection(id).offloaded()).isFalse();
        final Manager next = new Manager(bench.tracker, OffloadSettings.DEFAULT, Manager.Threads.NONE);
        next.add(nic);
        while (next.step()) {
            // until all is done
        }
        assertThat(next.state(id)).isEqualTo(OffloadState.ESTABLISHED);
    }

    @Test
    void everyConnectionThatIsHeldIsListed() {
        bench.add(nic);
        final List<Long> ids = List.of(established(1), established(2));
        assertThat(bench.manager.held()).extracting(story -> story.connection())
            .containsExactlyInAnyOrderElementsOf(ids);
        assertThat(bench.manager.story(12345).reason()).isEqualTo("there is no such connection");
    }

    @Test
    void withoutAProviderTheTrackerTellsNobody() {
        final long id = established(1);
        assertThat(bench.manager.story(id).reason()).isEqualTo("there is no provider");
        assertThat(bench.manager.isObserving()).isFalse();
        bench.add(nic);
        assertThat(bench.manager.isObserving()).isTrue();
        enable(false);
        assertThat(bench.manager.isObserving()).isFalse();
    }
}
