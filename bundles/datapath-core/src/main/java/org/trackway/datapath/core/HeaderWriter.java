// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import org.trackway.packet.Bytes;
import org.trackway.packet.Checksums;
import org.trackway.packet.EtherType;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;

/**
 * Writes one field of a key into a packet and mends the checksums that cover it. A packet that does not have the
 * field's header stays as it is. Whoever changes an address, a port or an ICMP type makes the packet forget its
 * connection, so that the tracker looks anew (lib/packets.c packet_set_ipv4_addr and its neighbours).
 */
final class HeaderWriter {

    private HeaderWriter() {
    }

    /** Writes what the key holds for the field. */
    static void write(final Packet packet, final long[] key, final Field field) {
        if (!packet.parse()) {
            return;
        }
        final byte[] data = packet.data();
        switch (field.word) {
            case Key.ETH_DESTINATION -> putMac(data, packet.offset(), key[Key.ETH_DESTINATION] >>> 16);
            case Key.ETH_SOURCE -> writeSource(packet, key, field);
            case Key.V4 -> writeV4(packet, key, field.shift != 0);
            case Key.V6_SOURCE -> writeV6(packet, key, Key.V6_SOURCE, 8);
            case Key.V6_DESTINATION -> writeV6(packet, key, Key.V6_DESTINATION, 24);
            case Key.FLOW_LABEL -> writeFlowLabel(packet, key);
            case Key.TRANSPORT -> writeTransport(packet, key, field);
            case Key.SENDER -> writeArp(packet, 8, key[Key.SENDER] >>> 16);
            case Key.TARGET -> writeArp(packet, 18, key[Key.TARGET] >>> 16);
            default -> throw new IllegalStateException("field " + field + " can't be written");
        }
    }

    private static void putMac(final byte[] data, final int at, final long mac) {
        Bytes.put32(data, at, (int) (mac >>> 16));
        Bytes.put16(data, at + 4, (int) mac);
    }

    private static void writeSource(final Packet packet, final long[] key, final Field field) {
        if (field.shift >= 16) {
            putMac(packet.data(), packet.offset() + 6, key[Key.ETH_SOURCE] >>> 16);
            return;
        }
        final int tag = (int) key[Key.ETH_SOURCE] & 0xffff;
        if ((tag & Key.TAGGED) == 0) {
            packet.popVlan();
            Fields.VLAN_TCI.write(key, HeaderReader.tag(packet));
        } else if (packet.vlanTags() > 0) {
            Bytes.put16(packet.data(), packet.offset() + 14, tag & ~Key.TAGGED);
        } else {
            packet.pushVlan(EtherType.VLAN, tag & ~Key.TAGGED);
        }
    }

    // ---- network layer ----

    private static boolean isSound(final Packet packet, final int etherType) {
        return packet.etherType() == etherType && packet.l4Offset() >= 0;
    }

    private static void writeV4(final Packet packet, final long[] key, final boolean source) {
        final int value = (int) (source ? key[Key.V4] >>> 32 : key[Key.V4]);
        final byte[] data = packet.data();
        if (isSound(packet, EtherType.IPV4)) {
            final int at = packet.l3Offset() + (source ? 12 : 16);
            final int before = Bytes.i32(data, at);
            if (before != value) {
                Bytes.put32(data, at, value);
                mendV4(packet, before, value);
                final int checksum = transportChecksum(packet);
                if (checksum >= 0) {
                    mendAddress(packet, checksum, before, value);
                }
                packet.ctForget();
            }
        } else if (packet.etherType() == EtherType.ARP || packet.etherType() == EtherType.RARP) {
            if (packet.l3Length() >= 28) {
                Bytes.put32(data, packet.l3Offset() + (source ? 14 : 24), value);
            }
        }
    }

    private static void writeV6(final Packet packet, final long[] key, final int word, final int offset) {
        if (!isSound(packet, EtherType.IPV6)) {
            return;
        }
        final byte[] data = packet.data();
        final int at = packet.l3Offset() + offset;
        // A routing header with segments left has the checksum computed over another destination (RFC 8200 8.1).
        final boolean covered = word == Key.V6_SOURCE || !isRouted(packet);
        final int checksum = covered ? transportChecksum(packet) : -1;
        for (int half = 0; half < 16; half += 4) {
            final long part = key[word + half / 8];
            final int value = (int) (half % 8 == 0 ? part >>> 32 : part);
            final int before = Bytes.i32(data, at + half);
            Bytes.put32(data, at + half, value);
            if (checksum >= 0 && before != value) {
                mendAddress(packet, checksum, before, value);
            }
        }
        packet.ctForget();
    }

    private static boolean isRouted(final Packet packet) {
        final int l3 = packet.l3Offset();
        return Packet.finalDestination6(packet.data(), l3, packet.l4Offset()) != l3 + 24;
    }

    private static void writeFlowLabel(final Packet packet, final long[] key) {
        if (isSound(packet, EtherType.IPV6)) {
            final int at = packet.l3Offset();
            final int label = (int) key[Key.FLOW_LABEL] & 0xfffff;
            Bytes.put32(packet.data(), at, Bytes.i32(packet.data(), at) & ~0xfffff | label);
        }
    }

    private static void mendV4(final Packet packet, final int before, final int after) {
        final int at = packet.l3Offset() + 10;
        Bytes.put16(packet.data(), at, Checksums.update32(Bytes.u16(packet.data(), at), before, after));
    }

    // ---- transport layer ----

