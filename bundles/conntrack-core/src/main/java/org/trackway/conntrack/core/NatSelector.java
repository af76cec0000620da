// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import java.util.concurrent.ThreadLocalRandom;
import org.trackway.conntrack.Nat;
import org.trackway.conntrack.Tuple;
import org.trackway.packet.IpProtocol;

/**
 * Chooses the reply tuple of a new, translated connection: an address of the range, then a port that makes the tuple
 * unique in its zone. Candidates come in Open vSwitch's order (lib/conntrack.c nat_get_unique_tuple, find_addr,
 * nat_get_unique_l4), so that a port is kept where it is free and the next ones are taken where it is not.
 *
 * <p>Work is bounded: at most {@link #MAX_CLAIMS} candidates are looked at, whatever the size and the state of the
 * range, and nothing is allocated. Immutable; any number of threads may choose at once, since the claim decides.
 */
final class NatSelector {

    /** Reserves reply tuples. Implementations are thread-safe. */
    interface Claim {

        /**
         * Takes a tuple unless a live connection has it, in one step.
         *
         * @param reply the candidate; belongs to the selector and changes afterwards
         * @return whether the tuple was free and is now the caller's
         */
        boolean claim(Key reply);
    }

    /** The most candidates that one choice looks at: rounds of 128, 64, 32, 16 and 8. */
    static final int MAX_CLAIMS = 248;

    private static final int LONGEST_ROUND = 128;
    private static final int LAST_HALVED_ROUND = 16;
    private static final int ALL_PORTS = 65_535;
    /** The peer's lib/conntrack.c nat_ipv6_addrs_delta counts no further. */
    private static final long LARGEST_DELTA6 = 0xfffffffeL;

    private final int basis;

    /**
     * Makes a selector.
     *
     * @param basis the tracker's secret, which decides where in a range a choice without {@code persistent} begins
     */
    NatSelector(final long basis) {
        this.basis = (int) (basis ^ basis >>> 32);
    }

    /**
     * Chooses and claims the tuple that replies will carry.
     *
     * <p>The source port is kept if no range of source ports is given; if it is taken the search stays in its class:
     * 1-511, 600-1023 or 1024-65535. A range of destination ports is searched first, and the source port changes when
     * that is used up. An ICMP identifier counts as source port; ports given for the destination mean nothing to ICMP,
     * whose requests and replies carry one identifier. ICMPv6 and protocols without ports have one candidate only.
     *
     * @param forward the tuple of the connection's first packet
     * @param nat     what to translate; not {@link Nat.Kind#KNOWN}
     * @param reply   receives the tuple; another object than {@code forward}; undefined if there is none
     * @param claim   decides which candidates are free
     * @return whether a tuple was claimed; never if the range is of the other IP version
     */
    boolean choose(final Key forward, final Nat nat, final Key reply, final Claim claim) {
        final boolean keepsAddress = nat.min().isAny();
        if (!keepsAddress && nat.min().v6() != forward.v6) {
            return false;
        }
        final boolean source = nat.kind() == Nat.Kind.SOURCE;
        reply.setReverse(forward);
        if (!keepsAddress) {
            address(forward, nat, reply, source);
        }
        final boolean icmp = !forward.v6 && forward.protocol() == IpProtocol.ICMP;
        if (!icmp && !IpProtocol.hasPorts(forward.protocol())) {
            return claim.claim(reply);
        }
        final boolean ranged = nat.hasPorts() && (source || !icmp);
        if (!ranged) {
            final int port = forward.sourcePort();
            return searchSource(reply, claim, icmp, port, lowestOfClass(port), highestOfClass(port), 0);
        }
        final int low = nat.minPort();
        final int high = nat.maxPort();
        final int seed = nat.random() ? ThreadLocalRandom.current().nextInt() : hash(forward, nat, false);
        final int start = low + Integer.remainderUnsigned(seed, high - low + 1);
        if (source) {
            return searchSource(reply, claim, icmp, start, low, high, 0);
        }
        final int tries = Math.min(high - low + 1, LONGEST_ROUND);
        if (searchDestination(reply, claim, start, low, high, tries)) {
            return true;
        }
        final int port = forward.sourcePort();
        return searchSource(reply, claim, false, port, lowestOfClass(port), highestOfClass(port), tries);
    }

    private static int lowestOfClass(final int port) {
        return port < 512 ? 1 : port < 1024 ? 600 : 1024;
    }

    private static int highestOfClass(final int port) {
        return port < 512 ? 511 : port < 1024 ? 1023 : ALL_PORTS;
    }

    /** One round over the destination's ports. If it fails the first candidate's port is put back. */
    private static boolean searchDestination(final Key reply, final Claim claim, final int start, final int low,
            final int high, final int tries) {
        int port = start;
        for (int left = tries; left > 0; left--) {
            reply.sourcePort(port);
            if (claim.claim(reply)) {
                return true;
            }
            port = next(port, low, high);
        }
        reply.sourcePort(start);
        return false;
    }

