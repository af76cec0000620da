// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.function.LongSupplier;
import org.trackway.datapath.ReplayRequest.Clock;

/** The clock of a replay's own tracker, in nanoseconds. Set by the replay's thread, read by any. */
final class ReplayClock implements LongSupplier {

    private static final long TICK_NS = 1_000_000;

    private final Clock kind;
    private volatile long nowNs;

    ReplayClock(final Clock kind) {
        this.kind = kind;
    }

    @Override
    public long getAsLong() {
        return kind == Clock.MONOTONIC ? System.nanoTime() : nowNs;
    }

    /** {@return whether a packet of this time belongs to the present, and can be judged by the clock as it is} */
    boolean isNow(final long timestampNs) {
        return kind != Clock.CAPTURE || tick(timestampNs) <= nowNs;
    }

    /** Moves the clock to the time of a packet; it never goes back. */
    void moveTo(final long timestampNs) {
        if (kind == Clock.CAPTURE) {
            nowNs = Math.max(nowNs, tick(timestampNs));
        }
    }

    private static long tick(final long timestampNs) {
        return timestampNs / TICK_NS * TICK_NS;
    }
}
