// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.function.LongSupplier;
import org.trackway.datapath.ReplayRequest.Clock;

/**
 * The clock of a replay's own tracker, in nanoseconds. By the capture it starts at 0 with the first packet, so that ages and
 * durations are those within the capture. Set by the replay's thread, read by any.
 */
final class ReplayClock implements LongSupplier {

    private static final long TICK_NS = 1_000_000;

    private final Clock kind;
    private volatile long nowNs;
    /** Time of the first packet; the replay's thread alone has it. */
    private long startNs;
    private boolean started;

    ReplayClock(final Clock kind) {
        this.kind = kind;
    }

    @Override
    public long getAsLong() {
        return kind == Clock.MONOTONIC ? System.nanoTime() : nowNs;
    }

    /** {@return whether a packet of this time belongs to the present, and can be judged by the clock as it is} */
    boolean isNow(final long timestampNs) {
        return kind != Clock.CAPTURE || sinceStart(timestampNs) <= nowNs;
    }

    /** Moves the clock to the time of a packet; it never goes back. */
    void moveTo(final long timestampNs) {
        if (kind == Clock.CAPTURE) {
            if (!started) {
                started = true;
                startNs = timestampNs;
            }
            nowNs = Math.max(nowNs, sinceStart(timestampNs));
        }
    }

    private long sinceStart(final long timestampNs) {
        return Math.floorDiv(timestampNs - startNs, TICK_NS) * TICK_NS;
    }
}
