// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.dummy;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Lets packet threads in without waiting, and lets others wait until all that were in have left. While somebody waits
 * nobody gets in. Thread-safe; who is in must not wait.
 */
final class Gate {

    private static final long NAP_NS = 10_000;

    private final AtomicInteger inside = new AtomicInteger();
    private volatile boolean shut;

    /** {@return whether one is in; then {@link #leave} has to follow} */
    boolean enter() {
        inside.incrementAndGet();
        if (shut) {
            leave();
            return false;
        }
        return true;
    }

    void leave() {
        inside.decrementAndGet();
    }

    /** Returns when everybody who was in has left. Called by one thread at a time. */
    void await() {
        shut = true;
        while (inside.get() != 0) {
            LockSupport.parkNanos(NAP_NS);
        }
        shut = false;
    }
}
