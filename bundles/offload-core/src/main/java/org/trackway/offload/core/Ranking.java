// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.Conntrack;

/**
 * Who gets the places where there are too few: the connections with the most packets, by the rates that were observed
 * between two looks. Called with the monitor of the worker whose chapters it ranks.
 */
final class Ranking {

    /** Why a connection has no place any more. */
    static final String YIELDS = "its place goes to a busier connection";
    /** Places that change hands in one go at the most. */
    private static final int SWAPS = 16;
    /** How much busier a connection has to be than the one whose place it gets. */
    private static final int GAIN = 2;
    private static final Comparator<Chapter> BY_RATE = Comparator.comparingDouble(chapter -> chapter.rate);
    private static final Comparator<Chapter> BY_DEMAND = Comparator.comparingDouble(chapter -> chapter.demand);

    private final Conntrack conntrack;

    Ranking(final Conntrack conntrack) {
        this.conntrack = conntrack;
    }

    /** {@return those that wait for room and are still there, the busiest first} */
    List<Chapter> busiest(final Collection<Chapter> waiting, final long nowNs) {
        return measured(waiting.stream().filter(chapter -> chapter.forRoom).toList(), nowNs);
    }

    /** {@return those that are still there, the busiest first; from now on their rates are measured anew} */
    List<Chapter> measured(final Collection<Chapter> some, final long nowNs) {
        final List<Chapter> there = new ArrayList<>();
        for (final Chapter chapter : some) {
            conntrack.connection(chapter.id()).ifPresent(connection -> {
                measure(chapter, connection, nowNs);
                there.add(chapter);
            });
        }
        there.sort(BY_DEMAND.reversed());
        return there;
    }

    private static void measure(final Chapter chapter, final Connection connection, final long nowNs) {
        final long packets = connection.originalCount().packets() + connection.replyCount().packets();
        chapter.demand = chapter.seenPackets < 0 || nowNs <= chapter.seenNs ? 0
            : (double) (packets - chapter.seenPackets) / (nowNs - chapter.seenNs);
        chapter.seenPackets = packets;
        chapter.seenNs = nowNs;
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
        if (busiest.isEmpty()) {
            return Map.of();
        }
        final List<Chapter> slowest = all.stream().filter(chapter -> chapter.phase() == Chapter.Phase.ADDED
                || chapter.phase() == Chapter.Phase.ESTABLISHED)
            .filter(chapter -> nowNs - chapter.addedNs > ageNs).sorted(BY_RATE).limit(SWAPS).toList();
        final Map<Chapter, Chapter> swaps = new LinkedHashMap<>();
        for (int i = 0; i < Math.min(slowest.size(), busiest.size()); i++) {
            if (busiest.get(i).demand > GAIN * slowest.get(i).rate) {
                swaps.put(slowest.get(i), busiest.get(i));
            }
        }
        return swaps;
    }
}
