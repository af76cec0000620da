// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.locks.LockSupport;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.ConntrackFactory;
import org.trackway.conntrack.CtAction;
import org.trackway.datapath.Datapath.Missing;
import org.trackway.datapath.ReplayRequest;
import org.trackway.datapath.ReplayRequest.Pace;
import org.trackway.datapath.ReplayResult;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Port;

/** One replay: reads the port to its end on the caller's thread. */
final class Replay {

    private static final String SOURCE_NAME = "capture";
    private static final int SOURCE_NUMBER = 1;
    private static final long REPORT_EVERY_NS = 100_000_000;
    private static final long MAX_SLEEP_NS = 10_000_000;
    private static final int IDLE_SLEEP_NS = 200_000;

    private final ReplayRequest request;
    private final TableDatapath datapath;
    private final Pipeline pipeline;
    private final Port source;
    private final int number;
    private final ReplayClock clock;
    /** Whether the tracker is this replay's own, so that nobody else sweeps it. */
    private final boolean sweeps;
    private final long startNs = System.nanoTime();

    private final Slices slices = new Slices();
    private long packets;
    private long bytes;
    private long firstTimestampNs = -1;
    private long nextReportNs;
    private long nextSweepNs = Long.MIN_VALUE;
    private boolean interrupted;

    private Replay(final ReplayRequest request, final TableDatapath datapath, final Port source,
            final ReplayClock clock, final boolean sweeps) {
        this.request = request;
        this.datapath = datapath;
        this.source = source;
        this.clock = clock;
        this.sweeps = sweeps;
        number = datapath.numberOf(source);
        pipeline = new Pipeline(datapath);
        nextReportNs = startNs + REPORT_EVERY_NS;
    }

    static ReplayResult run(final ReplayRequest request, final ConntrackFactory trackers,
            final PortFactories factories, final Shortcuts shortcuts) throws IOException {
        final Port source;
        try {
            source = request.source().isPresent() ? request.source().get()
                : factories.get(request.kind()).open(SOURCE_NAME, request.options());
        } catch (final IOException | RuntimeException notOpened) {
            closeAll(request.outputs());
            throw notOpened;
        }
        if (request.datapath().isPresent()) {
            try (source) {
                if (!(request.datapath().get() instanceof TableDatapath through)) {
                    throw new IllegalArgumentException("the datapath is none of this container");
                }
                final ReplayClock clock = new ReplayClock(ReplayRequest.Clock.MONOTONIC);
                return new Replay(request, through, source, clock, false).run();
            }
        }
        final ReplayClock clock = new ReplayClock(request.clock());
        final boolean own = request.conntrack().isEmpty();
        final Conntrack conntrack = request.conntrack()
            .orElseGet(() -> trackers.create("replay", request.settings(), clock));
        // Hardware holds connections of the container's tracker; those of a tracker of its own are none of them, even
        // if its ports have the names of others.
        final Shortcuts ways = own ? new Shortcuts() : shortcuts;
        try (TableDatapath datapath = new TableDatapath("replay", conntrack, factories, ways)) {
            addPorts(datapath, source, request.outputs());
            if (request.flows().isEmpty()) {
                datapath.addRule(trackEverything(request.outputs().size()));
            } else {
                datapath.addFlows(request.flows(), Missing.REFUSE);
            }
            return new Replay(request, datapath, source, clock, own).run();
        }
    }

    private static void addPorts(final TableDatapath datapath, final Port source, final List<Port> outputs)
            throws IOException {
        try {
            datapath.addPort(source, OptionalInt.of(SOURCE_NUMBER));
        } catch (final IllegalArgumentException badName) {
            source.close();
            closeAll(outputs);
            throw badName;
        }
        for (int i = 0; i < outputs.size(); i++) {
            try {
                datapath.addPort(outputs.get(i), OptionalInt.of(SOURCE_NUMBER + 1 + i));
            } catch (final IllegalArgumentException badName) {
                closeAll(outputs.subList(i, outputs.size()));
                throw badName;
            }
        }
    }

    private static void closeAll(final List<Port> ports) throws IOException {
        for (final Port port : ports) {
            port.close();
        }
    }

    /** Every packet, IP or not, is committed in zone 0 and sent to all outputs. No flow text can say the former. */
    private static Rule trackEverything(final int outputs) {
        final CtAction commit = CtAction.builder().commit().build();
        final Track track = new Track(commit, Track.NO_TABLE, null, List.of(), commit.toString());
        final List<Action> actions = new ArrayList<>(List.of(track));
        for (int i = 0; i < outputs; i++) {
            actions.add(new Output(SOURCE_NUMBER + 1 + i));
        }
        return new Rule(0, 0, 0, new Match.Builder().build(), actions, 0);
    }

