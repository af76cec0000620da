// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.trackway.datapath.Datapath;

/**
 * What a configuration says of a port.
 *
 * @param name    its name
 * @param kind    what kind of port it is
 * @param number  its number as it was written; empty for the lowest free one
 * @param options settings of its kind
 */
record PortSettings(String name, String kind, String number, Map<String, String> options) {

    private static final String OPTION = "option.";

    /** Takes what is described by itself, and the options out of all properties. */
    static PortSettings of(final PortConfiguration configuration, final Map<String, ?> properties) {
        final Map<String, String> options = new TreeMap<>();
        properties.forEach((key, value) -> {
            if (key.startsWith(OPTION)) {
                options.put(key.substring(OPTION.length()), String.valueOf(value));
            }
        });
        return new PortSettings(configuration.name().trim(), configuration.kind().trim(),
            configuration.number().trim(), Map.copyOf(options));
    }

    /**
     * {@return the number that it asks for}
     *
     * @throws IllegalArgumentException if it is none
     */
    OptionalInt wantedNumber() {
        if (number.isEmpty()) {
            return OptionalInt.empty();
        }
        if (number.equalsIgnoreCase("LOCAL")) {
            return OptionalInt.of(Datapath.LOCAL_PORT);
        }
        try {
            return OptionalInt.of(Integer.parseInt(number));
        } catch (final NumberFormatException e) {
            throw new IllegalArgumentException("number '" + number + "' is not in 1 to " + Datapath.MAX_PORT
                + ", nor LOCAL", e);
        }
    }
}
