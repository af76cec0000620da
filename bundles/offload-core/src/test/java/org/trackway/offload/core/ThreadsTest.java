// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.Counter;
import org.trackway.conntrack.core.Trackers;
import org.trackway.offload.OffloadSettings;
import org.trackway.offload.ProviderStatus;
import org.trackway.offload.ProviderStatus.State;
import org.trackway.packet.NamedPort;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Packets;
import org.trackway.packet.Port;

/**
 * The same manager on threads of its own, as in the container. Waits for what happens, with a limit, and for no time.
 */
class ThreadsTest {

    private static final long LIMIT_NS = TimeUnit.SECONDS.toNanos(60);
    /** No call is taken for one that hangs, however busy the machine is. */
    private static final OffloadSettings PATIENT = settings(60_000);

    private final Conntrack tracker = Trackers.make(ConntrackSettings.DEFAULT, System::nanoTime);
    private final List<Thread> threads = new CopyOnWriteArrayList<>();
    private final Manager manager = new Manager(tracker, PATIENT, this::thread);
    private final Port port = new NamedPort("left");
    private final CountDownLatch release = new CountDownLatch(1);

    private static OffloadSettings settings(final int callLimitMs) {
        return new OffloadSettings(true, 0, 0, Set.of(), Set.of(), 1_024, 64, 20, callLimitMs, 5_000, 16, 20, Map.of());
    }

    private Thread thread(final String name, final Runnable body) {
        final Thread thread = new Thread(body, name);
        thread.setDaemon(true);
        threads.add(thread);
        return thread;
    }

    @AfterEach
    void nothingStays() {
        release.countDown();
        manager.close();
        await(() -> threads.stream().noneMatch(Thread::isAlive));
    }

