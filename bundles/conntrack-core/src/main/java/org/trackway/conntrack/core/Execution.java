// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import java.util.Arrays;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.Counter;
import org.trackway.conntrack.CtAction;
import org.trackway.conntrack.CtState;
import org.trackway.conntrack.Nat;
import org.trackway.conntrack.spi.ConnectionObserver;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;

/**
 * The packet path of one thread in one tracker: executes a {@code ct} action on a batch, in stages, so that the cache
 * misses of independent packets overlap: all keys, all index slots, all entries, then packet after packet in order.
 *
 * <p>Follows Open vSwitch's lib/conntrack.c (conntrack_execute, process_one, conn_not_found, conn_update_state,
 * handle_nat, write_ct_md); the differences are listed in this bundle's README. All fields are scratch space of the one
 * thread that owns it. Allocates only when a connection is committed (and there only beyond the plain case), when a
 * batch is larger than any before, and for fragments.
 */
final class Execution {

    private static final int FIRST_CAPACITY = 64;
    /** So many connections, and their part of the index, lie in the second-level cache of a usual processor. */
    private static final int CACHED = 2048;
    /** How often a packet is judged anew because another thread committed its connection in between. */
    private static final int MAX_RACES = 4;

    private final Tracker tracker;
    private final ConnectionTable table;
    private final Observers observers;
    private final KeyExtractor extractor = new KeyExtractor();
    private final TcpMachine tcp = new TcpMachine();
    private final Express express;
    private final Cursor cursor;
    private final Key reversed = new Key();
    private final Key translated = new Key();
    /** The key that an already translated packet had before. */
    private final Key resolved = new Key();
    private final NatSelector.Claim claim = this::claim;

    private Key[] keys = new Key[0];
    private long[] hashes;
    private int[] candidates;
    private byte[] kinds;

    // The batch in work.
    private CtAction action;
    private boolean translating;
    private ConntrackSettings settings;
    private int zone;
    private long nowNs;

    // The packet in work: its place in the batch, and whether its key is resolved instead of the one at that place. The
    // key itself is no field, since storing a reference costs the collector's barrier, fence included, for each packet.
    private int at;
    private boolean isResolved;
    private Expectations.Entry expected;
    private boolean opened;
    private boolean confirmed;
    private boolean changed;
    /** Whether text and sequence numbers are to follow a translation: it is asked for and was not done in this zone. */
    private boolean follow;

    // Counted here, added to the tracker's counters once a batch.
    private int invalid;
    private int created;
    private long touched;

    Execution(final Tracker tracker) {
        this.tracker = tracker;
        table = tracker.table;
        observers = tracker.observers;
        express = new Express(table, tracker.timeouts);
        cursor = new Cursor(table);
        grow(FIRST_CAPACITY);
    }

    private void grow(final int capacity) {
        final int from = keys.length;
        keys = Arrays.copyOf(keys, capacity);
        for (int i = from; i < capacity; i++) {
            keys[i] = new Key();
        }
        hashes = new long[capacity];
        candidates = new int[capacity];
        kinds = new byte[capacity];
    }

    void run(final PacketBatch batch, final CtAction ctAction, final long now) {
        action = ctAction;
        translating = ctAction.nat() != null;
        settings = tracker.settings();
        zone = ctAction.zone();
        nowNs = now;
        long sum = arrive(batch);
        final int size = batch.size();
        if (size > keys.length) {
            grow(size * 2);
        }
        extractor.extract(batch, zone, table.salt(), keys, kinds, hashes);
        // A table that lies in the caches needs no looking ahead.
        final boolean ahead = table.count() > CACHED;
        if (ahead) {
            sum += table.touchSlots(hashes, size);
        }
        table.candidates(hashes, candidates, size);
        if (ahead) {
            sum += table.touchEntries(candidates, size);
        }
        touched = sum;
        express.begin(ctAction, settings.accounting(), now);
        int i = express.take(batch, 0, keys, kinds, candidates);
        while (i < size) {
            try {
                track(batch.get(i), i);
            } catch (final RuntimeException | Error failure) {
                recover(batch.get(i), failure);
            }
            i = express.take(batch, i + 1, keys, kinds, candidates);
        }
        tracker.fragments.after(batch, zone, now);
        cursor.giveBack();
        collect(size);
        action = null;
        settings = null;
        expected = null;
    }

