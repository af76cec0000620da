// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.TimeoutPolicy;

/** The live tracker's settings as ConfigAdmin has them, PID {@code org.trackway.conntrack}. */
@ObjectClassDefinition(name = "Trackway connection tracker",
    description = "Limits, timeouts and rules of the container's own connection tracker. Changes act at once.")
@interface ConntrackConfiguration {

    @AttributeDefinition(name = "Maximum of connections", description = "0 to 50000000; 0 admits none")
    int maxConnections() default 3_000_000;

    @AttributeDefinition(name = "Sweep interval", description = "milliseconds between two removals of expired "
        + "connections, from 1 on")
    int sweepIntervalMs() default 20_000;

    @AttributeDefinition(name = "TCP sequence check", description = "whether segments outside the window are invalid")
    boolean tcpSequenceCheck() default true;

    @AttributeDefinition(name = "Accounting", description = "whether packets, bytes and times are kept, for connections "
        + "made from now on")
    boolean accounting() default true;

    @AttributeDefinition(name = "Default zone limit", description = "connections in each zone without a limit of its own, "
        + "0 to 4294967295; 0 is no limit")
    long defaultZoneLimit() default 0;

    @AttributeDefinition(name = "Zone limits", description = "ZONE=LIMIT, several separated by semicolons; limit 0 "
        + "admits none, for example 1=1000; 2=0")
    String zoneLimits() default "";

    @AttributeDefinition(name = "Timeout policies", description = "NAME: attribute=seconds ..., several separated by "
        + "semicolons, for example short: udp_first=5 udp_multiple=10")
    String timeoutPolicies() default "";

    @AttributeDefinition(name = "Maximum of expectations", description = "open announcements per control connection, 1 "
        + "to 65535")
    int maxExpectations() default 64;

    @AttributeDefinition(name = "Reassemble IPv4", description = "whether IPv4 fragments are gathered")
    boolean reassembleV4() default true;

    @AttributeDefinition(name = "Reassemble IPv6", description = "whether IPv6 fragments are gathered")
    boolean reassembleV6() default true;

    @AttributeDefinition(name = "Smallest IPv4 fragment", description = "bytes of an IPv4 fragment that is not the last, "
        + "400 to 65535")
    int minFragmentV4() default 1200;

    @AttributeDefinition(name = "Smallest IPv6 fragment", description = "bytes of an IPv6 fragment that is not the last, "
        + "400 to 65535")
    int minFragmentV6() default 1280;

    @AttributeDefinition(name = "Maximum of fragments", description = "fragments held at a time, 0 to 5000")
    int maxFragments() default 1000;

    /** Turns configurations into settings. */
    final class Reader {

        private Reader() {
        }

        /**
         * {@return the settings that a configuration describes}
         *
         * @throws IllegalArgumentException saying which value is wrong and what is allowed
         */
        static ConntrackSettings settings(final ConntrackConfiguration from) {
            final Map<Integer, Long> zoneLimits = new TreeMap<>();
            items(from.zoneLimits(), item -> {
                final int equals = item.indexOf('=');
                try {
                    zoneLimits.put(Integer.valueOf(item.substring(0, Math.max(equals, 0)).trim()),
                        Long.valueOf(item.substring(equals + 1).trim()));
                } catch (final NumberFormatException wrong) {
                    throw new IllegalArgumentException("zone limit '" + item + "' is not ZONE=LIMIT", wrong);
                }
            });
            final Map<String, TimeoutPolicy> policies = new TreeMap<>();
            items(from.timeoutPolicies(), item -> {
                final TimeoutPolicy policy = TimeoutPolicy.parse(item);
                policies.put(policy.name(), policy);
            });
            return new ConntrackSettings(from.maxConnections(), from.sweepIntervalMs(), from.tcpSequenceCheck(),
                from.accounting(), from.defaultZoneLimit(), zoneLimits, policies, from.maxExpectations(),
                from.reassembleV4(), from.reassembleV6(), from.minFragmentV4(), from.minFragmentV6(),
                from.maxFragments());
        }

        private static void items(final String text, final Consumer<String> item) {
            for (final String part : text.split(";")) {
                if (!part.isBlank()) {
                    item.accept(part.trim());
                }
            }
        }
    }
}
