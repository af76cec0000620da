// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.trackway.conntrack.core.TrackerBench.A;
import static org.trackway.conntrack.core.TrackerBench.B;
import static org.trackway.conntrack.core.TrackerBench.COMMIT;
import static org.trackway.conntrack.core.TrackerBench.commit;
import static org.trackway.conntrack.core.TrackerBench.tuple;
import static org.trackway.conntrack.core.TrackerBench.udp;
import static org.trackway.conntrack.core.TrackerBench.udpReply;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.Counter;
import org.trackway.conntrack.CtAction;
import org.trackway.conntrack.Nat;
import org.trackway.conntrack.TimeoutPolicy;
import org.trackway.conntrack.Tuple;
import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Packets;

/** What people and programs do with a tracker: list, look, flush, sweep, count. */
class ManagementTest {

    private static final Tuple UDP = tuple(A, 1000, B, 2000, IpProtocol.UDP);

    private final TrackerBench bench = new TrackerBench();

    private List<Connection> list(final ConnectionFilter filter) {
        final List<Connection> all = new ArrayList<>();
        bench.tracker.forEach(filter, all::add);
        return all;
    }

    // ---- looking ----

    @Test
    void aConnectionIsShownWithAllThereIs() {
        bench.tracker.settings(ConntrackSettings.DEFAULT.withTimeoutPolicy(
            TimeoutPolicy.parse("slow: udp_first=100")));
        bench.send(commit(3).mark(5, -1).label(6, 7, -1, -1).timeoutPolicy("slow").build(), udp().payloadSize(2));
        bench.nowNs += TrackerBench.SECOND / 2;
        final Connection shown = bench.only();
        assertThat(shown).isEqualTo(new Connection(shown.id(), 3, UDP, UDP.reverse(), 5, 6, 7,
            99 * TrackerBench.SECOND + TrackerBench.SECOND / 2, "FIRST", Optional.empty(), Optional.empty(),
            Optional.empty(), false, false, Optional.of("slow"), 1_000 * TrackerBench.SECOND, 1_000 * TrackerBench.SECOND,
            new Connection.Count(1, 30), new Connection.Count(0, 0)));
        assertThat(bench.tracker.connection(shown.id())).contains(shown);
    }

    @Test
    void statesHaveNames() {
        bench.states(COMMIT, udp());
        assertThat(bench.only().state()).isEqualTo("FIRST");
        bench.states(COMMIT, udp());
        assertThat(bench.only().state()).isEqualTo("MULTIPLE");
        bench.states(COMMIT, udpReply());
        assertThat(bench.only().state()).isEqualTo("BIDIR");
        bench.tracker.flush(ConnectionFilter.ALL);
        bench.states(COMMIT, Packets.echo4(A, B, 7, 1));
        assertThat(bench.only().state()).isEqualTo("FIRST");
        bench.states(COMMIT, Packets.echoReply4(B, A, 7, 1));
        assertThat(bench.only().state()).isEqualTo("REPLY");
    }

    @Test
    void aTranslatedConnectionShowsBothSides() {
        final IpAddress to = IpAddress.parse("10.9.9.9");
        bench.send(CtAction.builder().commit().nat(new Nat(Nat.Kind.SOURCE, to, to, 0, 0, false, false)).build(),
            udp());
        assertThat(bench.only().original()).isEqualTo(UDP);
        assertThat(bench.only().reply()).isEqualTo(tuple(B, 2000, "10.9.9.9", 1000, IpProtocol.UDP));
        assertThat(bench.only().translated()).isTrue();
    }

    @Test
    void anEchoIsShownWithItsTypesInBothDirections() {
        bench.send(COMMIT, Packets.echo4(A, B, 77, 1));
        assertThat(bench.only().original().icmpType()).isEqualTo(8);
        assertThat(bench.only().reply().icmpType()).isZero();
        assertThat(bench.only().reply().sourcePort()).isEqualTo(77);
    }

