// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack;

import java.util.Map;
import java.util.TreeMap;

/**
 * Everything that can be set on a tracker, all of it at any time. Immutable; the {@code with} methods return a changed
 * copy. Defaults are Open vSwitch's.
 *
 * @param maxConnections       connections the tracker may hold, 0..50000000; 0 admits none
 * @param sweepIntervalMs      milliseconds between two sweeps, 1..2147483647
 * @param tcpSequenceCheck     whether TCP segments outside the window are invalid
 * @param accounting           whether packets, bytes and times are kept for connections made from now on
 * @param defaultZoneLimit     connections per zone without a limit of its own, 0..4294967295; 0 is no limit
 * @param zoneLimits           connections per zone by zone, 0..4294967295; 0 admits none
 * @param timeoutPolicies      timeout policies by name
 * @param maxExpectations      expectations one control connection may have open, 1..65535
 * @param reassembleV4         whether IPv4 fragments are gathered
 * @param reassembleV6         whether IPv6 fragments are gathered
 * @param minFragmentV4        smallest IPv4 fragment in bytes that is not a last one, 400..65535
 * @param minFragmentV6        smallest IPv6 fragment in bytes that is not a last one, 400..65535
 * @param maxFragments         fragments held at a time, 0..5000
 */
public record ConntrackSettings(int maxConnections, int sweepIntervalMs, boolean tcpSequenceCheck, boolean accounting,
        long defaultZoneLimit, Map<Integer, Long> zoneLimits, Map<String, TimeoutPolicy> timeoutPolicies,
        int maxExpectations, boolean reassembleV4, boolean reassembleV6, int minFragmentV4, int minFragmentV6,
        int maxFragments) {

    /** The largest maximum of connections: what an id can name, with room for entries that are being recycled. */
    public static final int MAX_CONNECTIONS = 50_000_000;

    /** Open vSwitch's defaults. */
    public static final ConntrackSettings DEFAULT = new ConntrackSettings(3_000_000, 20_000, true, true, 0, Map.of(),
        Map.of(), 64, true, true, 1200, 1280, 1000);

    /** Checks all ranges. */
    public ConntrackSettings {
        check("maximum of connections", maxConnections, 0, MAX_CONNECTIONS);
        check("sweep interval in milliseconds", sweepIntervalMs, 1, Integer.MAX_VALUE);
        check("default zone limit", defaultZoneLimit, 0, 0xffffffffL);
        zoneLimits = Map.copyOf(zoneLimits);
        zoneLimits.forEach((zone, limit) -> {
            check("zone", zone, 0, 65535);
            check("limit of zone " + zone, limit, 0, 0xffffffffL);
        });
        timeoutPolicies = Map.copyOf(timeoutPolicies);
        check("maximum of expectations per connection", maxExpectations, 1, 65535);
        check("minimum size of an IPv4 fragment", minFragmentV4, 400, 65535);
        check("minimum size of an IPv6 fragment", minFragmentV6, 400, 65535);
        check("maximum of fragments", maxFragments, 0, 5000);
    }

    private static void check(final String what, final long value, final long min, final long max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(what + " is " + value + ", allowed is " + min + " to " + max);
        }
    }

    /** {@return these settings with another maximum of connections} */
    public ConntrackSettings withMaxConnections(final int value) {
        return new ConntrackSettings(value, sweepIntervalMs, tcpSequenceCheck, accounting, defaultZoneLimit, zoneLimits,
            timeoutPolicies, maxExpectations, reassembleV4, reassembleV6, minFragmentV4, minFragmentV6, maxFragments);
    }

    /** {@return these settings with another sweep interval in milliseconds} */
    public ConntrackSettings withSweepIntervalMs(final int value) {
        return new ConntrackSettings(maxConnections, value, tcpSequenceCheck, accounting, defaultZoneLimit, zoneLimits,
            timeoutPolicies, maxExpectations, reassembleV4, reassembleV6, minFragmentV4, minFragmentV6, maxFragments);
    }

    /** {@return these settings with another maximum of expectations per control connection} */
    public ConntrackSettings withMaxExpectations(final int value) {
        return new ConntrackSettings(maxConnections, sweepIntervalMs, tcpSequenceCheck, accounting, defaultZoneLimit,
            zoneLimits, timeoutPolicies, value, reassembleV4, reassembleV6, minFragmentV4, minFragmentV6, maxFragments);
    }

    /** {@return these settings with the TCP sequence check on or off} */
    public ConntrackSettings withTcpSequenceCheck(final boolean value) {
        return new ConntrackSettings(maxConnections, sweepIntervalMs, value, accounting, defaultZoneLimit, zoneLimits,
            timeoutPolicies, maxExpectations, reassembleV4, reassembleV6, minFragmentV4, minFragmentV6, maxFragments);
    }

    /** {@return these settings with accounting on or off} */
    public ConntrackSettings withAccounting(final boolean value) {
        return new ConntrackSettings(maxConnections, sweepIntervalMs, tcpSequenceCheck, value, defaultZoneLimit,
            zoneLimits, timeoutPolicies, maxExpectations, reassembleV4, reassembleV6, minFragmentV4, minFragmentV6,
            maxFragments);
    }

    /** {@return these settings with another default limit of zones; 0 removes it} */
    public ConntrackSettings withDefaultZoneLimit(final long value) {
        return withZoneLimits(value, zoneLimits);
    }

    /** {@return these settings with the limit of one zone set, or removed if {@code limit} is null} */
    public ConntrackSettings withZoneLimit(final int zone, final Long limit) {
        final Map<Integer, Long> changed = new TreeMap<>(zoneLimits);
        if (limit == null) {
            changed.remove(zone);
        } else {
            changed.put(zone, limit);
        }
        return withZoneLimits(defaultZoneLimit, changed);
    }

    private ConntrackSettings withZoneLimits(final long defaultLimit, final Map<Integer, Long> limits) {
        return new ConntrackSettings(maxConnections, sweepIntervalMs, tcpSequenceCheck, accounting, defaultLimit, limits,
            timeoutPolicies, maxExpectations, reassembleV4, reassembleV6, minFragmentV4, minFragmentV6, maxFragments);
    }

    /** {@return these settings with a timeout policy added or replaced} */
    public ConntrackSettings withTimeoutPolicy(final TimeoutPolicy policy) {
        final Map<String, TimeoutPolicy> changed = new TreeMap<>(timeoutPolicies);
        changed.put(policy.name(), policy);
        return new ConntrackSettings(maxConnections, sweepIntervalMs, tcpSequenceCheck, accounting, defaultZoneLimit,
            zoneLimits, changed, maxExpectations, reassembleV4, reassembleV6, minFragmentV4, minFragmentV6, maxFragments);
    }

    /** {@return these settings with other rules for fragments} */
    public ConntrackSettings withFragments(final boolean v4, final boolean v6, final int minV4, final int minV6,
            final int max) {
        return new ConntrackSettings(maxConnections, sweepIntervalMs, tcpSequenceCheck, accounting, defaultZoneLimit,
            zoneLimits, timeoutPolicies, maxExpectations, v4, v6, minV4, minV6, max);
    }
}
