// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import java.util.Arrays;
import org.trackway.packet.Bytes;
import org.trackway.packet.Checksums;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;

/**
 * What was replaced in one direction of a TCP stream, and hence how the sequence numbers of its two ends differ.
 *
 * <p>The sender numbers the bytes it wrote, the receiver those that arrive. This keeps the last {@value #MAX_EDITS}
 * replacements with their texts, by the sender's numbers, so that every segment is passed on as a part of one and the
 * same rewritten stream, however the sender cuts it, repeats it or changes the order: a retransmission gets the text and
 * the number that the first copy got, and adds nothing. What is older keeps the shift it has in sum. Numbers are compared
 * modulo 2^32; replacements further back than any window are forgotten, so that the comparison stays right.
 *
 * <p>Better than Open vSwitch, which keeps one sum for both directions, counts a retransmission twice, does not store a
 * sum of zero, and leaves SACK blocks alone (lib/conntrack.c conn_seq_skew_set, handle_ftp_ctl).
 *
 * <p><b>Where the tracker calls.</b> A connection's windows are kept in each sender's own numbers. For a packet of a
 * connection with a helper (shifting only in an invocation with {@code nat}, and only if the packet did not come in
 * already translated in this zone):
 * <ol>
 * <li>before the TCP machine sees the packet, {@link #adjustAck}: what it acknowledges, in the numbers of whom it
 * acknowledges;
 * <li>the TCP machine, with the packet's own sequence number and length;
 * <li>translation of addresses and ports; metadata, mark, label;
 * <li>{@link Helpers#control}, which shows the packet to the helper, records replacements, rewrites, and shifts the
 * sequence number last.
 * </ol>
 * Guarded by the connection's lock.
 */
final class SequenceShift {

    /** Replacements kept. */
    static final int MAX_EDITS = 8;
    /** No window reaches further than this (RFC 7323 section 2.3). */
    private static final int FAR = 1 << 30;
    private static final int ACK = 0x10;
    private static final int URG = 0x20;
    private static final int SACK_OPTION = 5;

    private Edit[] edits = {};
    private int size;
    /** Shift in front of the oldest edit that is kept. */
    private int base;
    /** The sender's number behind the furthest byte passed on, once {@link #started}. */
    private int edge;
    private boolean started;

    /** One replacement: {@code text} for {@code count} bytes from {@code start}, {@code before} shifted so far. */
    private record Edit(int start, int count, byte[] text, int before) {

        int end() {
            return start + count;
        }

        int after() {
            return before + text.length - count;
        }
    }

    /** {@return whether the numbers of both ends are the same and no text has to be replaced} */
    boolean isNeutral() {
        return size == 0 && base == 0;
    }

    // ---- numbers ----

    /** {@return the receiver's number for the sender's} */
    int toReceiver(final int number) {
        for (int i = size - 1; i >= 0; i--) {
            final Edit edit = edits[i];
            if (Sequence.isAtLeast(number, edit.end())) {
                return number + edit.after();
            }
            if (Sequence.isAfter(number, edit.start)) {
                return edit.start + edit.before + Math.min(number - edit.start, edit.text.length);
            }
        }
        return number + base;
    }

    /** {@return the sender's number for the receiver's: the last one whose byte does not lie behind it} */
    int toSender(final int number) {
        for (int i = size - 1; i >= 0; i--) {
            final Edit edit = edits[i];
            final int start = edit.start + edit.before;
            if (Sequence.isAtLeast(number, edit.end() + edit.after())) {
                return number - edit.after();
            }
            if (Sequence.isAfter(number, start)) {
                return edit.start + Math.min(number - start, edit.count - 1);
            }
        }
        return number - base;
    }

    // ---- recording ----

    /**
     * Records a replacement.
     *
     * @param start the sender's number of the first byte that goes
     * @param count how many bytes go, at least 1
     * @param text  what comes in their place
     * @return whether that is settled: the bytes are replaced now, or an earlier replacement of some of them stays; false
     *     if they have passed as they were, or bytes behind them have, which can't change their place any more
     */
    boolean record(final int start, final int count, final byte[] text) {
        for (int i = size - 1; i >= 0 && Sequence.isAfter(edits[i].end(), start); i--) {
            if (Sequence.isAfter(start + count, edits[i].start)) {
                return true;
            }
        }
        if (started && Sequence.isAfter(edge, start)) {
            return false;
        }
        if (size == MAX_EDITS) {
            forgetOldest();
        } else if (size == edits.length) {
            edits = Arrays.copyOf(edits, Math.min(MAX_EDITS, Math.max(2, 2 * size)));
        }
        edits[size] = new Edit(start, count, text.clone(), size > 0 ? edits[size - 1].after() : base);
        size++;
        return true;
    }

