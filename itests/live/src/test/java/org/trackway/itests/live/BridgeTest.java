// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.datapath.DatapathPort;
import org.trackway.packet.EtherType;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Packets;
import org.trackway.packet.Port;
import org.trackway.packet.PortFactory;
import org.trackway.port.afpacket.AfPacketPortFactory;

/** A client and a server on two cables that end in Trackway: it is the bridge between them. */
class BridgeTest {

    private Network network;
    private Forwarder forwarder;

    @BeforeEach
    void layCables() throws Exception {
        network = Network.make("ping", "curl", "python3");
        network.namespaces("client", "server", "bridge");
        network.cable("client/eth0", "bridge/left", "10.9.0.1/24", "fd09::1/64");
        network.cable("server/eth0", "bridge/right", "10.9.0.2/24", "fd09::2/64");
        forwarder = new Forwarder(network, "bridge", ConntrackSettings.DEFAULT);
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

    private void bridge(final String... options) throws Exception {
        forwarder.port("left", options).port("right", options).flows(List.of("actions=normal"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"v2", "v3"})
    void pingsPassAndNeighboursAreFound(final String mode) throws Exception {
        bridge("mode=" + mode);
        network.in("client", "ping", "-c", "3", "-i", "0.1", "-W", "2", "10.9.0.2");
        network.in("client", "ping", "-c", "3", "-i", "0.1", "-W", "2", "fd09::2");
        network.in("client", "ping", "-c", "2", "-i", "0.1", "-W", "2", "-s", "8000", "10.9.0.2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"v2", "v3", "v2 threads=2"})
    void aFileArrivesAsItWasThoughTheKernelLeavesChecksumsAndSegmentsToTheHardware(final String mode)
            throws Exception {
        bridge(("mode=" + mode).split(" "));
        final Path file = random(16 << 20);
        network.start("server", "python3", "-m", "http.server", "--bind", "::", "--directory",
            file.getParent().toString(), "80");
        network.awaitListening("server", 80);
        for (final String server : List.of("10.9.0.2", "[fd09::2]")) {
            final Path copy = network.files().resolve("copy");
            network.in("client", "curl", "-sS", "-o", copy.toString(), "http://" + server + "/" + file.getFileName());
            assertThat(Files.mismatch(file, copy)).as("first byte that differs").isEqualTo(-1);
        }
        assertThat(forwarder.state("right").statistics().receivedPackets())
            .as("packets for 32 MiB: many are longer than the MTU").isLessThan(20_000);
    }

    /** The kernel takes the outer tag out of what it hands to a ring; so much has to come back, and be sent with it. */
    @Test
    void taggedFramesKeepTheirTags() throws Exception {
        bridge();
        final PortFactory factory = new AfPacketPortFactory();
        try (Port client = factory.open("eth0", Map.of("netns", network.namespace("client")));
                Port server = factory.open("eth0", Map.of("netns", network.namespace("server")))) {
            final Packet sent = Packet.of(Packets.udp4("10.9.0.1", 7, "10.9.0.2", 7).payloadSize(100).bytes());
            sent.pushVlan(EtherType.VLAN, 0x2005);
            sent.pushVlan(EtherType.SERVICE_VLAN, 7);
            final PacketBatch batch = new PacketBatch();
            batch.add(sent);
            client.send(batch);
            final List<byte[]> arrived = new ArrayList<>();
            Await.until("the frame", () -> {
                receive(server, arrived);
                return arrived.stream().anyMatch(frame -> Arrays.equals(frame, sent.bytes()));
            });
        }
    }

    @Test
    void broadcastAndMulticastGoToEveryOtherPortAndTheRestWhereItBelongs() throws Exception {
        network.namespaces("third");
        network.cable("third/eth0", "bridge/middle");
        bridge();
        forwarder.port("middle");
        final String one = "02:00:00:00:00:01";
        final String two = "02:00:00:00:00:02";
        final Packets any = Packets.udp4("10.9.0.1", 7, "10.9.0.2", 7);
        final byte[] broadcast = any.macs(one, "ff:ff:ff:ff:ff:ff").bytes();
        final byte[] multicast = any.macs(one, "01:00:5e:00:00:fb").bytes();
        final byte[] answer = any.macs(two, one).bytes();
        final byte[] known = any.macs(one, two).bytes();
        try (Wire client = new Wire("client"); Wire server = new Wire("server"); Wire third = new Wire("third")) {
            client.send(broadcast);
            client.send(multicast);
            server.hears(broadcast, multicast);
            third.hears(broadcast, multicast);
            server.send(answer);
            client.hears(answer);
            client.send(known);
            server.hears(broadcast, multicast, known);
            // What was sent last has gone everywhere that what came before it could have.
            client.send(broadcast);
            third.hears(broadcast, multicast, broadcast);
            client.hears(answer);
        }
    }

    /** A port at a host's end of its cable, which remembers what of the test's own came in. */
    private final class Wire implements AutoCloseable {

        private final Port port;
        private final List<byte[]> heard = new ArrayList<>();

        Wire(final String namespace) throws IOException {
            port = new AfPacketPortFactory().open("eth0", Map.of("netns", network.namespace(namespace)));
        }

        void send(final byte[] frame) throws IOException {
            final PacketBatch batch = new PacketBatch();
            batch.add(Packet.of(frame));
            port.send(batch);
        }

        void hears(final byte[]... frames) {
            Await.equal(() -> {
                receive(port, heard);
                return heard.stream().filter(frame -> frame[6] == 2 && frame[10] == 0).map(Arrays::hashCode).toList();
            }, Arrays.stream(frames).map(Arrays::hashCode).toList());
        }

        @Override
        public void close() throws IOException {
            port.close();
        }
    }

    private static void receive(final Port port, final List<byte[]> frames) {
        final PacketBatch batch = new PacketBatch();
        try {
            port.receive(batch);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        for (int i = 0; i < batch.size(); i++) {
            frames.add(batch.get(i).bytes());
        }
    }

    @Test
    void anInterfaceGoesDownAndComesBack() throws Exception {
        bridge();
        network.in("client", "ping", "-c", "1", "-W", "2", "10.9.0.2");
        network.in("bridge", "ip", "link", "set", "right", "down");
        assertThat(network.run("client", "ping", "-c", "1", "-W", "1", "10.9.0.2").isGood()).isFalse();
        assertThat(forwarder.state("right").state()).isEqualTo(DatapathPort.State.RUNNING);
        network.in("bridge", "ip", "link", "set", "right", "up");
        network.in("client", "ping", "-c", "1", "-W", "5", "10.9.0.2");
    }

    @Test
    void aRemovedInterfaceFailsThePortInOneLine() throws Exception {
        bridge();
        network.in("bridge", "ip", "link", "delete", "right");
        Await.until("the port to fail", () -> forwarder.state("right").state() == DatapathPort.State.FAILED);
        assertThat(forwarder.state("right").error()).contains("right: the interface was removed");
        assertThat(forwarder.state("left").state()).isEqualTo(DatapathPort.State.RUNNING);
        network.cable("server/eth1", "bridge/right", "10.9.0.3/24");
        forwarder.datapath().removePort("right");
        forwarder.port("right");
        network.in("client", "ping", "-c", "1", "-W", "5", "10.9.0.3");
    }

    private Path random(final int size) throws Exception {
        final byte[] bytes = new byte[size];
        new Random(1).nextBytes(bytes);
        return Files.write(Files.createDirectory(network.files().resolve("www")).resolve("file"), bytes);
    }
}
