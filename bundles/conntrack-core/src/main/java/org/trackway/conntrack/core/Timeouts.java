// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.Timeout;
import org.trackway.conntrack.TimeoutPolicy;

/**
 * The timeout policies by the number that connections keep; 0 is the default policy. A name keeps its number for good, so
 * that a policy may go and come back; connections of one that is not there have the default.
 *
 * <p>Packet threads read the published tables; settings change under this object's monitor.
 */
final class Timeouts {

    private static final int MAX_POLICIES = 1 << 16;
    private static final long NS_PER_SECOND = 1_000_000_000L;
    private static final int KINDS = Timeout.values().length;
    private static final long[] DEFAULTS = nanoseconds(new TimeoutPolicy("default", Map.of()));

    /** Guarded by this; the index is the number. */
    private final List<String> names = new ArrayList<>(List.of(""));
    /** The same the other way round, for packet threads. */
    private final Map<String, Integer> numbers = new ConcurrentHashMap<>(Map.of("", 0));
    private volatile long[][] tables = {DEFAULTS};

    private static long[] nanoseconds(final TimeoutPolicy policy) {
        final long[] table = new long[KINDS];
        for (final Timeout timeout : Timeout.values()) {
            table[timeout.ordinal()] = policy.seconds(timeout) * NS_PER_SECOND;
        }
        return table;
    }

    synchronized void apply(final ConntrackSettings settings) {
        for (final String name : settings.timeoutPolicies().keySet()) {
            number(name);
        }
        final long[][] fresh = new long[names.size()][];
        fresh[0] = DEFAULTS;
        for (int i = 1; i < fresh.length; i++) {
            final TimeoutPolicy policy = settings.timeoutPolicies().get(names.get(i));
            fresh[i] = policy == null ? DEFAULTS : nanoseconds(policy);
        }
        tables = fresh;
    }

    /** {@return the number of a name, made up if it is new; 0, the default, if there are too many} */
    int number(final String name) {
        final Integer known = numbers.get(name);
        return known == null ? add(name) : known;
    }

    private synchronized int add(final String name) {
        final Integer known = numbers.get(name);
        if (known != null) {
            return known;
        }
        if (names.size() == MAX_POLICIES) {
            return 0;
        }
        names.add(name);
        numbers.put(name, names.size() - 1);
        return names.size() - 1;
    }

    synchronized Optional<String> name(final int number) {
        return number == 0 ? Optional.empty() : Optional.of(names.get(number));
    }

    /**
     * {@return when a connection expires that was seen now}
     *
     * @param timeout which {@link Timeout}, by its ordinal
     */
    long expiry(final int policy, final int timeout, final long nowNs) {
        final long[][] all = tables;
        final long expiry = nowNs + (policy < all.length ? all[policy] : DEFAULTS)[timeout];
        return expiry < nowNs ? Long.MAX_VALUE - 1 : expiry;
    }
}
