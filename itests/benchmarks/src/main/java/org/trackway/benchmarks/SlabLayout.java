// SPDX-License-Identifier: Apache-2.0
package org.trackway.benchmarks;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Entries of 16 words in flat chunks, found through sharded open-addressed indexes whose slots hold 32 bits of the
 * hash and a 32-bit entry reference; reference 0 is no entry.
 */
final class SlabLayout extends TableLayout {

    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);
    private static final int CHUNK_BITS = 14;
    private static final int CHUNK_MASK = (1 << CHUNK_BITS) - 1;
    private static final int ENTRY_BITS = 4;

    /**
     * A chunk with its header is exactly 2 MB, and the last entry is given up for that: one byte more, and G1 would
     * round it up to another whole region.
     */
    private static final int CHUNK_WORDS = (1 << CHUNK_BITS + ENTRY_BITS) - 2;
    private static final int BATCH = 32;

    /** Words from an array's first element to its next cache line, if the array starts on one (header: 16 bytes). */
    private static final int ALIGNING_WORDS = 6;

    private static final int LOCK = 0;
    private static final int LOW = 1;
    private static final int HIGH = 2;
    private static final int EXPIRATION = 5;
    private static final int COUNTERS = 8;
    private static final int CREATED = 12;
    private static final int LAST_SEEN = 13;

    private final int base;
    private final int depth;
    private final int shardShift;
    private final long[][] indexes;
    private final long[][] chunks;
    private int entries = 1;
    private long sink;

    private final long[] lows = new long[BATCH];
    private final long[] highs = new long[BATCH];
    private final long[] hashes = new long[BATCH];
    private final long[] firstSlots = new long[BATCH];
    private final int[] references = new int[BATCH];

    /**
     * @param depth how much of the batch's work is overlapped: 0 nothing, 1 the index, 2 also each entry's first cache
     *     line, 3 also its second
     */
    SlabLayout(int expected, int shards, boolean aligned, double load, int depth) {
        this.base = aligned ? ALIGNING_WORDS : 0;
        this.depth = depth;
        shardShift = 64 - Integer.numberOfTrailingZeros(shards);
        indexes = new long[shards][slots((int) (expected * 1.02 / shards) + 8, load)];
        chunks = new long[expected / CHUNK_MASK + 1][];
        chunks[0] = new long[CHUNK_WORDS];
        for (int i = 0; i < shards; i++) {
            indexes[i] = indexes[0].clone();
        }
    }

    static int slots(int expected, double load) {
        return Integer.highestOneBit((int) (expected / load) - 1) << 1;
    }

    private long[] index(long hash) {
        return indexes[shardShift == 64 ? 0 : (int) (hash >>> shardShift)];
    }

    @Override
    void add(long addresses, long ports, long now) {
        if ((entries & CHUNK_MASK) == CHUNK_MASK) {
            entries++;
        }
        int reference = entries++;
        if (chunks[reference >>> CHUNK_BITS] == null) {
            chunks[reference >>> CHUNK_BITS] = new long[CHUNK_WORDS];
        }
        long[] chunk = chunks[reference >>> CHUNK_BITS];
        int at = offset(reference);
        long low = low(addresses, ports);
        long high = high(addresses, ports);
        chunk[at + LOCK] = direction(addresses, ports) << 1;
        chunk[at + LOW] = low;
        chunk[at + HIGH] = high;
        chunk[at + CREATED] = now;
        long hash = hashOrdered(low, high);
        long[] index = index(hash);
        int mask = index.length - 1;
        int slot = (int) hash & mask;
        while (index[slot] != 0) {
            slot = slot + 1 & mask;
        }
        index[slot] = tag(hash) | reference;
    }

    @Override
    int update(long[] addresses, long[] ports, int from, int n, long now) {
        return depth == 0 ? oneByOne(addresses, ports, from, n, now) : staged(addresses, ports, from, n, now);
    }

    private int oneByOne(long[] addresses, long[] ports, int from, int n, long now) {
        int found = 0;
        for (int i = from; i < from + n; i++) {
            long low = low(addresses[i], ports[i]);
            long high = high(addresses[i], ports[i]);
            long hash = hashOrdered(low, high);
            long[] index = index(hash);
            int reference = find(index, hash, (long) WORD.getAcquire(index, (int) hash & index.length - 1), low, high);
            if (reference != 0) {
                update(reference, low, high, direction(addresses[i], ports[i]), now);
                found++;
            }
        }
        return found;
    }

    private int staged(long[] addresses, long[] ports, int from, int n, long now) {
        long[] h = hashes;
        long[] l = lows;
        long[] g = highs;
        long[] s = firstSlots;
        int[] r = references;
        for (int i = 0; i < n; i++) {
            l[i] = low(addresses[from + i], ports[from + i]);
            g[i] = high(addresses[from + i], ports[from + i]);
            h[i] = hashOrdered(l[i], g[i]);
        }
        for (int i = 0; i < n; i++) {
            long[] index = index(h[i]);
            s[i] = (long) WORD.getOpaque(index, (int) h[i] & index.length - 1);
        }
        for (int i = 0; i < n; i++) {
            r[i] = candidate(h[i], s[i]);
        }
        if (depth >= 2) {
            touch(r, n);
        }
        int found = 0;
        for (int i = 0; i < n; i++) {
            int reference = r[i];
            if (reference != 0 && !matches(reference, l[i], g[i])) {
                reference = find(index(h[i]), h[i], s[i], l[i], g[i]);
            }
            if (reference != 0) {
                update(reference, l[i], g[i], direction(addresses[from + i], ports[from + i]), now);
                found++;
            }
        }
        return found;
    }

    /** The first entry whose 32 bits of hash agree: nearly always the right one, known without touching it. */
    private int candidate(long hash, long firstSlot) {
        if ((firstSlot ^ hash) >>> 32 == 0 || firstSlot == 0) {
            return (int) firstSlot;
        }
        long[] index = index(hash);
        int mask = index.length - 1;
        int at = (int) hash & mask;
        long slot;
        do {
            at = at + 1 & mask;
            slot = (long) WORD.getAcquire(index, at);
        } while (slot != 0 && (slot ^ hash) >>> 32 != 0);
        return (int) slot;
    }

    /** Loads the entries' cache lines with nothing between the loads that would wait for one of them. */
    private void touch(int[] references, int n) {
        long touched = 0;
        for (int i = 0; i < n; i++) {
            int reference = references[i];
            long[] chunk = chunks[reference >>> CHUNK_BITS];
            int at = offset(reference);
            touched += (long) WORD.getOpaque(chunk, at + LOW);
            if (depth >= 3) {
                touched += (long) WORD.getOpaque(chunk, at + LAST_SEEN);
            }
        }
        sink = touched;
    }

    private int find(long[] index, long hash, long firstSlot, long low, long high) {
        int mask = index.length - 1;
        int at = (int) hash & mask;
        long slot = firstSlot;
        while (slot != 0) {
            if ((slot ^ hash) >>> 32 == 0 && matches((int) slot, low, high)) {
                return (int) slot;
            }
            at = at + 1 & mask;
            slot = (long) WORD.getAcquire(index, at);
        }
        return 0;
    }

    private boolean matches(int reference, long low, long high) {
        long[] chunk = chunks[reference >>> CHUNK_BITS];
        int at = offset(reference);
        return (chunk[at + LOW] ^ low | chunk[at + HIGH] ^ high) == 0;
    }

    private void update(int reference, long low, long high, long direction, long now) {
        long[] chunk = chunks[reference >>> CHUNK_BITS];
        int at = offset(reference);
        long state = (long) WORD.getOpaque(chunk, at + LOCK) & ~1L;
        while (!WORD.compareAndSet(chunk, at + LOCK, state, state | 1)) {
            Thread.onSpinWait();
            state = (long) WORD.getOpaque(chunk, at + LOCK) & ~1L;
        }
        if ((chunk[at + LOW] ^ low | chunk[at + HIGH] ^ high) == 0) {
            int counters = at + COUNTERS + (int) (state & 2 ^ direction << 1);
            chunk[counters]++;
            chunk[counters + 1] += 106;
            chunk[at + EXPIRATION] = now + 30_000_000_000L;
            chunk[at + LAST_SEEN] = now;
        }
        WORD.setRelease(chunk, at + LOCK, state);
    }

    private int offset(int reference) {
        return base + ((reference & CHUNK_MASK) << ENTRY_BITS);
    }

    private static long tag(long hash) {
        return hash & 0xFFFFFFFF_00000000L;
    }
}
