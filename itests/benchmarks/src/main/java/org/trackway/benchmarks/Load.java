// SPDX-License-Identifier: Apache-2.0
package org.trackway.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Measures the whole tracker, and a peer in turn with it, and prints a table.
 *
 * <pre>
 *   java -cp benchmarks.jar org.trackway.benchmarks.Load [--short | --full] [--only WORD] [--repeat N]
 *        [--peer 'COMMAND'] [--peer-one 'COMMAND']
 * </pre>
 *
 * <p>Every measurement runs in a JVM of its own and is repeated, the peer's after each of ours; the table has the median
 * of the repetitions and the best of all rounds. {@code --peer} is called with the arguments protocol ({@code udp} or
 * {@code tcp}), connections, packets, batch, rounds and threads, and prints {@code established_ns},
 * {@code established_min_ns}, {@code commit_ns}, {@code rss_bytes_per_connection} and {@code flush_ms} as
 * {@code key=value} lines. {@code --peer-one} is called as {@code ovstest test-conntrack benchmark}: threads, packets and
 * batch; it prints its time in milliseconds.
 */
public final class Load {

    private static final int PEER_ONE_PACKETS = 20_000_000;

    /** A line of the table: one number of a measurement, and the peer's that it is compared with, if there is any. */
    private record Row(String name, String key, String best, String peerKey, String peerBest) {

        static Row established(final String name) {
            return new Row(name + ", ns per packet", "established_ns", "established_min_ns", "established_ns",
                "established_min_ns");
        }

        static Row own(final String name, final String key) {
            return new Row(name, key, key, null, null);
        }
    }

    /** One measurement and the lines it gives. {@code peer} is null where the peer has no such thing. */
    private record Run(boolean shortSet, String heap, String arguments, String peer, List<Row> rows) {
    }

    /** Batch times beside long work on the table, as {@link Latency} takes them. */
    private static Run beside(final String work, final String heap, final String arguments) {
        return new Run(false, heap, "what=latency during=" + work + arguments, null, List.of(
            Row.own("Batch beside " + work + ", p99.99, us", "disturbed_p9999_us"),
            Row.own("its rise over the control's, us", "p9999_rise_us")));
    }

