// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import java.util.ArrayList;
import java.util.List;
import org.trackway.offload.OffloadState;
import org.trackway.offload.spi.Activity;

/**
 * What one provider made of one connection. Belongs to its {@link ProviderTable} and is guarded by the worker's
 * monitor; what is volatile is read by any thread.
 *
 * <pre>
 *   phase         held there  state        next
 *   OFFERED       no          NONE         ASKED when its turn comes; GONE if its connection is gone (cancelled)
 *   ASKED         maybe       NONE         ADDED accepted; WAITING later, full, failed; REFUSED no; LEAVING no answer
 *   ADDED         yes         ADDED        ESTABLISHING when both directions were seen; LEAVING
 *   ESTABLISHING  yes         ADDED        ESTABLISHED accepted; ADDED anything else; LEAVING
 *   ESTABLISHED   yes         ESTABLISHED  LEAVING
 *   LEAVING       yes         as before    WAITING or GONE once it is deleted
 *   WAITING       no          NONE         OFFERED when a later look finds it fit, or that there is room
 *   REFUSED       no          NONE         never offered to this provider again
 *   GONE          no          NONE         OFFERED by the next scan, if it is fit
 * </pre>
 */
final class Chapter extends Subject {

    /** How far it is. */
    enum Phase {
        OFFERED, ASKED, ADDED, ESTABLISHING, ESTABLISHED, LEAVING, WAITING, REFUSED, GONE;

        /** {@return whether the provider holds it, or may} */
        boolean isHeld() {
            return this == ASKED || this == ADDED || this == ESTABLISHING || this == ESTABLISHED || this == LEAVING;
        }
    }

    private final ProviderTable table;
    private final Dossier dossier;
    private volatile Phase phase = Phase.GONE;
    private volatile OffloadState state = OffloadState.NONE;
    private volatile String reason = "";
    private volatile long sinceNs;
    /** Directions that may want a path of this provider: 1 original, 2 reply. */
    volatile int open;
    /** Directions whose packets may pass unseen: 1 original, 2 reply. */
    volatile int unseen;

    /** Whether the provider has said that it will answer later. */
    boolean pending;
    /** Whether the provider may forward it from add on. */
    boolean oneWay;
    /** Whether the present hold counts as unseen (TRACKS). */
    boolean exposed;
    /** How often mark or label had changed when the provider was told of them; see {@link Dossier#remark}. */
    int remarks;
    /** Since when an answer is missing that the provider will give later. */
    long pendingNs;
    /** Whether the provider is to be asked to establish it at the next occasion. */
    boolean toEstablish;
    /** Whether it has said that it never will. */
    boolean neverEstablish;
    /** Whether its activity is to be asked for. */
    boolean due;
    /** What happens when it has left: whether its timeout starts anew, and whether it is offered again. */
    boolean renew;
    boolean again;
    /** Whether it waits for room, not for a later answer. */
    boolean forRoom;
    /** When it left without anybody knowing when it was last seen; it is not offered again before its next packet. */
    long leftNs = Long.MIN_VALUE;
    long addedNs;
    /** When its time is over, as far as is known. */
    long expiresNs;
    /** Tells the present entry in the queue of those that are due from older ones. */
    long dueNs;
    Activity last = Activity.UNTOLD;
    /** Whether hardware has lost it, so that there is nothing to delete. */
    boolean lost;
    /** Packets each nanosecond in hardware, between the last two answers; what has passed since, and since when. */
    double rate;
    long passed;
    long ratedNs;
    /** Packets each nanosecond in software, between the last two looks; what the last one saw, -1 if there was none. */
    double demand;
    long seenPackets;
    long seenNs;
    /** Paths of this provider that its packets take. */
    final List<PathEntry> paths = new ArrayList<>(0);

    Chapter(final ProviderTable table, final Dossier dossier) {
        this.table = table;
        this.dossier = dossier;
    }

    ProviderTable table() {
        return table;
    }

    Dossier dossier() {
        return dossier;
    }

    long id() {
        return dossier.id();
    }

    Phase phase() {
        return phase;
    }

    OffloadState state() {
        return state;
    }

    String reason() {
        return reason;
    }

    long sinceNs() {
        return sinceNs;
    }

    /** Comes to another phase, and says why if there is anything to say. */
    void turn(final Phase to, final String why, final long nowNs) {
        phase = to;
        reason = why;
        final OffloadState before = state;
        state = switch (to) {
            case ADDED, ESTABLISHING -> OffloadState.ADDED;
            case ESTABLISHED -> OffloadState.ESTABLISHED;
            case LEAVING -> before;
            default -> OffloadState.NONE;
        };
        if (to != Phase.ASKED && to != Phase.ESTABLISHING) {
            sinceNs = nowNs;
        }
    }

    /** Ends the time in which its rate in hardware is measured, and begins anew. */
    void rate(final long nowNs) {
        rate = nowNs > ratedNs ? (double) passed / (nowNs - ratedNs) : 0;
        passed = 0;
        ratedNs = nowNs;
    }

    /** Adds why it goes no further, or did not. */
    void remark(final String why) {
        reason = why;
    }
}
