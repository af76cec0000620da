// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.dummy;

import java.util.List;
import org.trackway.conntrack.Tuple;
import org.trackway.offload.Path;
import org.trackway.packet.Bytes;
import org.trackway.packet.Checksums;
import org.trackway.packet.EtherType;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;

/**
 * What the packets of a path look like as they come in: port, tags and tuple. A key of the card's table, or scratch
 * space of one thread that is filled from packet after packet.
 */
final class PathMatch {

    /** {@link #read}: the packet is for software. */
    static final int OTHER = 0;
    /** {@link #read}: it may pass on a path that matches. */
    static final int PLAIN = 1;
    /** {@link #read}: it ends the connection of a path that matches. */
    static final int CLOSING = 2;

    private static final long ANY = -1;
    private static final int FIN = 1;
    private static final int SYN = 2;
    private static final int RST = 4;
    private static final int ACK = 16;

    private String ingress;
    private boolean v6;
    private long sourceHigh;
    private long sourceLow;
    private long destinationHigh;
    private long destinationLow;
    /** Source port (16), destination port (16), protocol (8), ICMP type (8), from bit 40 on down. */
    private long ports;
    /** Type and TCI of the outer tag in the high half, of the inner one in the low half. */
    private long tags;
    /** Ethernet addresses that packets have to come with, or {@link #ANY}; not part of what makes two of them equal. */
    private long ethernetSource = ANY;
    private long ethernetDestination = ANY;

    /** {@return what packets of a path look like} */
    static PathMatch of(final Path path) {
        final Tuple tuple = path.arrives();
        final PathMatch match = new PathMatch();
        match.ingress = path.ingress();
        match.v6 = tuple.source().v6();
        match.sourceHigh = tuple.source().high();
        match.sourceLow = tuple.source().low();
        match.destinationHigh = tuple.destination().high();
        match.destinationLow = tuple.destination().low();
        match.ports = ports(tuple.sourcePort(), tuple.destinationPort(), tuple.protocol(), tuple.icmpType());
        match.ethernetSource = path.arrivingSource().orElse(ANY);
        match.ethernetDestination = path.arrivingDestination().orElse(ANY);
        final List<Path.Tag> list = path.arrivingTags();
        for (int i = 0; i < list.size(); i++) {
            match.tags |= tag(i, list.get(i).etherType(), list.get(i).tci());
        }
        return match;
    }

    private static long ports(final int source, final int destination, final int protocol, final int type) {
        return (long) source << 32 | (long) destination << 16 | (long) protocol << 8 | type;
    }

    private static long tag(final int depth, final int type, final int tci) {
        return ((long) type << 16 | tci) << (depth == 0 ? 32 : 0);
    }

    /**
     * Takes over what a packet looks like. What is not whole and plain is for software: fragments, IP options,
     * extension headers, SNAP, wrong lengths or header checksums, UDP without a checksum over IPv6 (RFC 8200, 8.1),
     * SYN, ICMP that is no query.
     *
     * @param port where it came in
     * @return {@link #OTHER}, {@link #PLAIN} or {@link #CLOSING}
     */
    int read(final String port, final Packet packet) {
        if (!packet.parse() || packet.l4Offset() == Packet.NO_LAYER || packet.fragment() != Packet.NOT_FRAGMENT
                || packet.l3Offset() != packet.offset() + 14 + 4 * packet.vlanTags()
                || packet.l4Checksum() == Packet.CHECKSUM_BAD) {
            return OTHER;
        }
        final byte[] data = packet.data();
        final int l3 = packet.l3Offset();
        v6 = packet.etherType() == EtherType.IPV6;
        if (v6 ? data[l3] >> 4 != 6 || packet.l4Offset() != l3 + 40 : data[l3] != 0x45 || !isHeaderRight(packet)) {
            return OTHER;
        }
        ingress = port;
        sourceHigh = v6 ? Bytes.i64(data, l3 + 8) : 0;
        sourceLow = v6 ? Bytes.i64(data, l3 + 16) : Bytes.u32(data, l3 + 12);
        destinationHigh = v6 ? Bytes.i64(data, l3 + 24) : 0;
        destinationLow = v6 ? Bytes.i64(data, l3 + 32) : Bytes.u32(data, l3 + 16);
        tags = 0;
        for (int i = 0; i < packet.vlanTags(); i++) {
            tags |= tag(i, Bytes.u16(data, packet.offset() + 12 + 4 * i), packet.vlanTci(i));
        }
        return transport(packet, data, packet.l4Offset(), packet.l4Length());
    }

