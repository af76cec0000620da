// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.trackway.conntrack.core.TrackerBench.A;
import static org.trackway.conntrack.core.TrackerBench.B;
import static org.trackway.conntrack.core.TrackerBench.COMMIT;
import static org.trackway.conntrack.core.TrackerBench.LOOK;
import static org.trackway.conntrack.core.TrackerBench.udp;
import static org.trackway.conntrack.core.TrackerBench.udpReply;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.Counter;
import org.trackway.conntrack.CtAction;
import org.trackway.conntrack.spi.ConnectionObserver;
import org.trackway.conntrack.spi.ConnectionView;
import org.trackway.packet.Packet;
import org.trackway.packet.Packets;

class ObserversTest {

    private final TrackerBench bench = new TrackerBench();
    private final List<String> told = new ArrayList<>();

    /** Writes down what it is told. */
    private final class Notes implements ConnectionObserver {
        private final String name;
        private final int priority;

        Notes(final String name, final int priority) {
            this.name = name;
            this.priority = priority;
        }

        @Override
        public int priority() {
            return priority;
        }

        @Override
        public void created(final ConnectionView connection, final Packet packet) {
            told.add(name + "created");
        }

        @Override
        public void established(final ConnectionView connection, final Packet packet) {
            told.add(name + "established");
        }

        @Override
        public void changed(final ConnectionView connection, final Packet packet) {
            told.add(name + "changed");
        }

        @Override
        public void destroyed(final ConnectionView connection, final Reason reason) {
            told.add(name + "destroyed " + reason);
        }
    }

    private Conntrack.Registration observe() {
        return bench.tracker.observe(new Notes("", 0));
    }

    private static Packets client(final String flags, final long seq, final long ack) {
        return Packets.tcp4(A, 1000, B, 80).flags(flags).seq(seq).ack(ack);
    }

    private static Packets server(final String flags, final long seq, final long ack) {
        return Packets.tcp4(B, 80, A, 1000).flags(flags).seq(seq).ack(ack);
    }

    // ---- what is told ----

    @Test
    void udpIsCreatedChangedAndEstablishedOnce() {
        observe();
        bench.states(COMMIT, udp(), udp(), udp(), udpReply(), udp(), udpReply());
        assertThat(told).containsExactly("created", "changed", "changed", "established");
    }

    @Test
    void tcpIsEstablishedWhenItsHandshakeIsComplete() {
        observe();
        bench.states(COMMIT, client("S", 100, 0));
        assertThat(told).containsExactly("created");
        bench.states(COMMIT, server("SA", 300, 101));
        assertThat(told).containsExactly("created", "changed");
        bench.states(COMMIT, client("A", 101, 301), client("PA", 101, 301).payloadSize(5));
        assertThat(told).containsExactly("created", "changed", "changed", "established");
    }

    @Test
    void aRefusedTcpConnectionIsNeverEstablished() {
        observe();
        bench.states(COMMIT, client("S", 100, 0), server("RA", 0, 101));
        assertThat(told).containsExactly("created", "changed");
    }

    @Test
    void aHandshakeThatEndsWithFinIsEstablished() {
        observe();
        bench.states(COMMIT, client("S", 100, 0), server("SA", 300, 101), client("FA", 101, 301));
        assertThat(told).containsExactly("created", "changed", "changed", "established");
    }

    @Test
    void icmpIsEstablishedByItsAnswer() {
        observe();
        bench.states(COMMIT, Packets.echo4(A, B, 7, 1), Packets.echo4(A, B, 7, 2), Packets.echoReply4(B, A, 7, 1));
        assertThat(told).containsExactly("created", "changed", "established");
    }

    @Test
    void markAndLabelAreChangesOnlyIfTheyDiffer() {
        bench.send(COMMIT, udp());
        bench.send(LOOK, udpReply());
        observe();
        final CtAction mark = CtAction.builder().commit().mark(5, -1).build();
        final CtAction label = CtAction.builder().commit().label(0, 5, 0, -1).build();
        bench.states(mark, udp(), udp());
        bench.states(label, udp(), udp());
        assertThat(told).containsExactly("changed", "changed");
        final Packet again = bench.send(LOOK, udp());
        bench.send(CtAction.builder().commit().mark(6, -1).build(), again);
        assertThat(told).containsExactly("changed", "changed", "changed");
    }

    @Test
    void theMarkOfTheFirstPacketIsPartOfTheCreation() {
        final List<Integer> marks = new ArrayList<>();
        bench.tracker.observe(new ConnectionObserver() {
            @Override
            public void created(final ConnectionView connection, final Packet packet) {
                marks.add(connection.mark());
                marks.add(packet.ctMark());
                marks.add((int) connection.snapshot().originalCount().packets());
            }
        });
        observe();
        bench.send(CtAction.builder().commit().mark(5, -1).build(), udp());
        assertThat(told).containsExactly("created");
        assertThat(marks).containsExactly(5, 5, 1);
    }

