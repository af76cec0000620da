// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.CtAction;
import org.trackway.conntrack.Nat;
import org.trackway.conntrack.Tuple;
import org.trackway.offload.Path;
import org.trackway.offload.spi.OffloadBatch;
import org.trackway.offload.spi.OffloadProvider;
import org.trackway.offload.spi.Operation;
import org.trackway.packet.IpAddress;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Packets;
import org.trackway.packet.Port;
import org.trackway.port.afpacket.AfPacketPortFactory;
import org.trackway.provider.xdp.LoadProgram;
import org.trackway.provider.xdp.XdpProviders;

/**
 * Measurements, with {@code -Dtrackway.load}: they take minutes and the whole machine. Frames of 64 bytes are made by a
 * program in the kernel, go over a veth into the gateway, and are counted behind it by another program.
 */
@EnabledIfSystemProperty(named = "trackway.load", matches = ".*")
class XdpLoadTest {

    private static final int ROUNDS = 5;
    private static final int FRAMES = 3_000_000;
    private static final int MILLION = 1_000_000;
    private static final int BATCH = 256;

    /** {@return packets that arrive in a second while as many are sent as can be, the median of some rounds} */
    private static double measure(final String what, final LoadProgram generator, final byte[] frame,
            final LoadProgram sink) {
        final double[] rates = new double[ROUNDS];
        long arrived = 0;
        for (int i = 0; i < ROUNDS; i++) {
            final long before = sink.count();
            final long start = System.nanoTime();
            generator.run(frame, FRAMES);
            rates[i] = (sink.count() - before) * 1e9 / (System.nanoTime() - start);
            arrived += sink.count() - before;
        }
        Arrays.sort(rates);
        System.out.printf("%-30s %6.0f kpps, best %6.0f; %.1f %% of what was sent arrived%n", what,
            rates[ROUNDS / 2] / 1e3, rates[ROUNDS - 1] / 1e3, arrived * 100.0 / FRAMES / ROUNDS);
        return rates[ROUNDS / 2];
    }

    @Test
    void forwarding() throws Exception {
        for (final int flows : new int[] {1_000, 60_000}) {
            forwarding(flows);
        }
    }

    private void forwarding(final int flows) throws Exception {
        try (Network network = Network.make("ethtool")) {
            network.namespaces("client", "server", "gateway");
            network.cable("client/eth0", "gateway/inside");
            network.cable("server/eth0", "gateway/outside");
            for (final String end : List.of("client", "server")) {
                network.in(end, "sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6");
                network.in(end, "ethtool", "-K", "eth0", "gro", "on");
            }
            network.in("gateway", "ethtool", "-K", "inside", "gro", "on");
            final byte[] frame = Packets.udp4("192.168.7.2", 0, "10.8.0.2", 9).macs("02:00:00:00:00:02",
                "02:00:00:00:00:01").payloadSize(22).bytes();
            final String gateway = "/run/netns/" + network.namespace("gateway");
            final String server = "/run/netns/" + network.namespace("server");
            try (LoadProgram sink = new LoadProgram("sink", Map.of()).attach(server, index(network, "server", "eth0"));
                    LoadProgram generator = new LoadProgram("generate", Map.of("flows", flows)).sendTo(
                        "/run/netns/" + network.namespace("client"), index(network, "client", "eth0"))) {
                System.out.println(flows + " flows");
                final LoadProgram redirect = new LoadProgram("bare", Map.of())
                    .sendTo(gateway, index(network, "gateway", "outside"))
                    .attach(gateway, index(network, "gateway", "inside"));
                final double bare = measure("bare redirect in C", generator, frame, sink);
                redirect.close();
                try (XdpForwarder middle = new XdpForwarder(network, "gateway", ConntrackSettings.DEFAULT, "native",
                        131_072)) {
                    middle.forwarder().port("inside").port("outside").sample("gateway");
                    middle.withdraw();
                    establish(middle.forwarder().tracker(), flows);
                    final double software = measure("flow table, tracker and NAT", generator, frame, sink);
                    middle.bringBack();
                    // Paths leave by ports that something has come in by.
                    send(network, "client", Packets.udp4("192.168.7.2", 500, "10.8.0.2", 9));
                    Await.until("a connection", () -> middle.forwarder().tracker().count() > flows);
                    send(network, "server", Packets.udp4("10.8.0.2", 9, "10.8.0.1", 500));
                    Await.until("all to be in XDP", () -> {
                        generator.run(frame, 4_096);
                        return middle.offloading().offload().providers().get(0).paths() >= flows;
                    });
                    final double xdp = measure("offloaded with NAT", generator, frame, sink);
                    System.out.printf("%.1f times software, %.0f %% of bare%n", xdp / software, 100 * xdp / bare);
                }
            }
        }
    }