    private static void await(final BooleanSupplier condition) {
        final long endNs = System.nanoTime() + LIMIT_NS;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("end of the wait").isLessThan(endNs);
            LockSupport.parkNanos(100_000);
        }
    }

    private void udp(final int number, final boolean reply) {
        final PacketBatch batch = new PacketBatch();
        batch.add((reply ? Packets.udp4(Bench.B, 53, Bench.A, number) : Packets.udp4(Bench.A, number, Bench.B, 53))
            .build());
        batch.get(0).inPort(port);
        tracker.execute(batch, Bench.COMMIT, tracker.now());
    }

    private ProviderStatus status(final FakeProvider provider) {
        return manager.providers().stream().filter(status -> status.name().equals(provider.name)).findFirst()
            .orElseThrow();
    }

    private List<Connection> offloaded() {
        final List<Connection> all = new ArrayList<>();
        tracker.forEach(ConnectionFilter.ALL.and(Connection::offloaded), all::add);
        return all;
    }

    private List<String> alive() {
        return threads.stream().filter(Thread::isAlive).map(Thread::getName).toList();
    }

    @Test
    void aProviderHasAThreadOfItsOwnThatGoesWithIt() {
        final FakeProvider nic = FakeProvider.tracks("nic");
        manager.add(nic);
        assertThat(alive()).containsExactly("trackway-offload-watch", "trackway-offload-nic");
        udp(1, false);
        await(() -> offloaded().size() == 1);
        udp(1, true);
        await(() -> status(nic).counters().get(ProviderStatus.Counter.ESTABLISHED) == 1);
        assertThat(manager.drain("nic", LIMIT_NS)).isZero();
        manager.resume("nic");
        await(() -> offloaded().size() == 1);
        assertThat(manager.verify("nic", LIMIT_NS).isClean()).isTrue();
        manager.remove(nic);
        assertThat(offloaded()).isEmpty();
        assertThat(nic.held).isEmpty();
        assertThat(nic.faults).isEmpty();
        assertThat(alive()).containsExactly("trackway-offload-watch");
    }

    @Test
    void aProviderThatNeverReturnsCostsItsOneThreadAndNothingElse() {
        manager.settings(settings(2_000));
        final FakeProvider stuck = FakeProvider.tracks("stuck");
        final FakeProvider good = FakeProvider.tracks("good");
        stuck.before = () -> {
            while (release.getCount() > 0) {
                // Whoever interrupts it is not heard either.
                LockSupport.parkNanos(1_000_000);
            }
        };
        manager.add(stuck);
        manager.add(good);
        for (int number = 1; number <= 100; number++) {
            udp(number, false);
        }
        await(() -> status(stuck).state() == State.STUCK && status(good).held() == 100);
        assertThat(status(stuck).held()).isZero();
        udp(101, false);
        await(() -> status(good).held() == 101);
        final long startNs = System.nanoTime();
        manager.remove(stuck);
        assertThat(System.nanoTime() - startNs).isLessThan(TimeUnit.SECONDS.toNanos(4));
        assertThat(alive()).containsExactlyInAnyOrder("trackway-offload-watch", "trackway-offload-stuck",
            "trackway-offload-good");
        release.countDown();
        await(() -> alive().size() == 2);
        assertThat(stuck.calls).hasSize(1);
        assertThat(offloaded()).hasSize(101);
    }

    @Test
    void aProviderThatIsTooSlowIsTriedAgainAndAgainAndTakenOnceItIsQuick() {
        manager.settings(settings(50));
        final AtomicBoolean slow = new AtomicBoolean(true);
        final FakeProvider nic = FakeProvider.tracks("nic");
        nic.before = () -> {
            if (slow.get() && !nic.calls.get(nic.calls.size() - 1).equals("flush")) {
                final long endNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(300);
                for (long left = endNs - System.nanoTime(); left > 0; left = endNs - System.nanoTime()) {
                    LockSupport.parkNanos(left);
                }
            }
        };
        manager.add(nic);
        udp(1, false);
        await(() -> status(nic).counters().get(ProviderStatus.Counter.QUARANTINED) >= 1);
        assertThat(offloaded()).isEmpty();
        slow.set(false);
        await(() -> {
            // The next packet has it offered again.
            udp(1, false);
            return offloaded().size() == 1;
        });
        manager.remove(nic);
        assertThat(nic.faults).isEmpty();
        assertThat(nic.calls).contains("flush");
    }

    @Test
    void aProviderThatGoesInOneOfItsOwnCallsDoesNotWaitForItself() {
        final FakeProvider nic = FakeProvider.tracks("nic");
        nic.before = () -> manager.remove(nic);
        manager.add(nic);
        udp(1, false);
        await(() -> manager.providers().isEmpty());
        await(() -> alive().size() == 1);
        assertThat(nic.calls).hasSize(1);
        assertThat(offloaded()).isEmpty();
    }

    @Test
    void providersAreSwappedUnderTrafficAndNothingIsLostOrLeftBehind() throws InterruptedException {
        final int flows = 200;
        final AtomicBoolean over = new AtomicBoolean();
        final List<Thread> senders = new ArrayList<>();
        for (int sender = 0; sender < 2; sender++) {
            final int first = 1 + sender * flows;
            final Thread thread = new Thread(() -> {
                for (int i = 0; !over.get(); i++) {
                    udp(first + i % flows, (i / flows & 1) == 1);
                }
            });
            thread.start();
            senders.add(thread);
        }
        await(() -> tracker.count() == 2 * flows);
        FakeProvider before = FakeProvider.tracks("a");
        manager.add(before);
        final List<FakeProvider> all = new ArrayList<>(List.of(before));
        for (int swap = 0; swap < 20; swap++) {
            final FakeProvider next = swap % 2 == 0 ? FakeProvider.forwards("b") : FakeProvider.tracks("a");
            manager.add(next);
            await(() -> status(next).held() > flows);
            manager.remove(before);
            assertThat(before.held).isEmpty();
            before = next;
            all.add(next);
        }
        manager.remove(before);
        over.set(true);
        for (final Thread sender : senders) {
            sender.join();
        }
        all.forEach(provider -> assertThat(provider.faults).isEmpty());
        assertThat(offloaded()).isEmpty();
        assertThat(tracker.count()).isEqualTo(2 * flows);
        assertThat(tracker.counters().get(Counter.INVALID)).isZero();
        assertThat(tracker.counters().get(Counter.DESTROYED)).isZero();
        assertThat(tracker.counters().get(Counter.OBSERVER_FAILURES)).isZero();
        assertThat(manager.paths().wanted()).isZero();
    }
}
