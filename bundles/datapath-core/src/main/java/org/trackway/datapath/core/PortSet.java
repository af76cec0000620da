// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import org.trackway.datapath.Datapath;

/** The ports of a datapath at one moment. Immutable. */
final class PortSet {

    static final PortSet EMPTY = new PortSet(List.of());

    /** All ports by number. */
    final List<PortEntry> all;
    final PortNames names;
    /** The same for the packet path, where no iterator is to be made. */
    final PortEntry[] array;
    private final PortEntry[] byNumber;
    private final PortEntry local;

    private PortSet(final Collection<PortEntry> entries) {
        final List<PortEntry> sorted = new ArrayList<>(entries);
        sorted.sort(Comparator.comparingInt((PortEntry entry) -> entry.number));
        all = List.copyOf(sorted);
        array = sorted.toArray(PortEntry[]::new);
        int largest = -1;
        PortEntry found = null;
        final Map<String, Integer> numbers = new HashMap<>();
        for (final PortEntry entry : sorted) {
            numbers.put(entry.port.name(), entry.number);
            if (entry.number == Datapath.LOCAL_PORT) {
                found = entry;
            } else {
                largest = entry.number;
            }
        }
        local = found;
        byNumber = new PortEntry[largest + 1];
        for (final PortEntry entry : sorted) {
            if (entry.number < byNumber.length) {
                byNumber[entry.number] = entry;
            }
        }
        names = new PortNames(numbers);
    }

    /** {@return the port of this number, or null} */
    PortEntry get(final int number) {
        return number < byNumber.length ? byNumber[number] : number == Datapath.LOCAL_PORT ? local : null;
    }

    /** {@return the port of this name, or null} */
    PortEntry get(final String name) {
        final Integer number = names.numbers().get(name);
        return number == null ? null : get(number);
    }

    /** {@return the lowest number that no port has and that is not kept for one} */
    int lowestFree(final IntPredicate kept) {
        int number = 1;
        while (get(number) != null || kept.test(number)) {
            number++;
        }
        return number;
    }

    PortSet plus(final PortEntry entry) {
        final List<PortEntry> more = new ArrayList<>(all);
        more.add(entry);
        return new PortSet(more);
    }

    PortSet minus(final PortEntry entry) {
        final List<PortEntry> fewer = new ArrayList<>(all);
        fewer.remove(entry);
        return new PortSet(fewer);
    }
}
