// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.trackway.offload.Path;
import org.trackway.offload.Paths;

/** Takes every path. Every connection wants one, in both directions, until it has one or was refused. Thread-safe. */
class FakePaths implements Paths {

    final List<Taken> taken = new CopyOnWriteArrayList<>();
    final List<String> refusals = new CopyOnWriteArrayList<>();
    private final Set<Path.Hop> settled = ConcurrentHashMap.newKeySet();
    private final Set<Path.Hop> refused = ConcurrentHashMap.newKeySet();
    volatile boolean wanting;
    /** Whether withdrawals are confirmed at once. */
    volatile boolean confirming = true;
    volatile int changes;
    /** How often it was asked whether a connection wants one. */
    volatile int asked;
    /** What happens while a path is being offered. */
    volatile Runnable meanwhile = () -> { };

    /** A path that was offered. */
    final class Taken implements Offered {
        final Path path;
        final Listener listener;
        final List<String> withdrawals = new CopyOnWriteArrayList<>();
        private volatile boolean held = true;

        Taken(final Path path, final Listener listener) {
            this.path = path;
            this.listener = listener;
        }

        @Override
        public boolean isHeld() {
            return held;
        }

        @Override
        public void withdraw(final String why) {
            withdrawals.add(why);
            if (confirming) {
                confirm();
            }
        }

        void confirm() {
            held = false;
            settled.removeAll(path.hops());
            listener.gone();
        }

        @Override
        public boolean await(final long timeoutNs) {
            final long start = System.nanoTime();
            while (held && !Thread.currentThread().isInterrupted() && System.nanoTime() - start < timeoutNs) {
                Thread.onSpinWait();
            }
            return !held;
        }
    }

    List<Path> held() {
        final List<Path> paths = new ArrayList<>();
        taken.stream().filter(Taken::isHeld).forEach(one -> paths.add(one.path));
        return paths;
    }

    @Override
    public int wanted() {
        return wanting ? 1 : 0;
    }

    @Override
    public boolean wants(final long connectionId, final boolean reply) {
        asked++;
        return !settled.contains(new Path.Hop(connectionId, reply));
    }

    /** Has a connection want none. */
    void settle(final long connectionId) {
        settled.add(new Path.Hop(connectionId, false));
        settled.add(new Path.Hop(connectionId, true));
    }

    @Override
    public Offered offer(final Path path, final Listener listener) {
        meanwhile.run();
        settled.addAll(path.hops());
        final Taken one = new Taken(path, listener);
        taken.add(one);
        return one;
    }

    @Override
    public void refuse(final long connectionId, final boolean reply, final String reason) {
        settled.add(new Path.Hop(connectionId, reply));
        refused.add(new Path.Hop(connectionId, reply));
        refusals.add(reason);
    }

    @Override
    public void changed() {
        changes++;
        settled.removeAll(refused);
        refused.clear();
    }
}
