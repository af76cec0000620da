// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import org.trackway.conntrack.Tuple;
import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;

/**
 * The tuple of one packet in one zone, packed into words as the table keeps it. Mutable scratch space of one thread; a
 * key that is kept is a copy.
 *
 * <p>IPv4 addresses share one word, source in the high half; IPv6 addresses take two words each. The {@link #ports} word
 * holds, from high to low, source port (16), destination port (16), zone (16), protocol (8) and, for ICMP queries, the
 * type the source sends (8). An ICMP identifier stands in both port fields. The peer's key holds a type and a code for
 * either end (lib/conntrack-private.h struct ct_endpoint); the code is always 0 and the other end's type follows from
 * this one, so they need no room here.
 */
final class Key {

    /** Whether the addresses are of IPv6. */
    boolean v6;
    /** IPv4: source and destination. IPv6: high half of the source. */
    long address0;
    /** IPv6: low half of the source; else without meaning, as the words behind it. */
    long address1;
    /** IPv6: high half of the destination. */
    long address2;
    /** IPv6: low half of the destination. */
    long address3;
    /** Ports, zone, protocol and ICMP type. */
    long ports;

    static long ports(final int source, final int destination, final int zone, final int protocol, final int type) {
        return (long) source << 48 | (long) destination << 32 | (long) zone << 16 | (long) protocol << 8 | type;
    }

    int sourcePort() {
        return (int) (ports >>> 48);
    }

    int destinationPort() {
        return (int) (ports >>> 32) & 0xffff;
    }

    int zone() {
        return (int) ports >>> 16;
    }

    int protocol() {
        return (int) ports >>> 8 & 0xff;
    }

    int icmpType() {
        return (int) ports & 0xff;
    }

    void sourcePort(final int port) {
        ports = ports & 0x0000ffff_ffffffffL | (long) port << 48;
    }

    void destinationPort(final int port) {
        ports = ports & 0xffff0000_ffffffffL | (long) port << 32;
    }

    long sourceHigh() {
        return v6 ? address0 : 0;
    }

    long sourceLow() {
        return v6 ? address1 : address0 >>> 32;
    }

    long destinationHigh() {
        return v6 ? address2 : 0;
    }

    long destinationLow() {
        return v6 ? address3 : address0 & 0xffffffffL;
    }

    /** Sets the source address; for IPv4 {@code high} is ignored and {@code low} has 32 bits. */
    void source(final long high, final long low) {
        if (v6) {
            address0 = high;
            address1 = low;
        } else {
            address0 = low << 32 | address0 & 0xffffffffL;
        }
    }

    /** Sets the destination address; for IPv4 {@code high} is ignored and {@code low} has 32 bits. */
    void destination(final long high, final long low) {
        if (v6) {
            address2 = high;
            address3 = low;
        } else {
            address0 = address0 & 0xffffffff_00000000L | low & 0xffffffffL;
        }
    }

    boolean isIcmp() {
        final int protocol = protocol();
        return protocol == IpProtocol.ICMP && !v6 || protocol == IpProtocol.ICMPV6 && v6;
    }

    void set(final Key other) {
        v6 = other.v6;
        address0 = other.address0;
        address1 = other.address1;
        address2 = other.address2;
        address3 = other.address3;
        ports = other.ports;
    }

    Key copy() {
        final Key copy = new Key();
        copy.set(this);
        return copy;
    }

    /** Makes this the reverse of {@code other}, which may be this key itself. */
    void setReverse(final Key other) {
        v6 = other.v6;
        ports = reverse(other.ports, other.isIcmp());
        if (v6) {
            final long high = other.address0;
            final long low = other.address1;
            address0 = other.address2;
            address1 = other.address3;
            address2 = high;
            address3 = low;
        } else {
            address0 = Long.rotateLeft(other.address0, 32);
        }
    }

    private static long reverse(final long ports, final boolean icmp) {
        final long swapped = ports << 16 & 0xffff0000_00000000L | ports >>> 16 & 0x0000ffff_00000000L
            | ports & 0xffffff00L;
        final int type = (int) ports & 0xff;
        return swapped | (icmp ? Tuple.reverseIcmpType((int) ports >>> 8 & 0xff, type) : type);
    }

    boolean sameAs(final Key other) {
        return ports == other.ports && address0 == other.address0 && v6 == other.v6
            && (!v6 || address1 == other.address1 && address2 == other.address2 && address3 == other.address3);
    }

    @Override
    public boolean equals(final Object other) {
        return other instanceof Key key && sameAs(key);
    }

    @Override
    public int hashCode() {
        return Long.hashCode(hash(0));
    }

    /**
     * {@return a hash that is the same for both directions}
     *
     * @param salt the tracker's secret, so that outsiders can't choose colliding tuples
     */
    long hash(final long salt) {
        if (!v6) {
            return hash4(address0, ports, salt);
        }
        // The port is added behind the secret: whoever may choose 64 bits of his address could make up for it before.
        final long turned = Long.rotateLeft(salt, 32);
        return hash(mix(address0 ^ salt, address1 ^ turned) + (ports >>> 48) * 0xd6e8feb86659fd93L,
            mix(address2 ^ salt, address3 ^ turned) + (ports >>> 32 & 0xffff) * 0xd6e8feb86659fd93L, ports);
    }

    /** {@return the same for a key of IPv4, given by its words} */
    static long hash4(final long addresses, final long ports, final long salt) {
        return hash((addresses >>> 32 << 16 | ports >>> 48) ^ salt,
            (addresses << 32 >>> 16 | ports >>> 32 & 0xffff) ^ salt, ports);
    }

    private static long hash(final long one, final long other, final long ports) {
        // The product keeps the direction out; the ICMP type stays out too, since it differs between directions.
        return mix(mix(one, other) ^ ports & 0xffffff00L, 0x9e3779b97f4a7c15L);
    }

    /** Both halves of a product of 128 bits, as in wyhash: two multiplications at once. */
    private static long mix(final long one, final long other) {
        return Math.multiplyHigh(one, other) ^ one * other;
    }

    Tuple tuple() {
        return new Tuple(v6 ? IpAddress.v6(address0, address1) : IpAddress.v4((int) (address0 >>> 32)),
            v6 ? IpAddress.v6(address2, address3) : IpAddress.v4((int) address0),
            protocol(), sourcePort(), destinationPort(), icmpType());
    }

    static Key of(final Tuple tuple, final int zone) {
        final Key key = new Key();
        key.v6 = tuple.source().v6();
        key.source(tuple.source().high(), tuple.source().low());
        key.destination(tuple.destination().high(), tuple.destination().low());
        key.ports = ports(tuple.sourcePort(), tuple.destinationPort(), zone, tuple.protocol(), tuple.icmpType());
        return key;
    }
}
