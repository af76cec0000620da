// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * What packet threads note for one provider: a bounded ring of primitive notes. Any thread puts notes in, without
 * blocking and without allocating; whoever holds the worker's monitor takes them out.
 *
 * <p>Every place has a sequence number: equal to the position of the next writer it is free, one above that it is
 * filled. It is written last and read first, which publishes the rest of the place.
 */
final class NoteRing {

    /** A connection was committed. */
    static final byte ADD = 0;
    /** A connection was seen in both directions. */
    static final byte ESTABLISHED = 1;
    /** Protocol state, mark or label of a connection changed. */
    static final byte CHANGED = 2;
    /** A connection that was held is gone. */
    static final byte DELETE = 3;

    private final int mask;
    private final AtomicLongArray sequences;
    private final long[] ids;
    private final byte[] kinds;
    private final PortRef[] ports;
    private final AtomicLong tail = new AtomicLong();
    /** Below it, the reader has made an end of all notes: it has asked for the next. Written by the reader alone. */
    private volatile long head;
    /** Where the next note is taken out; the reader's own. */
    private long next;

    // The note that was taken out last; the reader's own.
    private byte kind;
    private long id;
    private PortRef port;

    /** Makes one for at least so many notes. */
    NoteRing(final int capacity) {
        final int size = Integer.highestOneBit(Math.max(2, capacity) - 1) << 1;
        mask = size - 1;
        sequences = new AtomicLongArray(size);
        for (int i = 0; i < size; i++) {
            sequences.set(i, i);
        }
        ids = new long[size];
        kinds = new byte[size];
        ports = new PortRef[size];
    }

    /** {@return whether there was room} */
    boolean offer(final byte noteKind, final long connectionId, final PortRef notePort) {
        while (true) {
            final long position = tail.get();
            final int place = (int) position & mask;
            final long sequence = sequences.getAcquire(place);
            if (sequence == position) {
                if (tail.compareAndSet(position, position + 1)) {
                    kinds[place] = noteKind;
                    ids[place] = connectionId;
                    ports[place] = notePort;
                    sequences.setRelease(place, position + 1);
                    return true;
                }
            } else if (sequence < position) {
                return false;
            }
            // Else another writer was faster.
        }
    }

    /** Takes the next note out; the one before it is done with. {@return whether there was one} */
    boolean poll() {
        final long position = next;
        head = position;
        final int place = (int) position & mask;
        if (sequences.getAcquire(place) != position + 1) {
            return false;
        }
        kind = kinds[place];
        id = ids[place];
        port = ports[place];
        ports[place] = null;
        sequences.setRelease(place, position + mask + 1);
        next = position + 1;
        return true;
    }

    byte kind() {
        return kind;
    }

    long id() {
        return id;
    }

    /** {@return the port where the packet came in, null if none is known} */
    PortRef port() {
        return port;
    }

    /** {@return how many notes wait or were taken out and are not done with, about} */
    int size() {
        return (int) Math.max(0, Math.min(mask + 1L, tail.get() - head));
    }
}
