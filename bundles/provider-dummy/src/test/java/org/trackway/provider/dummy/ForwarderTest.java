// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.dummy;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.Tuple;
import org.trackway.offload.Path;
import org.trackway.offload.spi.Activity;
import org.trackway.packet.FastPath;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.NamedPort;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Packets;
import org.trackway.packet.Port;
import org.trackway.provider.dummy.Cards.Bench;

/** Which packets pass on the card, and which are left to software. */
class ForwarderTest {

    private static final Tuple TCP = Cards.tuple("10.0.0.1", IpProtocol.TCP, 1000, "10.0.0.2", 80);
    private static final Tuple TRANSLATED = Cards.tuple("10.9.9.9", IpProtocol.TCP, 4000, "10.0.0.2", 80);

    private static Packets tcp() {
        return Packets.tcp4("10.0.0.1", 1000, "10.0.0.2", 80).payloadSize(10);
    }

    private static Packets udp(final int client) {
        return Packets.udp4("10.0.0.1", 1000 + client, "10.0.0.2", 53).payloadSize(10);
    }

    private static Bench tcpBench() {
        return new Bench().hold(Cards.connection(1, TCP, TRANSLATED.reverse()))
            .forward(7, new Path("p1", "p2", TCP, TRANSLATED, List.of(), List.of(), OptionalLong.empty(),
                OptionalLong.of(0x0200_0000_0099L), 1, List.of(new Path.Hop(1, false), new Path.Hop(1, false))));
    }

    private static void assertLeftAlone(final Bench bench, final Packet packet) {
        final byte[] before = packet.bytes();
        final PacketBatch left = bench.receive(packet);
        assertThat(left.size()).isEqualTo(1);
        assertThat(left.get(0)).isSameAs(packet);
        assertThat(packet.bytes()).isEqualTo(before);
        assertThat(bench.sent).isEmpty();
    }

    @Test
    void aPacketOfThePathLeavesRewritten() {
        final Bench bench = tcpBench();
        assertThat(bench.receive(tcp().flags("PA").ttl(9).build()).isEmpty()).isTrue();
        assertThat(bench.sentBy).containsExactly("p2");
        assertThat(bench.sent.get(0)).isEqualTo(Packets.tcp4("10.9.9.9", 4000, "10.0.0.2", 80).payloadSize(10)
            .macs("02:00:00:00:00:01", "02:00:00:00:00:99").flags("PA").ttl(8).bytes());
        assertThat(bench.card.activity(7)).isEqualTo(new Activity(0, 1, 50, 0, 0));
    }

    /** One of the payloads makes the sum zero, which would say that there is no checksum (RFC 768). */
    @Test
    void aUdpChecksumOfZeroIsSentAsAllOnes() {
        final Tuple leaves = Cards.tuple("10.9.9.9", IpProtocol.UDP, 4000, "10.0.0.2", 53);
        final Bench bench = new Bench().hold(1).forward(7, Cards.path(Cards.udp(1001), leaves, 1));
        int allOnes = 0;
        for (int word = 0; word < 65_536; word++) {
            final byte[] payload = {(byte) (word >> 8), (byte) word};
            bench.receive(udp(1).payload(payload).build());
            final byte[] sent = bench.sent.remove(0);
            assertThat(sent).isEqualTo(Packets.udp4("10.9.9.9", 4000, "10.0.0.2", 53).payload(payload).bytes());
            allOnes += (sent[40] & sent[41] & 0xff) == 0xff ? 1 : 0;
        }
        assertThat(allOnes).isPositive();
    }

