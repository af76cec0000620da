// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.Consumer;
import org.trackway.conntrack.Connection;

/**
 * Keeps the first connections in some order out of any number, and counts the others: memory for what is shown only.
 * Not thread-safe.
 */
final class FirstConnections implements Consumer<Connection> {

    private final Comparator<Connection> order;
    private final long limit;
    private final PriorityQueue<Connection> lastFirst;
    private long seen;

    /**
     * Starts with none.
     *
     * @param order what is first
     * @param limit how many to keep; 0 keeps all
     */
    FirstConnections(final Comparator<Connection> order, final long limit) {
        this.order = order;
        this.limit = limit;
        this.lastFirst = new PriorityQueue<>(order.reversed());
    }

    @Override
    public void accept(final Connection connection) {
        seen++;
        lastFirst.add(connection);
        if (limit > 0 && lastFirst.size() > limit) {
            lastFirst.remove();
        }
    }

    /** {@return what was kept, in order} */
    List<Connection> sorted() {
        final List<Connection> sorted = new ArrayList<>(lastFirst);
        sorted.sort(order);
        return sorted;
    }

    /** {@return how many were seen but not kept} */
    long others() {
        return seen - lastFirst.size();
    }
}
