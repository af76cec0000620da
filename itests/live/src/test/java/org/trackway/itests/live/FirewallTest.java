// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.live;

import static java.nio.charset.StandardCharsets.US_ASCII;
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
        network = Network.make("ping", "curl", "python3", "vsftpd", "in.tftpd");
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
        final String program = """
            import socket
            address = socket.getaddrinfo("%s", 4242, type=socket.SOCK_DGRAM)[0]
            caller = socket.socket(address[0], address[1])
            caller.settimeout(5)
            caller.connect(address[4])
            caller.send(b"x")
            try:
                caller.recv(1)
            except ConnectionRefusedError:
                print("refused")
            """.formatted(server);
        assertThat(network.in("client", "python3", "-c", program)).isEqualTo("refused\n");
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
        final Path root = Files.createDirectory(network.files().resolve("tftp"));
        final Path file = Files.write(root.resolve("file"), "Trackway".repeat(10_000).getBytes(US_ASCII));
        network.start("server", "in.tftpd", "-L", "-c", "-u", "root", "-s", root.toString());
        Await.until("the server", () -> network.in("server", "cat", "/proc/net/udp6").contains(":0045 "));
        final Path copy = network.files().resolve("copy");
        network.in("client", "curl", "-sS", "-o", copy.toString(), "tftp://" + server + "/file");
        assertThat(Files.mismatch(file, copy)).as("first byte that differs").isEqualTo(-1);
        network.in("client", "curl", "-sS", "-T", copy.toString(), "tftp://" + server + "/stored");
        assertThat(Files.mismatch(file, root.resolve("stored"))).as("first byte that differs").isEqualTo(-1);
    }

    @Test
    void withoutTheHelperNoDataConnectionPasses() throws Exception {
        forwarder.datapath().removeFlows("tcp,tp_dst=21", false);
        FtpServer.start(network, "server", false);
        assertThat(network.run("client", "curl", "-sS", "-m", "3", "--ftp-port", "-", "ftp://10.9.0.2/file").isGood())
            .isFalse();
    }
}
