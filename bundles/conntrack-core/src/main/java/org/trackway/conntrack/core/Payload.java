// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import org.trackway.packet.Bytes;
import org.trackway.packet.Checksums;
import org.trackway.packet.EtherType;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;

/**
 * What a TCP segment or UDP datagram carries: where it lies, and how to exchange parts of it. Mutable scratch space of one
 * thread. Parts are replaced from back to front; {@link #mend} then makes lengths and checksums right, once.
 */
final class Payload {

    private static final int TCP_CHECKSUM = 16;
    private static final int UDP_CHECKSUM = 6;

    private Packet packet;
    private boolean tcp;
    private int l3;
    private int l4;
    private int at;
    private int length;
    private int grown;
    private boolean changed;

    /**
     * Finds the payload of a packet.
     *
     * @return whether it is a whole TCP segment or UDP datagram of this protocol
     */
    boolean find(final Packet from, final int protocol) {
        if (!from.parse() || from.l4Offset() == Packet.NO_LAYER || from.fragment() != Packet.NOT_FRAGMENT
                || from.protocol() != protocol) {
            return false;
        }
        packet = from;
        l3 = from.l3Offset();
        l4 = from.l4Offset();
        tcp = protocol == IpProtocol.TCP;
        final int size = from.l4Length();
        final byte[] data = from.data();
        final int header;
        final int end;
        if (tcp && size >= 20) {
            header = (data[l4 + 12] >> 4 & 0xf) * 4;
            end = size;
        } else if (protocol == IpProtocol.UDP && size >= 8) {
            header = 8;
            end = Math.min(size, Bytes.u16(data, l4 + 4));
        } else {
            return false;
        }
        at = l4 + header;
        length = end - header;
        grown = 0;
        changed = false;
        return length >= 0;
    }

    /** Forgets the packet. */
    void release() {
        packet = null;
    }

    /** {@return the index in the packet's data where the payload starts} */
    int at() {
        return at;
    }

    /** {@return how long the payload was when it was found} */
    int length() {
        return length;
    }

    /** {@return the index in the packet's data where the transport header starts} */
    int l4() {
        return l4;
    }

    /** {@return whether the packet's length fields can take so many bytes more} */
    boolean hasRoom(final int more) {
        return packet.l3Length() + more <= 0xffff;
    }

    /** Replaces {@code count} bytes at {@code index} of the payload. */
    void replace(final int index, final int count, final byte[] text) {
        packet.splice(at + index, count, text);
        grown += text.length - count;
        changed = true;
    }

    /** {@return whether something was replaced} */
    boolean isChanged() {
        return changed;
    }

    /** Makes all length fields and checksums right after replacements. */
    void mend() {
        final byte[] data = packet.data();
        final boolean v6 = packet.etherType() == EtherType.IPV6;
        if (grown != 0) {
            final int field = v6 ? l3 + 4 : l3 + 2;
            final int before = Bytes.u16(data, field);
            Bytes.put16(data, field, before + grown);
            if (!v6) {
                Bytes.put16(data, l3 + 10, Checksums.update16(Bytes.u16(data, l3 + 10), before, before + grown));
            }
            if (!tcp) {
                Bytes.put16(data, l4 + 4, Bytes.u16(data, l4 + 4) + grown);
            }
        }
        packet.reparse();
        packet.parse();
        final int field = l4 + (tcp ? TCP_CHECKSUM : UDP_CHECKSUM);
        if (tcp || Bytes.u16(data, field) != 0) {
            final int size = packet.l4Length();
            final long pseudo = v6 ? Checksums.pseudo6(data, l3 + 8, packet.protocol(), size)
                : Checksums.pseudo4(Bytes.i32(data, l3 + 12), Bytes.i32(data, l3 + 16), packet.protocol(), size);
            if (packet.l4Checksum() == Packet.CHECKSUM_PARTIAL) {
                // The transmitter adds the rest, once for every segment that it cuts this into.
                Bytes.put16(data, field, Checksums.fold(pseudo));
                return;
            }
            Bytes.put16(data, field, 0);
            final int checksum = Checksums.of(pseudo, data, l4, size);
            Bytes.put16(data, field, checksum == 0 && !tcp ? 0xffff : checksum);
            packet.l4Checksum(Packet.CHECKSUM_GOOD);
        }
    }
}
