// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.pcap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.trackway.packet.Packets;
import org.trackway.packet.Port;

/** One line for everything that can be wrong with a capture: which file, what, where. */
class CaptureErrorTest {

    private static final byte[] PACKET = Packets.tcp4("10.0.0.1", 1000, "10.0.0.2", 80).payload("0123456789").bytes();
    private static final String READ = " is not read; these are: 1 (Ethernet), 113 (Linux cooked v1),"
        + " 276 (Linux cooked v2)";

    @TempDir
    private Path folder;

    @Test
    void noFile() {
        assertOpening(folder.resolve("none.pcap")).hasMessage(folder + "/none.pcap: no such file");
    }

    @Test
    void aDirectory() {
        assertOpening(folder).hasMessage(folder + ": is a directory");
    }

    @Test
    void noPermission() throws IOException {
        final Path file = write(CaptureBytes.pcap().toBytes());
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
        assumeFalse(Files.isReadable(file), "the superuser may read everything");

        assertOpening(file).hasMessage(file + ": permission denied");
    }

    @Test
    void anEmptyFile() throws IOException {
        final Path file = write(new byte[0]);

        assertOpening(file).hasMessage(file + ": is empty, so it is no capture");
    }

    @Test
    void aFileOfThreeBytes() throws IOException {
        final Path file = write(new byte[3]);

        assertOpening(file).hasMessage(file + ": is no capture: it has only 3 bytes");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "ffd8ffe000104a464946 | ff d8 ff e0 (a JPEG image)",
        "89504e470d0a1a0a     | 89 50 4e 47 (a PNG image)",
        "1f8b0800000000000003 | 1f 8b 08 00 (gzip: decompress it first)",
        "28b52ffd0458         | 28 b5 2f fd (zstd: decompress it first)",
        "fd377a585a00         | fd 37 7a 58 (xz: decompress it first)",
        "504b0304             | 50 4b 03 04 (a ZIP archive)",
        "255044462d312e37     | 25 50 44 46 (a PDF document)",
        "736e6f6f70000000     | 73 6e 6f 6f (a snoop capture)",
        "34cdb2a1             | 34 cd b2 a1 (a modified pcap capture of old Linux systems)",
        "a1b2cd34             | a1 b2 cd 34 (a modified pcap capture of old Linux systems)",
        "68656c6c6f           | 68 65 6c 6c",
    })
    void noCapture(final String bytes, final String named) throws IOException {
        final Path file = write(HexFormat.of().parseHex(bytes));

        assertOpening(file).hasMessage(file + ": is no pcap or pcapng capture: it begins with " + named);
    }

    @Test
    void aLinkTypeThatHasAName() throws IOException {
        final Path file = write(CaptureBytes.pcap(ByteOrder.BIG_ENDIAN, 0xa1b2c3d4, 105).toBytes());

        assertOpening(file).hasMessage(file + ": link type 105 (IEEE 802.11)" + READ);
    }

    @Test
    void aLinkTypeThatHasNone() throws IOException {
        final Path file = write(CaptureBytes.pcap(ByteOrder.BIG_ENDIAN, 0xa1b2c3d4, 4711).toBytes());

        assertOpening(file).hasMessage(file + ": link type 4711" + READ);
    }

    @Test
    void halfAFileHeader() throws IOException {
        final Path file = write(Arrays.copyOf(CaptureBytes.pcap().toBytes(), 23));

        assertOpening(file).hasMessage(file + ": truncated: the file header needs 24 bytes, 23 are there");
    }

    @Test
    void anotherVersion() throws IOException {
        final Path file = write(new CaptureBytes(ByteOrder.BIG_ENDIAN).ints(0xa1b2c3d4).shorts(3, 1)
            .ints(0, 0, 0, 1).toBytes());

        assertOpening(file).hasMessage(file + ": pcap version 3.1 is not read; this is: 2.4");
    }

    @Test
    void halfAPacket() throws IOException {
        assertReading(CaptureBytes.pcap().record(PACKET).ints(0, 0, 70, 70).bytes(new byte[12]), 1)
            .hasMessage("x.pcap: truncated: packet 2 at byte " + (24 + 16 + PACKET.length)
                + " needs 86 bytes, 28 are there");
    }

    @Test
    void halfAPacketHeader() throws IOException {
        assertReading(CaptureBytes.pcap().ints(0, 0, 70), 0)
            .hasMessage("x.pcap: truncated: packet 1 at byte 24 needs 16 bytes, 12 are there");
    }

    @Test
    void aPacketOfAnAbsurdLength() throws IOException {
        assertReading(CaptureBytes.pcap().record(PACKET).ints(0, 0, -1, -1).bytes(PACKET), 1)
            .hasMessage("x.pcap: damaged: packet 2 at byte " + (24 + 16 + PACKET.length)
                + " claims 4294967295 bytes, more than the 262144 that are read");
        assertReading(CaptureBytes.pcap().ints(0, 0, 262145, 262145).bytes(new byte[262145]), 0)
            .hasMessage("x.pcap: damaged: packet 1 at byte 24 claims 262145 bytes, more than the 262144 that are read");
    }

    @Test
    void blocksWhoseLengthsCantBe() throws IOException {
        for (final int length : new int[] {0, 8, 11, 28, 33, 0x7fff_fffc, -4}) {
            assertReading(pcapng().describe(1).ints(6, length).bytes(new byte[40]), 0)
                .hasMessage("x.pcap: damaged: the block of type 6 at byte 48 claims "
                    + Integer.toUnsignedString(length) + " bytes, which can't be");
        }
    }

    @Test
    void aBlockThatEndsWithAnotherLength() throws IOException {
        assertReading(pcapng().ints(0x77, 16, 0, 20), 0)
            .hasMessage("x.pcap: damaged: the block of type 119 at byte 28 begins with the length 16 and ends with 20");
    }

    @Test
    void halfABlock() throws IOException {
        assertReading(pcapng().describe(1).ints(6, 64).bytes(new byte[12]), 0)
            .hasMessage("x.pcap: truncated: packet 1 at byte 48 needs 64 bytes, 20 are there");
        assertReading(pcapng().ints(1, 20, 0), 0)
            .hasMessage("x.pcap: truncated: the interface description at byte 28 needs 20 bytes, 12 are there");
        assertReading(pcapng().ints(1), 0)
            .hasMessage("x.pcap: truncated: the block at byte 28 needs 12 bytes, 4 are there");
        assertReading(pcapng().ints(0x0a0d0d0a, 28), 0)
            .hasMessage("x.pcap: truncated: the section header at byte 28 needs 12 bytes, 8 are there");
    }

    @Test
    void aSectionWithoutByteOrder() throws IOException {
        assertReading(new CaptureBytes(ByteOrder.BIG_ENDIAN).ints(0x0a0d0d0a, 28, 0x12345678), 0)
            .hasMessage("x.pcap: damaged: the section header at byte 0 has no byte-order magic but 12345678");
    }

    @Test
    void aSectionOfAnotherVersion() throws IOException {
        final CaptureBytes capture = new CaptureBytes(ByteOrder.BIG_ENDIAN);
        assertReading(capture.block(0x0a0d0d0a, capture.body().ints(0x1a2b3c4d).shorts(2, 3).ints(-1, -1)), 0)
            .hasMessage("x.pcap: pcapng version 2.3 is not read (byte 0); this is: 1.0");
    }

    @Test
    void aPacketLongerThanItsBlock() throws IOException {
        final CaptureBytes capture = pcapng().describe(1).enhanced(PACKET);
        final int at = capture.size();
        assertReading(capture.block(6, capture.body().ints(0, 0, 0, 9, 9).bytes(new byte[8])), 1)
            .hasMessage("x.pcap: damaged: packet 2 at byte " + at + " claims 9 bytes in a block of 40");
        assertReading(pcapng().describe(1).simple(5, new byte[4]), 0)
            .hasMessage("x.pcap: damaged: packet 1 at byte 48 claims 5 bytes in a block of 20");
    }

    @Test
    void aPacketOfNoKnownInterface() throws IOException {
        assertReading(pcapng().describe(1).describe(1).enhanced(2, 0, PACKET), 0).hasMessage(
            "x.pcap: damaged: packet 1 at byte 68 is of interface 2, and only 2 have been described");
        assertReading(pcapng().simple(4, new byte[4]), 0).hasMessage(
            "x.pcap: damaged: packet 1 at byte 28 is of interface 0, and none has been described");
        assertReading(pcapng().describe(1).enhanced(-1, 0, PACKET), 0).hasMessage(
            "x.pcap: damaged: packet 1 at byte 48 is of interface 4294967295, and only 1 have been described");
    }

    @Test
    void anOptionLongerThanItsBlock() throws IOException {
        final CaptureBytes capture = pcapng();
        assertReading(capture.describe(1, 0, capture.body().shorts(9, 5).ints(0)), 0)
            .hasMessage("x.pcap: damaged: an option of the interface description at byte 28 reaches behind the block's"
                + " end");
    }

    @Test
    void theSameErrorIsGivenAgain() throws IOException {
        final Port port = ByteSource.port(CaptureBytes.pcap().ints(0).toBytes(), 9);

        final IOException first = Received.all(port).failure();
        assertThat(first).hasMessageStartingWith("x.pcap: truncated");
        assertThat(Received.all(port).failure()).hasMessage(first.getMessage());
    }

    @Test
    void aRecordingThatCantBeMade() {
        assertThatThrownBy(() -> new PcapPortFactory().open("p", Map.of("record", folder + "/none/x.pcap")))
            .isInstanceOf(IOException.class).hasMessage(folder + "/none/x.pcap: can't be written: no such directory");
        assertThatThrownBy(() -> new PcapPortFactory().open("p", Map.of("record", folder.toString())))
            .isInstanceOf(IOException.class).hasMessage(folder + ": can't be written: Is a directory");
    }

    private static CaptureBytes pcapng() {
        return CaptureBytes.pcapng(ByteOrder.LITTLE_ENDIAN);
    }

    private Path write(final byte[] bytes) throws IOException {
        return Files.write(folder.resolve("x.pcap"), bytes);
    }

    private static AbstractThrowableAssert<?, ? extends Throwable> assertOpening(final Path file) {
        return assertThatThrownBy(() -> new PcapPortFactory().open("p", Map.of("file", file.toString())))
            .isInstanceOf(IOException.class);
    }

    /** Reads everything, checks how many packets came first, and leaves the error to be looked at. */
    private static AbstractThrowableAssert<?, ? extends Throwable> assertReading(final CaptureBytes capture,
            final int packetsBefore) throws IOException {
        final Port port = ByteSource.port(capture.toBytes(), Integer.MAX_VALUE);
        final Received received = Received.all(port);
        assertThat(received.packets()).hasSize(packetsBefore);
        assertThat(port.statistics().receivedPackets()).isEqualTo(packetsBefore);
        return assertThat(received.failure()).isNotNull();
    }
}
