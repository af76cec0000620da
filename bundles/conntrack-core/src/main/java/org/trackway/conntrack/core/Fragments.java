// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.CtState;
import org.trackway.conntrack.FragmentStatus;
import org.trackway.packet.Bytes;
import org.trackway.packet.Checksums;
import org.trackway.packet.EtherType;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Port;

/**
 * Holds fragments until their datagram is whole, lets the tracker see the whole datagram in their place, and hands the
 * fragments back with what the tracker said of it. Nothing is fragmented anew: what leaves is what came, translated.
 * Follows lib/ipf.c (ipf_handle_frag, ipf_process_frag, ipf_post_execute_reass_pkts, ipf_send_completed_frags,
 * ipf_delete_expired_frags, ipf_purge_list_check); the bundle's README lists what differs.
 *
 * <p>Any number of packet threads. One lock guards the lists; it is taken for a fragment, when a datagram was
 * completed, and once per timeout, never for other packets. Held fragments are bounded by
 * {@link ConntrackSettings#maxFragments}, lists by the fragments in them. The place of a fragment is found by binary
 * search; a datagram is copied once when it is complete, and once more on the way back.
 */
final class Fragments {

    /** How long a datagram may take from its first fragment on, in nanoseconds. */
    static final long TIMEOUT_NS = 15_000_000_000L;
    /** How long after its timeout a list may still be there, in nanoseconds. */
    static final long PURGE_NS = 10_000_000_000L;

    private static final int PURGED_PER_BATCH = 8;

    private final long salt = new SecureRandom().nextLong();
    private final Tally v4 = new Tally();
    private final Tally v6 = new Tally();
    private final LongAdder headersChecked = new LongAdder();
    private final LongAdder headersWrong = new LongAdder();

    /** Incomplete datagrams, oldest first. Guarded by this. */
    private final Map<FragmentKey, FragmentList> gathering = new LinkedHashMap<>();
    /** Complete datagrams until their fragments have left. Guarded by this. */
    private final Map<FragmentKey, FragmentList> complete = new LinkedHashMap<>();
    /** Complete datagrams in the hands of a packet thread, by the packet that stands for them. */
    private final Map<Packet, FragmentList> executing = new ConcurrentHashMap<>();
    /** Complete datagrams that wait for a batch from the port of their lowest fragment. Changed under the lock. */
    private final Map<Exit, ArrayDeque<FragmentList>> waiting = new ConcurrentHashMap<>();
    /** Fragments in all of these. Written under the lock. */
    private volatile int held;
    /** After this the oldest incomplete datagram is too late. Written under the lock. */
    private volatile long deadlineNs = Long.MAX_VALUE;

    /** The batches that completed datagrams may leave with. */
    private record Exit(Port port, int zone, boolean v6) {
    }

    /** Counters of one family. */
    private static final class Tally {
        private final LongAdder accepted = new LongAdder();
        private final LongAdder completed = new LongAdder();
        private final LongAdder expired = new LongAdder();
        private final LongAdder tooSmall = new LongAdder();
        private final LongAdder overlapped = new LongAdder();
        private final LongAdder purged = new LongAdder();

        FragmentStatus.Counts counts() {
            return new FragmentStatus.Counts(accepted.sum(), completed.sum(), expired.sum(), tooSmall.sum(),
                overlapped.sum(), purged.sum());
        }
    }

    /**
     * Takes the fragments out of a batch that is about to be tracked. A fragment that completes its datagram is
     * replaced by the whole datagram; a refused one stays with the state {@link CtState#INVALID} alone; one that is
     * none of this module's business (its family is switched off, the maximum is reached) stays as it is.
     *
     * <p>The caller must call {@link #after} with the same batch, whatever happens in between.
     *
     * @param zone  zone of the action, 0..65535; fragments of different zones don't meet
     * @param nowNs the tracker's time in nanoseconds
     */
    void before(final PacketBatch batch, final int zone, final ConntrackSettings settings, final long nowNs) {
        if (!settings.reassembleV4() && !settings.reassembleV6()) {
            return;
        }
        final int size = batch.size();
        for (int i = 0; i < size; i++) {
            final Packet packet = batch.get(i);
            packet.parse();
            if (packet.fragment() != Packet.NOT_FRAGMENT) {
                gather(batch, i, zone, settings, nowNs);
                return;
            }
        }
    }

    private void gather(final PacketBatch batch, final int from, final int zone, final ConntrackSettings settings,
            final long nowNs) {
        final int size = batch.size();
        int stay = from;
        for (int i = from; i < size; i++) {
            final Packet packet = batch.get(i);
            packet.parse();
            final Packet next = packet.fragment() == Packet.NOT_FRAGMENT ? packet : take(packet, zone, settings, nowNs);
            if (next != null) {
                batch.set(stay++, next);
            }
        }
        batch.truncate(stay);
    }