    private static final List<Run> RUNS = List.of(
        new Run(true, "1g", "what=one-packet", "one", List.of(
            new Row("One packet, UDP, ns per packet", "one_packet_ns", "one_packet_min_ns", "ms", "ms"))),
        new Run(true, "1g", "protocol=udp connections=1000", "udp 1000 65536 32 45 1", List.of(
            Row.established("UDP, 1,000 connections"))),
        new Run(true, "1g", "protocol=tcp connections=1000", "tcp 1000 65536 32 45 1", List.of(
            Row.established("TCP, 1,000 connections"))),
        new Run(true, "2g", "protocol=udp connections=1000000 flush=true", "udp 1000000 65536 32 45 1", List.of(
            Row.established("UDP, 1,000,000 connections"),
            new Row("UDP commit, ns per connection", "commit_ns", "commit_ns", "commit_ns", "commit_ns"),
            new Row("UDP commit into a used table, ns per connection", "recommit_ns", "recommit_min_ns", "commit_ns",
                "commit_ns"),
            new Row("Flush of 1,000,000, ms", "flush_ms", "flush_min_ms", "flush_ms", "flush_ms"),
            new Row("Bytes per connection, IPv4", "heap_bytes_per_connection", "heap_bytes_per_connection",
                "rss_bytes_per_connection", "rss_bytes_per_connection"),
            Row.own("Bytes allocated per packet, UDP", "allocated_bytes_per_packet"))),
        new Run(true, "2g", "protocol=tcp connections=1000000", "tcp 1000000 65536 32 45 1", List.of(
            Row.established("TCP, 1,000,000 connections"),
            new Row("TCP commit, ns per connection", "commit_ns", "commit_ns", "commit_ns", "commit_ns"),
            Row.own("Bytes allocated per packet, TCP", "allocated_bytes_per_packet"))),
        new Run(false, "1g", "protocol=udp connections=1000 reset=parse", null, List.of(
            Row.established("UDP, 1,000, layers found too"))),
        new Run(false, "2g", "protocol=udp connections=1000000 reset=parse", null, List.of(
            Row.established("UDP, 1,000,000, layers found too"))),
        new Run(false, "1g", "protocol=udp connections=1000 batch=8", "udp 1000 65536 8 45 1", List.of(
            Row.established("UDP, 1,000, batches of 8"))),
        new Run(false, "1g", "protocol=udp connections=1000 batch=1", "udp 1000 65536 1 45 1", List.of(
            Row.established("UDP, 1,000, batches of 1"))),
        new Run(false, "2g", "protocol=udp connections=1000000 batch=8", "udp 1000000 65536 8 45 1", List.of(
            Row.established("UDP, 1,000,000, batches of 8"))),
        new Run(false, "2g", "protocol=udp connections=1000000 batch=1", "udp 1000000 65536 1 45 1", List.of(
            Row.established("UDP, 1,000,000, batches of 1"))),
        new Run(false, "1g", "protocol=udp connections=1000 v6=true", null, List.of(
            Row.established("UDP over IPv6, 1,000"))),
        new Run(false, "2g", "protocol=udp connections=1000000 v6=true", null, List.of(
            Row.established("UDP over IPv6, 1,000,000"),
            Row.own("Bytes per connection, IPv6", "heap_bytes_per_connection"))),
        new Run(false, "2g", "protocol=udp connections=1000000 accounting=false", null, List.of(
            Row.established("UDP, 1,000,000, no accounting"),
            Row.own("Bytes per connection, IPv4, no accounting", "heap_bytes_per_connection"))),
        new Run(false, "2g", "protocol=udp connections=1000000 v6=true accounting=false", null, List.of(
            Row.own("Bytes per connection, IPv6, no accounting", "heap_bytes_per_connection"))),
        new Run(false, "1g", "protocol=udp connections=1000 reset=copy", null, List.of(
            Row.established("UDP, 1,000, frames copied in"))),
        new Run(false, "1g", "protocol=udp connections=1000 reset=copy snat=true", null, List.of(
            Row.established("UDP, 1,000, frames copied in, SNAT"))),
        new Run(false, "2g", "protocol=udp connections=1000000 reset=copy snat=true", null, List.of(
            Row.established("UDP, 1,000,000, frames copied in, SNAT"),
            Row.own("UDP commit with SNAT, ns per connection", "commit_ns"),
            Row.own("Bytes per connection, IPv4, SNAT", "heap_bytes_per_connection"))),
        new Run(false, "2g", "protocol=udp connections=1000000 threads=2", "udp 1000000 65536 32 45 2", List.of(
            Row.established("UDP, 1,000,000, 2 threads, shared connections"))),
        new Run(false, "2g", "protocol=udp connections=1000000 threads=2 separate=true", null, List.of(
            Row.established("UDP, 1,000,000, 2 threads, separate connections"))),
        new Run(false, "1g", "protocol=udp connections=1000 threads=2", "udp 1000 65536 32 45 2", List.of(
            Row.established("UDP, 1,000, 2 threads, shared connections"))),
        new Run(false, "1g", "protocol=udp connections=1000 threads=2 separate=true", null, List.of(
            Row.established("UDP, 1,000, 2 threads, separate connections"))),
        new Run(false, "1g", "what=port-range percent=1", null, List.of(
            Row.own("NAT, 1 % of ports taken, ns per commit", "nat_commit_ns"))),
        new Run(false, "1g", "what=port-range percent=50", null, List.of(
            Row.own("NAT, 50 % of ports taken, ns per commit", "nat_commit_ns"))),
        new Run(false, "1g", "what=port-range percent=99", null, List.of(
            Row.own("NAT, 99 % of ports taken, ns per commit", "nat_commit_ns"),
            Row.own("NAT, 99 % of ports taken, refused %", "nat_refused_percent"))),
        beside("nothing", "3g", ""),
        beside("sweep", "3g", ""),
        beside("dump", "3g", ""),
        beside("flush", "3g", ""),
        beside("resize", "4g", " connections=100000"),
        new Run(false, "4g", "protocol=udp connections=10000000", "udp 10000000 65536 32 45 1", List.of(
            Row.established("UDP, 10,000,000 connections in 4 GB"))));

    private String peer;
    private String peerOne;
    private boolean full;
    private String only = "";
    private int repeat = 5;

