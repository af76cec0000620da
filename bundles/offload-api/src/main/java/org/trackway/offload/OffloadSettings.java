// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Everything that can be set on the offload layer, all of it at any time. Immutable; wrong values are refused with the
 * name, what was given and what is allowed.
 *
 * @param enabled          whether connections are offered at all
 * @param minPackets       packets, both directions, that a connection must have had before it is offered; 0..1000000
 * @param minAgeMs         milliseconds that it must have lived before; 0..3600000
 * @param protocols        IP protocol numbers that are offered; empty for all
 * @param zones            zones that are offered; empty for all
 * @param queueSize        notes that may wait for a provider, 64..1048576; a power of two is made of it
 * @param batchSize        operations submitted at once at the most, 1..4096; a provider may like fewer
 * @param updateIntervalMs milliseconds between two questions after a connection's activity, 10..600000
 * @param callLimitMs      milliseconds that an operation may take, 1..600000; past that the provider is in quarantine
 * @param closeLimitMs     milliseconds that a provider has for its last calls, 1..600000
 * @param maxFailures      failures in a row that put a provider into quarantine, 1..1000000
 * @param retryMs          milliseconds until a provider in quarantine is tried again, doubled each time up to a hundred
 *                         times that; 1..3600000
 * @param providers        settings of single providers by their names
 */
public record OffloadSettings(boolean enabled, int minPackets, int minAgeMs, Set<Integer> protocols, Set<Integer> zones,
        int queueSize, int batchSize, int updateIntervalMs, int callLimitMs, int closeLimitMs, int maxFailures,
        int retryMs, Map<String, Provider> providers) {

    /** What holds if nothing is set. */
    public static final OffloadSettings DEFAULT = new OffloadSettings(true, 0, 0, Set.of(), Set.of(), 65_536, 256,
        2_000, 1_000, 5_000, 16, 1_000, Map.of());

    /**
     * Settings of one provider.
     *
     * @param enabled  whether it is offered connections
     * @param priority its place among providers, if not the one it says itself
     * @param limit    how many connections it may hold, if fewer than it can; at least 1
     */
    public record Provider(boolean enabled, OptionalInt priority, OptionalLong limit) {

        /** What holds for a provider without settings. */
        public static final Provider DEFAULT = new Provider(true, OptionalInt.empty(), OptionalLong.empty());

        /** Checks ranges. */
        public Provider {
            if (limit.isPresent() && limit.getAsLong() < 1) {
                throw new IllegalArgumentException("limit " + limit.getAsLong() + " is below 1");
            }
        }
    }

    /** Checks ranges and takes copies. */
    public OffloadSettings {
        check("minPackets", minPackets, 0, 1_000_000);
        check("minAgeMs", minAgeMs, 0, 3_600_000);
        check("queueSize", queueSize, 64, 1 << 20);
        check("batchSize", batchSize, 1, 4096);
        check("updateIntervalMs", updateIntervalMs, 10, 600_000);
        check("callLimitMs", callLimitMs, 1, 600_000);
        check("closeLimitMs", closeLimitMs, 1, 600_000);
        check("maxFailures", maxFailures, 1, 1_000_000);
        check("retryMs", retryMs, 1, 3_600_000);
        protocols.forEach(number -> check("protocols", number, 0, 255));
        zones.forEach(number -> check("zones", number, 0, 65_535));
        protocols = Set.copyOf(protocols);
        zones = Set.copyOf(zones);
        providers = Map.copyOf(providers);
    }

    private static void check(final String name, final int value, final int min, final int max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(name + " " + value + " is not in " + min + " to " + max);
        }
    }

    /** {@return the settings of a provider} */
    public Provider provider(final String name) {
        return providers.getOrDefault(name, Provider.DEFAULT);
    }

    /** {@return the same, switched on or off} */
    public OffloadSettings withEnabled(final boolean value) {
        return new OffloadSettings(value, minPackets, minAgeMs, protocols, zones, queueSize, batchSize, updateIntervalMs,
            callLimitMs, closeLimitMs, maxFailures, retryMs, providers);
    }

    /** {@return the same with these settings of one provider} */
    public OffloadSettings withProvider(final String name, final Provider settings) {
        final Map<String, Provider> changed = new HashMap<>(providers);
        changed.put(name, settings);
        changed.values().removeIf(Provider.DEFAULT::equals);
        return new OffloadSettings(enabled, minPackets, minAgeMs, protocols, zones, queueSize, batchSize,
            updateIntervalMs, callLimitMs, closeLimitMs, maxFailures, retryMs, changed);
    }
}
