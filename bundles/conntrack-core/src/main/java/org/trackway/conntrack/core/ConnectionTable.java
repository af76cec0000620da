// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;
import org.trackway.conntrack.TableStatistics;

/**
 * The connection table: entries in {@link Slab}s, found through an index of 64-bit slots in {@value #SHARDS} shards.
 *
 * <p>A slot holds 32 bits of the hash and 32 bits that name the entry (index and which slab). The hash is the same for
 * both directions, so a connection without translation needs one slot; a translated one has a second slot for its reply
 * key. Slots are probed linearly, so that a look-up touches one cache line of the index and two of the entry, none of
 * which depends on another connection's memory. The layout was chosen by measurement (itests/benchmarks, table layouts).
 *
 * <p><b>Who reads, who writes.</b> Look-ups take no lock: a slot is read with acquire after its entry was written, and the
 * entry is then locked through its head (see {@link Slab}). Slots are written under the shard's monitor, which also makes
 * "look whether the key is free, then put it" one step. A rebuilt slot array is published by a volatile write; a reader
 * of the old one may miss a connection that is being added, never one that was there before.
 *
 * <p><b>Lock order:</b> shard, then connection. A thread that holds a connection's lock takes a shard's only after it has
 * cleared LIVE, which ends every wait for that connection. Nobody holds two shards or two connections.
 *
 * <p><b>Allocation:</b> only when entries or slots run out, in steps.
 */
final class ConnectionTable {

    /** Bits of a reference that say which slab: IPv6, and whether it keeps no account. */
    static final int KIND_BITS = 2;
    static final int KIND_MASK = (1 << KIND_BITS) - 1;
    private static final int KIND_V6 = 1;
    private static final int KIND_NO_ACCOUNT = 2;
    private static final int SHARDS = 256;
    private static final int REF_BITS = 28;
    private static final int GENERATION_BITS = 24;
    private static final long EMPTY = 0;
    /** A slot whose connection went: look-ups go on behind it until it is put to use or {@link #tidy} empties it. */
    private static final long DELETED = 1;
    private static final int WORDS_PER_LINE = 8;
    private static final VarHandle SLOTS = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle INDEX = MethodHandles.arrayElementVarHandle(long[][].class);
    private static final AtomicInteger TRACKERS = new AtomicInteger();

    /** What the writers of one part of the index know of it; guarded by its monitor. */
    private static final class Shard {
        final int number;
        int live;
        int deleted;

        Shard(final int number) {
            this.number = number;
        }
    }

    private final Slab[] slabs = {new Slab(false, true), new Slab(true, true), new Slab(false, false),
        new Slab(true, false)};
    private final Shard[] shards = new Shard[SHARDS];
    /** The slots of each shard; replaced with release under its monitor. */
    private final long[][] index = new long[SHARDS][16];
    /** One less than the number of slots of each shard; read without the monitor it may be that of other slots. */
    private final int[] masks = new int[SHARDS];
    private final long tracker = (TRACKERS.getAndIncrement() & 0xfffL) << REF_BITS + GENERATION_BITS;
    private final long salt;
    private final LongSupplier clock;
    private final IntFunction<Optional<String>> policyNames;
    private final AtomicInteger count = new AtomicInteger();
    /** Means nothing; what is read ahead goes somewhere, lest the compiler leave it out. */
    private long touched;
    /** Guests' storage; replaced as a whole under this object's monitor. */
    private volatile SlotStorage<?>[] storages = new SlotStorage<?>[0];

    ConnectionTable(final long salt, final LongSupplier clock, final IntFunction<Optional<String>> policyNames) {
        this.salt = salt;
        this.clock = clock;
        this.policyNames = policyNames;
        for (int i = 0; i < SHARDS; i++) {
            shards[i] = new Shard(i);
            masks[i] = index[i].length - 1;
        }
    }

    long now() {
        return clock.getAsLong();
    }

    Optional<String> policyName(final int policy) {
        return policyNames.apply(policy);
    }

    /** {@return the secret in every hash} */
    long salt() {
        return salt;
    }

    long hash(final Key key) {
        return key.hash(salt);
    }

    int count() {
        return count.get();
    }

    /** Counts one more connection in, unless there are {@code max} already. */
    boolean admit(final int max) {
        int now = count.get();
        while (now < max) {
            if (count.compareAndSet(now, now + 1)) {
                return true;
            }
            now = count.get();
        }
        return false;
    }

    /** Undoes {@link #admit} for a connection that was not made after all. */
    void dismiss() {
        count.decrementAndGet();
    }

