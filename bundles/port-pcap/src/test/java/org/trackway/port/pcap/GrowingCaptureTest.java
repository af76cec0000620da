// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.pcap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Packets;
import org.trackway.packet.Port;
import org.trackway.packet.Progress;

/** Captures that are still being written: files that are followed, and standard input. */
class GrowingCaptureTest {

    private static final byte[] FIRST = Packets.tcp4("10.0.0.1", 1000, "10.0.0.2", 80).flags("S").bytes();
    private static final byte[] SECOND = Packets.udp6("fd00::1", 53, "fd00::2", 53).payload("odd").bytes();

    @TempDir
    private Path folder;

    @Test
    void aFollowedFileGivesEveryPacketOnceItIsComplete() throws IOException {
        final byte[] capture = CaptureBytes.pcapng(ByteOrder.LITTLE_ENDIAN).describe(1).enhanced(FIRST).enhanced(SECOND)
            .toBytes();
        final int firstEnds = capture.length - 32 - (SECOND.length + 3) / 4 * 4;
        final Path file = Files.createFile(folder.resolve("x.pcapng"));
        final List<byte[]> frames = new ArrayList<>();
        try (Port port = open(file.toString(), "true")) {
            for (int i = 0; i < capture.length; i++) {
                assertThat(frames).hasSize(i >= firstEnds ? 1 : 0);
                Files.write(file, new byte[] {capture[i]}, StandardOpenOption.APPEND);
                frames.addAll(Received.all(port).frames());
            }
            assertThat(frames).containsExactly(FIRST, SECOND);
            assertThat(port.receive(new PacketBatch())).as("there may be more").isZero();
            assertThat(((Progress) port).position()).isEqualTo(capture.length);
            assertThat(((Progress) port).size()).isEqualTo(capture.length);
        }
    }

    @Test
    @Timeout(20)
    void standardInputThatFailsInAnyWayIsNotWaitedFor() throws IOException {
        final InputStream in = new InputStream() {
            @Override
            public int read() {
                throw new IllegalStateException("the terminal is gone");
            }
        };
        try (Port port = new PcapPort("p", CaptureFile.standardInput("p", in), null, null)) {
            IOException failure = null;
            while (failure == null && !Thread.currentThread().isInterrupted()) {
                failure = Received.all(port).failure();
            }
            assertThat(failure).hasMessage("standard input: java.lang.IllegalStateException: the terminal is gone");
        }
    }

    @Test
    void aFileThatIsNotFollowedEndsWhereItEnds() throws IOException {
        final Path file = Files.write(folder.resolve("x.pcap"), CaptureBytes.pcap().record(FIRST).toBytes());
        try (Port port = open(file.toString(), "false")) {
            assertThat(Received.all(port).frames()).containsExactly(FIRST);
            assertThat(port.receive(new PacketBatch())).isEqualTo(-1);
        }
    }

    @Test
    void whatIsNoCaptureIsRefusedWhenItsFirstBytesCome() throws IOException {
        final Path file = Files.createFile(folder.resolve("x.pcap"));
        try (Port port = open(file.toString(), "true")) {
            assertThat(Received.all(port).failure()).isNull();
            Files.writeString(file, "hello");
            assertThat(Received.all(port).failure())
                .hasMessage(file + ": is no pcap or pcapng capture: it begins with 68 65 6c 6c");
        }
    }

    @Test
    void aFollowedFileThatIsEmptiedIsGivenUp() throws IOException {
        final Path file = Files.write(folder.resolve("x.pcap"), CaptureBytes.pcap().record(FIRST).toBytes());
        try (Port port = open(file.toString(), "true")) {
            assertThat(Received.all(port).frames()).hasSize(1);
            Files.write(file, new byte[3]);
            assertThat(Received.all(port).failure()).hasMessage(
                file + ": shrank to 3 bytes while it was read at byte " + (24 + 16 + FIRST.length));
        }
    }

