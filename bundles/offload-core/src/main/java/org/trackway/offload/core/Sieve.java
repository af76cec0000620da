// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

/**
 * Says of most connections at once that they are not in a set, from memory so small that it stays in the first-level
 * cache: packet threads ask of every packet. Written by one thread at a time; what it has written is seen by whoever
 * sees a later volatile write of it.
 */
final class Sieve {

    private static final int BITS = 14;

    /** How many members have each hash, and one bit of each that any has. */
    private final int[] counts = new int[1 << BITS];
    private final int[] words = new int[1 << BITS - 5];

    /** {@return whether it may be in the set; if not, it is not} */
    boolean mayHold(final long connectionId) {
        final int hash = hash(connectionId);
        return (words[hash >>> 5] & 1 << hash) != 0;
    }

    void add(final long connectionId) {
        final int hash = hash(connectionId);
        counts[hash]++;
        words[hash >>> 5] |= 1 << hash;
    }

    /** Removes one that was added. */
    void remove(final long connectionId) {
        final int hash = hash(connectionId);
        if (--counts[hash] == 0) {
            words[hash >>> 5] &= ~(1 << hash);
        }
    }

    private static int hash(final long connectionId) {
        return (int) (connectionId * 0x9E3779B97F4A7C15L >>> Long.SIZE - BITS);
    }
}