    private static boolean isHeaderRight(final Packet packet) {
        return packet.l3Checksum() == Packet.CHECKSUM_GOOD || packet.l3Checksum() == Packet.CHECKSUM_PARTIAL
            || packet.l3Checksum() == Packet.CHECKSUM_UNKNOWN
                && Checksums.isValid(0, packet.data(), packet.l3Offset(), 20);
    }

    private int transport(final Packet packet, final byte[] data, final int at, final int size) {
        final int protocol = packet.protocol();
        switch (protocol) {
            case IpProtocol.TCP:
                if (size < 20 || (data[at + 12] >> 4 & 0xf) < 5 || (data[at + 12] >> 4 & 0xf) * 4 > size) {
                    return OTHER;
                }
                ports = ports(Bytes.u16(data, at), Bytes.u16(data, at + 2), protocol, 0);
                return tcp(data[at + 13]);
            case IpProtocol.UDP:
                if (size < 8 || Bytes.u16(data, at + 4) < 8 || Bytes.u16(data, at + 4) > size
                        || v6 && packet.l4Checksum() == Packet.CHECKSUM_UNKNOWN && Bytes.u16(data, at + 6) == 0) {
                    return OTHER;
                }
                ports = ports(Bytes.u16(data, at), Bytes.u16(data, at + 2), protocol, 0);
                return PLAIN;
            case IpProtocol.ICMP:
            case IpProtocol.ICMPV6:
                if (size < 8 || data[at + 1] != 0 || v6 != (protocol == IpProtocol.ICMPV6)
                        || Tuple.reverseIcmpType(protocol, Bytes.u8(data, at)) == Bytes.u8(data, at)) {
                    return OTHER;
                }
                ports = ports(Bytes.u16(data, at + 4), Bytes.u16(data, at + 4), protocol, Bytes.u8(data, at));
                return PLAIN;
            default:
                return OTHER;
        }
    }

    private static int tcp(final int flags) {
        if ((flags & (FIN | RST)) != 0) {
            return CLOSING;
        }
        return (flags & (SYN | ACK)) == ACK ? PLAIN : OTHER;
    }

    /** {@return whether a packet that is equal in all else comes with the Ethernet addresses that it has to} */
    boolean comesFrom(final Packet packet) {
        return isAt(packet, 0, ethernetDestination) && isAt(packet, 6, ethernetSource);
    }

    private static boolean isAt(final Packet packet, final int at, final long mac) {
        final int index = packet.offset() + at;
        return mac == ANY || (Bytes.u32(packet.data(), index) << 16 | Bytes.u16(packet.data(), index + 4)) == mac;
    }

    @Override
    public boolean equals(final Object other) {
        return other instanceof PathMatch match && ports == match.ports && sourceLow == match.sourceLow
            && destinationLow == match.destinationLow && sourceHigh == match.sourceHigh
            && destinationHigh == match.destinationHigh && tags == match.tags && v6 == match.v6
            && ingress.equals(match.ingress);
    }

    @Override
    public int hashCode() {
        long hash = ingress.hashCode() + tags;
        hash = hash * 0x9e3779b97f4a7c15L + ports;
        hash = hash * 0x9e3779b97f4a7c15L + (sourceLow ^ Long.rotateLeft(sourceHigh, 32));
        hash = hash * 0x9e3779b97f4a7c15L + (destinationLow ^ Long.rotateLeft(destinationHigh, 32));
        return (int) (hash >>> 32) ^ (int) hash;
    }
}
