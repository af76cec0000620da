// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.xdp;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalLong;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.Tuple;
import org.trackway.offload.Path;
import org.trackway.packet.Bytes;
import org.trackway.packet.IpAddress;
import org.trackway.packet.Packet;
import org.trackway.packet.Packets;

/** What is written for the program, where the kernel can't be asked. */
class PathActionTest {

    private static Path path(final Tuple arrives, final Tuple leaves, final int ttl) {
        return new Path("in", "out", arrives, leaves, List.of(new Path.Tag(0x8100, 0x2005)),
            List.of(new Path.Tag(0x88a8, 0x0007)), OptionalLong.of(0x0102_0304_0506L), OptionalLong.of(0x0708_090a_0b0cL),
            ttl, List.of(new Path.Hop(1, false)), OptionalLong.of(0x1112_1314_1516L), OptionalLong.of(0x1718_191a_1b1cL));
    }

    private static Tuple tuple(final String source, final int sourcePort, final String destination,
            final int destinationPort) {
        return Tuple.of(IpAddress.parse(source), IpAddress.parse(destination), 6, sourcePort, destinationPort);
    }

    private static String hex(final ByteBuffer buffer, final int at, final int length) {
        final byte[] bytes = new byte[length];
        buffer.get(at, bytes);
        return HexFormat.of().formatHex(bytes);
    }

    @Test
    void everyFieldIsWhereTheProgramLooksForIt() {
        final Path path = path(tuple("10.0.0.1", 0x1234, "10.0.0.2", 80), tuple("192.0.2.1", 0x4321, "192.0.2.2", 81), 3);
        final PathKey key = PathKey.of(7, path);
        final ByteBuffer buffer = ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);
        key.write(buffer, 0);
        assertThat(hex(buffer, 0, PathKey.SIZE)).isEqualTo("07000000" + "81002005"
            + "0a000001" + "00".repeat(12) + "0a000002" + "00".repeat(12) + "12340050" + "0604" + "0000");
        PathAction.write(buffer, 100, key, path, 0x0a0b0c0d, 9);
        assertThat(hex(buffer, 100, 36)).isEqualTo("c0000201" + "00".repeat(12) + "c0000202" + "00".repeat(12) + "43210051");
        assertThat(hex(buffer, 140, 24)).as("Ethernet addresses").isEqualTo("0708090a0b0c" + "010203040506"
            + "1718191a1b1c" + "111213141516");
        assertThat(hex(buffer, 164, 16)).as("tag, slot, egress, TTL, flags").isEqualTo("88a80007" + "0d0c0b0a" + "0900"
            + "03" + "1f" + "00000000");
    }

    @Test
    void ipv6AddressesAreWhole() {
        final Path path = path(tuple("fc00::1:2", 1, "2001:db8:1:2:3:4:5:6", 2), tuple("fc00::1:2", 1,
            "2001:db8:1:2:3:4:5:6", 2), 0);
        final ByteBuffer buffer = ByteBuffer.allocate(PathKey.SIZE).order(ByteOrder.LITTLE_ENDIAN);
        PathKey.of(1, path).write(buffer, 0);
        assertThat(hex(buffer, 8, 32)).isEqualTo("fc000000000000000000000000010002" + "20010db8000100020003000400050006");
        assertThat(hex(buffer, 40, 8)).isEqualTo("00010002" + "06060000");
    }

    /** The differences make of a packet's checksums those of the packet that leaves. */
    @Property
    void checksumsChangeByTheDifferences(@ForAll final boolean six, @ForAll final int from, @ForAll final int to,
            @ForAll @IntRange(max = 65_535) final int port, @ForAll @IntRange(max = 65_535) final int other,
            @ForAll @IntRange(max = 63) final int ttl) {
        final Tuple arrives = Tuple.of(address(six, from), address(six, to), 6, port, other);
        final Tuple leaves = Tuple.of(address(six, to ^ port), address(six, from + other), 6, other, port);
        final Path path = path(arrives, leaves, ttl);
        final Packet before = packet(arrives, six, 64);
        final Packet after = packet(leaves, six, 64 - ttl);
        final int transport = before.l4Offset() + 16;
        assertThat(same(update(Bytes.u16(before.data(), transport), PathAction.transportDelta(path)),
            Bytes.u16(after.data(), transport))).isTrue();
        if (!six) {
            final int network = before.l3Offset() + 10;
            assertThat(same(update(Bytes.u16(before.data(), network), PathAction.networkDelta(path)),
                Bytes.u16(after.data(), network))).isTrue();
        }
    }

    private static IpAddress address(final boolean six, final int bits) {
        return six ? IpAddress.v6(0x2001_0db8_0000_0000L | bits & 0xffffL, bits) : IpAddress.v4(bits);
    }

    private static Packet packet(final Tuple tuple, final boolean six, final int ttl) {
        final String source = tuple.source().toString();
        final String destination = tuple.destination().toString();
        final Packet packet = (six ? Packets.tcp6(source, tuple.sourcePort(), destination, tuple.destinationPort())
            : Packets.tcp4(source, tuple.sourcePort(), destination, tuple.destinationPort())).ttl(ttl).build();
        packet.parse();
        return packet;
    }

    private static int update(final int checksum, final int delta) {
        final int sum = (~checksum & 0xffff) + delta;
        return ~((sum & 0xffff) + (sum >>> 16)) & 0xffff;
    }

    /** Both zeros of one's complement are zero. */
    private static boolean same(final int one, final int other) {
        return one == other || one % 0xffff == 0 && other % 0xffff == 0;
    }
}
