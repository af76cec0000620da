// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.util.List;
import java.util.function.Consumer;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.OvsMatch;

/** Connections that a user names: by id, or by zone and tuple. */
final class ConnectionChoice {

    private ConnectionChoice() {
    }

    /**
     * {@return the connection with this id}
     *
     * @throws IllegalArgumentException if there is none
     */
    static Connection byId(final Conntrack conntrack, final String id) {
        try {
            return conntrack.connection(Long.parseUnsignedLong(id)).orElseThrow(() -> new IllegalArgumentException(
                "connection " + id + " is gone, or never was in tracker " + conntrack.name()));
        } catch (final NumberFormatException notAnId) {
            throw new IllegalArgumentException("'" + id + "' is no id of a connection: conntrack:list prints them",
                notAnId);
        }
    }

    /**
     * Visits the connections that are meant, at least one.
     *
     * @param words an id, or what {@link OvsMatch} reads
     * @throws IllegalArgumentException if there is none
     */
    static void forEach(final Conntrack conntrack, final List<String> words, final Consumer<Connection> visitor) {
        if (words.size() == 1 && words.get(0).indexOf('=') < 0) {
            visitor.accept(byId(conntrack, words.get(0)));
            return;
        }
        final boolean[] found = new boolean[1];
        conntrack.forEach(OvsMatch.parse(words).filter(), connection -> {
            found[0] = true;
            visitor.accept(connection);
        });
        if (!found[0]) {
            throw new IllegalArgumentException("no connection is like that");
        }
    }
}
