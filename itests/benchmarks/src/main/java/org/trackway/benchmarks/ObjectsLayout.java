// SPDX-License-Identifier: Apache-2.0
package org.trackway.benchmarks;

/** Open addressing, linear probing, over references to entry objects. */
final class ObjectsLayout extends TableLayout {

    private final ConnectionObject[] slots;

    ObjectsLayout(int expected, double load) {
        slots = new ConnectionObject[SlabLayout.slots(expected, load)];
    }

    @Override
    void add(long addresses, long ports, long now) {
        int mask = slots.length - 1;
        int slot = (int) hash(addresses, ports) & mask;
        while (slots[slot] != null) {
            slot = slot + 1 & mask;
        }
        slots[slot] = new ConnectionObject(addresses, ports, now);
    }

    @Override
    int update(long[] addresses, long[] ports, int from, int n, long now) {
        ConnectionObject[] table = slots;
        int mask = table.length - 1;
        int found = 0;
        for (int i = from; i < from + n; i++) {
            int slot = (int) hash(addresses[i], ports[i]) & mask;
            ConnectionObject entry = table[slot];
            while (entry != null && !entry.matches(addresses[i], ports[i])) {
                slot = slot + 1 & mask;
                entry = table[slot];
            }
            if (entry != null && entry.update(addresses[i], ports[i], now)) {
                found++;
            }
        }
        return found;
    }
}
