// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.Arrays;
import org.trackway.conntrack.CtState;
import org.trackway.conntrack.Tuple;
import org.trackway.packet.Bytes;
import org.trackway.packet.EtherType;
import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;

/**
 * Fills the key from a packet. A header that is not whole leaves its fields zero, and an IP header that is not sound
 * all from it on, as Open vSwitch's flow extraction does (lib/flow.c miniflow_extract).
 */
final class HeaderReader {

    private static final int ARP_LENGTH = 28;
    private static final int ARP_ETHERNET_IPV4 = 0x0001_0800;
    private static final int SOLICITATION = 135;
    private static final int ADVERTISEMENT = 136;
    private static final int KNOWN_STATE = CtState.NEW | CtState.ESTABLISHED | CtState.REPLY;

    private HeaderReader() {
    }

    /** Fills the words from {@link Key#HEADERS} on from the packet's bytes. */
    static void readHeaders(final Packet packet, final long[] key) {
        Arrays.fill(key, Key.HEADERS, Key.WORDS, 0);
        if (!packet.parse()) {
            return;
        }
        final byte[] data = packet.data();
        final int at = packet.offset();
        key[Key.ETH_DESTINATION] = (long) Bytes.i32(data, at) << 32 | (long) Bytes.u16(data, at + 4) << 16
            | packet.etherType();
        key[Key.ETH_SOURCE] = (long) Bytes.i32(data, at + 6) << 32 | (long) Bytes.u16(data, at + 10) << 16
            | tag(packet);
        switch (packet.etherType()) {
            case EtherType.IPV4:
                if (packet.l4Offset() >= 0) {
                    readV4(packet, data, key);
                }
                break;
            case EtherType.IPV6:
                if (packet.l4Offset() >= 0) {
                    readV6(packet, data, key);
                }
                break;
            case EtherType.ARP:
            case EtherType.RARP:
                readArp(data, packet.l3Offset(), packet.l3Length(), key);
                break;
            default:
                break;
        }
    }

    /** {@return the outer VLAN tag as fields hold it, 0 without one} */
    static int tag(final Packet packet) {
        return packet.parse() && packet.vlanTags() > 0 ? packet.vlanTci(0) | Key.TAGGED : 0;
    }

    /** {@return the identifier of an ICMP query, 0 where there is none} */
    static int identifier(final Packet packet) {
        final boolean icmp = packet.protocol() == (packet.etherType() == EtherType.IPV6 ? IpProtocol.ICMPV6
            : IpProtocol.ICMP);
        return icmp && packet.fragment() != Packet.LATER_FRAGMENT && packet.l4Length() >= 8
            ? Bytes.u16(packet.data(), packet.l4Offset() + 4) : 0;
    }

    /** {@return the tuple of an IP packet that has this key and this {@link #identifier}} */
    static Tuple tuple(final long[] key, final int identifier) {
        final boolean v6 = Key.etherType(key) == EtherType.IPV6;
        final IpAddress source = v6 ? IpAddress.v6(key[Key.V6_SOURCE], key[Key.V6_SOURCE + 1])
            : IpAddress.v4((int) (key[Key.V4] >>> 32));
        final IpAddress destination = v6 ? IpAddress.v6(key[Key.V6_DESTINATION], key[Key.V6_DESTINATION + 1])
            : IpAddress.v4((int) key[Key.V4]);
        final int protocol = Key.protocol(key);
        final int sourcePort = (int) (key[Key.TRANSPORT] >>> 16) & 0xffff;
        final int destinationPort = (int) key[Key.TRANSPORT] & 0xffff;
        if (protocol == (v6 ? IpProtocol.ICMPV6 : IpProtocol.ICMP)) {
            return new Tuple(source, destination, protocol, identifier, identifier, sourcePort);
        }
        return Tuple.of(source, destination, protocol, sourcePort, destinationPort);
    }

    private static void readV4(final Packet packet, final byte[] data, final long[] key) {
        final int at = packet.l3Offset();
        key[Key.V4] = Bytes.i64(data, at + 12);
        key[Key.TRANSPORT] = transport(packet, Bytes.u8(data, at + 1), Bytes.u8(data, at + 8), data, key);
    }

    private static void readV6(final Packet packet, final byte[] data, final long[] key) {
        final int at = packet.l3Offset();
        key[Key.V6_SOURCE] = Bytes.i64(data, at + 8);
        key[Key.V6_SOURCE + 1] = Bytes.i64(data, at + 16);
        key[Key.V6_DESTINATION] = Bytes.i64(data, at + 24);
        key[Key.V6_DESTINATION + 1] = Bytes.i64(data, at + 32);
        final int word = Bytes.i32(data, at);
        key[Key.FLOW_LABEL] = word & 0xfffff;
        key[Key.TRANSPORT] = transport(packet, word >>> 20 & 0xff, Bytes.u8(data, at + 7), data, key);
    }

