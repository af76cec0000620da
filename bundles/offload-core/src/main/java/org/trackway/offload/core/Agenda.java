// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Queue;

/**
 * What is to be done about the subjects of one provider's table, and when. A subject has one operation under way at a
 * time, and stands in the queue once. Guarded by the worker's monitor.
 */
final class Agenda {

    private final Queue<Subject> ready = new ArrayDeque<>();
    private final PriorityQueue<Due> dues = new PriorityQueue<>(Comparator.comparingLong(Due::ns));

    /** When a connection is to be looked at; void once its chapter has another time. */
    private record Due(Chapter chapter, long ns) {
    }

    /** Notes that something is to be done about a subject: now, or once its present operation is answered. */
    void queue(final Subject subject) {
        if (subject.asked) {
            subject.more = true;
        } else if (!subject.queued) {
            subject.queued = true;
            ready.add(subject);
        }
    }

    /** Notes that the operation on a subject is answered. */
    void answered(final Subject subject) {
        subject.asked = false;
        if (subject.more) {
            subject.more = false;
            queue(subject);
        }
    }

    int size() {
        return ready.size();
    }

    boolean isEmpty() {
        return ready.isEmpty();
    }

    /** {@return the next subject; there has to be one} */
    Subject take() {
        final Subject subject = ready.remove();
        subject.queued = false;
        return subject;
    }

    /** Notes when a connection is to be looked at, in the place of what was noted before. */
    void schedule(final Chapter chapter, final long ns) {
        chapter.dueNs = ns;
        dues.add(new Due(chapter, ns));
    }

    /** {@return when something is to be looked at next, {@link Long#MAX_VALUE} if nothing is} */
    long nextDueNs() {
        final Due next = dues.peek();
        return next == null ? Long.MAX_VALUE : next.ns();
    }

    /** {@return a connection whose time has come, each once; null if there is none} */
    Chapter takeDue(final long nowNs) {
        while (nextDueNs() <= nowNs) {
            final Due next = dues.remove();
            if (next.chapter().dueNs == next.ns()) {
                return next.chapter();
            }
        }
        return null;
    }

    void clear() {
        ready.forEach(subject -> subject.queued = false);
        ready.clear();
        dues.clear();
    }
}
