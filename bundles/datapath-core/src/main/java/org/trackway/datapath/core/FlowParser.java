// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.trackway.datapath.Flow;
import org.trackway.datapath.FlowException;

/** Reads a flow as {@code ovs-ofctl add-flow} takes it, or a match as {@code ovs-ofctl del-flows} takes it. */
final class FlowParser {

    private static final Set<String> NOT_SUPPORTED = Set.of("importance", "out_port", "out_group", "send_flow_rem",
        "check_overlap", "reset_counts", "no_packet_counts", "no_byte_counts");
    /** What a dump shows of a flow that is in force; skipped, so that dumps can be read again. */
    private static final Set<String> STATISTICS = Set.of("duration", "n_packets", "n_bytes", "idle_age", "hard_age");

    private final PortNames ports;
    private final Named named;
    private int table = FlowFilter.ANY;
    private int priority = Flow.DEFAULT_PRIORITY;
    private long cookie;
    private long cookieMask;
    private boolean removing;
    /** What is matched, as it was written, without what is about the flow itself. */
    private final List<String> matchItems = new ArrayList<>();

    FlowParser(final PortNames ports, final Named named) {
        this.ports = ports;
        this.named = named;
    }

    /**
     * Reads a flow.
     *
     * @throws FlowException if it is none, or one that can't be done
     */
    Rule flow(final String text, final long nowNs) {
        final Token line = new Token(text, 1);
        final Token[] parts = splitActions(line);
        if (parts[1] == null) {
            throw new FlowException(0, text.length() + 1, "", "'actions=' is missing");
        }
        final Match match = match(parts[0]);
        final int number = table == FlowFilter.ANY ? 0 : table;
        final List<Action> actions = new ActionParser(ports, named, match, number).parse(parts[1]);
        return new Rule(number, priority, cookie, match, actions, nowNs);
    }

    /**
     * Reads a flow that may name ports which are not there.
     *
     * @throws FlowException if it is none, or one that can't be done
     */
    static Rule flow(final String text, final PortNames ports, final AwaitedPorts awaited, final Named named,
            final long nowNs) {
        final FlowParser parser = new FlowParser(awaited.resolve(ports), named);
        final Rule rule = parser.flow(text, nowNs);
        if (awaited.used().isEmpty()) {
            return rule;
        }
        return rule.waitingFor(awaited.used(), String.join(",", parser.matchItems),
            splitActions(new Token(text, 1))[1].text().trim());
    }

    /**
     * Reads what {@code del-flows} takes.
     *
     * @throws FlowException if it is not a match
     */
    FlowFilter filter(final String text, final boolean strict) {
        removing = true;
        final Token[] parts = splitActions(new Token(text, 1));
        if (parts[1] != null) {
            throw parts[1].error("a removal takes no actions");
        }
        final Match match = match(parts[0]);
        return new FlowFilter(table, priority, cookie, cookieMask, match, strict);
    }

    /** {@return what stands before {@code actions=} and what stands behind it, null if it is not there} */
    private static Token[] splitActions(final Token line) {
        for (final Token item : line.split()) {
            final Token key = item.until("=");
            if ((key.is("actions") || key.is("action")) && key.text().length() < item.text().length()) {
                final int at = item.column() - line.column();
                return new Token[] {line.sub(0, at), line.sub(at + key.text().length() + 1)};
            }
        }
        return new Token[] {line, null};
    }

    private Match match(final Token text) {
        final MatchParser parser = new MatchParser(ports);
        for (final Token item : text.split()) {
            final Token key = item.until("=");
            final boolean bare = key.text().length() == item.text().length();
            final Token value = bare ? null : item.sub(key.text().length() + 1);
            if (!property(key, value)) {
                matchItems.add(item.text());
                parser.item(key, value);
            }
        }
        return parser.finish();
    }

    /** {@return whether the item is about the flow itself and not a match} */
    private boolean property(final Token key, final Token value) {
        switch (key.text()) {
            case "table":
                table = Values.number(needed(key, value), 0, FlowTables.COUNT - 1);
                return true;
            case "priority":
                priority = Values.number(needed(key, value), 0, 65535);
                return true;
            case "cookie":
                cookie(needed(key, value));
                return true;
            case "idle_timeout":
            case "hard_timeout":
                if (!needed(key, value).is("0")) {
                    throw key.error("flows don't expire here: leave it out or give 0");
                }
                return true;
            default:
                if (NOT_SUPPORTED.contains(key.text())) {
                    throw key.error("not supported: give table, priority, cookie and fields to match");
                }
                return STATISTICS.contains(key.text());
        }
    }

    private static Token needed(final Token key, final Token value) {
        if (value == null || value.isEmpty()) {
            throw key.error("needs a value: " + key.text() + "=...");
        }
        return value;
    }

    private void cookie(final Token value) {
        final Token number = value.until("/");
        cookie = Values.number(number, 64).low();
        cookieMask = -1;
        if (number.text().length() < value.text().length()) {
            final Token mask = value.sub(number.text().length() + 1);
            if (!removing) {
                throw mask.error("the cookie of a new flow has no mask");
            }
            cookieMask = mask.is("-1") ? -1 : Values.number(mask, 64).low();
        }
    }
}
