// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.datapath.DatapathPort;
import org.trackway.packet.Bytes;
import org.trackway.packet.Checksums;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Packets;
import org.trackway.packet.Port;
import org.trackway.port.afpacket.AfPacketPortFactory;

/** A flood of new connections, far above how many the tracker may hold, while somebody transfers a file. */
@Isolated("it takes all there is of the machine")
class FloodTest {

    private static final int FLOOD = 500_000;
    private static final int LIMIT = 5_000;
    private static final int FILE = 12 << 20;

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

        assertThat(flood(transfer)).as("first segments while the file was transferred").isGreaterThan(4 * LIMIT);
        assertThat(forwarder.tracker().count()).as("connections").isEqualTo(LIMIT);

        assertThat(transfer.waitFor(30, TimeUnit.SECONDS)).as("the transfer ends").isTrue();
        assertThat(transfer.exitValue()).isZero();
        assertThat(Files.mismatch(file, copy)).as("first byte that differs").isEqualTo(-1);
        assertThat(forwarder.datapath().ports()).extracting(DatapathPort::state)
            .containsOnly(DatapathPort.State.RUNNING);
    }

    /** {@return how many first segments were sent, each of another connection, while the transfer went on} */
    private long flood(final Process transfer) throws Exception {
        final PacketBatch batch = new PacketBatch();
        for (int i = 0; i < PacketBatch.BURST; i++) {
            batch.add(Packet.of(Packets.tcp4("10.77.0.1", 1, "10.9.0.2", 9).flags("S").bytes()));
        }
        try (Port port = new AfPacketPortFactory().open("eth0", Map.of("netns", network.namespace("client")))) {
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
