// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.trackway.offload.core.Bench.LOOK;
import static org.trackway.offload.core.Bench.SECOND;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Function;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.Counter;
import org.trackway.conntrack.CtAction;
import org.trackway.offload.OffloadState;
import org.trackway.offload.Path;
import org.trackway.offload.ProviderStatus.State;
import org.trackway.offload.spi.Activity;
import org.trackway.offload.spi.Answer;
import org.trackway.offload.spi.Capabilities;
import org.trackway.packet.Packets;

/** Whatever happens in whatever order, no connection is lost, miscounted, misjudged, or left behind in hardware. */
class ManagerPropertyTest {

    private static final int PORTS = 12;
    private static final int STEPS = 150;

    /**
     * One run: a tracker with traffic, a provider that tracks and one that forwards, and everything that may happen.
     */
    private static final class Run {
        private final SplittableRandom random;
        private final Bench.Settings settings = new Bench.Settings();
        private final Bench bench;
        private final List<FakeProvider> providers;
        private final Set<FakeProvider> bound = new HashSet<>();
        private final Map<Integer, long[]> sequences = new HashMap<>();
        private final Map<Long, Long> counted = new HashMap<>();
        private final List<Bench.Heard> offers = new ArrayList<>();
        private final List<String> log = new ArrayList<>();
        private boolean honest = true;
        private int nextTcp = 1_000;

        Run(final long seed) {
            random = new SplittableRandom(seed);
            settings.queueSize = random.nextBoolean() ? 64 : 1_024;
            settings.batchSize = 1 + random.nextInt(20);
            settings.maxFailures = 1 + random.nextInt(8);
            bench = new Bench(settings.make());
            final FakeProvider tracks = new FakeProvider("tracks", Capabilities.TRACKS.withOneWay(random.nextBoolean())
                .withCapacity(random.nextInt(10)));
            final FakeProvider forwards = new FakeProvider("forwards", Capabilities.FORWARDS
                .withOneWay(random.nextBoolean()).withCapacity(random.nextInt(10)));
            providers = List.of(tracks, forwards);
            for (final FakeProvider provider : providers) {
                provider.add = answers();
                provider.established = answers();
                provider.forward = answers();
                provider.canOffload = connection -> honest || random.nextInt(4) > 0 ? Answer.ACCEPTED
                    : Answer.later("odd");
                bind(provider);
            }
        }

        private <T> Function<T, Answer> answers() {
            return any -> {
                if (honest) {
                    return Answer.ACCEPTED;
                }
                return switch (random.nextInt(12)) {
                    case 0 -> Answer.later("later");
                    case 1 -> Answer.FULL;
                    case 2 -> Answer.no("no");
                    case 3 -> Answer.failed("failed");
                    case 4 -> throw new IllegalStateException("thrown");
                    case 5 -> Answer.PENDING;
                    default -> Answer.ACCEPTED;
                };
            };
        }

        private void bind(final FakeProvider provider) {
            provider.held.clear();
            provider.paths.clear();
            provider.pathActivity.clear();
            bound.add(provider);
            bench.manager.add(provider);
        }

        private void step() {
            final int port = 1 + random.nextInt(PORTS);
            final FakeProvider provider = providers.get(random.nextInt(2));
            final int event = random.nextInt(26);
            log.add(event + ":" + port + ":" + provider.name);
            switch (event) {
                case 0, 1, 2, 3 -> bench.udp(port);
                case 4, 5 -> bench.udpReply(port);
                case 6 -> openTcp();
                case 7, 8 -> talk();
                case 9 -> closeTcp();
                case 10, 11 -> bench.nowNs += random.nextLong(5 * SECOND);
                case 12 -> bench.tracker.flush(0, Bench.tuple(port, 17));
                case 13 -> bench.tracker.sweep();
                case 14 -> honest = !honest;
                case 15 -> lose(provider);
                case 16, 17 -> offer();
                case 18 -> withdraw();
                case 19 -> enable();
                case 20 -> drain(provider);
                case 21 -> comeOrGo(provider);
                case 22 -> doubt(provider);
                case 23 -> bench.send(CtAction.builder().commit().mark(random.nextInt(3), -1).build(), bench.left,
                    Packets.udp4(Bench.A, port, Bench.B, 53).build());
                case 24 -> pass();
                default -> answer(provider);
            }
            if (random.nextInt(3) > 0) {
                bench.settle();
                check();
            }
        }

