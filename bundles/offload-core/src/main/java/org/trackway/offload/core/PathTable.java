// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.trackway.offload.Path;
import org.trackway.offload.ProviderStatus.Counter;
import org.trackway.offload.core.Chapter.Phase;
import org.trackway.offload.spi.Activity;
import org.trackway.offload.spi.Answer;
import org.trackway.offload.spi.Operation;

/**
 * The paths that one provider forwards on: the part of its {@link ProviderTable} that is about them. Guarded by the
 * monitor of the worker.
 */
final class PathTable {

    /** Connections without room for their paths that are watched. */
    private static final int MAX_STARVING = 1_024;

    private final ProviderTable table;
    private final ProviderWorker worker;
    private final PathBook book;
    private final Tally tally;
    private final Health health;
    private final Agenda agenda;
    private final Ranking ranking;
    private final Map<Long, PathEntry> entries = new HashMap<>();
    /** Those whose paths found no room. */
    private final Set<Chapter> starving = new LinkedHashSet<>();
    /** What is to be told to others when no monitor is held. */
    private final List<Runnable> news = new ArrayList<>();

    PathTable(final ProviderTable table, final ProviderWorker worker, final PathBook book, final Tally tally,
            final Health health, final Agenda agenda, final Ranking ranking) {
        this.table = table;
        this.worker = worker;
        this.book = book;
        this.tally = tally;
        this.health = health;
        this.agenda = agenda;
        this.ranking = ranking;
    }

    int size() {
        return entries.size();
    }

    PathEntry get(final long pathId) {
        return entries.get(pathId);
    }

    List<PathEntry> all() {
        return List.copyOf(entries.values());
    }

    /** {@return what is to be told to others, once, when no monitor is held} */
    List<Runnable> takeNews() {
        final List<Runnable> taken = List.copyOf(news);
        news.clear();
        return taken;
    }

    // ---- coming and going ----

    /** Takes a path in that was offered, or notes that one is to be withdrawn. */
    void note(final OfferedPath path, final boolean active, final long nowNs) {
        final PathEntry known = entries.get(path.id());
        if (known != null) {
            if (path.withdrawn() != null) {
                leave(known);
            }
            return;
        }
        if (path.withdrawn() != null || !active) {
            decline(path, null, false);
            return;
        }
        final List<Chapter> hops = new ArrayList<>();
        for (int i = 0; i < path.dossiers.size(); i++) {
            final Chapter chapter = table.chapter(path.dossiers.get(i).id());
            if (chapter == null || (chapter.open & 1 << path.direction(i)) == 0) {
                decline(path, "not all of its connections are with the provider", true);
                return;
            }
            hops.add(chapter);
        }
        if (room() == 0) {
            tally.add(Counter.REFUSED);
            hops.forEach(chapter -> chapter.remark("no path: " + Answer.FULL.reason()));
            starve(hops);
            decline(path, Answer.FULL.reason(), true);
            return;
        }
        final PathEntry entry = new PathEntry(path, hops, nowNs);
        entries.put(path.id(), entry);
        for (final Chapter chapter : Set.copyOf(hops)) {
            chapter.paths.add(entry);
            chapter.dossier().expose();
        }
        show(entry);
        agenda.queue(entry);
    }

    /** Has the provider stop forwarding on a path. */
    void leave(final PathEntry entry) {
        if (entry.phase == PathEntry.Phase.OFFERED) {
            close(entry, null, false);
        } else if (entry.phase == PathEntry.Phase.ASKED || entry.phase == PathEntry.Phase.HELD) {
            entry.phase = PathEntry.Phase.LEAVING;
            entry.pending = false;
            agenda.queue(entry);
        }
    }

    /** Has the provider stop forwarding on what uses a port. */
    void leavePort(final String port) {
        for (final PathEntry entry : all()) {
            final Path path = entry.path.path();
            if (path.ingress().equals(port) || path.egress().equals(port)) {
                leave(entry);
            }
        }
    }

