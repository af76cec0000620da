// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.xdp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeProperty;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.trackway.conntrack.Tuple;
import org.trackway.offload.Path;
import org.trackway.packet.IpAddress;
import org.trackway.packet.Packets;

/** What the program in the kernel makes of frames, byte by byte. */
class ProgramTest {

    private static final int IN = 7;
    private static final int OUT = 9;
    private static final int SLOT = 5;
    private static final int LOOPBACK = 1;
    private static final int MTU = 1500;
    private static final OptionalLong NONE = OptionalLong.empty();
    private static final Path.Tag VLAN_5 = new Path.Tag(0x8100, 5);

    private final Kernel kernel = new Kernel();
    private ForwardProgram program;
    private int loaded;
    private NativeMemory keys;
    private NativeMemory actions;

    @BeforeEach
    @BeforeProperty
    void load() throws IOException {
        program = Kernel.program(16);
        loaded = program.load(IN);
        program.device(OUT, LOOPBACK);
        program.limit(OUT, MTU);
        keys = NativeMemory.allocate(PathKey.SIZE);
        actions = NativeMemory.allocate(PathAction.SIZE);
    }

    @AfterEach
    @AfterProperty
    void unload() {
        if (program != null) {
            LibC.close(loaded);
            program.close();
        }
    }

    private void add(final Path path) {
        final PathKey key = PathKey.of(IN, path);
        key.write(keys.buffer(), 0);
        PathAction.write(actions.buffer(), 0, key, path, SLOT, OUT);
        assertThat(program.add(keys, 0, actions, 1)).isEqualTo(new Bpf.Done(1, 0));
    }

    private void remove() {
        assertThat(program.remove(keys, 0, 1)).isEqualTo(new Bpf.Done(1, 0));
    }

    private static Tuple tuple(final int protocol, final String source, final int sourcePort, final String destination,
            final int destinationPort) {
        return Tuple.of(IpAddress.parse(source), IpAddress.parse(destination), protocol, sourcePort, destinationPort);
    }

    private static Path path(final Tuple arrives, final Tuple leaves, final int ttl, final Path.Tag came,
            final Path.Tag goes, final OptionalLong source, final OptionalLong destination) {
        return new Path("in", "out", arrives, leaves, came == null ? List.of() : List.of(came),
            goes == null ? List.of() : List.of(goes), source, destination, ttl, List.of(new Path.Hop(1, false)));
    }

    private static final Tuple UDP = tuple(17, "10.0.0.1", 1000, "10.0.0.2", 53);
    private static final Tuple TCP = tuple(6, "10.0.0.1", 1000, "10.0.0.2", 80);
    private static final Tuple TCP6 = tuple(6, "fc00::1", 1000, "fc00::2", 80);

    private static Packets udp() {
        return Packets.udp4("10.0.0.1", 1000, "10.0.0.2", 53).payload("hello");
    }

    private static Packets tcp() {
        return Packets.tcp4("10.0.0.1", 1000, "10.0.0.2", 80).flags("PA").payload("hello");
    }

    private static Packets tcp6() {
        return Packets.tcp6("fc00::1", 1000, "fc00::2", 80).flags("A").payload("hello");
    }

    private static Path plain(final Tuple tuple) {
        return path(tuple, tuple, 0, null, null, NONE, NONE);
    }

    private void assertForwarded(final Packets came, final Packets leaves) {
        final Kernel.Outcome outcome = kernel.run(loaded, came.bytes());
        assertThat(outcome.action()).isEqualTo(Kernel.REDIRECT);
        assertThat(outcome.frame()).isEqualTo(leaves.bytes());
    }

    private void assertPassed(final byte[] frame) {
        final Kernel.Outcome outcome = kernel.run(loaded, frame);
        assertThat(outcome.action()).isEqualTo(Kernel.PASS);
        assertThat(outcome.frame()).as("it passes as it came").isEqualTo(frame);
    }

    @Test
    void whatNoPathIsKnownOfPasses() {
        assertPassed(udp().bytes());
        add(plain(UDP));
        assertForwarded(udp(), udp());
        assertPassed(Packets.udp4("10.0.0.1", 1001, "10.0.0.2", 53).bytes());
        assertPassed(udp().reverse().bytes());
        assertPassed(udp().vlan(5).bytes());
        assertPassed(Packets.tcp4("10.0.0.1", 1000, "10.0.0.2", 53).flags("A").bytes());
        remove();
        assertPassed(udp().bytes());
    }

    @Test
    void packetsAreCountedWithTheirIpHeader() {
        add(plain(UDP));
        final long before = program.now();
        program.resetCount(SLOT, before - 60_000_000_000L);
        for (int i = 0; i < 3; i++) {
            kernel.run(loaded, udp().padding(13).bytes());
        }
        assertThat(program.packets(SLOT)).isEqualTo(3);
        assertThat(program.bytes(SLOT)).isEqualTo(3 * (20 + 8 + 5));
        // Its clock ticks every few milliseconds.
        assertThat(program.seen(SLOT)).isBetween(before - 20_000_000, program.now());
        kernel.run(loaded, udp().ttl(9).ipOptions(1, 1, 1, 0).bytes());
        assertThat(program.packets(SLOT)).isEqualTo(3);
    }

