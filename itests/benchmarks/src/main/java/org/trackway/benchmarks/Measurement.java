// SPDX-License-Identifier: Apache-2.0
package org.trackway.benchmarks;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.trackway.conntrack.ConnectionFilter;

/**
 * One measurement in a JVM of its own, as {@link Load} starts them: takes {@code key=value} arguments, prints
 * {@code key=value} lines. Times are nanoseconds per packet, of the median round and of the best one.
 */
public final class Measurement {

    private static final long WARM_UP_NS = 1_500_000_000L;

    private final Map<String, String> options = new HashMap<>();

    private Measurement(final String[] arguments) {
        for (final String argument : arguments) {
            final int equals = argument.indexOf('=');
            options.put(argument.substring(0, equals), argument.substring(equals + 1));
        }
    }

    public static void main(final String[] arguments) throws Exception {
        final Measurement measurement = new Measurement(arguments);
        switch (measurement.text("what", "established")) {
            case "established" -> measurement.established();
            case "one-packet" -> measurement.onePacket();
            case "port-range" -> measurement.portRange();
            case "offload" -> measurement.offload();
            case "latency" -> measurement.latency();
            default -> throw new IllegalArgumentException("what=" + measurement.text("what", ""));
        }
    }

    private String text(final String key, final String byDefault) {
        return options.getOrDefault(key, byDefault);
    }

    private int number(final String key, final int byDefault) {
        return Integer.parseInt(text(key, Integer.toString(byDefault)));
    }

    private boolean is(final String key, final boolean byDefault) {
        return Boolean.parseBoolean(text(key, Boolean.toString(byDefault)));
    }

    private static void print(final String key, final double value) {
        System.out.printf(Locale.ROOT, "%s=%.2f%n", key, value);
    }

    static double median(final double[] values) {
        final double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    static double best(final double[] values) {
        return Arrays.stream(values).min().orElseThrow();
    }

    /** Established connections: commit, heap, packets, flush. */
    private void established() throws Exception {
        final int connections = number("connections", 1000);
        final int threads = number("threads", 1);
        final Traffic traffic = new Traffic(text("protocol", "udp").equals("tcp"), is("v6", false));
        final long before = usedHeap();
        final Workload workload = new Workload(traffic, connections, is("snat", false), is("accounting", true),
            number("zones", 1));
        print("commit_ns", median(workload.open()));
        print("heap_bytes_per_connection", (usedHeap() - before) / (double) connections);
        final boolean separate = is("separate", false);
        final List<Workload.Stream> streams = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            final int share = separate ? connections / threads : connections;
            streams.add(workload.stream(separate ? i * share : 0, separate ? (i + 1) * share : connections,
                number("packets", 65_536), number("batch", 32),
                Workload.Reset.valueOf(text("reset", "checksums").toUpperCase(Locale.ROOT)), 42 + i));
        }
        final double[][] times = run(workload, streams);
        print("established_ns", median(times[0]));
        print("established_min_ns", best(times[0]));
        print("allocated_bytes_per_packet", median(times[1]));
        print("not_established", streams.stream().mapToInt(Workload.Stream::lost).sum());
        if (is("flush", false)) {
            flush(workload);
        }
        Reference.reachabilityFence(workload);
    }

    /** {@return nanoseconds and allocated bytes per packet of each round of the first thread} */
    private double[][] run(final Workload workload, final List<Workload.Stream> streams) throws Exception {
        final int rounds = number("rounds", 45);
        final CyclicBarrier barrier = new CyclicBarrier(streams.size());
        final ExecutorService threads = Executors.newFixedThreadPool(streams.size());
        final List<Future<double[][]>> results = new ArrayList<>();
        final long end = System.nanoTime() + WARM_UP_NS;
        for (final Workload.Stream stream : streams) {
            results.add(threads.submit(() -> {
                while (System.nanoTime() < end) {
                    stream.pass(workload.tracker.now());
                }
                final double[] times = new double[rounds];
                final double[] allocated = new double[rounds];
                final ThreadMXBean bean = (ThreadMXBean) ManagementFactory.getThreadMXBean();
                for (int i = 0; i < rounds; i++) {
                    barrier.await();
                    final long bytes = bean.getCurrentThreadAllocatedBytes();
                    final long start = System.nanoTime();
                    stream.pass(start);
                    final long ownBytes = bean.getCurrentThreadAllocatedBytes() - bytes;
                    barrier.await();
                    times[i] = (System.nanoTime() - start) / (double) stream.packets();
                    allocated[i] = ownBytes / (double) stream.packets();
                }
                return new double[][] {times, allocated};
            }));
        }
        final double[][] first = results.get(0).get();
        for (final Future<double[][]> result : results) {
            result.get();
        }
        threads.shutdown();
        return first;
    }

