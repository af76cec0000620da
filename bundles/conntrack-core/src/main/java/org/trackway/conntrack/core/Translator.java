// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import org.trackway.conntrack.CtState;
import org.trackway.packet.Bytes;
import org.trackway.packet.Checksums;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;

/**
 * Rewrites packets of translated connections: addresses, ports, ICMP identifiers, and all of these again in what an
 * ICMP error quotes (lib/conntrack.c nat_packet, nat_inner_packet, pat_packet).
 *
 * <p>Checksums are repaired by the difference (RFC 1624), never computed anew: a right one stays right, a wrong one
 * wrong, and what was known of them stays known. Unlike the peer's:
 * <ul>
 *   <li>the repair follows the protocol that the packet itself carries, so an ICMPv6 error keeps the bytes behind its
 *       header;
 *   <li>a checksum field that a quote does not reach is left alone, and nothing behind the quote is written;
 *   <li>with an IPv6 routing header that has segments left, the transport checksum covers the last address of the
 *       route, so a new destination in the fixed header does not touch it (RFC 8200 section 8.1);
 *   <li>UDP-Lite and DCCP, which have no ports to translate here, still follow the addresses in their checksum.
 * </ul>
 */
final class Translator {

    private static final int ICMP_HEADER = 8;
    private static final int NO_CHECKSUM_FIELD = -1;

    private Translator() {
    }

    /**
     * Translates one packet and sets its state bit. Lengths and layers stay as they are. The caller forgets the
     * connection that the packet remembers.
     *
     * <p>Of fragments, the first is translated with its ports, the others in their addresses only.
     *
     * @param packet  parsed, with a sound IP header of the key's version
     * @param key     what the opposite direction looks like on the same side of the translator: the reply tuple for a
     *     packet of the original direction, the forward tuple for a reply. Its destination is the packet's new source
     * @param action  {@link CtState#SOURCE_NAT} or {@link CtState#DESTINATION_NAT}: which of the packet's addresses
     *     changes
     * @param related whether the packet is an ICMP error, whose quote travels the other way
     */
    static void translate(final Packet packet, final Key key, final int action, final boolean related) {
        packet.ctState(packet.ctState() | action);
        final byte[] data = packet.data();
        final int l3 = packet.l3Offset();
        final int l4 = packet.l4Offset();
        final boolean source = action == CtState.SOURCE_NAT;
        final long high = source ? key.destinationHigh() : key.sourceHigh();
        final long low = source ? key.destinationLow() : key.sourceLow();
        final long pseudo = address(data, l3, l4, key.v6, source, high, low);
        if (packet.fragment() == Packet.LATER_FRAGMENT) {
            return;
        }
        final int size = packet.l4Length();
        final int protocol = packet.protocol();
        long difference = hasPseudoHeader(protocol, key.v6) ? pseudo : 0;
        final boolean partial = packet.l4Checksum() == Packet.CHECKSUM_PARTIAL;
        if (related) {
            final long quote = quote(data, l4 + ICMP_HEADER, size - ICMP_HEADER, key, !source, high, low);
            difference += partial ? 0 : quote;
        } else {
            final int length = packet.fragment() == Packet.NOT_FRAGMENT && !partial ? size : 0;
            final long ports = ports(data, l4, size, length, protocol, key.v6, key.destinationPort(), key.sourcePort());
            difference += partial ? 0 : ports;
        }
        checksum(data, l4, size, protocol, key.v6, difference, partial);
    }

    /**
     * Rewrites an address and repairs the IPv4 header checksum.
     *
     * @return what this adds to the sum over the pseudo header
     */
    private static long address(final byte[] data, final int l3, final int l4, final boolean v6, final boolean source,
            final long high, final long low) {
        if (!v6) {
            final int at = l3 + (source ? 12 : 16);
            final long difference = Checksums.change32(Bytes.i32(data, at), (int) low);
            Bytes.put32(data, at, (int) low);
            if (difference != 0) {
                Bytes.put16(data, l3 + 10, Checksums.repair(Bytes.u16(data, l3 + 10), difference));
            }
            return difference;
        }
        final boolean covered = source || l4 == l3 + 40 || Packet.finalDestination6(data, l3, l4) == l3 + 24;
        final int at = l3 + (source ? 8 : 24);
        final long difference = Checksums.change64(Bytes.i64(data, at), high)
            + Checksums.change64(Bytes.i64(data, at + 8), low);
        Bytes.put64(data, at, high);
        Bytes.put64(data, at + 8, low);
        return covered ? difference : 0;
    }