    @Test
    void anotherPortsPacketsPass() throws IOException {
        add(plain(UDP));
        final int other = program.load(IN + 1);
        assertThat(kernel.run(other, udp().bytes()).action()).isEqualTo(Kernel.PASS);
        LibC.close(other);
    }

    /** Everything that a path may change, at once. */
    @Property(tries = 300)
    void aPacketLeavesAsTheDatapathWouldSendIt(@ForAll final boolean six, @ForAll final boolean stream,
            @ForAll @IntRange(max = 255) final int from, @ForAll @IntRange(max = 255) final int to,
            @ForAll @IntRange(min = 1, max = 65_535) final int port, @ForAll @IntRange(max = 3) final int ttl,
            @ForAll @IntRange(max = 400) final int size, @ForAll @IntRange(max = 8) final int tags,
            @ForAll final boolean translated, @ForAll final boolean macs) {
        final String net = six ? "fc00:1:" + Integer.toHexString(port) + "::" : "10.1." + port % 200 + ".";
        final String wide = six ? "2001:db8::" + Integer.toHexString(port) + ":" : "192.168." + port % 77 + ".";
        final int protocol = stream ? 6 : 17;
        final Tuple arrives = tuple(protocol, net + from, port, net + to, 53);
        final Tuple leaves = translated ? tuple(protocol, wide + to, 65_535 - port, wide + from, port) : arrives;
        final Path.Tag came = tags % 3 == 0 ? null : new Path.Tag(tags % 3 == 1 ? 0x8100 : 0x88a8, port);
        final Path.Tag goes = tags / 3 == 0 ? null : new Path.Tag(tags / 3 == 1 ? 0x8100 : 0x88a8, 65_535 - port);
        final OptionalLong source = macs ? OptionalLong.of(0x0200_0000_0a0bL) : NONE;
        final OptionalLong destination = macs ? OptionalLong.of(0x0200_0000_0c0dL) : NONE;
        add(path(arrives, leaves, ttl, came, goes, source, destination));
        try {
            assertForwarded(packet(arrives, six, stream, 64, size, came, "02:00:00:00:00:01", "02:00:00:00:00:02"),
                packet(leaves, six, stream, 64 - ttl, size, goes, macs ? "02:00:00:00:0a:0b" : "02:00:00:00:00:01",
                    macs ? "02:00:00:00:0c:0d" : "02:00:00:00:00:02"));
        } finally {
            remove();
        }
    }

    private static Packets packet(final Tuple tuple, final boolean six, final boolean stream, final int ttl,
            final int size, final Path.Tag tag, final String from, final String to) {
        final String source = tuple.source().toString();
        final String destination = tuple.destination().toString();
        final int sourcePort = tuple.sourcePort();
        final int destinationPort = tuple.destinationPort();
        final Packets packet = stream
            ? six ? Packets.tcp6(source, sourcePort, destination, destinationPort).flags("A")
                : Packets.tcp4(source, sourcePort, destination, destinationPort).flags("A")
            : six ? Packets.udp6(source, sourcePort, destination, destinationPort)
                : Packets.udp4(source, sourcePort, destination, destinationPort);
        packet.macs(from, to).ttl(ttl).payloadSize(size);
        return tag == null ? packet : packet.tag(tag.etherType(), tag.tci());
    }

    @Test
    void aChecksumThatWasNotSentIsNotInvented() {
        add(path(UDP, tuple(17, "10.9.0.1", 7, "10.9.0.2", 8), 1, null, null, NONE, NONE));
        assertForwarded(udp().checksum(0), Packets.udp4("10.9.0.1", 7, "10.9.0.2", 8).payload("hello").ttl(63)
            .checksum(0));
    }

    @Test
    void aWrongChecksumStaysWrong() {
        add(path(TCP, tuple(6, "10.9.0.1", 7, "10.9.0.2", 8), 0, null, null, NONE, NONE));
        final Kernel.Outcome outcome = kernel.run(loaded, tcp().badChecksum().bytes());
        assertThat(outcome.action()).isEqualTo(Kernel.REDIRECT);
        assertThat(outcome.frame()).isNotEqualTo(Packets.tcp4("10.9.0.1", 7, "10.9.0.2", 8).flags("PA")
            .payload("hello").bytes());
    }

    @Test
    void ethernetAddressesCanBePartOfAPath() {
        add(new Path("in", "out", UDP, UDP, List.of(), List.of(), NONE, NONE, 0, List.of(new Path.Hop(1, false)),
            OptionalLong.of(0x0200_0000_0001L), OptionalLong.of(0x0200_0000_0002L)));
        final Packets right = udp().macs("02:00:00:00:00:01", "02:00:00:00:00:02");
        assertForwarded(right, right);
        assertPassed(udp().macs("02:00:00:00:00:03", "02:00:00:00:00:02").bytes());
        assertPassed(udp().macs("02:00:00:00:00:01", "06:00:00:00:00:02").bytes());
    }

