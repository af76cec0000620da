// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.live;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Packets;
import org.trackway.packet.Port;
import org.trackway.port.afpacket.AfPacketPortFactory;
import org.trackway.provider.xdp.BurstSender;

/**
 * How fast Trackway forwards between two interfaces, beside others in the same run; not a test, hence its name, and run
 * only when asked for, as the README says. Each has cables of its own and has its turn in every round. One processor is
 * for those that send and measure, another for those that forward.
 */
class ForwardingRates {

    private static final int ROUNDS = Integer.getInteger("trackway.rounds", 5);
    /** A forwarder of one's own: a program that is called with the names of two interfaces; none if empty. */
    private static final String PROGRAM = System.getProperty("trackway.forwarder", "");
    private static final String ALONE = "Trackway's ports alone";
    private static final String OURS = "Trackway, ct";
    private static final String PEERS = "Open vSwitch, ct";
    private static final int CONNECTIONS = 1_024;
    private static final long LOAD_NS = 1_000_000_000;
    /** After that what was sent has gone through. */
    private static final long SETTLED_NS = 50_000_000;
    /** What the names of threads begin with that carry packets. */
    private static final String THREAD = "trackway-";
    private static final String SENDER = "sender";
    private static final int ECHOES = 2_000;
    private static final long ECHO_NS = 1_000_000;
    private static final long PATIENCE_NS = 100_000_000;

    private static final String PLAIN = """
        in_port=1,actions=output:2
        in_port=2,actions=output:1
        """;
    private static final String TRACKED = """
        table=0,priority=10,arp,actions=normal
        table=0,priority=20,ip,actions=ct(table=1)
        table=1,priority=100,ct_state=+inv,actions=drop
        table=1,priority=90,in_port=1,ct_state=+est,actions=output:2
        table=1,priority=90,in_port=2,ct_state=+est,actions=output:1
        table=1,priority=50,in_port=1,ip,ct_state=+new,actions=ct(commit),output:2
        """;

    /** What stands between the cables. */
    @FunctionalInterface
    private interface Contestant {

        /** {@return what ends it} */
        Closeable start(Network network) throws Exception;
    }

    private static Map<String, Contestant> contestants() {
        final Map<String, Contestant> all = new LinkedHashMap<>();
        all.put("Linux bridge", ForwardingRates::bridge);
        if (!PROGRAM.isEmpty()) {
            all.put(PROGRAM.replaceAll(".*/", ""), network -> {
                network.start("box", PROGRAM, "ovs-p0", "ovs-p1");
                Thread.sleep(500);
                return () -> { };
            });
        }
        all.put("Open vSwitch", network -> flows(Peer.OPEN_VSWITCH, network, PLAIN));
        all.put(PEERS, network -> flows(Peer.OPEN_VSWITCH, network, TRACKED));
        all.put(ALONE, BareRing::new);
        all.put("Trackway", network -> flows(Peer.TRACKWAY, network, PLAIN));
        all.put(OURS, network -> flows(Peer.TRACKWAY, network, TRACKED));
        return all;
    }

    private static Closeable bridge(final Network network) {
        network.in("box", "sh", "-c", "ip link add br0 type bridge mcast_snooping 0; ip link set br0 up;"
            + " ip link set ovs-p0 master br0; ip link set ovs-p1 master br0");
        return () -> { };
    }

    private static Closeable flows(final Peer peer, final Network network, final String flows) throws Exception {
        final Middlebox box = peer.start(network, "box");
        for (final String port : List.of("ovs-p0", "ovs-p1")) {
            box.attach(port, null);
        }
        box.rules(flows);
        return box::close;
    }

    /**
     * Of each the packets of 60 bytes that it carries in a second when more come, and the processor's time that its
     * threads spend on each. The packets belong to 1,024 established connections.
     */
    @Test
    void rates() throws Exception {
        final Results results = run(Lane::rate, "packets/s", "us of a processor per packet");
        results.compare(OURS, PEERS);
        results.compare(OURS, ALONE);
    }

    /** Of each the time until an echo comes back, of which one is asked for every millisecond. */
    @Test
    void latency() throws Exception {
        run(Lane::latency, "half of the echoes, us", "99 %, us").compare(OURS, ALONE);
    }

    /** What is measured of one in a round. */
    @FunctionalInterface
    private interface Measurement {

        /** {@return two numbers} */
        double[] of(Lane lane) throws Exception;
    }