    /** {@return where the transport checksum over addresses and ports stands, or -1 if there is none to mend} */
    private static int transportChecksum(final Packet packet) {
        if (packet.fragment() == Packet.LATER_FRAGMENT) {
            return -1;
        }
        final int at = packet.l4Offset();
        switch (packet.protocol()) {
            case IpProtocol.TCP:
                return packet.l4Length() >= 20 ? at + 16 : -1;
            case IpProtocol.UDP:
                return packet.l4Length() >= 8 && Bytes.u16(packet.data(), at + 6) != 0 ? at + 6 : -1;
            case IpProtocol.ICMPV6:
                return packet.etherType() == EtherType.IPV6 && packet.l4Length() >= 4 ? at + 2 : -1;
            default:
                return -1;
        }
    }

    private static void mendAddress(final Packet packet, final int at, final int before, final int after) {
        final byte[] data = packet.data();
        final int checksum = Bytes.u16(data, at);
        if (packet.l4Checksum() == Packet.CHECKSUM_PARTIAL) {
            // Only the pseudo header is summed up yet, and not inverted.
            Bytes.put16(data, at, ~Checksums.update32(~checksum & 0xffff, before, after));
            return;
        }
        putTransport(packet, at, Checksums.update32(checksum, before, after));
    }

    private static void putTransport(final Packet packet, final int at, final int checksum) {
        // A UDP checksum of zero would say that there is none (RFC 768).
        Bytes.put16(packet.data(), at, checksum == 0 && packet.protocol() == IpProtocol.UDP ? 0xffff : checksum);
    }

    private static void writeTransport(final Packet packet, final long[] key, final Field field) {
        final long word = key[Key.TRANSPORT];
        if (packet.etherType() == EtherType.ARP || packet.etherType() == EtherType.RARP) {
            if (packet.l3Length() >= 28) {
                Bytes.put16(packet.data(), packet.l3Offset() + 6, (int) word);
            }
        } else if (packet.l4Offset() < 0) {
            return;
        } else if (field.shift >= 48) {
            writeTos(packet, (int) (word >>> 48) & 0xff);
        } else if (field.shift == 40) {
            writeTtl(packet, (int) (word >>> 40) & 0xff);
        } else if (packet.fragment() != Packet.LATER_FRAGMENT) {
            writePorts(packet, (int) word, field.shift == 16);
        }
    }

    private static void writeTos(final Packet packet, final int tos) {
        final byte[] data = packet.data();
        final int at = packet.l3Offset();
        if (packet.etherType() == EtherType.IPV4) {
            final int before = Bytes.u16(data, at);
            Bytes.put8(data, at + 1, tos);
            mendV4(packet, before, Bytes.u16(data, at));
        } else {
            Bytes.put32(data, at, Bytes.i32(data, at) & ~(0xff << 20) | tos << 20);
        }
    }

    private static void writeTtl(final Packet packet, final int ttl) {
        final byte[] data = packet.data();
        final int at = packet.l3Offset();
        if (packet.etherType() == EtherType.IPV4) {
            final int before = Bytes.u16(data, at + 8);
            Bytes.put8(data, at + 8, ttl);
            mendV4(packet, before, Bytes.u16(data, at + 8));
        } else {
            Bytes.put8(data, at + 7, ttl);
        }
    }

    private static void writePorts(final Packet packet, final int ports, final boolean source) {
        final int at = packet.l4Offset();
        final byte[] data = packet.data();
        switch (packet.protocol()) {
            case IpProtocol.TCP:
            case IpProtocol.UDP:
                writePort(packet, at + (source ? 0 : 2), (source ? ports >>> 16 : ports) & 0xffff,
                    transportChecksum(packet));
                break;
            case IpProtocol.SCTP:
                if (packet.l4Length() >= 12) {
                    writeSctpPort(packet, at, (source ? ports >>> 16 : ports) & 0xffff, source);
                }
                break;
            case IpProtocol.ICMP:
            case IpProtocol.ICMPV6:
                if (packet.l4Length() >= 4) {
                    final int before = Bytes.u16(data, at);
                    final int value = (source ? ports >>> 16 : ports) & 0xff;
                    Bytes.put8(data, source ? at : at + 1, value);
                    Bytes.put16(data, at + 2,
                        Checksums.update16(Bytes.u16(data, at + 2), before, Bytes.u16(data, at)));
                }
                break;
            default:
                return;
        }
        packet.ctForget();
    }

    private static void writePort(final Packet packet, final int at, final int port, final int checksum) {
        final byte[] data = packet.data();
        if (packet.l4Length() < 8) {
            return;
        }
        final int before = Bytes.u16(data, at);
        Bytes.put16(data, at, port);
        if (checksum >= 0 && packet.l4Checksum() != Packet.CHECKSUM_PARTIAL) {
            putTransport(packet, checksum, Checksums.update16(Bytes.u16(data, checksum), before, port));
        }
    }

    private static void writeSctpPort(final Packet packet, final int at, final int port, final boolean source) {
        final byte[] data = packet.data();
        final int length = packet.l4Length();
        // What was wrong with the CRC before stays wrong: the receiver is to notice (as Open vSwitch does).
        final int error = packet.fragment() == Packet.NOT_FRAGMENT
            ? Bytes.i32(data, at + 8) ^ Checksums.sctp(data, at, length) : 0;
        Bytes.put16(data, source ? at : at + 2, port);
        if (packet.fragment() == Packet.NOT_FRAGMENT) {
            Bytes.put32(data, at + 8, error ^ Checksums.sctp(data, at, length));
        }
    }

    private static void writeArp(final Packet packet, final int at, final long mac) {
        final boolean arp = packet.etherType() == EtherType.ARP || packet.etherType() == EtherType.RARP;
        if (arp && packet.l3Length() >= 28) {
            putMac(packet.data(), packet.l3Offset() + at, mac);
        }
    }
}
