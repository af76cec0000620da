// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.pcap;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.trackway.packet.Packets;

class PcapngFormatTest {

    private static final byte[] FIRST = Packets.tcp4("10.0.0.1", 1000, "10.0.0.2", 80).flags("S").bytes();
    private static final byte[] SECOND = Packets.udp6("fd00::1", 53, "fd00::2", 53).payload("odd").bytes();
    private static final byte[] THIRD = Packets.arp(1, "02:00:00:00:00:01", "10.0.0.1", "00:00:00:00:00:00", "10.0.0.2")
        .bytes();

    static Stream<ByteOrder> orders() {
        return Stream.of(ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN);
    }

    @ParameterizedTest
    @MethodSource("orders")
    void readsEveryKindOfPacketBlock(final ByteOrder order) throws IOException {
        final Received received = Received.all(CaptureBytes.pcapng(order).describe(1)
            .enhanced(0, 1_700_000_000_123_456L, FIRST)
            .obsolete(0, 1_700_000_000_123_457L, SECOND)
            .simple(THIRD.length, THIRD));

        assertThat(received.failure()).isNull();
        assertThat(received.frames()).containsExactly(FIRST, SECOND, THIRD);
        assertThat(received.times()).containsExactly(1_700_000_000_123_456_000L, 1_700_000_000_123_457_000L, 0L);
    }

    @Test
    void everySectionHasItsOwnByteOrderAndInterfaces() throws IOException {
        final Received received = Received.all(CaptureBytes.pcapng(ByteOrder.LITTLE_ENDIAN).describe(276).describe(1)
            .enhanced(1, 1, FIRST)
            .section(ByteOrder.BIG_ENDIAN).describe(1)
            .enhanced(0, 2, SECOND)
            .section(ByteOrder.LITTLE_ENDIAN).describe(1)
            .enhanced(0, 3, THIRD));

        assertThat(received.failure()).isNull();
        assertThat(received.frames()).containsExactly(FIRST, SECOND, THIRD);
        assertThat(received.times()).containsExactly(1000L, 2000L, 3000L);
    }

    @Test
    void anInterfaceOfAnEarlierSectionIsForgotten() throws IOException {
        final Received received = Received.all(CaptureBytes.pcapng(ByteOrder.LITTLE_ENDIAN).describe(1)
            .section(ByteOrder.LITTLE_ENDIAN).enhanced(FIRST));

        assertThat(received.packets()).isEmpty();
        assertThat(received.failure()).hasMessageContaining("none has been described");
    }

    // if_tsresol, ticks, nanoseconds; 0x80 marks a power of two
    @ParameterizedTest
    @CsvSource({
        "0, 17, 17000000000",
        "3, 1700000000123, 1700000000123000000",
        "6, 1700000000123456, 1700000000123456000",
        "9, 1700000000123456789, 1700000000123456789",
        "12, 1700000000123456789, 1700000000123456",
        "19, -1, 1844674407",
        "29, -1, 0",
        "127, -1, 0",
        "128, 17, 17000000000",
        "129, 3, 1500000000",
        "138, 1025, 1000976562",
        "158, 4294967297, 4000000000",
        "175, 211106232532992, 1500000000",
        "191, -1, 1999999999",
        "255, -1, 0",
    })
    void timesComeInTheResolutionOfTheInterface(final int resolution, final long ticks, final long nanoseconds)
            throws IOException {
        final CaptureBytes capture = CaptureBytes.pcapng(ByteOrder.LITTLE_ENDIAN);
        capture.describe(1, 0, capture.body().option(2, (byte) 'e', (byte) 't', (byte) 'h').option(9, (byte) resolution)
            .option(0)).enhanced(0, ticks, FIRST);

        assertThat(Received.all(capture).times()).containsExactly(nanoseconds);
    }

    @Test
    void theTimeOffsetOfTheInterfaceIsAdded() throws IOException {
        final CaptureBytes capture = CaptureBytes.pcapng(ByteOrder.BIG_ENDIAN);
        capture.describe(1, 0, capture.body().option(14, new byte[] {0, 0, 0, 0, 0, 0, 0, 100}))
            .enhanced(0, 5, FIRST);

        assertThat(Received.all(capture).times()).containsExactly(100_000_005_000L);
    }

    @Test
    void otherBlocksAreSteppedOver() throws IOException {
        final CaptureBytes capture = CaptureBytes.pcapng(ByteOrder.LITTLE_ENDIAN).describe(1);
        capture.block(4, capture.body().ints(0)).block(5, capture.body().bytes(new byte[64])).enhanced(FIRST)
            .block(0xbad, capture.body().bytes(new byte[3 << 20])).block(10, capture.body()).enhanced(SECOND);

        assertThat(Received.all(capture).frames()).containsExactly(FIRST, SECOND);
    }

    @Test
    void optionsBehindThePacketAreNoPartOfIt() throws IOException {
        final CaptureBytes capture = CaptureBytes.pcapng(ByteOrder.LITTLE_ENDIAN).describe(1);
        capture.block(6, capture.body().ints(0, 0, 0, FIRST.length, FIRST.length).padded(FIRST)
            .option(1, (byte) 'h', (byte) 'i').option(0));

        assertThat(Received.all(capture).frames()).containsExactly(FIRST);
    }

    @Test
    void aSimplePacketIsAsLongAsTheSnapLengthLetsIt() throws IOException {
        final CaptureBytes capture = CaptureBytes.pcapng(ByteOrder.LITTLE_ENDIAN);
        capture.describe(1, 30, capture.body()).simple(1500, Arrays.copyOf(FIRST, 30));

        assertThat(Received.all(capture).frames()).containsExactly(Arrays.copyOf(FIRST, 30));
    }

    @Test
    void anInterfaceThatIsNotReadHurtsOnlyOnceAPacketComesFromIt() throws IOException {
        final CaptureBytes capture = CaptureBytes.pcapng(ByteOrder.LITTLE_ENDIAN).describe(1).describe(105)
            .enhanced(0, 0, FIRST);
        final int at = capture.size();
        final Received received = Received.all(capture.enhanced(1, 0, SECOND));

        assertThat(received.frames()).containsExactly(FIRST);
        assertThat(received.failure()).hasMessage("x.pcap: packet 2 at byte " + at + ": link type 105 (IEEE 802.11)"
            + " is not read; these are: 1 (Ethernet), 113 (Linux cooked v1), 276 (Linux cooked v2)");
    }
}
