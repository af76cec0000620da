// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import java.util.Optional;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.CtState;
import org.trackway.conntrack.TcpState;
import org.trackway.conntrack.Tuple;
import org.trackway.conntrack.spi.ConnectionView;
import org.trackway.packet.IpProtocol;

/**
 * One thread's hold on one locked connection, with names for its words. Between {@link ConnectionTable#find} (or a like
 * method) that answered true and {@link #unlock} the connection belongs to this thread. Reused for every packet.
 */
final class Cursor implements ConnectionView {

    // Flags in the low 16 bits of the MARK word.
    static final int SOURCE_NAT = CtState.SOURCE_NAT;
    static final int DESTINATION_NAT = CtState.DESTINATION_NAT;
    /** A helper expected it. */
    static final int EXPECTED = 0x01;
    /** It has a helper. */
    static final int HELPED = 0x02;
    /** It has a label. */
    static final int LABELLED = 0x04;
    /** Observers know that both directions were seen. */
    static final int CONFIRMED = 0x08;
    /** Its reply key stands in the index too. */
    static final int INDEXED_REPLY = 0x10;
    /** A bypass holds it: it does not expire by itself. */
    static final int HELD = 0x100;
    /** Packets of it may pass unseen. */
    static final int UNSEEN = 0x200;
    /** Packets have passed unseen, and the opening side of TCP was not heard of since. */
    static final int RELEARN_ORIGINAL = 0x400;
    /** The same of the other side. */
    static final int RELEARN_REPLY = 0x800;
    /** In any of these cases what is known of TCP's windows may be out of date. */
    static final int OUT_OF_DATE = UNSEEN | RELEARN_ORIGINAL | RELEARN_REPLY;

    /** So many free entries are taken at once at the most. */
    private static final int MAX_FRESH = 16;

    Slab slab;
    int ref;
    int index;
    long[] words;
    int base;
    /** Whether the key it was found by is its reply key. */
    boolean reply;
    /** Whether this thread holds the connection's lock by this cursor. */
    boolean held;

    private final ConnectionTable table;
    /** Free entries for this batch's next connections, which so follow each other in memory. */
    private final int[] fresh = new int[MAX_FRESH];
    private int freshNext;
    private int freshEnd;
    private Slab freshOf;
    /** How many are taken next: more and more while a batch makes connections. */
    private int wanted = 1;

    Cursor(final ConnectionTable table) {
        this.table = table;
    }

    void set(final Slab newSlab, final int newRef, final boolean isReply) {
        ref = newRef;
        index = newRef >>> ConnectionTable.KIND_BITS;
        base = newSlab.base(index);
        reply = isReply;
        // Storing a reference costs the collector's barrier, even if it is the same again.
        if (slab != newSlab) {
            slab = newSlab;
        }
        final long[] chunk = newSlab.chunk(index);
        if (words != chunk) {
            words = chunk;
        }
    }

    /** {@return the index of a free entry, taken from the slab with some more if there were some before it} */
    int fresh(final Slab of) {
        if (freshOf != of) {
            giveBack();
            freshOf = of;
        }
        if (freshNext == freshEnd) {
            freshNext = 0;
            freshEnd = of.allocate(fresh, wanted);
            wanted = Math.min(2 * wanted, MAX_FRESH);
        }
        return fresh[freshNext++];
    }

    /** Gives back what was taken and not used; at the latest when a batch ends, as its thread may end, too. */
    void giveBack() {
        if (freshNext != freshEnd) {
            freshOf.release(fresh, freshNext, freshEnd);
            freshNext = freshEnd;
        }
        wanted = 1;
    }

    /** {@return 1 if the key it was found by is its reply key, else 0: arithmetic where a branch can't be predicted} */
    int direction() {
        return reply ? 1 : 0;
    }

    void unlock() {
        held = false;
        Slab.headRelease(words, base, words[base] & ~Slab.LOCKED);
    }

    long get(final int word) {
        return words[base + word];
    }

    void put(final int word, final long value) {
        words[base + word] = value;
    }

    int flags() {
        return (int) get(Slab.MARK) & 0xffff;
    }

    boolean has(final int flag) {
        return ((int) get(Slab.MARK) & flag) != 0;
    }

    void addFlags(final int flags) {
        words[base + Slab.MARK] |= flags;
    }

    void removeFlags(final int flags) {
        words[base + Slab.MARK] &= ~(long) flags;
    }

    /** {@return whether its time is over; one that is held has time without end} */
    boolean isExpired(final long nowNs) {
        return nowNs >= get(Slab.EXPIRES) && !has(HELD);
    }

    int policy() {
        return (int) get(Slab.MARK) >>> 16;
    }

    void mark(final int mark) {
        words[base + Slab.MARK] = (long) mark << 32 | get(Slab.MARK) & 0xffffffffL;
    }

    Extension extension() {
        return slab.extension(index);
    }

