// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.trackway.offload.Path;
import org.trackway.offload.Paths;

/**
 * Which directions of connections want a path, and who holds those that were offered. One monitor guards it all; it is
 * held for a few steps at a time, by packet threads too, and nothing else is locked meanwhile. Workers call with their
 * own monitor held; this class calls none of theirs that locks.
 *
 * <p>A direction wants a path while a provider that forwards is ready for it, nobody holds or is offered one, and none
 * was refused:
 *
 * <pre>
 *   event                                wants   path     refusal
 *   a provider is ready                  yes     -        -
 *   offer, somebody may take it          no      offered  -
 *   offer, nobody may take it            no      -        "no provider ..."
 *   refuse                               no      -        the flow
 *   all takers declined                  no      -        their reason; again at a later look unless it was final
 *   withdrawn, lost                      yes     -        -
 *   changed                              yes     -        -        (where a refusal was)
 *   no provider is ready any more        no      as is    -
 * </pre>
 */
final class PathBook implements Paths {

    private static final String NOBODY = "no provider that forwards serves its ports and holds all its connections";
    private static final String TAKEN = "a connection on the way has another path already";

    private final Dossiers dossiers;
    private final Supplier<List<ProviderWorker>> workers;
    /** Directions that want a path. Written under this. */
    private volatile int wanted;
    /** Connections that want one in a direction. Written under this, before {@link #wanted}. */
    private final Sieve wanting = new Sieve();
    /** Those with a refusal. */
    private final Set<Dossier> refused = new LinkedHashSet<>();
    /** Those among them that are to want again at a later look. */
    private final Set<Dossier> again = new LinkedHashSet<>();
    private long lastId;

    PathBook(final Dossiers dossiers, final Supplier<List<ProviderWorker>> workers) {
        this.dossiers = dossiers;
        this.workers = workers;
    }

    // ---- for packet paths ----

    @Override
    public int wanted() {
        return wanted;
    }

    @Override
    public boolean wants(final long connectionId, final boolean reply) {
        if (wanted == 0 || !wanting.mayHold(connectionId)) {
            return false;
        }
        final Dossier dossier = dossiers.get(connectionId);
        return dossier != null && (dossier.wants & (reply ? 2 : 1)) != 0;
    }

    @Override
    public Offered offer(final Path path, final Listener listener) {
        final List<Dossier> hops = new ArrayList<>(path.hops().size());
        path.hops().forEach(hop -> hops.add(dossiers.get(hop.connection())));
        final OfferedPath offered;
        final List<ProviderWorker> takers;
        synchronized (this) {
            offered = new OfferedPath(this, ++lastId, path, listener, hops);
            final boolean taken = isTaken(offered);
            if (!taken) {
                workers.get().stream().filter(worker -> mayTake(worker, offered)).forEach(offered.takers::add);
            }
            takers = List.copyOf(offered.takers);
            for (int i = 0; i < hops.size(); i++) {
                final Dossier dossier = hops.get(i);
                final int direction = offered.direction(i);
                if (dossier != null && dossier.paths[direction] == null) {
                    if (takers.isEmpty()) {
                        refuse(dossier, direction, taken ? TAKEN : NOBODY, taken);
                    } else {
                        dossier.paths[direction] = offered;
                        allow(dossier, direction);
                    }
                }
            }
        }
        if (takers.isEmpty()) {
            offered.markGone();
            listener.gone();
        }
        for (final ProviderWorker taker : takers) {
            if (!taker.deliver(offered) && close(offered, taker, "its queue is full", true)) {
                listener.gone();
            }
        }
        return offered;
    }

    private static boolean isTaken(final OfferedPath offered) {
        for (int i = 0; i < offered.dossiers.size(); i++) {
            final Dossier dossier = offered.dossiers.get(i);
            if (dossier != null && dossier.paths[offered.direction(i)] != null) {
                return true;
            }
        }
        return false;
    }

    private static boolean mayTake(final ProviderWorker worker, final OfferedPath offered) {
        for (int i = 0; i < offered.dossiers.size(); i++) {
            final Dossier dossier = offered.dossiers.get(i);
            final Chapter chapter = dossier == null ? null : dossier.chapter(worker.table());
            if (chapter == null || (chapter.open & 1 << offered.direction(i)) == 0) {
                return false;
            }
        }
        return worker.ports().serves(offered.path().ingress()) && worker.ports().serves(offered.path().egress());
    }

    @Override
    public void refuse(final long connectionId, final boolean reply, final String reason) {
        final Dossier dossier = dossiers.get(connectionId);
        if (dossier != null) {
            synchronized (this) {
                refuse(dossier, reply ? 1 : 0, reason, false);
            }
        }
    }

