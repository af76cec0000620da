// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.trackway.conntrack.Conntrack;
import org.trackway.datapath.Flow;

/** A flow in force: what was written, compiled, and its counters, which any packet thread adds to. */
final class Rule {

    final int table;
    final int priority;
    final long cookie;
    final Match match;
    final Action[] actions;
    private final long addedNs;
    private final LongAdder packets = new LongAdder();
    private final LongAdder bytes = new LongAdder();

    Rule(final int table, final int priority, final long cookie, final Match match, final List<Action> actions,
            final long addedNs) {
        this.table = table;
        this.priority = priority;
        this.cookie = cookie;
        this.match = match;
        this.actions = actions.toArray(Action[]::new);
        this.addedNs = addedNs;
    }

    void count(final long morePackets, final long moreBytes) {
        packets.add(morePackets);
        bytes.add(moreBytes);
    }

    /** {@return whether the other one is the same flow: one replaces the other} */
    boolean isSame(final Rule other) {
        return table == other.table && priority == other.priority && match.equals(other.match);
    }

    /** {@return the names of the helpers that its actions need} */
    Stream<String> helpers() {
        return tracks().filter(track -> track.fixed.helper() != null).map(track -> track.fixed.helper()).distinct();
    }

    /** {@return the names of the timeout policies that its actions need} */
    Stream<String> policies() {
        return tracks().flatMap(track -> track.fixed.timeoutPolicy().stream()).distinct();
    }

    private Stream<Track> tracks() {
        return Stream.of(actions).filter(Track.class::isInstance).map(Track.class::cast);
    }

    /** {@return the flow as it is now} */
    Flow snapshot(final Conntrack conntrack) {
        final List<String> waiting = new ArrayList<>();
        helpers().filter(name -> !conntrack.helpers().contains(name)).forEach(name -> waiting.add("helper " + name));
        policies().filter(name -> !conntrack.settings().timeoutPolicies().containsKey(name))
            .forEach(name -> waiting.add("timeout policy " + name));
        return new Flow(table, priority, cookie, match.toString(), actionText(), packets.sum(), bytes.sum(),
            Math.max(0, conntrack.now() - addedNs), waiting);
    }

    private String actionText() {
        return actions.length == 0 ? "drop"
            : Stream.of(actions).map(Action::toString).collect(Collectors.joining(","));
    }
}
