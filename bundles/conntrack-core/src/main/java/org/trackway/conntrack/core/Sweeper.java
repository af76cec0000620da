// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The thread that sweeps one tracker at its sweep interval, until it is stopped. */
final class Sweeper implements Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(Sweeper.class);
    private static final long STOP_LIMIT_MS = 5_000;

    private final Tracker tracker;
    private final Thread thread;
    /** Guarded by this. */
    private boolean stopped;

    Sweeper(final Tracker tracker) {
        this.tracker = tracker;
        thread = new Thread(this, "trackway-sweep-" + tracker.name());
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** Makes a changed interval count from now on. */
    synchronized void wake() {
        notifyAll();
    }

    void stop() {
        synchronized (this) {
            stopped = true;
            notifyAll();
        }
        try {
            thread.join(STOP_LIMIT_MS);
        } catch (final InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void run() {
        long nextMs = System.nanoTime() / 1_000_000 + tracker.settings().sweepIntervalMs();
        while (await(nextMs)) {
            nextMs = System.nanoTime() / 1_000_000 + tracker.settings().sweepIntervalMs();
            try {
                tracker.sweep();
            } catch (final RuntimeException | Error failure) {
                // An Error too: a thread that ended here would leave all expired connections where they are.
                LOG.error("A sweep of tracker {} failed; the next one comes in time.", tracker.name(), failure);
            }
        }
    }

    /** Waits for a sweep to be due; a shorter interval that was set meanwhile counts. */
    private synchronized boolean await(final long dueMs) {
        final long startMs = System.nanoTime() / 1_000_000;
        try {
            while (!stopped) {
                final long now = System.nanoTime() / 1_000_000;
                final long left = Math.min(dueMs, startMs + tracker.settings().sweepIntervalMs()) - now;
                if (left <= 0) {
                    return true;
                }
                wait(left);
            }
        } catch (final InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        return false;
    }
}
