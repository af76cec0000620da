// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import java.util.Optional;
import org.trackway.offload.ProviderStatus.Counter;

/**
 * How well a provider behaves: failures in a row put it into quarantine, for a time that doubles while it goes on like
 * that. Guarded by the monitor of its worker; what is volatile is read by any thread.
 */
final class Health {

    private static final long MS = 1_000_000;
    private static final int MAX_BACK_OFF = 100;

    private final Tally tally;
    private volatile Optional<String> lastFailure = Optional.empty();
    private long failures;
    private int inRow;
    /** Reports in a row about what it does not hold. */
    private int nonsenseInRow;
    private boolean quarantined;
    private long sinceNs;
    private long retryNs;
    private int backOff;

    Health(final Tally tally) {
        this.tally = tally;
    }

    Optional<String> lastFailure() {
        return lastFailure;
    }

    /** {@return how many failures there were in all} */
    long failures() {
        return failures;
    }

    void success() {
        inRow = 0;
    }

    void failure(final String what) {
        inRow++;
        count(what);
    }

    /** A report about something that it holds, or a while without any: what was nonsense before is forgiven. */
    void sense() {
        nonsenseInRow = 0;
    }

    /** A report about something that it does not hold. One now and then is a race, not a fault. */
    void nonsense(final String what) {
        nonsenseInRow++;
        tally.add(Counter.NONSENSE);
        count(what);
    }

    private void count(final String what) {
        failures++;
        tally.add(Counter.FAILED);
        lastFailure = Optional.of(what);
    }

    boolean isExhausted(final int maxFailures) {
        return inRow >= maxFailures || nonsenseInRow >= maxFailures;
    }

    boolean isQuarantined() {
        return quarantined;
    }

    void quarantine(final int retryMs, final long nowNs) {
        if (!quarantined) {
            // Who behaved for longer than the longest quarantine starts with the shortest one again.
            backOff = backOff == 0 || nowNs - sinceNs > retryMs * MS * MAX_BACK_OFF ? 1
                : Math.min(MAX_BACK_OFF, backOff * 2);
            tally.add(Counter.QUARANTINED);
        }
        quarantined = true;
        sinceNs = nowNs;
        retryNs = nowNs + retryMs * MS * backOff;
        inRow = 0;
        nonsenseInRow = 0;
    }

    /** {@return when it is tried again} */
    long retryNs() {
        return quarantined ? retryNs : Long.MAX_VALUE;
    }

    /** Puts off when it is tried again: it still fails. */
    void prolong(final int retryMs, final long nowNs) {
        backOff = Math.min(MAX_BACK_OFF, backOff * 2);
        quarantined = true;
        sinceNs = nowNs;
        retryNs = nowNs + retryMs * MS * backOff;
    }

    void end(final long nowNs) {
        quarantined = false;
        sinceNs = nowNs;
    }

    /** Forgets what was. */
    void pardon() {
        quarantined = false;
        backOff = 0;
        inRow = 0;
        nonsenseInRow = 0;
    }
}
