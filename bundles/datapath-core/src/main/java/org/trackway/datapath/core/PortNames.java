// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.Map;
import java.util.TreeMap;
import org.trackway.datapath.Datapath;

/**
 * What port names in flows mean.
 *
 * @param numbers number of each port by name
 */
record PortNames(Map<String, Integer> numbers) {

    static final PortNames NONE = new PortNames(Map.of());

    PortNames {
        numbers = Map.copyOf(numbers);
    }

    /** {@return whether a word of an action list can only be a port} */
    boolean isPort(final String text) {
        return text.equals("LOCAL") || text.equals("local") || numbers.containsKey(text) || text.matches("\\d+");
    }

    /** {@return the number of a port to match or send to} */
    int input(final Token text) {
        if (text.text().matches("0x[0-9a-fA-F]+|\\d+")) {
            final int number = Values.number(text, 0, Datapath.LOCAL_PORT);
            if (number > Datapath.MAX_PORT && number != Datapath.LOCAL_PORT) {
                throw text.error("give a number from 0 to " + Datapath.MAX_PORT + ", or LOCAL");
            }
            return number;
        }
        if (text.text().equalsIgnoreCase("LOCAL")) {
            return Datapath.LOCAL_PORT;
        }
        final Integer number = numbers.get(text.text());
        if (number == null) {
            throw text.error("there is no such port: give a number, LOCAL"
                + (numbers.isEmpty() ? "" : " or one of " + String.join(", ", new TreeMap<>(numbers).keySet())));
        }
        return number;
    }
}
