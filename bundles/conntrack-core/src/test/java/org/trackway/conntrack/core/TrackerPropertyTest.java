// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.Counter;
import org.trackway.conntrack.CtAction;
import org.trackway.conntrack.CtState;
import org.trackway.conntrack.Nat;
import org.trackway.packet.IpAddress;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;

class TrackerPropertyTest {

    /** Every packet of a round passes these one after the other. */
    private static final List<List<CtAction>> ROUNDS = List.of(
        List.of(TrackerBench.COMMIT),
        List.of(TrackerBench.LOOK),
        List.of(TrackerBench.LOOK, CtAction.builder().commit().mark(5, 7).build()),
        List.of(CtAction.builder().commit().label(1, 2, -1, 3).build(), TrackerBench.LOOK),
        List.of(CtAction.builder().commit().force().build()),
        List.of(CtAction.builder().nat(Nat.KNOWN).build(), TrackerBench.COMMIT),
        List.of(CtAction.builder().commit().nat(Nat.KNOWN).build()),
        List.of(snat("10.9.9.9"), TrackerBench.LOOK),
        List.of(snat("fd00::9"), CtAction.builder().commit().zone(1).mark(1, -1).build()),
        List.of(CtAction.builder().commit().nat(nat(Nat.Kind.DESTINATION, "10.1.1.2")).build()),
        List.of(CtAction.builder().commit().helper("nobody").build(), TrackerBench.LOOK));

    private static Nat nat(final Nat.Kind kind, final String address) {
        final IpAddress to = IpAddress.parse(address);
        return new Nat(kind, to, to, 0, 0, false, false);
    }

    private static CtAction snat(final String address) {
        return CtAction.builder().commit().nat(nat(Nat.Kind.SOURCE, address)).build();
    }

    /** Packets, made from a seed, that pass one round of actions. */
    private record Step(long seed, int count, int round, int seconds) {

        List<Packet> packets() {
            final RandomPackets source = new RandomPackets(new Random(seed));
            return Stream.generate(source::next).limit(count).toList();
        }

        List<CtAction> actions() {
            return ROUNDS.get(round);
        }
    }

    @Provide
    Arbitrary<Step> steps() {
        return Arbitraries.randomValue(random -> new Step(random.nextLong(), 1 + random.nextInt(40),
            random.nextInt(ROUNDS.size()), random.nextInt(4) == 0 ? 31 : random.nextInt(2)));
    }

    /** All that a packet carries away, but for the connection's id, which no two trackers share. */
    private static String outcome(final Packet packet) {
        return CtState.format(packet.ctState()) + " zone " + packet.ctZone() + " mark " + packet.ctMark() + " label "
            + packet.ctLabelHigh() + ":" + packet.ctLabelLow() + " tuple " + packet.ctProtocol() + " " + packet.ctV6()
            + " " + packet.ctSourceHigh() + ":" + packet.ctSourceLow() + ":" + packet.ctSourcePort() + " "
            + packet.ctDestinationHigh() + ":" + packet.ctDestinationLow() + ":" + packet.ctDestinationPort()
            + " cached " + (packet.ctConnection() != 0) + packet.ctReply() + packet.ctRelated() + " "
            + Arrays.toString(packet.bytes());
    }

    private static Map<String, String> connections(final TrackerBench bench) {
        final Map<String, String> all = new TreeMap<>();
        for (final Connection connection : bench.all()) {
            all.put(connection.zone() + " " + connection.original().protocol() + " " + connection.original(),
                connection.toString().replaceFirst("id=-?\\d+", ""));
        }
        return all;
    }

    private static void run(final TrackerBench bench, final List<Packet> packets, final List<CtAction> actions,
            final int batchSize) {
        for (final CtAction action : actions) {
            for (int from = 0; from < packets.size(); from += batchSize) {
                final PacketBatch batch = new PacketBatch();
                packets.subList(from, Math.min(packets.size(), from + batchSize)).forEach(batch::add);
                bench.tracker.execute(batch, action, bench.nowNs);
            }
        }
    }

    @Property(tries = 200, edgeCases = EdgeCasesMode.NONE)
    void aBatchIsTheSameAsItsPacketsOneByOne(
            @ForAll @Size(min = 1, max = 12) final List<@From("steps") Step> steps,
            @ForAll @IntRange(min = 2, max = 50) final int batchSize) {
        final TrackerBench together = new TrackerBench();
        final TrackerBench single = new TrackerBench();
        for (final Step step : steps) {
            final List<Packet> one = step.packets();
            final List<Packet> other = step.packets();
            run(together, one, step.actions(), batchSize);
            run(single, other, step.actions(), 1);
            assertThat(one.stream().map(TrackerPropertyTest::outcome).toList())
                .isEqualTo(other.stream().map(TrackerPropertyTest::outcome).toList());
            together.pass(step.seconds());
            single.pass(step.seconds());
        }
        assertThat(connections(together)).isEqualTo(connections(single));
        assertThat(together.tracker.counters()).isEqualTo(single.tracker.counters());
        assertThat(together.count(Counter.FAILURES)).isZero();
    }

