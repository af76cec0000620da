// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.pcap;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteOrder;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Packets;

class PcapFormatTest {

    private static final byte[] FIRST = Packets.tcp4("10.0.0.1", 1000, "10.0.0.2", 80).flags("S").bytes();
    private static final byte[] SECOND = Packets.udp6("fd00::1", 53, "fd00::2", 53).payload("answer").bytes();

    static Stream<Arguments> variants() {
        return Stream.of(ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN).flatMap(order -> Stream.of(
            Arguments.of(order, 0xa1b2c3d4, 1_700_000_000_123_456_000L),
            Arguments.of(order, 0xa1b23c4d, 1_700_000_000_000_123_456L)));
    }

    @ParameterizedTest
    @MethodSource("variants")
    void readsBothByteOrdersAndBothClocks(final ByteOrder order, final int magic, final long time) throws IOException {
        final Received received = Received.all(CaptureBytes.pcap(order, magic, 1)
            .record(1_700_000_000, 123_456, FIRST).record(1_700_000_000, 123_456, SECOND));

        assertThat(received.failure()).isNull();
        assertThat(received.frames()).containsExactly(FIRST, SECOND);
        assertThat(received.times()).containsExactly(time, time);
    }

    @Test
    void secondsGoOnBehindTheYear2038() throws IOException {
        final Received received = Received.all(CaptureBytes.pcap().record(0xf000_0000, 1, FIRST));

        assertThat(received.times()).containsExactly(0xf000_0000L * 1_000_000_000L + 1000);
    }

    @Test
    void aCaptureWithoutPacketsEndsAtOnce() throws IOException {
        assertThat(ByteSource.port(CaptureBytes.pcap().toBytes(), 1).receive(new PacketBatch())).isEqualTo(-1);
    }

    @Test
    void aPacketThatWasCutByTheSnapLengthIsWhatWasCaptured() throws IOException {
        final Received received = Received.all(
            CaptureBytes.pcap().ints(1, 2, 20, 1500).bytes(new byte[20]).record(SECOND));

        assertThat(received.frames()).containsExactly(new byte[20], SECOND);
    }

    @Test
    void theLongestPacketIsRead() throws IOException {
        final byte[] longest = new byte[256 * 1024];
        longest[longest.length - 1] = 77;

        assertThat(Received.all(CaptureBytes.pcap().record(longest).record(FIRST)).frames())
            .containsExactly(longest, FIRST);
    }

    @Test
    void aFrameCheckSequenceMarkedInTheLinkTypeDoesNotHideIt() throws IOException {
        assertThat(Received.all(CaptureBytes.pcap(ByteOrder.LITTLE_ENDIAN, 0xa1b2c3d4, 0x2400_0001).record(FIRST))
            .frames()).containsExactly(FIRST);
    }

    @Test
    void manyMorePacketsThanFitTheWindowComeInOrder() throws IOException {
        final CaptureBytes capture = CaptureBytes.pcap();
        for (int i = 0; i < 5000; i++) {
            capture.record(i, 0, Packets.udp4("10.0.0.1", i, "10.0.0.2", 9).payloadSize(i % 1400).bytes());
        }
        final Received received = Received.all(capture);

        assertThat(received.packets()).hasSize(5000);
        for (int i = 0; i < 5000; i++) {
            assertThat(received.packets().get(i).timestampNs()).isEqualTo(i * 1_000_000_000L);
            assertThat(received.packets().get(i).length()).isEqualTo(42 + i % 1400);
        }
    }
}
