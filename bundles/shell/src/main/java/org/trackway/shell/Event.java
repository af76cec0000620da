// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.time.LocalTime;
import java.util.Locale;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.spi.ConnectionObserver;

/**
 * Something that happened to a connection.
 *
 * @param kind       what
 * @param time       when it was told, by the wall clock
 * @param connection the connection just then
 * @param reason     why it went, if it went
 */
record Event(Kind kind, LocalTime time, Connection connection, ConnectionObserver.Reason reason) {

    /** What can happen. */
    enum Kind { CREATED, ESTABLISHED, CHANGED, DESTROYED }

    /** {@return one line} */
    String line(final Console console) {
        final String name = String.format("%-11s", kind.name().toLowerCase(Locale.ROOT));
        final String what = switch (kind) {
            case CREATED -> console.green(name);
            case ESTABLISHED -> console.bold(name);
            case CHANGED -> name;
            case DESTROYED -> console.red(name);
        };
        final StringBuilder line = new StringBuilder(160);
        line.append(String.format("%tT.%<tL  ", time)).append(what).append("  ");
        line.append(Long.toUnsignedString(connection.id())).append("  ");
        line.append(Endpoints.line(connection.original())).append("  ").append(connection.state());
        line.append(connection.zone() == 0 ? "" : "  zone " + connection.zone());
        line.append(connection.mark() == 0 ? "" : "  mark 0x" + Integer.toHexString(connection.mark()));
        line.append(reason == null ? "" : "  " + reason.name().toLowerCase(Locale.ROOT));
        return line.toString();
    }
}