        private void openTcp() {
            final int port = nextTcp++;
            bench.tcp(port);
            sequences.put(port, new long[] {101, 301});
        }

        /** Some TCP connection that is still open, 0 if there is none. */
        private int someTcp() {
            sequences.keySet().removeIf(port -> bench.tracker.find(0, Bench.tuple(port, 6)).isEmpty());
            final List<Integer> ports = List.copyOf(sequences.keySet());
            return ports.isEmpty() ? 0 : ports.get(random.nextInt(ports.size()));
        }

        /** Ten bytes each way, where hardware has left the conversation. */
        private void talk() {
            final int port = someTcp();
            if (port != 0) {
                final long[] at = sequences.get(port);
                bench.send(LOOK, bench.left, Bench.client(port, "PA", at[0], at[1]).payload("0123456789").build());
                at[0] = at[0] + 10 & 0xffffffffL;
                bench.send(LOOK, bench.right, Bench.server(port, "PA", at[1], at[0]).payload("0123456789").build());
                at[1] = at[1] + 10 & 0xffffffffL;
            }
        }

        private void closeTcp() {
            final int port = someTcp();
            if (port != 0) {
                final long[] at = sequences.remove(port);
                bench.send(LOOK, bench.left, Bench.client(port, "FA", at[0], at[1]).build());
            }
        }

        /** Packets pass in hardware, far beyond what software knows of. */
        private void pass() {
            final FakeProvider tracks = providers.get(0);
            bench.settle();
            for (final long id : List.copyOf(tracks.held.keySet())) {
                final Activity before = tracks.held.get(id);
                if (bench.manager.state(id) == OffloadState.ESTABLISHED && isEstablishedBy(tracks, id)) {
                    tracks.held.put(id, new Activity(random.nextLong(SECOND), before.packets() + 5, before.bytes()
                        + 500,
                        before.replyPackets() + 3, before.replyBytes() + 300));
                    final long[] at = sequences.get(tracks.names.get(id));
                    if (at != null) {
                        at[0] = at[0] + 100_000_000 & 0xffffffffL;
                        at[1] = at[1] + 200_000_000 & 0xffffffffL;
                    }
                }
            }
            for (final FakeProvider provider : providers) {
                provider.pathActivity.replaceAll((path, before) -> new Activity(random.nextLong(10 * SECOND),
                    before.packets() + 2, before.bytes() + 200, 0, 0));
            }
        }

        private boolean isEstablishedBy(final FakeProvider provider, final long id) {
            return bound.contains(provider) && bench.chapter(provider, id).state() == OffloadState.ESTABLISHED;
        }

        private void lose(final FakeProvider provider) {
            bench.settle();
            if (!provider.held.isEmpty()) {
                final long id = provider.held.keySet().iterator().next();
                provider.paths.values().removeIf(path -> path.hops().stream().anyMatch(hop -> hop.connection() == id)
                    && lostPath(provider, path));
                provider.held.remove(id);
                provider.context.lost(id, "evicted");
            }
        }

        private boolean lostPath(final FakeProvider provider, final Path lost) {
            provider.paths.forEach((id, path) -> {
                if (path == lost) {
                    provider.context.pathLost(id, "evicted");
                }
            });
            return true;
        }

        private void offer() {
            bench.settle();
            if (bench.manager.paths().wanted() == 0) {
                return;
            }
            final List<Connection> all = bench.all();
            for (final Connection connection : all) {
                for (final boolean reply : new boolean[] {false, true}) {
                    if (bench.manager.paths().wants(connection.id(), reply) && random.nextBoolean()) {
                        if (random.nextInt(8) == 0) {
                            bench.manager.paths().refuse(connection.id(), reply, "a flow");
                        } else {
                            final Path.Hop[] more = random.nextInt(3) > 0 ? new Path.Hop[0]
                                : new Path.Hop[] {new Path.Hop(all.get(random.nextInt(all.size())).id(), reply)};
                            final Bench.Heard heard = new Bench.Heard();
                            heard.offered = bench.manager.paths().offer(bench.path(connection.id(), reply, more),
                                heard);
                            offers.add(heard);
                        }
                    }
                }
            }
        }