    private Load() {
    }

    public static void main(final String[] arguments) throws Exception {
        final Load load = new Load();
        if (!load.take(arguments)) {
            System.err.println("usage: Load [--short | --full] [--only WORD] [--repeat N] [--peer 'COMMAND'] "
                + "[--peer-one 'COMMAND']");
            System.exit(2);
        }
        load.run();
    }

    private boolean take(final String[] arguments) {
        for (int i = 0; i < arguments.length; i++) {
            final boolean last = i + 1 == arguments.length;
            switch (arguments[i]) {
                case "--short" -> full = false;
                case "--full" -> full = true;
                case "--peer", "--peer-one", "--only", "--repeat" -> {
                    if (last) {
                        return false;
                    }
                    set(arguments[i], arguments[++i]);
                }
                default -> {
                    return false;
                }
            }
        }
        return true;
    }

    private void set(final String option, final String value) {
        switch (option) {
            case "--peer" -> peer = value;
            case "--peer-one" -> peerOne = value;
            case "--only" -> only = value.toLowerCase(Locale.ROOT);
            default -> repeat = Integer.parseInt(value);
        }
    }

    private void run() throws IOException, InterruptedException {
        System.out.printf("%s %s, %s %s, %d processors, %d repetitions%n%n", System.getProperty("java.vm.name"),
            System.getProperty("java.vm.version"), System.getProperty("os.name"), System.getProperty("os.arch"),
            Runtime.getRuntime().availableProcessors(), repeat);
        System.out.println("| what | median | best | peer's median | peer's best | ratio of medians | of best |");
        System.out.println("|---|---:|---:|---:|---:|---:|---:|");
        for (final Run run : RUNS) {
            if ((full || run.shortSet || !only.isEmpty())
                    && run.rows.stream().anyMatch(row -> row.name.toLowerCase(Locale.ROOT).contains(only))) {
                run(run);
            }
        }
    }

    private void run(final Run run) throws IOException, InterruptedException {
        final List<Map<String, Double>> ours = new ArrayList<>();
        final List<Map<String, Double>> theirs = new ArrayList<>();
        final List<String> peerCommand = peerCommand(run);
        for (int i = 0; i < repeat; i++) {
            ours.add(Command.run(Command.measurement(run.heap, run.arguments)));
            final double lost = ours.get(i).getOrDefault("not_established", 0.0);
            if (lost != 0) {
                throw new IOException(run.arguments + ": " + lost + " packets were not established");
            }
            if (peerCommand != null) {
                final Map<String, Double> values = Command.run(peerCommand);
                values.computeIfPresent("ms", (key, ms) -> ms * 1e6 / PEER_ONE_PACKETS);
                theirs.add(values);
            }
        }
        for (final Row row : run.rows) {
            print(row, ours, theirs);
        }
    }

    private List<String> peerCommand(final Run run) {
        if (run.peer == null) {
            return null;
        }
        if (run.peer.equals("one")) {
            return peerOne == null ? null : Command.of(peerOne, "1 " + PEER_ONE_PACKETS + " 32");
        }
        return peer == null ? null : Command.of(peer, run.peer);
    }

    private static void print(final Row row, final List<Map<String, Double>> ours,
            final List<Map<String, Double>> theirs) {
        final double median = median(ours, row.key);
        final double best = best(ours, row.best);
        if (theirs.isEmpty() || row.peerKey == null) {
            System.out.printf(Locale.ROOT, "| %s | %.1f | %.1f | | | | |%n", row.name, median, best);
        } else {
            final double peerMedian = median(theirs, row.peerKey);
            final double peerBest = best(theirs, row.peerBest);
            System.out.printf(Locale.ROOT, "| %s | %.1f | %.1f | %.1f | %.1f | %.2f | %.2f |%n", row.name, median, best,
                peerMedian, peerBest, peerMedian / median, peerBest / best);
        }
    }

    private static double median(final List<Map<String, Double>> results, final String key) {
        return results.stream().map(result -> result.get(key)).sorted().toList().get(results.size() / 2);
    }

    private static double best(final List<Map<String, Double>> results, final String key) {
        return results.stream().map(result -> result.get(key)).min(Comparator.naturalOrder()).orElseThrow();
    }
}