    /** Finds the layers of all packets, overlapping their cache misses, and gathers fragments. */
    private long arrive(final PacketBatch batch) {
        final long sum = batch.touch();
        int fragments = 0;
        final int size = batch.size();
        for (int i = 0; i < size; i++) {
            final Packet packet = batch.get(i);
            packet.parse();
            fragments |= packet.fragment();
        }
        if (fragments != Packet.NOT_FRAGMENT) {
            tracker.fragments.before(batch, zone, settings, nowNs);
        }
        return sum;
    }

    private void collect(final int packets) {
        final Counters counters = tracker.counters;
        counters.add(Counter.PACKETS, packets);
        counters.add(Counter.INVALID, invalid);
        counters.add(Counter.CREATED, created);
        counters.add(Counter.L3CSUM_CHECKED, extractor.l3Checked);
        counters.add(Counter.L3CSUM_ERR, extractor.l3Errors);
        counters.add(Counter.L4CSUM_CHECKED, extractor.l4Checked);
        counters.add(Counter.L4CSUM_ERR, extractor.l4Errors);
        invalid = 0;
        created = 0;
        extractor.l3Checked = 0;
        extractor.l3Errors = 0;
        extractor.l4Checked = 0;
        extractor.l4Errors = 0;
    }

    private void track(final Packet packet, final int i) {
        // Only the gathering of fragments leaves "invalid" without "tracked".
        if (packet.ctState() == CtState.INVALID || kinds[i] == KeyExtractor.INVALID) {
            if (packet.ctConnection() == 0 || packet.ctState() == CtState.INVALID
                    || packet.l4Offset() == Packet.NO_LAYER || !passOn(packet)) {
                refuse(packet);
            }
            return;
        }
        if (packet.ctConnection() != 0 && passOn(packet)) {
            return;
        }
        if (packet.ctState() != 0 && packet.ctZone() != zone) {
            packet.ctState(0);
        }
        final boolean related = kinds[i] == KeyExtractor.RELATED;
        final int before = packet.ctState();
        int races = 0;
        while (!judge(packet, i, related)) {
            packet.ctState(before);
            if (++races == MAX_RACES) {
                // Its tuple is that of a connection by which it can't be found: it leaves as it came.
                expected = null;
                writeMetadata(packet, false);
                packet.ctConnection(0, false, false);
                return;
            }
        }
    }

    /**
     * The tracker itself failed on a packet, which no packet should be able to do: the packet is refused, the connection
     * stays usable, a new one that is not complete goes with the next sweep, and the first failure is logged.
     */
    private void recover(final Packet packet, final Throwable failure) {
        if (cursor.held) {
            if (cursor.get(Slab.EXPIRES) == Long.MAX_VALUE) {
                cursor.put(Slab.EXPIRES, Long.MIN_VALUE);
            }
            cursor.unlock();
        }
        refuse(packet);
        tracker.failed(failure);
    }

    /** A packet without a key: all that is known is that it was here. */
    private void refuse(final Packet packet) {
        packet.ctState(CtState.INVALID | CtState.TRACKED);
        packet.ctZone(zone);
        packet.ctMark(0);
        packet.ctLabel(0, 0);
        packet.clearConntrackTuple();
        packet.ctConnection(0, false, false);
        invalid++;
    }

    /**
     * The short way of a packet whose connection an earlier action found in this zone: neither its protocol nor its
     * timeout is looked at again.
     */
    private boolean passOn(final Packet packet) {
        if (action.force() || !table.find(packet.ctConnection(), nowNs, cursor)) {
            return false;
        }
        if (cursor.zone() != zone || cursor.has(Cursor.HELPED) || action.helper() != null) {
            cursor.unlock();
            return false;
        }
        cursor.reply = packet.ctReply();
        changed = false;
        if (translating) {
            applyNat(packet, packet.ctRelated());
            packet.ctForget();
        }
        packet.ctZone(zone);
        loadMarks(packet);
        setMarks(packet);
        if (changed) {
            observers.changed(cursor, packet);
        }
        cursor.unlock();
        return true;
    }

