// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import org.trackway.conntrack.CtState;
import org.trackway.conntrack.Tuple;
import org.trackway.packet.Bytes;
import org.trackway.packet.Checksums;
import org.trackway.packet.EtherType;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;

/**
 * Reads a packet's tuple and refuses what can't be tracked: broken headers, wrong checksums, fragments, ICMP messages
 * that are neither queries nor errors. Agrees with Open vSwitch (lib/conntrack.c conn_key_extract, extract_l3_*,
 * extract_l4_*, check_l4_*), except that with an IPv6 routing header the checksum is judged with the final destination,
 * as RFC 8200 section 8.1 says.
 *
 * <p>One per thread. Counts are kept in plain fields; the tracker collects them once a batch.
 */
final class KeyExtractor {

    /** {@link #extract}: the packet can't be tracked. */
    static final int INVALID = 0;
    /** {@link #extract}: the key is the packet's own. */
    static final int TRACKABLE = 1;
    /** {@link #extract}: an ICMP error; the key is that of a packet travelling opposite to the quoted one. */
    static final int RELATED = 2;

    private static final int ICMP_HEADER = 8;

    /** Checks done and failed since the tracker last collected them. */
    int l3Checked;
    int l3Errors;
    int l4Checked;
    int l4Errors;

    /**
     * Reads the keys of a batch.
     *
     * @param kinds  gets what {@link #extract(Packet, int, Key)} says of each packet
     * @param hashes gets the keys' hashes
     */
    void extract(final PacketBatch batch, final int zone, final long salt, final Key[] keys, final byte[] kinds,
            final long[] hashes) {
        final int size = batch.size();
        for (int i = 0; i < size; i++) {
            final Packet packet = batch.get(i);
            final Key key = keys[i];
            if (plain(packet, zone, key)) {
                kinds[i] = TRACKABLE;
                hashes[i] = Key.hash4(key.address0, key.ports, salt);
            } else {
                // What the gathering of fragments has refused is neither looked at nor counted again.
                kinds[i] = packet.ctState() == CtState.INVALID ? INVALID : (byte) extract(packet, zone, key);
                hashes[i] = key.hash(salt);
            }
        }
    }

    /**
     * The short form of {@link #extract(Packet, int, Key)} for what nearly all packets are: whole TCP and UDP over IPv4
     * without options, right in every respect.
     *
     * @return whether the packet is of that kind and its key is read; if not, nothing is known of it
     */
    private boolean plain(final Packet packet, final int zone, final Key key) {
        final int l3 = packet.l3Offset();
        final int l4 = packet.l4Offset();
        final int size = packet.l4Length();
        final int protocol = packet.protocol();
        if (packet.etherType() != EtherType.IPV4 || l4 - l3 != 20 || packet.fragment() != Packet.NOT_FRAGMENT
                || packet.ctState() == CtState.INVALID) {
            return false;
        }
        if (size < 8) {
            return false;
        }
        final byte[] data = packet.data();
        // Ports (32); of UDP length (16) and checksum (16).
        final long header = Bytes.i64(data, l4);
        if (protocol == IpProtocol.UDP) {
            final int length = (int) header >>> 16;
            if (length < 8 || length > size || (header & 0xffff) == 0) {
                return false;
            }
        } else if (protocol != IpProtocol.TCP || size < 20 || tcpHeaderLength(data, l4) < 20
                || tcpHeaderLength(data, l4) > size) {
            return false;
        }
        if (header >>> 48 == 0 || (header >>> 32 & 0xffff) == 0) {
            return false;
        }
        if (packet.l3Checksum() != Packet.CHECKSUM_GOOD) {
            if (packet.l3Checksum() != Packet.CHECKSUM_UNKNOWN || !Checksums.isHeaderValid(data, l3)) {
                return false;
            }
            packet.l3Checksum(Packet.CHECKSUM_GOOD);
            l3Checked++;
        }
        final long addresses = Bytes.i64(data, l3 + 12);
        if (packet.l4Checksum() != Packet.CHECKSUM_GOOD) {
            if (packet.l4Checksum() != Packet.CHECKSUM_UNKNOWN || !Checksums.isValid(
                    Checksums.pseudo4((int) (addresses >>> 32), (int) addresses, protocol, size), data, l4, size)) {
                return false;
            }
            packet.l4Checksum(Packet.CHECKSUM_GOOD);
            l4Checked++;
        }
        key.v6 = false;
        key.address0 = addresses;
        key.ports = header & 0xffffffff_00000000L | Key.ports(0, 0, zone, protocol, 0);
        return true;
    }