    private static Results run(final Measurement measurement, final String... titles) throws Exception {
        final Map<String, Lane> lanes = new LinkedHashMap<>();
        final Results results = new Results(titles);
        try {
            for (final Map.Entry<String, Contestant> one : contestants().entrySet()) {
                lanes.put(one.getKey(), new Lane(one.getValue()));
            }
            for (final Lane lane : lanes.values()) {
                lane.pin(1);
            }
            // What this thread starts from now on is there too.
            pin(Path.of("/proc/thread-self").toRealPath(), 0);
            // Round 0 is for the JVM to get warm.
            for (int round = 0; round <= ROUNDS; round++) {
                for (final Map.Entry<String, Lane> lane : lanes.entrySet()) {
                    final double[] numbers = measurement.of(lane.getValue());
                    System.out.printf("round %d: %-24s %,11.2f %,11.2f%n", round, lane.getKey(), numbers[0],
                        numbers[1]);
                    if (round > 0) {
                        results.add(lane.getKey(), numbers);
                    }
                }
            }
        } finally {
            for (final Lane lane : lanes.values()) {
                lane.close();
            }
        }
        results.print();
        return results;
    }

    private static void pin(final Path thread, final int processor) throws IOException {
        new ProcessBuilder("taskset", "-p", "-c", Integer.toString(processor), thread.getFileName().toString())
            .redirectOutput(ProcessBuilder.Redirect.DISCARD).start().onExit().join();
    }

    /** Two numbers of each round. */
    private static final class Results {

        private final String[] titles;
        private final Map<String, List<double[]>> all = new LinkedHashMap<>();

        Results(final String... titles) {
            this.titles = titles;
        }

        void add(final String name, final double[] numbers) {
            all.computeIfAbsent(name, first -> new ArrayList<>()).add(numbers);
        }

        void print() {
            System.out.printf("%n| | %s | to its ports alone | %s | to its ports alone |%n|---|---:|---:|---:|---:|%n",
                titles[0], titles[1]);
            all.keySet().forEach(name -> System.out.printf("| %s | %,.1f | %.2f | %,.2f | %.2f |%n", name,
                median(all.get(name).stream().mapToDouble(numbers -> numbers[0])), median(ratios(name, ALONE, 0)),
                median(all.get(name).stream().mapToDouble(numbers -> numbers[1])), median(ratios(name, ALONE, 1))));
        }

        /** Says how one stands to another, in the same rounds. */
        void compare(final String one, final String other) {
            for (int i = 0; i < titles.length; i++) {
                System.out.printf("%s to %s, %s: %.2f (%.2f to %.2f)%n", one, other, titles[i],
                    median(ratios(one, other, i)), ratios(one, other, i).min().orElseThrow(),
                    ratios(one, other, i).max().orElseThrow());
            }
        }

        private DoubleStream ratios(final String one, final String other, final int which) {
            return IntStream.range(0, all.get(one).size())
                .mapToDouble(round -> all.get(one).get(round)[which] / all.get(other).get(round)[which]);
        }

        private static double median(final DoubleStream values) {
            final double[] sorted = values.sorted().toArray();
            return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
        }
    }

    /** Two hosts with one of the contestants between them. */
    private static final class Lane implements Closeable {

        private final Network network = Network.make("ping", "ovs-vswitchd", "ethtool", "sleep",
            "taskset");
        private final Closeable running;
        /** The counters of the host that packets go to, as a process there sees them. */
        private final Path counters;
        private final BurstSender sender;
        private final String from;
        private final String to;

        Lane(final Contestant contestant) throws Exception {
            network.namespaces("box", "h1", "h2");
            network.cable("h1/eth0", "box/ovs-p0", "10.1.1.1/24");
            network.cable("h2/eth0", "box/ovs-p1", "10.1.1.2/24");
            for (final String host : List.of("h1", "h2")) {
                // So that those that can't leave checksums to others do not have to.
                network.in(host, "ethtool", "-K", "eth0", "tx", "off");
            }
            counters = Path.of("/proc", Long.toString(network.start("h2", "sleep", "infinity").pid()), "net/dev");
            running = contestant.start(network);
            network.in("h1", "ping", "-c", "1", "-W", "5", "10.1.1.2");
            from = network.in("h1", "cat", "/sys/class/net/eth0/address").strip();
            to = network.in("h2", "cat", "/sys/class/net/eth0/address").strip();
            try (Port client = open("h1"); Port server = open("h2")) {
                new UdpTraffic("10.1.1.1", "10.1.1.2", CONNECTIONS).establish(client, server);
            }
            sender = new BurstSender(
                Integer.parseInt(network.in("h1", "cat", "/sys/class/net/eth0/ifindex").strip()),
                UdpTraffic.packet("10.1.1.1", "10.1.1.2").checksum(0).bytes(), UdpTraffic.FIRST_PORT, CONNECTIONS);
        }

        private Port open(final String host) throws IOException {
            return new AfPacketPortFactory().open("eth0", Map.of("netns", network.namespace(host)));
        }