    @ParameterizedTest
    @ValueSource(strings = {"F", "FA", "R", "RA"})
    void theEndOfAConnectionIsSoftwaresAndReportedOnce(final String flags) {
        final Bench bench = tcpBench();
        assertLeftAlone(bench, tcp().flags(flags).build());
        assertThat(bench.reports).containsExactly("closing 1", "closing 1");
        bench.reports.clear();
        assertLeftAlone(bench, tcp().flags(flags).build());
        assertLeftAlone(bench, tcp().flags("A").build());
        assertThat(bench.reports).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"S", "SA", "", "P", "U"})
    void whatOpensAConnectionOrMakesNoSenseIsSoftwares(final String flags) {
        final Bench bench = tcpBench();
        assertLeftAlone(bench, tcp().flags(flags).build());
        assertThat(bench.reports).isEmpty();
    }

    @Test
    void whatIsNotWholeAndPlainIsSoftwares() {
        final Bench bench = tcpBench();
        tcp().payloadSize(3000).fragments(1200).forEach(part -> assertLeftAlone(bench, part));
        assertLeftAlone(bench, tcp().ipOptions(1, 1, 1, 0).build());
        assertLeftAlone(bench, tcp().badIpChecksum().build());
        assertLeftAlone(bench, tcp().tcpHeaderWords(4).build());
        assertLeftAlone(bench, tcp().tcpHeaderWords(9).build());
        assertLeftAlone(bench, tcp().truncate(50).build());
        assertLeftAlone(bench, tcp().snap().build());
        assertLeftAlone(bench, tcp().ipLength(39).build());
        final Packet wrong = tcp().build();
        wrong.l4Checksum(Packet.CHECKSUM_BAD);
        assertLeftAlone(bench, wrong);
    }

    @Test
    void udpWithoutAChecksumIsSoftwaresOverIpv6Alone() {
        final Tuple six = Cards.tuple("fd00::1", IpProtocol.UDP, 1000, "fd00::2", 53);
        final Bench bench = new Bench().hold(1).forward(7, Cards.path(six, six, 1)).forward(8, Cards.path(1));
        final Packets packets = Packets.udp6("fd00::1", 1000, "fd00::2", 53).payloadSize(10);
        assertLeftAlone(bench, packets.checksum(0).build());
        final Packet judged = packets.checksum(0).build();
        judged.l4Checksum(Packet.CHECKSUM_GOOD);
        assertThat(bench.receive(judged).isEmpty()).as("one that the sender's port has judged").isTrue();
        assertThat(bench.receive(udp(1).checksum(0).build()).isEmpty()).as("IPv4").isTrue();
    }

    /** Whatever their hash codes are: keys that differ in one thing are different. */
    @Test
    void pathsAreToldApartByTheirTags() {
        final List<Path.Tag> outer = List.of(new Path.Tag(0x8100, 5));
        final List<List<Path.Tag>> all = List.of(List.of(), outer, List.of(new Path.Tag(0x8100, 6)),
            List.of(new Path.Tag(0x88a8, 5)), List.of(outer.get(0), new Path.Tag(0x8100, 7)));
        for (final List<Path.Tag> one : all) {
            for (final List<Path.Tag> other : all) {
                assertThat(tagged(one).equals(tagged(other))).as(one + " and " + other).isEqualTo(one == other);
            }
        }
    }

    private static PathMatch tagged(final List<Path.Tag> tags) {
        return PathMatch.of(new Path("p1", "p2", TCP, TCP, tags, List.of(), OptionalLong.empty(), OptionalLong.empty(),
            0, List.of(new Path.Hop(1, false))));
    }

    @ParameterizedTest
    @CsvSource({"0", "1"})
    void aPacketThatHasNoTimeLeftIsSoftwares(final int ttl) {
        assertLeftAlone(tcpBench(), tcp().ttl(ttl).build());
    }

    @Test
    void anotherPortTagOrTupleIsSoftwares() {
        final Bench bench = tcpBench();
        assertLeftAlone(bench, tcp().vlan(5).build());
        assertLeftAlone(bench, tcp().reverse().build());
        assertLeftAlone(bench, Packets.tcp4("10.0.0.1", 1001, "10.0.0.2", 80).build());
        assertLeftAlone(bench, Packets.udp4("10.0.0.1", 1000, "10.0.0.2", 80).build());
        final PacketBatch elsewhere = Cards.batch(tcp().build());
        bench.card.forward(Cards.port("p3"), elsewhere, bench);
        assertThat(elsewhere.size()).isEqualTo(1);
    }

    @Test
    void aTagIsMatchedWithItsTypeAndPriority() {
        final Bench bench = new Bench().hold(1);
        bench.forward(7, new Path("p1", "p2", Cards.udp(1001), Cards.udp(1001), List.of(new Path.Tag(0x88a8, 0x2005)),
            List.of(), OptionalLong.empty(), OptionalLong.empty(), 0, List.of(new Path.Hop(1, false))));
        assertLeftAlone(bench, udp(1).tag(0x8100, 0x2005).build());
        assertLeftAlone(bench, udp(1).tag(0x88a8, 0x0005).build());
        assertLeftAlone(bench, udp(1).tag(0x88a8, 0x2005).vlan(1).build());
        assertThat(bench.receive(udp(1).tag(0x88a8, 0x2005).build()).isEmpty()).isTrue();
        assertThat(bench.sent.get(0)).isEqualTo(udp(1).bytes());
    }

    @Test
    void anotherEthernetAddressIsSoftwaresWhereFlowsLookAtIt() {
        final Bench bench = new Bench().hold(1);
        bench.forward(7, new Path("p1", "p2", Cards.udp(1001), Cards.udp(1001), List.of(), List.of(),
            OptionalLong.empty(), OptionalLong.empty(), 0, List.of(new Path.Hop(1, false)),
            OptionalLong.of(0x0200_0000_0001L), OptionalLong.of(0xffff_ffff_fffeL)));
        assertLeftAlone(bench, udp(1).macs("02:00:00:00:00:03", "ff:ff:ff:ff:ff:fe").build());
        assertLeftAlone(bench, udp(1).macs("02:00:00:00:00:01", "ff:ff:ff:ff:ff:ff").build());
        assertThat(bench.receive(udp(1).macs("02:00:00:00:00:01", "ff:ff:ff:ff:ff:fe").build()).isEmpty()).isTrue();
    }

    @Test
    void othersOfTheBatchStayInTheirOrder() {
        final Bench bench = new Bench().hold(1).hold(2).hold(3).forward(7, Cards.path(1)).forward(8, Cards.path(3));
        bench.forward(9, new Path("p1", "p9", Cards.udp(1002), Cards.udp(1002), List.of(), List.of(),
            OptionalLong.empty(), OptionalLong.empty(), 0, List.of(new Path.Hop(2, false))));
        final Packet one = udp(50).build();
        final Packet other = Packets.arp(1, "02:00:00:00:00:01", "10.0.0.1", "00:00:00:00:00:00", "10.0.0.2").build();
        final PacketBatch left = bench.receive(udp(1).build(), one, udp(2).build(), udp(3).build(), other,
            udp(1).build());
        assertThat(left.size()).isEqualTo(2);
        assertThat(left.get(0)).isSameAs(one);
        assertThat(left.get(1)).isSameAs(other);
        assertThat(bench.sentBy).containsExactly("p2", "p9", "p2", "p2");
        assertThat(bench.sent).containsExactly(udp(1).bytes(), udp(2).bytes(), udp(3).bytes(), udp(1).bytes());
    }

    @Test
    void batchesOfAnySizeArePassed() {
        final Bench bench = new Bench().hold(1).forward(7, Cards.path(1));
        final PacketBatch batch = new PacketBatch();
        for (int i = 0; i < 100; i++) {
            batch.add(udp(1).build());
        }
        bench.card.forward(Cards.port("p1"), batch, bench);
        assertThat(batch.isEmpty()).isTrue();
        assertThat(bench.sent).hasSize(100);
    }

    @Test
    void aPathToAPortThatIsNotThereIsLost() {
        final Bench bench = new Bench().hold(1).forward(7, Cards.path(1));
        bench.absent.add("p2");
        assertThat(bench.receive(udp(1).build(), udp(1).build()).isEmpty()).isTrue();
        assertThat(bench.reports).containsExactly("pathLost 7 there is no port p2");
        assertThat(bench.card.activity(7).packets()).isZero();
        bench.absent.clear();
        assertLeftAlone(bench, udp(1).build());
    }

    @Test
    void whenWithdrawReturnsNothingPassesAnyMore() throws Exception {
        final Bench bench = new Bench().hold(1).forward(7, Cards.path(1));
        final CountDownLatch sending = new CountDownLatch(1);
        final CountDownLatch goOn = new CountDownLatch(1);
        final FastPath.Egress slow = (port, batch) -> {
            sending.countDown();
            try {
                goOn.await();
            } catch (final InterruptedException e) {
                throw new AssertionError(e);
            }
            return bench.send(port, batch);
        };
        final Thread packets = new Thread(() ->
            bench.card.forward(Cards.port("p1"), Cards.batch(udp(1).build()), slow));
        packets.start();
        sending.await();
        final int[] sentWhenItReturned = {-1};
        final Thread manager = new Thread(() -> {
            bench.card.withdraw(7);
            sentWhenItReturned[0] = bench.sent.size();
        });
        manager.start();
        while (manager.isAlive() && manager.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        goOn.countDown();
        manager.join(TimeUnit.SECONDS.toMillis(10));
        packets.join(TimeUnit.SECONDS.toMillis(10));
        assertThat(sentWhenItReturned[0]).isEqualTo(1);
        bench.sent.clear();
        assertLeftAlone(bench, udp(1).build());
    }

    @Test
    void nothingIsAllocatedPerPacket() {
        final Bench bench = new Bench();
        final byte[][] frames = new byte[32][];
        final PacketBatch spare = new PacketBatch();
        for (int i = 0; i < frames.length; i++) {
            final Tuple arrives = Cards.udp(2000 + i);
            final Tuple leaves = Cards.tuple("10.7.7.7", IpProtocol.UDP, 3000 + i, "10.0.0.2", 53);
            final Connection connection = Cards.connection(i, arrives, leaves.reverse());
            bench.hold(connection).forward(i, new Path("p1", i % 2 == 0 ? "p2" : "p3", arrives, leaves, List.of(),
                List.of(new Path.Tag(0x8100, 5)), OptionalLong.of(1), OptionalLong.of(2), 1,
                List.of(new Path.Hop(i, false))));
            frames[i] = Packets.udp4("10.0.0.1", 2000 + i + i % 4 / 3, "10.0.0.2", 53).bytes();
            spare.add(new Packet(2048));
        }
        final long[] sent = new long[1];
        final FastPath.Egress egress = (port, batch) -> {
            sent[0] += batch.size();
            return true;
        };
        final Port in = new NamedPort("p1");
        run(bench, in, spare, frames, egress, 3000);
        final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        final long before = threads.getCurrentThreadAllocatedBytes();
        run(bench, in, spare, frames, egress, 3000);
        assertThat((threads.getCurrentThreadAllocatedBytes() - before) / (3000 * frames.length)).isZero();
        assertThat(sent[0]).isGreaterThan(6000 * 16);
    }

    private static void run(final Bench bench, final Port in, final PacketBatch spare, final byte[][] frames,
            final FastPath.Egress egress, final int times) {
        final PacketBatch batch = new PacketBatch();
        for (int i = 0; i < times; i++) {
            for (int j = 0; j < frames.length; j++) {
                spare.get(j).set(frames[j], 0, frames[j].length);
                batch.add(spare.get(j));
            }
            bench.card.forward(in, batch, egress);
            batch.clear();
        }
    }
}
