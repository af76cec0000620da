// SPDX-License-Identifier: Apache-2.0
package org.trackway.benchmarks;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Which layout should the connection table have? Time to look up, lock and update one of {@code connections}
 * established connections, touched at random from both directions in batches of 32. The README tells what came out.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 2, jvmArgsAppend = {"-Xms2g", "-Xmx2g"})
@Warmup(iterations = 4, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 12, time = 200, timeUnit = TimeUnit.MILLISECONDS)
public class TableLayoutBenchmark {

    private static final int PACKETS = 1 << 20;
    private static final int BATCH = 32;

    @Param({"map", "objects", "slab", "slab-index", "slab-line", "slab-staged"})
    public String layout;

    @Param({"1000", "1000000"})
    public int connections;

    @Param("256")
    public int shards;

    @Param("true")
    public boolean aligned;

    /** The index is made for this load at most; its size is a power of two. */
    @Param("0.5")
    public double load;

    private final long[] addresses = new long[PACKETS];
    private final long[] ports = new long[PACKETS];
    private TableLayout table;
    private int next;
    private long now;

    /** Fills the table, and draws which connection and which direction each packet belongs to. */
    @Setup
    public void fill() {
        table = TableLayout.create(layout, connections, shards, aligned, load);
        for (int i = 0; i < connections; i++) {
            table.add(addressesOf(i), portsOf(i), 0);
        }
        var random = new SplittableRandom(42);
        for (int i = 0; i < PACKETS; i++) {
            int connection = random.nextInt(connections);
            boolean reply = random.nextBoolean();
            addresses[i] = reply ? TableLayout.reverseAddresses(addressesOf(connection)) : addressesOf(connection);
            ports[i] = reply ? TableLayout.reversePorts(portsOf(connection)) : portsOf(connection);
        }
    }

    /** One batch; reported per packet. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public int update() {
        next = next + BATCH & PACKETS - 1;
        int found = table.update(addresses, ports, next, BATCH, ++now);
        if (found != BATCH) {
            throw new IllegalStateException("lost " + (BATCH - found) + " connections");
        }
        return found;
    }

    static long addressesOf(int connection) {
        return 0x0A000000_0A800000L | (long) (connection >>> 8) << 32;
    }

    static long portsOf(int connection) {
        return (1024L + (connection & 0xFF) * 7) << 48 | 53L << 32 | 17 << 16;
    }
}