    /** {@return the kind of connections of a family that count packets or don't} */
    static int kind(final boolean v6, final boolean accounting) {
        return (v6 ? KIND_V6 : 0) | (accounting ? 0 : KIND_NO_ACCOUNT);
    }

    Slab slab(final int ref) {
        return slabs[ref & KIND_MASK];
    }

    long id(final int ref, final int generation) {
        return tracker | (long) generation << REF_BITS | ref;
    }

    // ---- look-up ----

    private static int shardNumber(final long hash) {
        return (int) (hash >>> 56);
    }

    private Shard shard(final long hash) {
        return shards[shardNumber(hash)];
    }

    private long[] slots(final long hash) {
        return (long[]) INDEX.getAcquire(index, shardNumber(hash));
    }

    /**
     * Finds for each hash an entry that probably has a key with it; nothing is locked, and what is found is a hint.
     *
     * @param refs gets references, 0 where there is no such entry
     */
    void candidates(final long[] hashes, final int[] refs, final int size) {
        final long[][] all = index;
        for (int i = 0; i < size; i++) {
            final long[] slots = all[shardNumber(hashes[i])];
            final int tag = (int) hashes[i];
            final long slot = slots[tag & slots.length - 1];
            refs[i] = (int) (slot >>> 32) == tag && slot != DELETED ? (int) slot
                : slot == EMPTY ? 0 : candidate(slots, tag);
        }
        // So that what is read next is not older than the references.
        VarHandle.acquireFence();
    }

    private static int candidate(final long[] slots, final int tag) {
        final int mask = slots.length - 1;
        int at = tag & mask;
        for (int left = mask; left >= 0; left--) {
            final long slot = slots[at];
            if (slot == EMPTY) {
                return 0;
            }
            if ((int) (slot >>> 32) == tag && slot != DELETED) {
                return (int) slot;
            }
            at = at + 1 & mask;
        }
        return 0;
    }

    /**
     * Reads the slots where look-ups begin, so that the misses of a batch overlap; the result means nothing. The loop is
     * tight, and an address needs no array's length, so that the processor is ahead by as many packets as it can be.
     */
    long touchSlots(final long[] hashes, final int size) {
        final long[][] all = index;
        final int[] allMasks = masks;
        long sum = 0;
        for (int i = 0; i < size; i++) {
            final int shard = shardNumber(hashes[i]);
            final long[] slots = all[shard];
            final int at = (int) hashes[i] & allMasks[shard];
            if (at < slots.length) {
                sum += slots[at];
            }
        }
        return sum;
    }

    /**
     * Reads every cache line of these entries, where a reference is not 0, so that the misses of a batch overlap; the
     * result means nothing. First the head of each, then the rest, kind by kind: the loops are so tight that most of a
     * batch is under way at once, page tables included.
     */
    long touchEntries(final int[] refs, final int size) {
        int kinds = 0;
        for (int i = 0; i < size; i++) {
            kinds |= 1 << (refs[i] & KIND_MASK);
        }
        long sum = 0;
        for (int kind = 0; kind < slabs.length; kind++) {
            final long[][] chunks = slabs[kind].chunks();
            if ((kinds >>> kind & 1) != 0 && chunks.length > 0) {
                sum += touch(slabs[kind], chunks, kind, refs, size, 0);
                for (int word = WORDS_PER_LINE; word < slabs[kind].stride; word += WORDS_PER_LINE) {
                    sum += touch(slabs[kind], chunks, kind, refs, size, word);
                }
                if (slabs[kind].start == 0) {
                    // Not in step with lines.
                    sum += touch(slabs[kind], chunks, kind, refs, size, slabs[kind].stride - 1);
                }
            }
        }
        return sum;
    }

    private static long touch(final Slab slab, final long[][] chunks, final int kind, final int[] refs, final int size,
            final int word) {
        final int shift = slab.shift + KIND_BITS;
        final int mask = slab.mask;
        final int stride = slab.stride;
        final int start = slab.start + word;
        long sum = 0;
        for (int i = 0; i < size; i++) {
            final int ref = refs[i];
            if ((ref & KIND_MASK) == kind) {
                sum += chunks[ref >>> shift][(ref >>> KIND_BITS & mask) * stride + start];
            }
        }
        return sum;
    }

