// SPDX-License-Identifier: Apache-2.0
package org.trackway.packet;

import java.util.Arrays;
import java.util.Objects;

/**
 * One Ethernet frame and what is known about it: where its layers start, the port it came in by, and what connection
 * tracking has said of it so far.
 *
 * <p>The bytes lie in {@link #data} from {@link #offset}, {@link #length} of them, with room before and behind.
 * {@link #parse} finds the layers once; whoever moves or resizes bytes calls {@link #reparse}. The tracking metadata
 * survive from one table to the next as in Open vSwitch ({@code struct pkt_metadata}, lib/packets.h).
 *
 * <p>Belongs to one thread at a time. A port reuses its packets after the next receive; who needs one longer
 * {@linkplain #keep keeps} it.
 */
public final class Packet {

    /** Room left in front of a fresh frame: for two tags to be pushed, and no more, since it goes through the caches. */
    public static final int HEADROOM = 8;
    /** {@link #fragment}: the datagram is whole. */
    public static final int NOT_FRAGMENT = 0;
    /** {@link #fragment}: a fragment that starts at offset 0. */
    public static final int FIRST_FRAGMENT = 1;
    /** {@link #fragment}: a fragment from further back. */
    public static final int LATER_FRAGMENT = 3;
    /** Checksum not looked at yet. */
    public static final byte CHECKSUM_UNKNOWN = 0;
    /** Checksum known to be right. */
    public static final byte CHECKSUM_GOOD = 1;
    /** Checksum known to be wrong. */
    public static final byte CHECKSUM_BAD = 2;
    /** Checksum left for the transmitter to complete. */
    public static final byte CHECKSUM_PARTIAL = 3;
    /** {@link #l3Offset} or {@link #l4Offset}: there is no such layer, or it is broken. */
    public static final int NO_LAYER = -1;

    private static final int MAX_TAGS = 2;

    private static final int REPLY = 1;
    private static final int IN_ERROR = 2;
    private static final int FORGOTTEN = 4;
    private static final int V6 = 1;
    private static final int LABELLED = 2;

    /** What few packets have: a label, addresses of IPv6. */
    private static final class Rare {
        private long labelHigh;
        private long labelLow;
        private long sourceHigh;
        private long destinationHigh;
        private long destinationLow;
    }

    // A busy datapath has more packets than cache, so this is small: what is rare lies beside it, made when it first
    // comes.
    private Rare rare;
    private long timestampNs;
    /** IPv4: source and destination, from high to low; IPv6: low half of the source. */
    private long ctAddresses;
    /** Source port (16), destination port (16), nothing (16), protocol (8), nothing (8), from high to low. */
    private long ctPorts;
    private long ctConnection;

    private byte[] data;
    private int offset;
    private int length;
    private Port inPort;
    private boolean kept;

    // Layers, valid while parsed is true.
    private boolean parsed;
    /** 0 without an Ethernet header. */
    private char etherType;
    private byte tags;
    private int l3Offset;
    private int l4Offset;
    private int l4Length;
    private int l3Length;
    private byte protocol;
    private byte fragment;
    private byte l3Checksum;
    private byte l4Checksum;
    private char segmentSize;

    // Connection tracking metadata; the longs above belong to it.
    private int ctState;
    private char ctZone;
    private int ctMark;
    /** How it belongs to its connection: {@link #REPLY}, {@link #IN_ERROR}, {@link #FORGOTTEN}. */
    private byte ctRelation;
    /** Which of the words that are seldom touched mean something: {@link #V6}, {@link #LABELLED}. */
    private byte ctRare;

    /** Makes an empty packet with room for a frame of {@code capacity} bytes. */
    public Packet(final int capacity) {
        data = new byte[HEADROOM + capacity];
        offset = HEADROOM;
    }

    /** {@return a packet with a copy of this frame and no metadata} */
    public static Packet of(final byte[] frame) {
        final Packet packet = new Packet(frame.length);
        packet.set(frame, 0, frame.length);
        return packet;
    }

