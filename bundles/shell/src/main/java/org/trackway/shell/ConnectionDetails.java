// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.util.LinkedHashMap;
import java.util.Map;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.Tuple;
import org.trackway.packet.IpProtocol;

/** One connection in full: as lines for people and as JSON. */
final class ConnectionDetails {

    private final Connection connection;
    private final long nowNs;

    /**
     * Describes a connection.
     *
     * @param nowNs the present on its tracker's clock
     */
    ConnectionDetails(final Connection connection, final long nowNs) {
        this.connection = connection;
        this.nowNs = nowNs;
    }

    private boolean accounted() {
        return connection.originalCount().packets() > 0;
    }

    /** {@return the lines, name to value, in the order to print them} */
    Map<String, String> lines() {
        final Map<String, String> lines = new LinkedHashMap<>();
        lines.put("Connection", Long.toUnsignedString(connection.id()));
        lines.put("Zone", Integer.toString(connection.zone()));
        lines.put("Original", Endpoints.line(connection.original()));
        lines.put("Reply", Endpoints.line(connection.reply()));
        if (connection.translated()) {
            final String seen = Endpoints.translation(connection);
            lines.put("Translation", seen.isEmpty() ? "to itself" : seen);
        }
        lines.put("State", connection.state());
        connection.tcp().ifPresent(tcp -> {
            lines.put("Opener", peer(tcp.original()));
            lines.put("Answerer", peer(tcp.reply()));
        });
        lines.put("Expires in", Units.duration(connection.remainingNs()));
        lines.put("Timeout policy", connection.timeoutPolicy().orElse("default"));
        if (accounted()) {
            lines.put("Age", Units.duration(nowNs - connection.createdNs()));
            lines.put("Last packet", Units.duration(nowNs - connection.lastSeenNs()) + " ago");
            lines.put("Out", count(connection.originalCount()));
            lines.put("Back", count(connection.replyCount()));
        } else {
            lines.put("Accounting", "off when it was made");
        }
        if (connection.offloaded()) {
            lines.put("Offloaded", "yes, and does not expire meanwhile");
        }
        lines.put("Mark", "0x" + Integer.toHexString(connection.mark()));
        final String label = ConnectionTable.label(connection);
        lines.put("Label", label == null ? "0x0" : label);
        connection.helper().ifPresent(helper -> lines.put("Helper", helper));
        connection.parent().ifPresent(parent -> lines.put("Announced by", Endpoints.line(parent)));
        return lines;
    }

    /** Prints lines, their names in a column of their own. */
    static void print(final Console console, final Map<String, String> lines) {
        lines.forEach((name, value) -> console.println(console.bold(String.format("%-15s", name)) + value));
    }

    private static String peer(final Connection.Peer peer) {
        final StringBuilder text = new StringBuilder();
        text.append(peer.state()).append(", next sequence ").append(Integer.toUnsignedString(peer.nextSequence()));
        text.append(", may send up to ").append(Integer.toUnsignedString(peer.maxSequence()));
        text.append(", window ").append(peer.maxWindow());
        text.append(peer.pickedUp() ? ", picked up in its middle"
            : peer.scaleSeen() ? ", scale " + peer.windowScale() : ", no window scaling");
        return text.toString();
    }

    private static String count(final Connection.Count count) {
        return Units.count(count.packets(), "packet") + ", " + Units.count(count.bytes(), "byte");
    }

    /** {@return what JSON says of it; ids are texts, since they have more bits than a JavaScript number} */
    Map<String, Object> json() {
        final Map<String, Object> json = new LinkedHashMap<>();
        json.put("id", Long.toUnsignedString(connection.id()));
        json.put("zone", connection.zone());
        json.put("protocol", IpProtocol.name(connection.original().protocol()));
        json.put("original", direction(connection.original(), connection.originalCount()));
        json.put("reply", direction(connection.reply(), connection.replyCount()));
        json.put("translated", connection.translated());
        json.put("state", connection.state());
        connection.tcp().ifPresent(tcp -> {
            json.put("originalState", tcp.original().state());
            json.put("replyState", tcp.reply().state());
        });
        json.put("expiresMs", connection.remainingNs() / 1_000_000);
        if (accounted()) {
            json.put("ageMs", (nowNs - connection.createdNs()) / 1_000_000);
            json.put("idleMs", (nowNs - connection.lastSeenNs()) / 1_000_000);
        }
        json.put("offloaded", connection.offloaded());
        json.put("mark", Integer.toUnsignedLong(connection.mark()));
        final String label = ConnectionTable.label(connection);
        json.put("label", label == null ? "0x0" : label);
        json.put("timeoutPolicy", connection.timeoutPolicy().orElse(null));
        json.put("helper", connection.helper().orElse(null));
        json.put("parent", connection.parent().map(ConnectionDetails::tuple).orElse(null));
        return json;
    }

    private static Map<String, Object> direction(final Tuple tuple, final Connection.Count count) {
        final Map<String, Object> json = tuple(tuple);
        json.put("packets", count.packets());
        json.put("bytes", count.bytes());
        return json;
    }

    /** {@return what JSON says of a tuple} */
    static Map<String, Object> tuple(final Tuple tuple) {
        final Map<String, Object> json = new LinkedHashMap<>();
        json.put("source", tuple.source());
        json.put("destination", tuple.destination());
        if (tuple.isIcmp()) {
            json.put("icmpId", tuple.sourcePort());
            json.put("icmpType", tuple.icmpType());
        } else {
            json.put("sourcePort", tuple.sourcePort());
            json.put("destinationPort", tuple.destinationPort());
        }
        return json;
    }
}
