// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.pcap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Packets;
import org.trackway.packet.Port;
import org.trackway.packet.Progress;

class PcapPortTest {

    private static final byte[] FIRST = Packets.tcp4("10.0.0.1", 1000, "10.0.0.2", 80).flags("S").bytes();
    private static final byte[] SECOND = Packets.udp6("fd00::1", 53, "fd00::2", 53).payload("odd").bytes();

    @TempDir
    private Path folder;

    private final PcapPortFactory factory = new PcapPortFactory();

    @Test
    void packetsSayWhereTheyCameFrom() throws IOException {
        final Port port = ByteSource.port(CaptureBytes.pcap().record(3, 4, FIRST).toBytes(), 100);
        final PacketBatch batch = new PacketBatch();
        port.receive(batch);

        assertThat(port.name()).isEqualTo("p");
        assertThat(port.kind()).isEqualTo(factory.kind()).isEqualTo("pcap");
        assertThat(batch.get(0).inPort()).isSameAs(port);
        assertThat(batch.get(0).timestampNs()).isEqualTo(3_000_004_000L);
    }

    @Test
    void aBurstIs32Packets() throws IOException {
        final CaptureBytes capture = CaptureBytes.pcap();
        for (int i = 0; i < 33; i++) {
            capture.record(FIRST);
        }
        final Port port = ByteSource.port(capture.toBytes(), 10_000);
        final PacketBatch batch = new PacketBatch();

        assertThat(port.receive(batch)).isEqualTo(PacketBatch.BURST);
        batch.clear();
        assertThat(port.receive(batch)).isEqualTo(1);
        batch.clear();
        assertThat(port.receive(batch)).isEqualTo(-1);
        assertThat(port.receive(batch)).isEqualTo(-1);
    }

    @Test
    void packetsAreReusedUnlessSomebodyKeepsThem() throws IOException {
        final CaptureBytes capture = CaptureBytes.pcap();
        for (int i = 0; i < 32; i++) {
            capture.record(FIRST);
        }
        capture.record(SECOND).record(SECOND);
        final Port port = ByteSource.port(capture.toBytes(), 100_000);
        final PacketBatch batch = new PacketBatch();
        port.receive(batch);
        final Packet kept = batch.get(0);
        final Packet reused = batch.get(1);
        kept.keep();
        kept.ctState(7);
        reused.ctState(7);
        batch.clear();
        port.receive(batch);

        assertThat(batch.get(0)).isNotSameAs(kept);
        assertThat(kept.bytes()).isEqualTo(FIRST);
        assertThat(kept.ctState()).isEqualTo(7);
        assertThat(batch.get(1)).isSameAs(reused);
        assertThat(reused.bytes()).isEqualTo(SECOND);
        assertThat(reused.ctState()).as("it has forgotten what was known of the packet before").isZero();
    }

    @Test
    void countsWhatItReceived() throws IOException {
        final Port port = ByteSource.port(CaptureBytes.pcap().record(FIRST).record(SECOND).ints(1).toBytes(), 100);
        Received.all(port);

        assertThat(port.statistics())
            .isEqualTo(new Port.Statistics(2, FIRST.length + SECOND.length, 0, 0, 0));
    }

    @Test
    void tellsHowFarItIs() throws IOException {
        final CaptureBytes capture = CaptureBytes.pcap();
        for (int i = 0; i < 32; i++) {
            capture.record(FIRST);
        }
        final long firstBurst = capture.size();
        final Path file = Files.write(folder.resolve("x.pcap"), capture.record(SECOND).toBytes());
        try (Port port = factory.open("p", Map.of("file", file.toString()))) {
            final Progress progress = (Progress) port;
            assertThat(progress.position()).isZero();
            assertThat(progress.size()).isEqualTo(Files.size(file));
            port.receive(new PacketBatch());
            assertThat(progress.position()).isEqualTo(firstBurst);
            port.receive(new PacketBatch());
            assertThat(progress.position()).isEqualTo(progress.size());
        }
    }

    @Test
    void whatIsSentCanBeReadAgain() throws IOException {
        final Path file = folder.resolve("out.pcap");
        try (Port port = factory.open("p", Map.of("record", file.toString()))) {
            assertThat(port.receive(new PacketBatch())).as("it has nothing to receive").isEqualTo(-1);
            port.send(batch(Packets.tcp4("10.0.0.1", 1000, "10.0.0.2", 80).flags("S")
                .timestampNs(1_700_000_000_123_456_789L).build()));
            assertThat(port.statistics()).isEqualTo(new Port.Statistics(0, 0, 1, FIRST.length, 0));
        }

        assertThat(Files.readAllBytes(file)).startsWith(0xa1, 0xb2, 0x3c, 0x4d);
        final Received received = read(file);
        assertThat(received.frames()).containsExactly(FIRST);
        assertThat(received.times()).containsExactly(1_700_000_000_123_456_789L);
    }

    @Test
    void aRecordingIsACaptureFromTheStart() throws IOException {
        final Path file = folder.resolve("out.pcap");
        try (Port port = factory.open("p", Map.of("record", file.toString()))) {
            assertThat(read(file).failure()).isNull();
            port.send(batch(Packet.of(FIRST)));
        }
        assertThat(read(file).frames()).containsExactly(FIRST);
    }

