// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.Counter;
import org.trackway.conntrack.CtAction;
import org.trackway.conntrack.Tuple;
import org.trackway.conntrack.core.Trackers;
import org.trackway.offload.OffloadSettings;
import org.trackway.offload.Path;
import org.trackway.offload.Paths;
import org.trackway.offload.spi.Activity;
import org.trackway.offload.spi.Answer;
import org.trackway.offload.spi.Capabilities;
import org.trackway.offload.spi.OffloadProvider;
import org.trackway.packet.IpAddress;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Packets;
import org.trackway.packet.Port;

/**
 * Threads that commit, flush, sweep and offer paths, while providers that fail and hang come and go. The time is {@code
 * -Dtrackway.stress.seconds} (10 unless told otherwise).
 */
class OffloadStressTest {

    private static final long SECONDS = Long.getLong("trackway.stress.seconds", 10);
    private static final int PORTS = 400;
    private static final CtAction COMMIT = CtAction.builder().commit().build();

    private final Conntrack tracker = Trackers.make(ConntrackSettings.DEFAULT, System::nanoTime);
    private final List<Thread> threads = new CopyOnWriteArrayList<>();
    private final Manager manager = new Manager(tracker, new OffloadSettings(true, 0, 0, Set.of(), Set.of(), 256, 32,
        20,
        50, 5_000, 8, 10, Map.of()), (name, body) -> {
            final Thread thread = new Thread(body, name);
            threads.add(thread);
            return thread;
        });
    private final long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);

    /** A provider that does wrong now and then, and notes what is wrong with what it is asked. */
    private static final class Unreliable implements OffloadProvider {
        private final String name;
        private final boolean forwards;
        private final SplittableRandom random;
        private final Map<Long, Long> held = new HashMap<>();
        private final Map<Long, Path> paths = new HashMap<>();
        private final LongAdder faults = new LongAdder();
        private final LongAdder wrongs = new LongAdder();
        private volatile boolean unbound;

        Unreliable(final String name, final boolean forwards, final long seed) {
            this.name = name;
            this.forwards = forwards;
            random = new SplittableRandom(seed);
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public Capabilities capabilities() {
            return forwards ? Capabilities.FORWARDS : Capabilities.TRACKS;
        }

        /** Fails one time in a thousand, and hangs one time in ten thousand for longer than is allowed. */
        private void mayFail() {
            if (unbound) {
                faults.increment();
            }
            final int dice = random.nextInt(10_000);
            wrongs.add(dice < 10 ? 1 : 0);
            if (dice == 0) {
                final long untilNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(300);
                while (System.nanoTime() < untilNs) {
                    LockSupport.parkNanos(1_000_000);
                }
            } else if (dice < 10) {
                throw new IllegalStateException("now and then");
            }
        }

        private void expect(final boolean right) {
            if (!right) {
                faults.increment();
            }
        }

        @Override
        public Answer canOffload(final Connection connection) {
            return Answer.ACCEPTED;
        }

        @Override
        public Answer add(final Connection connection, final Optional<Port> ingress) {
            mayFail();
            expect(held.put(connection.id(), 0L) == null);
            return Answer.ACCEPTED;
        }

        @Override
        public Answer established(final Connection connection, final Optional<Port> replyIngress) {
            mayFail();
            expect(held.containsKey(connection.id()));
            return Answer.ACCEPTED;
        }

        @Override
        public Activity update(final long connectionId) {
            mayFail();
            return new Activity(0, held.merge(connectionId, 1L, Long::sum), 0, 0, 0);
        }

        @Override
        public Activity delete(final long connectionId) {
            expect(paths.values().stream().noneMatch(path -> path.hops().get(0).connection() == connectionId));
            final Long packets = held.remove(connectionId);
            expect(packets != null);
            return packets == null ? Activity.UNKNOWN : new Activity(0, packets, 0, 0, 0);
        }

        @Override
        public Answer forward(final long pathId, final Path path) {
            mayFail();
            expect(held.containsKey(path.hops().get(0).connection()));
            paths.put(pathId, path);
            return Answer.ACCEPTED;
        }

        @Override
        public Activity activity(final long pathId) {
            mayFail();
            return new Activity(0, 0, 0, 0, 0);
        }

        @Override
        public Activity withdraw(final long pathId) {
            expect(paths.remove(pathId) != null);
            return new Activity(0, 0, 0, 0, 0);
        }

        @Override
        public void flush() {
            paths.clear();
            held.clear();
        }
    }

    private Runnable packets(final long seed) {
        final SplittableRandom random = new SplittableRandom(seed);
        final PacketBatch batch = new PacketBatch();
        return () -> {
            batch.clear();
            for (int i = 0; i < 8; i++) {
                final int port = 1_000 + random.nextInt(PORTS);
                final Packet packet = (random.nextBoolean() ? Packets.udp4("10.0.0.1", port, "10.0.0.2", 53)
                    : Packets.udp4("10.0.0.2", 53, "10.0.0.1", port)).build();
                batch.add(packet);
            }
            tracker.execute(batch, COMMIT, tracker.now());
        };
    }

    private Runnable paths(final List<Offer> offers) {
        final SplittableRandom random = new SplittableRandom(9);
        return () -> {
            if (manager.paths().wanted() == 0) {
                Thread.yield();
                return;
            }
            tracker.forEach(ConnectionFilter.ALL.and(Connection::offloaded), connection -> {
                if (manager.paths().wants(connection.id(), false)) {
                    final Offer offer = new Offer();
                    offer.made = manager.paths().offer(new Path("p1", "p2", connection.original(),
                        connection.original(),
                        List.of(), List.of(), OptionalLong.empty(), OptionalLong.empty(), 0,
                        List.of(new Path.Hop(connection.id(), false)), OptionalLong.empty(), OptionalLong.empty()),
                            offer);
                    offers.add(offer);
                }
                if (!offers.isEmpty() && random.nextInt(20) == 0) {
                    offers.get(random.nextInt(offers.size())).made.withdraw("a flow changed");
                }
            });
        };
    }

    /** A path that was offered. */
    private static final class Offer implements Paths.Listener {
        private final LongAdder gone = new LongAdder();
        private Paths.Offered made;

        @Override
        public void gone() {
            gone.increment();
        }
    }

    @Test
    void providersThatFailAndHangComeAndGoAndNothingIsLeftBehind() throws Exception {
        final List<Unreliable> all = new ArrayList<>();
        final List<Offer> offers = new ArrayList<>();
        final List<Runnable> bodies = new ArrayList<>(List.of(packets(1), packets(2), paths(offers)));
        bodies.add(() -> {
            tracker.flush(0, Tuple.of(IpAddress.parse("10.0.0.1"),
                IpAddress.parse("10.0.0.2"), 17, 1_000 + (int) (System.nanoTime() % PORTS), 53));
            tracker.sweep();
        });
        bodies.add(() -> {
            final int number = all.size();
            final Unreliable next = new Unreliable((number % 2 == 0 ? "a" : "b") + number, number % 3 != 0, number);
            all.add(next);
            manager.add(next);
            if (number > 1) {
                final Unreliable last = all.get(number - 2);
                manager.remove(last);
                last.unbound = true;
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
        });
        final ExecutorService pool = Executors.newFixedThreadPool(bodies.size());
        try {
            final List<Future<?>> results = new ArrayList<>();
            for (final Runnable body : bodies) {
                results.add(pool.submit(() -> {
                    while (System.nanoTime() < endNs) {
                        body.run();
                    }
                }));
            }
            for (final Future<?> result : results) {
                result.get(SECONDS + 60, TimeUnit.SECONDS);
            }
        } finally {
            pool.shutdownNow();
        }
        manager.close();

        for (final Thread thread : threads) {
            thread.join(TimeUnit.SECONDS.toMillis(30));
        }
        assertThat(threads).as("threads left").noneMatch(Thread::isAlive);
        assertThat(all.stream().mapToLong(provider -> provider.faults.sum()).sum()).as("operations out of order")
            .isZero();
        assertThat(all.stream().mapToLong(provider -> provider.wrongs.sum()).sum()).as("things done wrong")
            .isPositive();
        final List<Connection> left = new ArrayList<>();
        tracker.forEach(ConnectionFilter.ALL.and(Connection::offloaded), left::add);
        assertThat(left).as("connections left in hardware").isEmpty();
        assertThat(manager.paths().wanted()).as("paths still wanted").isZero();
        assertThat(offers).as("paths left").isNotEmpty()
            .allMatch(offer -> offer.gone.sum() == 1 && !offer.made.isHeld());
        assertThat(tracker.counters().get(Counter.INVALID)).isZero();
        assertThat(tracker.counters().get(Counter.OBSERVER_FAILURES)).isZero();
        assertThat(all).hasSizeGreaterThan(3);
    }
}