    /** {@return whether the packet is done; else another thread changed the table meanwhile and it is to be judged anew} */
    private boolean judge(final Packet packet, final int i, final boolean related) {
        at = i;
        isResolved = false;
        expected = null;
        opened = false;
        confirmed = false;
        changed = false;
        follow = translating && (packet.ctState() & CtState.NAT) == 0;
        final boolean again = (packet.ctState() & CtState.TRACKED) != 0;
        boolean held = find(packet, i);
        if (held && action.force() && cursor.reply) {
            tracker.destroy(cursor, ConnectionObserver.Reason.REPLACED, reversed);
            held = false;
        }
        held = held || rescue(packet);
        boolean create = false;
        if (held) {
            create = update(packet, related);
            if (create) {
                tracker.destroy(cursor, ConnectionObserver.Reason.REPLACED, reversed);
                held = false;
            } else if (translating) {
                applyNat(packet, related);
            }
        } else if (related) {
            packet.ctState(CtState.INVALID);
        } else {
            create = true;
        }
        if (create) {
            held = open(packet, isResolved ? table.hash(resolved) : hashes[i]);
            if (!held && opened) {
                return false;
            }
        }
        writeMetadata(packet, held);
        if (held) {
            finish(packet, related, again);
        } else {
            packet.ctConnection(0, false, false);
        }
        if ((packet.ctState() & CtState.INVALID) != 0) {
            invalid++;
        }
        return true;
    }

    private Key key() {
        return isResolved ? resolved : keys[at];
    }

    private boolean find(final Packet packet, final int i) {
        if ((packet.ctState() & CtState.NAT) == 0) {
            return table.find(keys[i], hashes[i], candidates[i], nowNs, cursor);
        }
        // Already translated in this zone: the packet looks like the opposite direction's reverse.
        reversed.setReverse(keys[i]);
        if (!table.find(reversed, hashes[i], candidates[i], nowNs, cursor)) {
            tracker.counters.increment(Counter.LOOKUP_NATTED_MISS);
            return false;
        }
        cursor.reply = !cursor.reply;
        isResolved = true;
        if (cursor.reply) {
            cursor.replyKey(resolved);
        } else {
            cursor.forwardKey(resolved);
        }
        return true;
    }

    /** The original tuple may still tell the connection of a translated packet (lib/conntrack.c check_orig_tuple). */
    private boolean rescue(final Packet packet) {
        final Key key = key();
        // A connection of another protocol is that of a helper, which expected this packet's.
        if ((packet.ctState() & CtState.NAT) == 0 || packet.ctProtocol() != key.protocol() || translating
                || packet.ctV6() != key.v6) {
            return false;
        }
        final Key original = reversed;
        original.v6 = key.v6;
        original.address1 = 0;
        original.address2 = 0;
        original.address3 = 0;
        original.source(packet.ctSourceHigh(), packet.ctSourceLow());
        original.destination(packet.ctDestinationHigh(), packet.ctDestinationLow());
        final boolean icmp = key.isIcmp();
        original.ports = icmp
            ? Key.ports(key.sourcePort(), key.sourcePort(), zone, packet.ctProtocol(), packet.ctSourcePort() & 0xff)
            : Key.ports(packet.ctSourcePort(), packet.ctDestinationPort(), zone, packet.ctProtocol(), 0);
        if (!table.find(original, table.hash(original), 0, nowNs, cursor)) {
            return false;
        }
        cursor.reply = false;
        return true;
    }

    // ---- a packet of a known connection ----

    /** {@return whether the packet opens a new connection in the place of this one} */
    private boolean update(final Packet packet, final boolean related) {
        final int reply = cursor.direction() * CtState.REPLY;
        if (related) {
            packet.ctState(packet.ctState() | CtState.RELATED | reply);
            return false;
        }
        if (cursor.has(Cursor.EXPECTED)) {
            packet.ctState(packet.ctState() | CtState.RELATED);
        }
        if (follow && cursor.has(Cursor.HELPED)) {
            SequenceShift.adjustAck(packet, cursor.extension(), cursor.reply);
        }
        final int protocol = cursor.protocol();
        final int verdict = protocol == IpProtocol.TCP ? updateTcp(packet) : updateOther(protocol);
        switch (verdict) {
            case Verdict.VALID -> packet.ctState(packet.ctState() & ~CtState.NEW | CtState.ESTABLISHED | reply);
            case Verdict.VALID_NEW -> packet.ctState(packet.ctState() | CtState.NEW);
            case Verdict.INVALID -> packet.ctState(CtState.INVALID);
            default -> {
                return true;
            }
        }
        return false;
    }

