// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import org.trackway.conntrack.Timeout;
import org.trackway.packet.Bytes;

/**
 * The TCP machine: two peers with a state and a window each, after Open vSwitch (lib/conntrack-tcp.c tcp_conn_update),
 * which has it from pf and from "Real Stateful TCP Packet Filtering in IP Filter" (van Rooij, 2001).
 *
 * <p>Used in three steps: {@link #load} a connection's words, {@link #update} with a packet, {@link #store} them back.
 * "Sender" is the peer that sent the packet, "receiver" the other. One per thread; the connection's lock is held
 * throughout.
 *
 * <p>How a peer's state moves by packets that the window test accepts (both tests for FIN and RST, only the strict one
 * for ACK):
 * <pre>
 *   whose      packet   from          to
 *   sender     any      CLOSED        SYN_SENT
 *   sender     FIN      below CLOSING CLOSING
 *   receiver   ACK      SYN_SENT      ESTABLISHED
 *   receiver   ACK      CLOSING       FIN_WAIT_2
 *   both       RST      any           TIME_WAIT
 * </pre>
 */
final class TcpMachine {

    static final int FIN = 0x01;
    static final int SYN = 0x02;
    static final int RST = 0x04;
    static final int PSH = 0x08;
    static final int ACK = 0x10;
    static final int URG = 0x20;

    static final int CLOSED = 0;
    static final int SYN_SENT = 2;
    static final int ESTABLISHED = 4;
    static final int CLOSING = 7;
    static final int FIN_WAIT_2 = 9;
    static final int TIME_WAIT = 10;

    /** Scale byte: the peer sent a window scale option; the shift is in the low four bits. */
    static final int SCALE_SEEN = 0x80;
    /** Scale byte: the connection was picked up in its middle. */
    static final int SCALE_UNKNOWN = 0x40;
    static final int SCALE_MASK = 0x0f;
    private static final int MAX_SCALE = 14;

    /** In the word of {@link #both}. */
    private static final int BOTH_ESTABLISHED = ESTABLISHED << 8 | ESTABLISHED;
    private static final long BOTH_SCALES_SEEN = (long) SCALE_SEEN << 24 | SCALE_SEEN << 16;
    private static final long BOTH_SCALES_UNKNOWN = (long) SCALE_UNKNOWN << 24 | SCALE_UNKNOWN << 16;

    /** {@link #timeout}: the packet starts none. */
    static final int NO_TIMEOUT = -1;

    /** How far an acknowledgement may be off: the largest window and one packet (lib/conntrack-tcp.c MAXACKWINDOW). */
    private static final int MAX_ACK_SKEW = 65535 + 1500;

    /** Outcome flags of the last {@link #update}. */
    boolean bypassedCheck;
    boolean failedCheck;
    boolean badFlags;
    /** The timeout to start by its ordinal, or {@link #NO_TIMEOUT} to leave the expiry alone. */
    int timeout;

    private int sendLow;
    private int sendHigh;
    private int sendWindow;
    private int sendScale;
    private int sendState;
    private int receiveLow;
    private int receiveHigh;
    private int receiveWindow;
    private int receiveScale;
    private int receiveState;

    /** {@return whether a packet with these flags may open a connection: sane, and not SYN with ACK} */
    static boolean isValidFirst(final int flags) {
        return hasSaneFlags(flags) && (flags & (SYN | ACK)) != (SYN | ACK);
    }

    /** The combinations that make no sense (lib/conntrack-tcp.c tcp_invalid_flags). */
    private static boolean hasSaneFlags(final int flags) {
        if ((flags & SYN) != 0) {
            return (flags & (RST | FIN)) == 0 && ((flags & ACK) != 0 || (flags & (PSH | URG)) == 0);
        }
        return (flags & ACK) != 0 || (flags & RST) != 0 && (flags & (FIN | PSH | URG)) == 0;
    }

    /** Takes the words that {@link #store} wrote; {@code reply} says that peer 1 is the sender. */
    void load(final long peer0, final long peer1, final long both, final boolean reply) {
        // Which direction a packet goes can't be predicted: the peers change places without a branch.
        final int shift = reply ? 0 : 1;
        final long swap = (peer0 ^ peer1) & shift - 1L;
        final long sender = peer0 ^ swap;
        final long receiver = peer1 ^ swap;
        sendLow = (int) (sender >>> 32);
        sendHigh = (int) sender;
        receiveLow = (int) (receiver >>> 32);
        receiveHigh = (int) receiver;
        sendWindow = (int) (both >>> 32 + 16 * shift) & 0xffff;
        receiveWindow = (int) (both >>> 48 - 16 * shift) & 0xffff;
        sendScale = (int) (both >>> 16 + 8 * shift) & 0xff;
        receiveScale = (int) (both >>> 24 - 8 * shift) & 0xff;
        sendState = (int) (both >>> 8 * shift) & 0xff;
        receiveState = (int) (both >>> 8 - 8 * shift) & 0xff;
    }

