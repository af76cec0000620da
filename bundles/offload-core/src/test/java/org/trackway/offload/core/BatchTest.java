// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.trackway.offload.core.Bench.SECOND;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.offload.OffloadState;
import org.trackway.offload.ProviderStatus.Counter;
import org.trackway.offload.spi.Activity;
import org.trackway.offload.spi.Answer;
import org.trackway.offload.spi.Capabilities;
import org.trackway.offload.spi.OffloadBatch;

/** Operations are gathered, submitted in order, and answered one by one. */
class BatchTest {

    private final FakeProvider nic = FakeProvider.tracks("nic");
    private final Bench bench = new Bench().add(nic);

    @Test
    void whatIsWaitingGoesInOneBatchInTheOrderInWhichItCame() {
        for (int port = 1; port <= 5; port++) {
            bench.udp(port);
        }
        bench.settle();
        assertThat(nic.batches).containsExactly(5);
        assertThat(nic.calls).extracting(call -> call.substring(0, 5))
            .containsExactly("add 1", "add 2", "add 3", "add 4", "add 5");
    }

    @Test
    void noBatchIsLargerThanTheProviderLikesNorThanIsConfigured() {
        nic.capabilities = Capabilities.TRACKS.withBatchSize(2);
        for (int port = 1; port <= 5; port++) {
            bench.udp(port);
        }
        bench.settle();
        assertThat(nic.batches).containsExactly(2, 2, 1);
        final Bench.Settings settings = new Bench.Settings();
        settings.batchSize = 1;
        bench.manager.settings(settings.make());
        nic.batches.clear();
        for (int port = 6; port <= 8; port++) {
            bench.udp(port);
        }
        bench.settle();
        assertThat(nic.batches).containsOnly(1);
    }

    @Test
    void activityIsAskedForInBatches() {
        for (int port = 1; port <= 100; port++) {
            bench.udp(port);
        }
        bench.settle();
        nic.batches.clear();
        bench.pass(2 * SECOND);
        assertThat(nic.batches).containsExactly(64, 36);
    }

    @Test
    void oneFailureOfABatchConcernsThatOneAlone() {
        nic.add = connection -> switch (connection.original().sourcePort()) {
            case 2 -> throw new IllegalStateException("odd");
            case 3 -> Answer.failed("broken");
            case 4 -> null;
            default -> Answer.ACCEPTED;
        };
        final List<Long> ids = List.of(bench.udp(1), bench.udp(2), bench.udp(3), bench.udp(4), bench.udp(5));
        bench.settle();
        assertThat(ids).extracting(bench.manager::state).containsExactly(OffloadState.ADDED, OffloadState.NONE,
            OffloadState.NONE, OffloadState.NONE, OffloadState.ADDED);
        assertThat(ids).extracting(id -> bench.connection(id).offloaded()).containsExactly(true, false, false, false,
            true);
        assertThat(bench.count(nic, Counter.FAILED)).isEqualTo(3);
        assertThat(bench.chapter(nic, ids.get(1)).reason()).contains("odd");
        assertThat(bench.chapter(nic, ids.get(2)).reason()).isEqualTo("broken");
    }

    @Test
    void whatABatchLeavesWithoutAnswerHasFailed() {
        final FakeProvider lazy = new FakeProvider("lazy", Capabilities.TRACKS) {
            @Override
            public void submit(final OffloadBatch batch) {
                batch.operations().get(0).answer(Answer.ACCEPTED);
                // Neither may it forget what it was asked.
                batch.operations().clear();
            }
        };
        bench.manager.remove(nic);
        bench.add(lazy);
        final List<Long> ids = List.of(bench.udp(1), bench.udp(2));
        bench.settle();
        assertThat(ids).extracting(bench.manager::state).containsExactly(OffloadState.ADDED, OffloadState.NONE);
        assertThat(bench.count(lazy, Counter.FAILED)).isEqualTo(1);
        assertThat(bench.status(lazy).lastFailure().orElseThrow()).contains("no answer");
    }

    @Test
    void aBatchThatThrowsFailsAndWhatIsThrownIsShown() {
        final FakeProvider broken = new FakeProvider("broken", Capabilities.TRACKS) {
            @Override
            public void submit(final OffloadBatch batch) {
                throw new NoClassDefFoundError("vendor/Driver");
            }
        };
        bench.add(broken);
        final long id = bench.udp(1);
        bench.settle();
        assertThat(bench.manager.state(id)).isEqualTo(OffloadState.ADDED);
        assertThat(bench.chapter(broken, id).state()).isEqualTo(OffloadState.NONE);
        assertThat(bench.count(broken, Counter.FAILED)).isEqualTo(2);
    }

    @Test
    void deletesComeBeforeNewAddsSoThatTheyMakeRoom() {
        nic.capabilities = Capabilities.TRACKS.withCapacity(1);
        bench.udp(1);
        bench.settle();
        bench.tracker.flush(ConnectionFilter.ALL);
        bench.udp(2);
        bench.settle();
        assertThat(nic.calls).containsExactly("add 1 from left", "delete 1", "add 2 from left");
        assertThat(bench.count(nic, Counter.REFUSED)).isZero();
    }

    @Test
    void aFullQueueDropsNotesNeverPacketsAndAScanFindsWhatWasMissed() {
        final Bench.Settings settings = new Bench.Settings();
        settings.queueSize = 64;
        final Bench small = new Bench(settings.make()).add(nic);
        nic.update = id -> new Activity(0, 0, 0, 0, 0);
        small.udp(1);
        small.settle();
        for (int port = 100; port < 300; port++) {
            small.udp(port);
        }
        small.tracker.flush(0, Bench.tuple(1, 17));
        assertThat(small.count(nic, Counter.OVERFLOWED)).isEqualTo(200 - 64 + 1);
        small.settle();
        assertThat(nic.held).hasSize(65);
        small.pass(2 * SECOND);
        assertThat(nic.held).hasSize(200);
        assertThat(nic.calls).contains("delete 1");
        assertThat(nic.faults).isEmpty();
        assertThat(small.all()).hasSize(200).allMatch(connection -> connection.offloaded());
    }

    @Test
    void aQueueOfAnotherSizeLosesNothing() {
        bench.udp(1);
        final Bench.Settings settings = new Bench.Settings();
        settings.queueSize = 64;
        bench.manager.settings(settings.make());
        bench.udp(2);
        bench.settle();
        bench.udp(3);
        bench.settle();
        assertThat(nic.held).hasSize(3);
    }
}
