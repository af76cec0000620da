// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.trackway.packet.LinuxInterface;
import org.trackway.packet.Bytes;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Packets;
import org.trackway.packet.Port;
import org.trackway.packet.PortFactory;
import org.trackway.packet.Receiver;
import org.trackway.port.afpacket.AfPacketPortFactory;

/** Two ports on the two ends of one cable. */
@Isolated("its rings are small")
class PortTest {

    private final PortFactory factory = new AfPacketPortFactory();
    private Network network;
    private Port left;
    private Port right;

    @BeforeEach
    void layACable() throws Exception {
        network = Network.make("setpriv");
        network.namespaces("left", "right");
        network.in("left", "sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6");
        network.cable("left/eth0", "right/eth0");
    }

    @AfterEach
    void takeAllAway() throws Exception {
        for (final Port port : new Port[] {left, right}) {
            if (port != null) {
                port.close();
            }
        }
        if (network != null) {
            network.close();
        }
    }

    private Port open(final String namespace, final String mode) throws IOException {
        return factory.open("eth0", Map.of("netns", network.namespace(namespace), "mode", mode, "ring", "1"));
    }

    private void openBoth(final String mode) throws IOException {
        left = open("left", mode);
        right = open("right", mode);
    }

    private static PacketBatch burst(final int payload) {
        final PacketBatch batch = new PacketBatch();
        for (int i = 0; i < PacketBatch.BURST; i++) {
            batch.add(Packet.of(Packets.udp4("10.9.0.1", 1 + i, "10.9.0.2", 9).payloadSize(payload).bytes()));
        }
        return batch;
    }

    /** Receives until so many have come, or nothing has for long. {@return how many came} */
    private static int receive(final Port port, final PacketBatch batch, final int wanted) throws IOException {
        int count = 0;
        for (int i = 0; i < 1_000 && count < wanted; i++) {
            batch.clear();
            final int received = port.receive(batch);
            count += received;
            if (received == 0) {
                port.await(10_000_000);
            }
        }
        return count;
    }

    @ParameterizedTest
    @ValueSource(strings = {"v2", "v3"})
    void packetsArriveInOrderAndAreCounted(final String mode) throws Exception {
        openBoth(mode);
        final PacketBatch sent = burst(100);
        left.send(sent);
        final PacketBatch received = new PacketBatch();
        // The burst may come in parts.
        for (int i = 0; i < PacketBatch.BURST;) {
            receive(right, received, 1);
            assertThat(received.size()).isPositive();
            for (int j = 0; j < received.size(); j++) {
                assertThat(received.get(j).bytes()).isEqualTo(sent.get(i++).bytes());
                assertThat(received.get(j).inPort()).isSameAs(right);
                assertThat(received.get(j).timestampNs()).isPositive();
            }
        }
        assertThat(left.statistics()).isEqualTo(new Port.Statistics(0, 0, 32, 32 * 142, 0));
        assertThat(right.statistics()).isEqualTo(new Port.Statistics(32, 32 * 142, 0, 0, 0));
    }

    @Test
    void aPacketIsReusedUnlessItWasKept() throws Exception {
        openBoth("v2");
        final Packet first = receiveOne(100);
        final Packet second = receiveOne(101);
        assertThat(second).isSameAs(first);
        second.keep();
        assertThat(receiveOne(102)).isNotSameAs(second);
        assertThat(second.length()).isEqualTo(143);
    }

    private Packet receiveOne(final int payload) throws IOException {
        final PacketBatch batch = burst(payload);
        batch.truncate(1);
        left.send(batch);
        assertThat(receive(right, batch, 1)).isOne();
        return batch.get(0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"v2", "v3"})
    void nothingIsAllocatedOnThePacketPath(final String mode) throws Exception {
        openBoth(mode);
        final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        final PacketBatch sent = burst(100);
        final PacketBatch received = new PacketBatch();
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 20; round++) {
            final long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 100; i++) {
                left.send(sent);
                assertReceived(receive(right, received, 32));
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertThat(least).as("bytes for 3,200 packets sent and received").isLessThan(3_200);
    }

    private static void assertReceived(final int count) {
        if (count != PacketBatch.BURST) {
            throw new AssertionError(count + " packets of a burst arrived");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"v2", "v3"})
    void threadsShareWhatArrivesByConnection(final String mode) throws Exception {
        left = open("left", mode);
        right = factory.open("eth0", Map.of("netns", network.namespace("right"), "mode", mode, "threads", "3"));
        final PacketBatch sent = burst(100);
        for (int i = 0; i < 10; i++) {
            left.send(sent);
        }
        final Map<Integer, Set<Receiver>> ways = new HashMap<>();
        final Set<Receiver> used = new HashSet<>();
        int count = 0;
        for (final Receiver receiver : right.receivers()) {
            final PacketBatch batch = new PacketBatch();
            // Twice nothing: a block of v3 may not be full yet.
            for (int nothing = 0; nothing < 2;) {
                batch.clear();
                if (receiver.receive(batch) == 0) {
                    receiver.await(10_000_000);
                    nothing++;
                }
                for (int i = 0; i < batch.size(); i++) {
                    final Packet packet = batch.get(i);
                    packet.parse();
                    assertThat(packet.inPort()).isSameAs(right);
                    ways.computeIfAbsent(Bytes.u16(packet.data(), packet.l4Offset()), port -> new HashSet<>())
                        .add(receiver);
                    used.add(receiver);
                    count++;
                }
            }
        }
        assertThat(count).isEqualTo(320);
        assertThat(used).as("threads that got anything").hasSize(3);
        assertThat(ways).hasSize(32).allSatisfy((port, receivers) -> assertThat(receivers).hasSize(1));
        assertThat(right.statistics()).isEqualTo(new Port.Statistics(320, 320 * 142, 0, 0, 0));
        right.close();
        for (final Receiver receiver : right.receivers()) {
            assertThat(receiver.receive(new PacketBatch())).isEqualTo(-1);
        }
    }