    /** More ports are served: what had no path for the lack of one may have it now. */
    void changed() {
        book.changed();
    }

    /** Hardware has lost a path. */
    void lost(final PathEntry entry, final String why) {
        tally.add(Counter.LOST);
        renew(entry);
        close(entry, why, true);
    }

    /** Gives up the paths of a connection at once, without asking the provider. */
    void drop(final Chapter chapter) {
        List.copyOf(chapter.paths).forEach(entry -> close(entry, null, false));
    }

    /** A connection is not with the provider any more. */
    void forget(final Chapter chapter) {
        starving.remove(chapter);
    }

    /** A path is not forwarded on any more, or never was. */
    private void close(final PathEntry entry, final String why, final boolean later) {
        if (entries.remove(entry.id()) == null) {
            return;
        }
        entry.phase = PathEntry.Phase.GONE;
        for (final Chapter chapter : Set.copyOf(entry.hops)) {
            chapter.paths.remove(entry);
            chapter.dossier().cover();
            if (chapter.phase() == Phase.LEAVING && chapter.paths.isEmpty()) {
                agenda.queue(chapter);
            }
        }
        show(entry);
        decline(entry.path, why, later);
    }

    /** Says that the provider does not hold a path, or did not take it. */
    void decline(final OfferedPath path, final String why, final boolean later) {
        if (book.close(path, worker, why, later)) {
            news.add(path.listener()::gone);
        }
    }

    /** Shows on the chapters of a path which of their directions may pass unseen. */
    private static void show(final PathEntry changed) {
        for (final Chapter chapter : changed.hops) {
            int unseen = 0;
            for (final PathEntry entry : chapter.paths) {
                for (int i = 0; i < entry.hops.size(); i++) {
                    unseen |= entry.hops.get(i) == chapter ? 1 << entry.path.direction(i) : 0;
                }
            }
            chapter.unseen = unseen;
        }
    }

    // ---- places ----

    private void starve(final List<Chapter> hops) {
        for (final Chapter chapter : hops) {
            if (starving.size() < MAX_STARVING && starving.add(chapter)) {
                chapter.seenPackets = -1;
            }
        }
    }

    /** {@return how many more paths the provider can hold, as far as is known} */
    private int room() {
        final long capacity = table.capabilities().capacity();
        return capacity == 0 ? Integer.MAX_VALUE : (int) Math.max(0, capacity - entries.size());
    }

    /** Lets directions want paths again as far as there is room, and gives places to busier connections. */
    void look(final int limit, final long stayNs, final long nowNs) {
        book.look(Math.min(limit, room()));
        starving.removeIf(chapter -> chapter.open == 0 || !chapter.paths.isEmpty());
        final List<Chapter> forwarding = starving.isEmpty() ? List.of()
            : table.chapters().stream().filter(chapter -> !chapter.paths.isEmpty()).toList();
        ranking.swaps(ranking.measured(starving, nowNs), forwarding, stayNs, nowNs).forEach((slow, busy) -> {
                for (final PathEntry entry : List.copyOf(slow.paths)) {
                    entry.yields = true;
                    leave(entry);
                }
                starving.remove(busy);
                book.reopened(busy.dossier(), true);
            });
    }

    // ---- operations and answers ----

    /** Queues the paths of a connection whose activity is to be asked for. */
    void wake(final Chapter chapter, final long limitNs, final long nowNs) {
        for (final PathEntry entry : List.copyOf(chapter.paths)) {
            if (entry.pending && nowNs - entry.sinceNs >= limitNs) {
                health.failure("no answer came for path " + entry.id());
                leave(entry);
            } else if (entry.phase == PathEntry.Phase.HELD && entry.askedNs != nowNs) {
                entry.due = true;
                agenda.queue(entry);
            }
        }
    }