    private static void send(final Network network, final String namespace, final Packets packet) throws IOException {
        try (Port port = new AfPacketPortFactory().open("eth0", Map.of("netns", network.namespace(namespace)))) {
            final PacketBatch batch = new PacketBatch();
            batch.add(Packet.of(packet.macs("02:00:00:00:00:09", "02:00:00:00:00:01").bytes()));
            port.send(batch);
        }
    }

    private static int index(final Network network, final String namespace, final String name) {
        return Integer.parseInt(network.in(namespace, "cat", "/sys/class/net/" + name + "/ifindex").strip());
    }

    /** Has the tracker see a packet of each direction of every flow. */
    private static void establish(final Conntrack tracker, final int flows) {
        final CtAction commit = CtAction.builder().zone(1).commit().nat(new Nat(Nat.Kind.SOURCE,
            IpAddress.parse("10.8.0.1"), IpAddress.parse("10.8.0.1"), 0, 0, false, false)).build();
        final CtAction answer = CtAction.builder().zone(1).nat(Nat.KNOWN).build();
        for (int i = 0; i < flows; i++) {
            final Packet out = Packet.of(Packets.udp4("192.168.7.2", 1024 + i, "10.8.0.2", 9).bytes());
            one(tracker, out, commit);
            out.parse();
            final int port = (out.data()[out.l4Offset()] & 0xff) << 8 | out.data()[out.l4Offset() + 1] & 0xff;
            one(tracker, Packet.of(Packets.udp4("10.8.0.2", 9, "10.8.0.1", port).bytes()), answer);
        }
        assertThat(tracker.count()).isEqualTo(flows);
    }

    private static void one(final Conntrack tracker, final Packet packet, final CtAction action) {
        final PacketBatch batch = new PacketBatch();
        batch.add(packet);
        tracker.execute(batch, action, tracker.now());
    }

    @Test
    void millionPaths() throws Exception {
        try (Network network = Network.make()) {
            network.namespaces("left", "right");
            network.cable("left/eth0", "right/eth0");
            final OffloadProvider provider = XdpProviders.make(MILLION, "generic");
            try (Port port = new AfPacketPortFactory().open("eth0", Map.of("netns", network.namespace("right")))) {
                provider.serves(port);
                for (int round = 0; round < 3; round++) {
                    batches("added", provider, (batch, id) -> batch.forward(id, path(id)));
                    assertThat(provider.holdings().orElseThrow().paths()).hasSize(MILLION);
                    batches("asked", provider, (batch, id) -> batch.append(Operation.Kind.ACTIVITY, id));
                    batches("removed", provider, (batch, id) -> batch.append(Operation.Kind.WITHDRAW, id));
                    assertThat(provider.holdings().orElseThrow().paths()).isEmpty();
                }
            } finally {
                XdpProviders.close(provider);
            }
        }
    }

    /** Puts an operation on a path into a batch. */
    private interface Filler {
        void append(OffloadBatch batch, int id);
    }

    private static void batches(final String what, final OffloadProvider provider, final Filler filler) {
        final List<Long> latencies = new ArrayList<>();
        long total = 0;
        for (int from = 0; from < MILLION; from += BATCH) {
            final OffloadBatch batch = new OffloadBatch();
            for (int id = from; id < Math.min(MILLION, from + BATCH); id++) {
                filler.append(batch, id);
            }
            final long start = System.nanoTime();
            provider.submit(batch);
            final long took = System.nanoTime() - start;
            latencies.add(took);
            total += took;
            assertThat(batch.operations()).allMatch(one -> one.answer().isHeld());
        }
        latencies.sort(null);
        System.out.printf("%-8s 1,000,000 in batches of %d: %.2f million/s; a batch takes %d us, 99 %% %d, longest"
            + " %d%n", what, BATCH, MILLION * 1e3 / total, latencies.get(latencies.size() / 2) / 1_000,
            latencies.get(latencies.size() * 99 / 100) / 1_000, latencies.get(latencies.size() - 1) / 1_000);
    }

    private static Path path(final int id) {
        final Tuple arrives = Tuple.of(IpAddress.v4(0x0a000000 | id >> 8), IpAddress.v4(0x0a800001), 6, id & 0xff, 80);
        final Tuple leaves = Tuple.of(IpAddress.v4(0x0ac00001), IpAddress.v4(0x0a800001), 6, id & 0xffff, 80);
        return new Path("eth0", "eth0", arrives, leaves, List.of(), List.of(), OptionalLong.of(1),
            OptionalLong.of(2), 1, List.of(new Path.Hop(id, false)));
    }
}
