// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack;

import java.util.EnumMap;
import java.util.Map;

/**
 * A named set of timeouts. What it does not mention has the default; values are whole seconds, 0..4294967295.
 *
 * @param name    what {@code ct(timeout=...)} calls it: letters, digits, {@code - _ .}
 * @param seconds the values that differ from the default
 */
public record TimeoutPolicy(String name, Map<Timeout, Long> seconds) {

    /** The largest value, as in Open vSwitch's 32-bit attributes. */
    public static final long MAX_SECONDS = 0xffffffffL;

    /** Checks name and values. */
    public TimeoutPolicy {
        if (!name.matches("[A-Za-z0-9_.-]+")) {
            throw new IllegalArgumentException("timeout policy name '" + name
                + "' may only have letters, digits, '-', '_' and '.'");
        }
        seconds = Map.copyOf(seconds);
        for (final Map.Entry<Timeout, Long> entry : seconds.entrySet()) {
            if (entry.getValue() < 0 || entry.getValue() > MAX_SECONDS) {
                throw new IllegalArgumentException(entry.getKey().attribute() + "=" + entry.getValue()
                    + " is not in 0 to " + MAX_SECONDS + " seconds");
            }
        }
    }

    /** {@return the value of one attribute in seconds} */
    public long seconds(final Timeout timeout) {
        return seconds.getOrDefault(timeout, (long) timeout.defaultSeconds());
    }

    /**
     * Reads {@code NAME: attribute=seconds attribute=seconds ...}; commas may separate, too.
     *
     * @throws IllegalArgumentException saying what is wrong and what is allowed
     */
    public static TimeoutPolicy parse(final String text) {
        final int colon = text.indexOf(':');
        if (colon < 0) {
            throw new IllegalArgumentException("timeout policy '" + text
                + "' has no name: give NAME: attribute=seconds ...");
        }
        final Map<Timeout, Long> seconds = new EnumMap<>(Timeout.class);
        for (final String item : text.substring(colon + 1).trim().split("[,\\s]+")) {
            if (item.isEmpty()) {
                continue;
            }
            final int equals = item.indexOf('=');
            try {
                seconds.put(Timeout.parse(equals < 0 ? item : item.substring(0, equals)),
                    Long.parseLong(item.substring(equals + 1)));
            } catch (final NumberFormatException notANumber) {
                throw new IllegalArgumentException("'" + item + "' is not attribute=seconds", notANumber);
            }
        }
        return new TimeoutPolicy(text.substring(0, colon).trim(), seconds);
    }

    /** {@return the text that {@link #parse} reads} */
    @Override
    public String toString() {
        final StringBuilder text = new StringBuilder(name).append(':');
        for (final Timeout timeout : Timeout.values()) {
            if (seconds.containsKey(timeout)) {
                text.append(' ').append(timeout.attribute()).append('=').append(seconds.get(timeout));
            }
        }
        return text.toString();
    }
}