    /**
     * Reads the key of a packet whose layers are found.
     *
     * @return {@link #INVALID}, {@link #TRACKABLE} or {@link #RELATED}; the key is meaningless if invalid
     */
    int extract(final Packet packet, final int zone, final Key key) {
        if (!packet.parse() || packet.l4Offset() == Packet.NO_LAYER) {
            return INVALID;
        }
        final byte[] data = packet.data();
        final int l3 = packet.l3Offset();
        final int type = packet.etherType();
        if (type == EtherType.IPV4) {
            if (packet.fragment() == Packet.LATER_FRAGMENT || !ipv4Checksum(packet, data, l3)) {
                return INVALID;
            }
            key.v6 = false;
            key.address0 = Bytes.i64(data, l3 + 12);
        } else if (type == EtherType.IPV6) {
            if (packet.fragment() != Packet.NOT_FRAGMENT) {
                return INVALID;
            }
            key.v6 = true;
            key.address0 = Bytes.i64(data, l3 + 8);
            key.address1 = Bytes.i64(data, l3 + 16);
            key.address2 = Bytes.i64(data, l3 + 24);
            key.address3 = Bytes.i64(data, l3 + 32);
        } else {
            return INVALID;
        }
        if (packet.l4Checksum() == Packet.CHECKSUM_BAD) {
            l4Errors++;
            return INVALID;
        }
        return transport(packet, data, zone, key);
    }

    private boolean ipv4Checksum(final Packet packet, final byte[] data, final int l3) {
        switch (packet.l3Checksum()) {
            case Packet.CHECKSUM_GOOD:
            case Packet.CHECKSUM_PARTIAL:
                return true;
            case Packet.CHECKSUM_UNKNOWN:
                l3Checked++;
                if (Checksums.isHeaderValid(data, l3)) {
                    packet.l3Checksum(Packet.CHECKSUM_GOOD);
                    return true;
                }
                packet.l3Checksum(Packet.CHECKSUM_BAD);
                break;
            default:
                break;
        }
        l3Errors++;
        return false;
    }

    private int transport(final Packet packet, final byte[] data, final int zone, final Key key) {
        final int at = packet.l4Offset();
        final int size = packet.l4Length();
        final int protocol = packet.protocol();
        switch (protocol) {
            case IpProtocol.TCP:
                if (size < 20 || tcpHeaderLength(data, at) < 20 || tcpHeaderLength(data, at) > size) {
                    return INVALID;
                }
                break;
            case IpProtocol.UDP:
                if (size < 8 || Bytes.u16(data, at + 4) < 8 || Bytes.u16(data, at + 4) > size) {
                    return INVALID;
                }
                break;
            case IpProtocol.SCTP:
                if (size < 12 || !sctpChunksFit(data, at, size)) {
                    return INVALID;
                }
                break;
            case IpProtocol.ICMP:
                if (!key.v6) {
                    return icmpChecksum(0, data, at, size) ? icmp(data, at, size, zone, key) : INVALID;
                }
                break;
            case IpProtocol.ICMPV6:
                if (key.v6) {
                    return icmpChecksum(pseudo(packet, data, key), data, at, size)
                        ? icmp(data, at, size, zone, key) : INVALID;
                }
                break;
            default:
                break;
        }
        if (!IpProtocol.hasPorts(protocol)) {
            key.ports = Key.ports(0, 0, zone, protocol, 0);
            return TRACKABLE;
        }
        return transportChecksum(packet, data, key) && ports(data, at, zone, protocol, key) ? TRACKABLE : INVALID;
    }

    private static int tcpHeaderLength(final byte[] data, final int at) {
        return (data[at + 12] >> 4 & 0xf) * 4;
    }

    /** The walk of lib/conntrack.c sctp_check_len: chunks, each padded to four bytes, fill the packet exactly. */
    private static boolean sctpChunksFit(final byte[] data, final int at, final int size) {
        int position = 12;
        while (position + 4 <= size) {
            final int chunk = Bytes.u16(data, at + position + 2);
            if (chunk < 4) {
                return false;
            }
            position += chunk + 3 & ~3;
        }
        return position == size;
    }

    private static boolean ports(final byte[] data, final int at, final int zone, final int protocol, final Key key) {
        final int both = Bytes.i32(data, at);
        key.ports = (long) both << 32 | Key.ports(0, 0, zone, protocol, 0);
        return both >>> 16 != 0 && (both & 0xffff) != 0;
    }

    private boolean transportChecksum(final Packet packet, final byte[] data, final Key key) {
        if (packet.l4Checksum() != Packet.CHECKSUM_UNKNOWN) {
            return true;
        }
        final int at = packet.l4Offset();
        final int size = packet.l4Length();
        if (packet.protocol() == IpProtocol.UDP && !key.v6 && Bytes.u16(data, at + 6) == 0) {
            return true;
        }
        l4Checked++;
        final boolean right = packet.protocol() == IpProtocol.SCTP
            ? Checksums.sctp(data, at, size) == Bytes.i32(data, at + 8)
            : Checksums.isValid(pseudo(packet, data, key), data, at, size);
        packet.l4Checksum(right ? Packet.CHECKSUM_GOOD : Packet.CHECKSUM_BAD);
        if (!right) {
            l4Errors++;
        }
        return right;
    }

