// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * All tables as they are at one moment, and what can be told of them beforehand. Immutable; a change makes another,
 * which shares the tables that did not change.
 */
final class FlowTables {

    static final int COUNT = 255;
    static final FlowTables EMPTY = new FlowTables(new FlowTable[COUNT]);

    /** Tables by number, null where there are no flows. */
    private final FlowTable[] tables;
    /** Whether a packet may meet more than one {@code ct} action. */
    final boolean tracksOften;
    /** Whether a packet that the tracker has found the connection of can't be found to belong to another later on. */
    final boolean oneConnection;
    /** Whether anything depends on the headers of a packet. */
    final boolean readsHeaders;

    private FlowTables(final FlowTable[] tables) {
        this.tables = tables;
        tracksOften = countTracks()[0] > 1;
        oneConnection = findOneConnection();
        readsHeaders = tracksOften || rules().stream().anyMatch(FlowTables::readsHeaders);
    }

    /** {@return the flow of the table that accepts the key, or null} */
    Rule find(final int table, final long[] key) {
        final FlowTable there = tables[table];
        return there == null ? null : there.find(key);
    }

    /** {@return as {@link FlowTable#rival}} */
    Rule rival(final int table, final Rule met, final long[] key) {
        final FlowTable there = tables[table];
        return there == null ? null : there.rival(met, key);
    }

    /** {@return as {@link FlowTable#looksAtAddress}} */
    boolean looksAtAddress(final int table, final Rule met, final boolean source) {
        final FlowTable there = tables[table];
        return there != null && there.looksAtAddress(met, source);
    }

    /** {@return whether a table has not changed since the other} */
    boolean isSame(final int table, final FlowTables other) {
        return tables[table] == other.tables[table];
    }

    /** {@return all flows: tables ascending, in each the highest priority first} */
    List<Rule> rules() {
        final List<Rule> all = new ArrayList<>();
        for (final FlowTable table : tables) {
            if (table != null) {
                all.addAll(table.rules);
            }
        }
        return all;
    }

    /** {@return these tables with flows added, each in the place of the same one that was there} */
    FlowTables plus(final Collection<Rule> added) {
        final Map<Integer, Map<List<Object>, Rule>> changed = new HashMap<>();
        for (final Rule rule : added) {
            changed.computeIfAbsent(rule.table, this::byIdentity).put(identity(rule), rule);
        }
        final FlowTable[] copy = tables.clone();
        changed.forEach((number, rules) -> copy[number] = new FlowTable(new ArrayList<>(rules.values())));
        return new FlowTables(copy);
    }

    private Map<List<Object>, Rule> byIdentity(final int table) {
        final Map<List<Object>, Rule> rules = new LinkedHashMap<>();
        if (tables[table] != null) {
            tables[table].rules.forEach(rule -> rules.put(identity(rule), rule));
        }
        return rules;
    }

    private static List<Object> identity(final Rule rule) {
        return List.of(rule.priority, rule.match);
    }

    /** {@return these tables without the flows that are picked} */
    FlowTables minus(final Predicate<Rule> picked) {
        final FlowTable[] copy = tables.clone();
        for (int i = 0; i < COUNT; i++) {
            if (copy[i] != null && copy[i].rules.stream().anyMatch(picked)) {
                final List<Rule> left = copy[i].rules.stream().filter(picked.negate()).toList();
                copy[i] = left.isEmpty() ? null : new FlowTable(left);
            }
        }
        return new FlowTables(copy);
    }

    private static boolean readsHeaders(final Rule rule) {
        for (int word = Key.HEADERS; word < Key.WORDS; word++) {
            if (rule.match.mask(word) != 0) {
                return true;
            }
        }
        for (final Action action : rule.actions) {
            if (!(action instanceof Output || action instanceof Spread spread && !spread.isNormal()
                    || action instanceof CtClear || action instanceof Track track && track.isFixed())) {
                return true;
            }
        }
        return false;
    }

    /**
     * Whether all look-ups of a packet's connection are in one zone, and nothing but the translation there, which the
     * tracker sees through, makes the packet look like another connection's.
     */
    private boolean findOneConnection() {
        int zone = -1;
        for (final Rule rule : rules()) {
            for (final Action action : rule.actions) {
                if (action instanceof Track track) {
                    if (track.zone() < 0 || zone >= 0 && track.zone() != zone) {
                        return false;
                    }
                    zone = track.zone();
                } else if (action instanceof CtClear || action instanceof Move
                        || action instanceof Assign assign && assign.field.isHeader() && !assign.fitsPath()) {
                    return false;
                }
            }
        }
        return true;
    }

    /**
     * How many {@code ct} actions a packet that enters a table may meet, no more than 2 counted: the largest number
     * over its flows, found by going round until nothing changes.
     */
    private int[] countTracks() {
        final int[] counts = new int[COUNT];
        final Set<Integer> used = new HashSet<>();
        for (int i = 0; i < COUNT; i++) {
            if (tables[i] != null) {
                used.add(i);
            }
        }
        boolean changed = true;
        while (changed) {
            changed = false;
            for (final int table : used) {
                for (final Rule rule : tables[table].rules) {
                    final int count = countTracks(rule, counts);
                    if (count > counts[table]) {
                        counts[table] = count;
                        changed = true;
                    }
                }
            }
        }
        return counts;
    }

    private static int countTracks(final Rule rule, final int[] counts) {
        int count = 0;
        for (final Action action : rule.actions) {
            if (action instanceof Track track) {
                count += 1 + (track.table == Track.NO_TABLE ? 0 : counts[track.table]);
            } else if (action instanceof Resubmit resubmit) {
                count += counts[resubmit.table == Resubmit.SAME ? rule.table : resubmit.table];
            } else if (action instanceof GotoTable next) {
                count += counts[next.table];
            }
        }
        return Math.min(count, 2);
    }
}