    @Test
    void packetsThatChangeNothingAreNotTold() {
        bench.states(COMMIT, udp(), udpReply());
        observe();
        bench.states(COMMIT, udp(), udpReply());
        bench.send(COMMIT, Packets.icmp4Error(B, A, 3, 3, udp().build()));
        bench.send(LOOK, Packets.udp4(A, 1, B, 2));
        bench.send(LOOK, udp().badChecksum());
        assertThat(told).isEmpty();
    }

    @Test
    void everyEndHasItsReason() {
        observe();
        bench.send(COMMIT, udp());
        bench.tracker.flush(ConnectionFilter.ALL);
        assertThat(told).containsExactly("created", "destroyed FLUSHED");
        told.clear();
        bench.send(COMMIT, udp());
        bench.pass(60);
        assertThat(told).containsExactly("created");
        bench.tracker.sweep();
        assertThat(told).containsExactly("created", "destroyed EXPIRED");
        told.clear();
        bench.send(COMMIT, udp());
        bench.send(CtAction.builder().commit().force().build(), udpReply());
        assertThat(told).containsExactly("created", "destroyed REPLACED", "created");
        told.clear();
        bench.tracker.flush(0, bench.only().original());
        assertThat(told).containsExactly("destroyed FLUSHED");
    }

    @Test
    void aReopenedTcpConnectionIsDestroyedAndCreated() {
        bench.states(COMMIT, client("S", 100, 0), client("R", 100, 0));
        observe();
        bench.send(COMMIT, client("S", 900, 0));
        assertThat(told).containsExactly("destroyed REPLACED", "created");
    }

    @Test
    void whatIsShownIsTheConnection() {
        final List<Object> seen = new ArrayList<>();
        bench.tracker.observe(new ConnectionObserver() {
            @Override
            public void created(final ConnectionView view, final Packet packet) {
                seen.addAll(List.of(view.id(), view.zone(), view.protocol(), view.v6(), view.snapshot().original()));
                assertThat(view.helper()).isNull();
            }

            @Override
            public void destroyed(final ConnectionView view, final Reason reason) {
                seen.add(view.snapshot().mark());
            }
        });
        bench.send(TrackerBench.commit(9).mark(3, -1).build(), Packets.udp6("fd00::1", 1, "fd00::2", 2));
        final var connection = bench.only();
        bench.tracker.flush(ConnectionFilter.ALL);
        assertThat(seen).containsExactly(connection.id(), 9, 17, true, connection.original(), 3);
    }

    // ---- who is told, and when no more ----

    @Test
    void whatHasExpiredHasNoTimeLeftAlsoIfANewOneHasItsTuple() {
        final List<Long> left = new ArrayList<>();
        bench.tracker.observe(new ConnectionObserver() {
            @Override
            public void destroyed(final ConnectionView view, final Reason reason) {
                left.add(view.snapshot().remainingNs());
            }
        });
        bench.send(COMMIT, udp());
        bench.pass(1_000);
        bench.send(COMMIT, udp());
        bench.tracker.sweep();
        assertThat(left).containsExactly(0L);
    }

    @Test
    @Timeout(30)
    void anObserverMayCloseItsOwnObservationWhileItIsTold() {
        final Conntrack.Registration[] own = new Conntrack.Registration[1];
        final List<Long> waited = new ArrayList<>();
        own[0] = bench.tracker.observe(new ConnectionObserver() {
            @Override
            public void created(final ConnectionView view, final Packet packet) {
                final long start = System.nanoTime();
                own[0].close();
                waited.add(System.nanoTime() - start);
            }
        });
        bench.send(COMMIT, udp());
        bench.tracker.flush(ConnectionFilter.ALL);
        bench.send(COMMIT, udp());
        assertThat(waited).singleElement().satisfies(ns -> assertThat(ns).isLessThan(2_000_000_000L));
    }

    @Test
    void observersOfHigherPriorityAreToldFirst() {
        bench.tracker.observe(new Notes("low ", -1));
        bench.tracker.observe(new Notes("high ", 7));
        bench.tracker.observe(new Notes("middle ", 0));
        bench.send(COMMIT, udp());
        assertThat(told).containsExactly("high created", "middle created", "low created");
    }

    @Test
    void aPlaceAmongObserversIsAskedForOnce() {
        final AtomicInteger asked = new AtomicInteger();
        bench.tracker.observe(new ConnectionObserver() {
            @Override
            public int priority() {
                if (asked.incrementAndGet() > 1) {
                    throw new IllegalStateException("once is enough");
                }
                return 5;
            }
        });
        bench.tracker.observe(new ConnectionObserver() {
        });
        assertThat(asked).hasValue(1);
    }

