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
    /** How much progress there was when that was looked at last, when that was, and for how long there was no more. */
    private int seen;
    private long lookedNs;
    private long idleNs;
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
        seen = made();
        lookedNs = nowNs;
        idleNs = 0;
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

    /**
     * {@return whether a call is under way that has not got on for longer than this} To be asked at least twice within
     * the limit: who asks more rarely was stopped himself, maybe with the whole process, and the call with him, so that no
     * more than half of it is counted between two times.
     */
    boolean isHanging(final long limitNs, final long nowNs) {
        final int made = made();
        idleNs = made == seen ? idleNs + Math.min(nowNs - lookedNs, limitNs / 2) : 0;
        seen = made;
        lookedNs = nowNs;
        return calling && idleNs > limitNs;
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
