// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.live;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.assertj.core.api.Assertions;

/** Waits for what other processes and the kernel do. */
final class Await {

    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(60);
    private static final long SHORT_PATIENCE_NS = TimeUnit.SECONDS.toNanos(5);
    private static final long STEP_NS = TimeUnit.MILLISECONDS.toNanos(10);

    private Await() {
    }

    /** Returns as soon as the condition holds; fails if it does not within a minute. */
    static void until(final String what, final BooleanSupplier condition) {
        Assertions.assertThat(holds(condition, PATIENCE_NS)).as(what).isTrue();
    }

    /** Returns as soon as something is as it should be; fails if it is not within some seconds. */
    static <T> void equal(final Supplier<T> actual, final T wanted) {
        if (!holds(() -> actual.get().equals(wanted), SHORT_PATIENCE_NS)) {
            Assertions.assertThat(actual.get()).isEqualTo(wanted);
        }
    }

    private static boolean holds(final BooleanSupplier condition, final long patienceNs) {
        final long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > patienceNs) {
                return false;
            }
            LockSupport.parkNanos(STEP_NS);
        }
        return true;
    }
}
