// SPDX-License-Identifier: Apache-2.0
package org.trackway.benchmarks;

import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The whole tracker on established connections; one invocation is one batch. {@link Load} compares with a peer; this is
 * for parts: {@code -prof gc}, {@code -prof perfasm}, single parameters.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 2, jvmArgsAppend = {"-Xms2g", "-Xmx2g"})
@Warmup(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 10, time = 200, timeUnit = TimeUnit.MILLISECONDS)
public class ConntrackBenchmark {

    private static final int PACKETS = 65_536;

    @Param({"udp", "tcp"})
    public String protocol;

    @Param({"1000", "1000000"})
    public int connections;

    @Param("32")
    public int batch;

    @Param("false")
    public boolean v6;

    @Param("false")
    public boolean snat;

    @Param("true")
    public boolean accounting;

    /** What is forgotten before each pass: checksums, parse, copy or none. */
    @Param("checksums")
    public String reset;

    private Workload workload;
    private Workload.Stream stream;

    @Setup
    public void open() {
        workload = new Workload(new Traffic(protocol.equals("tcp"), v6), connections, snat, accounting, 1);
        workload.open();
        stream = workload.stream(0, connections, PACKETS, batch,
            Workload.Reset.valueOf(reset.toUpperCase(Locale.ROOT)), 42);
    }

    /** One batch, whatever its size. */
    @Benchmark
    public void batch() {
        stream.nextBatch(workload.tracker.now());
    }

    @TearDown
    public void check() {
        if (stream.lost() != 0) {
            throw new IllegalStateException(stream.lost() + " packets were not established");
        }
    }
}