    private int updateTcp(final Packet packet) {
        final long before = cursor.get(Slab.STATE);
        tcp.load(cursor.get(Slab.PEER0), cursor.get(Slab.PEER1), before, cursor.reply);
        final int outOfDate = cursor.flags() & Cursor.OUT_OF_DATE;
        final int learned = outOfDate & (Cursor.RELEARN_ORIGINAL << cursor.direction());
        final int verdict = tcp.update(packet.data(), packet.l4Offset(), packet.l4Length(),
            settings.tcpSequenceCheck() && outOfDate == 0, learned != 0 || (outOfDate & Cursor.UNSEEN) != 0);
        storeTcp();
        if (learned != 0 && verdict == Verdict.VALID) {
            cursor.removeFlags(learned);
        }
        if (tcp.timeout != TcpMachine.NO_TIMEOUT) {
            cursor.put(Slab.EXPIRES, tracker.timeouts.expiry(cursor.policy(), tcp.timeout, nowNs));
        }
        if (tcp.failedCheck) {
            tracker.counters.increment(Counter.TCP_SEQ_CHK_FAILED);
        } else if (tcp.bypassedCheck) {
            tracker.counters.increment(Counter.TCP_SEQ_CHK_BYPASS);
        } else if (tcp.badFlags) {
            tracker.counters.increment(Counter.INVALID_TCP_FLAGS);
        }
        final long after = cursor.get(Slab.STATE);
        if ((before & 0xffff) != (after & 0xffff)) {
            final int one = TcpMachine.state(after, 0);
            final int other = TcpMachine.state(after, 1);
            // A reset puts both peers beyond ESTABLISHED without a handshake.
            moved(Math.min(one, other) >= TcpMachine.ESTABLISHED && Math.max(one, other) < TcpMachine.TIME_WAIT);
        }
        return verdict;
    }

    private void storeTcp() {
        final int sender = cursor.direction();
        cursor.put(Slab.PEER0 + sender, tcp.sender());
        cursor.put(Slab.PEER1 - sender, tcp.receiver());
        cursor.put(Slab.STATE, tcp.both(cursor.reply));
    }

    private int updateOther(final int protocol) {
        final int before = (int) cursor.get(Slab.STATE);
        final int state = Machine.next(protocol, before, cursor.reply);
        if (state != before) {
            cursor.put(Slab.STATE, state);
            moved(state == Machine.CONFIRMED);
        }
        cursor.put(Slab.EXPIRES, tracker.timeouts.expiry(cursor.policy(), Machine.timeout(protocol, state).ordinal(), nowNs));
        return state == Machine.CONFIRMED ? Verdict.VALID : Verdict.VALID_NEW;
    }

    private void moved(final boolean bothSeen) {
        changed = true;
        if (bothSeen && !cursor.has(Cursor.CONFIRMED)) {
            cursor.addFlags(Cursor.CONFIRMED);
            confirmed = true;
        }
    }

    /** Translates the packet as its connection says, once per zone. */
    private void applyNat(final Packet packet, final boolean related) {
        final int nat = cursor.flags() & CtState.NAT;
        if (nat == 0 || (packet.ctState() & CtState.NAT) != 0 && packet.ctZone() == zone) {
            return;
        }
        packet.ctState(packet.ctState() & ~CtState.NAT);
        if (cursor.reply) {
            cursor.forwardKey(translated);
            Translator.translate(packet, translated, nat ^ CtState.NAT, related);
        } else {
            cursor.replyKey(translated);
            Translator.translate(packet, translated, nat, related);
        }
    }

    // ---- a packet that may open a connection ----

