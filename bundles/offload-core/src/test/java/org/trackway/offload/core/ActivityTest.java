// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.trackway.offload.core.Bench.MS;
import static org.trackway.offload.core.Bench.SECOND;

import org.junit.jupiter.api.Test;
import org.trackway.conntrack.Connection;
import org.trackway.offload.OffloadState;
import org.trackway.offload.ProviderStatus.Counter;
import org.trackway.offload.spi.Activity;

/** What hardware has seen keeps connections alive and counts, exactly as if software had seen it. */
class ActivityTest {

    private final FakeProvider nic = FakeProvider.tracks("nic");
    private final Bench bench = new Bench().add(nic);

    private long established(final int port) {
        final long id = bench.udp(port);
        bench.udpReply(port);
        bench.settle();
        return id;
    }

    @Test
    void trafficInHardwareKeepsAConnectionAliveThatIsIdleInSoftware() {
        final long id = established(1);
        nic.update = any -> new Activity(SECOND / 2, 0, 0, 0, 0);
        bench.pass(300 * SECOND);
        bench.tracker.sweep();
        assertThat(bench.manager.state(id)).isEqualTo(OffloadState.ESTABLISHED);
        assertThat(bench.connection(id).remainingNs()).isGreaterThan(25 * SECOND);
    }

    @Test
    void aConnectionThatIsIdleInHardwareTooEndsToTheNanosecond() {
        final long id = established(1);
        final long start = bench.nowNs;
        final long lastNs = start + 10 * SECOND + 7;
        nic.update = any -> new Activity(Math.max(0, bench.nowNs - lastNs), 0, 0, 0, 0);
        bench.pass(12 * SECOND);
        bench.pass(lastNs + 30 * SECOND - 1 - bench.nowNs);
        bench.tracker.sweep();
        assertThat(bench.connection(id).offloaded()).isTrue();
        assertThat(bench.connection(id).remainingNs()).isEqualTo(1);
        nic.calls.clear();
        bench.pass(1);
        assertThat(nic.calls).containsExactly("update 1", "delete 1");
        assertThat(bench.tracker.connection(id)).isEmpty();
        assertThat(bench.tracker.sweep()).isEqualTo(1);
        assertThat(nic.faults).isEmpty();
    }

    @Test
    void aConnectionThatHardwareNeverSawEndsWhenSoftwareSawItLast() {
        final long id = established(1);
        nic.update = any -> new Activity(bench.nowNs - 1_000 * SECOND, 0, 0, 0, 0);
        bench.pass(30 * SECOND - 1);
        assertThat(bench.connection(id).offloaded()).isTrue();
        bench.pass(1);
        assertThat(bench.tracker.connection(id)).isEmpty();
    }

    @Test
    void idleTimesLongerThanTheConnectionIsThereMeanSinceItWasAdded() {
        final long id = established(1);
        nic.update = any -> new Activity(Long.MAX_VALUE, 0, 0, 0, 0);
        bench.pass(2 * SECOND);
        assertThat(bench.connection(id).remainingNs()).isEqualTo(28 * SECOND);
    }

    @Test
    void activityIsAskedForOncePerInterval() {
        established(1);
        nic.calls.clear();
        nic.update = any -> new Activity(0, 0, 0, 0, 0);
        bench.pass(20 * SECOND);
        assertThat(nic.calls).hasSize(10).containsOnly("update 1");
    }

    @Test
    void countsAreSoftwareAndHardwareAndGoOnWhenTheProviderIsGone() {
        final long id = established(1);
        nic.saw(id, 0, 10, 20);
        bench.pass(2 * SECOND);
        assertThat(bench.connection(id).originalCount().packets()).isEqualTo(11);
        assertThat(bench.connection(id).replyCount()).isEqualTo(new Connection.Count(21, 2028));
        bench.pass(2 * SECOND);
        assertThat(bench.connection(id).originalCount().packets()).isEqualTo(11);
        nic.saw(id, 0, 15, 20);
        bench.manager.remove(nic);
        assertThat(bench.connection(id).originalCount().packets()).isEqualTo(16);
        assertThat(bench.connection(id).replyCount().packets()).isEqualTo(21);
        bench.add(nic);
        nic.saw(id, 0, 3, 0);
        bench.pass(2 * SECOND);
        assertThat(bench.connection(id).originalCount().packets()).isEqualTo(19);
    }

    @Test
    void countsNeverGoBackWhateverTheProviderSays() {
        final long id = established(1);
        nic.saw(id, 0, 10, 10);
        bench.pass(2 * SECOND);
        nic.saw(id, 0, 4, 20);
        bench.pass(2 * SECOND);
        assertThat(bench.connection(id).originalCount().packets()).isEqualTo(11);
        assertThat(bench.connection(id).replyCount().packets()).isEqualTo(11);
        assertThat(bench.count(nic, Counter.NONSENSE)).isEqualTo(1);
        assertThat(bench.count(nic, Counter.FAILED)).isEqualTo(1);
        nic.saw(id, 0, 12, 20);
        bench.pass(2 * SECOND);
        assertThat(bench.connection(id).originalCount().packets()).isEqualTo(13);
        assertThat(bench.connection(id).replyCount().packets()).isEqualTo(21);
    }

    @Test
    void whatTheProviderDoesNotKnowIsWithdrawnWithAFullTimeoutInSoftware() {
        final long id = established(1);
        nic.update = any -> Activity.UNKNOWN;
        bench.pass(20 * SECOND);
        assertThat(bench.connection(id).offloaded()).isFalse();
        assertThat(bench.count(nic, Counter.FAILED)).isEqualTo(1);
        assertThat(bench.connection(id).remainingNs()).isEqualTo(12 * SECOND);
        assertThat(nic.faults).isEmpty();
    }

    @Test
    void aProviderThatCanNotTellKeepsAConnectionUntilItsTimeoutAndItHasOneMoreInSoftware() {
        final long id = established(1);
        nic.update = any -> Activity.UNTOLD;
        bench.pass(29 * SECOND);
        assertThat(bench.connection(id).offloaded()).isTrue();
        bench.pass(SECOND);
        assertThat(bench.connection(id).offloaded()).isFalse();
        assertThat(bench.connection(id).remainingNs()).isEqualTo(30 * SECOND);
        assertThat(bench.count(nic, Counter.FAILED)).isZero();
        bench.pass(30 * SECOND);
        assertThat(bench.tracker.connection(id)).isEmpty();
    }

    @Test
    void aShortTimeoutIsAskedForBeforeTheIntervalIsOver() {
        final long id = bench.shortLived(1, 1);
        bench.settle();
        nic.calls.clear();
        nic.update = any -> new Activity(10 * MS, 0, 0, 0, 0);
        bench.pass(SECOND - 1);
        assertThat(nic.calls).isEmpty();
        bench.pass(1);
        assertThat(nic.calls).containsExactly("update 1");
        assertThat(bench.connection(id).remainingNs()).isEqualTo(990 * MS);
    }
}
