// SPDX-License-Identifier: Apache-2.0
package org.trackway.benchmarks;

import java.lang.management.ManagementFactory;
import java.lang.ref.Reference;

/** Prints the heap bytes per connection of each table layout: the whole heap's growth over full collections. */
public final class TableLayoutMemory {

    private static final int CONNECTIONS = 1_000_000;

    private TableLayoutMemory() {
    }

    public static void main(String[] args) {
        for (String layout : new String[] {"map", "objects", "slab"}) {
            long before = usedHeap();
            TableLayout table = TableLayout.create(layout, CONNECTIONS, 256, true, 0.5);
            for (int i = 0; i < CONNECTIONS; i++) {
                table.add(TableLayoutBenchmark.addressesOf(i), TableLayoutBenchmark.portsOf(i), 0);
            }
            System.out.printf("%-8s %4d bytes per connection%n", layout, (usedHeap() - before) / CONNECTIONS);
            Reference.reachabilityFence(table);
        }
    }

    private static long usedHeap() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