    @Test
    void oneThatIsClosedIsNotToldAnyMore() {
        final Conntrack.Registration one = bench.tracker.observe(new Notes("one ", 0));
        bench.tracker.observe(new Notes("other ", 0));
        bench.send(COMMIT, udp());
        one.close();
        one.close();
        bench.tracker.flush(ConnectionFilter.ALL);
        assertThat(told).containsExactly("one created", "other created", "other destroyed FLUSHED");
    }

    @Test
    @Timeout(20)
    void closingWaitsForTheCallThatIsInIt() throws InterruptedException {
        final CountDownLatch inside = new CountDownLatch(1);
        final CountDownLatch mayLeave = new CountDownLatch(1);
        final AtomicInteger left = new AtomicInteger();
        final Conntrack.Registration registration = bench.tracker.observe(new ConnectionObserver() {
            @Override
            public void created(final ConnectionView connection, final Packet packet) {
                inside.countDown();
                try {
                    mayLeave.await(10, TimeUnit.SECONDS);
                } catch (final InterruptedException interrupted) {
                    Thread.currentThread().interrupt();
                }
                left.incrementAndGet();
            }
        });
        final Thread packets = new Thread(() -> bench.send(COMMIT, udp()));
        packets.start();
        assertThat(inside.await(10, TimeUnit.SECONDS)).isTrue();
        final AtomicInteger leftWhenClosed = new AtomicInteger(-1);
        final Thread closer = new Thread(() -> {
            registration.close();
            leftWhenClosed.set(left.get());
        });
        closer.start();
        for (int i = 0; i < 100 && leftWhenClosed.get() == -1; i++) {
            Thread.yield();
        }
        assertThat(leftWhenClosed.get()).isEqualTo(-1);
        mayLeave.countDown();
        closer.join();
        packets.join();
        assertThat(leftWhenClosed.get()).isEqualTo(1);
    }

    @Test
    void whatAnObserverThrowsIsCountedAndGoesNoFurther() {
        bench.tracker.observe(new ConnectionObserver() {
            @Override
            public int priority() {
                return 1;
            }

            @Override
            public void created(final ConnectionView connection, final Packet packet) {
                throw new NoClassDefFoundError("gone");
            }
        });
        observe();
        assertThat(bench.state(COMMIT, udp())).isEqualTo("new|trk");
        assertThat(told).containsExactly("created");
        assertThat(bench.count(Counter.OBSERVER_FAILURES)).isEqualTo(1);
        assertThat(bench.state(COMMIT, udpReply())).isEqualTo("est|rpl|trk");
    }

    @Test
    void anObserverThatFailsSixteenTimesInARowIsNotCalledAnyMore() {
        final AtomicInteger calls = new AtomicInteger();
        bench.tracker.observe(new ConnectionObserver() {
            @Override
            public void created(final ConnectionView connection, final Packet packet) {
                calls.incrementAndGet();
                throw new IllegalStateException();
            }
        });
        for (int port = 1; port <= 20; port++) {
            bench.send(COMMIT, Packets.udp4(A, port, B, 9));
        }
        assertThat(calls).hasValue(ConnectionObserver.MAX_FAILURES).hasValue(16);
        assertThat(bench.count(Counter.OBSERVER_FAILURES)).isEqualTo(16);
    }

    @Test
    void aCallThatSucceedsForgivesFailures() {
        final AtomicInteger calls = new AtomicInteger();
        bench.tracker.observe(new ConnectionObserver() {
            @Override
            public void created(final ConnectionView connection, final Packet packet) {
                if (calls.incrementAndGet() % 16 != 0) {
                    throw new IllegalStateException();
                }
            }
        });
        for (int port = 1; port <= 40; port++) {
            bench.send(COMMIT, Packets.udp4(A, port, B, 9));
        }
        assertThat(calls).hasValue(40);
    }

    @Test
    void aParkedObserverIsCalledAgainWhenItIsRegisteredAnew() {
        final AtomicInteger calls = new AtomicInteger();
        final ConnectionObserver failing = new ConnectionObserver() {
            @Override
            public void created(final ConnectionView connection, final Packet packet) {
                calls.incrementAndGet();
                throw new IllegalStateException();
            }
        };
        final Conntrack.Registration first = bench.tracker.observe(failing);
        for (int port = 1; port <= 20; port++) {
            bench.send(COMMIT, Packets.udp4(A, port, B, 9));
        }
        first.close();
        bench.tracker.observe(failing);
        bench.send(COMMIT, udp());
        assertThat(calls).hasValue(17);
    }
}
