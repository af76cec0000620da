// SPDX-License-Identifier: Apache-2.0
package org.trackway.benchmarks;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.trackway.conntrack.CtState;
import org.trackway.offload.OffloadSettings;
import org.trackway.offload.ProviderStatus;
import org.trackway.offload.ProviderStatus.Counter;
import org.trackway.offload.ProviderStatus.State;
import org.trackway.offload.core.OffloadAccess;
import org.trackway.offload.spi.Answer;
import org.trackway.offload.spi.Capabilities;
import org.trackway.packet.PacketBatch;

/**
 * How long batches take in the datapath beside a provider that misbehaves, in turns with rounds without it.
 *
 * <pre>
 *   java -Xms1g -Xmx1g -cp benchmarks.jar org.trackway.benchmarks.OffloadLatency FAULT [PAIRS [BATCHES]]
 * </pre>
 *
 * <p>TCP conversations begin, go on and end without a pause, eight of them in a batch, beside a provider that takes every
 * connection and path. A pair of rounds is one with and one without the bad one, which is plugged in when its round
 * begins and taken out when it is over; the order changes from pair to pair. Frames are made beforehand, so that only the
 * offering of paths allocates. Prints percentiles of all batches, the median over pairs of the ratio of both rounds'
 * 99.9th percentiles with its interval (order statistics, 95 %), and the CPU time of the packet thread.
 */
public final class OffloadLatency {

    private static final int CONVERSATIONS = 64;
    /** Packets of a conversation: three of a handshake, data in turns, four of the end. */
    private static final int LENGTH = 200;
    private static final int BATCH = 8;
    private static final int FIN_ACK = 0x11;
    private static final long LONGEST_NS = TimeUnit.SECONDS.toNanos(10);
    private static final OffloadSettings SETTINGS = new OffloadSettings(true, 0, 0, Set.of(), Set.of(), 65_536, 256, 200,
        200, 500, 16, 500, Map.of());

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final Junction junction = new Junction();
    private final OffloadAccess offload = junction.offload(SETTINGS);
    private final Traffic traffic = new Traffic(true, false);
    /** Step by step, in each all conversations. */
    private final byte[][][] frames = new byte[LENGTH][CONVERSATIONS][];
    private final PacketBatch batch = Junction.batch(BATCH, traffic.frameLength());
    private final BadCard.Fault fault;
    private final int perRound;
    private final Round without = new Round();
    private final Round with = new Round();
    private int step;
    private int conversation;
    private long lost;

    /** What all rounds of one kind have in common. */
    private static final class Round {
        private final Histogram all = new Histogram(LONGEST_NS, 3);
        private final Histogram last = new Histogram(LONGEST_NS, 3);
        private final List<Double> cpuNs = new ArrayList<>();
        private double mostBytes;
    }

    private OffloadLatency(final BadCard.Fault fault, final int perRound) {
        this.fault = fault;
        this.perRound = perRound;
        for (int i = 0; i < LENGTH; i++) {
            for (int j = 0; j < CONVERSATIONS; j++) {
                frames[i][j] = frame(i, j);
            }
        }
        offload.add(new Card("good", Capabilities.FORWARDS, true, Answer.ACCEPTED));
    }

    public static void main(final String[] arguments) {
        if (arguments.length < 1 || arguments.length > 3) {
            System.err.println("usage: OffloadLatency none|throws|slow|hangs|forgets|lies [PAIRS [BATCHES]]");
            System.exit(2);
        }
        final int pairs = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 20;
        new OffloadLatency(BadCard.Fault.valueOf(arguments[0].toUpperCase(Locale.ROOT)),
            arguments.length > 2 ? Integer.parseInt(arguments[2]) : 500_000).run(pairs);
    }

    private static boolean isReply(final int number) {
        return number < 3 ? number == 1 : number < LENGTH - 4 ? number % 2 == 0
            : number == LENGTH - 3 || number == LENGTH - 2;
    }

    private byte[] frame(final int number, final int of) {
        final int address = Traffic.clientAddress(of);
        final int port = Traffic.clientPort(of);
        return switch (number) {
            case 0 -> traffic.first(of);
            case 1 -> traffic.answer(address, port);
            case 2 -> traffic.third(of);
            case LENGTH - 4 -> traffic.control(false, address, port, FIN_ACK, 0, 0);
            case LENGTH - 3 -> traffic.control(true, address, port, Traffic.ACK, 0, 1);
            case LENGTH - 2 -> traffic.control(true, address, port, FIN_ACK, 0, 1);
            case LENGTH - 1 -> traffic.control(false, address, port, Traffic.ACK, 1, 1);
            default -> traffic.data(isReply(number), address, port);
        };
    }