    /** {@return sequence numbers of the sender, highest sent in the high half, highest allowed in the low half} */
    long sender() {
        return (long) sendLow << 32 | sendHigh & 0xffffffffL;
    }

    /** {@return the same of the receiver} */
    long receiver() {
        return (long) receiveLow << 32 | receiveHigh & 0xffffffffL;
    }

    /** {@return windows (16 bits), scales (8 bits) and states (8 bits) of both peers, peer 0 before peer 1} */
    long both(final boolean reply) {
        final int shift = reply ? 0 : 1;
        return (long) sendWindow << 32 + 16 * shift | (long) receiveWindow << 48 - 16 * shift
            | (long) sendScale << 16 + 8 * shift | (long) receiveScale << 24 - 8 * shift
            | (long) sendState << 8 * shift | (long) receiveState << 8 - 8 * shift;
    }

    static int state(final long both, final int peer) {
        return (int) (both >>> 8 - 8 * peer) & 0xff;
    }

    static int scale(final long both, final int peer) {
        return (int) (both >>> 24 - 8 * peer) & 0xff;
    }

    static int window(final long both, final int peer) {
        return (int) (both >>> 48 - 16 * peer) & 0xffff;
    }

    /** Sets both peers up from the first packet (lib/conntrack-tcp.c tcp_new_conn). */
    void open(final byte[] data, final int l4, final int size) {
        final int flags = Bytes.u8(data, l4 + 13);
        final boolean syn = (flags & SYN) != 0;
        sendLow = Bytes.i32(data, l4 + 4);
        sendHigh = sendLow + payload(data, l4, size) + 1 + (syn ? 1 : 0) + ((flags & FIN) != 0 ? 1 : 0);
        sendScale = syn ? scaleOption(data, l4) : SCALE_UNKNOWN;
        receiveScale = syn ? 0 : SCALE_UNKNOWN;
        sendWindow = shiftUp(Math.max(Bytes.u16(data, l4 + 14), 1), sendScale & SCALE_MASK);
        receiveLow = 0;
        receiveHigh = 1;
        receiveWindow = 1;
        sendState = SYN_SENT;
        receiveState = CLOSED;
        timeout = Timeout.TCP_SYN_SENT.ordinal();
    }

    /** {@return {@code window / 2^shift}, rounded up} */
    private static int shiftUp(final int window, final int shift) {
        return window + (1 << shift) - 1 >>> shift;
    }

    private static int payload(final byte[] data, final int l4, final int size) {
        return size - (data[l4 + 12] >> 4 & 0xf) * 4;
    }

    /** The scale option of a SYN (RFC 7323 section 2.2) as a scale byte, 0 without one; the last one counts. */
    private static int scaleOption(final byte[] data, final int l4) {
        int left = (data[l4 + 12] >> 4 & 0xf) * 4 - 20;
        int at = l4 + 20;
        int scale = 0;
        while (left >= 3) {
            final int kind = data[at];
            if (kind == 0) {
                break;
            }
            int step = 1;
            if (kind != 1) {
                if (kind == 3) {
                    scale = Math.min(Bytes.u8(data, at + 2), MAX_SCALE) | SCALE_SEEN;
                }
                step = Math.max(Bytes.u8(data, at + 1), 2);
            }
            at += step;
            left -= step;
        }
        return scale;
    }

    /**
     * Judges a packet and moves both peers.
     *
     * @param data          bytes of the packet
     * @param l4            index of its TCP header, which is sound
     * @param size          bytes of header and payload
     * @param sequenceCheck whether segments outside the window are refused
     * @param relearn       whether packets have passed unseen, so that this one says where its sender is by now
     * @return one of {@link Verdict}
     */
    int update(final byte[] data, final int l4, final int size, final boolean sequenceCheck, final boolean relearn) {
        bypassedCheck = false;
        failedCheck = false;
        badFlags = false;
        timeout = NO_TIMEOUT;
        final int flags = Bytes.u8(data, l4 + 13);
        if (!hasSaneFlags(flags)) {
            badFlags = true;
            return Verdict.INVALID;
        }
        if ((flags & (SYN | ACK)) == SYN) {
            if (sendState >= FIN_WAIT_2 && receiveState >= FIN_WAIT_2) {
                sendState = CLOSED;
                receiveState = CLOSED;
                return Verdict.NEW;
            }
            if (sendState <= SYN_SENT) {
                sendState = SYN_SENT;
                timeout = Timeout.TCP_SYN_SENT.ordinal();
                return Verdict.VALID_NEW;
            }
        }
        return judge(data, l4, size, flags, sequenceCheck, relearn);
    }