    /**
     * Rounds over the source's ports; each but the first begins at a random place.
     *
     * @param tried how many destination ports were tried before: after any, the first candidate is known to be taken;
     *     after several, the longest round is left out, to stay within {@link #MAX_CLAIMS}
     */
    private static boolean searchSource(final Key reply, final Claim claim, final boolean icmp, final int start,
            final int low, final int high, final int tried) {
        final int size = high - low + 1;
        int round = Math.min(size, tried > 1 ? LONGEST_ROUND / 2 : LONGEST_ROUND);
        int port = tried > 0 ? next(start, low, high) : start;
        int left = tried > 0 ? round - 1 : round;
        while (true) {
            for (; left > 0; left--) {
                reply.destinationPort(port);
                if (icmp) {
                    reply.sourcePort(port);
                }
                if (claim.claim(reply)) {
                    return true;
                }
                port = next(port, low, high);
            }
            if (round >= size || round < LAST_HALVED_ROUND) {
                return false;
            }
            round /= 2;
            left = round;
            port = low + ThreadLocalRandom.current().nextInt(size);
        }
    }

    /** The port behind this one, going round; the lowest if this one is outside, as 512 to 599 are. */
    private static int next(final int port, final int low, final int high) {
        return port >= high || port < low ? low : port + 1;
    }

    private void address(final Key forward, final Nat nat, final Key reply, final boolean source) {
        final long minHigh = nat.min().high();
        final long minLow = nat.min().low();
        long high = minHigh;
        long low = minLow;
        final long delta = forward.v6
            ? delta6(minHigh, minLow, nat.max().high(), nat.max().low())
            : nat.max().low() - minLow;
        if (delta != 0) {
            low += (hash(forward, nat, nat.persistent()) & 0xffffffffL) % (delta + 1);
            if (Long.compareUnsigned(low, minLow) < 0) {
                high++;
            }
        }
        if (source) {
            reply.destination(high, low);
        } else {
            reply.source(high, low);
        }
    }

    /** How far the range goes beyond its first address, as far as 32 bits of hash reach. */
    private static long delta6(final long minHigh, final long minLow, final long maxHigh, final long maxLow) {
        final long difference = maxLow - minLow;
        final boolean fits = maxHigh == minHigh || maxHigh == minHigh + 1 && Long.compareUnsigned(maxLow, minLow) < 0;
        return fits && Long.compareUnsigned(difference, LARGEST_DELTA6) <= 0 ? difference : LARGEST_DELTA6;
    }

    /**
     * The hash that Open vSwitch takes on processors without CRC instructions (lib/conntrack.c nat_range_hash,
     * lib/hash.h: 32-bit Murmur3), so that {@code persistent} addresses are the same ones in every tracker.
     *
     * @param sourceOnly whether only the source address counts, unsalted ({@code persistent}); else all of the tuple
     */
    private int hash(final Key forward, final Nat nat, final boolean sourceOnly) {
        int hash = sourceOnly ? 0 : basis;
        hash = addAddress(hash, forward.v6, forward.sourceHigh(), forward.sourceLow());
        if (!sourceOnly) {
            final boolean icmp = forward.isIcmp();
            final int type = forward.icmpType();
            hash = add(hash, forward.sourcePort() << 16 | (icmp ? type << 8 : 0));
            hash = addAddress(hash, forward.v6, forward.destinationHigh(), forward.destinationLow());
            hash = add(hash, forward.destinationPort() << 16
                | (icmp ? Tuple.reverseIcmpType(forward.protocol(), type) << 8 : 0));
        }
        hash = addAddress(hash, nat.min().v6(), nat.min().high(), nat.min().low());
        hash = addAddress(hash, nat.max().v6(), nat.max().high(), nat.max().low());
        hash = mix(hash, nat.maxPort() << 16 | nat.minPort());
        hash = mix(hash, forward.v6 ? 0xdd86 : 0x0008);
        hash = mix(hash, forward.protocol());
        hash = mix(hash, forward.zone());
        hash ^= hash >>> 16;
        hash *= 0x85ebca6b;
        hash ^= hash >>> 13;
        hash *= 0xc2b2ae35;
        return hash ^ hash >>> 16;
    }

    /** Adds sixteen bytes, the last twelve of which are zero for IPv4. */
    private static int addAddress(final int hash, final boolean v6, final long high, final long low) {
        if (v6) {
            return add(add(add(add(hash, (int) (high >>> 32)), (int) high), (int) (low >>> 32)), (int) low);
        }
        return add(add(add(add(hash, (int) low), 0), 0), 0);
    }

    /** Adds four bytes given in network order, which the hash reads in little-endian order. */
    private static int add(final int hash, final int bytes) {
        return mix(hash, Integer.reverseBytes(bytes));
    }

    private static int mix(final int hash, final int word) {
        final int mixed = hash ^ Integer.rotateLeft(word * 0xcc9e2d51, 15) * 0x1b873593;
        return Integer.rotateLeft(mixed, 13) * 5 + 0xe6546b64;
    }
}
