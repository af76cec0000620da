// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.trackway.conntrack.Conntrack;
import org.trackway.datapath.Flow;

/**
 * A flow in force: what was written, compiled, and its counters, which any packet thread adds to. Others that are made
 * of it count together with it.
 */
final class Rule {

    final int table;
    final int priority;
    final long cookie;
    final Match match;
    final Action[] actions;
    /** Whether its first action takes the packet as it is to the tracker or, if {@link #next} says which, a table. */
    final boolean leadsOn;
    /** Whether no action takes the packet to the tracker or a table. */
    final boolean isLast;
    /** The table that the first action leads to, {@link Track#NO_TABLE} if it leads to none. */
    final int next;
    /** Whether it is among those that survive a restart. */
    final boolean saved;
    private final long addedNs;
    /** Ports it names that are not there, and how it was written; null if all are there. */
    private final Unresolved unresolved;
    private final LongAdder packets;
    private final LongAdder bytes;

    /** What can't be shown of a flow by its numbers. */
    private record Unresolved(List<String> ports, String match, String actions) {
    }

    Rule(final int table, final int priority, final long cookie, final Match match, final List<Action> actions,
            final long addedNs) {
        this.table = table;
        this.priority = priority;
        this.cookie = cookie;
        this.match = match;
        this.actions = actions.toArray(Action[]::new);
        final Action first = actions.isEmpty() ? null : actions.get(0);
        next = first instanceof GotoTable jump ? jump.table
            : first instanceof Resubmit again && again.isPlain() ? again.table == Resubmit.SAME ? table : again.table
            : Track.NO_TABLE;
        leadsOn = first instanceof Track || next != Track.NO_TABLE;
        isLast = actions.stream().noneMatch(
            action -> action instanceof Track || action instanceof GotoTable || action instanceof Resubmit);
        this.addedNs = addedNs;
        saved = false;
        unresolved = null;
        packets = new LongAdder();
        bytes = new LongAdder();
    }

    private Rule(final Rule from, final boolean saved, final Unresolved unresolved) {
        table = from.table;
        priority = from.priority;
        cookie = from.cookie;
        match = from.match;
        actions = from.actions;
        leadsOn = from.leadsOn;
        isLast = from.isLast;
        next = from.next;
        addedNs = from.addedNs;
        this.saved = saved;
        this.unresolved = unresolved;
        packets = from.packets;
        bytes = from.bytes;
    }

    /** {@return the same flow, which survives a restart or not} */
    Rule saved(final boolean survives) {
        return new Rule(this, survives, unresolved);
    }

    /**
     * {@return the same flow, waiting for ports}
     *
     * @param ports       their names
     * @param matchText   what it matches, as it was written
     * @param actionsText what it does, as it was written
     */
    Rule waitingFor(final List<String> ports, final String matchText, final String actionsText) {
        return new Rule(this, saved, new Unresolved(ports, matchText, actionsText));
    }

    /** {@return whether it names a port of this name that was not there} */
    boolean waitsForPort(final String name) {
        return unresolved != null && unresolved.ports.contains(name);
    }

    /** {@return how a reason names it} */
    String name() {
        final String text = unresolved == null ? match.toString() : unresolved.match;
        return "table=" + table + ",priority=" + priority + (text.isEmpty() ? "" : "," + text);
    }

    long addedNs() {
        return addedNs;
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
        if (unresolved != null) {
            unresolved.ports.forEach(name -> waiting.add("port " + name));
        }
        return new Flow(table, priority, cookie, unresolved == null ? match.toString() : unresolved.match,
            unresolved == null ? actionText() : unresolved.actions, packets.sum(), bytes.sum(),
            Math.max(0, conntrack.now() - addedNs), waiting);
    }

    private String actionText() {
        return actions.length == 0 ? "drop"
            : Stream.of(actions).map(Action::toString).collect(Collectors.joining(","));
    }
}
