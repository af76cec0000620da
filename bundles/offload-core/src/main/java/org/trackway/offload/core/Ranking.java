// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.Conntrack;

/**
 * Who gets the places where there are too few: the connections with the most packets, by the rates that were observed
 * between two looks. Called with the monitor of the worker whose chapters it ranks.
 */
final class Ranking {

    /** Places that change hands in one go at the most. */
    private static final int SWAPS = 16;
    /** How much busier a connection has to be than the one whose place it gets. */
    private static final int GAIN = 2;
    private static final Comparator<Chapter> BY_RATE = Comparator.comparingDouble(chapter -> chapter.rate);

    private final Conntrack conntrack;

    Ranking(final Conntrack conntrack) {
        this.conntrack = conntrack;
    }

    /** {@return those that wait for room, the busiest first} */
    List<Chapter> busiest(final Collection<Chapter> waiting, final long nowNs) {
        return waiting.stream().filter(chapter -> chapter.forRoom)
            .peek(chapter -> conntrack.connection(chapter.id()).ifPresent(connection -> measure(chapter, connection, nowNs)))
            .sorted(BY_RATE.reversed()).collect(Collectors.toList());
    }

    private static void measure(final Chapter chapter, final Connection connection, final long nowNs) {
        final long packets = connection.originalCount().packets() + connection.replyCount().packets();
        chapter.passed = packets - chapter.seenPackets;
        chapter.seenPackets = packets;
        chapter.rate(nowNs);
    }

    /**
     * {@return whose place is to go to whom, for a clear gain}
     *
     * @param busiest those that wait, the busiest first
     * @param all     among others those that are held
     * @param ageNs   how long somebody keeps his place at least, in nanoseconds
     */
    Map<Chapter, Chapter> swaps(final List<Chapter> busiest, final Collection<Chapter> all, final long ageNs,
            final long nowNs) {
        final List<Chapter> slowest = all.stream().filter(chapter -> chapter.phase() == Chapter.Phase.ADDED
                || chapter.phase() == Chapter.Phase.ESTABLISHED)
            .filter(chapter -> nowNs - chapter.addedNs > ageNs).sorted(BY_RATE).limit(SWAPS).toList();
        final Map<Chapter, Chapter> swaps = new LinkedHashMap<>();
        for (int i = 0; i < Math.min(slowest.size(), busiest.size()); i++) {
            if (busiest.get(i).rate > GAIN * slowest.get(i).rate) {
                swaps.put(slowest.get(i), busiest.get(i));
            }
        }
        return swaps;
    }
}