    /**
     * Takes a copy of a frame and forgets everything known about the one before, as when a packet is received.
     *
     * @param source the array to copy from
     * @param from   index of the frame's first byte
     * @param count  the frame's length in bytes
     */
    public void set(final byte[] source, final int from, final int count) {
        if (data.length < HEADROOM + count) {
            data = new byte[HEADROOM + Math.max(count, 2 * data.length)];
        }
        System.arraycopy(source, from, data, HEADROOM, count);
        received(HEADROOM, count);
    }

    /**
     * Says that a frame has been written into {@link #data}, and forgets everything known about the one before.
     *
     * @param from  index of the frame's first byte
     * @param count the frame's length in bytes
     */
    public void received(final int from, final int count) {
        Objects.checkFromIndexSize(from, count, data.length);
        offset = from;
        length = count;
        inPort = null;
        timestampNs = 0;
        kept = false;
        parsed = false;
        l3Checksum = CHECKSUM_UNKNOWN;
        l4Checksum = CHECKSUM_UNKNOWN;
        segmentSize = 0;
        clearConntrack();
    }

    /** {@return a packet of its own with the same bytes and the same metadata} */
    public Packet copy() {
        final Packet copy = new Packet(length);
        copy.set(data, offset, length);
        copy.inPort = inPort;
        copy.timestampNs = timestampNs;
        copy.l3Checksum = l3Checksum;
        copy.l4Checksum = l4Checksum;
        copy.segmentSize = segmentSize;
        copy.copyConntrack(this);
        copy.ctConnection = ctConnection;
        copy.ctRelation = ctRelation;
        return copy;
    }

    // ---- bytes ----

    /** {@return the array that holds the frame; replaced when the frame outgrows it} */
    public byte[] data() {
        return data;
    }

    /** {@return the index of the frame's first byte in {@link #data}} */
    public int offset() {
        return offset;
    }

    /** {@return the frame's length in bytes} */
    public int length() {
        return length;
    }

    /** {@return the frame's byte at {@code at}, or else its last one; 0 if it is empty} */
    int touch(final int at) {
        final int index = offset + Math.min(at, length - 1);
        return index >= 0 && index < data.length ? data[index] : 0;
    }

    /** {@return a copy of the frame} */
    public byte[] bytes() {
        return Arrays.copyOfRange(data, offset, offset + length);
    }

    /**
     * Replaces bytes of the frame by others, moving what follows. Layers are parsed anew; lengths and checksums in the
     * headers are the caller's to mend.
     *
     * @param at          index in {@link #data} of the first byte to replace, inside the frame
     * @param count       how many bytes go
     * @param replacement what comes in their place
     */
    public void splice(final int at, final int count, final byte[] replacement) {
        Objects.checkFromIndexSize(at - offset, count, length);
        final int newLength = length - count + replacement.length;
        final int tail = offset + length - at - count;
        byte[] target = data;
        if (offset + newLength > data.length) {
            target = Arrays.copyOf(data, offset + newLength + HEADROOM);
        }
        System.arraycopy(data, at + count, target, at + replacement.length, tail);
        System.arraycopy(replacement, 0, target, at, replacement.length);
        data = target;
        length = newLength;
        reparse();
    }

    /**
     * Inserts room of four bytes behind the MAC addresses for a VLAN tag and writes it. Without a whole Ethernet header
     * nothing happens.
     *
     * @param type {@link EtherType#VLAN} or {@link EtherType#SERVICE_VLAN}
     * @param tci  priority, DEI and VLAN identifier, 16 bits
     */
    public void pushVlan(final int type, final int tci) {
        if (!parse()) {
            return;
        }
        if (offset < 4) {
            splice(offset + 12, 0, new byte[4]);
        } else {
            System.arraycopy(data, offset, data, offset - 4, 12);
            offset -= 4;
            length += 4;
        }
        Bytes.put16(data, offset + 12, type);
        Bytes.put16(data, offset + 14, tci);
        reparse();
    }

    /** Removes the outer VLAN tag, if there is one. */
    public void popVlan() {
        if (parse() && tags > 0) {
            System.arraycopy(data, offset, data, offset + 4, 12);
            offset += 4;
            length -= 4;
            reparse();
        }
    }

