// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.trackway.offload.ProviderStatus.Counter;

/**
 * What packet threads leave for one worker: notes about connections, and paths that are offered or withdrawn. Any
 * thread puts in, without blocking; whoever holds the worker's monitor takes out. Bounded: a note too many is lost and
 * counted, a path too many is not taken; the withdrawal of one that was taken always is.
 */
final class Mailbox {

    private final Tally tally;
    private final Queue<OfferedPath> paths = new ConcurrentLinkedQueue<>();
    private final AtomicInteger pathCount = new AtomicInteger();
    private volatile NoteRing ring;
    private volatile int capacity;
    /** Whether a note was lost. */
    private volatile boolean overflowed;
    private volatile boolean shut;

    Mailbox(final Tally tally, final int capacity) {
        this.tally = tally;
        this.capacity = capacity;
        ring = new NoteRing(capacity);
    }

    /** {@return the notes} */
    NoteRing notes() {
        return ring;
    }

    /** Puts a note in, if there is room. */
    void note(final byte kind, final long connectionId, final PortRef port) {
        if (!ring.offer(kind, connectionId, port)) {
            tally.add(Counter.OVERFLOWED);
            overflowed = true;
        }
    }

    /** Puts a path in that is offered. {@return false if there is no room, or nobody to take it out} */
    boolean offer(final OfferedPath path) {
        if (pathCount.get() >= capacity) {
            tally.add(Counter.OVERFLOWED);
            return false;
        }
        return put(path);
    }

    /** Puts a path in that is to be looked at again. {@return false if there is nobody to take it out} */
    boolean put(final OfferedPath path) {
        pathCount.incrementAndGet();
        paths.add(path);
        if (shut && paths.remove(path)) {
            pathCount.decrementAndGet();
            return false;
        }
        return true;
    }

    /** {@return the next path, null if there is none} */
    OfferedPath takePath() {
        final OfferedPath path = paths.poll();
        if (path != null) {
            pathCount.decrementAndGet();
        }
        return path;
    }

    /** Says whether nobody takes paths out, so that none is put in. */
    void shut(final boolean value) {
        shut = value;
    }

    /** Makes room for another number of notes; those that are still being put in where they were are lost. */
    void resize(final int size) {
        capacity = size;
        ring = new NoteRing(size);
        overflowed = true;
    }

    /** {@return whether notes were lost since this was asked last} */
    boolean takeOverflowed() {
        final boolean was = overflowed;
        overflowed = false;
        return was;
    }

    boolean isEmpty() {
        return ring.size() == 0 && paths.isEmpty();
    }

    int size() {
        return ring.size() + pathCount.get();
    }
}
