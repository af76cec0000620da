// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.Tuple;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Packets;
import org.trackway.packet.Port;
import org.trackway.port.afpacket.AfPacketPortFactory;

/** Hostile packets at an interface where XDP forwards: none gets through, and everybody else is served. */
@Isolated("it takes all there is of the machine")
class XdpFloodTest {

    private static final String SERVER = "10.8.0.2";
    private static final int FILE = 24 << 20;
    private static final int HOSTILE = 200_000;
    private static final int CONNECTIONS = 10;
    /** Of a new connection, whose first packets have to find room in a ring that overflows: some are sent again. */
    private static final long PATIENCE_S = 30;
    /** The type of service of the flood's packets, by which the client's kernel counts what comes of them. */
    private static final int MARK = 0xfc;
    private static final String COUNT = "table netdev watch { counter marked {}; chain in {"
        + " type filter hook ingress device \"eth0\" priority -500; ip dscp 0x3f counter name marked; }; }";

    private static final Pattern PACKETS = Pattern.compile("packets (\\d+)");

    private Network network;
    private XdpForwarder middle;

    @BeforeEach
    void layCables() throws Exception {
        network = Network.make("ethtool", "curl", "nft", "python3");
        network.namespaces("client", "server", "gateway");
        network.cable("client/eth0", "gateway/inside", "192.168.7.2/24");
        network.cable("server/eth0", "gateway/outside", SERVER + "/24");
        network.in("client", "ip", "link", "set", "eth0", "address", "02:00:00:00:00:02");
        network.in("server", "ip", "link", "set", "eth0", "address", "02:00:00:00:00:03");
        network.in("client", "ip", "route", "add", "default", "via", "192.168.7.1");
        for (final String end : List.of("client", "server")) {
            network.in(end, "ethtool", "-K", "eth0", "tx", "off", "gro", "on");
        }
        middle = new XdpForwarder(network, "gateway", ConntrackSettings.DEFAULT, "native", 1_000);
        middle.forwarder().port("inside").port("outside").sample("gateway");
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

    @Test
    void hostilePacketsNeitherPassNorKeepOthersOut() throws Exception {
        final byte[] bytes = new byte[FILE];
        new Random(7).nextBytes(bytes);
        final Path folder = Files.createDirectory(network.files().resolve("www"));
        final Path file = Files.write(folder.resolve("file"), bytes);
        Files.writeString(folder.resolve("word"), "word");
        final Path copy = network.files().resolve("copy");
        network.start("server", "python3", "-m", "http.server", "--directory", folder.toString(), "80");
        network.awaitListening("server", 80);
        final Process transfer = network.start("client", "curl", "-sS", "--limit-rate", "1M", "-o", copy.toString(),
            "http://" + SERVER + "/file");
        Await.until("XDP to take the transfer", () -> {
            final List<Connection> all = connections();
            return all.size() == 1 && all.get(0).offloaded() && middle.offloading().offload().providers().get(0)
                .paths() == 2;
        });
        final Connection connection = connections().get(0);
        final long seen = received();

        // Many connections one after another, while the flood lasts.
        final Process others = network.start("client", "sh", "-c", "for i in $(seq " + CONNECTIONS + "); do"
            + " test \"$(curl -sS --max-time " + PATIENCE_S + " http://" + SERVER + "/word)\" = word || exit 1; done");
        final long sent;
        network.in("client", "nft", COUNT);
        try (Port attacker = new AfPacketPortFactory().open("eth0", Map.of("netns", network.namespace("server")))) {
            // Forged without a fault, a packet passes: offload gives up the window. So what passes is counted.
            send(attacker, forged(connection.reply()));
            Await.until("a packet at the client", () -> marked() == 1);
            sent = flood(attacker, connection.reply(), others);
        }
        assertThat(marked()).as("marked packets at the client, the first one among them").isEqualTo(1);
        assertThat(others.exitValue()).as("every one of the other connections was served").isZero();
        assertThat(sent).as("hostile packets").isGreaterThanOrEqualTo(HOSTILE);
        assertThat(received() - seen).as("packets that software saw").isGreaterThan(HOSTILE / 20);
        assertThat(transfer.isAlive()).as("the transfer goes on").isTrue();
        assertThat(middle.forwarder().tracker().connection(connection.id()).orElseThrow().offloaded())
            .as("it is offloaded still").isTrue();
        assertThat(connections()).as("what the flood has made").hasSizeLessThanOrEqualTo(1 + CONNECTIONS);
        assertThat(transfer.waitFor(60, TimeUnit.SECONDS)).as("the transfer ends").isTrue();
        assertThat(transfer.exitValue()).isZero();
        assertThat(Files.mismatch(file, copy)).as("first byte that differs").isEqualTo(-1);
    }

    /** {@return packets that came to user space from outside, or that its ring had no room for} */
    private long received() {
        final Port.Statistics outside = middle.forwarder().state("outside").statistics();
        return outside.receivedPackets() + outside.dropped();
    }

    private List<Connection> connections() {
        final List<Connection> all = new ArrayList<>();
        middle.forwarder().tracker().forEach(ConnectionFilter.ALL, all::add);
        return all;
    }

    /** {@return how many marked packets the client's interface has received} */
    private long marked() {
        final Matcher count = PACKETS.matcher(network.in("client", "nft", "list", "counter", "netdev", "watch", "marked"));
        assertThat(count.find()).isTrue();
        return Long.parseLong(count.group(1));
    }

    /** Sends hostile packets from outside until the others are done. {@return how many} */
    private static long flood(final Port attacker, final Tuple offloaded, final Process others) throws IOException {
        final List<PacketBatch> batches = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            final PacketBatch batch = new PacketBatch();
            for (int j = 0; j < PacketBatch.BURST; j++) {
                batch.add(Packet.of(hostile(offloaded, i * PacketBatch.BURST + j).bytes()));
            }
            batches.add(batch);
        }
        for (int i = 0; attacker.statistics().sentPackets() < HOSTILE || others.isAlive(); i++) {
            attacker.send(batches.get(i % batches.size()));
        }
        return attacker.statistics().sentPackets();
    }