    /**
     * Rewrites ports or identifier as far as they are there, and SCTP's CRC.
     *
     * @param size   how much of the transport layer is at hand
     * @param length how long all of it is, 0 if unknown or if a CRC is not to be touched
     * @return what this adds to the sum over the transport layer
     */
    private static long ports(final byte[] data, final int l4, final int size, final int length, final int protocol,
            final boolean v6, final int source, final int destination) {
        if (IpProtocol.hasPorts(protocol) && size >= 4) {
            final int before = Bytes.i32(data, l4);
            final int after = source << 16 | destination;
            Bytes.put32(data, l4, after);
            if (protocol == IpProtocol.SCTP && size >= 12 && length >= 12 && before != after) {
                Bytes.put32(data, l4 + 8, Crc32c.repair(Bytes.i32(data, l4 + 8), before ^ after, length));
            }
            return Checksums.change32(before, after);
        }
        if (protocol == IpProtocol.ICMP && !v6 && size >= ICMP_HEADER) {
            final int before = Bytes.u16(data, l4 + 4);
            Bytes.put16(data, l4 + 4, destination);
            return Checksums.change32(before, destination);
        }
        return 0;
    }

    /**
     * Translates what an ICMP error quotes. The quoted packet travelled the other way, so its other side changes, to
     * the same address.
     *
     * @return what this adds to the sum over the ICMP message
     */
    private static long quote(final byte[] data, final int l3, final int size, final Key key, final boolean source,
            final long high, final long low) {
        final int l4;
        final int protocol;
        final int length;
        if (key.v6) {
            final long walk = size < 40 ? -1 : Packet.walkIpv6(data, l3, size);
            if (walk < 0 || walk >>> 40 != Packet.NOT_FRAGMENT) {
                return 0;
            }
            l4 = (int) walk;
            protocol = (int) (walk >>> 32) & 0xff;
            length = l3 + 40 + Bytes.u16(data, l3 + 4) - l4;
        } else {
            final int header = size < 20 ? 0 : (data[l3] & 0xf) * 4;
            if (header < 20 || header > size) {
                return 0;
            }
            l4 = l3 + header;
            protocol = Bytes.u8(data, l3 + 9);
            length = (Bytes.u16(data, l3 + 6) & 0x2000) != 0 ? 0 : Bytes.u16(data, l3 + 2) - header;
        }
        final int left = l3 + size - l4;
        final int before = Checksums.fold(Checksums.add(0, data, l3, size));
        final long pseudo = address(data, l3, l4, key.v6, source, high, low);
        final long ports = ports(data, l4, left, length, protocol, key.v6, key.sourcePort(), key.destinationPort());
        final long difference = ports + (hasPseudoHeader(protocol, key.v6) ? pseudo : 0);
        checksum(data, l4, left, protocol, key.v6, difference, false);
        return Checksums.change32(before, Checksums.fold(Checksums.add(0, data, l3, size)));
    }

    /** Where in the transport header the Internet checksum stands, or {@link #NO_CHECKSUM_FIELD}. */
    private static int checksumField(final int protocol, final boolean v6) {
        return switch (protocol) {
            case IpProtocol.TCP -> 16;
            case IpProtocol.UDP, IpProtocol.UDPLITE, IpProtocol.DCCP -> 6;
            case IpProtocol.ICMP -> v6 ? NO_CHECKSUM_FIELD : 2;
            case IpProtocol.ICMPV6 -> v6 ? 2 : NO_CHECKSUM_FIELD;
            default -> NO_CHECKSUM_FIELD;
        };
    }

    private static boolean hasPseudoHeader(final int protocol, final boolean v6) {
        return protocol != IpProtocol.ICMP && checksumField(protocol, v6) != NO_CHECKSUM_FIELD;
    }

    /**
     * Repairs the Internet checksum of the transport layer, if its field is there.
     *
     * @param partial whether the transmitter completes it: then it holds the plain sum over the pseudo header
     */
    private static void checksum(final byte[] data, final int l4, final int size, final int protocol, final boolean v6,
            final long difference, final boolean partial) {
        final int field = checksumField(protocol, v6);
        if (difference == 0 || field == NO_CHECKSUM_FIELD || size < field + 2) {
            return;
        }
        final int before = Bytes.u16(data, l4 + field);
        if (partial) {
            Bytes.put16(data, l4 + field, Checksums.fold(before + difference));
            return;
        }
        // UDP's 0 says that there is no checksum, so a sum of 0 is sent as all ones (RFC 768, RFC 3828 section 3.1).
        final boolean zeroMeansNone = protocol == IpProtocol.UDP || protocol == IpProtocol.UDPLITE;
        if (before != 0 || !zeroMeansNone) {
            final int after = Checksums.repair(before, difference);
            Bytes.put16(data, l4 + field, after == 0 && zeroMeansNone ? 0xffff : after);
        }
    }
}
