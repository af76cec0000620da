// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

/**
 * The calls of one provider: whether one is under way and gets on, and how long they take. Guarded by the worker's
 * monitor, but for {@link #progress}.
 */
final class Calls {

    private boolean calling;
    private Turn turn;
    private long startNs;
    /** When progress was seen last, and how much there was then. */
    private long progressNs;
    private int seen;
    /** Written by the worker's thread alone. */
    private volatile int asked;
    private long totalNs;
    private long operations;
    private long maxNs;

    /** A call begins, with a batch or without. */
    void begin(final Turn batch, final long nowNs) {
        calling = true;
        turn = batch;
        startNs = nowNs;
        progressNs = nowNs;
        seen = made();
    }

    /** The call has returned after so many operations; one without counts for the longest call only. */
    void end(final int performed, final long nowNs) {
        calling = false;
        turn = null;
        maxNs = Math.max(maxNs, nowNs - startNs);
        if (performed > 0) {
            totalNs += nowNs - startNs;
            operations += performed;
        }
    }

    /** The provider has answered something that is no operation of the batch. */
    void progress() {
        asked = asked + 1;
    }

    private int made() {
        return asked + (turn == null ? 0 : turn.batch.answered());
    }

    boolean isCalling() {
        return calling;
    }

    /** {@return whether a call is under way that has not got on for longer than this} */
    boolean isHanging(final long limitNs, final long nowNs) {
        final int made = made();
        if (made != seen) {
            seen = made;
            progressNs = nowNs;
        }
        return calling && nowNs - progressNs > limitNs;
    }

    /** Has what is left of the batch under way not performed. */
    void cancel() {
        if (turn != null) {
            turn.batch.cancel();
        }
    }

    long meanNs() {
        return operations == 0 ? 0 : totalNs / operations;
    }

    long maxNs() {
        return maxNs;
    }
}