        private void withdraw() {
            if (!offers.isEmpty()) {
                offers.get(random.nextInt(offers.size())).offered.withdraw("a flow changed");
            }
            if (random.nextBoolean()) {
                bench.manager.paths().changed();
            }
        }

        private void enable() {
            settings.enabled = random.nextInt(3) > 0;
            settings.protocols = random.nextBoolean() ? Set.of() : Set.of(6);
            settings.minPackets = random.nextInt(3);
            settings.queueSize = random.nextBoolean() ? 64 : 1_024;
            bench.manager.settings(settings.make());
        }

        private void drain(final FakeProvider provider) {
            if (bound.contains(provider)) {
                if (bench.status(provider).state() == State.DRAINED) {
                    bench.manager.resume(provider.name);
                } else if (random.nextBoolean()) {
                    bench.manager.flush(provider.name);
                } else {
                    bench.manager.drain(provider.name, SECOND);
                }
            }
        }

        private void comeOrGo(final FakeProvider provider) {
            if (bound.remove(provider)) {
                bench.manager.remove(provider);
                // In quarantine, what could not be flushed is its own to remove.
                provider.held.clear();
                provider.paths.clear();
            } else {
                bind(provider);
            }
        }

        /** For once, the provider does not know what it is asked about. */
        private void doubt(final FakeProvider provider) {
            final boolean[] once = {true};
            provider.update = id -> {
                final boolean first = once[0];
                once[0] = false;
                return first ? Activity.UNKNOWN : provider.held.getOrDefault(id, Activity.UNKNOWN);
            };
        }

        private void answer(final FakeProvider provider) {
            bench.settle();
            for (final long id : List.copyOf(provider.held.keySet())) {
                provider.context.answer(id, Answer.ACCEPTED);
            }
            for (final long id : List.copyOf(provider.paths.keySet())) {
                provider.context.pathAnswer(id, Answer.ACCEPTED);
            }
        }

        private void check() {
            providers.forEach(provider -> assertThat(provider.faults).as("%s", log).isEmpty());
            assertThat(bench.tracker.counters().get(Counter.INVALID)).as("invalid after %s", log).isZero();
            int wants = 0;
            for (final Connection connection : bench.all()) {
                final long now = connection.originalCount().packets() + connection.replyCount().packets();
                assertThat(now).as("count after %s", log).isGreaterThanOrEqualTo(counted.getOrDefault(connection.id(),
                    0L));
                counted.put(connection.id(), now);
                wants += bench.manager.paths().wants(connection.id(), false) ? 1 : 0;
                wants += bench.manager.paths().wants(connection.id(), true) ? 1 : 0;
                final boolean held = providers.stream().anyMatch(provider ->
                    provider.held.containsKey(connection.id()));
                assertThat(connection.offloaded()).as("mark of %s after %s", connection, log).isEqualTo(held);
            }
            assertThat(bench.manager.paths().wanted()).as("wanted after %s", log).isGreaterThanOrEqualTo(wants);
        }

        /** When all providers have gone, nothing reminds of them. */
        private void end() {
            bench.settle();
            check();
            for (final FakeProvider provider : bound) {
                final boolean well = bench.status(provider).state() == State.ACTIVE;
                bench.manager.remove(provider);
                assertThat(provider.faults).as("%s", log).isEmpty();
                if (well) {
                    assertThat(provider.held).as("left after %s", log).isEmpty();
                    assertThat(provider.paths).as("left after %s", log).isEmpty();
                }
            }
            assertThat(bench.all()).as("%s", log).noneMatch(Connection::offloaded);
            assertThat(bench.manager.paths().wanted()).as("%s", log).isZero();
            assertThat(offers).as("%s", log).allMatch(heard -> heard.gone == 1 && !heard.offered.isHeld());
            for (final int port : List.copyOf(sequences.keySet())) {
                if (someTcp() != 0) {
                    talk();
                }
            }
            assertThat(bench.tracker.counters().get(Counter.INVALID)).as("invalid after %s", log).isZero();
            bench.nowNs += 100_000 * SECOND;
            bench.tracker.sweep();
            assertThat(bench.tracker.count()).isZero();
        }
    }

    @Property(tries = 400)
    void whateverHappensNothingIsLostMiscountedMisjudgedOrLeftBehind(@ForAll final long seed) {
        final Run run = new Run(seed);
        for (int i = 0; i < STEPS; i++) {
            run.step();
        }
        run.end();
    }
}