    private int judge(final byte[] data, final int l4, final int size, final int flags, final boolean sequenceCheck,
            final boolean relearn) {
        final boolean syn = (flags & SYN) != 0;
        final int originalSequence = Bytes.i32(data, l4 + 4);
        int sequence = originalSequence;
        int end = sequence + payload(data, l4, size) + (syn ? 1 : 0) + ((flags & FIN) != 0 ? 1 : 0);
        int window = Bytes.u16(data, l4 + 14);
        int sendShift = 0;
        int receiveShift = 0;
        if (!syn) {
            if ((sendScale & receiveScale & SCALE_SEEN) != 0) {
                sendShift = sendScale & SCALE_MASK;
                receiveShift = receiveScale & SCALE_MASK;
            } else if ((sendScale & receiveScale & SCALE_UNKNOWN) != 0) {
                sendShift = MAX_SCALE;
                receiveShift = MAX_SCALE;
            }
        }
        boolean checkSkew = true;
        if (sendState < SYN_SENT) {
            // The first packet of this peer: the SYN with ACK, or the first answer on a connection picked up midway.
            if (syn && (receiveScale & SCALE_SEEN) != 0) {
                sendScale = scaleOption(data, l4);
                if ((sendScale & SCALE_SEEN) != 0) {
                    sendShift = sendScale & SCALE_MASK;
                    window = shiftUp(window, sendShift);
                    receiveShift = receiveScale & SCALE_MASK;
                } else {
                    receiveWindow = receiveWindow << (receiveScale & SCALE_MASK) & 0xffff;
                    receiveScale = 0;
                }
            }
            sendLow = sequence;
            sendState = SYN_SENT;
            final int allowed = end + Math.max(1, receiveWindow << receiveShift);
            if (sendHigh == 1 || Sequence.isAtLeast(allowed, sendHigh)) {
                sendHigh = allowed;
                checkSkew = false;
            }
            sendWindow = Math.max(sendWindow, window);
        }
        int ack = Bytes.i32(data, l4 + 8);
        if ((flags & ACK) == 0 || ack == 0 && (flags & RST) != 0) {
            ack = receiveLow;
        }
        if (relearn) {
            // Numbers may be any distance ahead of what was seen last, beyond what can be compared: they are taken as
            // they are.
            sendLow = sequence;
            sendHigh = end + Math.max(1, receiveWindow << receiveShift);
            receiveHigh = ack + Math.max(1, window << sendShift);
            checkSkew = false;
        }
        if (sequence == end) {
            sequence = sendLow;
            end = sendLow;
        }
        final int skew = checkSkew ? receiveLow - ack : 0;
        final boolean inWindow = Sequence.isAtLeast(sendHigh, end)
            && Sequence.isAtLeast(sequence, sendLow - (receiveWindow << receiveShift))
            && skew >= -MAX_ACK_SKEW && skew <= MAX_ACK_SKEW << sendShift
            && ((flags & RST) == 0 || isNextSequence(originalSequence));
        if (inWindow || !sequenceCheck) {
            bypassedCheck = !inWindow;
            moveWindows(end, ack, window, sendShift);
            moveStates(flags);
            if ((flags & ACK) != 0) {
                if (receiveState == SYN_SENT) {
                    receiveState = ESTABLISHED;
                } else if (receiveState == CLOSING) {
                    receiveState = FIN_WAIT_2;
                }
            }
            reset(flags);
            timeout = timeoutOfStates().ordinal();
            return Verdict.VALID;
        }
        if ((receiveState < SYN_SENT || receiveState >= FIN_WAIT_2 || sendState >= FIN_WAIT_2)
                && Sequence.isAtLeast(sendHigh + MAX_ACK_SKEW, end)
                && Sequence.isAtLeast(sequence, sendLow - MAX_ACK_SKEW)) {
            // Before the receiver spoke and after the end, segments may be a window off; they refresh nothing.
            moveWindows(end, ack, window, sendShift);
            moveStates(flags);
            reset(flags);
            return Verdict.VALID;
        }
        failedCheck = true;
        return Verdict.INVALID;
    }

