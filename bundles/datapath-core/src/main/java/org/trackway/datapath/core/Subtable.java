// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * The flows of a table that match the same bits, found by hashing those bits (tuple space search, Srinivasan, Suri and
 * Varghese, SIGCOMM 1999). Immutable.
 */
final class Subtable {

    /** Highest priority of any of its flows. */
    final int maxPriority;
    /** The words of the key that are matched, and which bits of them. */
    private final int[] words;
    private final long[] masks;
    /** Which of those bits are the same in all flows, and what they are: most packets are turned away by them. */
    private final long[] commonMasks;
    private final long[] commonValues;
    /** The hash table, a power of two, linear probing: the flow of each place and the values that it wants. */
    private final Rule[] rules;
    private final long[] values;

    /** Makes a subtable of flows with equal masks and different values. */
    Subtable(final Collection<Rule> flows) {
        final Match first = flows.iterator().next().match;
        final List<Integer> used = new ArrayList<>();
        for (int word = 0; word < Key.WORDS; word++) {
            if (first.mask(word) != 0) {
                used.add(word);
            }
        }
        words = used.stream().mapToInt(Integer::intValue).toArray();
        masks = used.stream().mapToLong(first::mask).toArray();
        commonValues = used.stream().mapToLong(first::value).toArray();
        commonMasks = masks.clone();
        for (final Rule rule : flows) {
            for (int i = 0; i < words.length; i++) {
                commonMasks[i] &= ~(rule.match.value(words[i]) ^ commonValues[i]);
            }
        }
        final int capacity = Integer.highestOneBit(flows.size() * 4 - 1);
        rules = new Rule[capacity];
        values = new long[capacity * words.length];
        int highest = 0;
        for (final Rule rule : flows) {
            highest = Math.max(highest, rule.priority);
            put(rule);
        }
        maxPriority = highest;
    }

    private void put(final Rule rule) {
        long hash = 0;
        for (final int word : words) {
            hash = mix(hash, rule.match.value(word));
        }
        int place = place(hash);
        while (rules[place] != null) {
            place = place + 1 & rules.length - 1;
        }
        rules[place] = rule;
        for (int i = 0; i < words.length; i++) {
            values[place * words.length + i] = rule.match.value(words[i]);
        }
    }

    private static long mix(final long hash, final long value) {
        final long mixed = (hash ^ value) * 0x9E3779B97F4A7C15L;
        return mixed ^ mixed >>> 29;
    }

    private int place(final long hash) {
        return (int) (hash >>> 3) & rules.length - 1;
    }

    /** {@return the flow that accepts the key, or null} */
    Rule find(final long[] key) {
        long hash = 0;
        for (int i = 0; i < words.length; i++) {
            final long word = key[words[i]];
            if (((word ^ commonValues[i]) & commonMasks[i]) != 0) {
                return null;
            }
            hash = mix(hash, word & masks[i]);
        }
        int place = place(hash);
        while (rules[place] != null) {
            if (isAt(place, key)) {
                return rules[place];
            }
            place = place + 1 & rules.length - 1;
        }
        return null;
    }

    private boolean isAt(final int place, final long[] key) {
        final int from = place * words.length;
        for (int i = 0; i < words.length; i++) {
            if ((key[words[i]] & masks[i]) != values[from + i]) {
                return false;
            }
        }
        return true;
    }
}
