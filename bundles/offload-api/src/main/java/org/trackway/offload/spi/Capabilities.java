// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.spi;

import java.util.Objects;
import java.util.Set;

/**
 * What a provider can do. What it can't is never offered to it. Immutable; the {@code with} methods return a changed
 * one.
 *
 * @param mode      who decides where packets go
 * @param protocols IP protocol numbers; empty for all
 * @param v4        whether IPv4
 * @param v6        whether IPv6
 * @param nat       which sides of a connection it can translate
 * @param oneWay    whether it forwards a connection of which one direction was seen only (UDP that nobody answers;
 *                  never TCP, whose handshake has to be seen), from add on; else it forwards from established on
 * @param zones     zones it can tell apart; empty for all
 * @param counters  whether its {@link Activity} counts packets; else it knows idle times only
 * @param capacity  connections (FORWARDS: paths) that it can hold, 0 if that is unknown
 * @param batchSize operations that it likes to get at once, 1 to {@value #MAX_BATCH}
 * @param detail    what else people should know of it as it is now, one line of any length that is shown beside the
 *                  rest; empty if nothing. A change of it costs as much as any other: everything held is looked at.
 */
public record Capabilities(Mode mode, Set<Integer> protocols, boolean v4, boolean v6, Set<Translation> nat,
        boolean oneWay, Set<Integer> zones, boolean counters, long capacity, int batchSize, String detail) {

    /** The largest batch. */
    public static final int MAX_BATCH = 4096;

    /** Who decides where packets go. */
    public enum Mode {
        /** Hardware keeps connection state; packets go on in the flow table with ct_state, mark and label set. */
        TRACKS,
        /** Packets of a connection leave without flow table and tracker, by {@link org.trackway.offload.Path}s. */
        FORWARDS
    }

    /** A side that is translated. */
    public enum Translation {
        /** The source of the original direction. */
        SOURCE,
        /** The destination of the original direction. */
        DESTINATION
    }

    /** All protocols and zones, both IP versions, all of NAT, both directions seen, counters, batches of 64; TRACKS. */
    public static final Capabilities TRACKS = new Capabilities(Mode.TRACKS, Set.of(), true, true,
        Set.of(Translation.values()), false, Set.of(), true, 0, 64, "");

    /** The same; FORWARDS. */
    public static final Capabilities FORWARDS = new Capabilities(Mode.FORWARDS, Set.of(), true, true,
        Set.of(Translation.values()), false, Set.of(), true, 0, 64, "");

    /** Checks ranges and takes copies of the sets. */
    public Capabilities {
        protocols = Set.copyOf(protocols);
        nat = Set.copyOf(nat);
        zones = Set.copyOf(zones);
        Objects.requireNonNull(detail);
        if (capacity < 0 || batchSize < 1 || batchSize > MAX_BATCH) {
            throw new IllegalArgumentException("capacity " + capacity + " (at least 0), batch size " + batchSize
                + " (1 to " + MAX_BATCH + ")");
        }
    }

    /** {@return the same for these protocols alone} */
    public Capabilities withProtocols(final Set<Integer> numbers) {
        return new Capabilities(mode, numbers, v4, v6, nat, oneWay, zones, counters, capacity, batchSize, detail);
    }

    /** {@return the same for these IP versions} */
    public Capabilities withVersions(final boolean four, final boolean six) {
        return new Capabilities(mode, protocols, four, six, nat, oneWay, zones, counters, capacity, batchSize, detail);
    }

    /** {@return the same with these translations} */
    public Capabilities withNat(final Set<Translation> sides) {
        return new Capabilities(mode, protocols, v4, v6, sides, oneWay, zones, counters, capacity, batchSize, detail);
    }

    /** {@return the same, forwarding before there was an answer or not} */
    public Capabilities withOneWay(final boolean value) {
        return new Capabilities(mode, protocols, v4, v6, nat, value, zones, counters, capacity, batchSize, detail);
    }

    /** {@return the same for these zones alone} */
    public Capabilities withZones(final Set<Integer> numbers) {
        return new Capabilities(mode, protocols, v4, v6, nat, oneWay, numbers, counters, capacity, batchSize, detail);
    }

    /** {@return the same, counting packets or not} */
    public Capabilities withCounters(final boolean value) {
        return new Capabilities(mode, protocols, v4, v6, nat, oneWay, zones, value, capacity, batchSize, detail);
    }

    /** {@return the same with room for so many} */
    public Capabilities withCapacity(final long entries) {
        return new Capabilities(mode, protocols, v4, v6, nat, oneWay, zones, counters, entries, batchSize, detail);
    }

    /** {@return the same with batches of so many operations} */
    public Capabilities withBatchSize(final int operations) {
        return new Capabilities(mode, protocols, v4, v6, nat, oneWay, zones, counters, capacity, operations, detail);
    }

    /** {@return the same, of which people should know this} */
    public Capabilities withDetail(final String line) {
        return new Capabilities(mode, protocols, v4, v6, nat, oneWay, zones, counters, capacity, batchSize, line);
    }
}
