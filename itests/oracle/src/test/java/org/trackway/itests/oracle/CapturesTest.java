// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.oracle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.trackway.conntrack.CtState;
import org.trackway.conntrack.core.Trackers;
import org.trackway.datapath.ReplayRequest;
import org.trackway.datapath.ReplayResult;
import org.trackway.datapath.core.PortFactories;
import org.trackway.datapath.core.ReplayComponent;
import org.trackway.datapath.core.Shortcuts;
import org.trackway.packet.PacketBatch;
import org.trackway.port.pcap.PcapPortFactory;

/** Every packet of every capture, committed in zone 0 while the clock stands still, has the peer's {@code ct_state}. */
class CapturesTest {

    @TestFactory
    Stream<DynamicContainer> captures() throws IOException {
        final Differences differences = Differences.load();
        return Location.list("trackway.oracle", "captures", "*.pcap").stream()
            .map(file -> DynamicContainer.dynamicContainer(Location.name(file), IntStream.of(1, 7, PacketBatch.BURST)
                .mapToObj(size -> DynamicTest.dynamicTest(Location.name(file) + ", batches of " + size,
                    () -> check(file, size, differences)))));
    }

    private static void check(final Path file, final int batchSize, final Differences differences)
            throws IOException {
        final String name = Location.name(file);
        final List<String> golden = differences.apply(name, "ct_state",
            Files.readAllLines(file.resolveSibling(name + ".ct_state.txt")));
        final List<String> states;
        try {
            states = replay(file, batchSize);
        } catch (final IOException e) {
            assertThat(golden).as("%s is refused: %s", name, e.getMessage()).singleElement().asString()
                .startsWith("refused:");
            assertThat(e).hasMessageNotContaining("\n").hasMessageContaining("link type "
                + golden.get(0).substring(golden.get(0).lastIndexOf(' ') + 1));
            return;
        }
        for (int i = 0; i < Math.min(states.size(), golden.size()); i++) {
            if (!states.get(i).equals(golden.get(i))) {
                fail("packet %d: ours %s, Open vSwitch %s%n%s", i + 1, states.get(i), golden.get(i),
                    Describe.packet(Capture.read(file).get(i).bytes()));
            }
        }
        assertThat(states).as("as many answers as packets").hasSameSizeAs(golden);
    }

    /** {@return the states of a capture's packets, replayed as users replay it} */
    private static List<String> replay(final Path file, final int batchSize) throws IOException {
        final List<String> states = new ArrayList<>();
        final PortFactories ports = new PortFactories();
        ports.bind(new PcapPortFactory());
        final ReplayResult result = new ReplayComponent(
            (name, settings, clock) -> Trackers.make(settings, clock, List.of()), ports, new Shortcuts())
            .replay(ReplayRequest.port("pcap", Map.of("file", file.toString()))
                .clock(ReplayRequest.Clock.FROZEN)
                .batchSize(batchSize)
                .observer(packet -> states.add(packet.number() + ": " + CtState.format(packet.ctState())))
                .build());
        if (result.error().isPresent()) {
            throw new IOException(result.error().get());
        }
        return states;
    }
}
