// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.dummy;

import java.util.List;
import org.trackway.conntrack.Tuple;
import org.trackway.offload.Path;
import org.trackway.packet.Bytes;
import org.trackway.packet.Checksums;
import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;

/**
 * What a path makes of its packets. All that is to be added to their checksums is known beforehand, since every packet
 * changes in the same words (RFC 1624). As the tracker's translation does it, a right checksum stays right and a wrong
 * one wrong, UDP without a checksum stays without, and an unfinished one follows the addresses alone.
 */
final class PathRewrite {

    private static final int NO_CHANGE = 0;

    private final Tuple leaves;
    private final boolean v6;
    private final boolean tagged;
    private final Path.Tag[] arrivingTags;
    private final Path.Tag[] leavingTags;
    private final long ethernetSource;
    private final long ethernetDestination;
    private final int ttlDecrement;
    /** What is added to the sum over the IPv4 header, over the addresses, and over ports or identifier. */
    private final long headerChange;
    private final long addressChange;
    private final long portChange;

    PathRewrite(final Path path) {
        final Tuple arrives = path.arrives();
        leaves = path.leaves();
        v6 = leaves.source().v6();
        arrivingTags = path.arrivingTags().toArray(new Path.Tag[0]);
        leavingTags = path.leavingTags().toArray(new Path.Tag[0]);
        tagged = !path.arrivingTags().equals(path.leavingTags());
        ethernetSource = path.ethernetSource().orElse(-1);
        ethernetDestination = path.ethernetDestination().orElse(-1);
        ttlDecrement = path.ttlDecrement();
        addressChange = change(arrives.source(), leaves.source()) + change(arrives.destination(), leaves.destination());
        portChange = leaves.isIcmp() ? Checksums.change32(arrives.sourcePort(), leaves.sourcePort())
            : Checksums.change32(ports(arrives), ports(leaves));
        headerChange = addressChange + Checksums.change32(ttlDecrement << 8, 0);
    }

    private static long change(final IpAddress before, final IpAddress after) {
        return Checksums.change64(before.high(), after.high()) + Checksums.change64(before.low(), after.low());
    }

    private static int ports(final Tuple tuple) {
        return tuple.sourcePort() << 16 | tuple.destinationPort();
    }

    /** {@return whether it can rewrite packets of this protocol} */
    static boolean knows(final int protocol) {
        return switch (protocol) {
            case IpProtocol.TCP, IpProtocol.UDP, IpProtocol.ICMP, IpProtocol.ICMPV6 -> true;
            default -> false;
        };
    }

    /** {@return whether a packet of the path has enough time to live} */
    boolean suffices(final Packet packet) {
        final int at = packet.l3Offset() + (v6 ? 7 : 8);
        return ttlDecrement == 0 || Bytes.u8(packet.data(), at) > ttlDecrement;
    }

    /** Rewrites a packet that {@linkplain PathMatch matches} and {@linkplain #suffices suffices}. */
    void apply(final Packet packet) {
        network(packet.data(), packet.l3Offset());
        transport(packet, packet.data(), packet.l4Offset());
        if (tagged) {
            for (int i = 0; i < arrivingTags.length; i++) {
                packet.popVlan();
            }
            for (int i = leavingTags.length - 1; i >= 0; i--) {
                packet.pushVlan(leavingTags[i].etherType(), leavingTags[i].tci());
            }
        }
        address(packet, 0, ethernetDestination);
        address(packet, 6, ethernetSource);
    }

    private void network(final byte[] data, final int l3) {
        final int ttl = l3 + (v6 ? 7 : 8);
        Bytes.put8(data, ttl, data[ttl] - ttlDecrement);
        if (v6) {
            Bytes.put64(data, l3 + 8, leaves.source().high());
            Bytes.put64(data, l3 + 16, leaves.source().low());
            Bytes.put64(data, l3 + 24, leaves.destination().high());
            Bytes.put64(data, l3 + 32, leaves.destination().low());
            return;
        }
        Bytes.put32(data, l3 + 12, (int) leaves.source().low());
        Bytes.put32(data, l3 + 16, (int) leaves.destination().low());
        if (headerChange != NO_CHANGE) {
            Bytes.put16(data, l3 + 10, Checksums.repair(Bytes.u16(data, l3 + 10), headerChange));
        }
    }

    private void transport(final Packet packet, final byte[] data, final int l4) {
        final int field;
        final boolean partial = packet.l4Checksum() == Packet.CHECKSUM_PARTIAL;
        long change = partial ? NO_CHANGE : portChange;
        if (leaves.isIcmp()) {
            Bytes.put16(data, l4 + 4, leaves.sourcePort());
            field = l4 + 2;
        } else {
            Bytes.put32(data, l4, ports(leaves));
            field = l4 + (leaves.protocol() == IpProtocol.TCP ? 16 : 6);
        }
        if (leaves.protocol() != IpProtocol.ICMP) {
            change += addressChange;
        }
        final int before = Bytes.u16(data, field);
        final boolean udp = leaves.protocol() == IpProtocol.UDP;
        if (change == NO_CHANGE || udp && before == 0 && !partial) {
            return;
        }
        // An unfinished one holds the plain sum over the pseudo header.
        final int after = partial ? Checksums.fold(before + change) : Checksums.repair(before, change);
        Bytes.put16(data, field, after == 0 && udp ? 0xffff : after);
    }

    private static void address(final Packet packet, final int at, final long mac) {
        if (mac >= 0) {
            Bytes.put32(packet.data(), packet.offset() + at, (int) (mac >>> 16));
            Bytes.put16(packet.data(), packet.offset() + at + 4, (int) mac);
        }
    }
}