    private static long pseudo(final Packet packet, final byte[] data, final Key key) {
        final int size = packet.l4Length();
        if (!key.v6) {
            return Checksums.pseudo4((int) (key.address0 >>> 32), (int) key.address0, packet.protocol(), size);
        }
        final int l3 = packet.l3Offset();
        final int destination = Packet.finalDestination6(data, l3, packet.l4Offset());
        if (destination == l3 + 24) {
            return Checksums.pseudo6(data, l3 + 8, packet.protocol(), size);
        }
        final long source = Checksums.add(packet.protocol() + (long) size, data, l3 + 8, 16);
        return Checksums.add(source, data, destination, 16);
    }

    /** ICMP checksums are verified on every pass, whatever is known of the packet. */
    private boolean icmpChecksum(final long pseudo, final byte[] data, final int at, final int size) {
        l4Checked++;
        if (Checksums.isValid(pseudo, data, at, size)) {
            return true;
        }
        l4Errors++;
        return false;
    }

    private static int icmp(final byte[] data, final int at, final int size, final int zone, final Key key) {
        if (size < ICMP_HEADER) {
            return INVALID;
        }
        final int type = Bytes.u8(data, at);
        if (isError(key.v6, type)) {
            return quoted(data, at + ICMP_HEADER, size - ICMP_HEADER, zone, key) ? RELATED : INVALID;
        }
        return query(data, at, zone, key) ? TRACKABLE : INVALID;
    }

    private static boolean isError(final boolean v6, final int type) {
        return v6 ? type >= 1 && type <= 4 : type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
    }

    /** An echo, timestamp or information message (RFC 792), or an echo of RFC 4443. */
    private static boolean query(final byte[] data, final int at, final int zone, final Key key) {
        final int type = Bytes.u8(data, at);
        final int protocol = key.v6 ? IpProtocol.ICMPV6 : IpProtocol.ICMP;
        if (data[at + 1] != 0 || Tuple.reverseIcmpType(protocol, type) == type) {
            return false;
        }
        final int id = Bytes.u16(data, at + 4);
        key.ports = Key.ports(id, id, zone, protocol, type);
        return true;
    }

    /** The packet that an ICMP error quotes (lib/conntrack.c extract_l4_icmp, extract_l4_icmp6). */
    private static boolean quoted(final byte[] data, final int at, final int size, final int zone, final Key key) {
        final int protocol;
        final int l4;
        final boolean forUs;
        if (key.v6) {
            if (size < 40) {
                return false;
            }
            final long walk = Packet.walkIpv6(data, at, size);
            if (walk < 0 || walk >>> 40 != Packet.NOT_FRAGMENT) {
                return false;
            }
            forUs = Bytes.i64(data, at + 8) == key.address2 && Bytes.i64(data, at + 16) == key.address3;
            protocol = (int) (walk >>> 32) & 0xff;
            l4 = (int) walk;
            // The key becomes that of the quoted packet, then its reverse.
            key.address0 = Bytes.i64(data, at + 8);
            key.address1 = Bytes.i64(data, at + 16);
            key.address2 = Bytes.i64(data, at + 24);
            key.address3 = Bytes.i64(data, at + 32);
        } else {
            if (size < 20) {
                return false;
            }
            final int header = (data[at] & 0xf) * 4;
            if (header < 20 || header > size || (Bytes.u16(data, at + 6) & 0x1fff) != 0) {
                return false;
            }
            forUs = Bytes.i32(data, at + 12) == (int) key.address0;
            protocol = Bytes.u8(data, at + 9);
            l4 = at + header;
            key.address0 = Bytes.i64(data, at + 12);
        }
        if (!forUs || !quotedTransport(data, l4, at + size - l4, protocol, zone, key)) {
            return false;
        }
        key.setReverse(key);
        return true;
    }

    private static boolean quotedTransport(final byte[] data, final int at, final int size, final int protocol,
            final int zone, final Key key) {
        switch (protocol) {
            case IpProtocol.TCP:
                return size >= (key.v6 ? 20 : 8) && ports(data, at, zone, protocol, key);
            case IpProtocol.SCTP:
                return size >= (key.v6 ? 12 : 8) && ports(data, at, zone, protocol, key);
            case IpProtocol.UDP:
                return size >= 8 && ports(data, at, zone, protocol, key);
            case IpProtocol.ICMP:
                if (!key.v6) {
                    return size >= ICMP_HEADER && query(data, at, zone, key);
                }
                break;
            case IpProtocol.ICMPV6:
                if (key.v6) {
                    return size >= ICMP_HEADER && query(data, at, zone, key);
                }
                break;
            default:
                break;
        }
        key.ports = Key.ports(0, 0, zone, protocol, 0);
        return true;
    }
}
