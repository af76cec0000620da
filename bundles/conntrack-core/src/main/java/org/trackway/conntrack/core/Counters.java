// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import org.trackway.conntrack.Counter;

/** A tracker's named counters. Any thread adds, any reads; a sum read while others add is a little behind. */
final class Counters {

    private final LongAdder[] adders = new LongAdder[Counter.values().length];

    Counters() {
        for (int i = 0; i < adders.length; i++) {
            adders[i] = new LongAdder();
        }
    }

    void increment(final Counter counter) {
        adders[counter.ordinal()].increment();
    }

    void add(final Counter counter, final long count) {
        if (count != 0) {
            adders[counter.ordinal()].add(count);
        }
    }

    Map<Counter, Long> all() {
        final Map<Counter, Long> all = new EnumMap<>(Counter.class);
        for (final Counter counter : Counter.values()) {
            all.put(counter, adders[counter.ordinal()].sum());
        }
        return all;
    }
}
