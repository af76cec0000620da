// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.trackway.offload.core.Bench.SECOND;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.trackway.offload.OffloadState;
import org.trackway.offload.Paths;
import org.trackway.offload.ProviderStatus.Counter;
import org.trackway.offload.ProviderStatus.State;
import org.trackway.offload.spi.Activity;
import org.trackway.offload.spi.Answer;
import org.trackway.offload.spi.Capabilities;
import org.trackway.offload.spi.ProviderContext;

/** A provider that misbehaves is contained: its connections go to software, and it is tried again later. */
class MisbehaviourTest {

    private final FakeProvider nic = FakeProvider.tracks("nic");
    private final FakeProvider good = FakeProvider.tracks("good");
    private final Bench.Settings settings = new Bench.Settings();
    private final Bench bench;

    MisbehaviourTest() {
        settings.maxFailures = 4;
        bench = new Bench(settings.make()).add(nic, good);
    }

    private static IllegalStateException broken() {
        return new IllegalStateException("broken");
    }

    private void open(final int from, final int to) {
        for (int port = from; port <= to; port++) {
            bench.udp(port);
        }
        bench.settle();
    }

    @Test
    void aProviderThatThrowsOnEveryCallIsPutIntoQuarantineAndTriedAgainLaterAndLater() {
        nic.before = () -> {
            throw broken();
        };
        open(1, 10);
        assertThat(bench.status(nic).state()).isEqualTo(State.QUARANTINED);
        assertThat(bench.status(nic).lastFailure().orElseThrow()).contains("broken");
        assertThat(bench.count(nic, Counter.QUARANTINED)).isEqualTo(1);
        assertThat(bench.status(good).state()).isEqualTo(State.ACTIVE);
        assertThat(good.held).hasSize(10);
        nic.calls.clear();
        bench.pass(SECOND - 1);
        assertThat(nic.calls).isEmpty();
        bench.pass(1);
        assertThat(nic.takeCalls()).containsExactly("flush");
        bench.pass(2 * SECOND - 1);
        assertThat(nic.calls).isEmpty();
        bench.pass(1);
        assertThat(nic.takeCalls()).containsExactly("flush");
        nic.before = () -> { };
        bench.pass(4 * SECOND);
        assertThat(bench.status(nic).state()).isEqualTo(State.ACTIVE);
        bench.pass(2 * SECOND);
        assertThat(nic.held).hasSize(10);
        assertThat(nic.faults).isEmpty();
    }

    @Test
    void whatAProviderInQuarantineHeldIsInSoftwareAndForgottenThere() {
        open(1, 10);
        assertThat(nic.held).hasSize(10);
        bench.manager.remove(good);
        nic.update = id -> {
            throw broken();
        };
        bench.pass(2 * SECOND);
        assertThat(bench.status(nic).state()).isEqualTo(State.QUARANTINED);
        assertThat(nic.held).isEmpty();
        assertThat(nic.calls).endsWith("flush");
        assertThat(bench.all()).hasSize(10).allMatch(connection -> !connection.offloaded()
            && connection.remainingNs() == 60 * SECOND);
        assertThat(bench.manager.held()).isEmpty();
    }

    @Test
    void failuresThatAreNotInARowAreForgiven() {
        nic.add = connection -> connection.original().sourcePort() % 4 == 0 ? Answer.ACCEPTED
            : Answer.failed("now and then");
        open(1, 40);
        assertThat(bench.status(nic).state()).isEqualTo(State.ACTIVE);
        assertThat(bench.count(nic, Counter.FAILED)).isEqualTo(30);
    }

    @Test
    void whatHangsIsGivenUpAtOnceAndHasToForgetAllBeforeItIsTriedAgain() {
        open(1, 3);
        bench.manager.remove(good);
        nic.before = () -> {
            nic.before = () -> { };
            // What another thread sees while this one does not return.
            bench.watch(SECOND);
            assertThat(bench.status(nic).state()).isEqualTo(State.ACTIVE);
            bench.watch(1);
            assertThat(bench.status(nic).state()).isEqualTo(State.STUCK);
            assertThat(bench.all()).hasSize(5).allMatch(connection -> !connection.offloaded());
            assertThat(bench.status(nic).held()).isZero();
            bench.udp(6);
            bench.nowNs += 4 * SECOND;
            bench.manager.watch();
        };
        open(4, 5);
        assertThat(bench.status(nic).state()).isEqualTo(State.ACTIVE);
        assertThat(nic.calls).containsSubsequence("add 4 from left", "flush");
        assertThat(nic.calls).doesNotContain("add 5 from left");
        assertThat(bench.count(nic, Counter.QUARANTINED)).isEqualTo(1);
        bench.udp(1);
        bench.udp(5);
        bench.pass(2 * SECOND);
        assertThat(nic.held).isNotEmpty();
        assertThat(nic.faults).isEmpty();
    }

    @Test
    void aLongBatchThatGoesOnIsNotTakenForOneThatHangs() {
        nic.before = () -> {
            bench.nowNs += SECOND / 2;
            bench.manager.watch();
        };
        open(1, 10);
        assertThat(bench.status(nic).state()).isEqualTo(State.ACTIVE);
        assertThat(nic.held).hasSize(10);
        assertThat(bench.status(nic).maxLatencyNs()).isEqualTo(5 * SECOND);
        assertThat(bench.status(nic).meanLatencyNs()).isEqualTo(SECOND / 2);
    }