    /**
     * Finds and locks the live connection that has this key in either direction.
     *
     * @param candidate what {@link #candidates} said, or 0
     */
    boolean find(final Key key, final long hash, final int candidate, final long nowNs, final Cursor cursor) {
        if (candidate != 0 && lock(candidate, key, nowNs, cursor)) {
            return true;
        }
        final long[] slots = slots(hash);
        final int mask = slots.length - 1;
        final int tag = (int) hash;
        int at = tag & mask;
        for (int left = mask; left >= 0; left--) {
            final long slot = (long) SLOTS.getAcquire(slots, at);
            if (slot == EMPTY) {
                return false;
            }
            if ((int) (slot >>> 32) == tag && slot != DELETED && lock((int) slot, key, nowNs, cursor)) {
                return true;
            }
            at = at + 1 & mask;
        }
        return false;
    }

    private boolean lock(final int ref, final Key key, final long nowNs, final Cursor cursor) {
        final Slab slab = slabs[ref & KIND_MASK];
        if (slab.v6 != key.v6) {
            return false;
        }
        final int index = ref >>> KIND_BITS;
        final long[] words = slab.chunk(index);
        final int base = slab.base(index);
        for (int spins = 0;; spins++) {
            final long head = Slab.headAcquire(words, base);
            if ((head & Slab.LIVE) == 0) {
                return false;
            }
            // Both keys are compared without branching: which one it is can't be predicted.
            final long forward = difference(words, base + Slab.PORTS, base + Slab.ADDRESS, key);
            final long reply = difference(words, base + Slab.REPLY_PORTS, base + slab.replyAddress, key);
            final int differing = notZero(forward);
            if ((differing & notZero(reply)) != 0 || isExpired(words, base, nowNs)) {
                return false;
            }
            if ((head & Slab.LOCKED) == 0 && Slab.casHead(words, base, head, head | Slab.LOCKED)) {
                cursor.set(slab, ref, differing != 0);
                cursor.held = true;
                // Between look and lock another thread may have found it expired and taken its key; the head is the same.
                return !isExpired(words, base, nowNs) || unlocked(cursor);
            }
            pause(spins);
        }
    }

    private static void pause(final int spins) {
        if ((spins & 63) == 63) {
            Thread.yield();
        } else {
            Thread.onSpinWait();
        }
    }

    /** {@return 1 for every number but 0, without a branch} */
    static int notZero(final long value) {
        return (int) ((value | -value) >>> 63);
    }

    /** {@return 0 if the key stands at these words} */
    private static long difference(final long[] words, final int ports, final int address, final Key key) {
        final long difference = words[ports] ^ key.ports | words[address] ^ key.address0;
        return !key.v6 ? difference : difference | words[address + 1] ^ key.address1
            | words[address + 2] ^ key.address2 | words[address + 3] ^ key.address3;
    }

    /** Locks the connection with this id, if it is live and not expired. */
    boolean find(final long id, final long nowNs, final Cursor cursor) {
        final int ref = liveRef(id);
        return ref != 0 && lock(ref, (int) (id >>> REF_BITS) & Slab.MAX_GENERATION, cursor)
            && (!cursor.isExpired(nowNs) || unlocked(cursor));
    }

    /** Whether a connection's time is over; that it may be held is looked at last, since hardly any packet comes there. */
    private static boolean isExpired(final long[] words, final int base, final long nowNs) {
        return nowNs >= words[base + Slab.EXPIRES] && ((int) words[base + Slab.MARK] & Cursor.HELD) == 0;
    }

    private static boolean unlocked(final Cursor cursor) {
        cursor.unlock();
        return false;
    }

    private boolean lock(final int ref, final int generation, final Cursor cursor) {
        final Slab slab = slabs[ref & KIND_MASK];
        final int index = ref >>> KIND_BITS;
        final long[] words = slab.chunk(index);
        final int base = slab.base(index);
        for (int spins = 0;; spins++) {
            final long head = Slab.headAcquire(words, base);
            if ((head & Slab.LIVE) == 0 || Slab.generation(head) != generation) {
                return false;
            }
            if ((head & Slab.LOCKED) == 0 && Slab.casHead(words, base, head, head | Slab.LOCKED)) {
                cursor.set(slab, ref, false);
                cursor.held = true;
                return true;
            }
            pause(spins);
        }
    }

    // ---- walking ----

    /** {@return how many kinds of entries there are} */
    int kinds() {
        return slabs.length;
    }

    /** {@return one more than the highest index of a kind} */
    int end(final int kind) {
        return slabs[kind].end();
    }

    /** {@return the head of an entry, 0 if there is none at this place; it may be of no connection} */
    long head(final int kind, final int index) {
        final Slab slab = slabs[kind];
        return slab.contains(index) ? Slab.headAcquire(slab.chunk(index), slab.base(index)) : 0;
    }

