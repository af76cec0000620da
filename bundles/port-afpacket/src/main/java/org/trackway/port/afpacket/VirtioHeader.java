// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.afpacket;

import java.nio.ByteBuffer;
import org.trackway.packet.Bytes;
import org.trackway.packet.Checksums;
import org.trackway.packet.EtherType;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;

/**
 * What leads each packet on a socket with PACKET_VNET_HDR ({@code struct virtio_net_hdr}, linux/virtio_net.h; Virtual
 * I/O Device version 1.2 section 5.1.6): which checksum is unfinished, and into what a long segment is to be cut.
 */
final class VirtioHeader {

    /** Its size in bytes. */
    static final int SIZE = 10;

    static final int FLAGS = 0;
    static final int KIND = 1;
    static final int HEADERS = 2;
    static final int SEGMENT = 4;
    static final int START = 6;
    static final int FIELD = 8;

    static final int NEEDS_CHECKSUM = 1;
    static final int CHECKSUM_VALID = 2;

    static final int ONE_FRAME = 0;
    static final int TCP4 = 1;
    static final int TCP6 = 4;
    static final int UDP = 5;
    /** Added to a TCP kind if the first segment alone carries the flag CWR (RFC 3168). */
    static final int ECN = 0x80;

    private static final int TCP_FIELD = 16;
    private static final int UDP_FIELD = 6;
    private static final int SCTP_FIELD = 8;
    private static final int CWR = 0x80;

    private VirtioHeader() {
    }

    /**
     * Tells a received packet what the header says. An unfinished checksum that is not that of the packet's own
     * transport layer (one inside a tunnel) is completed.
     *
     * @param buffer where the header lies
     * @param at     index of its first byte
     * @param packet the packet, with its frame
     * @param moved  how many bytes have been put into the frame before its network layer
     * @return false if it is a long segment of a kind that can't be passed on
     */
    static boolean read(final ByteBuffer buffer, final int at, final Packet packet, final int moved) {
        final int flags = buffer.get(at + FLAGS);
        final int kind = buffer.get(at + KIND) & ~ECN & 0xff;
        if ((flags & NEEDS_CHECKSUM) != 0) {
            final int start = packet.offset() + moved + (buffer.getShort(at + START) & 0xffff);
            final int field = start + (buffer.getShort(at + FIELD) & 0xffff);
            if (field + 2 > packet.offset() + packet.length()) {
                return false;
            }
            if (packet.parse() && start == packet.l4Offset() && field - start == checksumField(packet)) {
                packet.l4Checksum(Packet.CHECKSUM_PARTIAL);
            } else if (kind == ONE_FRAME) {
                complete(packet, start, field);
            }
        } else if ((flags & CHECKSUM_VALID) != 0 && packet.parse() && checksumField(packet) >= 0) {
            packet.l4Checksum(Packet.CHECKSUM_GOOD);
        }
        if (kind == ONE_FRAME) {
            return true;
        }
        packet.segmentSize(buffer.getShort(at + SEGMENT) & 0xffff);
        return packet.l4Checksum() == Packet.CHECKSUM_PARTIAL && (kind == TCP4 || kind == TCP6 || kind == UDP);
    }

    private static void complete(final Packet packet, final int start, final int field) {
        final byte[] data = packet.data();
        final int end = packet.offset() + packet.length();
        if (packet.protocol() == IpProtocol.SCTP && start == packet.l4Offset() && field - start == SCTP_FIELD
                && end - start >= 12) {
            Bytes.put32(data, field, Checksums.sctp(data, start, packet.l4Length()));
            return;
        }
        final int checksum = Checksums.of(0, data, start, end - start);
        Bytes.put16(data, field, checksum == 0 ? 0xffff : checksum);
    }

    /**
     * Writes the header of a packet that is to be sent. The checksum of a long segment is made an unfinished one.
     *
     * @return how many bytes the longest frame that leaves has, Ethernet header included; 0 if it is a long segment
     *     that can't be cut
     */
    static int write(final ByteBuffer buffer, final int at, final Packet packet) {
        buffer.putLong(at, 0).putShort(at + FIELD, (short) 0);
        final boolean partial = packet.l4Checksum() == Packet.CHECKSUM_PARTIAL;
        if (!partial && packet.segmentSize() == 0) {
            return packet.length();
        }
        final int field = packet.parse() ? checksumField(packet) : -1;
        if (field < 0) {
            return packet.segmentSize() == 0 ? packet.length() : 0;
        }
        final int start = packet.l4Offset() - packet.offset();
        buffer.put(at + FLAGS, (byte) NEEDS_CHECKSUM).putShort(at + START, (short) start)
            .putShort(at + FIELD, (short) field);
        if (packet.segmentSize() == 0) {
            return packet.length();
        }
        if (!partial) {
            makePartial(packet, field);
        }
        final byte[] data = packet.data();
        final boolean tcp = packet.protocol() == IpProtocol.TCP;
        final int headers = start + (tcp ? (data[packet.l4Offset() + 12] >> 2) & 0x3c : 8);
        final int kind = !tcp ? UDP : (packet.etherType() == EtherType.IPV6 ? TCP6 : TCP4)
            | ((data[packet.l4Offset() + 13] & CWR) != 0 ? ECN : 0);
        buffer.put(at + KIND, (byte) kind).putShort(at + HEADERS, (short) headers)
            .putShort(at + SEGMENT, (short) packet.segmentSize());
        return Math.min(packet.length(), headers + packet.segmentSize());
    }

    /** Leaves nothing but the sum of the pseudo header where the checksum stands. */
    private static void makePartial(final Packet packet, final int field) {
        final byte[] data = packet.data();
        final int l3 = packet.l3Offset();
        final long sum = packet.etherType() == EtherType.IPV6
            ? Checksums.pseudo6(data, l3 + 8, packet.protocol(), packet.l4Length())
            : Checksums.pseudo4(Bytes.i32(data, l3 + 12), Bytes.i32(data, l3 + 16), packet.protocol(),
                packet.l4Length());
        Bytes.put16(data, packet.l4Offset() + field, Checksums.fold(sum));
        packet.l4Checksum(Packet.CHECKSUM_PARTIAL);
    }

    /** {@return how far behind the start of the transport layer its checksum stands, -1 if there is no whole header} */
    private static int checksumField(final Packet packet) {
        if (packet.l4Offset() < 0 || packet.fragment() == Packet.LATER_FRAGMENT) {
            return -1;
        }
        return switch (packet.protocol()) {
            case IpProtocol.TCP -> packet.l4Length() >= 20 ? TCP_FIELD : -1;
            case IpProtocol.UDP -> packet.l4Length() >= 8 ? UDP_FIELD : -1;
            default -> -1;
        };
    }
}
