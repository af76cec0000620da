// SPDX-License-Identifier: Apache-2.0
package org.trackway.benchmarks;

import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.CtAction;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;

/**
 * How long batches of packets of established connections take while another thread does long work on the same tracker.
 * Spans of a second with that work and without it take turns, and each has a histogram of its own. Without it the other
 * thread is busy too, with nothing, so that what the machine does to a thread beside a busy one is in both.
 */
final class Latency {

    /** What the other thread does, over and over. */
    enum Disturbance {
        /** Nothing, as in the control: how far two equal histograms lie apart. */
        NOTHING,
        /** Looks through all connections for expired ones, of which there are always {@value #NEWCOMERS} anew. */
        SWEEP,
        /** Takes a snapshot of every connection. */
        DUMP,
        /** Removes {@value #NEWCOMERS} connections of another zone, which it has opened. */
        FLUSH,
        /** Opens {@value #NEWCOMERS} connections in each of {@value #NEW_ZONES} more zones, so that the index grows. */
        RESIZE
    }

    private static final int NEWCOMERS = 131_072;
    private static final int NEW_ZONES = 4;
    private static final long SPAN_NS = TimeUnit.SECONDS.toNanos(1);
    private static final long WARM_UP_NS = TimeUnit.SECONDS.toNanos(3);
    private static final long LONG_AGO_NS = TimeUnit.HOURS.toNanos(1);

    private final Workload workload;
    private final Workload.Stream stream;
    private final PacketBatch[] newcomers = new PacketBatch[NEWCOMERS / PacketBatch.BURST];
    private final Disturbance disturbance;
    /** Zones that newcomers are in; the disturbing thread's. */
    private int zones;
    private long work;
    /** Written by the thread that sends packets, read by the other one. */
    private volatile boolean ends;

    Latency(final Workload workload, final Workload.Stream stream, final int connections,
            final Disturbance disturbance) {
        this.workload = workload;
        this.stream = stream;
        this.disturbance = disturbance;
        final Traffic traffic = new Traffic(false, false);
        for (int i = 0; i < NEWCOMERS; i++) {
            if (i % PacketBatch.BURST == 0) {
                newcomers[i / PacketBatch.BURST] = new PacketBatch();
            }
            newcomers[i / PacketBatch.BURST].add(Packet.of(traffic.first(connections + i)));
        }
    }

    /** Sends packets in {@code rounds} spans of both kinds, and prints percentiles. */
    void measure(final int rounds) throws InterruptedException {
        span(new Histogram(3), false, WARM_UP_NS);
        span(new Histogram(3), true, WARM_UP_NS);
        work = 0;
        final Histogram control = new Histogram(3);
        final Histogram disturbed = new Histogram(3);
        for (int i = 0; i < rounds; i++) {
            // Each goes first in turn.
            span(i % 2 == 0 ? control : disturbed, i % 2 != 0, SPAN_NS);
            span(i % 2 == 0 ? disturbed : control, i % 2 == 0, SPAN_NS);
        }
        print("control", control);
        print("disturbed", disturbed);
        System.out.printf(Locale.ROOT, "p9999_rise_us=%.1f%nwork=%d%n",
            (disturbed.getValueAtPercentile(99.99) - control.getValueAtPercentile(99.99)) / 1e3, work);
    }

    private static void print(final String name, final Histogram times) {
        System.out.printf(Locale.ROOT, "%s_p50_us=%.1f%n%s_p99_us=%.1f%n%s_p999_us=%.1f%n%s_p9999_us=%.1f%n"
            + "%s_max_us=%.1f%n%s_batches=%d%n", name, times.getValueAtPercentile(50) / 1e3,
            name, times.getValueAtPercentile(99) / 1e3, name, times.getValueAtPercentile(99.9) / 1e3,
            name, times.getValueAtPercentile(99.99) / 1e3, name, times.getMaxValue() / 1e3, name,
            times.getTotalCount());
    }

    private void span(final Histogram times, final boolean disturbs, final long length) throws InterruptedException {
        ends = false;
        final Thread other = new Thread(() -> disturb(disturbs ? disturbance : Disturbance.NOTHING), "disturbance");
        other.start();
        final long end = System.nanoTime() + length;
        for (long last = System.nanoTime(); last < end;) {
            stream.nextBatch(last);
            final long now = System.nanoTime();
            times.recordValue(now - last);
            last = now;
        }
        ends = true;
        other.join();
    }

    /** Works until it is told to end; a piece of work that is begun is finished. */
    private void disturb(final Disturbance what) {
        final int lastZone = zones + NEW_ZONES;
        while (!ends) {
            switch (what) {
                case NOTHING -> Thread.onSpinWait();
                case SWEEP -> {
                    open(1, workload.tracker.now() - LONG_AGO_NS);
                    work += workload.tracker.sweep();
                }
                case DUMP -> workload.tracker.forEach(ConnectionFilter.ALL, connection -> work++);
                case FLUSH -> {
                    open(1, workload.tracker.now());
                    work += workload.tracker.flush(ConnectionFilter.zone(1));
                }
                case RESIZE -> {
                    if (zones < lastZone) {
                        open(++zones, workload.tracker.now());
                        work += NEWCOMERS;
                    }
                }
            }
        }
    }

    private void open(final int zone, final long now) {
        final CtAction action = CtAction.builder().zone(zone).commit().build();
        for (final PacketBatch batch : newcomers) {
            for (int i = 0; i < batch.size(); i++) {
                batch.get(i).clearConntrack();
            }
            workload.tracker.execute(batch, action, now);
        }
    }
}