    @Test
    void halfAPacketWaitsWithoutReadingTheStartAgain() throws IOException {
        final byte[] capture = CaptureBytes.pcap().record(FIRST).toBytes();
        final ByteSource source = new ByteSource(capture, 1000).show(30);
        final Port port = ByteSource.port(source);
        final PacketBatch batch = new PacketBatch();

        assertThat(port.receive(batch)).isZero();
        assertThat(port.receive(batch)).isZero();
        source.show(capture.length);
        assertThat(port.receive(batch)).isEqualTo(1);
        assertThat(batch.get(0).bytes()).isEqualTo(FIRST);
    }

    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    void standardInputGivesWhatHasComeAndEndsWhenItEnds() throws IOException {
        final PipedInputStream in = new PipedInputStream();
        final OutputStream out = new PipedOutputStream(in);
        try (Port port = new PcapPortFactory(in).open("p", Map.of("file", "-"))) {
            final PacketBatch batch = new PacketBatch();
            assertThat(port.receive(batch)).as("nothing has come, and it does not wait").isZero();

            final byte[] capture = CaptureBytes.pcap().record(FIRST).toBytes();
            out.write(capture, 0, 50);
            out.flush();
            assertThat(port.receive(batch)).isZero();
            out.write(capture, 50, capture.length - 50);
            out.flush();
            assertThat(receiveSoon(port, batch)).isEqualTo(1);
            assertThat(batch.get(0).bytes()).isEqualTo(FIRST);
            assertThat(((Progress) port).size()).isEqualTo(Progress.UNKNOWN);

            out.close();
            batch.clear();
            assertThat(receiveSoon(port, batch)).isEqualTo(-1);
        }
        assertThat(in.available()).as("standard input is not closed").isZero();
    }

    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    void muchMoreThanAChunkComesThroughStandardInputUnharmed() throws IOException {
        final CaptureBytes capture = CaptureBytes.pcap();
        for (int i = 0; i < 3000; i++) {
            capture.record(i, 0, FIRST).record(i, 1, SECOND);
        }
        try (Port port = new PcapPortFactory(new ByteArrayInputStream(capture.toBytes()))
                .open("p", Map.of("file", "-"))) {
            final PacketBatch batch = new PacketBatch();
            int packets = 0;
            for (int got = receiveSoon(port, batch); got > 0; got = receiveSoon(port, batch)) {
                for (int i = 0; i < got; i++, packets++) {
                    assertThat(batch.get(i).timestampNs()).isEqualTo(packets / 2 * 1_000_000_000L + packets % 2 * 1000);
                }
                batch.clear();
            }
            assertThat(packets).isEqualTo(6000);
        }
    }

    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    void standardInputThatIsNoCaptureSaysSo() throws IOException {
        try (Port port = new PcapPort("p", CaptureFile.standardInput("p",
                new ByteArrayInputStream("no capture".getBytes())), null, null)) {
            assertThatThrownBy(() -> receiveSoon(port, new PacketBatch())).isInstanceOf(IOException.class)
                .hasMessage("standard input: is no pcap or pcapng capture: it begins with 6e 6f 20 63");
        }
    }

    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    void aStreamThatBreaksSaysWhy() throws IOException {
        final StreamSource source = new StreamSource("p", () -> {
            throw new IOException("the other side is gone");
        });
        final CaptureInput input = new CaptureInput("pipe", source);
        try (Port port = new PcapPort("p", input, null, null)) {
            assertThatThrownBy(() -> receiveSoon(port, new PacketBatch())).isInstanceOf(IOException.class)
                .hasMessage("pipe: the other side is gone");
        }
    }

    @Test
    void aClosedStreamEndsThoughNothingEverCame() throws IOException {
        try (PipedOutputStream other = new PipedOutputStream()) {
            final Port port = new PcapPortFactory(new PipedInputStream(other)).open("p", Map.of("file", "-"));
            port.close();
            assertThat(port.receive(new PacketBatch())).isEqualTo(-1);
        }
    }

    private static Port open(final String file, final String follow) throws IOException {
        return new PcapPortFactory().open("p", Map.of("file", file, "follow", follow));
    }

    /** Asks again until something has come; the other thread needs a moment. */
    private static int receiveSoon(final Port port, final PacketBatch batch) throws IOException {
        int received = port.receive(batch);
        while (received == 0) {
            Thread.onSpinWait();
            received = port.receive(batch);
        }
        return received;
    }
}