    static Stream<Arguments> odd() {
        return Stream.of(
            Arguments.of("SYN", tcp().flags("S")),
            Arguments.of("SYN and ACK", tcp().flags("SA")),
            Arguments.of("FIN", tcp().flags("FA")),
            Arguments.of("RST", tcp().flags("R")),
            Arguments.of("RST and ACK", tcp().flags("RA")),
            Arguments.of("no flags", tcp().flags("")),
            Arguments.of("urgent", tcp().flags("UA")),
            Arguments.of("short TCP header", tcp().tcpHeaderWords(4)),
            Arguments.of("TCP header beyond the packet", tcp().tcpHeaderWords(15)),
            Arguments.of("first fragment", tcp().fragment(0, true)),
            Arguments.of("last fragment", tcp().fragment(8, false)),
            Arguments.of("options", tcp().ipOptions(1, 1, 1, 0)),
            Arguments.of("IP header's checksum", tcp().badIpChecksum()),
            Arguments.of("IP length beyond the frame", tcp().ipLength(1400)),
            Arguments.of("IP length below the header", tcp().ipLength(19)),
            Arguments.of("IP length within TCP's header", tcp().ipLength(39)),
            Arguments.of("TTL 1", tcp().ttl(1)),
            Arguments.of("TTL 0", tcp().ttl(0)),
            Arguments.of("two tags", tcp().vlan(5).vlan(6)),
            Arguments.of("cut short", tcp().truncate(30)),
            Arguments.of("longer than the egress carries", tcp().payloadSize(MTU - 39)),
            Arguments.of("UDP length beyond the packet", udp().udpLength(14)),
            Arguments.of("UDP length below its header", udp().udpLength(7)),
            Arguments.of("UDP length below the packet", udp().udpLength(12)),
            Arguments.of("extension header", tcp6().extension(0, 8)),
            Arguments.of("IPv6 fragment", tcp6().fragment(0, true)),
            Arguments.of("hop limit 1", tcp6().ttl(1)),
            Arguments.of("ICMP", Packets.echo4("10.0.0.1", "10.0.0.2", 1, 1)),
            Arguments.of("ARP", Packets.arp(1, "02:00:00:00:00:01", "10.0.0.1", "00:00:00:00:00:00", "10.0.0.2")));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("odd")
    void whatIsOddPassesUntouched(final String what, final Packets packet) {
        final Path.Tag tag = what.equals("two tags") ? VLAN_5 : null;
        for (final Tuple tuple : List.of(UDP, TCP, TCP6)) {
            add(path(tuple, tuple, 1, tag, tag, NONE, NONE));
        }
        assertPassed(packet.bytes());
        assertThat(program.packets(SLOT)).isZero();
    }

    @Test
    void theLongestThatTheEgressCarriesIsForwarded() throws IOException {
        add(plain(TCP));
        assertForwarded(tcp().payloadSize(MTU - 40), tcp().payloadSize(MTU - 40));
        program.limit(OUT, MTU - 1);
        assertPassed(tcp().payloadSize(MTU - 40).bytes());
    }

    /** A veth hands over what its sender left to a card: the checksum is that of the pseudo header alone. */
    @Test
    void unfinishedChecksumsPass() {
        add(plain(TCP));
        add(plain(TCP6));
        final int length = 20 + 5;
        assertPassed(tcp().checksum(sum(0x0a00, 0x0001, 0x0a00, 0x0002, 6, length)).bytes());
        assertPassed(tcp6().checksum(sum(0xfc00, 1, 0xfc00, 2, 6, length)).bytes());
    }

    private static int sum(final int... words) {
        int sum = 0;
        for (final int word : words) {
            sum += word;
        }
        return (sum & 0xffff) + (sum >>> 16);
    }

    @Test
    void withoutItsInterfaceAPathLeavesPacketsAlone() throws IOException {
        add(path(TCP, tuple(6, "10.9.0.1", 7, "10.9.0.2", 8), 1, null, VLAN_5, NONE, NONE));
        program.noDevice(OUT);
        assertPassed(tcp().bytes());
    }

    /** An entry that is another's by now, or half of it. */
    @Test
    void whatDoesNotBelongTogetherIsNotFollowed() {
        for (int at = 0; at < PathAction.SIZE; at++) {
            add(plain(UDP));
            actions.buffer().put(at, (byte) (actions.buffer().get(at) ^ 1));
            program.add(keys, 0, actions, 1);
            assertPassed(udp().bytes());
        }
        add(plain(TCP));
        final byte[] another = new byte[PathAction.SIZE];
        actions.buffer().get(0, another);
        add(plain(UDP));
        actions.buffer().put(0, another);
        program.add(keys, 0, actions, 1);
        assertPassed(udp().bytes());
    }
}
