// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.TimeoutPolicy;
import org.trackway.offload.OffloadState;

/** Real programs through the samples' gateway and bridge, whose connections XDP takes over. */
class XdpGatewayTest {

    private static final String SERVER = "10.8.0.2";
    private static final int CAPACITY = 1_000;
    /** What may be under way to software when XDP takes a connection, and what it sees of the connection's end. */
    private static final long FEW = 2_000;

    private Network network;
    private XdpForwarder middle;

    @BeforeEach
    void layCables() throws Exception {
        network = Network.make("ethtool", "iperf3", "curl", "python3", "vsftpd");
        network.namespaces("client", "server", "gateway");
        network.cable("client/eth0", "gateway/inside", "192.168.7.2/24", "fc00::1/64");
        network.cable("server/eth0", "gateway/outside", SERVER + "/24", "fc00::2/64");
        network.in("client", "ip", "link", "set", "eth0", "address", "02:00:00:00:00:02");
        network.in("server", "ip", "link", "set", "eth0", "address", "02:00:00:00:00:03");
        network.in("client", "ip", "route", "add", "default", "via", "192.168.7.1");
        for (final String end : List.of("client", "server")) {
            network.in(end, "ethtool", "-K", "eth0", "tx", "off", "gro", "on");
        }
    }

    @AfterEach
    void takeAllAway() throws Exception {
        if (middle != null) {
            middle.close();
        }
        if (network != null) {
            network.close();
        }
    }

    private void start(final ConntrackSettings settings, final String sample, final String attach) throws Exception {
        middle = new XdpForwarder(network, "gateway", settings, attach, CAPACITY);
        middle.forwarder().port("inside").port("outside").sample(sample);
    }

    /** {@return packets that came to user space} */
    private long seen() {
        return middle.forwarder().state("inside").statistics().receivedPackets()
            + middle.forwarder().state("outside").statistics().receivedPackets();
    }

    private List<Connection> connections() {
        final List<Connection> all = new ArrayList<>();
        middle.forwarder().tracker().forEach(ConnectionFilter.ALL, all::add);
        return all;
    }

    private Process iperfServer() throws Exception {
        final Process server = network.start("server", "iperf3", "-s", "-p", "5201");
        network.awaitListening("server", 5201);
        return server;
    }

    @ParameterizedTest
    @CsvSource({"native,''", "native,-R", "generic,''", "generic,-R"})
    void softwareSeesHowATransferBeginsAndEnds(final String attach, final String direction) throws Exception {
        start(ConntrackSettings.DEFAULT, "gateway", attach);
        iperfServer();
        final List<String> command = new ArrayList<>(List.of("iperf3", "-c", SERVER, "-t", "3"));
        if (!direction.isEmpty()) {
            command.add(direction);
        }
        final Transfer transfer = new Transfer(20_000, command);
        assertThat(transfer.seen).as("packets that software saw of %d once XDP had the connection", transfer.passed)
            .isLessThan(Math.max(FEW, transfer.passed / 20));
    }

    /**
     * A program of the client that ends well: it speaks on one connection and has many packets on a second one. Counted
     * is from when XDP has that: how many packets go before is the machine's matter.
     */
    private final class Transfer {

        final Connection connection;
        /** Packets of the connection, and those of all that software saw. */
        final long passed;
        final long seen;

        Transfer(final long packets, final List<String> command) throws Exception {
            final Process client = network.start("client", command.toArray(String[]::new));
            final Connection taken = taken();
            final long seenBefore = seen();
            assertThat(client.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(client.exitValue()).as(String.join(" ", command)).isZero();
            connection = closed(packets);
            assertThat(connection.id()).as("the connection that ended").isEqualTo(taken.id());
            seen = seen() - seenBefore;
            passed = packets(connection) - packets(taken);
        }
    }

    /** Waits until XDP has taken the second connection that there is. {@return it} */
    private Connection taken() {
        final Connection[] found = new Connection[1];
        Await.until("XDP to take it", () -> {
            final List<Connection> all = connections();
            all.sort(Comparator.comparingLong(Connection::createdNs));
            found[0] = all.size() < 2 ? null : all.get(all.size() - 1);
            return found[0] != null && found[0].offloaded();
        });
        return found[0];
    }

    /** Waits for hardware's last word on a connection of many packets whose end software has seen. {@return it} */
    private Connection closed(final long packets) {
        final Connection[] found = new Connection[1];
        Await.until("the end of a connection of " + packets + " packets", () -> {
            found[0] = connections().stream().filter(one -> packets(one) > packets && !one.offloaded()
                && one.state().equals("TIME_WAIT")).findFirst().orElse(null);
            return found[0] != null;
        });
        return found[0];
    }

    private static long packets(final Connection connection) {
        return connection.originalCount().packets() + connection.replyCount().packets();
    }

    @ParameterizedTest
    @ValueSource(strings = {"--ftp-pasv", "--ftp-port"})
    void ftpPassesTheGateway(final String mode) throws Exception {
        start(ConntrackSettings.DEFAULT, "gateway", "native");
        middle.forwarder().sample("gateway-helpers");
        final FtpServer ftp = FtpServer.start(network, "server", false, 1_000_000);
        final Path copy = network.files().resolve("copy");
        final Transfer data = new Transfer(2_000, List.of("curl", "-sS", mode,
            mode.endsWith("port") ? "-" : "--no-progress-meter", "-o", copy.toString(), "ftp://" + SERVER + "/file"));
        assertThat(Files.mismatch(ftp.file(), copy)).as("first byte that differs").isEqualTo(-1);
        assertThat(data.connection.parent()).as("the control connection").isPresent();
        assertThat(data.seen).as("packets that software saw of %d once XDP had the connection", data.passed)
            .isLessThan(data.passed / 4);
        assertThat(connections()).filteredOn(one -> one.helper().isPresent()).as("control connection").isNotEmpty()
            .allMatch(one -> middle.offloading().offload().state(one.id()) == OffloadState.NONE);
    }

