// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.live;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Port;
import org.trackway.port.afpacket.AfPacketPortFactory;

/**
 * How fast Trackway forwards between two interfaces, beside others on the same cables in the same run; not a test, hence
 * its name, and run only when asked for, as the README says. Of each it measures, several times in turn,
 * <ul>
 * <li>the most packets of 60 bytes per second that pass with at most 2 % lost. They belong to 1,024 established UDP
 * connections; one thread here sends them, and the kernel counts what arrives;
 * <li>the processor's time that its threads spend on a packet when more come than it can carry, which other programs on
 * the machine disturb less, and which tells more where the sender is the limit;
 * <li>the mean time of a ping.
 * </ul>
 */
class ForwardingRates {

    private static final int ROUNDS = Integer.getInteger("trackway.rounds", 5);
    /** A forwarder of one's own: a program that is called with the names of two interfaces; none if empty. */
    private static final String PROGRAM = System.getProperty("trackway.forwarder", "");
    private static final int CONNECTIONS = 1_024;
    private static final double LOSS = 0.02;
    private static final double HIGHEST = 1_500_000;
    private static final int STEPS = 7;
    private static final long STEP_NS = 300_000_000;
    private static final long WARM_UP_NS = 1_500_000_000;
    private static final long COST_NS = 1_000_000_000;
    /** What the names of threads begin with that carry packets. */
    private static final String THREAD = "trackway-";
    private static final String PINGS = "10000";

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

    /** One number of each round. */
    private record Result(List<Double> rates, List<Double> costs, List<Double> pings) {