    /** {@return a word of an entry, read without lock and hence only a hint} */
    long peek(final int kind, final int index, final int word) {
        return slabs[kind].chunk(index)[slabs[kind].base(index) + word];
    }

    /**
     * Reads the index slots of the entries at these places, so that the misses of those that are to be removed overlap.
     *
     * @param from    first index
     * @param count   how many, at most the length of {@code hashes}; places beyond the last one are skipped
     * @param hashes  scratch space, as {@code scratch} and the cursor, which holds nothing
     */
    void touchSlots(final int kind, final int from, final int count, final long[] hashes, final Cursor cursor,
            final Key scratch) {
        for (int i = 0; i < count; i++) {
            if (slabs[kind].contains(from + i)) {
                cursor.set(slabs[kind], from + i << KIND_BITS | kind, false);
                cursor.forwardKey(scratch);
                hashes[i] = hash(scratch);
            }
        }
        touched = touchSlots(hashes, count);
    }

    /** Locks whatever live connection, expired or not, is at this place now. */
    boolean lockAt(final int kind, final int index, final Cursor cursor) {
        final long head = head(kind, index);
        return (head & Slab.LIVE) != 0 && lock(index << KIND_BITS | kind, Slab.generation(head), cursor);
    }

    // ---- adding ----

    /**
     * Adds a connection without translation: its key and the reverse of it. The caller has {@linkplain #admit admitted} it.
     *
     * @param reverse the reverse of {@code key}
     * @return true with the new connection locked, its keys written and all other words zero; false if a live connection
     *     has one of the keys
     */
    boolean insert(final Key key, final Key reverse, final long hash, final long nowNs, final boolean accounting,
            final Cursor cursor) {
        final Shard shard = shard(hash);
        synchronized (shard) {
            if (isTaken(shard, hash, key, nowNs, 0, cursor) || isTaken(shard, hash, reverse, nowNs, 0, cursor)) {
                return false;
            }
            allocate(key, accounting, cursor);
            cursor.writeForward(key);
            cursor.writeReply(reverse);
            cursor.put(Slab.EXPIRES, Long.MAX_VALUE);
            Slab.headRelease(cursor.words, cursor.base, cursor.get(Slab.HEAD) | Slab.LIVE | Slab.LOCKED);
            put(shard, hash, cursor.ref);
            cursor.held = true;
            return true;
        }
    }

    /**
     * First half of adding a translated connection: takes the reply key, if it is free. Nobody finds the connection yet,
     * but nobody else gets the key.
     */
    boolean reserve(final Key forward, final Key reply, final long nowNs, final boolean accounting,
            final Cursor cursor) {
        final long hash = hash(reply);
        final Shard shard = shard(hash);
        synchronized (shard) {
            if (isTaken(shard, hash, reply, nowNs, 0, cursor)) {
                return false;
            }
            allocate(reply, accounting, cursor);
            cursor.writeForward(forward);
            cursor.writeReply(reply);
            cursor.put(Slab.EXPIRES, Long.MAX_VALUE);
            Slab.headRelease(cursor.words, cursor.base, cursor.get(Slab.HEAD) | Slab.PENDING);
            put(shard, hash, cursor.ref);
            return true;
        }
    }

    /**
     * Second half: takes the forward key and makes the connection live and locked.
     *
     * @return false if a live connection has the forward key; the reservation is undone then
     */
    boolean complete(final Key forward, final Key reply, final long hash, final Cursor cursor, final long nowNs) {
        final long replyHash = hash(reply);
        final Shard shard = shard(hash);
        final int ref = cursor.ref;
        final boolean taken;
        synchronized (shard) {
            taken = isTaken(shard, hash, forward, nowNs, ref, cursor);
            cursor.set(slabs[ref & KIND_MASK], ref, false);
            if (!taken) {
                final long head = cursor.get(Slab.HEAD) & ~Slab.PENDING | Slab.LIVE | Slab.LOCKED;
                if (hash != replyHash) {
                    cursor.addFlags(Cursor.INDEXED_REPLY);
                    put(shard, hash, ref);
                }
                Slab.headRelease(cursor.words, cursor.base, head);
            }
        }
        if (taken) {
            final Shard replyShard = shard(replyHash);
            synchronized (replyShard) {
                unindex(replyShard, replyHash, ref);
                recycle(cursor);
            }
        }
        cursor.held = !taken;
        return !taken;
    }

