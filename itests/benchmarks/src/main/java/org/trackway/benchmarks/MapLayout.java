// SPDX-License-Identifier: Apache-2.0
package org.trackway.benchmarks;

import java.util.concurrent.ConcurrentHashMap;

/** The obvious table: a concurrent map with both directions' keys, and entry objects with a lock of their own. */
final class MapLayout extends TableLayout {

    private record Key(long addresses, long ports) {
        @Override
        public int hashCode() {
            return (int) hash(addresses, ports);
        }
    }

    private final ConcurrentHashMap<Key, ConnectionObject> map;

    MapLayout(int expected) {
        map = new ConcurrentHashMap<>(expected);
    }

    @Override
    void add(long addresses, long ports, long now) {
        var entry = new ConnectionObject(addresses, ports, now);
        map.put(new Key(addresses, ports), entry);
        map.put(new Key(entry.reverseAddresses, entry.reversePorts), entry);
    }

    @Override
    int update(long[] addresses, long[] ports, int from, int n, long now) {
        int found = 0;
        for (int i = from; i < from + n; i++) {
            ConnectionObject entry = map.get(new Key(addresses[i], ports[i]));
            if (entry != null && entry.update(addresses[i], ports[i], now)) {
                found++;
            }
        }
        return found;
    }
}
