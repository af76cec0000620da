// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.afpacket;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.trackway.packet.Bytes;
import org.trackway.packet.EtherType;
import org.trackway.packet.Packet;
import org.trackway.packet.Packets;

/** The header as linux/virtio_net.h lays it out: flags, kind, headers, segment, start, field. */
class VirtioHeaderTest {

    private static final int AT = 6;

    private final ByteBuffer bytes = ByteBuffer.allocate(64).order(ByteOrder.nativeOrder());

    private void header(final int flags, final int kind, final int segment, final int start, final int field) {
        bytes.put(AT, (byte) flags).put(AT + 1, (byte) kind).putShort(AT + 4, (short) segment)
            .putShort(AT + 6, (short) start).putShort(AT + 8, (short) field);
    }

    private boolean read(final Packet packet) {
        return VirtioHeader.read(bytes, AT, packet, 0);
    }

    private static Packet tcp4(final int payload) {
        return Packet.of(Packets.tcp4("10.0.0.1", 5, "10.0.0.2", 6).payloadSize(payload).bytes());
    }

    private static Packet tcp6(final int payload) {
        return Packet.of(Packets.tcp6("fd00::1", 5, "fd00::2", 6).payloadSize(payload).bytes());
    }

    private static Packet udp4(final int payload) {
        return Packet.of(Packets.udp4("10.0.0.1", 5, "10.0.0.2", 6).payloadSize(payload).bytes());
    }

    @Test
    void anEmptyHeaderSaysNothing() {
        final Packet packet = tcp4(10);
        assertThat(read(packet)).isTrue();
        assertThat(packet.l4Checksum()).isEqualTo(Packet.CHECKSUM_UNKNOWN);
        assertThat(packet.segmentSize()).isZero();
    }

    @Test
    void anUnfinishedChecksumOfTheTransportLayerStaysUnfinished() {
        header(1, 0, 0, 34, 16);
        final Packet packet = tcp4(10);
        assertThat(read(packet)).isTrue();
        assertThat(packet.l4Checksum()).isEqualTo(Packet.CHECKSUM_PARTIAL);
    }

    @Test
    void aTagThatWasPutBackMovesTheChecksum() {
        header(1, 0, 0, 34, 16);
        final Packet packet = tcp4(10);
        packet.pushVlan(EtherType.VLAN, 5);
        assertThat(VirtioHeader.read(bytes, AT, packet, 4)).isTrue();
        assertThat(packet.l4Checksum()).isEqualTo(Packet.CHECKSUM_PARTIAL);
    }