    @Test
    void whatTheRingHasNoRoomForIsCounted() throws Exception {
        openBoth("v2");
        for (int i = 0; i < 100; i++) {
            left.send(burst(100));
        }
        // 512 slots in the smallest ring.
        Await.until("the kernel to deliver", () -> right.statistics().dropped() == 3_200 - 512);
        assertThat(receive(right, new PacketBatch(), 512)).isEqualTo(512);
    }

    @Test
    void whatIsLongerThanTheMtuIsDroppedAndCounted() throws Exception {
        openBoth("v2");
        left.send(burst(1_473));
        assertThat(left.statistics().dropped()).isEqualTo(32);
        left.send(burst(1_472));
        assertThat(receive(right, new PacketBatch(), 32)).isEqualTo(32);
    }

    @Test
    void aPortShowsTheInterfaceBehindItAsItIsNow() throws Exception {
        openBoth("v2");
        network.in("left", "ip", "link", "set", "eth0", "address", "02:00:00:00:0a:fe", "mtu", "1400");
        final int index = Integer.parseInt(network.in("left", "cat", "/sys/class/net/eth0/ifindex").strip());
        assertThat(left.linuxInterface()).contains(new LinuxInterface("eth0", index,
            "/run/netns/" + network.namespace("left"), 0x0200_0000_0afeL, 1400));
        right.close();
        assertThat(right.linuxInterface()).isEmpty();
        network.in("left", "ip", "link", "delete", "eth0");
        assertThat(left.linuxInterface()).isEmpty();
    }

    @Test
    void anyThreadMayCloseAPortThatIsBusy() throws Exception {
        final ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            for (int i = 0; i < 30; i++) {
                final Port port = open("left", i % 2 == 0 ? "v2" : "v3");
                final CountDownLatch receiving = new CountDownLatch(1);
                final CountDownLatch sending = new CountDownLatch(1);
                final Future<Object> receiver = threads.submit(() -> {
                    final PacketBatch batch = new PacketBatch();
                    while (port.receive(batch) >= 0) {
                        batch.clear();
                        port.await(1_000);
                        receiving.countDown();
                    }
                    return null;
                });
                final Future<Object> sender = threads.submit(() -> {
                    final PacketBatch batch = burst(100);
                    while (true) {
                        port.send(batch);
                        sending.countDown();
                    }
                });
                receiving.await();
                sending.await();
                port.close();
                port.close();
                receiver.get();
                assertThatThrownBy(sender::get).hasRootCauseMessage("eth0: the port was closed");
                assertThat(port.statistics().sentPackets()).isPositive();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void whatCannotBeOpenedIsSaidInOneLine() throws Exception {
        assertThatThrownBy(() -> factory.open("eth7", Map.of("netns", network.namespace("left"))))
            .isInstanceOf(IOException.class).hasMessage("eth7: there is no such network interface");
        assertThatThrownBy(() -> factory.open("eth0", Map.of("netns", "tw-no-such")))
            .isInstanceOf(IOException.class).hasMessage("/run/netns/tw-no-such: no such network namespace");
        assertThatThrownBy(() -> factory.open("eth0", Map.of("netns", "/etc/hostname")))
            .isInstanceOf(IOException.class).hasMessage("/etc/hostname: is no network namespace: Invalid argument");
    }

    @Test
    void withoutItsCapabilityThePortSaysWhich() {
        final String classPath = System.getProperty("java.class.path");
        final String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        assertThat(network.run("left", "setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw", java, "-cp",
            classPath, Opening.class.getName(), "eth0").output()).contains("eth0: opening a network interface needs"
                + " the capability CAP_NET_RAW (run as root, or give it to the process)");
        assertThat(network.run("left", "setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin", java, "-cp",
            classPath, Opening.class.getName(), "eth0", network.namespace("right")).output())
            .contains("entering a network namespace needs the capability CAP_SYS_ADMIN");
    }

    /** A program that opens a port and says what came of it. */
    static final class Opening {

        private Opening() {
        }

        public static void main(final String[] arguments) throws IOException {
            try (Port port = new AfPacketPortFactory().open(arguments[0],
                    arguments.length > 1 ? Map.of("netns", arguments[1]) : Map.of())) {
                System.out.println(port.name() + " is open");
            } catch (final IOException refused) {
                System.out.println(refused.getMessage());
            }
        }
    }
}
