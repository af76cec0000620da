// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack;

import java.util.Objects;
import java.util.OptionalInt;
import java.util.function.Predicate;

/**
 * Which connections to list or to flush: all of one zone or of every zone, narrowed by any number of conditions.
 * Immutable.
 */
public final class ConnectionFilter {

    /** Every connection of every zone. */
    public static final ConnectionFilter ALL = new ConnectionFilter(OptionalInt.empty(), null);

    private final OptionalInt zone;
    private final Predicate<Connection> condition;

    private ConnectionFilter(final OptionalInt zone, final Predicate<Connection> condition) {
        this.zone = zone;
        this.condition = condition;
    }

    /** {@return a filter that takes the connections of one zone, 0..65535} */
    public static ConnectionFilter zone(final int zone) {
        if (zone >>> 16 != 0) {
            throw new IllegalArgumentException("zone " + zone + " is not in 0 to 65535");
        }
        return new ConnectionFilter(OptionalInt.of(zone), null);
    }

    /** {@return a filter that takes what this one takes and the condition accepts} */
    public ConnectionFilter and(final Predicate<Connection> further) {
        Objects.requireNonNull(further);
        return new ConnectionFilter(zone, condition == null ? further : condition.and(further));
    }

    /** {@return the only zone whose connections it can take, if it names one} */
    public OptionalInt zone() {
        return zone;
    }

    /** {@return whether the zone alone decides} */
    public boolean isZoneOnly() {
        return condition == null;
    }

    /** {@return whether it takes this connection} */
    public boolean matches(final Connection connection) {
        return (zone.isEmpty() || zone.getAsInt() == connection.zone())
            && (condition == null || condition.test(connection));
    }
}
