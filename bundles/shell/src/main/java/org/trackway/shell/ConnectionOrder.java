// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Locale;
import java.util.stream.Collectors;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.Tuple;

/** What connections can be sorted by. Addresses and names go up, amounts of traffic and times go down. */
enum ConnectionOrder {
    /** By zone, then protocol, then addresses. */
    ZONE(Comparator.comparingInt(Connection::zone)),
    /** By id. */
    ID((a, b) -> Long.compareUnsigned(a.id(), b.id())),
    /** By protocol number. */
    PROTOCOL(Comparator.comparingInt(c -> c.original().protocol())),
    /** By the address and port of the side that opened it. */
    SOURCE(Comparator.<Connection, Tuple>comparing(Connection::original,
        Comparator.comparing(Tuple::source).thenComparingInt(Tuple::sourcePort))),
    /** By the address and port that it was opened to. */
    DESTINATION(Comparator.<Connection, Tuple>comparing(Connection::original,
        Comparator.comparing(Tuple::destination).thenComparingInt(Tuple::destinationPort))),
    /** By the name of its state. */
    STATE(Comparator.comparing(Connection::state)),
    /** Most packets first, both directions together. */
    PACKETS(Comparator.<Connection>comparingLong(c -> c.originalCount().packets() + c.replyCount().packets())
        .reversed()),
    /** Most bytes first, both directions together. */
    BYTES(Comparator.<Connection>comparingLong(c -> c.originalCount().bytes() + c.replyCount().bytes()).reversed()),
    /** What lives longest first. */
    EXPIRES(Comparator.comparingLong(Connection::remainingNs).reversed()),
    /** Newest first. */
    AGE(Comparator.comparingLong(Connection::createdNs).reversed()),
    /** Most recently seen first. */
    SEEN(Comparator.comparingLong(Connection::lastSeenNs).reversed());

    private final Comparator<Connection> comparator;

    ConnectionOrder(final Comparator<Connection> comparator) {
        this.comparator = comparator;
    }

    /** {@return a total order: what is equal here is ordered by zone, protocol and tuple} */
    Comparator<Connection> comparator() {
        Comparator<Connection> total = comparator;
        for (final ConnectionOrder next : new ConnectionOrder[] {ZONE, PROTOCOL, SOURCE, DESTINATION, ID}) {
            total = total.thenComparing(next.comparator);
        }
        return total;
    }

    /**
     * {@return the order with this name}
     *
     * @throws IllegalArgumentException listing the names, if there is none
     */
    static ConnectionOrder parse(final String name) {
        return Arrays.stream(values()).filter(order -> order.name().equalsIgnoreCase(name)).findFirst()
            .orElseThrow(() -> new IllegalArgumentException("can't sort by '" + name + "': give one of "
                + Arrays.stream(values()).map(order -> order.name().toLowerCase(Locale.ROOT))
                    .collect(Collectors.joining(", "))));
    }
}
