// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One table, compiled for look-ups. Immutable. */
final class FlowTable {

    /** All flows, highest priority first, equal ones in the order of adding. */
    final List<Rule> rules;
    /** Those that tell packets of a path apart, in the same order. */
    private final Rule[] unsteady;
    /** Highest priority of a flow that looks at the Ethernet source, and at the destination; -1 if none does. */
    private final int sourcePriority;
    private final int destinationPriority;
    /** The same flows by the bits they match, the highest priority first. */
    private final Subtable[] subtables;

    FlowTable(final List<Rule> flows) {
        final List<Rule> sorted = new ArrayList<>(flows);
        sorted.sort(Comparator.comparingInt((Rule rule) -> rule.priority).reversed());
        rules = List.copyOf(sorted);
        unsteady = rules.stream().filter(rule -> !Steady.isSteady(rule.match)).toArray(Rule[]::new);
        sourcePriority = highest(Fields.ETH_SRC);
        destinationPriority = highest(Fields.ETH_DST);
        final Map<List<Long>, Map<Match, Rule>> byMask = new LinkedHashMap<>();
        for (final Rule rule : rules) {
            // Of flows with the same match only the one of the highest priority can ever be met.
            byMask.computeIfAbsent(masks(rule.match), key -> new LinkedHashMap<>()).putIfAbsent(rule.match, rule);
        }
        subtables = byMask.values().stream().map(same -> new Subtable(same.values()))
            .sorted(Comparator.comparingInt((Subtable subtable) -> subtable.maxPriority).reversed())
            .toArray(Subtable[]::new);
    }

    private int highest(final Field field) {
        return rules.stream().filter(rule -> rule.match.mask(field) != 0).mapToInt(rule -> rule.priority).findFirst()
            .orElse(-1);
    }

    private static List<Long> masks(final Match match) {
        final List<Long> masks = new ArrayList<>(Key.WORDS);
        for (int word = 0; word < Key.WORDS; word++) {
            masks.add(match.mask(word));
        }
        return masks;
    }

    /** {@return the flow of the highest priority that accepts the key, or null} */
    Rule find(final long[] key) {
        Rule best = null;
        for (final Subtable subtable : subtables) {
            if (best != null && subtable.maxPriority <= best.priority) {
                break;
            }
            final Rule found = subtable.find(key);
            if (found != null && (best == null || found.priority > best.priority)) {
                best = found;
            }
        }
        return best;
    }

    /**
     * {@return whether a flow that was met, or missed, looks at an Ethernet address}
     *
     * @param met    the flow that was met, or null
     * @param source whether the source is meant, else the destination
     */
    boolean looksAtAddress(final Rule met, final boolean source) {
        return (source ? sourcePriority : destinationPriority) >= (met == null ? 0 : met.priority);
    }

    /**
     * {@return a flow that tells packets of the same path apart, some of which meet it though the one with this key may
     * not have; null if there is none}
     *
     * @param met the flow that it met, or null
     */
    Rule rival(final Rule met, final long[] key) {
        for (final Rule rule : unsteady) {
            if (met != null && rule.priority < met.priority) {
                return null;
            }
            if (Steady.mayAccept(rule.match, key)) {
                return rule;
            }
        }
        return null;
    }
}
