// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath;

import java.util.List;

/**
 * A flow as it was at one moment.
 *
 * @param table      table number, 0..254
 * @param priority   0..65535, the higher one wins
 * @param cookie     64-bit number for its owner's use
 * @param match      what it matches, in canonical text without priority; empty if it matches everything
 * @param actions    what it does, in canonical text
 * @param packets    packets it matched
 * @param bytes      their bytes, Ethernet headers included
 * @param durationNs nanoseconds since it was added
 * @param waitingFor what it names that is not there, for example {@code helper ftp} or {@code port lan}; empty
 *                   if nothing
 */
public record Flow(int table, int priority, long cookie, String match, String actions, long packets, long bytes,
        long durationNs, List<String> waitingFor) {

    /** The priority of a flow that does not name one. */
    public static final int DEFAULT_PRIORITY = 32768;

    /** Takes a copy of the list. */
    public Flow {
        waitingFor = List.copyOf(waitingFor);
    }

    /** {@return the flow as {@code ovs-ofctl --no-stats dump-flows} prints it, which can be added again} */
    public String text() {
        final StringBuilder text = new StringBuilder();
        if (cookie != 0) {
            text.append("cookie=0x").append(Long.toHexString(cookie)).append(", ");
        }
        if (table != 0) {
            text.append("table=").append(table).append(", ");
        }
        return appendRule(text).toString();
    }

    private StringBuilder appendRule(final StringBuilder text) {
        if (priority != DEFAULT_PRIORITY) {
            text.append("priority=").append(priority);
            text.append(match.isEmpty() ? "" : ",");
        }
        text.append(match);
        if (!text.isEmpty() && text.charAt(text.length() - 1) != ' ') {
            text.append(' ');
        }
        return text.append("actions=").append(actions);
    }

    /** {@return the flow as {@code ovs-ofctl dump-flows} prints it, and what it waits for} */
    @Override
    public String toString() {
        final StringBuilder text = new StringBuilder();
        text.append("cookie=0x").append(Long.toHexString(cookie));
        text.append(String.format(", duration=%d.%03ds", durationNs / 1_000_000_000, durationNs / 1_000_000 % 1000));
        text.append(", table=").append(table);
        text.append(", n_packets=").append(packets).append(", n_bytes=").append(bytes).append(", ");
        appendRule(text);
        return waitingFor.isEmpty() ? text.toString()
            : text.append(" (waits for ").append(String.join(", ", waitingFor)).append(')').toString();
    }
}