    // ---- layers ----

    /** Forgets where the layers are; the next {@link #parse} looks again. */
    public void reparse() {
        parsed = false;
    }

    /**
     * Finds the layers, once. Follows what Open vSwitch's flow extraction accepts (lib/flow.c miniflow_extract,
     * ipv4_sanity_check, ipv6_sanity_check, parse_ipv6_ext_hdrs): up to two VLAN tags, SNAP, IPv4 and IPv6.
     *
     * @return whether there is a whole Ethernet header
     */
    public boolean parse() {
        if (!parsed) {
            parsed = true;
            findLayers();
        }
        return etherType != 0;
    }

    private void findLayers() {
        l3Offset = NO_LAYER;
        l4Offset = NO_LAYER;
        l3Length = 0;
        l4Length = 0;
        protocol = 0;
        fragment = NOT_FRAGMENT;
        tags = 0;
        etherType = 0;
        final int end = offset + length;
        int at = offset + 12;
        if (length < 14) {
            return;
        }
        int type = Bytes.u16(data, at);
        while ((type == EtherType.VLAN || type == EtherType.SERVICE_VLAN) && tags < MAX_TAGS && at + 6 <= end) {
            tags++;
            at += 4;
            type = Bytes.u16(data, at);
        }
        at += 2;
        if (type < 0x600) {
            // 802.3: the number is a length, and the type may follow in a SNAP header (RFC 1042).
            type = EtherType.NONE;
            if (at + 8 <= end && Bytes.i32(data, at) == 0xaaaa0300 && Bytes.u16(data, at + 4) == 0) {
                type = Bytes.u16(data, at + 6) < 0x600 ? EtherType.NONE : Bytes.u16(data, at + 6);
                at += 8;
            }
        }
        etherType = (char) type;
        if (type == EtherType.IPV4) {
            l3Offset = at;
            findIpv4(at, end - at);
        } else if (type == EtherType.IPV6) {
            l3Offset = at;
            findIpv6(at, end - at);
        } else {
            l3Offset = at;
            l3Length = end - at;
        }
    }

    private void findIpv4(final int at, final int size) {
        l3Length = size;
        if (size < 20) {
            return;
        }
        final int headerLength = (data[at] & 0xf) * 4;
        final int total = Bytes.u16(data, at + 2);
        if (headerLength < 20 || headerLength > size || total < headerLength || total > size) {
            return;
        }
        final int word = Bytes.u16(data, at + 6);
        if ((word & 0x3fff) != 0) {
            fragment = (byte) ((word & 0x1fff) != 0 ? LATER_FRAGMENT : FIRST_FRAGMENT);
        }
        protocol = data[at + 9];
        l3Length = total;
        l4Offset = at + headerLength;
        l4Length = total - headerLength;
    }

    private void findIpv6(final int at, final int size) {
        l3Length = size;
        if (size < 40) {
            return;
        }
        final int total = 40 + Bytes.u16(data, at + 4);
        if (total > size) {
            return;
        }
        final long walk = walkIpv6(data, at, total);
        if (walk < 0) {
            return;
        }
        fragment = (byte) (walk >>> 40 & 3);
        protocol = (byte) (walk >>> 32);
        l3Length = total;
        l4Offset = (int) walk;
        l4Length = at + total - l4Offset;
    }