    /** Flushes and opens all connections a few times, and takes the time of both. */
    private static void flush(final Workload workload) {
        final double[] flushes = new double[5];
        final double[] commits = new double[flushes.length];
        for (int i = 0; i < flushes.length; i++) {
            final long start = System.nanoTime();
            workload.tracker.flush(ConnectionFilter.ALL);
            flushes[i] = (System.nanoTime() - start) / 1e6;
            commits[i] = median(workload.open());
        }
        print("flush_ms", median(flushes));
        print("flush_min_ms", best(flushes));
        print("recommit_ns", median(commits));
        print("recommit_min_ns", best(commits));
    }

    /** The same packet of one connection over and over, as Open vSwitch's own benchmark has it. */
    private void onePacket() {
        final Workload workload = new Workload(new Traffic(false, false), 1, false, is("accounting", true), 1);
        final Workload.Stream stream = workload.onePacket(number("batch", 32));
        final double[] times = new double[number("rounds", 45)];
        final int passes = number("packets", 1_000_000) / stream.packets();
        final long end = System.nanoTime() + WARM_UP_NS;
        while (System.nanoTime() < end) {
            passes(stream, passes, workload.tracker.now());
        }
        for (int i = 0; i < times.length; i++) {
            final long start = System.nanoTime();
            passes(stream, passes, start);
            times[i] = (System.nanoTime() - start) / (double) passes / stream.packets();
        }
        print("one_packet_ns", median(times));
        print("one_packet_min_ns", best(times));
    }

    private static void passes(final Workload.Stream stream, final int passes, final long now) {
        for (int i = 0; i < passes; i++) {
            stream.pass(now);
        }
    }

    /** Batch times of established connections while another thread works on the table. */
    private void latency() throws InterruptedException {
        final int connections = number("connections", 1_000_000);
        final Workload workload = new Workload(new Traffic(false, false), connections, false, true, 1);
        workload.open();
        new Latency(workload, workload.stream(0, connections, number("packets", 65_536), number("batch", 32),
            Workload.Reset.CHECKSUMS, 42), connections,
            Latency.Disturbance.valueOf(text("during", "nothing").toUpperCase(Locale.ROOT))).measure(number("rounds", 8));
    }

    /** New translated connections while a part of the one address's ports is taken. */
    private void portRange() {
        final PortRange range = new PortRange(number("percent", 50));
        final double[] times = new double[number("rounds", 45)];
        final long end = System.nanoTime() + WARM_UP_NS;
        while (System.nanoTime() < end) {
            range.round();
        }
        range.forgetRefused();
        for (int i = 0; i < times.length; i++) {
            times[i] = range.round();
        }
        print("nat_commit_ns", median(times));
        print("nat_commit_min_ns", best(times));
        print("nat_refused_percent", range.refusedPercent());
    }

    /** Packets that software sees, beside offload layers of all kinds. */
    private void offload() {
        final OffloadCost cost = new OffloadCost(new Traffic(text("protocol", "udp").equals("tcp"), false),
            number("connections", 1000), is("datapath", false));
        if (is("commit", false)) {
            cost.commit(number("rounds", 15));
        } else {
            cost.established(number("rounds", 45));
        }
    }

    private static long usedHeap() {
        System.gc();
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
