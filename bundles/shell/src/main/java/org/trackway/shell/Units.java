// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.util.Locale;

/** Quantities for people, with their units. */
final class Units {

    private static final String[] DECIMAL = {"", "k", "M", "G", "T", "P", "E"};

    private Units() {
    }

    /** {@return bytes in a unit that leaves up to three digits before the point, 1 kB being 1000 bytes} */
    static String bytes(final double bytes) {
        return scaled(bytes, " ") + "B";
    }

    /** {@return packets per second} */
    static String rate(final double packetsPerSecond) {
        return scaled(packetsPerSecond, "") + " packets/s";
    }

    private static String scaled(final double value, final String space) {
        double rest = value;
        int prefix = 0;
        while (rest >= 999.5 && prefix < DECIMAL.length - 1) {
            rest /= 1000;
            prefix++;
        }
        final String format = prefix == 0 || rest >= 99.95 ? "%.0f" : "%.1f";
        return String.format(Locale.ROOT, format, rest) + space + DECIMAL[prefix];
    }

    /** {@return a duration with three digits or so: microseconds to days} */
    static String duration(final long ns) {
        if (ns < 1_000_000) {
            return ns / 1000 + " us";
        }
        if (ns < 10_000_000_000L) {
            final boolean small = ns < 1_000_000_000;
            return String.format(Locale.ROOT, small ? "%.0f ms" : "%.2f s", ns / (small ? 1e6 : 1e9));
        }
        final long seconds = ns / 1_000_000_000;
        if (seconds < 120) {
            return seconds + " s";
        }
        if (seconds < 2 * 3600) {
            return String.format(Locale.ROOT, "%d min %02d s", seconds / 60, seconds % 60);
        }
        if (seconds < 2 * 86_400) {
            return String.format(Locale.ROOT, "%d h %02d min", seconds / 3600, seconds / 60 % 60);
        }
        return String.format(Locale.ROOT, "%d d %02d h", seconds / 86_400, seconds / 3600 % 24);
    }

    /** {@return a number and its noun, in the plural where it should} */
    static String count(final long number, final String noun) {
        return number + " " + noun + (number == 1 ? "" : "s");
    }
}