    @Test
    void aConnectionIsFoundByEitherTupleInItsZone() {
        bench.send(commit(3).build(), udp());
        final Connection only = bench.only();
        assertThat(bench.tracker.find(3, UDP)).contains(only);
        assertThat(bench.tracker.find(3, UDP.reverse())).contains(only);
        assertThat(bench.tracker.find(4, UDP)).isEmpty();
    }

    @Test
    void anUnknownIdIsNoConnection() {
        bench.send(COMMIT, udp());
        final long id = bench.only().id();
        bench.tracker.flush(ConnectionFilter.ALL);
        assertThat(bench.tracker.connection(id)).isEmpty();
        assertThat(bench.tracker.connection(0)).isEmpty();
        assertThat(bench.tracker.connection(-1)).isEmpty();
        assertThat(bench.tracker.connection(Long.MAX_VALUE)).isEmpty();
    }

    @Test
    void anExpiredConnectionIsNotShownByItsId() {
        bench.send(COMMIT, udp());
        final long id = bench.only().id();
        bench.pass(60);
        assertThat(bench.tracker.connection(id)).isEmpty();
    }

    @Test
    void connectionsAreListedOnceEachZonesAscending() {
        final int[] zones = {9, 65535, 0, 4, 40_000, 9, 4};
        for (int i = 0; i < zones.length; i++) {
            bench.send(commit(zones[i]).build(), Packets.udp4(A, 1 + i, B, 9));
        }
        bench.send(commit(5).build(), Packets.udp6("fd00::1", 1, "fd00::2", 2));
        assertThat(list(ConnectionFilter.ALL)).extracting(Connection::zone)
            .containsExactly(0, 4, 4, 5, 9, 9, 40_000, 65_535);
        assertThat(list(ConnectionFilter.ALL)).extracting(Connection::id).doesNotHaveDuplicates();
    }

    @Test
    void aListMayBeNarrowed() {
        bench.send(commit(1).mark(7, -1).build(), udp());
        bench.send(commit(1).build(), Packets.udp4(A, 1, B, 2));
        bench.send(commit(2).mark(7, -1).build(), udp());
        assertThat(list(ConnectionFilter.zone(1))).hasSize(2);
        assertThat(list(ConnectionFilter.zone(1).and(connection -> connection.mark() == 7))).hasSize(1);
        assertThat(list(ConnectionFilter.ALL.and(connection -> connection.mark() == 7))).hasSize(2);
        assertThat(list(ConnectionFilter.zone(3))).isEmpty();
    }

    @Test
    void whoIsShownAConnectionMayChangeTheTracker() {
        bench.send(COMMIT, udp());
        bench.send(COMMIT, Packets.udp4(A, 1, B, 2));
        bench.tracker.forEach(ConnectionFilter.ALL, connection ->
            assertThat(bench.tracker.flush(connection.zone(), connection.original())).isTrue());
        assertThat(bench.tracker.count()).isZero();
    }

    // ---- flushing ----

    @Test
    void flushingAllTakesExpiredOnesToo() {
        bench.send(COMMIT, udp());
        bench.pass(60);
        bench.send(commit(2).build(), udp());
        assertThat(bench.tracker.flush(ConnectionFilter.ALL)).isEqualTo(2);
        assertThat(bench.tracker.count()).isZero();
        assertThat(bench.count(Counter.DESTROYED)).isEqualTo(2);
    }

    @Test
    void flushingAZoneLeavesOthers() {
        bench.send(commit(1).build(), udp());
        bench.send(commit(2).build(), udp());
        assertThat(bench.tracker.flush(ConnectionFilter.zone(1))).isEqualTo(1);
        assertThat(bench.only().zone()).isEqualTo(2);
        assertThat(bench.tracker.flush(ConnectionFilter.zone(1))).isZero();
    }