    @Override
    public synchronized void changed() {
        refused.forEach(PathBook::clear);
        final List<Dossier> all = List.copyOf(refused);
        refused.clear();
        again.clear();
        all.forEach(this::review);
    }

    // ---- for the paths themselves ----

    void withdraw(final OfferedPath path, final String why) {
        final List<ProviderWorker> takers;
        synchronized (this) {
            takers = path.markWithdrawn(why) ? List.copyOf(path.takers) : List.of();
        }
        takers.forEach(taker -> taker.withdraw(path));
    }

    // ---- for workers ----

    /** A chapter has become ready for paths, or is so no longer. */
    synchronized void reopened(final Dossier dossier, final boolean ready) {
        if (ready) {
            clear(dossier);
        }
        review(dossier);
        if (open(dossier) == 0) {
            refused.remove(dossier);
            again.remove(dossier);
        }
    }

    /**
     * Offers the paths of a connection, which others hold, to one more provider.
     *
     * @param undelivered is told of those for which it has no room
     */
    void join(final Dossier dossier, final ProviderWorker worker, final Consumer<OfferedPath> undelivered) {
        for (int direction = 0; direction < 2; direction++) {
            final OfferedPath path;
            synchronized (this) {
                path = dossier.paths[direction];
                if (path == null || path.withdrawn() != null || path.takers.contains(worker)
                        || !mayTake(worker, path)) {
                    continue;
                }
                path.takers.add(worker);
            }
            if (!worker.deliver(path)) {
                undelivered.accept(path);
            }
        }
    }

    /** {@return the path that a direction has, null if none} */
    synchronized OfferedPath path(final Dossier dossier, final int direction) {
        return dossier.paths[direction];
    }

    /** {@return why a direction has no path, null if there is no reason} */
    synchronized String refusal(final Dossier dossier, final int direction) {
        return dossier.refusals[direction];
    }

    /**
     * A provider does not hold a path any more, or did not take it.
     *
     * @param why   why it did not take it; null if it did
     * @param later whether it may take one at a later look
     * @return whether nobody holds it now, which its listener is to be told
     */
    synchronized boolean close(final OfferedPath path, final ProviderWorker worker, final String why,
            final boolean later) {
        if (!path.takers.remove(worker) || !path.takers.isEmpty()) {
            return false;
        }
        for (int i = 0; i < path.dossiers.size(); i++) {
            final Dossier dossier = path.dossiers.get(i);
            final int direction = path.direction(i);
            if (dossier.paths[direction] == path) {
                dossier.paths[direction] = null;
                if (why != null && path.withdrawn() == null) {
                    refuse(dossier, direction, why, later);
                } else {
                    allow(dossier, direction);
                }
            }
        }
        path.markGone();
        return true;
    }

    /** Lets some of those want again whose path was not taken for a reason that may be over. */
    synchronized void look(final int limit) {
        final Iterator<Dossier> some = again.iterator();
        for (int i = 0; i < limit && some.hasNext(); i++) {
            final Dossier dossier = some.next();
            some.remove();
            refused.remove(dossier);
            clear(dossier);
            review(dossier);
        }
    }

    // ---- all under this monitor ----

    private void refuse(final Dossier dossier, final int direction, final String why, final boolean later) {
        if ((open(dossier) & 1 << direction) != 0) {
            dossier.refusals[direction] = why;
            refused.add(dossier);
            if (later) {
                again.add(dossier);
            }
        }
        review(dossier);
    }

    private void allow(final Dossier dossier, final int direction) {
        dossier.refusals[direction] = null;
        review(dossier);
    }

    private static void clear(final Dossier dossier) {
        dossier.refusals[0] = null;
        dossier.refusals[1] = null;
    }

    private static int open(final Dossier dossier) {
        int open = 0;
        for (final Chapter chapter : dossier.chapters()) {
            open |= chapter.open;
        }
        return open;
    }

    private void review(final Dossier dossier) {
        int wants = open(dossier);
        for (int direction = 0; direction < 2; direction++) {
            if (dossier.paths[direction] != null || dossier.refusals[direction] != null) {
                wants &= ~(1 << direction);
            }
        }
        if (wants != dossier.wants) {
            if (dossier.wants == 0) {
                wanting.add(dossier.id());
            } else if (wants == 0) {
                wanting.remove(dossier.id());
            }
            wanted = wanted + Integer.bitCount(wants) - Integer.bitCount(dossier.wants);
            dossier.wants = wants;
        }
    }
}
