// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.time.LocalTime;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.spi.ConnectionObserver;
import org.trackway.conntrack.spi.ConnectionView;
import org.trackway.packet.Packet;

/**
 * Takes events from packet threads, which never wait for it, to one reader: what finds the queue full is dropped and
 * counted.
 */
final class EventQueue implements ConnectionObserver {

    private final BlockingQueue<Event> queue;
    private final Set<Event.Kind> kinds;
    private final ConnectionFilter filter;
    private final LongAdder dropped = new LongAdder();

    EventQueue(final int capacity, final Set<Event.Kind> kinds, final ConnectionFilter filter) {
        this.queue = new ArrayBlockingQueue<>(capacity);
        this.kinds = kinds;
        this.filter = filter;
    }

    @Override
    public void created(final ConnectionView connection, final Packet packet) {
        offer(Event.Kind.CREATED, connection, null);
    }

    @Override
    public void established(final ConnectionView connection, final Packet packet) {
        offer(Event.Kind.ESTABLISHED, connection, null);
    }

    @Override
    public void changed(final ConnectionView connection, final Packet packet) {
        offer(Event.Kind.CHANGED, connection, null);
    }

    @Override
    public void destroyed(final ConnectionView connection, final Reason reason) {
        offer(Event.Kind.DESTROYED, connection, reason);
    }

    private void offer(final Event.Kind kind, final ConnectionView view, final Reason reason) {
        if (!kinds.contains(kind)) {
            return;
        }
        if (queue.remainingCapacity() == 0) {
            // Checked before the snapshot too: a flood of events that nobody can read must not cost its making.
            dropped.increment();
            return;
        }
        final Event event = new Event(kind, LocalTime.now(), view.snapshot(), reason);
        if (filter.matches(event.connection()) && !queue.offer(event)) {
            dropped.increment();
        }
    }

    /** {@return the next event, or null if none came in time} */
    Event poll(final long timeoutMs) throws InterruptedException {
        return queue.poll(timeoutMs, TimeUnit.MILLISECONDS);
    }

    /** {@return how many events were dropped since this was last asked} */
    long takeDropped() {
        return dropped.sumThenReset();
    }
}