    /**
     * Walks IPv6 extension headers: hop-by-hop, routing, destination options, authentication and fragment. Order and
     * repetition don't matter; the walk ends at anything else, and behind the fragment header of a later fragment.
     *
     * @param data the bytes
     * @param at   index of the fixed header
     * @param size bytes from there on that may be read, at least 40
     * @return -1 if a header does not fit; else the fragment kind, 8 bits of protocol and 32 bits of the index where
     *     the payload starts, from high to low
     */
    public static long walkIpv6(final byte[] data, final int at, final int size) {
        final int end = at + size;
        int next = Bytes.u8(data, at + 6);
        int position = at + 40;
        long kind = NOT_FRAGMENT;
        while (next == IpProtocol.HOP_BY_HOP || next == IpProtocol.ROUTING || next == IpProtocol.DESTINATION_OPTIONS
                || next == IpProtocol.AH || next == IpProtocol.FRAGMENT) {
            if (end - position < 8) {
                return -1;
            }
            final int header = next;
            next = Bytes.u8(data, position);
            if (header == IpProtocol.FRAGMENT) {
                final int word = Bytes.u16(data, position + 2);
                position += 8;
                if ((word & 0xfff8) != 0) {
                    return (long) LATER_FRAGMENT << 40 | (long) IpProtocol.FRAGMENT << 32 | position;
                }
                if (word != 0) {
                    kind = FIRST_FRAGMENT;
                }
            } else {
                final int size8 = Bytes.u8(data, position + 1);
                position += header == IpProtocol.AH ? (size8 + 2) * 4 : (size8 + 1) * 8;
                if (position > end) {
                    return -1;
                }
            }
        }
        return kind << 40 | (long) next << 32 | position;
    }

    /**
     * Finds the address that the transport checksum of an IPv6 packet covers as destination: with a routing header that
     * has segments left it is the last one of the route (RFC 8200 sections 4.4 and 8.1; RFC 8754 section 2 for segment
     * routing, whose list is in reverse), else that of the fixed header.
     *
     * @param data the bytes
     * @param l3   index of the fixed header, whose extension headers are sound
     * @param l4   index where they end
     * @return the index of the 16 bytes of the address
     */
    public static int finalDestination6(final byte[] data, final int l3, final int l4) {
        int next = Bytes.u8(data, l3 + 6);
        int position = l3 + 40;
        while (position < l4) {
            final int size8 = Bytes.u8(data, position + 1);
            if (next == IpProtocol.ROUTING && data[position + 3] != 0 && size8 >= 2) {
                final int type = Bytes.u8(data, position + 2);
                if (type == 4) {
                    return position + 8;
                }
                if (type == 0 || type == 2) {
                    return position + 8 * (size8 / 2 * 2) - 8;
                }
            }
            final int header = next;
            next = Bytes.u8(data, position);
            position += header == IpProtocol.FRAGMENT ? 8 : header == IpProtocol.AH ? (size8 + 2) * 4 : (size8 + 1) * 8;
        }
        return l3 + 24;
    }

    /**
     * {@return the type behind the VLAN tags, {@link EtherType#NONE} for plain 802.3, -1 without an Ethernet header}
     */
    public int etherType() {
        return etherType == 0 ? -1 : etherType;
    }

    /** {@return how many VLAN tags were passed, 0 to 2} */
    public int vlanTags() {
        return tags;
    }

    /** {@return priority, DEI and identifier of the tag at {@code depth} (0 is the outer one)} */
    public int vlanTci(final int depth) {
        return Bytes.u16(data, offset + 14 + 4 * Objects.checkIndex(depth, tags));
    }

    /** {@return the index in {@link #data} where the network layer starts, or {@link #NO_LAYER}} */
    public int l3Offset() {
        return l3Offset;
    }

    /**
     * {@return bytes of the network layer without Ethernet padding where the header is sound, else all that is there}
     */
    public int l3Length() {
        return l3Length;
    }

    /** {@return the index where the transport layer starts, or {@link #NO_LAYER} if there is no sound IP header} */
    public int l4Offset() {
        return l4Offset;
    }

    /** {@return bytes of the transport layer, without Ethernet padding} */
    public int l4Length() {
        return l4Length;
    }

    /** {@return the IP protocol behind all extension headers; {@link IpProtocol#FRAGMENT} in later IPv6 fragments} */
    public int protocol() {
        return protocol & 0xff;
    }

    /** {@return {@link #NOT_FRAGMENT}, {@link #FIRST_FRAGMENT} or {@link #LATER_FRAGMENT}} */
    public int fragment() {
        return fragment;
    }

    /** {@return what is known of the IPv4 header checksum: one of the {@code CHECKSUM_} constants} */
    public byte l3Checksum() {
        return l3Checksum;
    }

    /** Says what is known of the IPv4 header checksum. */
    public void l3Checksum(final byte status) {
        l3Checksum = status;
    }

