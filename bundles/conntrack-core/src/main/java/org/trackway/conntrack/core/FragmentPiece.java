// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import org.trackway.packet.Bytes;
import org.trackway.packet.EtherType;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;

/**
 * One fragment and the part of the datagram it carries.
 *
 * @param packet the fragment, parsed
 * @param header bytes from the start of the IP header to the carried part: IPv4's header with options, IPv6's headers
 *               up to and with the fragment header
 * @param start  where the carried part belongs in the datagram, in bytes, 0..65528
 * @param length bytes carried
 * @param more   whether the header says that others follow
 */
record FragmentPiece(Packet packet, int header, int start, int length, boolean more) {

    private static final int MAX_DATAGRAM = 65535;
    private static final int FRAGMENT_HEADER = 8;

    /** {@return the fragment that this packet is, or null if only reserved bits make it look like one} */
    static FragmentPiece of(final Packet packet) {
        final byte[] data = packet.data();
        final int l3 = packet.l3Offset();
        if (packet.etherType() != EtherType.IPV6) {
            final int word = Bytes.u16(data, l3 + 6);
            final int header = packet.l4Offset() - l3;
            return new FragmentPiece(packet, header, (word & 0x1fff) * 8, packet.l3Length() - header,
                (word & 0x2000) != 0);
        }
        // What follows the fragment header belongs to the datagram, extension headers and all, so the walk stops here
        // and not where the transport layer starts (RFC 8200 section 4.5).
        int next = l3 + 6;
        int at = l3 + 40;
        while (Bytes.u8(data, next) != IpProtocol.FRAGMENT || Bytes.u16(data, at + 2) == 0) {
            final int size = sizeOf(Bytes.u8(data, next), data, at);
            next = at;
            at += size;
        }
        final int word = Bytes.u16(data, at + 2);
        if ((word & 0xfff9) == 0) {
            return null;
        }
        final int header = at + FRAGMENT_HEADER - l3;
        return new FragmentPiece(packet, header, word & 0xfff8, packet.l3Length() - header, (word & 1) != 0);
    }

    /** Size of an extension header that the parser has passed already, so that it is known to fit. */
    private static int sizeOf(final int type, final byte[] data, final int at) {
        if (type == IpProtocol.FRAGMENT) {
            return FRAGMENT_HEADER;
        }
        return type == IpProtocol.AH ? (Bytes.u8(data, at + 1) + 2) * 4 : (Bytes.u8(data, at + 1) + 1) * 8;
    }

    boolean v6() {
        return packet.etherType() == EtherType.IPV6;
    }

    /** {@return where the carried part ends in the datagram, exclusive} */
    int end() {
        return start + length;
    }

    /** {@return the index in the packet's data where the carried part starts} */
    int payload() {
        return packet.l3Offset() + header;
    }

    /** {@return bytes of IP headers that the whole datagram gets if this is its first fragment} */
    int wholeHeader() {
        return v6() ? header - FRAGMENT_HEADER : header;
    }

    /**
     * {@return whether a datagram may have this part: not empty, cut at a multiple of eight bytes, within the 65535
     * bytes that the length field can say (RFC 8200 section 4.5; RFC 791 section 3.2)}
     */
    boolean isPossible() {
        return length > 0 && (!more || length % 8 == 0) && fits(end());
    }

    /** {@return whether a datagram that starts with this fragment may carry {@code total} bytes behind its headers} */
    boolean fits(final int total) {
        return total + wholeHeader() - (v6() ? 40 : 0) <= MAX_DATAGRAM;
    }

    /** {@return the index in the IPv6 packet's data of the byte that names the fragment header} */
    int nextHeaderOfFragment() {
        final byte[] data = packet.data();
        final int fragment = payload() - FRAGMENT_HEADER;
        int next = packet.l3Offset() + 6;
        int at = packet.l3Offset() + 40;
        while (at < fragment) {
            final int size = sizeOf(Bytes.u8(data, next), data, at);
            next = at;
            at += size;
        }
        return next;
    }
}
