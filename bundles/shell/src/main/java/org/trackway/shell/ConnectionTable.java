// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import org.trackway.conntrack.Connection;
import org.trackway.packet.IpProtocol;

/** Connections as rows of a table for people. */
final class ConnectionTable {

    private final Table table = new Table().text("ID").number("Zone").text("Proto").text("Source").text("Destination")
        .text("State").number("Packets out/back").number("Bytes out/back").number("Expires [s]")
        .optional("Offloaded").optional("Seen by the peer").optional("Mark").optional("Label").optional("Helper")
        .optional("Announced by");

    /** Adds a connection. */
    void add(final Connection connection) {
        table.row(connection.id(), connection.zone(), IpProtocol.name(connection.original().protocol()),
            Endpoints.source(connection.original()), Endpoints.destination(connection.original()), connection.state(),
            connection.originalCount().packets() + "/" + connection.replyCount().packets(),
            connection.originalCount().bytes() + "/" + connection.replyCount().bytes(),
            connection.remainingNs() / 1_000_000_000, connection.offloaded() ? "yes" : null,
            Endpoints.translation(connection),
            connection.mark() == 0 ? null : "0x" + Integer.toHexString(connection.mark()),
            label(connection), connection.helper().orElse(null),
            connection.parent().map(parent -> Endpoints.source(parent) + " > " + Endpoints.destination(parent))
                .orElse(null));
    }

    /** {@return the label in hexadecimal, null if there is none} */
    static String label(final Connection connection) {
        if (connection.labelHigh() == 0) {
            return connection.labelLow() == 0 ? null : "0x" + Long.toHexString(connection.labelLow());
        }
        return "0x" + Long.toHexString(connection.labelHigh()) + String.format("%016x", connection.labelLow());
    }

    /** {@return whether there is no connection in it} */
    boolean isEmpty() {
        return table.isEmpty();
    }

    /** Prints the table. */
    void print(final Console console) {
        table.print(console);
    }
}
