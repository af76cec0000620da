// SPDX-License-Identifier: Apache-2.0
package org.trackway.benchmarks;

/**
 * A prototype of the connection table: just enough to look up, lock and update IPv4 connections. Tuples are two
 * words: {@code addresses} is source and destination address, {@code ports} is source port, destination port,
 * protocol and zone. One entry serves both directions.
 */
abstract class TableLayout {

    private static final long MIX_1 = 0x9E3779B97F4A7C15L;
    private static final long MIX_2 = 0xD6E8FEB86659FD93L;

    /** Adds a connection; the caller adds none twice. Single-threaded. */
    abstract void add(long addresses, long ports, long now);

    /**
     * Looks up, locks and updates {@code n} packets of tuples starting at {@code from}.
     *
     * @return how many were found
     */
    abstract int update(long[] addresses, long[] ports, int from, int n, long now);

    /** The smaller endpoint with the protocol: with {@link #high}, a key that is the same for both directions. */
    static long low(long addresses, long ports) {
        return Math.min(source(addresses, ports), destination(addresses, ports)) | ports << 32 & 0xFFFF_0000_0000_0000L;
    }

    /** The greater endpoint with the zone. */
    static long high(long addresses, long ports) {
        return Math.max(source(addresses, ports), destination(addresses, ports)) | ports << 48;
    }

    /** 1 if the source is the smaller endpoint, else 0. */
    static long direction(long addresses, long ports) {
        return source(addresses, ports) - destination(addresses, ports) >>> 63;
    }

    private static long source(long addresses, long ports) {
        return (addresses >>> 32) << 16 | ports >>> 48;
    }

    private static long destination(long addresses, long ports) {
        return (addresses & 0xFFFFFFFFL) << 16 | (ports >>> 32 & 0xFFFF);
    }

    static long hash(long addresses, long ports) {
        return hashOrdered(low(addresses, ports), high(addresses, ports));
    }

    static long hashOrdered(long low, long high) {
        long h = (low ^ high << 29) * MIX_1 + high;
        h = (h ^ h >>> 32) * MIX_2;
        return h ^ h >>> 29;
    }

    static long reverseAddresses(long addresses) {
        return addresses << 32 | addresses >>> 32;
    }

    static long reversePorts(long ports) {
        return ports << 16 & 0xFFFF_0000_0000_0000L | ports >>> 16 & 0x0000_FFFF_0000_0000L | ports & 0xFFFF_FFFFL;
    }

    static TableLayout create(String name, int expected, int shards, boolean aligned, double load) {
        return switch (name) {
            case "map" -> new MapLayout(expected);
            case "objects" -> new ObjectsLayout(expected, load);
            case "slab" -> new SlabLayout(expected, shards, aligned, load, 0);
            case "slab-index" -> new SlabLayout(expected, shards, aligned, load, 1);
            case "slab-line" -> new SlabLayout(expected, shards, aligned, load, 2);
            case "slab-staged" -> new SlabLayout(expected, shards, aligned, load, 3);
            default -> throw new IllegalArgumentException(name);
        };
    }
}