    Extension makeExtension() {
        Extension extension = slab.extension(index);
        if (extension == null) {
            extension = new Extension();
            slab.extension(index, extension);
        }
        return extension;
    }

    void forwardKey(final Key into) {
        readKey(into, Slab.PORTS, Slab.ADDRESS);
    }

    void replyKey(final Key into) {
        readKey(into, Slab.REPLY_PORTS, slab.replyAddress);
    }

    private void readKey(final Key into, final int ports, final int address) {
        into.v6 = slab.v6;
        into.ports = get(ports);
        into.address0 = get(address);
        if (slab.v6) {
            into.address1 = get(address + 1);
            into.address2 = get(address + 2);
            into.address3 = get(address + 3);
        }
    }

    void writeForward(final Key key) {
        writeKey(key, Slab.PORTS, Slab.ADDRESS);
    }

    void writeReply(final Key key) {
        writeKey(key, Slab.REPLY_PORTS, slab.replyAddress);
    }

    private void writeKey(final Key key, final int ports, final int address) {
        put(ports, key.ports);
        put(address, key.address0);
        if (slab.v6) {
            put(address + 1, key.address1);
            put(address + 2, key.address2);
            put(address + 3, key.address3);
        }
    }

    /** Counts a packet of {@code bytes} bytes in the direction it was found in. */
    void count(final int bytes, final long nowNs) {
        if (slab.accounting) {
            final int at = base + slab.counts + 2 * direction();
            words[at]++;
            words[at + 1] += bytes;
            words[base + slab.counts + 5] = nowNs;
        }
    }

    /** Counts packets that passed unseen, the last one at {@code seenNs}. */
    void credit(final long packets, final long bytes, final long replyPackets, final long replyBytes,
            final long seenNs) {
        if (slab.accounting) {
            final int at = base + slab.counts;
            words[at] += packets;
            words[at + 1] += bytes;
            words[at + 2] += replyPackets;
            words[at + 3] += replyBytes;
            words[at + 5] = Math.max(words[at + 5], seenNs);
        }
    }

    @Override
    public long id() {
        return table.id(ref, Slab.generation(get(Slab.HEAD)));
    }

    @Override
    public int zone() {
        return (int) get(Slab.PORTS) >>> 16;
    }

    @Override
    public int protocol() {
        return (int) get(Slab.PORTS) >>> 8 & 0xff;
    }

    @Override
    public boolean v6() {
        return slab.v6;
    }

    @Override
    public int mark() {
        return (int) (get(Slab.MARK) >>> 32);
    }

    @Override
    public String helper() {
        return has(HELPED) ? extension().helper : null;
    }

    @Override
    public boolean isReply() {
        return reply;
    }

    @Override
    public boolean isHeld() {
        return has(HELD);
    }

    @Override
    public Connection snapshot() {
        return snapshot(table.now());
    }

    Connection snapshot(final long nowNs) {
        final Key key = new Key();
        forwardKey(key);
        final Tuple original = key.tuple();
        replyKey(key);
        final Tuple replyTuple = key.tuple();
        final Extension extension = extension();
        final long state = get(Slab.STATE);
        final int protocol = protocol();
        final boolean tcp = protocol == IpProtocol.TCP;
        final Optional<Connection.Tcp> peers = tcp
            ? Optional.of(new Connection.Tcp(peer(0, state), peer(1, state))) : Optional.empty();
        final int counts = slab.counts;
        final boolean counted = slab.accounting;
        return new Connection(id(), zone(), original, replyTuple, mark(),
            extension == null ? 0 : extension.labelHigh, extension == null ? 0 : extension.labelLow,
            get(Slab.EXPIRES) <= nowNs ? 0 : get(Slab.EXPIRES) - nowNs,
            tcp ? peers.get().state().name() : Machine.name(protocol, (int) state), peers,
            Optional.ofNullable(helper()),
            extension == null || extension.parent == null ? Optional.empty() : Optional.of(extension.parent.tuple()),
            has(SOURCE_NAT | DESTINATION_NAT), has(HELD), table.policyName(policy()),
            counted ? get(counts + 4) : 0, counted ? get(counts + 5) : 0,
            counted ? new Connection.Count(get(counts), get(counts + 1)) : new Connection.Count(0, 0),
            counted ? new Connection.Count(get(counts + 2), get(counts + 3)) : new Connection.Count(0, 0));
    }

    private Connection.Peer peer(final int number, final long state) {
        final long sequence = get(Slab.PEER0 + number);
        final int scale = TcpMachine.scale(state, number);
        return new Connection.Peer(TcpState.of(TcpMachine.state(state, number)), scale & TcpMachine.SCALE_MASK,
            (scale & TcpMachine.SCALE_SEEN) != 0, (scale & TcpMachine.SCALE_UNKNOWN) != 0, (int) (sequence >>> 32),
            (int) sequence, TcpMachine.window(state, number));
    }
}
