// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.trackway.offload.OffloadSettings;

/** The offload layer's settings as ConfigAdmin has them, PID {@code org.trackway.offload}. */
@ObjectClassDefinition(name = "Trackway connection offload",
    description = "Which connections are offered to which hardware. Changes act at once.")
@interface OffloadConfiguration {

    @AttributeDefinition(name = "Enabled", description = "whether connections are offered at all")
    boolean enabled() default true;

    @AttributeDefinition(name = "Minimum of packets",
        description = "packets that a connection must have had before it is "
        + "offered, 0 to 1000000")
    int minPackets() default 0;

    @AttributeDefinition(name = "Minimum age",
        description = "milliseconds that a connection must have lived before it is "
        + "offered, 0 to 3600000")
    int minAgeMs() default 0;

    @AttributeDefinition(name = "Protocols", description = "IP protocol numbers that are offered, separated by commas; "
        + "empty for all, for example 6,17")
    String protocols() default "";

    @AttributeDefinition(name = "Zones", description = "zones that are offered, separated by commas; empty for all")
    String zones() default "";

    @AttributeDefinition(name = "Queue size", description = "notes that may wait for a provider, 64 to 1048576")
    int queueSize() default 65_536;

    @AttributeDefinition(name = "Batch size", description = "operations submitted at once at the most, 1 to 4096")
    int batchSize() default 256;

    @AttributeDefinition(name = "Update interval",
        description = "milliseconds between two questions after a connection's "
        + "activity, 10 to 600000")
    int updateIntervalMs() default 2_000;

    @AttributeDefinition(name = "Call limit",
        description = "milliseconds that an operation may take, 1 to 600000; past "
        + "that the provider is in quarantine")
    int callLimitMs() default 1_000;

    @AttributeDefinition(name = "Close limit",
        description = "milliseconds that a provider has for its last calls, 1 to "
        + "600000")
    int closeLimitMs() default 5_000;

    @AttributeDefinition(name = "Maximum of failures", description = "failures in a row that put a provider into "
        + "quarantine, 1 to 1000000")
    int maxFailures() default 16;

    @AttributeDefinition(name = "Retry",
        description = "milliseconds until a provider in quarantine is tried again, 1 to "
        + "3600000; doubled each time, up to a hundred times that")
    int retryMs() default 1_000;

    @AttributeDefinition(name = "Providers",
        description = "NAME: enabled=true|false priority=NUMBER limit=CONNECTIONS, "
        + "several separated by semicolons, for example nic1: priority=5 limit=1000; nic2: enabled=false")
    String providers() default "";

    /** Turns configurations into settings. */
    final class Reader {

        private Reader() {
        }

        /**
         * {@return the settings that a configuration describes}
         *
         * @throws IllegalArgumentException saying which value is wrong and what is allowed
         */
        static OffloadSettings settings(final OffloadConfiguration from) {
            final Map<String, OffloadSettings.Provider> providers = new TreeMap<>();
            items(from.providers(), ";", item -> {
                final int colon = item.indexOf(':');
                final String name = item.substring(0, Math.max(colon, 0)).trim();
                if (name.isEmpty()) {
                    throw new IllegalArgumentException("provider '" + item + "' is not NAME: enabled=... priority=... "
                        + "limit=...");
                }
                providers.put(name, provider(item.substring(colon + 1)));
            });
            return new OffloadSettings(from.enabled(), from.minPackets(), from.minAgeMs(),
                numbers("protocol", from.protocols()), numbers("zone", from.zones()), from.queueSize(),
                from.batchSize(), from.updateIntervalMs(), from.callLimitMs(), from.closeLimitMs(), from.maxFailures(),
                from.retryMs(), providers);
        }

        private static OffloadSettings.Provider provider(final String text) {
            final OffloadSettings.Provider[] read = {OffloadSettings.Provider.DEFAULT};
            items(text, "\\s+", item -> {
                final int equals = item.indexOf('=');
                final String value = item.substring(equals + 1);
                final OffloadSettings.Provider before = read[0];
                read[0] = switch (item.substring(0, Math.max(equals, 0))) {
                    case "enabled" -> new OffloadSettings.Provider(truth(value), before.priority(), before.limit());
                    case "priority" -> new OffloadSettings.Provider(before.enabled(),
                        OptionalInt.of((int) number("priority", value, Integer.MIN_VALUE, Integer.MAX_VALUE)),
                        before.limit());
                    case "limit" -> new OffloadSettings.Provider(before.enabled(), before.priority(),
                        OptionalLong.of(number("limit", value, 1, Long.MAX_VALUE)));
                    default -> throw new IllegalArgumentException("'" + item
                        + "' is not enabled=true|false, priority=NUMBER or limit=CONNECTIONS");
                };
            });
            return read[0];
        }

        private static boolean truth(final String text) {
            if (!text.equals("true") && !text.equals("false")) {
                throw new IllegalArgumentException("enabled '" + text + "' is not true or false");
            }
            return text.equals("true");
        }

        private static Set<Integer> numbers(final String what, final String text) {
            final Set<Integer> numbers = new TreeSet<>();
            items(text, ",", item -> numbers.add((int) number(what, item, 0, 65_535)));
            return numbers;
        }

        private static long number(final String what, final String text, final long min, final long max) {
            try {
                final long number = Long.parseLong(text);
                if (number >= min && number <= max) {
                    return number;
                }
            } catch (final NumberFormatException wrong) {
                throw new IllegalArgumentException(what + " '" + text + "' is not a number", wrong);
            }
            throw new IllegalArgumentException(what + " " + text + " is not in " + min + " to " + max);
        }

        private static void items(final String text, final String separator, final Consumer<String> item) {
            for (final String part : text.split(separator)) {
                if (!part.isBlank()) {
                    item.accept(part.trim());
                }
            }
        }
    }
}