    /** Takes note of bytes that are passed on, up to the sender's number {@code end}. */
    void passed(final int end) {
        if (!started || Sequence.isAfter(end, edge)) {
            started = true;
            edge = end;
            while (size > 0 && end - edits[0].end() > FAR) {
                forgetOldest();
            }
        }
    }

    private void forgetOldest() {
        base = edits[0].after();
        size--;
        System.arraycopy(edits, 1, edits, 0, size);
        edits[size] = null;
    }

    // ---- packets ----

    /**
     * Puts what a packet acknowledges into the numbers of the peer it acknowledges, SACK blocks (RFC 2018) too.
     *
     * @param packet    a packet of the connection, or an ICMP error about it, which is left alone
     * @param extension the connection's
     * @param isReply   whether the packet travels in the reply direction
     */
    static void adjustAck(final Packet packet, final Extension extension, final boolean isReply) {
        final SequenceShift shift = isReply ? extension.originalShift : extension.replyShift;
        if (shift != null && !shift.isNeutral() && packet.parse() && packet.protocol() == IpProtocol.TCP
                && packet.fragment() == Packet.NOT_FRAGMENT && packet.l4Length() >= 20) {
            shift.adjustAck(packet);
        }
    }

    private void adjustAck(final Packet packet) {
        final byte[] data = packet.data();
        final int l4 = packet.l4Offset();
        if ((data[l4 + 13] & ACK) == 0) {
            return;
        }
        final int before = Bytes.i32(data, l4 + 8);
        put(packet, l4 + 8, before, toSender(before));
        final int end = l4 + Math.min((data[l4 + 12] >> 4 & 0xf) * 4, packet.l4Length());
        int option = l4 + 20;
        while (option < end && data[option] != 0) {
            if (data[option] == 1) {
                option++;
                continue;
            }
            final int length = option + 1 < end ? Bytes.u8(data, option + 1) : 0;
            if (length < 2 || option + length > end) {
                return;
            }
            if (data[option] == SACK_OPTION) {
                for (int at = option + 2; at + 4 <= option + length; at += 4) {
                    final int block = Bytes.i32(data, at);
                    put(packet, at, block, toSender(block));
                }
            }
            option += length;
        }
    }

    /** Writes a 32-bit field of the TCP header, at any alignment, and mends the checksum. */
    private static void put(final Packet packet, final int at, final int before, final int after) {
        if (before != after) {
            final byte[] data = packet.data();
            Bytes.put32(data, at, after);
            if (packet.l4Checksum() != Packet.CHECKSUM_PARTIAL) {
                final int field = packet.l4Offset() + 16;
                // At an odd distance the bytes count with swapped weights, as a rotation by one byte makes them.
                final int turn = (at - packet.l4Offset() & 1) * 8;
                Bytes.put16(data, field, Checksums.update32(Bytes.u16(data, field),
                    Integer.rotateRight(before, turn), Integer.rotateRight(after, turn)));
            }
        }
    }

    /**
     * Turns a segment into the part of the rewritten stream that it stands for: text, lengths, sequence number, urgent
     * pointer, checksums.
     *
     * @param packet  the segment
     * @param payload its payload, just found
     * @param number  the sender's number of the first payload byte
     * @return whether it fits a packet; otherwise nothing has changed
     */
    boolean rewrite(final Packet packet, final Payload payload, final int number) {
        final int length = payload.length();
        final int end = number + length;
        final int first = toReceiver(number);
        if (!payload.hasRoom(toReceiver(end) - first - length)) {
            return false;
        }
        final int l4 = payload.l4();
        final byte[] data = packet.data();
        if ((data[l4 + 13] & URG) != 0) {
            final int pointer = Bytes.u16(data, l4 + 18);
            final int moved = toReceiver(number + pointer) - first & 0xffff;
            if (moved != pointer && packet.l4Checksum() != Packet.CHECKSUM_PARTIAL) {
                Bytes.put16(data, l4 + 16, Checksums.update16(Bytes.u16(data, l4 + 16), pointer, moved));
            }
            Bytes.put16(data, l4 + 18, moved);
        }
        final int field = Bytes.i32(data, l4 + 4);
        put(packet, l4 + 4, field, field + first - number);
        for (int i = size - 1; i >= 0; i--) {
            final Edit edit = edits[i];
            final int from = Math.max(edit.start - number, 0);
            final int to = Math.min(edit.end() - number, length);
            if (from < to) {
                payload.replace(from, to - from, Arrays.copyOfRange(edit.text,
                    Math.min(number + from - edit.start, edit.text.length),
                    to == edit.end() - number ? edit.text.length : Math.min(end - edit.start, edit.text.length)));
            }
        }
        if (payload.isChanged()) {
            payload.mend();
        }
        return true;
    }
}