    private ReplayResult run() {
        final Conntrack.Registration observation = request.observer().map(datapath::observe).orElse(null);
        String error = null;
        try {
            readAll();
        } catch (final IOException failure) {
            error = failure.getMessage() == null ? failure.toString() : failure.getMessage();
        } finally {
            if (observation != null) {
                observation.close();
            }
        }
        final long elapsedNs = System.nanoTime() - startNs;
        request.progress().ifPresent(progress -> progress.replayed(packets, bytes, elapsedNs));
        return new ReplayResult(packets, bytes, pipeline.tally.bypassed(), slices.all(), pipeline.tally.states(),
            pipeline.tally.held(), datapath.conntrack().count(), elapsedNs, Optional.ofNullable(error), interrupted,
            datapath.conntrack(),
            request.flows().isEmpty() && request.datapath().isEmpty() ? List.of() : datapath.flows());
    }

    private void readAll() throws IOException {
        final PacketBatch batch = new PacketBatch();
        while (!Thread.currentThread().isInterrupted()) {
            batch.clear();
            final int count;
            try {
                count = source.receive(batch);
            } catch (final IOException failure) {
                replay(batch);
                throw failure;
            }
            if (count < 0) {
                return;
            }
            if (count == 0) {
                LockSupport.parkNanos(IDLE_SLEEP_NS);
            } else {
                replay(batch);
            }
            report();
        }
        interrupted = true;
    }

    private void replay(final PacketBatch batch) {
        int from = 0;
        while (from < batch.size()) {
            final int end = endOfStep(batch, from);
            if (end < 0) {
                return;
            }
            for (int i = from; i < end; i++) {
                bytes += batch.get(i).length();
            }
            packets += end - from;
            final long bypassed = pipeline.tally.bypassed();
            pipeline.process(source, number, batch, from, end);
            slices.add(end - from, pipeline.tally.bypassed() - bypassed);
            from = end;
        }
    }

    /**
     * {@return up to where packets can be replayed together: same time on clock and watch, no more than asked for; -1
     * if the thread was interrupted}
     */
    private int endOfStep(final PacketBatch batch, final int from) {
        final long timestampNs = batch.get(from).timestampNs();
        clock.moveTo(timestampNs);
        sweep();
        if (request.pace() == Pace.CAPTURE && !waitUntil(timestampNs)) {
            return -1;
        }
        int end = from + 1;
        while (end < batch.size() && end - from < request.batchSize() && clock.isNow(batch.get(end).timestampNs())
                && (request.pace() == Pace.FULL || dueNs(batch.get(end).timestampNs()) <= System.nanoTime())) {
            end++;
        }
        return end;
    }

    private long dueNs(final long timestampNs) {
        return startNs + timestampNs - firstTimestampNs;
    }

    /** Waits until it is a packet's turn. {@return whether it came to that; the thread was interrupted otherwise} */
    private boolean waitUntil(final long timestampNs) {
        if (firstTimestampNs < 0) {
            firstTimestampNs = timestampNs;
        }
        long left = dueNs(timestampNs) - System.nanoTime();
        while (left > 0) {
            LockSupport.parkNanos(Math.min(left, MAX_SLEEP_NS));
            if (Thread.currentThread().isInterrupted()) {
                return false;
            }
            report();
            left = dueNs(timestampNs) - System.nanoTime();
        }
        return true;
    }

    private void report() {
        final long nowNs = System.nanoTime();
        if (nowNs >= nextReportNs) {
            nextReportNs = nowNs + REPORT_EVERY_NS;
            request.progress().ifPresent(progress -> progress.replayed(packets, bytes, nowNs - startNs));
        }
    }

    /** Sweeps the tracker whenever its own clock has gone on by the interval. */
    private void sweep() {
        if (!sweeps) {
            return;
        }
        final Conntrack conntrack = datapath.conntrack();
        final long nowNs = conntrack.now();
        if (nextSweepNs == Long.MIN_VALUE) {
            nextSweepNs = nowNs + conntrack.settings().sweepIntervalMs() * 1_000_000L;
        } else if (nowNs >= nextSweepNs) {
            conntrack.sweep();
            nextSweepNs = nowNs + conntrack.settings().sweepIntervalMs() * 1_000_000L;
        }
    }
}
