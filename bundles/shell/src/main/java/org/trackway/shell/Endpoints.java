// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import org.trackway.conntrack.Connection;
import org.trackway.conntrack.Tuple;
import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;

/** The ends of connections as people write them: {@code 10.1.1.1:80}, {@code [fc00::1]:80}, {@code 10.1.1.1 id 7}. */
final class Endpoints {

    private Endpoints() {
    }

    /** {@return who sends in this direction} */
    static String source(final Tuple tuple) {
        return tuple.isIcmp() ? tuple.source() + " id " + tuple.sourcePort()
            : endpoint(tuple.source(), tuple.sourcePort(), tuple.protocol());
    }

    /** {@return who receives in this direction} */
    static String destination(final Tuple tuple) {
        return tuple.isIcmp() ? tuple.destination() + " type " + tuple.icmpType()
            : endpoint(tuple.destination(), tuple.destinationPort(), tuple.protocol());
    }

    private static String endpoint(final IpAddress address, final int port, final int protocol) {
        return IpProtocol.hasPorts(protocol) ? (address.v6() ? "[" + address + "]" : address) + ":" + port
            : address.toString();
    }

    /** {@return protocol and both ends of one direction} */
    static String line(final Tuple tuple) {
        return IpProtocol.name(tuple.protocol()) + " " + source(tuple) + " > " + destination(tuple);
    }

    /** {@return what the other side sees instead of source and destination, empty if it sees these} */
    static String translation(final Connection connection) {
        final Tuple seen = connection.reply().reverse();
        final Tuple original = connection.original();
        final StringBuilder text = new StringBuilder();
        if (!seen.source().equals(original.source()) || seen.sourcePort() != original.sourcePort()) {
            text.append("from ").append(source(seen));
        }
        // The identifier of an ICMP query stands for its sender alone.
        if (!seen.destination().equals(original.destination())
                || !original.isIcmp() && seen.destinationPort() != original.destinationPort()) {
            text.append(text.isEmpty() ? "" : " ").append("to ");
            text.append(original.isIcmp() ? seen.destination() : destination(seen));
        }
        return text.toString();
    }
}