    /**
     * Whether a connection other than {@code self}, live or about to be, has this key. An expired one does not count and is
     * made unable to come back. Uses {@code cursor} as scratch.
     */
    private boolean isTaken(final Shard shard, final long hash, final Key key, final long nowNs, final int self,
            final Cursor cursor) {
        final long[] slots = index[shard.number];
        final int mask = slots.length - 1;
        final int tag = (int) hash;
        for (int at = tag & mask; slots[at] != EMPTY; at = at + 1 & mask) {
            final int ref = (int) slots[at];
            if ((int) (slots[at] >>> 32) == tag && slots[at] != DELETED && ref != self
                    && slabs[ref & KIND_MASK].v6 == key.v6 && isTaken(ref, key, nowNs, cursor)) {
                return true;
            }
        }
        return false;
    }

    private boolean isTaken(final int ref, final Key key, final long nowNs, final Cursor cursor) {
        final Slab slab = slabs[ref & KIND_MASK];
        final int index = ref >>> KIND_BITS;
        final long[] words = slab.chunk(index);
        final int base = slab.base(index);
        final long head = Slab.headAcquire(words, base);
        if ((head & (Slab.LIVE | Slab.PENDING)) == 0
                || difference(words, base + Slab.PORTS, base + Slab.ADDRESS, key) != 0
                && difference(words, base + Slab.REPLY_PORTS, base + slab.replyAddress, key) != 0) {
            return false;
        }
        if (!isExpired(words, base, nowNs)) {
            return true;
        }
        if (!lock(ref, Slab.generation(head), cursor)) {
            return false;
        }
        // A thread whose clock reading is older may have refreshed it meanwhile.
        final boolean alive = !cursor.isExpired(nowNs);
        if (!alive) {
            cursor.put(Slab.EXPIRES, Long.MIN_VALUE);
        }
        cursor.unlock();
        return alive;
    }

    private void allocate(final Key key, final boolean accounting, final Cursor cursor) {
        final int kind = kind(key.v6, accounting);
        cursor.set(slabs[kind], cursor.fresh(slabs[kind]) << KIND_BITS | kind, false);
        Arrays.fill(cursor.words, cursor.base + 1, cursor.base + cursor.slab.stride, 0);
    }

    private void put(final Shard shard, final long hash, final int ref) {
        if ((shard.live + shard.deleted + 1) * 8 > index[shard.number].length * 5) {
            rebuild(shard);
        }
        final long[] slots = index[shard.number];
        final int mask = slots.length - 1;
        int at = (int) hash & mask;
        while (slots[at] != EMPTY && slots[at] != DELETED) {
            at = at + 1 & mask;
        }
        if (slots[at] == DELETED) {
            shard.deleted--;
        }
        shard.live++;
        SLOTS.setRelease(slots, at, hash << 32 | ref);
    }

    /** Makes a slot array without deleted slots, twice as large if more than half of it would be in use. */
    private void rebuild(final Shard shard) {
        final long[] old = index[shard.number];
        final long[] slots = new long[(shard.live + 1) * 2 > old.length ? old.length * 2 : old.length];
        final int mask = slots.length - 1;
        for (final long slot : old) {
            if (slot != EMPTY && slot != DELETED) {
                int at = (int) (slot >>> 32) & mask;
                while (slots[at] != EMPTY) {
                    at = at + 1 & mask;
                }
                slots[at] = slot;
            }
        }
        shard.deleted = 0;
        masks[shard.number] = mask;
        INDEX.setRelease(index, shard.number, slots);
    }

    // ---- removing ----

    /** Removes the connection that the cursor holds; the cursor holds nothing afterwards. */
    void remove(final Cursor cursor, final Key scratch) {
        cursor.held = false;
        final boolean twice = cursor.has(Cursor.INDEXED_REPLY);
        Slab.headRelease(cursor.words, cursor.base, cursor.get(Slab.HEAD) & ~Slab.LIVE);
        if (twice) {
            cursor.replyKey(scratch);
            final long replyHash = hash(scratch);
            final Shard replyShard = shard(replyHash);
            synchronized (replyShard) {
                unindex(replyShard, replyHash, cursor.ref);
            }
        }
        cursor.forwardKey(scratch);
        final long hash = hash(scratch);
        final Shard shard = shard(hash);
        synchronized (shard) {
            unindex(shard, hash, cursor.ref);
            recycle(cursor);
        }
        count.decrementAndGet();
    }

