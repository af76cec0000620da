// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.oracle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.CtAction;
import org.trackway.conntrack.CtState;
import org.trackway.conntrack.core.Trackers;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;

/** Every packet of every capture, committed in zone 0 while the clock stands still, has the peer's {@code ct_state}. */
class CapturesTest {

    private static final CtAction COMMIT = CtAction.builder().commit().build();

    @TestFactory
    Stream<DynamicContainer> captures() throws IOException {
        final Differences differences = Differences.load();
        return Location.list(Location.of("trackway.oracle").resolve("captures"), "*.pcap").stream()
            .map(file -> DynamicContainer.dynamicContainer(Location.name(file), IntStream.of(1, 7, PacketBatch.BURST)
                .mapToObj(size -> DynamicTest.dynamicTest(Location.name(file) + ", batches of " + size,
                    () -> check(file, size, differences)))));
    }

    private static void check(final Path file, final int batchSize, final Differences differences)
            throws IOException {
        final String name = Location.name(file);
        final List<String> golden = differences.apply(name, "ct_state",
            Files.readAllLines(file.resolveSibling(name + ".ct_state.txt")));
        final List<Packet> packets;
        try {
            packets = Capture.read(file);
        } catch (final IOException e) {
            assertThat(golden).as("%s is refused: %s", name, e.getMessage()).singleElement().asString()
                .startsWith("refused:");
            assertThat(e).hasMessageNotContaining("\n").hasMessageContaining("link type "
                + golden.get(0).substring(golden.get(0).lastIndexOf(' ') + 1));
            return;
        }
        final List<String> inputs = packets.stream().map(packet -> Describe.packet(packet.bytes())).toList();
        final List<String> states = track(packets, batchSize);
        for (int i = 0; i < Math.min(states.size(), golden.size()); i++) {
            if (!states.get(i).equals(golden.get(i))) {
                fail("packet %d: ours %s, Open vSwitch %s%n%s", i + 1, states.get(i), golden.get(i), inputs.get(i));
            }
        }
        assertThat(states).as("as many answers as packets").hasSameSizeAs(golden);
    }

    private static List<String> track(final List<Packet> packets, final int batchSize) {
        final Conntrack tracker = Trackers.make(ConntrackSettings.DEFAULT, () -> 0, List.of());
        final List<String> states = new ArrayList<>();
        for (int from = 0; from < packets.size(); from += batchSize) {
            final PacketBatch batch = new PacketBatch();
            packets.subList(from, Math.min(from + batchSize, packets.size())).forEach(batch::add);
            tracker.execute(batch, COMMIT, 0);
            for (int i = 0; i < batch.size(); i++) {
                states.add(states.size() + 1 + ": " + CtState.format(batch.get(i).ctState()));
            }
        }
        return states;
    }
}