        Result() {
            this(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        }

        void forgetFirst() {
            List.of(rates, costs, pings).forEach(numbers -> numbers.remove(0));
        }
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
        all.put("Open vSwitch, ct", network -> flows(Peer.OPEN_VSWITCH, network, TRACKED));
        all.put("Trackway's ports alone", BareRing::new);
        all.put("Trackway", network -> flows(Peer.TRACKWAY, network, PLAIN));
        all.put("Trackway, ct", network -> flows(Peer.TRACKWAY, network, TRACKED));
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

    @Test
    void measure() throws Exception {
        final Map<String, Result> results = new LinkedHashMap<>();
        // Round 0 is for the JVM to get warm.
        for (int round = 0; round <= ROUNDS; round++) {
            for (final Map.Entry<String, Contestant> one : contestants().entrySet()) {
                final Result result = results.computeIfAbsent(one.getKey(), name -> new Result());
                try (Network network = Network.make("ping", "ovs-vswitchd", "ethtool")) {
                    network.namespaces("box", "h1", "h2");
                    network.cable("h1/eth0", "box/ovs-p0", "10.1.1.1/24");
                    network.cable("h2/eth0", "box/ovs-p1", "10.1.1.2/24");
                    for (final String host : List.of("h1", "h2")) {
                        // So that those that can't leave checksums to others do not have to.
                        network.in(host, "ethtool", "-K", "eth0", "tx", "off");
                    }
                    final Closeable running = one.getValue().start(network);
                    try {
                        result.pings.add(ping(network));
                        rate(network, result);
                    } finally {
                        running.close();
                    }
                }
                System.out.printf("round %d: %-24s %,9.0f packets/s, %5.2f us each, ping %5.1f us%n", round, one.getKey(),
                    result.rates.get(round), result.costs.get(round), result.pings.get(round));
            }
        }
        results.values().forEach(Result::forgetFirst);
        print(results);
    }

    private static void print(final Map<String, Result> results) {
        final Result bare = results.get("Trackway's ports alone");
        System.out.printf("%n| | packets/s | to its ports alone | us of a processor per packet | to its ports alone"
            + " | ping, us | to its ports alone |%n|---|---:|---:|---:|---:|---:|---:|%n");
        results.forEach((name, result) -> System.out.printf("| %s | %,.0f | %.2f | %.2f | %.2f | %.1f | %.2f |%n", name,
            median(result.rates), median(result.rates) / median(bare.rates),
            median(result.costs), median(result.costs) / median(bare.costs),
            median(result.pings), median(result.pings) / median(bare.pings)));
        final Result ours = results.get("Trackway, ct");
        final Result peers = results.get("Open vSwitch, ct");
        System.out.printf("%nTrackway with ct passes %.2f times the packets of Open vSwitch with ct, and spends 1/%.2f of"
            + " its time on one.%n", median(ours.rates) / median(peers.rates), median(peers.costs) / median(ours.costs));
    }

    private static double median(final List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }

    /** {@return the mean time of pings one after the other, in microseconds} */
    private static double ping(final Network network) {
        network.in("h1", "ping", "-c", "1", "-W", "5", "10.1.1.2");
        network.in("h1", "ping", "-q", "-f", "-c", PINGS, "10.1.1.2");
        final Matcher matcher = Pattern.compile("= [0-9.]+/([0-9.]+)/").matcher(
            network.in("h1", "ping", "-q", "-f", "-c", PINGS, "10.1.1.2"));
        if (!matcher.find()) {
            throw new AssertionError("ping said no times");
        }
        return Double.parseDouble(matcher.group(1)) * 1_000;
    }

    private static void rate(final Network network, final Result result) throws Exception {
        try (Port port = new AfPacketPortFactory().open("eth0", Map.of("netns", network.namespace("h1")))) {
            final UdpTraffic traffic = new UdpTraffic("10.1.1.1", "10.1.1.2", CONNECTIONS);
            try (Port server = new AfPacketPortFactory().open("eth0", Map.of("netns", network.namespace("h2")))) {
                traffic.establish(port, server);
            }
            final Load load = new Load(network, port, traffic);
            load.run(HIGHEST, WARM_UP_NS);
            result.costs.add(load.cost());
            double best = 0;
            double low = 0;
            double high = HIGHEST;
            for (int i = 0; i < STEPS; i++) {
                final double wanted = i == 0 ? high : (low + high) / 2;
                // Other programs may get in the way once.
                final double passed = Math.max(load.run(wanted, STEP_NS), load.run(wanted, STEP_NS));
                if (passed > 0) {
                    best = Math.max(best, passed);
                    low = wanted;
                } else {
                    high = Math.min(wanted, load.fastest);
                }
            }
            result.rates.add(best);
        }
    }

    /** Sends from h1 and counts what arrives at h2. */
    private static final class Load {

        private final Network network;
        private final Port port;
        private final UdpTraffic traffic;
        /** The most packets per second that were sent, which may be less than what was wanted. */
        private double fastest;

        Load(final Network network, final Port port, final UdpTraffic traffic) {
            this.network = network;
            this.port = port;
            this.traffic = traffic;
        }

        /** {@return packets per second that arrived, 0 if too many were lost} */
        double run(final double perSecond, final long durationNs) throws Exception {
            final long arrivedBefore = arrived();
            final long sentBefore = port.statistics().sentPackets();
            final long nanoseconds = send(PacketBatch.BURST * 1e9 / perSecond, durationNs);
            final double sent = port.statistics().sentPackets() - sentBefore;
            fastest = Math.max(fastest, sent * 1e9 / nanoseconds);
            final double arrived = settled() - arrivedBefore;
            return arrived >= sent * (1 - LOSS) ? arrived * 1e9 / nanoseconds : 0;
        }

        /** {@return microseconds of a processor for each packet that arrived, 0 where no thread does it} */
        double cost() throws Exception {
            final long arrivedBefore = arrived();
            final long before = processorNs();
            run(HIGHEST, COST_NS);
            return (processorNs() - before) / 1e3 / (arrived() - arrivedBefore);
        }

        /** {@return the time of the threads between the cables: those of processes in their namespace, and ours} */
        private long processorNs() throws IOException {
            long sum = 0;
            for (final String pid : (network.in("box", "ip", "netns", "pids", network.namespace("box")) + " self")
                    .split("\\s+")) {
                final Path tasks = Path.of("/proc", pid, "task");
                if (pid.isEmpty() || !Files.isDirectory(tasks)) {
                    continue;
                }
                try (Stream<Path> all = Files.list(tasks)) {
                    for (final Path task : all.toList()) {
                        if (!pid.equals("self") || Files.readString(task.resolve("comm")).startsWith(THREAD)) {
                            sum += Long.parseLong(Files.readString(task.resolve("schedstat")).split(" ")[0]);
                        }
                    }
                }
            }
            return sum;
        }

        /** Sends bursts in steady distance. {@return how long it took} */
        private long send(final double gapNs, final long durationNs) throws IOException {
            final long start = System.nanoTime();
            long bursts = 0;
            long now = start;
            while (now - start < durationNs) {
                if (now - start >= bursts * gapNs) {
                    port.send(traffic.next());
                    bursts++;
                } else {
                    Thread.onSpinWait();
                }
                now = System.nanoTime();
            }
            return now - start;
        }

        private long arrived() {
            return Long.parseLong(network.in("h2", "cat", "/sys/class/net/eth0/statistics/rx_packets").trim());
        }

        /** {@return how many arrived when no more do} */
        private long settled() throws InterruptedException {
            long before;
            long now = arrived();
            do {
                before = now;
                Thread.sleep(30);
                now = arrived();
            } while (now != before);
            return now;
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
