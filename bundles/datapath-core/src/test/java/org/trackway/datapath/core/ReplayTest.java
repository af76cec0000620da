// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.trackway.conntrack.ConntrackFactory;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.core.Trackers;
import org.trackway.datapath.Datapath.Missing;
import org.trackway.datapath.Flow;
import org.trackway.datapath.FlowException;
import org.trackway.datapath.ReplayRequest;
import org.trackway.datapath.ReplayRequest.Clock;
import org.trackway.datapath.ReplayRequest.Pace;
import org.trackway.datapath.ReplayResult;
import org.trackway.datapath.SeenPacket;
import org.trackway.packet.Packet;
import org.trackway.packet.Packets;
import org.trackway.packet.Port;
import org.trackway.packet.PortFactory;

/** Replays: clocks, batches, what is counted, and how they end. */
class ReplayTest {

    private static final long MINUTE_NS = 60_000_000_000L;
    private static final int NEW = 0x21;
    private static final int EST = 0x22;
    private static final int REPLY = 0x2a;
    private static final int INVALID = 0x30;

    private final PortFactories factories = new PortFactories();
    private final Shortcuts shortcuts = new Shortcuts();
    private final ConntrackFactory trackers = (name, settings, clock) -> Trackers.make(settings, clock);
    private final ReplayComponent replayer = new ReplayComponent(trackers, factories, shortcuts);
    private final FakePort source = new FakePort("source");

    @AfterEach
    void everyReplayClosesItsPort() {
        assertThat(source.isClosed()).isTrue();
    }

    private static Packet there(final long timestampNs) {
        return Packets.udp4("10.0.0.1", 5, "10.0.0.2", 53).timestampNs(timestampNs).build();
    }

    private static Packet back(final long timestampNs) {
        return Packets.udp4("10.0.0.2", 53, "10.0.0.1", 5).timestampNs(timestampNs).build();
    }

    private ReplayResult replay(final ReplayRequest.Builder builder) throws IOException {
        return replayer.replay(builder.build());
    }

    private ReplayRequest.Builder of(final Packet... packets) {
        return ReplayRequest.port(source.arrive(List.of(packets)));
    }