    /** {@return what is known of the transport checksum: one of the {@code CHECKSUM_} constants} */
    public byte l4Checksum() {
        return l4Checksum;
    }

    /** Says what is known of the transport checksum. */
    public void l4Checksum(final byte status) {
        l4Checksum = status;
    }

    /**
     * Many segments in one, as Linux carries them until a transmitter cuts them (TSO, GSO).
     *
     * @return how many bytes of TCP or UDP payload each frame on the wire will have; 0 if this is one frame
     */
    public int segmentSize() {
        return segmentSize;
    }

    /** Says that it stands for several frames of so many bytes of payload each, 0..65535; 0 for an ordinary one. */
    public void segmentSize(final int payload) {
        segmentSize = (char) payload;
    }

    // ---- where it came from, who holds it ----

    /** {@return the port it was received by, or null} */
    public Port inPort() {
        return inPort;
    }

    /** Sets the port it was received by. */
    public void inPort(final Port port) {
        inPort = port;
    }

    /** {@return when it was received or captured, in nanoseconds since the epoch; 0 if unknown} */
    public long timestampNs() {
        return timestampNs;
    }

    /** Sets when it was received, in nanoseconds since the epoch. */
    public void timestampNs(final long nanoseconds) {
        timestampNs = nanoseconds;
    }

    /** Takes the packet out of its port's pool: it will not be reused. */
    public void keep() {
        kept = true;
    }

    /** {@return whether someone {@linkplain #keep kept} it} */
    public boolean isKept() {
        return kept;
    }

    // ---- connection tracking ----

    /** Forgets all tracking metadata, as the action {@code ct_clear} does. */
    public void clearConntrack() {
        ctState = 0;
        ctZone = 0;
        ctMark = 0;
        ctLabel(0, 0);
        ctConnection(0, false, false);
        clearConntrackTuple();
    }

    /** Takes over another packet's state, zone, mark, label and original tuple, but not its connection. */
    public void copyConntrack(final Packet other) {
        ctState = other.ctState;
        ctZone = other.ctZone;
        ctMark = other.ctMark;
        ctLabel(other.ctLabelHigh(), other.ctLabelLow());
        ctAddresses(other.ctV6(), other.ctSourceHigh(), other.ctSourceLow(), other.ctDestinationHigh(),
            other.ctDestinationLow());
        ctPorts = other.ctPorts;
    }

    /** {@return the state bits ({@code CtState} in the tracker's API), 0 if it was not tracked} */
    public int ctState() {
        return ctState;
    }

    /** Sets the state bits. */
    public void ctState(final int bits) {
        ctState = bits;
    }

    /** {@return the zone it was tracked in, 0..65535} */
    public int ctZone() {
        return ctZone;
    }

    /** Sets the zone, 0..65535. */
    public void ctZone(final int zone) {
        ctZone = (char) zone;
    }

    /** {@return the connection's mark} */
    public int ctMark() {
        return ctMark;
    }

    /** Sets the mark. */
    public void ctMark(final int mark) {
        ctMark = mark;
    }

    /** {@return the high 64 bits of the connection's label} */
    public long ctLabelHigh() {
        return (ctRare & LABELLED) == 0 ? 0 : rare.labelHigh;
    }

    /** {@return the low 64 bits of the connection's label} */
    public long ctLabelLow() {
        return (ctRare & LABELLED) == 0 ? 0 : rare.labelLow;
    }

    /** Sets the label. */
    public void ctLabel(final long high, final long low) {
        if ((high | low) == 0) {
            ctRare &= ~LABELLED;
        } else {
            ctRare |= LABELLED;
            final Rare words = rare();
            words.labelHigh = high;
            words.labelLow = low;
        }
    }

    /** {@return the id of the connection it was found to belong to, 0 if none is remembered} */
    public long ctConnection() {
        return (ctRelation & FORGOTTEN) == 0 ? ctConnection : 0;
    }

    /** {@return the id of the connection that the last look-up found, remembered or not; 0 if it found none} */
    public long ctFound() {
        return ctConnection;
    }