    /**
     * Judges a packet that belongs to no connection and, with commit, makes one.
     *
     * @return whether the cursor holds a new connection. If not and {@link #opened} is set, another thread was faster
     */
    private boolean open(final Packet packet, final long hash) {
        final Key key = key();
        final int protocol = key.protocol();
        expected = tracker.expectations.find(key, nowNs);
        if (!Machine.isValidFirst(protocol, packet.data(), packet.l4Offset(), packet.l4Length())) {
            packet.ctState(CtState.INVALID);
            return false;
        }
        packet.ctState(expected == null ? CtState.NEW : CtState.NEW | CtState.RELATED);
        if (!action.commit()) {
            return false;
        }
        final int admission = tracker.zones.admit(zone);
        if (admission == ZoneLimits.REFUSED) {
            tracker.counters.increment(Counter.ZONE_FULL);
            return false;
        }
        if (!table.admit(settings.maxConnections())) {
            tracker.zones.release(zone, admission);
            tracker.counters.increment(Counter.FULL);
            return false;
        }
        if (expected != null && !tracker.expectations.claim(expected)) {
            expected = null;
            packet.ctState(CtState.NEW);
        }
        final Nat nat = action.nat();
        final int translation = nat == null ? 0
            : expected != null ? expected.translates ? expected.translateSource ? CtState.SOURCE_NAT
                : CtState.DESTINATION_NAT : 0
            : nat.kind() == Nat.Kind.SOURCE ? CtState.SOURCE_NAT
            : nat.kind() == Nat.Kind.DESTINATION ? CtState.DESTINATION_NAT : 0;
        reversed.setReverse(key);
        final boolean made = translation == 0
            ? table.insert(key, reversed, hash, nowNs, settings.accounting(), cursor)
            : chooseTranslation(nat, translation) && table.complete(key, translated, hash, cursor, nowNs);
        if (!made) {
            table.dismiss();
            tracker.zones.release(zone, admission);
            if (table.find(key, hash, 0, nowNs, cursor)) {
                // Somebody else committed this very connection: the packet belongs to that one.
                cursor.unlock();
                opened = true;
            } else {
                tracker.counters.increment(Counter.NAT_EXHAUSTED);
            }
            return false;
        }
        cursor.put(Slab.HEAD, cursor.get(Slab.HEAD) | (long) admission << Slab.ADMISSION_SHIFT);
        initialize(packet, protocol, translation);
        if (translation != 0) {
            Translator.translate(packet, translated, translation, false);
        }
        opened = true;
        created++;
        return true;
    }

    /** Takes a reply key for the new connection into {@link #translated}. */
    private boolean chooseTranslation(final Nat nat, final int translation) {
        if (expected == null) {
            return tracker.selector.choose(key(), nat, translated, claim);
        }
        translated.set(reversed);
        if (translation == CtState.SOURCE_NAT) {
            translated.destination(expected.translationHigh, expected.translationLow);
            if (expected.translationPort != 0) {
                translated.destinationPort(expected.translationPort);
            }
        } else {
            translated.source(expected.translationHigh, expected.translationLow);
            if (expected.translationPort != 0) {
                translated.sourcePort(expected.translationPort);
            }
        }
        return claim(translated);
    }

    private boolean claim(final Key reply) {
        return table.reserve(key(), reply, nowNs, settings.accounting(), cursor);
    }

    private void initialize(final Packet packet, final int protocol, final int translation) {
        final int policy = action.timeoutPolicy().isPresent()
            ? tracker.timeouts.number(action.timeoutPolicy().get()) : 0;
        int flags = translation;
        int mark = 0;
        final boolean helped = action.helper() != null;
        if (helped || expected != null) {
            final Extension extension = cursor.makeExtension();
            if (helped) {
                extension.helper = action.helper();
                flags |= Cursor.HELPED;
            }
            if (expected != null) {
                extension.parent = expected.parent;
                extension.labelHigh = expected.labelHigh;
                extension.labelLow = expected.labelLow;
                mark = expected.mark;
                flags |= Cursor.EXPECTED | Cursor.LABELLED;
            }
        }
        cursor.put(Slab.MARK, (long) mark << 32 | (long) policy << 16 | flags | cursor.flags());
        if (protocol == IpProtocol.TCP) {
            tcp.open(packet.data(), packet.l4Offset(), packet.l4Length());
            storeTcp();
            cursor.put(Slab.EXPIRES, tracker.timeouts.expiry(policy, tcp.timeout, nowNs));
        } else {
            cursor.put(Slab.STATE, Machine.FIRST);
            cursor.put(Slab.EXPIRES,
                tracker.timeouts.expiry(policy, Machine.timeout(protocol, Machine.FIRST).ordinal(), nowNs));
        }
        if (settings.accounting()) {
            cursor.put(cursor.slab.counts + 4, nowNs);
        }
    }

