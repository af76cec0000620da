// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.live;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.assertj.core.api.Assertions;

/** Waits for what other processes and the kernel do. */
final class Await {

    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(60);
    private static final long STEP_NS = TimeUnit.MILLISECONDS.toNanos(10);

    private Await() {
    }

    /** Returns as soon as the condition holds; fails if it does not within a minute. */
    static void until(final String what, final BooleanSupplier condition) {
        final long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > PATIENCE_NS) {
                Assertions.fail("Waited in vain for " + what);
            }
            LockSupport.parkNanos(STEP_NS);
        }
    }
}
