// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.trackway.conntrack.ConntrackSettings;

/** The stateful bridge of the samples between two namespaces: who may speak to whom. */
class FirewallTest {

    private Network network;
    private Forwarder forwarder;

    @BeforeEach
    void layCables() throws Exception {
        network = Network.make("ping", "curl", "python3", "vsftpd", "in.tftpd", "lftp", "iperf3", "traceroute",
            "nc");
        network.namespaces("client", "server", "bridge");
        network.cable("client/eth0", "bridge/inside", "10.9.0.1/24", "fd09::1/64");
        network.cable("server/eth0", "bridge/outside", "10.9.0.2/24", "fd09::2/64");
        forwarder = new Forwarder(network, "bridge", ConntrackSettings.DEFAULT).port("inside").port("outside")
            .sample("bridge");
    }

    @AfterEach
    void takeAllAway() throws Exception {
        if (forwarder != null) {
            forwarder.close();
        }
        if (network != null) {
            network.close();
        }
    }

    @ParameterizedTest
    @CsvSource({"10.9.0.1, 10.9.0.2", "fd09::1, fd09::2"})
    void theInsideMayPingAndTheOutsideMayNot(final String client, final String server) {
        network.in("client", "ping", "-c", "2", "-i", "0.1", "-W", "2", server);
        assertThat(network.run("server", "ping", "-c", "2", "-i", "0.1", "-W", "1", client).output())
            .contains("100% packet loss");
    }

    @ParameterizedTest
    @CsvSource({"10.9.0.1, 10.9.0.2", "[fd09::1], [fd09::2]"})
    void theInsideMayOpenConnectionsAndTheOutsideMayNot(final String client, final String server) throws Exception {
        final Path folder = Files.createDirectory(network.files().resolve("www"));
        Files.writeString(folder.resolve("page"), "hi");
        for (final String namespace : new String[] {"client", "server"}) {
            network.start(namespace, "python3", "-m", "http.server", "--bind", "::", "--directory",
                folder.toString(), "80");
            network.awaitListening(namespace, 80);
        }
        assertThat(network.in("client", "curl", "-sS", "http://" + server + "/page")).isEqualTo("hi");
        // 28: nothing came back at all, not even a refusal.
        assertThat(network.run("server", "curl", "-sS", "-m", "1", "http://" + client + "/page").status())
            .isEqualTo(28);
    }

    /** A port where nobody listens is told by an ICMP error, which belongs to the connection it is about. */
    @ParameterizedTest
    @ValueSource(strings = {"10.9.0.2", "fd09::2"})
    void anErrorAboutAConnectionComesBack(final String server) {
        assertThat(network.isRefused("client", server)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"10.9.0.2, --ftp-pasv", "10.9.0.2, --disable-epsv", "10.9.0.2, --ftp-port",
        "[fd09::2], --ftp-pasv", "[fd09::2], --ftp-port"})
    void ftpTransfersFilesInEveryMode(final String server, final String mode) throws Exception {
        final FtpServer ftp = FtpServer.start(network, "server", server.startsWith("["));
        final Path copy = network.files().resolve("copy");
        network.in("client", "curl", "-sS", mode, mode.endsWith("port") ? "-" : "--no-progress-meter", "-o",
            copy.toString(), "ftp://" + server + "/file");
        assertThat(Files.mismatch(ftp.file(), copy)).as("first byte that differs").isEqualTo(-1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.9.0.2", "[fd09::2]"})
    void tftpTransfersFilesBothWays(final String server) throws Exception {
        final TftpServer tftp = TftpServer.start(network, "server");
        final Path copy = network.files().resolve("copy");
        network.in("client", "curl", "-sS", "-o", copy.toString(), "tftp://" + server + "/file");
        assertThat(Files.mismatch(tftp.file(), copy)).as("first byte that differs").isEqualTo(-1);
        network.in("client", "curl", "-sS", "-T", copy.toString(), "tftp://" + server + "/stored");
        assertThat(Files.mismatch(tftp.file(), tftp.root().resolve("stored"))).as("first byte that differs").isEqualTo(-1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"on", "off"})
    void lftpTransfersFiles(final String passive) throws Exception {
        final FtpServer ftp = FtpServer.start(network, "server", false);
        final Path copy = network.files().resolve("copy");
        network.in("client", "lftp", "-c", "set ftp:passive-mode " + passive + "; set net:timeout 5; open 10.9.0.2;"
            + " get file -o " + copy);
        assertThat(Files.mismatch(ftp.file(), copy)).as("first byte that differs").isEqualTo(-1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.9.0.2", "fd09::2 --reverse", "10.9.0.2 --udp --bitrate 50M"})
    void iperf3PassesBothWays(final String options) throws Exception {
        network.start("server", "iperf3", "--server");
        network.awaitListening("server", 5201);
        assertThat(network.in("client", ("iperf3 --time 1 --format m --client " + options).split(" ")))
            .contains("iperf Done").doesNotContainPattern("receiver\\s+0\\.00 Mbits");
    }

    /** The server is a router, too: what lies behind it is found by traceroute, and how much the way there takes. */
    @ParameterizedTest
    @CsvSource({"10.9.0.2, 10.7.0.2", "fd09::2, fd07::2"})
    void routesAndTheirMtuAreFound(final String router, final String far) throws Exception {
        network.far("server", "client");
        assertThat(network.in("client", "traceroute", "-n", "-q", "1", "-w", "1", far).lines().skip(1)
            .map(line -> line.trim().split(" +")[1])).containsExactly(router, far);
        network.upload("client", far);
        assertThat(network.in("client", "ip", "route", "get", far)).contains("mtu 1400");
    }

    @Test
    void withoutTheHelperNoDataConnectionPasses() throws Exception {
        forwarder.datapath().removeFlows("tcp,tp_dst=21", false);
        FtpServer.start(network, "server", false);
        assertThat(network.run("client", "curl", "-sS", "-m", "3", "--ftp-port", "-", "ftp://10.9.0.2/file").isGood())
            .isFalse();
    }
}