    /** {@return whether it travels in the reply direction of {@link #ctFound}} */
    public boolean ctReply() {
        return (ctRelation & REPLY) != 0;
    }

    /** {@return whether it is an ICMP error about {@link #ctFound}} */
    public boolean ctRelated() {
        return (ctRelation & IN_ERROR) != 0;
    }

    /** Remembers the connection that it was found to belong to; 0 if it belongs to none. */
    public void ctConnection(final long id, final boolean reply, final boolean related) {
        ctConnection = id;
        ctRelation = (byte) ((reply ? REPLY : 0) | (related ? IN_ERROR : 0));
    }

    /** Makes nobody go by the connection that was found, as every rewrite of its tuple must. */
    public void ctForget() {
        ctRelation |= FORGOTTEN;
    }

    /** {@return the protocol of the original tuple, 0 if there is none} */
    public int ctProtocol() {
        return (int) ctPorts >>> 8 & 0xff;
    }

    /** {@return whether the original tuple is of IPv6} */
    public boolean ctV6() {
        return (ctRare & V6) != 0;
    }

    /** {@return the first 64 bits of the original tuple's source (IPv6)} */
    public long ctSourceHigh() {
        return ctV6() ? rare.sourceHigh : 0;
    }

    /** {@return the last 64 bits of the original tuple's source, or its IPv4 address} */
    public long ctSourceLow() {
        return ctV6() ? ctAddresses : ctAddresses >>> 32;
    }

    /** {@return the first 64 bits of the original tuple's destination (IPv6)} */
    public long ctDestinationHigh() {
        return ctV6() ? rare.destinationHigh : 0;
    }

    /** {@return the last 64 bits of the original tuple's destination, or its IPv4 address} */
    public long ctDestinationLow() {
        return ctV6() ? rare.destinationLow : ctAddresses & 0xffffffffL;
    }

    /** {@return the original tuple's source port, or ICMP type} */
    public int ctSourcePort() {
        return (int) (ctPorts >>> 48);
    }

    /** {@return the original tuple's destination port, or ICMP code} */
    public int ctDestinationPort() {
        return (int) (ctPorts >>> 32) & 0xffff;
    }

    /** Sets the addresses of the original tuple; an IPv4 address stands in the low half. */
    public void ctAddresses(final boolean v6, final long sourceHigh, final long sourceLow,
            final long destinationHigh, final long destinationLow) {
        if (!v6) {
            ctRare &= ~V6;
            ctAddresses = sourceLow << 32 | destinationLow & 0xffffffffL;
            return;
        }
        ctRare |= V6;
        ctAddresses = sourceLow;
        final Rare words = rare();
        words.sourceHigh = sourceHigh;
        words.destinationHigh = destinationHigh;
        words.destinationLow = destinationLow;
    }

    private Rare rare() {
        if (rare == null) {
            rare = new Rare();
        }
        return rare;
    }

    /** Sets protocol and ports (ICMP: type and code) of the original tuple. */
    public void ctPorts(final int tupleProtocol, final int sourcePort, final int destinationPort) {
        ctPorts = (long) sourcePort << 48 | (destinationPort & 0xffffL) << 32 | (tupleProtocol & 0xff) << 8;
    }

    /**
     * Says in one go what all setters say of a packet of a plain connection: IPv4 with ports, no label, no ICMP error.
     *
     * @param addresses source and destination of the original tuple, from high to low
     * @param ports     its source port (16 bits), destination port (16), anything (16), protocol (8), anything (8),
     *                  from high to low
     */
    public void ctPlain(final int state, final int zone, final int mark, final long addresses, final long ports,
            final long connection, final boolean reply) {
        ctRare = 0;
        ctState = state;
        ctZone = (char) zone;
        ctMark = mark;
        ctAddresses = addresses;
        ctPorts = ports;
        ctConnection = connection;
        ctRelation = (byte) (reply ? REPLY : 0);
    }

    /** Forgets the original tuple. */
    public void clearConntrackTuple() {
        ctAddresses(false, 0, 0, 0, 0);
        ctPorts = 0;
    }
}