    /**
     * The common case of {@link #update}, on the connection's words themselves: both peers are established, the packet
     * has ACK and neither SYN, FIN nor RST, and lies in the window. Windows move, states stay,
     * {@link Timeout#TCP_ESTABLISHED} starts.
     *
     * @param words     the words of the locked connection, from {@code base} on
     * @param direction which peer is the sender
     * @return false if this is not that case; nothing has changed then
     */
    static boolean goOn(final long[] words, final int base, final int direction, final byte[] data, final int l4,
            final int size) {
        final long both = words[base + Slab.STATE];
        // Acknowledgement (32), header length (4), flags (12), window (16).
        final long header = Bytes.i64(data, l4 + 8);
        if ((header >>> 16 & (FIN | SYN | RST | ACK)) != ACK || (char) both != BOTH_ESTABLISHED) {
            return false;
        }
        final long sender = words[base + Slab.PEER0 + direction];
        final long receiver = words[base + Slab.PEER1 - direction];
        final int windows = 48 - 16 * direction;
        final int sendWindow = (int) (both >>> windows) & 0xffff;
        final int receiveWindow = (int) (both >>> 80 - windows) & 0xffff;
        int sendShift = 0;
        int receiveShift = 0;
        if ((both & BOTH_SCALES_SEEN) == BOTH_SCALES_SEEN) {
            sendShift = scale(both, direction) & SCALE_MASK;
            receiveShift = scale(both, 1 - direction) & SCALE_MASK;
        } else if ((both & BOTH_SCALES_UNKNOWN) == BOTH_SCALES_UNKNOWN) {
            sendShift = MAX_SCALE;
            receiveShift = MAX_SCALE;
        }
        final int sendLow = (int) (sender >>> 32);
        final int payload = size - ((int) header >>> 28) * 4;
        final int sequence = payload == 0 ? sendLow : Bytes.i32(data, l4 + 4);
        final int end = sequence + payload;
        final int ack = (int) (header >>> 32);
        final int skew = (int) (receiver >>> 32) - ack;
        if (!Sequence.isAtLeast((int) sender, end)
                || !Sequence.isAtLeast(sequence, sendLow - (receiveWindow << receiveShift))
                || skew < -MAX_ACK_SKEW || skew > MAX_ACK_SKEW << sendShift) {
            return false;
        }
        final int window = (int) header & 0xffff;
        if (window > sendWindow) {
            words[base + Slab.STATE] = both + ((long) (window - sendWindow) << windows);
        }
        if (Sequence.isAfter(end, sendLow)) {
            words[base + Slab.PEER0 + direction] = (long) end << 32 | sender & 0xffffffffL;
        }
        final int allowed = window << sendShift;
        if (Sequence.isAtLeast(ack + allowed, (int) receiver)) {
            words[base + Slab.PEER1 - direction] =
                receiver & 0xffffffff_00000000L | ack + Math.max(allowed, 1) & 0xffffffffL;
        }
        return true;
    }

    /** A reset is believed at the sequence number expected, or one beside it (RFC 5961 section 3). */
    private boolean isNextSequence(final int sequence) {
        return sequence == sendLow || sequence == sendLow + 1 || sequence + 1 == sendLow;
    }

    private void moveWindows(final int end, final int ack, final int window, final int sendShift) {
        sendWindow = Math.max(sendWindow, window);
        if (Sequence.isAfter(end, sendLow)) {
            sendLow = end;
        }
        if (Sequence.isAtLeast(ack + (window << sendShift), receiveHigh)) {
            receiveHigh = ack + Math.max(window << sendShift, 1);
        }
    }

    private void moveStates(final int flags) {
        if ((flags & FIN) != 0 && sendState < CLOSING) {
            sendState = CLOSING;
        }
    }

    private void reset(final int flags) {
        if ((flags & RST) != 0) {
            sendState = TIME_WAIT;
            receiveState = TIME_WAIT;
        }
    }

    private Timeout timeoutOfStates() {
        return timeout(Math.min(sendState, receiveState), Math.max(sendState, receiveState));
    }

    /** {@return the timeout that rules a connection's present state} */
    static Timeout timeout(final long both) {
        final int earlier = Math.min(state(both, 0), state(both, 1));
        final int later = Math.max(state(both, 0), state(both, 1));
        return earlier == CLOSED && later == SYN_SENT ? Timeout.TCP_SYN_SENT : timeout(earlier, later);
    }

    private static Timeout timeout(final int earlier, final int later) {
        return earlier >= FIN_WAIT_2 ? Timeout.TCP_CLOSE
            : earlier >= CLOSING ? Timeout.TCP_TIME_WAIT
            : earlier < ESTABLISHED ? Timeout.TCP_SYN_RECV
            : later >= CLOSING ? Timeout.TCP_FIN_WAIT
            : Timeout.TCP_ESTABLISHED;
    }
}