    /** {@return what stands in the batch in place of a fragment: itself, the whole datagram, or null for nothing} */
    private Packet take(final Packet packet, final int zone, final ConntrackSettings settings, final long nowNs) {
        final FragmentPiece piece = FragmentPiece.of(packet);
        if (piece == null) {
            return packet;
        }
        if (!piece.v6() && !isHeaderRight(packet)) {
            return refuse(packet);
        }
        if (piece.more() && packet.l3Length() < (piece.v6() ? settings.minFragmentV6() : settings.minFragmentV4())) {
            tally(piece.v6()).tooSmall.increment();
            return refuse(packet);
        }
        if (!(piece.v6() ? settings.reassembleV6() : settings.reassembleV4())) {
            return packet;
        }
        return piece.isPossible() ? accept(piece, FragmentKey.of(piece, zone, salt), settings, nowNs) : refuse(packet);
    }

    private boolean isHeaderRight(final Packet packet) {
        if (packet.l3Checksum() == Packet.CHECKSUM_UNKNOWN) {
            headersChecked.increment();
            final int at = packet.l3Offset();
            final boolean right = Checksums.isValid(0, packet.data(), at, (Bytes.u8(packet.data(), at) & 0xf) * 4);
            packet.l3Checksum(right ? Packet.CHECKSUM_GOOD : Packet.CHECKSUM_BAD);
        }
        if (packet.l3Checksum() == Packet.CHECKSUM_BAD) {
            headersWrong.increment();
            return false;
        }
        return true;
    }

    private static Packet refuse(final Packet packet) {
        packet.ctState(CtState.INVALID);
        return packet;
    }

    private synchronized Packet accept(final FragmentPiece piece, final FragmentKey key,
            final ConntrackSettings settings, final long nowNs) {
        final Packet packet = piece.packet();
        FragmentList list = gathering.get(key);
        if (list != null && nowNs > list.expirationNs()) {
            // Identifications come round again: a fragment must not meet those of an older datagram.
            gathering.remove(key);
            drop(list, nowNs);
            list = null;
        }
        if (held >= settings.maxFragments() || complete.containsKey(key)) {
            return packet;
        }
        if (list == null) {
            list = new FragmentList(key, nowNs + TIMEOUT_NS);
        }
        switch (list.add(piece, piece.v6() ? 65535 : listLimit(settings.minFragmentV4()))) {
            case CLOSED:
                return packet;
            case OVERLAP:
                tally(piece.v6()).overlapped.increment();
                return refuse(packet);
            case CONTRADICTION:
                return refuse(packet);
            default:
                break;
        }
        packet.keep();
        held = held + 1;
        tally(piece.v6()).accepted.increment();
        gathering.putIfAbsent(key, list);
        final Packet whole = list.isComplete() ? list.reassemble(packet.inPort()) : null;
        if (whole != null) {
            gathering.remove(key);
            complete.put(key, list);
            executing.put(whole, list);
        }
        setDeadline();
        return whole;
    }

    /** How many IPv4 fragments a datagram can have if all but the last are large enough. */
    private static int listLimit(final int minFragment) {
        final int room = 65535 - 60;
        final int least = minFragment - 60;
        return (room + least - 1) / least;
    }

    /**
     * Takes the whole datagrams out of a batch that has been tracked and appends their fragments, in order, with state,
     * zone, mark, label, original tuple and translated bytes. Datagrams whose lowest fragment came by another port than
     * the batch wait for a batch of that port. Drops at most one datagram that has run out of time.
     *
     * @param zone  zone of the action, as given to {@link #before}
     * @param nowNs the tracker's time in nanoseconds
     */
    void after(final PacketBatch batch, final int zone, final long nowNs) {
        if (held == 0) {
            return;
        }
        final Packet any = batch.isEmpty() ? null : batch.get(0);
        final Exit exit = any == null ? null : new Exit(any.inPort(), zone, any.etherType() == EtherType.IPV6);
        final List<FragmentList> done = executing.isEmpty() ? List.of() : withdraw(batch);
        if (!done.isEmpty() || nowNs > deadlineNs || exit != null && waiting.containsKey(exit)) {
            release(batch, exit, done, nowNs);
        }
    }

