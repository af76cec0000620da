// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.Counter;
import org.trackway.conntrack.CtAction;
import org.trackway.conntrack.CtState;
import org.trackway.conntrack.Nat;
import org.trackway.conntrack.Tuple;
import org.trackway.conntrack.spi.ConnectionObserver;
import org.trackway.conntrack.spi.ConnectionSlot;
import org.trackway.conntrack.spi.ConnectionView;
import org.trackway.packet.IpAddress;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Packets;

/**
 * Threads that commit, translate, look up, flush, sweep and dump at once, on so few tuples that they collide all the time.
 * The time is {@code -Dtrackway.stress.seconds} (10 unless told otherwise).
 */
class ConcurrencyStressTest {

    private static final long SECONDS = Long.getLong("trackway.stress.seconds", 10);
    private static final int HOSTS = 24;
    private static final int PORTS = 16;
    private static final int ZONES = 2;

    private final AtomicLong clock = new AtomicLong(1);
    private final Tracker tracker = new Tracker("stress", ConntrackSettings.DEFAULT, clock::get);
    private final long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);

    private static Packet udp(final int host, final int port) {
        return Packets.udp4("10.0.0." + (host + 1), 2000 + port, "10.9.9.9", 53).payloadSize(20).build();
    }

    /**
     * Told of every connection; what it remembers must be what the table holds. Observers hear of the end of a connection
     * before its tuples are free again, so without expiry no tuple can be alive twice.
     */
    private static final class Census implements ConnectionObserver {
        private final Map<Long, Tuple> alive = new ConcurrentHashMap<>();
        private final Map<String, Long> tuples = new ConcurrentHashMap<>();
        private final LongAdder doubled = new LongAdder();
        private final LongAdder shared = new LongAdder();
        private final LongAdder unknown = new LongAdder();

        @Override
        public void created(final ConnectionView view, final Packet packet) {
            final Connection connection = view.snapshot();
            if (alive.put(connection.id(), connection.original()) != null) {
                doubled.increment();
            }
            for (final Tuple tuple : List.of(connection.original(), connection.reply())) {
                if (tuples.put(connection.zone() + " " + tuple, connection.id()) != null) {
                    shared.increment();
                }
            }
        }

        @Override
        public void destroyed(final ConnectionView view, final Reason reason) {
            final Connection connection = view.snapshot();
            if (alive.remove(connection.id()) == null) {
                unknown.increment();
            }
            for (final Tuple tuple : List.of(connection.original(), connection.reply())) {
                tuples.remove(connection.zone() + " " + tuple, connection.id());
            }
        }
    }

    private void run(final List<Runnable> bodies) throws Exception {
        final ExecutorService threads = Executors.newFixedThreadPool(bodies.size());
        try {
            final List<Future<?>> results = new ArrayList<>();
            for (final Runnable body : bodies) {
                results.add(threads.submit(() -> {
                    while (System.nanoTime() < endNs) {
                        body.run();
                    }
                }));
            }
            for (final Future<?> result : results) {
                result.get(SECONDS + 60, TimeUnit.SECONDS);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private Runnable packets(final long seed, final boolean translate, final LongAdder wrong) {
        final SplittableRandom random = new SplittableRandom(seed);
        final PacketBatch batch = new PacketBatch();
        final CtAction[] commits = new CtAction[ZONES];
        final CtAction[] lookups = new CtAction[ZONES];
        for (int zone = 0; zone < ZONES; zone++) {
            final Nat nat = new Nat(Nat.Kind.SOURCE, IpAddress.parse("10.8.0.1"), IpAddress.parse("10.8.0.1"), 3000,
                3099, false, false);
            commits[zone] = CtAction.builder().zone(zone).commit().nat(translate ? nat : null).build();
            lookups[zone] = CtAction.builder().zone(zone).nat(translate ? Nat.KNOWN : null).build();
        }
        return () -> {
            batch.clear();
            for (int i = 0; i < 8; i++) {
                batch.add(udp(random.nextInt(HOSTS), random.nextInt(PORTS)));
            }
            final int zone = random.nextInt(ZONES);
            tracker.execute(batch, random.nextBoolean() ? commits[zone] : lookups[zone], clock.get());
            for (int i = 0; i < batch.size(); i++) {
                final int state = batch.get(i).ctState();
                if ((state & CtState.TRACKED) == 0 || (state & CtState.INVALID) != 0
                        || (state & (CtState.NEW | CtState.ESTABLISHED)) == 0) {
                    wrong.increment();
                }
            }
        };
    }

    @Test
    void fourThreadsAndManagementLoseAndDoubleNothing() throws Exception {
        final Census census = new Census();
        tracker.observe(census);
        final ConnectionSlot<Long> slot = tracker.slot("stress", Long.class);
        final LongAdder wrong = new LongAdder();
        final LongAdder shared = new LongAdder();
        final LongAdder strange = new LongAdder();
        final SplittableRandom random = new SplittableRandom(5);
        final List<Runnable> bodies = new ArrayList<>();
        bodies.add(packets(1, false, wrong));
        bodies.add(packets(2, true, wrong));
        bodies.add(packets(3, true, wrong));
        bodies.add(packets(4, false, wrong));
        bodies.add(() -> {
            clock.addAndGet(TimeUnit.MILLISECONDS.toNanos(200 + random.nextInt(2000)));
            tracker.sweep();
        });
        bodies.add(() -> {
            final int zone = random.nextInt(ZONES);
            switch (random.nextInt(3)) {
                case 0 -> tracker.flush(ConnectionFilter.zone(zone));
                case 1 -> tracker.flush(zone, Tuple.of(IpAddress.parse("10.0.0.3"), IpAddress.parse("10.9.9.9"), 17,
                    2001, 53));
                default -> tracker.flush(ConnectionFilter.ALL.and(c -> c.original().sourcePort() % 5 == 0));
            }
        });
        bodies.add(() -> {
            final Set<String> seen = new HashSet<>();
            tracker.forEach(ConnectionFilter.ALL, connection -> {
                slot.set(connection.id(), connection.id());
                final Long value = slot.get(connection.id());
                if (value != null && value != connection.id()) {
                    strange.increment();
                }
                if (!seen.add("id " + connection.id())) {
                    shared.increment();
                }
            });
        });
        run(bodies);

        assertThat(wrong.sum()).as("packets with an impossible answer").isZero();
        assertThat(shared.sum()).as("connections shown twice by one dump").isZero();
        assertThat(strange.sum()).as("slot values of another connection").isZero();
        assertThat(census.doubled.sum()).as("ids announced twice").isZero();
        assertThat(census.unknown.sum()).as("removals of connections that were not announced").isZero();
        assertNoTupleIsShared();
        final Set<Long> ids = new HashSet<>();
        clock.set(clock.get());
        tracker.forEach(ConnectionFilter.ALL, connection -> ids.add(connection.id()));
        assertThat(census.alive.keySet()).containsAll(ids);
        assertThat(census.alive).hasSize(tracker.count());

        clock.addAndGet(TimeUnit.DAYS.toNanos(2));
        tracker.sweep();
        assertThat(tracker.count()).as("connections left when all have expired").isZero();
        assertThat(tracker.table().indexUsed()).as("index slots left").isZero();
        assertThat(census.alive).isEmpty();
        final Map<Counter, Long> counters = tracker.counters();
        assertThat(counters.get(Counter.CREATED)).isEqualTo(counters.get(Counter.DESTROYED)).isPositive();
        assertThat(counters.get(Counter.OBSERVER_FAILURES)).isZero();
    }

    private void assertNoTupleIsShared() {
        final Set<String> tuples = new HashSet<>();
        tracker.forEach(ConnectionFilter.ALL, (final Connection connection) -> {
            assertThat(tuples.add(connection.zone() + " " + connection.original())).as("%s", connection).isTrue();
            assertThat(tuples.add(connection.zone() + " " + connection.reply())).as("%s", connection).isTrue();
        });
    }

    @Test
    void noTwoLiveConnectionsShareATupleWhileThreadsCommitTranslateAndFlush() throws Exception {
        final Census census = new Census();
        tracker.observe(census);
        final LongAdder wrong = new LongAdder();
        final SplittableRandom random = new SplittableRandom(6);
        run(List.of(packets(1, false, wrong), packets(2, true, wrong), packets(3, true, wrong),
            () -> tracker.flush(ConnectionFilter.zone(random.nextInt(ZONES)))));

        assertThat(census.shared.sum()).as("tuples alive twice in a zone").isZero();
        assertThat(census.doubled.sum() + census.unknown.sum() + wrong.sum()).isZero();
        assertNoTupleIsShared();
        tracker.flush(ConnectionFilter.ALL);
        assertThat(census.alive).isEmpty();
        assertThat(census.tuples).isEmpty();
        assertThat(tracker.table().indexUsed()).isZero();
    }
}
