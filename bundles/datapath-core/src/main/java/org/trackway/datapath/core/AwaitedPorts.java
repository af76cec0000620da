// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.trackway.datapath.Datapath;

/**
 * Ports that flows name before they are there. Until a port is, its name stands for a number behind those that ports
 * can have: no packet comes from it, and what is sent to it is lost. Not thread-safe; a datapath uses it under its lock.
 */
final class AwaitedPorts {

    /** How many there may be: as many as there are numbers in front of those with a meaning. */
    static final int MAX = 240;

    private final Map<String, Integer> numbers = new HashMap<>();
    /** Names that the flow at hand has used. */
    private final Set<String> used = new LinkedHashSet<>();

    /** {@return what port names mean while one flow is read} */
    PortNames resolve(final PortNames there) {
        used.clear();
        return new PortNames(there.numbers(), this::number);
    }

    /** {@return what port names mean in a removal: flows may wait for them, but none begins to} */
    PortNames known(final PortNames there) {
        return new PortNames(there.numbers(), name -> numbers.getOrDefault(name, PortNames.REFUSED));
    }

    private int number(final String name) {
        if (numbers.size() == MAX && !numbers.containsKey(name)) {
            return PortNames.REFUSED;
        }
        used.add(name);
        return numbers.computeIfAbsent(name, missing -> Datapath.MAX_PORT + 1 + numbers.size());
    }

    /** {@return the ports that are not there which the flow named that was read last} */
    List<String> used() {
        return List.copyOf(used);
    }
}