    /** Takes a reference out of the index; the shard's monitor is held. */
    private void unindex(final Shard shard, final long hash, final int ref) {
        final long[] slots = index[shard.number];
        final int mask = slots.length - 1;
        final long slot = hash << 32 | ref;
        int at = (int) hash & mask;
        while (slots[at] != slot) {
            if (slots[at] == EMPTY) {
                throw new IllegalStateException("the index has lost entry " + ref);
            }
            at = at + 1 & mask;
        }
        shard.live--;
        shard.deleted++;
        SLOTS.setRelease(slots, at, DELETED);
    }

    /**
     * Empties deleted slots behind which a chain ends; whoever removes many connections calls it then. Looking behind
     * every slot that is deleted would be a branch that can't be predicted.
     */
    void tidy() {
        for (final Shard shard : shards) {
            synchronized (shard) {
                final long[] slots = index[shard.number];
                final int mask = slots.length - 1;
                // Once round, back from a slot that is empty, of which there always is one.
                int next = 0;
                while (slots[next] != EMPTY) {
                    next++;
                }
                for (int left = mask; left > 0 && shard.deleted > 0; left--) {
                    final int at = next - 1 & mask;
                    if (slots[at] == DELETED && slots[next] == EMPTY) {
                        SLOTS.setRelease(slots, at, EMPTY);
                        shard.deleted--;
                    }
                    next = at;
                }
            }
        }
    }

    /** {@return how many slots are passed over by look-ups, though no connection is there} */
    int deleted() {
        int sum = 0;
        for (final Shard shard : shards) {
            synchronized (shard) {
                sum += shard.deleted;
            }
        }
        return sum;
    }

    /** Frees the entry that the cursor stands at. */
    private void recycle(final Cursor cursor) {
        final int generation = Slab.generation(cursor.get(Slab.HEAD));
        cursor.slab.extension(cursor.index, null);
        Slab.headVolatile(cursor.words, cursor.base, (long) (generation + 1) << 32);
        // After the generation: a value set late by somebody who still saw the old one is found here or taken back there.
        for (final SlotStorage<?> storage : storages) {
            storage.clear(cursor.ref);
        }
        if (generation + 1 != Slab.MAX_GENERATION) {
            cursor.slab.release(cursor.index);
        }
    }

    // ---- guests' storage ----

    synchronized <T> SlotStorage<T> addStorage(final String name, final Class<T> type) {
        for (final SlotStorage<?> storage : storages) {
            if (storage.name().equals(name)) {
                throw new IllegalStateException("there is a slot '" + name + "' already");
            }
        }
        final SlotStorage<T> added = new SlotStorage<>(this, name, type);
        final SlotStorage<?>[] more = Arrays.copyOf(storages, storages.length + 1);
        more[storages.length] = added;
        storages = more;
        return added;
    }

    synchronized void removeStorage(final SlotStorage<?> storage) {
        storages = Arrays.stream(storages).filter(other -> other != storage).toArray(SlotStorage<?>[]::new);
    }

    /** {@return the reference in an id if its connection is live and not replaced, else 0} */
    int liveRef(final long id) {
        final int ref = (int) id & (1 << REF_BITS) - 1;
        if ((id & ~0L << REF_BITS + GENERATION_BITS) != tracker || ref >>> KIND_BITS == 0
                || !slabs[ref & KIND_MASK].contains(ref >>> KIND_BITS)) {
            return 0;
        }
        final long head = head(ref & KIND_MASK, ref >>> KIND_BITS);
        return (head & Slab.LIVE) != 0 && Slab.generation(head) == ((int) (id >>> REF_BITS) & Slab.MAX_GENERATION)
            ? ref : 0;
    }

    TableStatistics statistics() {
        int slotCount = 0;
        int usedSlots = 0;
        int longest = 0;
        for (final Shard shard : shards) {
            synchronized (shard) {
                final long[] slots = index[shard.number];
                slotCount += slots.length;
                usedSlots += shard.live;
                for (int at = 0; at < slots.length; at++) {
                    if (slots[at] != EMPTY && slots[at] != DELETED) {
                        final int home = (int) (slots[at] >>> 32) & slots.length - 1;
                        longest = Math.max(longest, (at - home & slots.length - 1) + 1);
                    }
                }
            }
        }
        int entries = 0;
        long bytes = (long) slotCount * Long.BYTES;
        for (final Slab slab : slabs) {
            entries += slab.capacity();
            bytes += slab.bytes();
        }
        return new TableStatistics(count.get(), entries, slotCount, usedSlots, longest, bytes);
    }
}
