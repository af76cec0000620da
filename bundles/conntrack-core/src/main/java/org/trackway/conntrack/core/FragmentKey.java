// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import org.trackway.packet.Bytes;
import org.trackway.packet.EtherType;
import org.trackway.packet.IpAddress;
import org.trackway.packet.Packet;

/**
 * What the fragments of one datagram have in common within a zone (RFC 791 section 3.2, RFC 8200 section 4.5;
 * lib/ipf.c struct ipf_list_key). IPv6 fragments name their protocol in the first one alone, so it stays 0 for them.
 *
 * @param id   identification, 16 bits (IPv4) or 32 bits (IPv6)
 * @param hash hash of the rest with the module's secret, so that outsiders can't choose colliding datagrams
 */
record FragmentKey(boolean v6, long sourceHigh, long sourceLow, long destinationHigh, long destinationLow, int id,
        int zone, int protocol, int hash) {

    static FragmentKey of(final FragmentPiece piece, final int zone, final long salt) {
        final Packet packet = piece.packet();
        final byte[] data = packet.data();
        final int at = packet.l3Offset();
        if (packet.etherType() == EtherType.IPV6) {
            return of(true, Bytes.i64(data, at + 8), Bytes.i64(data, at + 16), Bytes.i64(data, at + 24),
                Bytes.i64(data, at + 32), Bytes.i32(data, piece.payload() - 4), zone, 0, salt);
        }
        return of(false, 0, Bytes.u32(data, at + 12), 0, Bytes.u32(data, at + 16), Bytes.u16(data, at + 4), zone,
            packet.protocol(), salt);
    }

    private static FragmentKey of(final boolean v6, final long sourceHigh, final long sourceLow,
            final long destinationHigh, final long destinationLow, final int id, final int zone, final int protocol,
            final long salt) {
        long hash = mix(salt, sourceHigh);
        hash = mix(hash, sourceLow);
        hash = mix(hash, destinationHigh);
        hash = mix(hash, destinationLow);
        hash = mix(hash, (long) id << 32 | (long) zone << 8 | protocol);
        return new FragmentKey(v6, sourceHigh, sourceLow, destinationHigh, destinationLow, id, zone, protocol,
            (int) (hash >>> 32));
    }

    private static long mix(final long hash, final long value) {
        final long once = (hash ^ value) * 0x9e3779b97f4a7c15L;
        final long twice = (once ^ once >>> 32) * 0xd6e8feb86659fd93L;
        return twice ^ twice >>> 29;
    }

    IpAddress source() {
        return v6 ? IpAddress.v6(sourceHigh, sourceLow) : IpAddress.v4((int) sourceLow);
    }

    IpAddress destination() {
        return v6 ? IpAddress.v6(destinationHigh, destinationLow) : IpAddress.v4((int) destinationLow);
    }

    @Override
    public int hashCode() {
        return hash;
    }
}
