// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.xdp;

import java.nio.ByteBuffer;
import java.util.OptionalLong;
import org.trackway.conntrack.Tuple;
import org.trackway.offload.Path;
import org.trackway.packet.IpAddress;

/** What the program does to a path's packets, {@code struct path} of forward.c, written into native memory. */
final class PathAction {

    static final int SIZE = 88;

    private static final int TRANSLATE = 1;
    private static final int SET_SOURCE = 2;
    private static final int SET_DESTINATION = 4;
    private static final int CHECK_SOURCE = 8;
    private static final int CHECK_DESTINATION = 16;

    private static final int SUM = SIZE - 8;
    private static final long FACTOR = 0x9e3779b97f4a7c15L;

    private PathAction() {
    }

    /**
     * Writes an entry in the machine's byte order, which is little endian.
     *
     * @param slot   where its packets are counted
     * @param egress number of the port that they leave by
     */
    static void write(final ByteBuffer to, final int at, final PathKey key, final Path path, final int slot,
            final int egress) {
        final Tuple leaves = path.leaves();
        to.putLong(at, PathKey.high(leaves.source())).putLong(at + 8, PathKey.low(leaves.source()))
            .putLong(at + 16, PathKey.high(leaves.destination())).putLong(at + 24, PathKey.low(leaves.destination()))
            .putLong(at + 32, PathKey.ports(leaves) | PathKey.net16(networkDelta(path)) << 32
                | PathKey.net16(transportDelta(path)) << 48);
        ethernet(to, at + 40, path.ethernetDestination());
        ethernet(to, at + 46, path.ethernetSource());
        ethernet(to, at + 52, path.arrivingDestination());
        ethernet(to, at + 58, path.arrivingSource());
        to.putInt(at + 64, (int) PathKey.tag(path.leavingTags())).putInt(at + 68, slot)
            .putShort(at + 72, (short) egress).put(at + 74, (byte) path.ttlDecrement()).put(at + 75, (byte) flags(path))
            .putInt(at + 76, 0).putLong(at + SUM, sum(key, to, at));
    }

    private static void ethernet(final ByteBuffer to, final int at, final OptionalLong address) {
        final long inOrder = Long.reverseBytes(address.orElse(0)) >>> 16;
        to.putInt(at, (int) inOrder).putShort(at + 4, (short) (inOrder >>> 32));
    }

    private static int flags(final Path path) {
        return (path.translates() ? TRANSLATE : 0)
            | (path.ethernetSource().isPresent() ? SET_SOURCE : 0)
            | (path.ethernetDestination().isPresent() ? SET_DESTINATION : 0)
            | (path.arrivingSource().isPresent() ? CHECK_SOURCE : 0)
            | (path.arrivingDestination().isPresent() ? CHECK_DESTINATION : 0);
    }

    /** What belongs together adds up, see {@code sum} of forward.c. */
    private static long sum(final PathKey key, final ByteBuffer from, final int at) {
        long factor = FACTOR;
        long sum = key.origin() * factor;
        sum += key.sourceHigh() * (factor *= FACTOR);
        sum += key.sourceLow() * (factor *= FACTOR);
        sum += key.destinationHigh() * (factor *= FACTOR);
        sum += key.destinationLow() * (factor *= FACTOR);
        sum += key.ports() * (factor *= FACTOR);
        for (int i = 0; i < SUM; i += 8) {
            sum += from.getLong(at + i) * (factor *= FACTOR);
        }
        return sum;
    }

    /** {@return by how much the sum over an IPv4 header changes (RFC 1624)} */
    static int networkDelta(final Path path) {
        if (path.arrives().source().v6()) {
            return 0;
        }
        // TTL is the upper half of its 16 bits.
        return fold(addresses(path) + (~(path.ttlDecrement() << 8) & 0xffff));
    }

    /** {@return by how much the sum over the pseudo header and the ports changes} */
    static int transportDelta(final Path path) {
        final Tuple arrives = path.arrives();
        final Tuple leaves = path.leaves();
        return fold(addresses(path) + replaced(arrives.sourcePort(), leaves.sourcePort())
            + replaced(arrives.destinationPort(), leaves.destinationPort()));
    }

    private static long addresses(final Path path) {
        return replaced(path.arrives().source(), path.leaves().source())
            + replaced(path.arrives().destination(), path.leaves().destination());
    }

    private static long replaced(final IpAddress before, final IpAddress after) {
        long sum = 0;
        for (int shift = 0; shift < Long.SIZE; shift += 16) {
            sum += replaced((int) (before.high() >>> shift), (int) (after.high() >>> shift))
                + replaced((int) (before.low() >>> shift), (int) (after.low() >>> shift));
        }
        return sum;
    }

    private static long replaced(final int before, final int after) {
        return (~before & 0xffff) + (after & 0xffff);
    }

    private static int fold(final long sum) {
        long folded = sum;
        while (folded >>> 16 != 0) {
            folded = (folded & 0xffff) + (folded >>> 16);
        }
        return (int) folded;
    }
}
