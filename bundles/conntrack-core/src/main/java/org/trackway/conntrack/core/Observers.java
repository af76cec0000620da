// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import java.util.Arrays;
import java.util.Comparator;
import java.util.concurrent.atomic.AtomicInteger;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.Counter;
import org.trackway.conntrack.spi.ConnectionObserver;
import org.trackway.packet.Packet;

/**
 * Those who are told of connections, in order of priority. Any thread tells; adding and removing replaces the array under
 * this object's monitor. What an observer throws is counted and goes no further.
 */
final class Observers {

    private enum Event {
        CREATED, ESTABLISHED, CHANGED, DESTROYED
    }

    private static final long CLOSE_LIMIT_NS = 5_000_000_000L;

    private final Counters counters;
    private volatile Observation[] observations = new Observation[0];

    Observers(final Counters counters) {
        this.counters = counters;
    }

    Conntrack.Registration add(final ConnectionObserver observer) {
        final Observation observation = new Observation(observer);
        synchronized (this) {
            final Observation[] more = Arrays.copyOf(observations, observations.length + 1);
            more[observations.length] = observation;
            Arrays.sort(more, Comparator.comparingInt((Observation o) -> o.priority).reversed());
            observations = more;
        }
        return () -> remove(observation);
    }

    private void remove(final Observation observation) {
        synchronized (this) {
            observations = Arrays.stream(observations).filter(other -> other != observation)
                .toArray(Observation[]::new);
        }
        observation.close();
    }

    boolean isEmpty() {
        return observations.length == 0;
    }

    void created(final Cursor connection, final Packet packet) {
        for (final Observation observation : observations) {
            observation.tell(Event.CREATED, connection, packet, null);
        }
    }

    void established(final Cursor connection, final Packet packet) {
        for (final Observation observation : observations) {
            observation.tell(Event.ESTABLISHED, connection, packet, null);
        }
    }

    void changed(final Cursor connection, final Packet packet) {
        for (final Observation observation : observations) {
            observation.tell(Event.CHANGED, connection, packet, null);
        }
    }

    void destroyed(final Cursor connection, final ConnectionObserver.Reason reason) {
        for (final Observation observation : observations) {
            observation.tell(Event.DESTROYED, connection, null, reason);
        }
    }

    /** One observer, how many calls are in it now, and how often it has failed in a row. */
    private final class Observation {
        private final ConnectionObserver observer;
        /** Asked once: another observer's coming must not depend on what this one says then. */
        private final int priority;
        private final AtomicInteger inside = new AtomicInteger();
        private final AtomicInteger failures = new AtomicInteger();
        private volatile boolean closed;

        Observation(final ConnectionObserver observer) {
            this.observer = observer;
            priority = observer.priority();
        }

        void tell(final Event event, final Cursor connection, final Packet packet,
                final ConnectionObserver.Reason reason) {
            if (failures.get() >= ConnectionObserver.MAX_FAILURES) {
                return;
            }
            inside.incrementAndGet();
            try {
                if (!closed) {
                    call(event, connection, packet, reason);
                    if (failures.get() != 0) {
                        failures.set(0);
                    }
                }
            } catch (final Throwable thrown) {
                // An observer is a guest: even an Error of its class loading must not reach the packet path.
                failures.incrementAndGet();
                counters.increment(Counter.OBSERVER_FAILURES);
            } finally {
                inside.decrementAndGet();
            }
        }

        private void call(final Event event, final Cursor connection, final Packet packet,
                final ConnectionObserver.Reason reason) {
            switch (event) {
                case CREATED -> observer.created(connection, packet);
                case ESTABLISHED -> observer.established(connection, packet);
                case CHANGED -> observer.changed(connection, packet);
                default -> observer.destroyed(connection, reason);
            }
        }

        /**
         * Waits, within a limit, until the last call has returned. A thread that is in such a call itself does not wait:
         * it holds a connection's lock, for which packets would wait with it.
         */
        void close() {
            closed = true;
            final long start = System.nanoTime();
            final boolean mayWait = inside.get() != 0 && !isTelling();
            while (mayWait && inside.get() != 0 && System.nanoTime() - start < CLOSE_LIMIT_NS) {
                Thread.yield();
            }
        }

        private static boolean isTelling() {
            return StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE).walk(frames -> frames.anyMatch(
                frame -> frame.getDeclaringClass() == Observation.class && frame.getMethodName().equals("tell")));
        }
    }
}
