// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.OvsMatch;
import org.trackway.conntrack.Tuple;
import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;

/** The conditions that a user gives to a list of connections; all must hold. Null means that one is not given. */
final class Conditions {

    private ConnectionFilter filter;

    /** Starts with a zone, or with all of them. */
    Conditions(final String zone) {
        filter = zone == null ? ConnectionFilter.ALL : ConnectionFilter.zone(Numbers.zone(zone));
    }

    /** {@return the filter of all conditions} */
    ConnectionFilter filter() {
        return filter;
    }

    private Conditions and(final Predicate<Connection> condition) {
        filter = filter.and(condition);
        return this;
    }

    /** By name or number of the IP protocol. */
    Conditions protocol(final String name) {
        if (name == null) {
            return this;
        }
        final int protocol = IpProtocol.parse(name.toLowerCase(Locale.ROOT));
        return and(connection -> connection.original().protocol() == protocol);
    }

    /** By an address, or a network as {@code address/length}, on either side, before or after translation. */
    Conditions address(final String text) {
        if (text == null) {
            return this;
        }
        final int slash = text.indexOf('/');
        final IpAddress network = IpAddress.parse(slash < 0 ? text : text.substring(0, slash));
        final int bits = network.v6() ? 128 : 32;
        final int length = slash < 0 ? bits
            : (int) Numbers.parse("prefix length", text.substring(slash + 1), 0, bits);
        return and(connection -> isIn(connection.original(), network, length)
            || isIn(connection.reply(), network, length));
    }

    private static boolean isIn(final Tuple tuple, final IpAddress network, final int length) {
        return isIn(tuple.source(), network, length) || isIn(tuple.destination(), network, length);
    }

    private static boolean isIn(final IpAddress address, final IpAddress network, final int length) {
        if (address.v6() != network.v6()) {
            return false;
        }
        final int length128 = network.v6() ? length : 96 + length;
        return ((address.high() ^ network.high()) & mask(length128)) == 0
            && ((address.low() ^ network.low()) & mask(length128 - 64)) == 0;
    }

    /** The mask of the first bits of 64. */
    private static long mask(final int bits) {
        return bits <= 0 ? 0 : bits >= 64 ? -1 : -1L << 64 - bits;
    }

    /** By a port on either side, before or after translation; for protocols that have ports. */
    Conditions port(final String text) {
        if (text == null) {
            return this;
        }
        final int port = (int) Numbers.parse("port", text, 0, 65535);
        return and(connection -> IpProtocol.hasPorts(connection.original().protocol())
            && (isOn(connection.original(), port) || isOn(connection.reply(), port)));
    }

    private static boolean isOn(final Tuple tuple, final int port) {
        return tuple.sourcePort() == port || tuple.destinationPort() == port;
    }

    /** By the name of the state, in any case. */
    Conditions state(final String name) {
        if (name == null) {
            return this;
        }
        if (States.NAMES.stream().noneMatch(name::equalsIgnoreCase)) {
            throw new IllegalArgumentException("unknown state '" + name + "': give one of "
                + String.join(", ", States.NAMES));
        }
        return and(connection -> connection.state().equalsIgnoreCase(name));
    }

    /** By a mark, as {@code value} or {@code value/mask}. */
    Conditions mark(final String text) {
        if (text == null) {
            return this;
        }
        return and(OvsMatch.parse(List.of("mark=" + text)).filter()::matches);
    }

    /** By the name of the helper that watches it. */
    Conditions helper(final String name) {
        return name == null ? this : and(connection -> connection.helper().filter(name::equals).isPresent());
    }

    /** By whether something beside the tracker holds it; false asks for nothing. */
    Conditions offloaded(final boolean only) {
        return only ? and(Connection::offloaded) : this;
    }
}
