// SPDX-License-Identifier: Apache-2.0
package org.trackway.benchmarks;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.CtAction;
import org.trackway.offload.OffloadSettings;
import org.trackway.offload.ProviderStatus;
import org.trackway.offload.ProviderStatus.Counter;
import org.trackway.offload.core.OffloadAccess;
import org.trackway.offload.spi.Answer;
import org.trackway.offload.spi.Capabilities;
import org.trackway.packet.PacketBatch;

/**
 * What packets that software sees cost beside an offload layer, in turns with what they cost without one: in every round
 * each kind of layer comes once, to the same tracker and the same places in its table, and ratios are taken within
 * rounds. In every round the connections are opened anew, so that the layer knows the ports they came by.
 */
final class OffloadCost {

    /** What stands beside the tracker. */
    private enum Beside {
        /** No offload layer. */
        NOTHING(null, false, null),
        /** A layer without a provider. */
        IDLE(null, false, null),
        /** A provider that serves none of the ports. */
        UNSERVED(Capabilities.TRACKS, false, Answer.ACCEPTED),
        /** A provider that serves the ports and is full. */
        FULL(Capabilities.TRACKS, true, Answer.FULL),
        /** A provider that tracks holds all connections. */
        TRACKED(Capabilities.TRACKS, true, Answer.ACCEPTED),
        /** A provider that forwards holds all connections and their paths. */
        FORWARDED(Capabilities.FORWARDS, true, Answer.ACCEPTED),
        /** The same, and one more connection wants a path and has no packets. */
        WANTED(Capabilities.FORWARDS, true, Answer.ACCEPTED);

        private final Capabilities capabilities;
        private final boolean serves;
        private final Answer answer;

        Beside(final Capabilities capabilities, final boolean serves, final Answer answer) {
            this.capabilities = capabilities;
            this.serves = serves;
            this.answer = answer;
        }
    }

    private static final int BATCH = PacketBatch.BURST;
    private static final int PACKETS = 65_536;
    private static final int PASSES = 4;
    private static final int WARM_UP_ROUNDS = 5;
    private static final CtAction COMMIT = CtAction.builder().commit().build();
    private static final CtAction LOOK = CtAction.builder().build();

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final Junction junction = new Junction();
    private final Traffic traffic;
    private final int connections;
    private final boolean throughDatapath;
    private final byte[][] frames = new byte[PACKETS][];
    private final PacketBatch[] batches = new PacketBatch[PACKETS / BATCH];
    private final PacketBatch opening;
    private final Map<Beside, double[]> times = new HashMap<>();
    private double mostBytes;
    private long overflowed;

    /**
     * Makes the packets.
     *
     * @param throughDatapath whether they pass the flow table, too
     */
    OffloadCost(final Traffic traffic, final int connections, final boolean throughDatapath) {
        this.traffic = traffic;
        this.connections = connections;
        this.throughDatapath = throughDatapath;
        opening = Junction.batch(1, traffic.frameLength());
        final SplittableRandom random = new SplittableRandom(42);
        for (int i = 0; i < PACKETS; i++) {
            final int connection = random.nextInt(connections);
            frames[i] = traffic.data(isReply(i / BATCH), Traffic.clientAddress(connection),
                Traffic.clientPort(connection));
        }
        for (int i = 0; i < batches.length; i++) {
            batches[i] = Junction.batch(BATCH, traffic.frameLength());
            junction.receive(batches[i], frames, i * BATCH, isReply(i));
        }
    }

    /** Batches come from both sides in turns. */
    private static boolean isReply(final int batch) {
        return (batch & 1) != 0;
    }

    /** Measures established connections. */
    void established(final int rounds) {
        final List<Beside> kinds = new ArrayList<>(List.of(Beside.values()));
        if (!throughDatapath) {
            kinds.removeAll(List.of(Beside.FORWARDED, Beside.WANTED));
        }
        rounds(kinds, rounds, (beside, offload) -> {
            for (int i = 0; i < connections; i++) {
                open(i);
            }
            if (beside == Beside.WANTED) {
                open(connections);
            }
            settle(beside, offload, connections);
            pass();
            return time(() -> {
                for (int i = 0; i < PASSES; i++) {
                    pass();
                }
            }) / PASSES;
        });
        final int lost = Workload.lost(batches);
        if (lost != 0) {
            throw new IllegalStateException(lost + " packets were not established");
        }
    }

    /** Measures first packets of new connections. */
    void commit(final int rounds) {
        final byte[][] first = new byte[PACKETS][];
        Arrays.setAll(first, traffic::first);
        rounds(List.of(Beside.NOTHING, Beside.IDLE, Beside.UNSERVED, Beside.FULL, Beside.TRACKED), rounds,
            (beside, offload) -> {
                open(PACKETS);
                settle(beside, offload, 1);
                junction.tracker.flush(ConnectionFilter.ALL);
                for (int i = 0; i < batches.length; i++) {
                    junction.receive(batches[i], first, i * BATCH, false);
                }
                final double time = time(() -> execute(COMMIT));
                if (offload != null && !offload.providers().isEmpty()) {
                    overflowed += offload.providers().get(0).counters().get(Counter.OVERFLOWED);
                }
                return time;
            });
        System.out.printf(Locale.ROOT, "offload_overflowed=%d%n", overflowed);
    }

