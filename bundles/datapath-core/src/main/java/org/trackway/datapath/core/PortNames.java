// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToIntFunction;
import org.trackway.datapath.Datapath;

/**
 * What port names in flows mean.
 *
 * @param numbers number of each port by name
 * @param missing gives the name of a port that is not there a number that no port has, or {@link #REFUSED}; null if it
 *                always refuses
 */
record PortNames(Map<String, Integer> numbers, ToIntFunction<String> missing) {

    static final int REFUSED = -1;
    static final PortNames NONE = new PortNames(Map.of());

    PortNames {
        numbers = Map.copyOf(numbers);
    }

    PortNames(final Map<String, Integer> numbers) {
        this(numbers, null);
    }

    /** {@return whether a port can have this name} */
    static boolean isName(final String text) {
        return text.matches("[A-Za-z0-9_.-]+") && !text.matches("\\d+|0x.*") && !ActionParser.isReserved(text);
    }

    /** {@return whether a word of an action list can only be a port} */
    boolean isPort(final String text) {
        return text.equals("LOCAL") || text.equals("local") || numbers.containsKey(text) || text.matches("\\d+");
    }

    /** {@return whether a word of an action list may be a port that is not there} */
    boolean mayBePort(final String text) {
        return missing != null && isName(text);
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
        if (number != null) {
            return number;
        }
        final int awaited = mayBePort(text.text()) ? missing.applyAsInt(text.text()) : REFUSED;
        if (awaited != REFUSED) {
            return awaited;
        }
        throw text.error("there is no such port: give a number, LOCAL"
            + (numbers.isEmpty() ? "" : " or one of " + String.join(", ", new TreeMap<>(numbers).keySet())));
    }
}
