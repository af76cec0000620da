// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import java.util.Arrays;
import org.trackway.conntrack.CtState;
import org.trackway.packet.Bytes;
import org.trackway.packet.Checksums;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Port;

/**
 * The fragments of one datagram, sorted and without overlaps. Guarded by the module's lock until it is complete; then
 * it belongs to the thread that completed it until that gives the fragments back.
 */
final class FragmentList {

    /** What became of a fragment. */
    enum Answer {
        /** It is in the list now. */
        HELD,
        /** The list takes no more; the fragment is nobody's business here. */
        CLOSED,
        /** Some of its bytes are there already. The first copy stays (lib/ipf.c ipf_is_frag_duped). */
        OVERLAP,
        /** It contradicts the end of the datagram that another fragment gave. */
        CONTRADICTION
    }

    private final FragmentKey key;
    private final long expirationNs;
    private FragmentPiece[] pieces = new FragmentPiece[4];
    private int size;
    private int covered;
    /** Bytes of the whole datagram behind its headers, or -1 while the last fragment is missing. */
    private int total = -1;
    private boolean tooLong;

    FragmentList(final FragmentKey key, final long expirationNs) {
        this.key = key;
        this.expirationNs = expirationNs;
    }

    FragmentKey key() {
        return key;
    }

    /** {@return the last nanosecond at which the datagram may be completed} */
    long expirationNs() {
        return expirationNs;
    }

    int size() {
        return size;
    }

    /** {@return the port by which the lowest fragment came} */
    Port inPort() {
        return pieces[0].packet().inPort();
    }

    /** Takes a fragment in, unless the list has {@code limit} of them. */
    Answer add(final FragmentPiece piece, final int limit) {
        if (tooLong || size >= limit) {
            return Answer.CLOSED;
        }
        final int at = firstFrom(piece.start());
        if (at > 0 && pieces[at - 1].end() > piece.start() || at < size && pieces[at].start() < piece.end()) {
            return Answer.OVERLAP;
        }
        final int highest = size == 0 ? 0 : pieces[size - 1].end();
        if (total >= 0 ? !piece.more() || piece.end() > total : !piece.more() && piece.end() < highest) {
            return Answer.CONTRADICTION;
        }
        if (size == pieces.length) {
            pieces = Arrays.copyOf(pieces, size * 2);
        }
        System.arraycopy(pieces, at, pieces, at + 1, size - at);
        pieces[at] = piece;
        size++;
        covered += piece.length();
        if (!piece.more()) {
            total = piece.end();
        }
        return Answer.HELD;
    }

