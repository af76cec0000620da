// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;
import org.trackway.offload.ProviderStatus.Counter;

/** What is counted of one provider. Any thread adds, any thread reads. */
final class Tally {

    private static final Counter[] ALL = Counter.values();

    private final AtomicLongArray counts = new AtomicLongArray(ALL.length);

    void add(final Counter counter) {
        counts.incrementAndGet(counter.ordinal());
    }

    Map<Counter, Long> all() {
        final Map<Counter, Long> all = new EnumMap<>(Counter.class);
        for (final Counter counter : ALL) {
            all.put(counter, counts.get(counter.ordinal()));
        }
        return all;
    }
}