    private void run(final int pairs) {
        // The first rounds warm the code up and are forgotten.
        round(with, true);
        round(without, false);
        for (final Round round : List.of(without, with)) {
            round.all.reset();
            round.cpuNs.clear();
            round.mostBytes = 0;
        }
        final double[] ratios = new double[pairs];
        final double[] cpuRatios = new double[pairs];
        for (int pair = 0; pair < pairs; pair++) {
            round(pair % 2 == 0 ? without : with, pair % 2 != 0);
            round(pair % 2 == 0 ? with : without, pair % 2 == 0);
            ratios[pair] = (double) slowest(with.last) / slowest(without.last);
            cpuRatios[pair] = with.cpuNs.get(pair) / without.cpuNs.get(pair);
        }
        System.out.printf("%s, %d pairs of rounds of %,d batches of %d%n", fault, pairs, perRound, BATCH);
        print("without it", without);
        print("with it", with);
        System.out.printf(Locale.ROOT, "ratio of p99.9: all batches %.3f, of pairs %s%n",
            (double) slowest(with.all) / slowest(without.all), interval(ratios));
        System.out.printf(Locale.ROOT, "ratio of CPU time: of pairs %s%n", interval(cpuRatios));
        final ProviderStatus good = offload.providers().get(0);
        System.out.printf("the other provider is %s, holds %d, was given %d%n", good.state(), good.held(),
            good.counters().get(Counter.ADDED));
        if (lost != 0 || good.state() != State.ACTIVE) {
            throw new IllegalStateException(lost + " packets were invalid; " + good);
        }
    }

    private static long slowest(final Histogram times) {
        return times.getValueAtPercentile(99.9);
    }

    private void print(final String what, final Round round) {
        final double[] cpu = round.cpuNs.stream().mapToDouble(Double::doubleValue).toArray();
        System.out.printf(Locale.ROOT, "%-10s ns per batch: p50 %d, p99 %d, p99.9 %d, p99.99 %d, longest %d; CPU ns per "
            + "packet %.2f; bytes per packet at most %.2f%n", what, round.all.getValueAtPercentile(50),
            round.all.getValueAtPercentile(99), slowest(round.all), round.all.getValueAtPercentile(99.99),
            round.all.getMaxValue(), Measurement.median(cpu), round.mostBytes);
    }

    /** {@return the median and the interval that holds it 95 times of 100, whatever the distribution} */
    private static String interval(final double[] values) {
        final double[] sorted = values.clone();
        Arrays.sort(sorted);
        double probability = Math.pow(0.5, sorted.length);
        double below = 0;
        int rank = 0;
        while (2 * (below + probability) <= 0.05) {
            below += probability;
            probability *= (double) (sorted.length - rank) / (rank + 1);
            rank++;
        }
        return rank == 0 ? String.format(Locale.ROOT, "%.3f (too few for an interval)", Measurement.median(values))
            : String.format(Locale.ROOT, "%.3f (%.3f to %.3f)", Measurement.median(values), sorted[rank - 1],
                sorted[sorted.length - rank]);
    }

    private void round(final Round round, final boolean isBad) {
        final BadCard bad = new BadCard(fault);
        if (isBad) {
            offload.add(bad);
        }
        round.last.reset();
        final long bytes = threads.getCurrentThreadAllocatedBytes();
        final long cpu = threads.getCurrentThreadCpuTime();
        for (int i = 0; i < perRound; i++) {
            final byte[][] now = frames[step];
            final boolean reply = isReply(step);
            junction.receive(batch, now, conversation, reply);
            final long start = System.nanoTime();
            junction.datapath.process(junction.port(reply), batch);
            round.last.recordValue(Math.min(LONGEST_NS, System.nanoTime() - start));
            for (int j = 0; j < BATCH; j++) {
                lost += batch.get(j).ctState() & CtState.INVALID;
            }
            conversation += BATCH;
            if (conversation == CONVERSATIONS) {
                conversation = 0;
                step = step + 1 == LENGTH ? 0 : step + 1;
            }
        }
        final double packets = (double) perRound * BATCH;
        round.cpuNs.add((threads.getCurrentThreadCpuTime() - cpu) / packets);
        round.mostBytes = Math.max(round.mostBytes, (threads.getCurrentThreadAllocatedBytes() - bytes) / packets);
        round.all.add(round.last);
        if (isBad) {
            check();
            offload.remove(bad);
            bad.end();
        }
    }

    /** Fails unless the bad one was found out, or used if there is nothing to find out while its connections last. */
    private void check() {
        final ProviderStatus status = offload.providers().stream().filter(one -> one.name().equals("bad")).findFirst()
            .orElseThrow();
        final boolean shown = switch (fault) {
            case NONE, FORGETS -> status.counters().get(Counter.FORWARDED) > 0;
            default -> status.state() == State.STUCK || status.counters().get(Counter.QUARANTINED) > 0;
        };
        if (!shown) {
            throw new IllegalStateException("it was not found out, or not used: " + status);
        }
    }
}