    // ---- what every packet gets ----

    private void writeMetadata(final Packet packet, final boolean held) {
        packet.ctState(packet.ctState() | CtState.TRACKED);
        packet.ctZone(zone);
        if (held) {
            loadMarks(packet);
            if (cursor.has(Cursor.EXPECTED)) {
                writeTuple(packet, cursor.extension().parent);
            } else {
                cursor.forwardKey(reversed);
                writeTuple(packet, reversed);
            }
        } else if (expected != null) {
            packet.ctMark(expected.mark);
            packet.ctLabel(expected.labelHigh, expected.labelLow);
            writeTuple(packet, expected.parent);
        } else {
            packet.ctMark(0);
            packet.ctLabel(0, 0);
            writeTuple(packet, key());
        }
    }

    private static void writeTuple(final Packet packet, final Key tuple) {
        packet.ctAddresses(tuple.v6, tuple.sourceHigh(), tuple.sourceLow(), tuple.destinationHigh(),
            tuple.destinationLow());
        if (tuple.isIcmp()) {
            packet.ctPorts(tuple.protocol(), tuple.icmpType(), 0);
        } else {
            packet.ctPorts(tuple.protocol(), tuple.sourcePort(), tuple.destinationPort());
        }
    }

    private void loadMarks(final Packet packet) {
        packet.ctMark(cursor.mark());
        if (cursor.has(Cursor.LABELLED)) {
            final Extension extension = cursor.extension();
            packet.ctLabel(extension.labelHigh, extension.labelLow);
        } else {
            packet.ctLabel(0, 0);
        }
    }

    /** Sets mark and label as the action says; connections that were expected keep what they inherited. */
    private void setMarks(final Packet packet) {
        if (cursor.has(Cursor.EXPECTED)) {
            return;
        }
        if (action.markMask() != 0) {
            final int mark = action.mark() | packet.ctMark() & ~action.markMask();
            if (mark != packet.ctMark()) {
                packet.ctMark(mark);
                cursor.mark(mark);
                changed = true;
            }
        }
        if (action.setsLabel()) {
            final long high = action.labelHigh() | packet.ctLabelHigh() & ~action.labelMaskHigh();
            final long low = action.labelLow() | packet.ctLabelLow() & ~action.labelMaskLow();
            if (high != packet.ctLabelHigh() || low != packet.ctLabelLow()) {
                packet.ctLabel(high, low);
                final Extension extension = cursor.makeExtension();
                extension.labelHigh = high;
                extension.labelLow = low;
                cursor.addFlags(Cursor.LABELLED);
                changed = true;
            }
        }
    }

    /** The end of a packet that has a connection: marks, helper, account, observers. */
    private void finish(final Packet packet, final boolean related, final boolean again) {
        setMarks(packet);
        if ((opened || !again) && !related && (packet.ctState() & CtState.INVALID) == 0) {
            cursor.count(packet.l3Length(), nowNs);
        }
        if (cursor.has(Cursor.HELPED) && !related) {
            final Extension extension = cursor.extension();
            cursor.forwardKey(reversed);
            cursor.replyKey(translated);
            tracker.helpers.control(extension.helper, cursor, reversed, translated, extension, packet, cursor.reply,
                follow, cursor.mark(), extension.labelHigh, extension.labelLow, nowNs);
        }
        if (!observers.isEmpty()) {
            if (opened) {
                observers.created(cursor, packet);
            } else if (changed) {
                observers.changed(cursor, packet);
            }
            if (confirmed) {
                observers.established(cursor, packet);
            }
        }
        packet.ctConnection(cursor.id(), cursor.reply, related);
        if (translating) {
            packet.ctForget();
        }
        cursor.unlock();
    }
}
