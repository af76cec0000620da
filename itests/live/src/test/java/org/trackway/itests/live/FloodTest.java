// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.Counter;
import org.trackway.datapath.DatapathPort;
import org.trackway.packet.Bytes;
import org.trackway.packet.Checksums;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Packets;
import org.trackway.packet.Port;
import org.trackway.port.afpacket.AfPacketPortFactory;

/** Far more than can be served: of new connections, while somebody transfers a file, and of packets. */
@Isolated("it takes all there is of the machine")
class FloodTest {

    private static final int FLOOD = 1_000_000;
    private static final int LIMIT = 5_000;
    private static final int FILE = 24 << 20;
    private static final int CONNECTIONS = 1_024;
    /** More than what the test itself keeps, far less than a trace of each packet would take. */
    private static final long FLAT = 8 << 20;
    /** Packets that the host sends by itself: of neighbour discovery. */
    private static final int OTHERS = 20;

    private Network network;
    private Forwarder forwarder;

    @BeforeEach
    void layCables() throws Exception {
        network = Network.make("curl", "python3");
        network.namespaces("client", "server", "bridge");
        network.cable("client/eth0", "bridge/inside", "10.9.0.1/24");
        network.cable("server/eth0", "bridge/outside", "10.9.0.2/24");
        forwarder = new Forwarder(network, "bridge", ConntrackSettings.DEFAULT.withMaxConnections(LIMIT))
            .port("inside").port("outside").sample("bridge");
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
    void anEstablishedTransferGoesOnAndTheLimitHolds() throws Exception {
        final byte[] bytes = new byte[FILE];
        new Random(3).nextBytes(bytes);
        final Path file = Files.write(Files.createDirectory(network.files().resolve("www")).resolve("file"), bytes);
        final Path copy = network.files().resolve("copy");
        network.start("server", "python3", "-m", "http.server", "--directory", file.getParent().toString(), "80");
        network.awaitListening("server", 80);
        final Process transfer = network.start("client", "curl", "-sS", "--limit-rate", "4M", "-o", copy.toString(),
            "http://10.9.0.2/file");
        Await.until("the transfer to begin", () -> Files.exists(copy));

        final long heap = heap();
        final long created = counter(Counter.CREATED);
        final long sent = flood(transfer);
        assertThat(sent).as("first segments while the file was transferred").isGreaterThan(20 * LIMIT);
        assertThat(forwarder.tracker().count()).as("connections").isEqualTo(LIMIT);
        Await.until("each to be let in or refused, or dropped by the ring", () -> counter(Counter.FULL)
            + counter(Counter.CREATED) - created >= sent - forwarder.state("inside").statistics().dropped());
        assertThat(counter(Counter.FULL) + counter(Counter.CREATED) - created).isLessThanOrEqualTo(sent);
        assertThat(heap() - heap).as("bytes of the heap that the flood left behind").isLessThan(FLAT);
        assertNothingFailed();

        assertThat(transfer.waitFor(30, TimeUnit.SECONDS)).as("the transfer ends").isTrue();
        assertThat(transfer.exitValue()).isZero();
        assertThat(Files.mismatch(file, copy)).as("first byte that differs").isEqualTo(-1);
    }

    @Test
    void everyPacketOfAMillionIsAccountedFor() throws Exception {
        final UdpTraffic traffic = new UdpTraffic("10.9.0.1", "10.9.0.2", CONNECTIONS);
        try (Port client = open("client"); Port server = open("server")) {
            traffic.establish(client, server);
            final long heap = heap();
            final Port.Statistics inside = forwarder.state("inside").statistics();
            final Port.Statistics outside = forwarder.state("outside").statistics();
            final long known = packetsOfConnections();
            final long before = client.statistics().sentPackets();
            for (int i = 0; i < FLOOD; i += PacketBatch.BURST) {
                client.send(traffic.next());
            }
            final long sent = client.statistics().sentPackets() - before;
            assertThat(sent + client.statistics().dropped()).isEqualTo(FLOOD);
            Await.until("all to have come", () -> {
                final Port.Statistics now = forwarder.state("inside").statistics();
                return now.receivedPackets() - inside.receivedPackets() + now.dropped() - inside.dropped() >= sent;
            });
            final long received = forwarder.state("inside").statistics().receivedPackets() - inside.receivedPackets();
            assertThat(received).as("what the ring had room for").isGreaterThan(sent / 4);
            Await.until("all to have left", () -> {
                final Port.Statistics now = forwarder.state("outside").statistics();
                return now.sentPackets() - outside.sentPackets() + now.dropped() - outside.dropped()
                    >= received - OTHERS;
            });
            assertThat(packetsOfConnections() - known).as("packets counted with their connections")
                .isBetween(received - OTHERS, received);
            assertThat(forwarder.tracker().count()).isEqualTo(CONNECTIONS);
            assertThat(heap() - heap).as("bytes of the heap that the burst left behind").isLessThan(FLAT);
        }
        assertNothingFailed();
    }

    private long packetsOfConnections() {
        final AtomicLong sum = new AtomicLong();
        forwarder.tracker().forEach(ConnectionFilter.ALL, one -> sum.addAndGet(one.originalCount().packets()));
        return sum.get();
    }

    private void assertNothingFailed() {
        assertThat(counter(Counter.FAILURES)).isZero();
        assertThat(counter(Counter.HELPER_FAILURES)).isZero();
        assertThat(forwarder.datapath().counters().lost()).isZero();
        assertThat(forwarder.datapath().ports()).extracting(DatapathPort::state)
            .containsOnly(DatapathPort.State.RUNNING);
    }

    private long counter(final Counter counter) {
        return forwarder.tracker().counters().get(counter);
    }

    /** {@return bytes of the heap that are in use, without garbage} */
    private static long heap() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    private Port open(final String namespace) throws IOException {
        return new AfPacketPortFactory().open("eth0", Map.of("netns", network.namespace(namespace)));
    }

    /** {@return how many first segments were sent, each of another connection, while the transfer went on} */
    private long flood(final Process transfer) throws Exception {
        final PacketBatch batch = new PacketBatch();
        for (int i = 0; i < PacketBatch.BURST; i++) {
            batch.add(Packet.of(Packets.tcp4("10.77.0.1", 1, "10.9.0.2", 9).flags("S").bytes()));
        }
        try (Port port = open("client")) {
            for (int i = 0; i < FLOOD && transfer.isAlive(); i += PacketBatch.BURST) {
                for (int j = 0; j < PacketBatch.BURST; j++) {
                    final Packet packet = batch.get(j);
                    packet.parse();
                    final int at = packet.l4Offset();
                    final int before = Bytes.i32(packet.data(), at);
                    final int number = i + j;
                    final int after = (1024 + number % 60_000) << 16 | (1 + number / 60_000);
                    Bytes.put32(packet.data(), at, after);
                    Bytes.put16(packet.data(), at + 16,
                        Checksums.update32(Bytes.u16(packet.data(), at + 16), before, after));
                }
                port.send(batch);
            }
            return port.statistics().sentPackets();
        }
    }
}