    /** As a tunnel's inner packet has it: it starts inside the payload of the packet that is seen. */
    @Test
    void anUnfinishedChecksumFurtherInsideIsCompleted() {
        final Packet packet = udp4(100);
        final byte[] before = packet.bytes();
        header(1, 0, 0, 60, 6);
        assertThat(read(packet)).isTrue();
        assertThat(packet.l4Checksum()).isEqualTo(Packet.CHECKSUM_UNKNOWN);
        final byte[] after = packet.bytes();
        long sum = 0;
        for (int i = 60; i < after.length; i += 2) {
            sum += Bytes.u16(after, i);
        }
        while (sum > 0xffff) {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        // What stood in the field was part of the sum, so now everything else and the field make it up.
        assertThat(sum).isEqualTo(0xffff - Bytes.u16(before, 66));
    }

    @Test
    void aChecksumThatTheKernelHasSeenIsGood() {
        header(2, 0, 0, 0, 0);
        final Packet packet = tcp4(10);
        assertThat(read(packet)).isTrue();
        assertThat(packet.l4Checksum()).isEqualTo(Packet.CHECKSUM_GOOD);
    }

    @Test
    void aFieldBehindTheEndIsRefused() {
        header(1, 0, 0, 60, 6);
        assertThat(read(tcp4(0))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 1 | 0x80})
    void aLongSegmentKnowsItsPieces(final int kind) {
        header(1, kind, 1448, 34, 16);
        final Packet packet = tcp4(5000);
        assertThat(read(packet)).isTrue();
        assertThat(packet.segmentSize()).isEqualTo(1448);
    }

    /** Fragmentation offload (3), and segments of a tunnel's inside. */
    @Test
    void longSegmentsOfOtherKindsAreRefused() {
        header(1, 3, 1448, 34, 6);
        assertThat(read(udp4(5000))).isFalse();
        header(1, 1, 1448, 84, 16);
        assertThat(read(udp4(5000))).isFalse();
    }

    @Test
    void anOrdinaryPacketIsSentAsItIs() {
        header(1, 1, 1, 1, 1);
        assertThat(VirtioHeader.write(bytes, AT, tcp4(10))).isEqualTo(64);
        for (int i = 0; i < VirtioHeader.SIZE; i++) {
            assertThat(bytes.get(AT + i)).isZero();
        }
    }

    @Test
    void whatIsUnfinishedIsLeftToTheInterface() {
        final Packet packet = tcp6(10);
        packet.l4Checksum(Packet.CHECKSUM_PARTIAL);
        assertThat(VirtioHeader.write(bytes, AT, packet)).isEqualTo(84);
        assertHeader(1, 0, 0, 0, 54, 16);
    }

    @Test
    void aLongSegmentIsCutByTheInterface() {
        final Packet packet = tcp4(5000);
        packet.segmentSize(1448);
        packet.l4Checksum(Packet.CHECKSUM_PARTIAL);
        assertThat(VirtioHeader.write(bytes, AT, packet)).isEqualTo(54 + 1448);
        assertHeader(1, 1, 54, 1448, 34, 16);
        final Packet six = tcp6(5000);
        six.segmentSize(1428);
        six.l4Checksum(Packet.CHECKSUM_PARTIAL);
        assertThat(VirtioHeader.write(bytes, AT, six)).isEqualTo(74 + 1428);
        assertHeader(1, 4, 74, 1428, 54, 16);
        final Packet udp = udp4(5000);
        udp.segmentSize(1000);
        udp.l4Checksum(Packet.CHECKSUM_PARTIAL);
        assertThat(VirtioHeader.write(bytes, AT, udp)).isEqualTo(42 + 1000);
        assertHeader(1, 5, 42, 1000, 34, 6);
    }

    /** After a helper rewrote the payload and completed the checksum. */
    @Test
    void aLongSegmentWithAWholeChecksumGetsThatOfThePseudoHeader() {
        final Packet packet = tcp4(5000);
        packet.segmentSize(1448);
        packet.l4Checksum(Packet.CHECKSUM_GOOD);
        VirtioHeader.write(bytes, AT, packet);
        assertHeader(1, 1, 54, 1448, 34, 16);
        // 10.0.0.1 + 10.0.0.2 + 6 + 5020
        assertThat(Bytes.u16(packet.data(), packet.l4Offset() + 16)).isEqualTo(0x0a00 + 1 + 0x0a00 + 2 + 6 + 5020);
        assertThat(packet.l4Checksum()).isEqualTo(Packet.CHECKSUM_PARTIAL);
    }

    @Test
    void aLongSegmentThatIsNeitherTcpNorUdpIsRefused() {
        final Packet packet = Packet.of(Packets.echo4("10.0.0.1", "10.0.0.2", 1, 1).payloadSize(5000).bytes());
        packet.segmentSize(1448);
        assertThat(VirtioHeader.write(bytes, AT, packet)).isZero();
    }

    private void assertHeader(final int flags, final int kind, final int headers, final int segment, final int start,
            final int field) {
        assertThat(bytes.get(AT)).as("flags").isEqualTo((byte) flags);
        assertThat(bytes.get(AT + 1)).as("kind").isEqualTo((byte) kind);
        assertThat(bytes.getShort(AT + 2)).as("headers").isEqualTo((short) headers);
        assertThat(bytes.getShort(AT + 4)).as("segment").isEqualTo((short) segment);
        assertThat(bytes.getShort(AT + 6)).as("start").isEqualTo((short) start);
        assertThat(bytes.getShort(AT + 8)).as("field").isEqualTo((short) field);
    }
}