    /** Index of the first piece that starts at {@code start} or behind it. */
    private int firstFrom(final int start) {
        int low = 0;
        int high = size;
        while (low < high) {
            final int middle = low + high >>> 1;
            if (pieces[middle].start() < start) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** {@return whether every byte up to the end is there} */
    boolean isComplete() {
        return covered == total;
    }

    /** {@return the state's name in {@code dpctl/ipf-get-status}} */
    String state() {
        final boolean first = size > 0 && pieces[0].start() == 0;
        if (tooLong) {
            return "reassemble fail";
        }
        if (isComplete()) {
            return "complete";
        }
        return first ? total >= 0 ? "first/last frag" : "first frag" : total >= 0 ? "last frag" : "other frag";
    }

    /**
     * Makes the datagram that the fragments are the pieces of, as its sender had it: without a fragment header, with
     * the tracking metadata and the link layer of the lowest fragment (lib/ipf.c ipf_reassemble_v4_frags,
     * ipf_reassemble_v6_frags), and the port by which the last missing fragment came, since it takes its place.
     *
     * @param port that port
     * @return a kept packet, or null if its length field could not say how long it is; then the list takes no more
     */
    Packet reassemble(final Port port) {
        final FragmentPiece first = pieces[0];
        if (!first.fits(total)) {
            tooLong = true;
            return null;
        }
        final Packet lowest = first.packet();
        final int prefix = lowest.l3Offset() - lowest.offset() + first.wholeHeader();
        final Packet whole = new Packet(prefix + total);
        final byte[] data = whole.data();
        final int from = whole.offset();
        System.arraycopy(lowest.data(), lowest.offset(), data, from, prefix);
        for (int i = 0; i < size; i++) {
            final FragmentPiece piece = pieces[i];
            System.arraycopy(piece.packet().data(), piece.payload(), data, from + prefix + piece.start(),
                piece.length());
        }
        whole.received(from, prefix + total);
        final int l3 = from + prefix - first.wholeHeader();
        if (first.v6()) {
            Bytes.put16(data, l3 + 4, first.wholeHeader() - 40 + total);
            Bytes.put8(data, l3 + first.nextHeaderOfFragment() - lowest.l3Offset(),
                Bytes.u8(lowest.data(), first.payload() - 8));
        } else {
            Bytes.put16(data, l3 + 2, first.wholeHeader() + total);
            Bytes.put16(data, l3 + 6, Bytes.u16(data, l3 + 6) & 0xc000);
            Bytes.put16(data, l3 + 10, 0);
            Bytes.put16(data, l3 + 10, Checksums.of(0, data, l3, first.wholeHeader()));
            whole.l3Checksum(Packet.CHECKSUM_GOOD);
        }
        whole.inPort(port);
        whole.timestampNs(lowest.timestampNs());
        whole.copyConntrack(lowest);
        whole.keep();
        return whole;
    }

    /**
     * Passes on to the fragments what tracking did to the whole datagram: metadata, addresses, and every byte behind
     * the IP headers, so that a translated header is right wherever it was cut. Sizes stay, but if a helper changed the
     * length of the text, the last fragment grows or shrinks with it; a text that no longer reaches into the last
     * fragment can't be sent in these pieces, and makes them invalid.
     */
    void takeOver(final Packet whole) {
        whole.parse();
        // Without a sound header behind IPv6's nothing was translated.
        final int length = whole.l4Offset() == Packet.NO_LAYER ? total : whole.l3Length() - pieces[0].wholeHeader();
        final boolean reachesLast = length > pieces[size - 1].start();
        final int payload = whole.l3Offset() + pieces[0].wholeHeader();
        for (int i = 0; i < size; i++) {
            final FragmentPiece piece = pieces[i];
            final Packet packet = piece.packet();
            packet.copyConntrack(whole);
            packet.ctConnection(0, false, false);
            if (!reachesLast) {
                packet.ctState(CtState.INVALID | CtState.TRACKED);
                continue;
            }
            copyAddresses(whole, packet, piece.v6());
            final int carried = i + 1 < size ? piece.length() : length - piece.start();
            if (carried == piece.length()) {
                System.arraycopy(whole.data(), payload + piece.start(), packet.data(), piece.payload(), carried);
            } else {
                final int from = payload + piece.start();
                packet.splice(piece.payload(), piece.length(), Arrays.copyOfRange(whole.data(), from, from + carried));
                packet.parse();
                changeLength(packet, piece, carried);
            }
        }
    }

    private static void copyAddresses(final Packet whole, final Packet packet, final boolean v6) {
        final byte[] data = packet.data();
        final int l3 = packet.l3Offset();
        if (v6) {
            System.arraycopy(whole.data(), whole.l3Offset() + 8, data, l3 + 8, 32);
            return;
        }
        for (int at = 12; at < 20; at += 4) {
            final int before = Bytes.i32(data, l3 + at);
            final int after = Bytes.i32(whole.data(), whole.l3Offset() + at);
            if (before != after) {
                Bytes.put16(data, l3 + 10, Checksums.update32(Bytes.u16(data, l3 + 10), before, after));
                Bytes.put32(data, l3 + at, after);
            }
        }
    }

    private static void changeLength(final Packet packet, final FragmentPiece piece, final int carried) {
        final byte[] data = packet.data();
        final int l3 = packet.l3Offset();
        if (piece.v6()) {
            Bytes.put16(data, l3 + 4, piece.header() - 40 + carried);
        } else {
            final int before = Bytes.u16(data, l3 + 2);
            final int after = piece.header() + carried;
            Bytes.put16(data, l3 + 10, Checksums.update16(Bytes.u16(data, l3 + 10), before, after));
            Bytes.put16(data, l3 + 2, after);
        }
        packet.reparse();
    }

    /** Appends the fragments to a batch, lowest first. */
    void appendTo(final PacketBatch batch) {
        for (int i = 0; i < size; i++) {
            batch.add(pieces[i].packet());
        }
    }
}