    @Property(tries = 200, edgeCases = EdgeCasesMode.NONE)
    void theExpressWayIsTheSameAsTheFullOne(
            @ForAll @Size(min = 1, max = 12) final List<@From("steps") Step> steps) {
        final TrackerBench express = new TrackerBench();
        final TrackerBench full = new TrackerBench();
        for (final Step step : steps) {
            final List<Packet> one = step.packets();
            final List<Packet> other = step.packets();
            // What another zone said of a packet says nothing here, but such a packet takes the full way.
            other.forEach(packet -> {
                packet.ctState(CtState.TRACKED);
                packet.ctZone(0xffff);
            });
            run(express, one, step.actions(), 32);
            run(full, other, step.actions(), 32);
            assertThat(one.stream().map(TrackerPropertyTest::outcome).toList())
                .isEqualTo(other.stream().map(TrackerPropertyTest::outcome).toList());
            express.pass(step.seconds());
            full.pass(step.seconds());
        }
        assertThat(connections(express)).isEqualTo(connections(full));
        assertThat(express.tracker.counters()).isEqualTo(full.tracker.counters());
    }

    @Property(tries = 200, edgeCases = EdgeCasesMode.NONE)
    void whatComesGoesWithoutTrace(
            @ForAll @Size(min = 1, max = 12) final List<@From("steps") Step> steps) {
        final TrackerBench bench = new TrackerBench(ConntrackSettings.DEFAULT.withDefaultZoneLimit(1000));
        for (final Step step : steps) {
            run(bench, step.packets(), step.actions(), 32);
            bench.pass(step.seconds());
        }
        final long held = bench.tracker.count();
        assertThat(bench.count(Counter.CREATED) - bench.count(Counter.DESTROYED)).isEqualTo(held);
        assertThat(bench.tracker.table().connections()).isEqualTo((int) held);
        final int expired = bench.tracker.sweep();
        assertThat(bench.all()).hasSize((int) held - expired);
        assertThat(bench.tracker.flush(ConnectionFilter.ALL)).isEqualTo(held - expired);
        assertThat(bench.tracker.count()).isZero();
        assertThat(bench.tracker.table().indexUsed()).isZero();
        assertThat(bench.tracker.zones(OptionalInt.of(0)).get(0).count()).isZero();
        assertThat(bench.count(Counter.FAILURES)).isZero();
    }

    /** Valid packets with some bytes changed, cut off or added; and bytes that were never a packet. */
    @Provide
    Arbitrary<byte[]> frames() {
        return Arbitraries.randomValue(random -> {
            if (random.nextInt(8) == 0) {
                final byte[] noise = new byte[random.nextInt(200)];
                random.nextBytes(noise);
                return noise;
            }
            byte[] frame = new RandomPackets(random).next().bytes();
            if (random.nextBoolean()) {
                frame = Arrays.copyOf(frame, random.nextInt(frame.length + 20));
            }
            for (int left = random.nextInt(4); left > 0 && frame.length > 0; left--) {
                frame[random.nextInt(frame.length)] = (byte) random.nextInt(256);
            }
            return frame;
        });
    }

    @Property(tries = 1000, edgeCases = EdgeCasesMode.NONE)
    void noBytesWhatsoeverMakeItFail(
            @ForAll @Size(min = 1, max = 40) final List<@From("frames") byte[]> frames,
            @ForAll @IntRange(max = 10) final int round, @ForAll final boolean checksumsKnown) {
        final TrackerBench bench = new TrackerBench();
        run(bench, List.of(TrackerBench.udp().build(), TrackerBench.udpReply().build()), ROUNDS.get(round), 2);
        for (final byte[] frame : frames) {
            final Packet packet = Packet.of(frame);
            if (checksumsKnown) {
                packet.l3Checksum(Packet.CHECKSUM_GOOD);
                packet.l4Checksum(Packet.CHECKSUM_GOOD);
            }
            final PacketBatch batch = new PacketBatch();
            batch.add(packet);
            for (final CtAction action : ROUNDS.get(round)) {
                bench.tracker.execute(batch, action, bench.nowNs);
            }
            // A fragment is held back; whatever is not held has been judged.
            assertThat(batch.isEmpty() || (packet.ctState() & CtState.TRACKED) != 0).isTrue();
            assertThat(packet.length()).isEqualTo(frame.length);
        }
        assertThat(bench.count(Counter.FAILURES)).isZero();
    }
}