    /** Chooses the next operation on a path. */
    static void plan(final PathEntry entry, final Turn turn) {
        if (entry.phase == PathEntry.Phase.LEAVING) {
            turn.append(Operation.Kind.WITHDRAW, entry.id(), entry);
        } else if (entry.phase == PathEntry.Phase.OFFERED) {
            entry.phase = PathEntry.Phase.ASKED;
            turn.forward(entry);
        } else if (entry.phase == PathEntry.Phase.HELD && entry.due) {
            entry.due = false;
            turn.append(Operation.Kind.ACTIVITY, entry.id(), entry);
        }
    }

    /** Takes an answer in. */
    void take(final PathEntry entry, final Operation operation, final long nowNs) {
        switch (operation.kind()) {
            case FORWARD -> forwarded(entry, operation.answer(), nowNs);
            case ACTIVITY -> active(entry, operation.activity(), nowNs);
            default -> {
                tally.add(Counter.WITHDRAWN);
                if (operation.activity().isKnown()) {
                    credit(entry, operation.activity(), nowNs);
                }
                if (entry.yields) {
                    entry.hops.forEach(chapter -> chapter.remark("no path: " + Ranking.YIELDS));
                    starve(entry.hops);
                }
                close(entry, entry.yields ? Ranking.YIELDS : null, true);
            }
        }
    }

    /** The provider has said what becomes of a forward, at once or later. */
    void forwarded(final PathEntry entry, final Answer answer, final long nowNs) {
        final boolean leaving = entry.phase == PathEntry.Phase.LEAVING;
        entry.pending = answer.kind() == Answer.Kind.PENDING && !leaving;
        if (answer.kind() == Answer.Kind.ACCEPTED) {
            tally.add(Counter.FORWARDED);
            entry.hops.forEach(chapter -> chapter.remark(""));
        }
        if (answer.isHeld()) {
            if (answer.kind() == Answer.Kind.ACCEPTED && !leaving) {
                entry.phase = PathEntry.Phase.HELD;
            }
        } else {
            tally.add(Counter.REFUSED);
            entry.hops.forEach(chapter -> chapter.remark("no path: " + answer.reason()));
            if (answer.kind() == Answer.Kind.FULL) {
                starve(entry.hops);
            }
            close(entry, answer.reason(), answer.kind() != Answer.Kind.NO);
        }
    }

    private void active(final PathEntry entry, final Activity activity, final long nowNs) {
        entry.askedNs = nowNs;
        entry.untold = activity.equals(Activity.UNTOLD);
        if (activity.isKnown()) {
            credit(entry, activity, nowNs);
        } else if (!entry.untold) {
            renew(entry);
            leave(entry);
        }
    }

    /** Nobody knows until when packets have passed on a path: its connections get their timeouts once more. */
    private static void renew(final PathEntry entry) {
        entry.hops.forEach(chapter -> chapter.dossier().credit(Long.MAX_VALUE, 0, 0, 0, 0));
    }

    private void credit(final PathEntry entry, final Activity activity, final long nowNs) {
        final long packets = activity.packets() - entry.last.packets();
        final long bytes = activity.bytes() - entry.last.bytes();
        if (packets < 0 || bytes < 0) {
            table.nonsense("its counters of path " + entry.id() + " went back");
            return;
        }
        entry.last = activity;
        tally.add(Counter.UPDATED);
        final long seenNs = ProviderTable.seen(activity, entry.sinceNs, nowNs);
        for (final Path.Hop hop : Set.copyOf(entry.path.path().hops())) {
            final Chapter chapter = table.chapter(hop.connection());
            if (chapter != null) {
                chapter.passed += packets;
                chapter.dossier().credit(seenNs, hop.reply() ? 0 : packets, hop.reply() ? 0 : bytes,
                    hop.reply() ? packets : 0, hop.reply() ? bytes : 0);
            }
        }
        if (packets > 0) {
            news.add(() -> entry.path.listener().passed(packets, bytes));
        }
    }
}