    @Test
    void aRecordingLargerThanItsBufferIsWhole() throws IOException {
        final Path file = folder.resolve("out.pcap");
        try (Port port = factory.open("p", Map.of("record", file.toString()))) {
            for (int i = 0; i < 3000; i++) {
                final Packet packet = Packets.udp4("10.0.0.1", i, "10.0.0.2", 9).payloadSize(i % 1400).build();
                packet.timestampNs(i);
                port.send(batch(packet));
            }
            port.send(batch(new Packet(262144), Packet.of(new byte[262144])));
        }
        final Received received = read(file);
        assertThat(received.failure()).isNull();
        assertThat(received.packets()).hasSize(3002);
        for (int i = 0; i < 3000; i++) {
            assertThat(received.packets().get(i).timestampNs()).isEqualTo(i);
            assertThat(received.packets().get(i).length()).isEqualTo(42 + i % 1400);
        }
        assertThat(received.packets().get(3000).length()).isZero();
        assertThat(received.packets().get(3001).length()).isEqualTo(262144);
    }

    @Test
    void aRecordingOfTinyPacketsFillsItsBufferToTheBrim() throws IOException {
        final Path file = folder.resolve("out.pcap");
        final PacketBatch batch = batch(Packet.of(new byte[] {9}));
        try (Port port = factory.open("p", Map.of("record", file.toString()))) {
            for (int i = 0; i < 50_000; i++) {
                port.send(batch);
            }
        }
        assertThat(read(file).frames()).hasSize(50_000).allMatch(frame -> frame.length == 1 && frame[0] == 9);
    }

    @Test
    void whatNoCaptureCanHoldIsDroppedAndCounted() throws IOException {
        final Path file = folder.resolve("out.pcap");
        try (Port port = factory.open("p", Map.of("record", file.toString()))) {
            port.send(batch(Packet.of(new byte[262145]), Packet.of(SECOND)));
            assertThat(port.statistics()).isEqualTo(new Port.Statistics(0, 0, 1, SECOND.length, 1));
        }
        assertThat(read(file).frames()).containsExactly(SECOND);
    }

    @Test
    void aPortThatOnlyReadsDropsAndCountsWhatIsSent() throws IOException {
        final Port port = ByteSource.port(CaptureBytes.pcap().toBytes(), 100);
        port.send(batch(Packet.of(FIRST), Packet.of(SECOND)));

        assertThat(port.statistics()).isEqualTo(new Port.Statistics(0, 0, 0, 0, 2));
    }

    @Test
    void afterCloseNothingComesAndNothingGoes() throws IOException {
        final Path in = Files.write(folder.resolve("in.pcap"), CaptureBytes.pcap().record(FIRST).toBytes());
        final Path out = folder.resolve("out.pcap");
        final Port port = factory.open("p", Map.of("file", in.toString(), "record", out.toString()));
        port.close();
        port.close();

        assertThat(port.receive(new PacketBatch())).isEqualTo(-1);
        assertThatThrownBy(() -> port.send(batch(Packet.of(FIRST)))).isInstanceOf(IOException.class)
            .hasMessage(out + ": the recording was closed");
        assertThat(port.statistics().dropped()).isEqualTo(1);
    }

    @Test
    void refusesOptionsWithWhatIsAllowed() {
        assertRefused(Map.of("fiel", "x"), "unknown option 'fiel': a pcap port takes file, follow, record");
        assertRefused(Map.of(), "a pcap port needs 'file', 'record' or both");
        assertRefused(Map.of("file", "x", "follow", "yes"), "option 'follow' is 'yes': give true or false");
        assertRefused(Map.of("record", "x", "follow", "true"), "'follow' needs a 'file' to follow");
        assertThat(factory.options()).containsOnlyKeys("file", "follow", "record");
    }

    @Test
    void refusesToRecordOverWhatItReads() throws IOException {
        final byte[] capture = CaptureBytes.pcap().record(FIRST).toBytes();
        final Path file = Files.write(folder.resolve("x.pcap"), capture);
        final Path link = Files.createSymbolicLink(folder.resolve("y.pcap"), file);

        assertRefused(Map.of("file", file.toString(), "record", link.toString()),
            "'file' and 'record' are the same: " + link);
        assertThat(file).hasBinaryContent(capture);
    }

    @Test
    void aBadCaptureDoesNotCostAnOldRecording() throws IOException {
        final Path in = Files.writeString(folder.resolve("in.pcap"), "no capture");
        final Path out = Files.writeString(folder.resolve("out.pcap"), "precious");

        assertThatThrownBy(() -> factory.open("p", Map.of("file", in.toString(), "record", out.toString())))
            .isInstanceOf(IOException.class);
        assertThat(out).hasContent("precious");
    }

    @Property(tries = 100)
    void everyPacketSurvivesRecordingAndReading(@ForAll @Size(max = 40) final List<byte[]> frames,
            @ForAll @LongRange(min = 0, max = 4_294_967_295_999_999_999L) final long time) throws IOException {
        final Path file = Files.createTempFile("trackway", ".pcap");
        try {
            try (Port port = factory.open("p", Map.of("record", file.toString()))) {
                for (final byte[] frame : frames) {
                    final Packet packet = Packet.of(frame);
                    packet.timestampNs(time);
                    port.send(batch(packet));
                }
            }
            final Received received = read(file);
            assertThat(received.failure()).isNull();
            assertThat(received.frames()).containsExactlyElementsOf(frames);
            assertThat(received.times()).allMatch(t -> t == time);
        } finally {
            Files.delete(file);
        }
    }

    private void assertRefused(final Map<String, String> options, final String message) {
        assertThatThrownBy(() -> factory.open("p", options)).isInstanceOf(IllegalArgumentException.class)
            .hasMessage(message);
    }

    private Received read(final Path file) throws IOException {
        try (Port port = factory.open("reader", Map.of("file", file.toString()))) {
            return Received.all(port);
        }
    }

    private static PacketBatch batch(final Packet... packets) {
        final PacketBatch batch = new PacketBatch();
        Arrays.stream(packets).forEach(batch::add);
        return batch;
    }
}
