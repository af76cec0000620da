// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.xdp;

import java.nio.ByteBuffer;
import java.util.List;
import org.trackway.conntrack.Tuple;
import org.trackway.offload.Path;
import org.trackway.packet.IpAddress;

/**
 * What the program recognizes packets by, {@code struct key} of forward.c: the words are its memory on a little endian
 * machine. Immutable.
 *
 * @param origin           number of the port and VLAN tag
 * @param sourceHigh       the first half of the source address
 * @param sourceLow        the second half, 0 for IPv4
 * @param destinationHigh  the first half of the destination address
 * @param destinationLow   the second half, 0 for IPv4
 * @param ports            ports, protocol and IP version
 */
record PathKey(long origin, long sourceHigh, long sourceLow, long destinationHigh, long destinationLow, long ports) {

    static final int SIZE = 48;

    private static final int VERSION_4 = 4;
    private static final int VERSION_6 = 6;

    /**
     * {@return the key of a path's packets}
     *
     * @param port number of the port that they come in by
     */
    static PathKey of(final int port, final Path path) {
        final Tuple tuple = path.arrives();
        return new PathKey(port | tag(path.arrivingTags()) << 32, high(tuple.source()), low(tuple.source()),
            high(tuple.destination()), low(tuple.destination()), ports(tuple)
            | (long) tuple.protocol() << 32 | (tuple.source().v6() ? VERSION_6 : (long) VERSION_4) << 40);
    }

    /** Written out: a record's own keeps its class in a cache of the JDK, and with that the bundle when it has gone. */
    @Override
    public boolean equals(final Object other) {
        return other instanceof PathKey key && origin == key.origin && ports == key.ports
            && sourceHigh == key.sourceHigh && sourceLow == key.sourceLow
            && destinationHigh == key.destinationHigh && destinationLow == key.destinationLow;
    }

    @Override
    public int hashCode() {
        long hash = origin;
        for (final long word : new long[] {sourceHigh, sourceLow, destinationHigh, destinationLow, ports}) {
            hash = (hash ^ word) * 0x9e3779b97f4a7c15L;
        }
        return (int) (hash >>> 32);
    }

    /** Writes it into native memory in the machine's byte order. */
    void write(final ByteBuffer to, final int at) {
        to.putLong(at, origin).putLong(at + 8, sourceHigh).putLong(at + 16, sourceLow)
            .putLong(at + 24, destinationHigh).putLong(at + 32, destinationLow).putLong(at + 40, ports);
    }

    /** {@return the first eight bytes of an address in network order, of IPv4 the four} */
    static long high(final IpAddress address) {
        return address.v6() ? Long.reverseBytes(address.high())
            : Integer.reverseBytes((int) address.low()) & 0xffff_ffffL;
    }

    /** {@return the last eight bytes of an IPv6 address in network order} */
    static long low(final IpAddress address) {
        return address.v6() ? Long.reverseBytes(address.low()) : 0;
    }

    /** {@return source and destination port in network order, in the low 32 bits} */
    static long ports(final Tuple tuple) {
        return net16(tuple.sourcePort()) | net16(tuple.destinationPort()) << 16;
    }

    /** {@return type and TCI of the one tag in network order, in the low 32 bits; 0 without} */
    static long tag(final List<Path.Tag> tags) {
        return tags.isEmpty() ? 0 : net16(tags.get(0).etherType()) | net16(tags.get(0).tci()) << 16;
    }

    /** {@return a 16-bit number in network order} */
    static long net16(final int value) {
        return Short.reverseBytes((short) value) & 0xffffL;
    }
}