    /** Takes the packets that stand for datagrams out of the batch and tells the fragments what became of them. */
    private List<FragmentList> withdraw(final PacketBatch batch) {
        List<FragmentList> done = List.of();
        final int size = batch.size();
        int stay = 0;
        for (int i = 0; i < size; i++) {
            final Packet packet = batch.get(i);
            final FragmentList list = executing.remove(packet);
            if (list == null) {
                batch.set(stay++, packet);
            } else {
                list.takeOver(packet);
                if (done.isEmpty()) {
                    done = new ArrayList<>();
                }
                done.add(list);
            }
        }
        batch.truncate(stay);
        return done;
    }

    private synchronized void release(final PacketBatch batch, final Exit exit, final List<FragmentList> done,
            final long nowNs) {
        final ArrayDeque<FragmentList> waited = exit == null ? null : waiting.remove(exit);
        if (waited != null) {
            for (final FragmentList list : waited) {
                leave(list, batch, nowNs);
            }
        }
        for (final FragmentList list : done) {
            final FragmentKey key = list.key();
            if (Objects.equals(list.inPort(), exit.port())) {
                leave(list, batch, nowNs);
            } else {
                waiting.computeIfAbsent(new Exit(list.inPort(), key.zone(), key.v6()), port -> new ArrayDeque<>())
                    .add(list);
            }
        }
        final Iterator<FragmentList> oldest = gathering.values().iterator();
        for (int purged = 0; purged <= PURGED_PER_BATCH && oldest.hasNext(); purged++) {
            final FragmentList list = oldest.next();
            if (nowNs <= list.expirationNs()) {
                break;
            }
            oldest.remove();
            if (!drop(list, nowNs)) {
                break;
            }
        }
        setDeadline();
    }

    private void leave(final FragmentList list, final PacketBatch batch, final long nowNs) {
        complete.remove(list.key());
        if (nowNs > list.expirationNs() + PURGE_NS) {
            drop(list, nowNs);
        } else {
            list.appendTo(batch);
            held = held - list.size();
            tally(list.key().v6()).completed.add(list.size());
        }
    }

    /** Forgets the fragments of a list that is no longer in a map; {@return whether that was long overdue} */
    private boolean drop(final FragmentList list, final long nowNs) {
        final boolean overdue = nowNs > list.expirationNs() + PURGE_NS;
        final Tally tally = tally(list.key().v6());
        held = held - list.size();
        (overdue ? tally.purged : tally.expired).add(list.size());
        return overdue;
    }

    private void setDeadline() {
        final Iterator<FragmentList> oldest = gathering.values().iterator();
        final long next = oldest.hasNext() ? oldest.next().expirationNs() : Long.MAX_VALUE;
        if (next != deadlineNs) {
            deadlineNs = next;
        }
    }

    /**
     * Drops what nobody has completed or fetched within ten seconds after its timeout. To be called every minute.
     *
     * @param nowNs the tracker's time in nanoseconds
     */
    synchronized void purge(final long nowNs) {
        purge(gathering.values().iterator(), nowNs);
        for (final Iterator<ArrayDeque<FragmentList>> exits = waiting.values().iterator(); exits.hasNext();) {
            final ArrayDeque<FragmentList> lists = exits.next();
            purge(lists.iterator(), nowNs);
            if (lists.isEmpty()) {
                exits.remove();
            }
        }
        setDeadline();
    }

    private void purge(final Iterator<FragmentList> lists, final long nowNs) {
        while (lists.hasNext()) {
            final FragmentList list = lists.next();
            if (nowNs > list.expirationNs() + PURGE_NS) {
                lists.remove();
                complete.remove(list.key());
                drop(list, nowNs);
            }
        }
    }

    /** {@return what is held and what was counted; the counters of a moment ago if packets are under way} */
    synchronized FragmentStatus status() {
        final List<FragmentStatus.Datagram> datagrams =
            Stream.concat(gathering.values().stream(), complete.values().stream()).map(Fragments::describe).toList();
        return new FragmentStatus(held, v4.counts(), v6.counts(), datagrams);
    }

    private static FragmentStatus.Datagram describe(final FragmentList list) {
        final FragmentKey key = list.key();
        return new FragmentStatus.Datagram(key.source(), key.destination(), key.id() & 0xffffffffL, key.zone(),
            key.protocol(), list.size(), list.state());
    }

    /** {@return how many IPv4 header checksums were verified here (ipf_l3csum_checked)} */
    long headersChecked() {
        return headersChecked.sum();
    }

    /** {@return how many IPv4 fragments had a wrong header checksum (ipf_l3csum_err)} */
    long headersWrong() {
        return headersWrong.sum();
    }

    private Tally tally(final boolean ofV6) {
        return ofV6 ? v6 : v4;
    }
}
