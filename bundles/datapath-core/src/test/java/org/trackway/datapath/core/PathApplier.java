// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import org.trackway.conntrack.Tuple;
import org.trackway.offload.Path;
import org.trackway.packet.Bytes;
import org.trackway.packet.Checksums;
import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;

/** Does to a frame what hardware does to it on a path. */
final class PathApplier {

    private final Packet packet;

    private PathApplier(final byte[] frame) {
        packet = Packet.of(frame);
        packet.parse();
    }

    static byte[] apply(final Path path, final byte[] frame) {
        return new PathApplier(frame).apply(path);
    }

    private byte[] apply(final Path path) {
        final byte[] data = packet.data();
        path.ethernetDestination().ifPresent(mac -> putMac(packet.offset(), mac));
        path.ethernetSource().ifPresent(mac -> putMac(packet.offset() + 6, mac));
        final int l3 = packet.l3Offset();
        final boolean v6 = path.arrives().source().v6();
        final int ttl = v6 ? l3 + 7 : l3 + 8;
        if (v6) {
            Bytes.put8(data, ttl, Bytes.u8(data, ttl) - path.ttlDecrement());
        } else {
            replace(l3 + 10, ttl, Bytes.u16(data, ttl) - (path.ttlDecrement() << 8));
        }
        translate(path.arrives(), path.leaves(), l3, v6);
        for (int i = 0; i < path.arrivingTags().size(); i++) {
            packet.popVlan();
        }
        for (int i = path.leavingTags().size() - 1; i >= 0; i--) {
            packet.pushVlan(path.leavingTags().get(i).etherType(), path.leavingTags().get(i).tci());
        }
        return packet.bytes();
    }

    private void translate(final Tuple from, final Tuple to, final int l3, final boolean v6) {
        final int l4 = packet.l4Offset();
        final int checksum = switch (from.protocol()) {
            case IpProtocol.TCP -> l4 + 16;
            case IpProtocol.UDP -> l4 + 6;
            default -> l4 + 2;
        };
        address(l3 + (v6 ? 8 : 12), to.source(), l3, checksum, from);
        address(l3 + (v6 ? 24 : 16), to.destination(), l3, checksum, from);
        if (from.isIcmp()) {
            replace(checksum, l4 + 4, to.sourcePort());
        } else {
            replace(checksum, l4, to.sourcePort());
            replace(checksum, l4 + 2, to.destinationPort());
        }
    }

    private void address(final int at, final IpAddress address, final int l3, final int checksum, final Tuple tuple) {
        final int words = address.v6() ? 8 : 2;
        for (int i = 0; i < words; i++) {
            final long half = address.v6() && i < 4 ? address.high() : address.low();
            final int value = (int) (half >>> 16 * (address.v6() ? 3 - i % 4 : 1 - i)) & 0xffff;
            final int before = Bytes.u16(packet.data(), at + 2 * i);
            if (tuple.protocol() != IpProtocol.ICMP) {
                mend(checksum, before, value);
            }
            if (!address.v6()) {
                mend(l3 + 10, before, value);
            }
            Bytes.put16(packet.data(), at + 2 * i, value);
        }
    }

    private void replace(final int checksum, final int at, final int value) {
        mend(checksum, Bytes.u16(packet.data(), at), value);
        Bytes.put16(packet.data(), at, value);
    }

    private void mend(final int at, final int before, final int after) {
        Bytes.put16(packet.data(), at, Checksums.update16(Bytes.u16(packet.data(), at), before, after));
    }

    private void putMac(final int at, final long mac) {
        Bytes.put16(packet.data(), at, (int) (mac >>> 32));
        Bytes.put32(packet.data(), at + 2, (int) mac);
    }
}
