// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.pcap;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.trackway.packet.Packets;

/** Whatever the bytes are: an IOException at the most, and never a packet less than there were good ones. */
class DamagedCaptureTest {

    private static final List<byte[]> FRAMES = List.of(
        Packets.tcp4("10.0.0.1", 1000, "10.0.0.2", 80).flags("S").bytes(),
        Packets.udp6("fd00::1", 53, "fd00::2", 53).payload("odd").bytes(),
        Packets.echo4("10.0.0.1", "10.0.0.2", 1, 2).bytes());

    @Test
    void aPcapFileCutAnywhereKeepsThePacketsBeforeTheCut() {
        final CaptureBytes capture = CaptureBytes.pcap();
        final List<Integer> ends = new ArrayList<>();
        for (final byte[] frame : FRAMES) {
            ends.add(capture.record(frame).size());
        }
        cutAnywhere(capture.toBytes(), 24, ends, List.of(24, ends.get(0), ends.get(1), ends.get(2)));
    }

    @Test
    void aPcapngFileCutAnywhereKeepsThePacketsBeforeTheCut() {
        final CaptureBytes capture = CaptureBytes.pcapng(ByteOrder.BIG_ENDIAN);
        final List<Integer> whole = new ArrayList<>(List.of(capture.size()));
        whole.add(capture.describe(1).size());
        final List<Integer> ends = new ArrayList<>(List.of(capture.enhanced(FRAMES.get(0)).size()));
        whole.add(capture.block(5, capture.body().ints(1, 2, 3)).size());
        ends.add(capture.obsolete(0, 0, FRAMES.get(1)).size());
        whole.add(capture.section(ByteOrder.LITTLE_ENDIAN).size());
        whole.add(capture.describe(1).size());
        ends.add(capture.simple(FRAMES.get(2).length, FRAMES.get(2)).size());
        whole.addAll(ends);
        cutAnywhere(capture.toBytes(), 4, ends, whole);
    }

    private static void cutAnywhere(final byte[] capture, final int opens, final List<Integer> ends,
            final List<Integer> whole) {
        for (int cut = 0; cut <= capture.length; cut++) {
            final int length = cut;
            final Received received = read(Arrays.copyOf(capture, length), 1 + length % 7);
            final int packets = (int) ends.stream().filter(end -> end <= length).count();
            assertThat(received.frames()).as("cut at %d", cut).containsExactlyElementsOf(FRAMES.subList(0, packets));
            if (whole.contains(length)) {
                assertThat(received.failure()).as("cut at %d", cut).isNull();
            } else {
                assertThat(received.failure()).as("cut at %d", cut)
                    .hasMessageStartingWith(cut >= opens ? "x.pcap: truncated: " : "x.pcap: ");
            }
        }
    }

    @Property
    void randomBytesBehindAPcapHeader(@ForAll @Size(max = 200) final byte[] bytes,
            @ForAll @IntRange(min = 1, max = 300) final int step) {
        final CaptureBytes capture = CaptureBytes.pcap();
        FRAMES.forEach(capture::record);

        assertThat(read(capture.bytes(bytes).toBytes(), step).frames()).startsWith(FRAMES.toArray(byte[][]::new));
    }

    @Property
    void randomBytesBehindAPcapngHeader(@ForAll @Size(max = 200) final byte[] bytes,
            @ForAll @IntRange(min = 1, max = 300) final int step) {
        final CaptureBytes capture = CaptureBytes.pcapng(ByteOrder.LITTLE_ENDIAN).describe(1);
        FRAMES.forEach(capture::enhanced);

        assertThat(read(capture.bytes(bytes).toBytes(), step).frames()).startsWith(FRAMES.toArray(byte[][]::new));
    }

    @Property
    void oneWrongByteAnywhereInAPcapngFile(@ForAll @IntRange(max = 435) final int at, @ForAll final byte value) {
        final CaptureBytes capture = CaptureBytes.pcapng(ByteOrder.LITTLE_ENDIAN);
        capture.describe(1, 0, capture.body().option(9, (byte) 9).option(0));
        FRAMES.forEach(capture::enhanced);
        final byte[] bytes = capture.toBytes();
        bytes[at % bytes.length] = value;

        assertOneLine(read(bytes, 1000));
    }

    @Property
    void randomBytes(@ForAll @Size(max = 200) final byte[] bytes) {
        assertOneLine(read(bytes, 50));
    }

    private static void assertOneLine(final Received received) {
        if (received.failure() != null) {
            assertThat(received.failure().getMessage()).startsWith("x.pcap: ").doesNotContain("\n");
        }
    }

    private static Received read(final byte[] bytes, final int step) {
        try {
            return Received.all(ByteSource.port(bytes, step));
        } catch (final IOException e) {
            return new Received(List.of(), e);
        }
    }
}