    @Test
    void flushingByConditionTakesLiveOnesOnly() {
        bench.send(commit(1).mark(7, -1).build(), udp());
        bench.pass(60);
        bench.send(commit(1).mark(7, -1).build(), Packets.udp4(A, 1, B, 2));
        bench.send(commit(1).mark(8, -1).build(), Packets.udp4(A, 3, B, 4));
        assertThat(bench.tracker.flush(ConnectionFilter.ALL.and(connection -> connection.mark() == 7))).isEqualTo(1);
        assertThat(bench.tracker.count()).isEqualTo(2);
        assertThat(bench.only().mark()).isEqualTo(8);
    }

    @Test
    @Timeout(value = 10, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aConditionMayAskTheTracker() {
        bench.send(COMMIT, udp());
        bench.send(COMMIT, Packets.udp4(A, 1, B, 9));
        final ConnectionFilter known = ConnectionFilter.ALL
            .and(connection -> bench.tracker.connection(connection.id()).isPresent());
        assertThat(bench.tracker.flush(known)).isEqualTo(2);
        assertThat(bench.tracker.count()).isZero();
    }

    @Test
    void flushingATupleTakesEitherDirection() {
        bench.send(commit(1).build(), udp());
        assertThat(bench.tracker.flush(2, UDP)).isFalse();
        assertThat(bench.tracker.flush(1, UDP.reverse())).isTrue();
        assertThat(bench.tracker.count()).isZero();
        assertThat(bench.tracker.flush(1, UDP)).isFalse();
    }

    @Test
    void oddity36FlushingAnIcmpTupleOfAnOddTypeFindsNothing() {
        bench.send(COMMIT, Packets.echo4(A, B, 77, 1));
        final Tuple odd = new Tuple(IpAddress.parse(A), IpAddress.parse(B), IpProtocol.ICMP, 77, 77, 200);
        assertThat(bench.tracker.flush(0, odd)).isFalse();
        assertThat(bench.tracker.flush(0, bench.only().original())).isTrue();
    }

    @Test
    void aFlushedConnectionBeginsAnew() {
        bench.states(COMMIT, udp(), udpReply());
        bench.tracker.flush(ConnectionFilter.ALL);
        assertThat(bench.state(COMMIT, udpReply())).isEqualTo("new|trk");
        assertThat(bench.only().original()).isEqualTo(UDP.reverse());
    }

    // ---- sweeping ----

    @Test
    void aSweepTakesEveryExpiredConnectionAndNoOther() {
        for (int port = 1; port <= 500; port++) {
            bench.send(COMMIT, Packets.udp4(A, port, B, 9));
        }
        bench.pass(30);
        for (int port = 1; port <= 100; port++) {
            bench.send(COMMIT, Packets.udp4(A, port, B, 9));
        }
        bench.send(COMMIT, Packets.udp6("fd00::1", 1, "fd00::2", 2));
        bench.pass(30);
        assertThat(bench.tracker.sweep()).isEqualTo(400);
        assertThat(bench.tracker.count()).isEqualTo(101);
        bench.pass(30);
        assertThat(bench.tracker.sweep()).isEqualTo(101);
        assertThat(bench.tracker.table().indexUsed()).isZero();
        assertThat(bench.tracker.sweep()).isZero();
    }

    @Test
    void aSweepAndAFlushLeaveNoSlotInTheWayOfLookUps() {
        for (int round = 0; round < 2; round++) {
            for (int port = 1; port <= 2000; port++) {
                bench.send(COMMIT, Packets.udp4(A, port, B, 9));
            }
            bench.pass(60);
            assertThat(round == 0 ? bench.tracker.sweep() : bench.tracker.flush(ConnectionFilter.ALL)).isEqualTo(2000);
            assertThat(bench.tracker.table.deleted()).isZero();
        }
    }

    @Test
    void threadsThatEndLeaveNoMemoryTaken() throws InterruptedException {
        for (int i = 0; i < Slab.CHUNK_ENTRIES / 2; i++) {
            // Two connections make it take three entries.
            final Thread thread = new Thread(() -> bench.sendAll(COMMIT, Packets.udp4(A, 1, B, 9).build(),
                Packets.udp4(A, 2, B, 9).build()));
            thread.start();
            thread.join();
            assertThat(bench.tracker.flush(ConnectionFilter.ALL)).isEqualTo(2);
        }
        for (int port = 1; port < Slab.CHUNK_ENTRIES; port++) {
            bench.send(COMMIT, Packets.udp4(A, port, B, 9));
        }
        assertThat(bench.tracker.table().entries()).isEqualTo(Slab.CHUNK_ENTRIES);
    }

    // ---- counting ----

    @Test
    void packetsAndConnectionsAreCounted() {
        bench.states(COMMIT, udp(), udpReply(), udp().badChecksum(), Packets.udp4(A, 1, B, 2));
        bench.tracker.flush(ConnectionFilter.ALL);
        assertThat(bench.count(Counter.PACKETS)).isEqualTo(4);
        assertThat(bench.count(Counter.INVALID)).isEqualTo(1);
        assertThat(bench.count(Counter.CREATED)).isEqualTo(2);
        assertThat(bench.count(Counter.DESTROYED)).isEqualTo(2);
        assertThat(bench.count(Counter.L3CSUM_CHECKED)).isEqualTo(4);
        assertThat(bench.count(Counter.L3CSUM_ERR)).isZero();
        assertThat(bench.count(Counter.L4CSUM_CHECKED)).isEqualTo(4);
        assertThat(bench.count(Counter.L4CSUM_ERR)).isEqualTo(1);
    }

    @Test
    void headerChecksumsOfPacketsAndFragmentsAreCountedOnceEach() {
        bench.send(COMMIT, udp().badIpChecksum());
        bench.send(COMMIT, udp().badIpChecksum().fragment(0, true));
        assertThat(bench.count(Counter.L3CSUM_CHECKED)).isEqualTo(2);
        assertThat(bench.count(Counter.L3CSUM_ERR)).isEqualTo(2);
    }

    @Test
    void everyCounterIsThereFromTheStart() {
        assertThat(bench.tracker.counters()).containsOnlyKeys(Counter.values());
        assertThat(bench.tracker.counters().values()).containsOnly(0L);
    }

    @Test
    void theTrackerHasANameAndAClock() {
        assertThat(bench.tracker.name()).isEqualTo("test");
        assertThat(bench.tracker.now()).isEqualTo(bench.nowNs);
        assertThat(bench.tracker.settings()).isEqualTo(ConntrackSettings.DEFAULT);
        assertThat(bench.tracker.helpers()).isEmpty();
    }

    @Test
    void batchesOfAnySizeAreTaken() {
        bench.sendAll(COMMIT);
        final PacketBatch batch = new PacketBatch();
        for (int port = 1; port <= 1000; port++) {
            batch.add(Packets.udp4(A, port, B, 9).build());
        }
        bench.tracker.execute(batch, COMMIT, bench.nowNs);
        assertThat(bench.tracker.count()).isEqualTo(1000);
        assertThat(bench.count(Counter.PACKETS)).isEqualTo(1000);
    }

    // ---- the end of a tracker ----

    /** A tracker that this thread, with a helper, and another one have used. */
    private static WeakReference<Tracker> usedAndDropped() throws InterruptedException {
        final TrackerBench bench = new TrackerBench();
        bench.send(COMMIT, udp());
        bench.tracker.addHelper(new ToyHelper());
        bench.send(CtAction.builder().commit().helper("toy").build(), Packets.tcp4(A, 1, B, 7).flags("S"));
        final Thread other = new Thread(() -> bench.send(COMMIT, udpReply()));
        other.start();
        other.join();
        return new WeakReference<>(bench.tracker);
    }

    @Test
    void aTrackerThatIsDroppedIsGoneThoughItsThreadsLiveOn() throws InterruptedException {
        final WeakReference<Tracker> dropped = usedAndDropped();
        for (int i = 0; i < 50 && dropped.get() != null; i++) {
            System.gc();
        }
        assertThat(dropped.get()).isNull();
    }
}
