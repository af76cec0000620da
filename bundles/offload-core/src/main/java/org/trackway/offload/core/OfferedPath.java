// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.trackway.offload.Path;
import org.trackway.offload.Paths;

/**
 * A path that was offered, and the providers that may hold it. Its parts are guarded by the monitor of the {@link
 * PathBook}; what is volatile is read by any thread.
 */
final class OfferedPath implements Paths.Offered {

    private final PathBook book;
    private final long id;
    private final Path path;
    private final Paths.Listener listener;
    /** One for each hop; null where the connection has none. */
    final List<Dossier> dossiers;
    /** Those that hold it or are asked to. Guarded by the path book. */
    final List<ProviderWorker> takers = new ArrayList<>(2);
    /** Whether one of its connections was seen in one direction only. */
    final boolean oneWay;
    private volatile boolean held = true;
    private volatile String withdrawn;

    OfferedPath(final PathBook book, final long id, final Path path, final Paths.Listener listener,
            final List<Dossier> dossiers) {
        this.book = book;
        this.id = id;
        this.path = path;
        this.listener = listener;
        this.dossiers = dossiers;
        oneWay = dossiers.stream().anyMatch(dossier -> dossier != null && !dossier.isEstablished());
    }

    long id() {
        return id;
    }

    Path path() {
        return path;
    }

    Paths.Listener listener() {
        return listener;
    }

    /** {@return 0 for the original direction of the connection of a hop, 1 for the other} */
    int direction(final int hop) {
        return path.hops().get(hop).reply() ? 1 : 0;
    }

    @Override
    public boolean isHeld() {
        return held;
    }

    /** {@return why it was withdrawn, null if it was not} */
    String withdrawn() {
        return withdrawn;
    }

    /** Notes that it is withdrawn. {@return whether that is news} Called by the path book. */
    boolean markWithdrawn(final String why) {
        final boolean first = withdrawn == null;
        if (first) {
            withdrawn = why;
        }
        return first;
    }

    /** Nobody holds it any more. */
    synchronized void markGone() {
        held = false;
        notifyAll();
    }

    @Override
    public void withdraw(final String why) {
        book.withdraw(this, why);
    }

    @Override
    public synchronized boolean await(final long timeoutNs) {
        final long endNs = System.nanoTime() + timeoutNs;
        try {
            for (long left = timeoutNs; held && left > 0; left = endNs - System.nanoTime()) {
                TimeUnit.NANOSECONDS.timedWait(this, left);
            }
        } catch (final InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        return !held;
    }
}
