// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.ConntrackSettings;

/** The NAT gateway of the samples: the client has a private address, the server knows only the gateway's. */
class GatewayTest {

    private static final String SERVER = "10.8.0.2";

    private Network network;
    private Forwarder forwarder;

    @BeforeEach
    void layCables() throws Exception {
        network = Network.make("ping", "curl", "python3", "vsftpd", "in.tftpd", "traceroute", "nc");
        network.namespaces("client", "server", "gateway");
        network.cable("client/eth0", "gateway/inside", "192.168.7.2/24");
        network.cable("server/eth0", "gateway/outside", SERVER + "/24");
        network.in("client", "ip", "link", "set", "eth0", "address", "02:00:00:00:00:02");
        network.in("server", "ip", "link", "set", "eth0", "address", "02:00:00:00:00:03");
        network.in("client", "ip", "route", "add", "default", "via", "192.168.7.1");
        forwarder = new Forwarder(network, "gateway", ConntrackSettings.DEFAULT).port("inside").port("outside")
            .sample("gateway").sample("gateway-helpers");
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

    @Test
    void theServerSeesTheGatewaysAddress() throws Exception {
        final String program = """
            import socket
            server = socket.create_server(("", 80))
            while True:
                caller, address = server.accept()
                caller.recv(4096)
                caller.send(b"HTTP/1.0 200 OK\\r\\n\\r\\n" + address[0].encode())
                caller.close()
            """;
        network.start("server", "python3", "-c", program);
        network.awaitListening("server", 80);
        assertThat(network.in("client", "curl", "-sS", "http://" + SERVER)).isEqualTo("10.8.0.1");
        network.in("client", "ping", "-c", "2", "-i", "0.1", "-W", "2", SERVER);
        assertThat(network.run("server", "ping", "-c", "1", "-W", "1", "10.8.0.1").isGood()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"--ftp-pasv", "--disable-epsv", "--ftp-port"})
    void ftpPassesInEveryMode(final String mode) throws Exception {
        final FtpServer ftp = FtpServer.start(network, "server", false);
        final Path copy = network.files().resolve("copy");
        network.in("client", "curl", "-sS", mode, mode.endsWith("port") ? "-" : "--no-progress-meter", "-o",
            copy.toString(), "ftp://" + SERVER + "/file");
        assertThat(Files.mismatch(ftp.file(), copy)).as("first byte that differs").isEqualTo(-1);
        final List<Connection> connections = new ArrayList<>();
        forwarder.tracker().forEach(ConnectionFilter.ALL, connections::add);
        assertThat(connections).as("data connections").filteredOn(one -> one.parent().isPresent()).isNotEmpty();
    }

    /** The other way round: a server on the inside that the outside reaches by the gateway's address. */
    @ParameterizedTest
    @CsvSource({"--ftp-pasv", "--disable-epsv", "--ftp-port"})
    void aServerOnTheInsideIsReachedByTheGatewaysAddress(final String mode) throws Exception {
        forwarder.flows(List.of("table=1,priority=65,in_port=2,tcp,ct_state=+new-rel,tp_dst=21,"
            + "actions=ct(commit,zone=1,alg=ftp,nat(dst=192.168.7.2),table=2)"));
        final FtpServer ftp = FtpServer.start(network, "client", false);
        final Path copy = network.files().resolve("copy");
        network.in("server", "curl", "-sS", mode, mode.endsWith("port") ? "-" : "--no-progress-meter", "-o",
            copy.toString(), "ftp://10.8.0.1/file");
        assertThat(Files.mismatch(ftp.file(), copy)).as("first byte that differs").isEqualTo(-1);
    }

    /** Both live on errors of routers, which quote what was translated. */
    @Test
    void routesAndTheirMtuAreFoundThroughTheGateway() throws Exception {
        network.far("server", null);
        assertThat(network.in("client", "traceroute", "-n", "-q", "1", "-w", "1", "10.7.0.2").lines().skip(1)
            .map(line -> line.trim().split(" +")[1])).as("the gateway itself says nothing")
            .containsExactly("*", SERVER, "10.7.0.2");
        network.upload("client", "10.7.0.2");
        assertThat(network.in("client", "ip", "route", "get", "10.7.0.2")).contains("mtu 1400");
    }

    @Test
    void tftpPasses() throws Exception {
        final TftpServer tftp = TftpServer.start(network, "server");
        final Path copy = network.files().resolve("copy");
        network.in("client", "curl", "-sS", "-o", copy.toString(), "tftp://" + SERVER + "/file");
        assertThat(Files.mismatch(tftp.file(), copy)).isEqualTo(-1);
    }
}
