// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.Conntrack;
import org.trackway.offload.ProviderStatus.Counter;
import org.trackway.offload.core.Chapter.Phase;
import org.trackway.offload.spi.Answer;

/**
 * Who is offered to one provider next, and who waits for a later look: the part of its {@link ProviderTable} that is
 * about connections it does not hold. Guarded by the worker's monitor.
 */
final class Admission {

    private static final long MS = 1_000_000;

    private final ProviderTable table;
    private final ProviderWorker worker;
    private final Conntrack conntrack;
    private final Tally tally;
    private final Ranking ranking;
    private final Queue<Chapter> adds = new ArrayDeque<>();
    private final Set<Chapter> waiting = new LinkedHashSet<>();
    /** How many the provider held when it said last that it is full; 0 if it has room as far as is known. */
    private int fullAt;
    /** Whether connections were left out that should be found by a scan. */
    private boolean missed;

    Admission(final ProviderTable table, final ProviderWorker worker, final Conntrack conntrack, final Tally tally,
            final Ranking ranking) {
        this.table = table;
        this.worker = worker;
        this.conntrack = conntrack;
        this.tally = tally;
        this.ranking = ranking;
    }

    /** {@return how many are to be offered next} */
    int size() {
        return adds.size();
    }

    void add(final Chapter chapter) {
        adds.add(chapter);
    }

    void remove(final Chapter chapter) {
        waiting.remove(chapter);
    }

    /** Forgets who is to be offered. */
    void clear() {
        adds.clear();
    }

    /** The provider says that it is full. */
    void full() {
        fullAt = Math.max(1, table.held());
    }

    /** {@return whether anything was left out that a scan should find; asked once} */
    boolean takeMissed() {
        final boolean was = missed;
        missed = false;
        return was;
    }

    void miss() {
        missed = true;
    }

    /** Has a connection wait for a later look: for room, or for another answer. */
    void await(final Chapter chapter, final boolean forRoom, final String why, final long nowNs) {
        chapter.turn(Phase.WAITING, why, nowNs);
        chapter.forRoom = forRoom;
        chapter.seenPackets = -1;
        if (waiting.size() < table.settings().queueSize()) {
            waiting.add(chapter);
        } else {
            missed |= !forRoom;
            table.forget(chapter, why, nowNs);
        }
    }

    /** Looks at those again that were not admitted, as far as there may be another answer now. */
    void look(final long nowNs) {
        final long stayNs = table.settings().updateIntervalMs() * MS;
        // All of them, which are no more than wait at the most: batches see to it that not all are asked at once.
        waiting.stream().filter(chapter -> !chapter.forRoom).toList()
            .forEach(chapter -> offerAgain(chapter, nowNs));
        final List<Chapter> busiest = ranking.busiest(waiting, nowNs);
        final Set<Chapter> there = new HashSet<>(busiest);
        waiting.stream().filter(chapter -> chapter.forRoom && !there.contains(chapter)).toList()
            .forEach(chapter -> table.forget(chapter, ProviderTable.GONE, nowNs));
        final int room = (int) Math.min(busiest.size(), room());
        busiest.subList(0, room).forEach(chapter -> offerAgain(chapter, nowNs));
        if (room == busiest.size()) {
            return;
        }
        ranking.swaps(busiest.subList(room, busiest.size()), table.chapters(), stayNs, nowNs).forEach((slow, busy) -> {
            table.leave(slow, Ranking.YIELDS, false, true, nowNs);
            slow.forRoom = true;
            offerAgain(busy, nowNs);
        });
    }

    /** {@return how many connections may be tried now} */
    private long room() {
        final long limit = table.limit();
        if (table.held() > fullAt) {
            fullAt = 0;
        }
        // One more than it took last, to see whether there is room again.
        final long tried = fullAt == 0 ? Long.MAX_VALUE : fullAt + 1;
        return Math.max(0, (limit == 0 ? tried : Math.min(limit, tried)) - table.held());
    }

    private void offerAgain(final Chapter chapter, final long nowNs) {
        waiting.remove(chapter);
        table.meet(chapter.dossier());
        chapter.turn(Phase.OFFERED, chapter.reason(), nowNs);
        adds.add(chapter);
    }

    /** {@return how many connections of a scan may be offered now} */
    int appetite() {
        return Math.max(0, table.settings().batchSize() - adds.size());
    }

    /** Takes connections up into a batch, until it has so many operations. */
    void plan(final Turn turn, final int size, final long nowNs) {
        while (turn.size() < size && !adds.isEmpty()) {
            final Chapter chapter = adds.remove();
            if (chapter.phase() == Phase.OFFERED) {
                admit(chapter, turn, nowNs);
            }
        }
    }

    /** Takes a connection up into the batch if it is fit, and has the tracker hold it before anybody else may. */
    private void admit(final Chapter chapter, final Turn turn, final long nowNs) {
        Optional<Connection> there = conntrack.connection(chapter.id());
        if (there.isPresent()) {
            final Answer verdict = mayAdmit(chapter, there.get(), turn, nowNs);
            switch (verdict.kind()) {
                case ACCEPTED -> {
                    // What changes from here on is noted, since it is held.
                    there = chapter.dossier().acquire() ? conntrack.connection(chapter.id()) : Optional.empty();
                }
                case LATER -> {
                    await(chapter, false, verdict.reason(), nowNs);
                    return;
                }
                case FULL -> {
                    tally.add(Counter.REFUSED);
                    await(chapter, true, verdict.reason(), nowNs);
                    return;
                }
                default -> {
                    table.forget(chapter, verdict.reason(), nowNs);
                    return;
                }
            }
        }
        if (there.isEmpty()) {
            tally.add(Counter.CANCELLED);
            table.forget(chapter, ProviderTable.GONE, nowNs);
            return;
        }
        table.ask(chapter, there.get(), nowNs);
        turn.candidates.add(new Turn.Candidate(chapter, there.get(), ProviderTable.port(chapter.dossier().ingress())));
    }

    private Answer mayAdmit(final Chapter chapter, final Connection connection, final Turn turn, final long nowNs) {
        final Answer verdict = table.verdict(connection, nowNs);
        if (verdict.kind() != Answer.Kind.ACCEPTED) {
            return verdict;
        }
        final PortRef ingress = chapter.dossier().ingress();
        if (ingress != null && !worker.ports().serves(ingress)) {
            return Answer.no("it does not serve port " + ingress.name());
        }
        if (connection.lastSeenNs() != 0 && connection.lastSeenNs() <= chapter.leftNs) {
            return Answer.later("no packet has come since it came back to software");
        }
        return table.limit() == 0 || table.held() - turn.leaving() < table.limit() ? Answer.ACCEPTED : Answer.FULL;
    }
}