        double[] rate() throws Exception {
            final double[] numbers = new double[2];
            BurstSender.in("/run/netns/" + network.namespace("h1"), SENDER, () -> {
                final long arrivedBefore = arrived();
                final long processorBefore = processorNs();
                final long start = System.nanoTime();
                long now = start;
                while (now - start < LOAD_NS) {
                    sender.send();
                    now = System.nanoTime();
                }
                numbers[0] = (arrived() - arrivedBefore) * 1e9 / (now - start);
                LockSupport.parkNanos(SETTLED_NS);
                numbers[1] = (processorNs() - processorBefore) / 1e3 / (arrived() - arrivedBefore);
            });
            return numbers;
        }

        /** Has all threads between the cables run on one processor. */
        void pin(final int processor) throws IOException {
            for (final Path thread : threads()) {
                ForwardingRates.pin(thread, processor);
            }
        }

        /** {@return the time that the threads between the cables have had, in nanoseconds} */
        private long processorNs() throws IOException {
            long sum = 0;
            for (final Path thread : threads()) {
                sum += Long.parseLong(Files.readString(thread.resolve("schedstat")).split(" ")[0]);
            }
            return sum;
        }

        /** {@return the threads of processes in their namespace, and those of this one that carry packets} */
        private List<Path> threads() throws IOException {
            final List<Path> threads = new ArrayList<>();
            for (final String pid : (network.in("box", "ip", "netns", "pids", network.namespace("box")) + " self")
                    .split("\\s+")) {
                final Path tasks = Path.of("/proc", pid, "task");
                if (pid.isEmpty() || !Files.isDirectory(tasks)) {
                    continue;
                }
                try (Stream<Path> all = Files.list(tasks)) {
                    for (final Path task : all.toList()) {
                        if (!pid.equals("self") || Files.readString(task.resolve("comm")).startsWith(THREAD)) {
                            threads.add(task);
                        }
                    }
                }
            }
            return threads;
        }

        private long arrived() throws IOException {
            return Files.readAllLines(counters).stream().map(String::strip).filter(line -> line.startsWith("eth0:"))
                .mapToLong(line -> Long.parseLong(line.split("\\s+")[2])).sum();
        }

        double[] latency() throws IOException {
            final long[] times = new long[ECHOES];
            try (Port client = open("h1")) {
                final PacketBatch request = new PacketBatch();
                request.add(Packet.of(Packets.echo4("10.1.1.1", "10.1.1.2", 1, 1).macs(from, to).bytes()));
                final long start = System.nanoTime();
                for (int i = 0; i < ECHOES; i++) {
                    while (System.nanoTime() - start < i * ECHO_NS) {
                        Thread.onSpinWait();
                    }
                    times[i] = echo(client, request);
                }
            }
            Arrays.sort(times);
            return new double[] {times[ECHOES / 2] / 1e3, times[ECHOES * 99 / 100] / 1e3};
        }

        private static long echo(final Port client, final PacketBatch request) throws IOException {
            final PacketBatch answer = new PacketBatch();
            final int length = request.get(0).length();
            final long start = System.nanoTime();
            client.send(request);
            while (true) {
                client.receive(answer);
                final long took = System.nanoTime() - start;
                for (int i = 0; i < answer.size(); i++) {
                    if (answer.get(i).length() == length) {
                        return took;
                    }
                }
                if (took > PATIENCE_NS) {
                    throw new IOException("no echo came back");
                }
                answer.clear();
            }
        }

        @Override
        public void close() throws IOException {
            sender.close();
            running.close();
            network.close();
        }
    }

    /** Carries packets from each of two ports to the other, and does nothing else. */
    private static final class BareRing implements Closeable {

        private final List<Port> ports = new ArrayList<>();

        BareRing(final Network network) throws IOException {
            for (final String name : List.of("ovs-p0", "ovs-p1")) {
                ports.add(new AfPacketPortFactory().open(name, Map.of("netns", network.namespace("box"))));
            }
            for (int i = 0; i < 2; i++) {
                final Port from = ports.get(i);
                final Port to = ports.get(1 - i);
                new Thread(() -> carry(from, to), THREAD + "alone").start();
            }
        }

        private static void carry(final Port from, final Port to) {
            final PacketBatch batch = new PacketBatch();
            try {
                while (from.receive(batch) >= 0) {
                    if (batch.size() > 0) {
                        to.send(batch);
                    } else {
                        from.await(20_000_000);
                    }
                    batch.clear();
                }
            } catch (final IOException closed) {
                // The other port was closed first.
            }
        }

        @Override
        public void close() throws IOException {
            for (final Port port : ports) {
                port.close();
            }
        }
    }
}
