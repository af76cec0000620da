// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Events;
import org.trackway.conntrack.Connection;
import org.trackway.offload.Path;
import org.trackway.offload.spi.Activity;
import org.trackway.offload.spi.Answer;
import org.trackway.offload.spi.Capabilities;
import org.trackway.offload.spi.OffloadBatch;
import org.trackway.offload.spi.OffloadProvider;
import org.trackway.offload.spi.Operation;
import org.trackway.offload.spi.ProviderContext;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Port;

/** For each rule there are providers that break it, each in one place, and the suite catches them by that rule. */
class BrokenProvidersTest {

    private static final Object[] TRACKS = {"mode", "tracks", "capacity", 10};
    private static final Object[] FORWARDS = {"capacity", 10};

    /** What the suites below test; set before each run. */
    private static Supplier<OffloadProvider> made;

    /** The suite on a broken provider that tracks. Nested, so that it is not run by itself. */
    static final class Tracking extends TrackingContract {
        @Override
        protected OffloadProvider create() {
            return made.get();
        }

        @Override
        protected Duration patience() {
            return Duration.ofMillis(100);
        }
    }

    /** The suite on a broken provider that forwards. */
    static final class Forwarding extends ForwardingContract {
        @Override
        protected OffloadProvider create() {
            return made.get();
        }

        @Override
        protected Duration patience() {
            return Duration.ofMillis(100);
        }
    }

    /**
     * A provider that breaks a rule.
     *
     * @param rule what it breaks
     * @param how  in a few words
     * @param made how it is made
     */
    private record Broken(String rule, String how, Supplier<OffloadProvider> made) {

        @Override
        public String toString() {
            return rule + ": " + how;
        }
    }