    /** One turn of one kind of layer. {@code offload} is null if there is none. */
    private interface Turn {
        double take(Beside beside, OffloadAccess offload);
    }

    private void rounds(final List<Beside> kinds, final int rounds, final Turn turn) {
        kinds.forEach(beside -> times.put(beside, new double[rounds]));
        for (int round = -WARM_UP_ROUNDS; round < rounds; round++) {
            for (int i = 0; i < kinds.size(); i++) {
                final Beside beside = kinds.get((i + round + WARM_UP_ROUNDS) % kinds.size());
                if (round == 0 && i == 0) {
                    mostBytes = 0;
                    overflowed = 0;
                }
                final double time = beside(beside, turn);
                if (round >= 0) {
                    times.get(beside)[round] = time;
                }
            }
        }
        for (final Beside beside : kinds) {
            print(beside);
        }
        System.out.printf(Locale.ROOT, "offload_most_bytes=%.2f%n", mostBytes);
    }

    private double beside(final Beside beside, final Turn turn) {
        junction.tracker.flush(ConnectionFilter.ALL);
        if (beside == Beside.NOTHING) {
            return turn.take(beside, null);
        }
        final OffloadAccess offload = junction.offload(OffloadSettings.DEFAULT);
        if (beside.capabilities != null) {
            offload.add(new Card("card", beside.capabilities, beside.serves, beside.answer));
            Junction.await(() -> "the provider is active", () ->
                offload.providers().get(0).state() == ProviderStatus.State.ACTIVE);
        }
        final double time = turn.take(beside, offload);
        junction.end(offload);
        return time;
    }

    /** {@return nanoseconds per packet of one pass; notes what it allocates} */
    private double time(final Runnable what) {
        final long bytes = threads.getCurrentThreadAllocatedBytes();
        final long start = System.nanoTime();
        what.run();
        final long time = System.nanoTime() - start;
        mostBytes = Math.max(mostBytes, (threads.getCurrentThreadAllocatedBytes() - bytes) / (double) PACKETS);
        return time / (double) PACKETS;
    }

    private void print(final Beside beside) {
        final String key = "offload_" + beside.name().toLowerCase(Locale.ROOT);
        final double[] ratios = new double[times.get(beside).length];
        Arrays.setAll(ratios, i -> times.get(beside)[i] / times.get(Beside.NOTHING)[i]);
        System.out.printf(Locale.ROOT, "%s_ns=%.2f%n%s_min_ns=%.2f%n%s_ratio=%.3f%n", key,
            Measurement.median(times.get(beside)), key, Measurement.best(times.get(beside)), key,
            Measurement.median(ratios));
    }

    /** Opens a connection, by packets that come in where its clients and servers are. */
    private void open(final int connection) {
        open(traffic.first(connection), false, COMMIT);
        open(traffic.answer(Traffic.clientAddress(connection), Traffic.clientPort(connection)), true, LOOK);
        if (traffic.tcp()) {
            open(traffic.third(connection), false, LOOK);
        }
    }

    private void open(final byte[] frame, final boolean reply, final CtAction action) {
        junction.receive(opening, new byte[][] {frame}, 0, reply);
        junction.tracker.execute(opening, action, junction.tracker.now());
    }

    /** Waits until a layer has done all that there is to do about so many connections. */
    private void settle(final Beside beside, final OffloadAccess offload, final int count) {
        if (beside.capabilities == null) {
            return;
        }
        final int all = beside == Beside.WANTED ? count + 1 : count;
        Junction.await(() -> beside + " is settled: " + offload.providers(), () -> {
            final ProviderStatus card = offload.providers().get(0);
            if (throughDatapath && card.capabilities().mode() == Capabilities.Mode.FORWARDS) {
                pass();
                return card.paths() == 2L * count && offload.paths().wanted() == 2 * (all - count);
            }
            return card.queued() == 0 && switch (beside) {
                case UNSERVED -> true;
                case FULL -> card.counters().get(Counter.REFUSED) >= count;
                default -> card.counters().get(Counter.ESTABLISHED) >= all;
            };
        });
    }

    private void pass() {
        if (throughDatapath) {
            for (int i = 0; i < batches.length; i++) {
                junction.receive(batches[i], frames, i * BATCH, isReply(i));
                junction.datapath.process(junction.port(isReply(i)), batches[i]);
            }
        } else {
            execute(LOOK);
        }
    }

    private void execute(final CtAction action) {
        final long now = junction.tracker.now();
        for (final PacketBatch batch : batches) {
            Workload.forgetChecksums(batch, false);
            junction.tracker.execute(batch, action, now);
        }
    }
}
