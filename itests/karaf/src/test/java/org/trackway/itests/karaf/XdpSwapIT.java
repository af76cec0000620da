// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.karaf;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import javax.inject.Inject;
import org.apache.karaf.features.BootFinished;
import org.apache.karaf.features.FeaturesService;
import org.apache.karaf.shell.api.console.SessionFactory;
import org.junit.After;
import org.junit.Assume;
import org.junit.Before;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.ops4j.pax.exam.spi.reactors.ExamReactorStrategy;
import org.ops4j.pax.exam.spi.reactors.PerClass;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.datapath.Datapath;
import org.trackway.offload.Offload;

/**
 * The XDP provider and the simulated card change places in the container, and are updated, while iperf3 and 10,000 UDP
 * flows pass a gateway between network namespaces. What is lost of the UDP packets meanwhile is printed.
 */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class XdpSwapIT {

    private static final String XDP = "org.trackway.provider.xdp";
    private static final String DUMMY = Cards.DUMMY;
    private static final int FLOWS = 10_000;
    private static final int PATIENCE_S = 60;
    /** A hundred sockets at each end make 10,000 flows, which take turns; the server answers all that it gets. */
    private static final String SERVER = """
        import select, socket
        SO_RCVBUFFORCE = 33
        poll = select.epoll()
        sockets = {}
        for i in range(100):
            one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            one.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 22)
            one.bind(("10.8.0.2", 7000 + i))
            sockets[one.fileno()] = one
            poll.register(one.fileno(), select.EPOLLIN)
        print("ready", flush=True)
        while True:
            for number, _ in poll.poll():
                try:
                    for _ in range(64):
                        data, peer = sockets[number].recvfrom(100, socket.MSG_DONTWAIT)
                        sockets[number].sendto(data, peer)
                except BlockingIOError:
                    pass
        """;
    /**
     * Sends 4,000 packets a second until its file STOP is there. Prints the time (System.nanoTime) that each packet was
     * sent at that was not answered, and in the end how many were sent, and how many flows were answered after STOP.
     */
    private static final String CLIENT = """
        import os, select, socket, sys, time
        SO_RCVBUFFORCE = 33
        poll = select.epoll()
        sockets = []
        by_number = {}
        for i in range(100):
            one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            one.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 22)
            one.bind(("192.168.7.2", 20000 + i))
            sockets.append(one)
            by_number[one.fileno()] = one
            poll.register(one.fileno(), select.EPOLLIN)
        sent = []
        answered = bytearray()
        def receive(wait):
            for number, _ in poll.poll(wait):
                try:
                    while True:
                        answered[int.from_bytes(by_number[number].recv(100, socket.MSG_DONTWAIT), "big")] = 1
                except BlockingIOError:
                    pass
        def send():
            number = len(sent)
            sent.append(time.monotonic_ns())
            answered.append(0)
            flow = number % 10000
            sockets[flow % 100].sendto(number.to_bytes(8, "big"), ("10.8.0.2", 7000 + flow // 100))
        def round(until):
            begun = time.monotonic()
            for number in range(10000):
                if number % 20 == 0:
                    receive(0)
                    if until and os.path.exists(until):
                        return False
                    time.sleep(max(0, begun + number / 4000 - time.monotonic()))
                send()
            return True
        while round(sys.argv[1]):
            pass
        end = time.monotonic() + 2
        while time.monotonic() < end:
            receive(0.1)
        lost = [sent[i] for i in range(len(sent)) if not answered[i]]
        first = len(sent)
        missing = 10000
        for tries in range(5):
            start = len(sent)
            round(None)
            end = time.monotonic() + 2
            while time.monotonic() < end and not all(answered[start:]):
                receive(0.1)
            missing = 10000 - sum(answered[start:])
            if missing == 0:
                break
        print("lost", *lost)
        print("sent", first)
        print("missing", missing)
        """;

    /** Before it nothing is certain. */
    @Inject
    private BootFinished booted;
    @Inject
    private BundleContext context;
    @Inject
    private FeaturesService features;
    @Inject
    private SessionFactory sessions;
    @Inject
    private Datapath datapath;
    @Inject
    private Offload offload;

    private final String prefix = "tw-" + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt()) + "-";
    private final List<Process> started = new ArrayList<>();
    private Path files;

    @Configuration
    public Option[] container() {
        return Containers.distribution();
    }

    @Before
    public void layCables() throws Exception {
        final boolean root = "root".equals(System.getProperty("user.name"));
        Assume.assumeTrue("needs root's rights, iperf3, ethtool and python3", "true".equals(System.getenv("CI"))
            || root && Set.of("iperf3", "ethtool", "python3").stream()
                .allMatch(program -> Files.isExecutable(Path.of("/usr/bin", program))
                    || Files.isExecutable(Path.of("/usr/sbin", program))));
        files = Files.createTempDirectory("trackway-swap");
        for (final String name : List.of("client", "server", "gateway")) {
            run("ip", "netns", "add", prefix + name);
            in(name, "ip", "link", "set", "lo", "up");
        }
        cable("client", "inside", "192.168.7.2/24", "02:00:00:00:00:02");
        cable("server", "outside", "10.8.0.2/24", "02:00:00:00:00:03");
        in("client", "ip", "route", "add", "default", "via", "192.168.7.1");
    }

    private void cable(final String end, final String port, final String address, final String mac) throws Exception {
        run("ip", "link", "add", "eth0", "netns", prefix + end, "type", "veth", "peer", "name", port, "netns",
            prefix + "gateway");
        in("gateway", "sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/" + port + "/disable_ipv6; ip link set " + port
            + " up");
        in(end, "ip", "address", "add", address, "dev", "eth0");
        in(end, "ip", "link", "set", "eth0", "address", mac);
        in(end, "ip", "link", "set", "eth0", "up");
        // Only of an interface that is up its peer learns that it takes XDP frames.
        in(end, "ethtool", "-K", "eth0", "tx", "off", "gro", "on");
    }

    @After
    public void takeAllAway() throws Exception {
        if (files == null) {
            return;
        }
        for (final Process process : started) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor();
        }
        for (final String port : List.of("inside", "outside")) {
            datapath.removePort(port);
        }
        for (final String name : List.of("client", "server", "gateway")) {
            run("ip", "netns", "delete", prefix + name);
        }
        for (int i = 0; i < started.size(); i++) {
            Files.delete(files.resolve(Integer.toString(i)));
        }
        Files.deleteIfExists(files.resolve("stop"));
        Files.delete(files);
    }

    @Test
    public void providersChangePlacesUnderLoad() throws Exception {
        features.installFeatures(Set.of("trackway-afpacket", "trackway-provider-xdp", "trackway-provider-dummy"),
            EnumSet.noneOf(FeaturesService.Option.class));
        final Bundle xdp = Trackway.bundle(context, XDP);
        final Bundle dummy = Trackway.bundle(context, DUMMY);
        dummy.stop();
        for (final String port : List.of("inside", "outside")) {
            datapath.openPort("afpacket", port, Map.of("netns", prefix + "gateway"),
                OptionalInt.of(port.equals("inside") ? 1 : 2));
        }
        datapath.addFlows(Files.readAllLines(Path.of(System.getProperty("karaf.base"), "samples", "gateway.flows")),
            Datapath.Missing.REFUSE);

        start("server", "iperf3", "-s", "--forceflush");
        start("server", "python3", "-c", SERVER);
        Trackway.eventually("the servers", () -> output(1).contains("ready") && output(0).contains("listening"));
        final Path stop = files.resolve("stop");
        final Process udp = start("client", "python3", "-c", CLIENT, stop.toString());
        final Process iperf = start("client", "iperf3", "-c", "10.8.0.2", "-t", "300", "-b", "100M",
            "--forceflush");
        holds("xdp");
        final String shown = Shell.admin(sessions).run("offload:providers xdp");
        assertTrue(shown, shown.contains("inside (native)"));
        final Set<Long> connections = connections();
        assertTrue(connections.size() + " connections", connections.size() >= FLOWS + 2);

        final Map<Long, String> times = new TreeMap<>();
        times.put(System.nanoTime(), "undisturbed");
        TimeUnit.SECONDS.sleep(5);
        for (int i = 1; i <= 2; i++) {
            times.put(System.nanoTime(), "xdp to dummy");
            xdp.stop();
            dummy.start();
            holds("dummy");
            times.put(System.nanoTime(), "dummy updated");
            dummy.update();
            holds("dummy");
            times.put(System.nanoTime(), "dummy to xdp");
            dummy.stop();
            xdp.start();
            holds("xdp");
            times.put(System.nanoTime(), "xdp updated");
            xdp.update();
            holds("xdp");
        }
        final long passed = passed();
        Trackway.eventually("the transfer goes on", () -> iperf.isAlive() && passed() > passed + 1);
        final Set<Long> after = connections();
        assertEquals("connections lost", Set.of(), connections.stream().filter(id -> !after.contains(id))
            .collect(Collectors.toSet()));
        Files.createFile(stop);
        assertTrue("the flows end", udp.waitFor(PATIENCE_S, TimeUnit.SECONDS));
        final String report = Files.readString(files.resolve("2"));
        assertEquals(report, 0, udp.exitValue());
        assertTrue("every flow is answered in the end: " + report.lines().skip(2).toList(),
            report.contains("\nmissing 0\n"));
        report(report, times);
    }

    /** {@return seconds in which more than a million bits of the transfer passed} */
    private long passed() {
        return output(3).lines().filter(line -> line.contains("Mbits/sec")).count();
    }

    /** Prints and judges what was lost. */
    private static void report(final String report, final Map<Long, String> times) {
        final List<Long> lost = Arrays.stream(report.lines().findFirst().orElseThrow().split(" ")).skip(1)
            .map(Long::valueOf).toList();
        final long sent = Long.parseLong(report.lines().filter(line -> line.startsWith("sent ")).findFirst()
            .orElseThrow().substring(5));
        final List<Long> begins = List.copyOf(times.keySet());
        for (int i = 0; i < begins.size(); i++) {
            final long from = begins.get(i);
            final long until = i + 1 < begins.size() ? begins.get(i + 1) : Long.MAX_VALUE;
            System.out.printf("%s: %d packets lost%n", times.get(from),
                lost.stream().filter(at -> at >= from && at < until).count());
        }
        System.out.printf("%d of %d packets lost%n", lost.size(), sent);
        assertTrue(lost.size() + " of " + sent + " packets lost", lost.size() * 10L < sent);
    }

    /** Waits until a provider alone has all flows, which takes a slow machine its time. */
    private void holds(final String provider) throws Exception {
        final long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(2 * PATIENCE_S);
        while (!(offload.providers().size() == 1 && offload.providers().get(0).name().equals(provider)
                && offload.providers().get(0).paths() >= 2 * FLOWS)) {
            assertTrue(provider + " has all flows: " + offload.providers(), System.nanoTime() < deadline);
            Thread.sleep(20);
        }
    }

    /** {@return ids of all connections} */
    private Set<Long> connections() {
        final Set<Long> all = new HashSet<>();
        datapath.conntrack().forEach(ConnectionFilter.ALL, one -> all.add(one.id()));
        return all;
    }

    private Process start(final String namespace, final String... command) throws IOException {
        final Process process = new ProcessBuilder(entering(namespace, command)).redirectErrorStream(true)
            .redirectOutput(files.resolve(Integer.toString(started.size())).toFile()).start();
        started.add(process);
        return process;
    }

    private String output(final int process) {
        try {
            return Files.readString(files.resolve(Integer.toString(process)));
        } catch (final IOException impossible) {
            throw new AssertionError(impossible);
        }
    }

    private void in(final String namespace, final String... command) throws Exception {
        run(entering(namespace, command).toArray(String[]::new));
    }

    private List<String> entering(final String namespace, final String... command) {
        final List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", prefix + namespace));
        all.addAll(List.of(command));
        return all;
    }

    /** Runs a program, which must succeed. {@return what it printed} */
    private static String run(final String... command) throws Exception {
        final Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        final String output = new String(process.getInputStream().readAllBytes());
        assertEquals(String.join(" ", command) + ": " + output, 0, process.waitFor());
        return output;
    }
}