    private static void send(final Port port, final Packets packet) throws IOException {
        final PacketBatch batch = new PacketBatch();
        batch.add(Packet.of(packet.bytes()));
        port.send(batch);
    }

    private static Packets forged(final Tuple offloaded) {
        return marked(Packets.tcp4(offloaded.source().toString(), offloaded.sourcePort(),
            offloaded.destination().toString(), offloaded.destinationPort()).flags("A"));
    }

    private static Packets marked(final Packets packet) {
        return packet.tos(MARK).macs("02:00:00:00:00:03", "02:00:00:00:00:01");
    }

    /** {@return a packet that the flow table drops; some are, as far as it goes, those of an offloaded connection} */
    private static Packets hostile(final Tuple offloaded, final int number) {
        final int port = 1024 + number;
        return switch (number % 8) {
            case 0 -> forged(offloaded).badIpChecksum();
            case 1 -> forged(offloaded).fragment(8, false);
            case 2 -> forged(offloaded).ipLength(39);
            case 3 -> forged(offloaded).macs("02:00:00:00:00:03", "02:00:00:00:00:77");
            case 4 -> marked(Packets.tcp4("203.0.113.9", offloaded.sourcePort(), "10.8.0.1",
                offloaded.destinationPort()).flags("A"));
            case 5 -> marked(Packets.tcp4("203.0.113." + number % 256, port, "192.168.7.2", 80).flags("S"));
            case 6 -> marked(Packets.tcp4(SERVER, port, "10.8.0.1", 80).flags("A"));
            default -> marked(Packets.udp4("203.0.113." + number % 256, port, "10.8.0.1", 53));
        };
    }
}