    private static long transport(final Packet packet, final int tos, final int ttl, final byte[] data,
            final long[] key) {
        final long word = (long) packet.protocol() << 56 | (long) tos << 48 | (long) ttl << 40
            | (long) packet.fragment() << 32;
        return packet.fragment() == Packet.LATER_FRAGMENT ? word
            : word | ports(packet, data, packet.l4Offset(), packet.l4Length(), key);
    }

    private static long ports(final Packet packet, final byte[] data, final int at, final int length,
            final long[] key) {
        final boolean v6 = packet.etherType() == EtherType.IPV6;
        switch (packet.protocol()) {
            case IpProtocol.TCP:
                if (length >= 20) {
                    key[Key.SENDER] = Bytes.u16(data, at + 12) & 0xfff;
                    return Bytes.u32(data, at);
                }
                return 0;
            case IpProtocol.UDP:
                return length >= 8 ? Bytes.u32(data, at) : 0;
            case IpProtocol.SCTP:
                return length >= 12 ? Bytes.u32(data, at) : 0;
            case IpProtocol.ICMP:
                return v6 || length < 8 ? 0 : typeAndCode(data, at);
            case IpProtocol.ICMPV6:
                if (!v6 || length < 4) {
                    return 0;
                }
                readNeighbour(data, at, length, key);
                return typeAndCode(data, at);
            default:
                return 0;
        }
    }

    private static long typeAndCode(final byte[] data, final int at) {
        return (long) Bytes.u8(data, at) << 16 | Bytes.u8(data, at + 1);
    }

    private static void readNeighbour(final byte[] data, final int at, final int length, final long[] key) {
        final int type = Bytes.u8(data, at);
        if (type != SOLICITATION && type != ADVERTISEMENT || Bytes.u8(data, at + 1) != 0 || length < 24) {
            return;
        }
        key[Key.ND_TARGET] = Bytes.i64(data, at + 8);
        key[Key.ND_TARGET + 1] = Bytes.i64(data, at + 16);
        int option = at + 24;
        while (option + 8 <= at + length) {
            final int size = Bytes.u8(data, option + 1) * 8;
            if (size == 0 || option + size > at + length) {
                return;
            }
            final int kind = Bytes.u8(data, option);
            if (size == 8 && kind == 1 && type == SOLICITATION) {
                key[Key.SENDER] = mac(data, option + 2) << 16;
            } else if (size == 8 && kind == 2 && type == ADVERTISEMENT) {
                key[Key.TARGET] = mac(data, option + 2) << 16;
            }
            option += size;
        }
    }

    private static void readArp(final byte[] data, final int at, final int length, final long[] key) {
        if (length < ARP_LENGTH || Bytes.i32(data, at) != ARP_ETHERNET_IPV4 || Bytes.u16(data, at + 4) != 0x0604) {
            return;
        }
        key[Key.TRANSPORT] = Bytes.u16(data, at + 6);
        key[Key.SENDER] = mac(data, at + 8) << 16;
        key[Key.TARGET] = mac(data, at + 18) << 16;
        key[Key.V4] = (long) Bytes.i32(data, at + 14) << 32 | Bytes.u32(data, at + 24);
    }

    private static long mac(final byte[] data, final int at) {
        return Bytes.u32(data, at) << 16 | Bytes.u16(data, at + 4);
    }

    /** Fills the words from {@link Key#CT} on with what the tracker said. */
    static void readConntrack(final Packet packet, final long[] key) {
        Arrays.fill(key, Key.CT, Key.HEADERS, 0);
        key[Key.CT] = (long) packet.ctMark() << 32 | (long) packet.ctZone() << 16 | (long) packet.ctState() << 8;
        key[Key.CT_LABEL] = packet.ctLabelHigh();
        key[Key.CT_LABEL + 1] = packet.ctLabelLow();
        // The original tuple shows only where the packet has a place in a connection (ovs-fields(7)).
        if (packet.ctProtocol() == 0 || (packet.ctState() & KNOWN_STATE) == 0) {
            return;
        }
        key[Key.CT] |= packet.ctProtocol();
        key[Key.CT_PORTS] = (long) packet.ctSourcePort() << 48 | (long) packet.ctDestinationPort() << 32;
        if (packet.ctV6()) {
            key[Key.CT_V6_SOURCE] = packet.ctSourceHigh();
            key[Key.CT_V6_SOURCE + 1] = packet.ctSourceLow();
            key[Key.CT_V6_DESTINATION] = packet.ctDestinationHigh();
            key[Key.CT_V6_DESTINATION + 1] = packet.ctDestinationLow();
        } else {
            key[Key.CT_V4] = packet.ctSourceLow() << 32 | packet.ctDestinationLow() & 0xffffffffL;
        }
    }
}
