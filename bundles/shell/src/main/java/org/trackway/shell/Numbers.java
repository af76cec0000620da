// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

/** Numbers and switches as users give them. */
final class Numbers {

    private Numbers() {
    }

    /**
     * Reads a decimal number.
     *
     * @param what what the number is, for the message
     * @throws IllegalArgumentException saying what is allowed
     */
    static long parse(final String what, final String text, final long min, final long max) {
        try {
            final long number = Long.parseLong(text.trim());
            if (number >= min && number <= max) {
                return number;
            }
        } catch (final NumberFormatException notANumber) {
            // answered below, with what is allowed
        }
        throw new IllegalArgumentException(what + " '" + text + "' is not a number from " + min + " to " + max);
    }

    /** Reads a zone, 0..65535. */
    static int zone(final String text) {
        return (int) parse("zone", text, 0, 65535);
    }

    /** Reads {@code on} or {@code off}. */
    static boolean onOff(final String what, final String text) {
        return switch (text) {
            case "on", "true" -> true;
            case "off", "false" -> false;
            default -> throw new IllegalArgumentException(what + " is '" + text + "': give on or off");
        };
    }
}
