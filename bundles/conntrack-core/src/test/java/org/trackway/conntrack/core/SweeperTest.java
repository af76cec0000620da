// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.CtAction;
import org.trackway.conntrack.TimeoutPolicy;
import org.trackway.conntrack.spi.ConnectionObserver;
import org.trackway.conntrack.spi.ConnectionView;

/** The thread itself: what it does is awaited, never slept for. */
@Timeout(30)
class SweeperTest {

    private static ConntrackSettings every(final int intervalMs) {
        return ConntrackSettings.DEFAULT.withSweepIntervalMs(intervalMs)
            .withTimeoutPolicy(TimeoutPolicy.parse("gone: udp_first=0"));
    }

    /** Opens a connection that has expired already, and says when it is swept. */
    private static CountDownLatch openExpired(final TrackerBench bench) {
        final CountDownLatch swept = new CountDownLatch(1);
        bench.tracker.observe(new ConnectionObserver() {
            @Override
            public void destroyed(final ConnectionView connection, final Reason reason) {
                swept.countDown();
            }
        });
        bench.send(CtAction.builder().commit().timeoutPolicy("gone").build(), TrackerBench.udp());
        return swept;
    }

    @Test
    void itSweepsAtItsIntervalAgainAndAgain() throws InterruptedException {
        final TrackerBench bench = new TrackerBench(every(1));
        final Sweeper sweeper = new Sweeper(bench.tracker);
        sweeper.start();
        for (int round = 0; round < 3; round++) {
            assertThat(openExpired(bench).await(20, TimeUnit.SECONDS)).isTrue();
        }
        sweeper.stop();
        assertThat(bench.tracker.count()).isZero();
    }

    @Test
    void aShorterIntervalCountsAtOnce() throws InterruptedException {
        final TrackerBench bench = new TrackerBench(every(Integer.MAX_VALUE));
        final CountDownLatch swept = openExpired(bench);
        final Sweeper sweeper = new Sweeper(bench.tracker);
        sweeper.start();
        assertThat(swept.getCount()).isEqualTo(1);
        bench.tracker.settings(every(1));
        sweeper.wake();
        assertThat(swept.await(20, TimeUnit.SECONDS)).isTrue();
        sweeper.stop();
    }

    @Test
    void aFailingSweepIsNotTheLastOne() throws InterruptedException {
        final AtomicInteger asked = new AtomicInteger();
        final CountDownLatch again = new CountDownLatch(1);
        final Sweeper sweeper = new Sweeper(new Tracker("failing", every(1), () -> {
            if (asked.incrementAndGet() < 3) {
                throw new LinkageError("a guest's clock went with its bundle");
            }
            again.countDown();
            return 0;
        }));
        sweeper.start();
        assertThat(again.await(10, TimeUnit.SECONDS)).isTrue();
        sweeper.stop();
    }

    @Test
    void afterStopItsThreadIsGone() {
        final TrackerBench bench = new TrackerBench(every(Integer.MAX_VALUE));
        final Sweeper sweeper = new Sweeper(bench.tracker);
        sweeper.start();
        sweeper.stop();
        assertThat(Thread.getAllStackTraces().keySet()).extracting(Thread::getName)
            .doesNotContain("trackway-sweep-test");
    }
}