    @Test
    void aBridgeCarriesIpv6() throws Exception {
        network.in("client", "ip", "-6", "neighbour", "add", "fc00::2", "lladdr", "02:00:00:00:00:03", "dev", "eth0");
        network.in("server", "ip", "-6", "neighbour", "add", "fc00::1", "lladdr", "02:00:00:00:00:02", "dev", "eth0");
        start(ConntrackSettings.DEFAULT, "bridge", "native");
        iperfServer();
        final Transfer transfer = new Transfer(20_000, List.of("iperf3", "-6", "-c", "fc00::2", "-t", "3"));
        assertThat(transfer.seen).as("packets that software saw of %d once XDP had the connection", transfer.passed)
            .isLessThan(Math.max(FEW, transfer.passed / 20));
    }

    /** UDP both ways: it lives as long as hardware sees it, and ends one timeout after hardware has seen it last. */
    @Test
    void aConnectionLivesByWhatHardwareSees() throws Exception {
        start(ConntrackSettings.DEFAULT.withTimeoutPolicy(
            TimeoutPolicy.parse("short: udp_first=3 udp_single=3 udp_multiple=3")), "gateway", "native");
        middle.forwarder().flows(List.of("table=1,priority=65,in_port=1,udp,ct_state=+new,"
            + "actions=ct(commit,zone=1,timeout=short,nat(src=10.8.0.1),table=2)"));
        network.start("server", "python3", "-c", """
            import socket
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.bind(("", 7))
            while True:
                data, peer = s.recvfrom(2000)
                s.sendto(data, peer)
            """);
        Await.until("the server", () -> network.in("server", "cat", "/proc/net/udp").contains(":0007 "));
        final Process client = network.start("client", "python3", "-c", """
            import socket, time
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.settimeout(2)
            for i in range(40):
                s.sendto(b"%d" % i, ("10.8.0.2", 7))
                assert s.recv(2000) == b"%d" % i
                time.sleep(0.2 if i < 39 else 0)
            """);
        assertThat(client.waitFor(60, TimeUnit.SECONDS)).isTrue();
        final long ended = System.nanoTime();
        assertThat(client.exitValue()).as("every answer came").isZero();
        middle.forwarder().tracker().sweep();
        final Connection connection = connections().stream().filter(one -> one.original().protocol() == 17).findFirst()
            .orElseThrow();
        assertThat(connection.offloaded()).isTrue();
        assertThat(seen()).as("packets that software saw").isLessThan(40);
        Await.until("it to expire", () -> {
            middle.forwarder().tracker().sweep();
            return connections().stream().noneMatch(one -> one.id() == connection.id());
        });
        assertThat(System.nanoTime() - ended).as("its time").isBetween(TimeUnit.MILLISECONDS.toNanos(2_000),
            TimeUnit.SECONDS.toNanos(9));
    }

    @Test
    void aTransferGoesOnWhenTheProviderComesAndGoes() throws Exception {
        start(ConntrackSettings.DEFAULT, "gateway", "native");
        iperfServer();
        final Process transfer = network.start("client", "iperf3", "-c", SERVER, "-t", "12");
        final long connection = taken().id();
        for (int i = 0; i < 3; i++) {
            middle.withdraw();
            assertThat(middle.forwarder().tracker().connection(connection).orElseThrow().offloaded()).isFalse();
            final long before = seen();
            Await.until("software to carry it", () -> seen() > before + 1_000);
            middle.bringBack();
            Await.until("XDP to take it again",
                () -> middle.forwarder().tracker().connection(connection).orElseThrow().offloaded());
        }
        assertThat(transfer.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(transfer.exitValue()).isZero();
    }

    @Test
    void aProcessThatIsKilledLeavesNoProgram() throws Exception {
        iperfServer();
        final Process process = network.start("client", System.getProperty("java.home") + "/bin/java",
            "-Dtrackway.samples=" + System.getProperty("trackway.samples"), "-Djava.io.tmpdir=" + network.files(),
            "-cp", System.getProperty("java.class.path"),
            Standalone.class.getName(), network.namespace("gateway"));
        Await.until("the gateway", () -> network.run("client", "ping", "-c", "1", "-W", "1", SERVER).isGood());
        network.start("client", "iperf3", "-c", SERVER, "-t", "20");
        Await.until("a program", () -> network.in("gateway", "ip", "link", "show", "inside").contains("xdp"));
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().waitFor(30, TimeUnit.SECONDS);
        Await.until("the program to go",
            () -> !network.in("gateway", "ip", "link", "show").contains("xdp"));
    }

    /** The gateway in a process of its own, which somebody else ends. */
    static final class Standalone {

        private Standalone() {
        }

        public static void main(final String[] arguments) throws Exception {
            final XdpForwarder forwarder = new XdpForwarder(Network.of("gateway", arguments[0]), "gateway",
                ConntrackSettings.DEFAULT, "native", CAPACITY);
            forwarder.forwarder().port("inside").port("outside").sample("gateway");
            Thread.sleep(Long.MAX_VALUE);
        }
    }
}
