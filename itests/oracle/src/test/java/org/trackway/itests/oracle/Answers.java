// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.oracle;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a tracker did in a scenario, as text: by part, the lines of that part. The parts are {@code ct_state},
 * {@code tx} (each packet that left: its number, the packet whose arrival made it leave, the port, its bytes),
 * {@code dump NAME FORM}, {@code expectations NAME}, {@code fragments} (counters at the end) and
 * {@code limits after ...}.
 */
final class Answers {

    private final Map<String, List<String>> parts = new LinkedHashMap<>();

    /** {@return the lines of one part, to read and to add to} */
    List<String> part(final String name) {
        return parts.computeIfAbsent(name, key -> new ArrayList<>());
    }

    /** {@return the names of all parts} */
    List<String> names() {
        return List.copyOf(parts.keySet());
    }
}