    private static final List<Broken> BROKEN = List.of(
        new Broken("itsNameIsSaneAndStays", "a space in it", () -> new CardWrapper(TRACKS) {
            @Override
            public String name() {
                return "my card";
            }
        }),
        new Broken("itsNameIsSaneAndStays", "changes", () -> new CardWrapper(TRACKS) {
            private int calls;

            @Override
            public String name() {
                return "card" + calls++;
            }
        }),
        new Broken("itsCapabilitiesAreSaneAndStay", "no IP version", () -> new CardWrapper(TRACKS) {
            @Override
            public Capabilities capabilities() {
                return sound.capabilities().withVersions(false, false);
            }
        }),
        new Broken("itsCapabilitiesAreSaneAndStay", "other mode", () -> new CardWrapper(FORWARDS)),
        new Broken("itsCapabilitiesAreSaneAndStay", "change", () -> new CardWrapper(TRACKS) {
            private int calls;

            @Override
            public Capabilities capabilities() {
                return sound.capabilities().withCapacity(10 + calls++);
            }
        }),
        new Broken("whatItServesStays", "changes its mind", () -> new CardWrapper(TRACKS) {
            private int calls;

            @Override
            public boolean serves(final Port port) {
                return calls++ % 7 != 5;
            }
        }),
        new Broken("aPortThatIsBackIsServed", "it does not", () -> new CardWrapper(TRACKS) {
            @Override
            public void attach(final ProviderContext to) {
                super.attach(to);
                to.portBack("suite2");
            }

            @Override
            public boolean serves(final Port port) {
                return !port.name().equals("suite2");
            }
        }),
        new Broken("canOffloadHasNoEffect", "takes what it is asked about", () -> new CardWrapper(TRACKS) {
            @Override
            public Answer canOffload(final Connection connection) {
                sound.add(connection, Optional.empty());
                return Answer.ACCEPTED;
            }
        }),
        new Broken("canOffloadIsQuick", "asks its device", () -> new CardWrapper(TRACKS) {
            @Override
            public Answer canOffload(final Connection connection) {
                LockSupport.parkNanos(3_000_000);
                return sound.canOffload(connection);
            }
        }),
        new Broken("itTakesWhatItCan", "refuses what it said it can", () -> new CardWrapper(TRACKS) {
            @Override
            public Answer add(final Connection connection, final Optional<Port> ingress) {
                return Answer.no("not today");
            }
        }),
        new Broken("itRefusesAndNeverThrows", "throws for IPv6", () -> new CardWrapper(TRACKS) {
            @Override
            public Answer add(final Connection connection, final Optional<Port> ingress) {
                if (connection.original().source().v6()) {
                    throw new UnsupportedOperationException();
                }
                return sound.add(connection, ingress);
            }
        }),
        new Broken("itRefusesAndNeverThrows", "needs a port", () -> new CardWrapper(TRACKS) {
            @Override
            public Answer add(final Connection connection, final Optional<Port> ingress) {
                return sound.add(connection, Optional.of(ingress.orElseThrow()));
            }
        }),
        new Broken("itRefusesAndNeverThrows", "judges protocols by a switch without default", () ->
            new CardWrapper(TRACKS) {
                @Override
                public Answer canOffload(final Connection connection) {
                    return switch (connection.original().protocol()) {
                        case 6, 17 -> Answer.ACCEPTED;
                        default -> throw new IllegalStateException();
                    };
                }
            }),
        new Broken("itHoldsAConnectionUntilThatIsDeleted", "deletes nothing", () -> new CardWrapper(TRACKS) {
            @Override
            public Activity delete(final long connectionId) {
                return Activity.UNTOLD;
            }
        }),
        new Broken("itHoldsAConnectionUntilThatIsDeleted", "accepts and forgets", () ->
            new CardWrapper("mode", "tracks", "forget", true)),
        new Broken("itHoldsAConnectionUntilThatIsDeleted", "hangs", () ->
            new CardWrapper("mode", "tracks", "hanging", "update")),
        new Broken("itHoldsAConnectionUntilThatIsDeleted", "never says what became of it", () ->
            new CardWrapper("mode", "tracks", "pendingMs", 60_000)),
        new Broken("deletingWhatItDoesNotHoldIsHarmless", "throws", () -> new CardWrapper(TRACKS) {
            @Override
            public Activity delete(final long connectionId) {
                if (!sound.update(connectionId).isKnown()) {
                    throw new IllegalArgumentException("no connection " + connectionId);
                }
                return sound.delete(connectionId);
            }
        }),
        new Broken("whatItDoesNotHoldIsUnknown", "makes numbers up", () ->
            new CardWrapper("mode", "tracks", "lie", true)),
        new Broken("idsHave64Bits", "keeps 32 of them", () -> new CardWrapper(TRACKS) {
            private final Set<Integer> held = new HashSet<>();

            @Override
            public Answer add(final Connection connection, final Optional<Port> ingress) {
                held.add((int) connection.id());
                return Answer.ACCEPTED;
            }

            @Override
            public Activity update(final long connectionId) {
                return held.contains((int) connectionId) ? new Activity(0, 0, 0, 0, 0) : Activity.UNKNOWN;
            }

            @Override
            public Activity delete(final long connectionId) {
                held.remove((int) connectionId);
                return Activity.UNTOLD;
            }

            @Override
            public Optional<Holdings> holdings() {
                return Optional.empty();
            }
        }),
        new Broken("idleTimesArePlausible", "tells when, not for how long", () -> new CardWrapper(TRACKS) {
            @Override
            public Activity update(final long connectionId) {
                return new Activity(System.currentTimeMillis() * 1_000_000, 0, 0, 0, 0);
            }
        }),
        new Broken("idleTimesArePlausible", "resets the time by being asked", () -> new CardWrapper(TRACKS) {
            private int calls;

            @Override
            public Activity update(final long connectionId) {
                return new Activity(calls++ % 2 * 1000, 0, 0, 0, 0);
            }
        }),
        new Broken("countersNeverGoBack", "clears on read", () -> new CardWrapper(TRACKS) {
            private int calls;

            @Override
            public Activity update(final long connectionId) {
                return new Activity(0, calls++ % 2, 0, 0, 0);
            }
        }),
        new Broken("countersNeverGoBack", "the last word is less", () -> new CardWrapper(TRACKS) {
            @Override
            public Activity update(final long connectionId) {
                return new Activity(0, 0, 0, 3, 300);
            }
        }),
        new Broken("aFullProviderSaysSo", "throws", () -> new CardWrapper(TRACKS) {
            @Override
            public Answer add(final Connection connection, final Optional<Port> ingress) {
                final Answer answer = sound.add(connection, ingress);
                if (!answer.isHeld()) {
                    throw new IllegalStateException("full");
                }
                return answer;
            }
        }),
        new Broken("aFullProviderSaysSo", "takes more than it says", () -> new CardWrapper(TRACKS) {
            @Override
            public Capabilities capabilities() {
                return sound.capabilities().withCapacity(9);
            }
        }),
        new Broken("aFullProviderSaysSo", "drops the first one", () -> new CardWrapper(TRACKS) {
            private Connection first;

            @Override
            public Answer add(final Connection connection, final Optional<Port> ingress) {
                first = first == null ? connection : first;
                final Answer answer = sound.add(connection, ingress);
                if (!answer.isHeld()) {
                    sound.delete(first.id());
                }
                return answer;
            }
        }),
        new Broken("everyOperationOfABatchIsAnsweredInOrder", "leaves the last without an answer", () ->
            new CardWrapper(TRACKS) {
                @Override
                public void submit(final OffloadBatch batch) {
                    final int last = batch.operations().size() - 1;
                    final OffloadBatch others = new OffloadBatch();
                    others.operations().addAll(batch.operations().subList(0, Math.max(last, 1)));
                    others.perform(this);
                }
            }),
        new Broken("everyOperationOfABatchIsAnsweredInOrder", "performs them backwards", () -> new CardWrapper(TRACKS) {
            @Override
            public void submit(final OffloadBatch batch) {
                final OffloadBatch reversed = new OffloadBatch();
                reversed.operations().addAll(batch.operations());
                Collections.reverse(reversed.operations());
                reversed.perform(this);
            }
        }),
        new Broken("everyOperationOfABatchIsAnsweredInOrder", "throws for an empty one", () -> new CardWrapper(TRACKS) {
            @Override
            public void submit(final OffloadBatch batch) {
                batch.operations().get(0);
                batch.perform(this);
            }
        }),
        new Broken("oneOperationDoesNotStopTheBatch", "stops where one failed", () -> new CardWrapper(TRACKS) {
            @Override
            public void submit(final OffloadBatch batch) {
                boolean well = true;
                for (final Operation operation : batch.operations()) {
                    final OffloadBatch one = new OffloadBatch();
                    one.operations().add(operation);
                    if (well) {
                        one.perform(this);
                        well = operation.answer().kind() == Answer.Kind.ACCEPTED;
                    } else {
                        operation.answer(Answer.failed("the one before failed"));
                    }
                }
            }
        }),
        new Broken("flushForgetsEverything", "does nothing", () -> new CardWrapper(TRACKS) {
            @Override
            public void flush() {
                // as if it was done
            }
        }),
        new Broken("holdingsAreTrue", "tells the first ten", () -> new CardWrapper("mode", "tracks") {
            @Override
            public Optional<Holdings> holdings() {
                return sound.holdings().map(all -> new Holdings(Arrays.copyOf(all.connections(),
                    Math.min(10, all.connections().length)), all.paths()));
            }
        }),
        new Broken("holdingsAreTrue", "tells only while it holds something", () -> new CardWrapper("mode", "tracks") {
            @Override
            public Optional<Holdings> holdings() {
                return sound.holdings().filter(all -> all.connections().length > 0);
            }
        }),
        new Broken("reportsAreAboutWhatItHolds", "reports what it was told to delete", () ->
            new CardWrapper("mode", "tracks") {
                private ProviderContext context;

                @Override
                public void attach(final ProviderContext to) {
                    context = to;
                }

                @Override
                public Activity delete(final long connectionId) {
                    context.lost(connectionId, "deleted");
                    context.closing(connectionId);
                    return sound.delete(connectionId);
                }
            }),
        new Broken("itsThreadsEnd", "goes on polling", () -> new CardWrapper(TRACKS) {
            private final Thread poller = new Thread(() -> {
                try {
                    new CountDownLatch(1).await();
                } catch (final InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });

            @Override
            public void attach(final ProviderContext context) {
                poller.setDaemon(true);
                poller.start();
            }
        }),

        new Broken("packetsOfAPathPassUntilItIsWithdrawn", "counts twice", () -> new CardWrapper(FORWARDS) {
            @Override
            public Activity activity(final long pathId) {
                final Activity real = sound.activity(pathId);
                return new Activity(real.idleNs(), 2 * real.packets(), real.bytes(), 0, 0);
            }
        }),
        new Broken("packetsOfAPathPassUntilItIsWithdrawn", "withdraws the connection as well", () ->
            new CardWrapper(FORWARDS) {
                @Override
                public Activity withdraw(final long pathId) {
                    final Activity last = sound.withdraw(pathId);
                    sound.flush();
                    return last;
                }
            }),
        new Broken("nothingPassesOnceWithdrawReturned", "withdraws soon", () -> new CardWrapper(FORWARDS) {
            @Override
            public Activity withdraw(final long pathId) {
                final Activity last = sound.activity(pathId);
                new Thread(() -> {
                    LockSupport.parkNanos(1_000_000);
                    sound.withdraw(pathId);
                }).start();
                return last;
            }
        }),
        new Broken("onlyPacketsOfThePathPass", "forwards what has no path", () -> new CardWrapper(FORWARDS) {
            @Override
            public void forward(final Port in, final PacketBatch batch, final Egress egress) {
                super.forward(in, batch, egress);
                if (!batch.isEmpty()) {
                    egress.send("suite2", batch);
                    batch.clear();
                }
            }
        }),
        new Broken("packetsWithOtherEthernetAddressesDoNotPass", "does not look at them", () ->
            new CardWrapper(FORWARDS) {
                @Override
                public Answer forward(final long pathId, final Path path) {
                    return sound.forward(pathId, new Path(path.ingress(), path.egress(), path.arrives(), path.leaves(),
                        path.arrivingTags(), path.leavingTags(), path.ethernetSource(), path.ethernetDestination(),
                        path.ttlDecrement(), path.hops()));
                }
            }),
        new Broken("aPathRewritesWhatItSays", "leaves Ethernet addresses alone", () -> new CardWrapper(FORWARDS) {
            @Override
            public Answer forward(final long pathId, final Path path) {
                return sound.forward(pathId, new Path(path.ingress(), path.egress(), path.arrives(), path.leaves(),
                    path.arrivingTags(), path.leavingTags(), OptionalLong.empty(), OptionalLong.empty(),
                    path.ttlDecrement(), path.hops()));
            }
        }),
        new Broken("aPathRewritesWhatItSays", "does not translate", () -> new CardWrapper(FORWARDS) {
            @Override
            public Answer forward(final long pathId, final Path path) {
                return sound.forward(pathId, new Path(path.ingress(), path.egress(), path.arrives(), path.arrives(),
                    path.arrivingTags(), path.leavingTags(), path.ethernetSource(), path.ethernetDestination(),
                    path.ttlDecrement(), path.hops()));
            }
        }),
        new Broken("aPathRewritesWhatItSays", "lets the time to live be", () -> new CardWrapper(FORWARDS) {
            @Override
            public Answer forward(final long pathId, final Path path) {
                return sound.forward(pathId, new Path(path.ingress(), path.egress(), path.arrives(), path.leaves(),
                    path.arrivingTags(), path.leavingTags(), path.ethernetSource(), path.ethernetDestination(), 0,
                    path.hops()));
            }
        }),
        new Broken("whatItDoesNotForwardIsUnknown", "makes numbers up", () -> new CardWrapper("lie", true)),
        new Broken("idsOfPathsAndConnectionsAreDifferentThings", "one table for both", () -> new CardWrapper(FORWARDS) {
            @Override
            public Activity withdraw(final long pathId) {
                final Activity last = sound.withdraw(pathId);
                sound.delete(pathId);
                return last;
            }
        }),
        new Broken("countersOfAPathNeverGoBack", "clears on read", () -> new CardWrapper("backwards", true)),
        new Broken("aProviderFullOfPathsSaysSo", "fails", () -> new CardWrapper(FORWARDS) {
            @Override
            public Answer forward(final long pathId, final Path path) {
                final Answer answer = sound.forward(pathId, path);
                return answer.isHeld() ? answer : Answer.failed("-ENOSPC");
            }
        }),
        new Broken("aProviderFullOfPathsSaysSo", "replaces the first one", () -> new CardWrapper(FORWARDS) {
            @Override
            public Answer forward(final long pathId, final Path path) {
                final Answer answer = sound.forward(pathId, path);
                if (!answer.isHeld()) {
                    sound.withdraw(0);
                }
                return answer;
            }
        }),
        new Broken("pathsAreAnsweredInOrder", "adds first, whatever comes between", () -> new CardWrapper(FORWARDS) {
            @Override
            public void submit(final OffloadBatch batch) {
                final OffloadBatch sorted = new OffloadBatch();
                sorted.operations().addAll(batch.operations().stream()
                    .sorted((one, other) -> one.kind().compareTo(other.kind())).toList());
                sorted.perform(this);
            }
        }),
        new Broken("flushForgetsPaths", "does nothing", () -> new CardWrapper(FORWARDS) {
            @Override
            public void flush() {
                // as if it was done
            }
        }));

    static List<Broken> broken() {
        return BROKEN;
    }

    private static Events run(final String rule, final Supplier<OffloadProvider> provider) {
        made = provider;
        final Class<?> suite = isForAll(rule) ? Tracking.class : Forwarding.class;
        return EngineTestKit.engine("junit-jupiter").selectors(selectMethod(suite, rule)).execute().testEvents();
    }

    private static boolean isForAll(final String rule) {
        return methods(TrackingContract.class).contains(rule);
    }

    private static Set<String> methods(final Class<?> suite) {
        return Stream.<Class<?>>iterate(suite, type -> type != Object.class, Class::getSuperclass)
            .flatMap(type -> Arrays.stream(type.getDeclaredMethods()))
            .filter(method -> method.isAnnotationPresent(Test.class)).map(method -> method.getName())
            .collect(Collectors.toSet());
    }

    @ParameterizedTest
    @MethodSource("broken")
    void theSuiteCatchesIt(final Broken provider) {
        final Object[] sound = isForAll(provider.rule) ? TRACKS : FORWARDS;
        run(provider.rule, () -> new CardWrapper(sound)).assertStatistics(events -> events.started(1).succeeded(1));
        run(provider.rule, provider.made).assertStatistics(events -> events.started(1).failed(1));
    }

    @Test
    void everyRuleIsBrokenBySomeone() {
        final Set<String> rules = methods(ForwardingContract.class);
        rules.addAll(methods(TrackingContract.class));
        assertThat(BROKEN.stream().map(Broken::rule).collect(Collectors.toSet())).isEqualTo(rules);
    }
}