    /** A pause of the whole process, for example, is no fault of whoever was in a call meanwhile. */
    @Test
    void aTimeInWhichNobodyWatchedCountsForHalfOfTheLimitAtTheMost() {
        final List<State> states = new ArrayList<>();
        nic.before = () -> {
            nic.before = () -> { };
            bench.watch(SECOND / 10);
            bench.nowNs += 60 * SECOND;
            bench.watch(SECOND / 10);
            states.add(bench.status(nic).state());
            bench.watch(SECOND);
            states.add(bench.status(nic).state());
        };
        open(1, 1);
        assertThat(states).containsExactly(State.ACTIVE, State.STUCK);
    }

    @Test
    void noCallStartsOnceAProviderThatHangsWasUnbound() {
        open(1, 1);
        nic.before = () -> {
            nic.before = () -> { };
            bench.watch(2 * SECOND);
            bench.manager.remove(nic);
        };
        nic.calls.clear();
        open(2, 10);
        assertThat(nic.calls).containsExactly("add 2 from left");
        assertThat(bench.manager.providers()).extracting(status -> status.name()).containsExactly("good");
        assertThat(good.held).hasSize(10);
    }

    @Test
    void aProviderThatClaimsSuccessAndForgetsIsFoundOut() {
        bench.manager.remove(good);
        final FakeProvider forgetful = FakeProvider.tracks("forgetful");
        forgetful.update = id -> Activity.UNKNOWN;
        bench.manager.remove(nic);
        bench.add(forgetful);
        open(1, 10);
        assertThat(bench.manager.held()).hasSize(10);
        bench.pass(2 * SECOND);
        assertThat(bench.status(forgetful).state()).isEqualTo(State.QUARANTINED);
        assertThat(bench.status(forgetful).lastFailure().orElseThrow()).contains("does not know");
        assertThat(bench.all()).hasSize(10).allMatch(connection -> !connection.offloaded()
            && connection.remainingNs() == 60 * SECOND);
    }

    @Test
    void aProviderThatReportsWhatItDoesNotHoldIsFoundOutAndNobodyElseIsHarmed() {
        open(1, 2);
        final long id = bench.id(1, 17);
        final ProviderContext context = nic.context;
        context.answer(id + 1_000_000, Answer.ACCEPTED);
        context.lost(123, "made up");
        context.pathLost(5, "made up");
        bench.settle();
        assertThat(bench.count(nic, Counter.NONSENSE)).isEqualTo(3);
        assertThat(bench.status(nic).state()).isEqualTo(State.ACTIVE);
        context.closing(456);
        bench.settle();
        assertThat(bench.status(nic).state()).isEqualTo(State.QUARANTINED);
        assertThat(bench.chapter(good, id).state()).isEqualTo(OffloadState.ADDED);
        assertThat(bench.connection(id).originalCount().packets()).isEqualTo(1);
    }

    @Test
    void aProviderWhoseCountersGoBackIsPutIntoQuarantine() {
        open(1, 10);
        nic.update = id -> new Activity(0, 100, 100, 0, 0);
        bench.pass(2 * SECOND);
        nic.update = id -> new Activity(0, 50, 50, 0, 0);
        bench.pass(2 * SECOND);
        assertThat(bench.status(nic).state()).isEqualTo(State.QUARANTINED);
        assertThat(bench.all()).allMatch(connection -> connection.originalCount().packets() == 101);
    }

    @Test
    void aProviderThatCanNotEvenSayWhatItIsIsTriedAgain() {
        final FakeProvider shy = new FakeProvider("shy", null);
        bench.add(shy);
        assertThat(bench.status(shy).state()).isEqualTo(State.QUARANTINED);
        assertThat(bench.status(shy).lastFailure().orElseThrow()).isEqualTo("capabilities says null");
        open(1, 1);
        assertThat(shy.calls).isEmpty();
        shy.capabilities = Capabilities.TRACKS;
        bench.pass(SECOND);
        assertThat(bench.status(shy).state()).isEqualTo(State.ACTIVE);
        assertThat(shy.held).hasSize(1);
    }

    @Test
    void quarantineIsEndedByHand() {
        nic.add = connection -> Answer.failed("no");
        open(1, 10);
        assertThat(bench.status(nic).state()).isEqualTo(State.QUARANTINED);
        nic.add = connection -> Answer.ACCEPTED;
        bench.manager.resume("nic");
        bench.settle();
        assertThat(bench.status(nic).state()).isEqualTo(State.ACTIVE);
        assertThat(nic.held).hasSize(10);
    }

    @Test
    void whoeverOfferedAPathMayThrowWithoutHarm() {
        final FakeProvider forwarding = FakeProvider.forwards("fwd");
        bench.add(forwarding);
        final long id = bench.udp(1);
        bench.udpReply(1);
        bench.settle();
        bench.manager.paths().offer(bench.path(id, false), new Paths.Listener() {
            @Override
            public void passed(final long packets, final long bytes) {
                throw broken();
            }
        });
        bench.settle();
        forwarding.pathActivity.replaceAll((path, before) -> new Activity(0, 5, 500, 0, 0));
        bench.pass(4 * SECOND);
        assertThat(bench.status(forwarding).state()).isEqualTo(State.ACTIVE);
        assertThat(bench.connection(id).originalCount().packets()).isEqualTo(6);
    }
}
