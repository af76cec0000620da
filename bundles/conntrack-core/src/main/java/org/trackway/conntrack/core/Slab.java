// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * Memory for connections of one shape, as words in chunks of arrays. An entry is named by its index, from 1 on with
 * gaps between chunks, and may be used again after its connection went; the generation in its head tells one use from
 * the next.
 *
 * <pre>
 *   word                 content
 *   HEAD                 generation (32) | zone admission (24) | unused (5) | PENDING | LIVE | LOCKED
 *   PORTS                {@link Key#ports} of the forward key
 *   REPLY_PORTS          the same of the reply key
 *   EXPIRES              nanoseconds on the tracker's clock
 *   PEER0, PEER1         TCP: sequence numbers of the two peers
 *   STATE                TCP: windows, scales, states ({@link TcpMachine#both}); others: {@link Machine}'s state
 *   MARK                 mark (32) | timeout policy (16) | flags (16)
 *   ADDRESS              addresses of the forward key (1 word IPv4, 4 words IPv6)
 *   + addresses          addresses of the reply key
 *   + COUNTS             packets and bytes each way, creation and last-seen time; only with accounting
 * </pre>
 *
 * <p>What every look-up reads is in the first 64 bytes but for the addresses, which share a line with the counters.
 *
 * <p><b>Threads.</b> HEAD is read with acquire and taken by compare-and-set of its LOCKED bit. Whoever holds the lock, and
 * whoever holds an entry that is neither LIVE nor PENDING, owns all other words. A reader may compare key words without
 * the lock if it then takes the lock from the very head it had read: generation and LIVE unchanged means that the key was
 * too. {@link #allocate} and {@link #release} are guarded by this object; the arrays of chunks only grow and are published
 * by a volatile write before any index into them gets out.
 */
final class Slab {

    static final int HEAD = 0;
    static final int PORTS = 1;
    static final int REPLY_PORTS = 2;
    static final int EXPIRES = 3;
    static final int PEER0 = 4;
    static final int PEER1 = 5;
    static final int STATE = 6;
    static final int MARK = 7;
    static final int ADDRESS = 8;
    /** IPv4: addresses of the reply key. */
    static final int REPLY_ADDRESS4 = 9;
    /** IPv4, with accounting: where the counters begin. */
    static final int COUNTS4 = 10;

    static final long LOCKED = 1;
    static final long LIVE = 2;
    static final long PENDING = 4;
    static final int ADMISSION_SHIFT = 8;
    static final long ADMISSION_MASK = 0xffffff;
    /** Entries are used this often and then left alone, so that an id never comes again. */
    static final int MAX_GENERATION = (1 << 24) - 1;

    /** Entries of a small chunk: an ordinary object for every region size of the collector. */
    static final int CHUNK_ENTRIES = 1 << 11;
    /**
     * Entries of two whole cache lines lie in large chunks, but for the first: they fill 2 MB but for 64 bytes, header
     * included. G1 gives regions of their own to such, so that they begin at the beginning of a line; in regions of 1
     * and 2 MB (heaps below 8 GB) nothing is lost behind them.
     */
    private static final int LARGE_SHIFT = 14;
    private static final int LARGE_ENTRIES = (1 << LARGE_SHIFT) - 1;
    private static final int TWO_LINES = 16;
    /** With an array's header of two words a line. */
    private static final int REST_OF_LINE = 6;

    private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);

    final boolean v6;
    final boolean accounting;
    /** Offset of the reply key's addresses. */
    final int replyAddress;
    /** Offset of the counters; the entry's size without accounting. */
    final int counts;
    final int stride;
    /** An index, from high to low: the number of the chunk, and in {@link #mask} the place in it. */
    final int shift;
    final int mask;
    /** Where the first entry of a chunk begins. */
    final int start;
    private final int chunkEntries;

    private volatile long[][] chunks = new long[0][];
    private volatile Extension[][] extensions = new Extension[0][];
    /** Guarded by this: entries that were handed out before and are free, not chained in them, where each would be a miss. */
    private int[] free = new int[0];
    /** Guarded by this. */
    private int freeCount;
    /** Guarded by this; how many indexes were ever handed out. */
    private int used;

    Slab(final boolean v6, final boolean accounting) {
        this.v6 = v6;
        this.accounting = accounting;
        replyAddress = ADDRESS + (v6 ? 4 : 1);
        counts = replyAddress + (v6 ? 4 : 1);
        stride = counts + (accounting ? 6 : 0);
        final boolean large = stride == TWO_LINES;
        chunkEntries = large ? LARGE_ENTRIES : CHUNK_ENTRIES;
        shift = 32 - Integer.numberOfLeadingZeros(chunkEntries - 1);
        mask = (1 << shift) - 1;
        start = large ? REST_OF_LINE : 0;
    }

    private int entries(final int number) {
        return number == 0 ? CHUNK_ENTRIES : chunkEntries;
    }

    /** {@return all chunks that there are now} */
    long[][] chunks() {
        return chunks;
    }

    long[] chunk(final int index) {
        return chunks[index >>> shift];
    }

    /** {@return whether there is memory for this index} */
    boolean contains(final int index) {
        final int number = index >>> shift;
        return number < chunks.length && (index & mask) < entries(number);
    }

    int base(final int index) {
        return (index & mask) * stride + start;
    }

    static long headAcquire(final long[] chunk, final int base) {
        return (long) WORDS.getAcquire(chunk, base);
    }

    static boolean casHead(final long[] chunk, final int base, final long from, final long to) {
        return WORDS.compareAndSet(chunk, base, from, to);
    }

    static void headRelease(final long[] chunk, final int base, final long head) {
        WORDS.setRelease(chunk, base, head);
    }

    static void headVolatile(final long[] chunk, final int base, final long head) {
        WORDS.setVolatile(chunk, base, head);
    }

    static int generation(final long head) {
        return (int) (head >>> 32);
    }

    /**
     * Takes free entries, in memory's order where they are new.
     *
     * @param into gets their indexes
     * @param most how many are wanted
     * @return how many there are: at least one, but no new memory for more than that
     */
    synchronized int allocate(final int[] into, final int most) {
        int count = 0;
        while (count < most) {
            if (freeCount > 0) {
                into[count++] = free[--freeCount];
                continue;
            }
            int next = used + 1;
            if ((next & mask) >= entries(next >>> shift)) {
                next = (next >>> shift) + 1 << shift;
            }
            if (next >>> shift >= chunks.length) {
                if (count > 0) {
                    break;
                }
                // Memory first: where there is none, no index without any may be walked over.
                grow();
            }
            used = next;
            into[count++] = next;
        }
        return count;
    }

    /** One chunk more at a time: its zeros are still in the caches when connections are written over them. */
    private void grow() {
        final int count = chunks.length;
        final long[][] more = Arrays.copyOf(chunks, count + 1);
        more[count] = new long[entries(count) * stride + start];
        extensions = Arrays.copyOf(extensions, more.length);
        chunks = more;
    }

    /** Gives an entry back whose words nobody else reads any more. */
    synchronized void release(final int index) {
        if (freeCount == free.length) {
            free = Arrays.copyOf(free, freeCount + Math.max(16, freeCount / 2));
        }
        free[freeCount++] = index;
    }

    /** Gives entries back that were taken and not used, to be taken in the same order again. */
    synchronized void release(final int[] indexes, final int from, final int to) {
        for (int i = to - 1; i >= from; i--) {
            release(indexes[i]);
        }
    }

    /** {@return one more than the highest index handed out} */
    synchronized int end() {
        return used + 1;
    }

    /** {@return the connection's rare parts, or null; its lock is held} */
    Extension extension(final int index) {
        final Extension[] chunk = extensions[index >>> shift];
        return chunk == null ? null : chunk[index & mask];
    }

    /** Sets the connection's rare parts; its lock is held. */
    void extension(final int index, final Extension extension) {
        final int number = index >>> shift;
        Extension[] chunk = extensions[number];
        if (chunk == null) {
            if (extension == null) {
                return;
            }
            synchronized (this) {
                chunk = extensions[number];
                if (chunk == null) {
                    chunk = new Extension[entries(number)];
                    // The array of arrays is replaced, not written, so that growing can't lose the new row.
                    final Extension[][] rows = extensions.clone();
                    rows[number] = chunk;
                    extensions = rows;
                }
            }
        }
        chunk[index & mask] = extension;
    }

    /** {@return memory of all chunks and of the list of free entries, in bytes} */
    synchronized long bytes() {
        long words = 0;
        for (final long[] chunk : chunks) {
            words += chunk.length;
        }
        return words * Long.BYTES + (long) free.length * Integer.BYTES;
    }

    synchronized int capacity() {
        int capacity = 0;
        for (int number = 0; number < chunks.length; number++) {
            capacity += entries(number);
        }
        return capacity;
    }
}