    @Test
    void everyPacketIsCommittedInZone0() throws IOException {
        final Packet arp = Packets.arp(1, "2:0:0:0:0:1", "10.0.0.1", "0:0:0:0:0:0", "10.0.0.2").build();
        final ReplayResult result = replay(of(there(1), arp, back(2), there(3)));
        assertThat(result.packets()).isEqualTo(4);
        assertThat(result.bytes()).isEqualTo(42 * 4);
        assertThat(result.slices()).containsExactly(new ReplayResult.Slice(4, 0));
        assertThat(result.states()).isEqualTo(Map.of(NEW, 1L, INVALID, 1L, REPLY, 1L, EST, 1L));
        assertThat(result.connections()).isEqualTo(1);
        assertThat(result.conntrack().count()).isEqualTo(1);
        assertThat(result.error()).isEmpty();
        assertThat(result.interrupted()).isFalse();
        assertThat(result.flows()).isEmpty();
        assertThat(result.packetRate()).isPositive();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 32})
    void onTheCapturesClockConnectionsExpireAsTheyDid(final int batch) throws IOException {
        final ReplayResult result = replay(of(there(0), back(MINUTE_NS - 1_000_000), back(MINUTE_NS + 100 * MINUTE_NS),
            there(1 + 101 * MINUTE_NS)).clock(Clock.CAPTURE).batchSize(batch));
        assertThat(result.states()).isEqualTo(Map.of(NEW, 2L, REPLY, 2L));
    }

    @Test
    void onAFrozenClockNothingExpires() throws IOException {
        final ReplayResult result = replay(of(there(0), back(100 * MINUTE_NS), there(200 * MINUTE_NS))
            .clock(Clock.FROZEN));
        assertThat(result.states()).isEqualTo(Map.of(NEW, 1L, REPLY, 1L, EST, 1L));
    }

    @Test
    void onAMonotonicClockCapturedTimeDoesNotCount() throws IOException {
        final ReplayResult result = replay(of(there(0), back(100 * MINUTE_NS)).clock(Clock.MONOTONIC));
        assertThat(result.states()).isEqualTo(Map.of(NEW, 1L, REPLY, 1L));
    }

    @Test
    void theCapturesClockStartsWithTheFirstPacketAndNeverGoesBack() throws IOException {
        final ReplayResult result = replay(of(there(100 * MINUTE_NS), there(100 * MINUTE_NS + 5_000_000), there(1),
            back(99 * MINUTE_NS)));
        assertThat(result.states()).isEqualTo(Map.of(NEW, 3L, REPLY, 1L));
        assertThat(result.conntrack().now()).isEqualTo(5_000_000);
    }

    @Test
    void expiredConnectionsAreSweptAsTheClockGoes() throws IOException {
        final List<Packet> packets = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            packets.add(Packets.udp4("10.0.0.1", 1000 + i, "10.0.0.2", 53).timestampNs(i * MINUTE_NS / 60).build());
        }
        final ReplayResult result = replay(of(packets.toArray(Packet[]::new)));
        assertThat(result.states()).isEqualTo(Map.of(NEW, 1000L));
        assertThat(result.connections()).isBetween(60, 90);
    }

    @Test
    void itsSettingsAreTheTrackers() throws IOException {
        final ReplayResult result = replay(of(there(1)).settings(ConntrackSettings.DEFAULT.withMaxConnections(0)));
        assertThat(result.connections()).isZero();
    }

    @Test
    void flowsMayTakeThePlaceOfTheDefault() throws IOException {
        final FakePort out = new FakePort("out");
        final ReplayResult result = replay(of(there(1), back(2)).outputs(List.of(out))
            .flows(List.of("# only one", "udp,nw_src=10.0.0.1,in_port=1,actions=ct(commit,zone=5),out")));
        assertThat(result.states()).isEqualTo(Map.of(NEW, 1L, 0, 1L));
        assertThat(result.flows()).extracting(Flow::packets).containsExactly(1L);
        assertThat(out.sent()).hasSize(1);
        assertThat(out.isClosed()).isTrue();
    }

    @Test
    void theDefaultSendsEverythingToTheOutputs() throws IOException {
        final FakePort out = new FakePort("out");
        replay(of(there(1), back(2)).outputs(List.of(out)));
        assertThat(out.sent()).containsExactly(there(1).bytes(), back(2).bytes());
    }

    @Test
    void aWrongFlowIsToldBeforeAnythingIsRead() {
        assertThatThrownBy(() -> replay(of(there(1)).flows(List.of("ip,actions=drop", "foo,actions=drop"))))
            .isInstanceOf(FlowException.class).hasMessageStartingWith("line 2, column 1: 'foo': not a field");
        assertThat(source.receives()).isZero();
    }

    @Test
    void whatWasReadBeforeAnErrorCounts() throws IOException {
        final ReplayResult result = replay(ReplayRequest.port(source.arrive(List.of(there(1), back(2)))
            .fail("source: record 3 is cut off at byte 1234")));
        assertThat(result.packets()).isEqualTo(2);
        assertThat(result.states()).isEqualTo(Map.of(NEW, 1L, REPLY, 1L));
        assertThat(result.error()).contains("source: record 3 is cut off at byte 1234");
    }

    @Test
    void anInterruptEndsAReplayThatWaitsForMore() throws Exception {
        source.endless().arrive(List.of(there(1)));
        final ReplayResult[] results = new ReplayResult[1];
        final boolean[] still = new boolean[1];
        final Thread thread = new Thread(() -> {
            try {
                results[0] = replay(ReplayRequest.port(source));
                still[0] = Thread.currentThread().isInterrupted();
            } catch (final IOException unexpected) {
                throw new AssertionError(unexpected);
            }
        });
        thread.start();
        source.awaitReceives(3);
        thread.interrupt();
        thread.join();
        assertThat(results[0].interrupted()).isTrue();
        assertThat(results[0].packets()).isEqualTo(1);
        assertThat(still[0]).isTrue();
    }

    @Test
    void atTheCapturesPacePacketsAreAsFarApartAsTheyWere() throws IOException {
        final ReplayResult result = replay(of(there(5), there(5), back(80_000_005)).pace(Pace.CAPTURE));
        assertThat(result.packets()).isEqualTo(3);
        assertThat(result.elapsedNs()).isGreaterThanOrEqualTo(80_000_000);
    }

    @Test
    void progressIsToldAtTheEndAtLeast() throws IOException {
        final List<String> told = new ArrayList<>();
        replay(of(there(1), back(2)).progress((packets, bytes, elapsedNs) -> told.add(packets + " " + bytes)));
        assertThat(told).containsExactly("2 84");
    }

    @Test
    void anObserverSeesEveryPacket() throws IOException {
        final List<SeenPacket> seen = new ArrayList<>();
        replay(of(there(1), back(2)).observer(seen::add).batchSize(1));
        assertThat(seen).extracting(packet -> packet.number() + " " + packet.timestampNs() + " " + packet.ctState())
            .containsExactly("1 1 33", "2 2 42");
    }

    @Test
    void aReplayMayGoThroughADatapathThatIsThere() throws IOException {
        try (TableDatapath datapath = new TableDatapath("mine", Trackers.make(ConntrackSettings.DEFAULT, () -> 1),
            factories, shortcuts)) {
            final FakePort out = new FakePort("out");
            datapath.addPort(out, OptionalInt.of(7));
            datapath.addFlow("udp,actions=ct(commit),7", Missing.REFUSE);
            final ReplayResult result = replay(of(there(1), back(2)).datapath(datapath));
            assertThat(result.states()).isEqualTo(Map.of(NEW, 1L, REPLY, 1L));
            assertThat(result.conntrack()).isSameAs(datapath.conntrack());
            assertThat(result.flows()).extracting(Flow::packets).containsExactly(2L);
            assertThat(out.sent()).hasSize(2);
            assertThat(out.isClosed()).isFalse();
        }
    }

    @Test
    void aFastPathIsNotAskedForPacketsOfAReplayWithATrackerOfItsOwn() throws IOException {
        shortcuts.bindFastPath((in, batch, egress) -> batch.truncate(0));
        final ReplayResult result = replay(of(there(1), back(2)));
        assertThat(result.bypassed()).isZero();
        assertThat(result.states()).isEqualTo(Map.of(NEW, 1L, REPLY, 1L));
    }

    @Test
    void aFastPathTakesPacketsOfReplaysInATrackerThatIsThere() throws IOException {
        final FakePort out = new FakePort("out");
        shortcuts.bindFastPath((in, batch, egress) -> {
            assertThat(in).isSameAs(source);
            assertThat(batch.size()).as("no more than are replayed together").isLessThanOrEqualTo(2);
            assertThat(egress.send("out", batch)).isTrue();
            batch.truncate(0);
        });
        final ReplayResult result = replay(of(there(1), back(2), there(3)).outputs(List.of(out)).batchSize(2)
            .conntrack(Trackers.make(ConntrackSettings.DEFAULT, () -> 1)));
        assertThat(result.packets()).isEqualTo(3);
        assertThat(result.bypassed()).isEqualTo(3);
        assertThat(result.slices()).containsExactly(new ReplayResult.Slice(3, 3));
        assertThat(result.states()).isEmpty();
        assertThat(result.connections()).isZero();
        assertThat(out.sent()).containsExactly(there(1).bytes(), back(2).bytes(), there(3).bytes());
    }

    @Test
    void theConnectionsOfATrackerThatIsThereAreOfferedAsTheyLeaveByTheOnlyOutput() throws IOException {
        final FakePaths paths = new FakePaths();
        paths.wanting = true;
        shortcuts.bindPaths(paths);
        replay(of(there(1), back(2), there(3)).outputs(List.of(new FakePort("out"))).batchSize(1)
            .conntrack(Trackers.make(ConntrackSettings.DEFAULT, () -> 1)));
        assertThat(paths.refusals).isEmpty();
        assertThat(paths.taken).extracting(taken -> taken.path.ingress() + ">" + taken.path.egress())
            .isNotEmpty().containsOnly("source>out");
        assertThat(paths.held()).as("paths of a replay that is over").isEmpty();
    }

    @Test
    void aReplayMayTrackInATrackerThatIsThere() throws IOException {
        final var tracker = Trackers.make(ConntrackSettings.DEFAULT, () -> 1);
        assertThat(replay(of(there(1)).conntrack(tracker)).conntrack()).isSameAs(tracker);
        assertThat(tracker.count()).isEqualTo(1);
    }

    @Test
    void capturesAreOpenedByTheirKind() throws IOException {
        factories.bind(new PortFactory() {
            @Override
            public String kind() {
                return "fake";
            }

            @Override
            public Map<String, String> options() {
                return Map.of();
            }

            @Override
            public Port open(final String name, final Map<String, String> options) throws IOException {
                if (!options.get("file").equals("there")) {
                    throw new IOException(options.get("file") + ": no such file");
                }
                return source.arrive(List.of(there(1)));
            }
        });
        assertThat(replay(ReplayRequest.port("fake", Map.of("file", "there"))).packets()).isEqualTo(1);
        final FakePort out = new FakePort("out");
        assertThatThrownBy(() -> replay(ReplayRequest.port("fake", Map.of("file", "gone")).outputs(List.of(out))))
            .isInstanceOf(IOException.class).hasMessage("gone: no such file");
        assertThat(out.isClosed()).isTrue();
        assertThatThrownBy(() -> replay(ReplayRequest.port("pcap", Map.of())))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessage("there are no ports of kind 'pcap' now; there are fake");
    }
}
