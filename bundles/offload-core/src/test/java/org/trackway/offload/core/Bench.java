// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.CtAction;
import org.trackway.conntrack.CtState;
import org.trackway.conntrack.Timeout;
import org.trackway.conntrack.TimeoutPolicy;
import org.trackway.conntrack.Tuple;
import org.trackway.conntrack.core.Trackers;
import org.trackway.offload.OffloadSettings;
import org.trackway.offload.OffloadStory;
import org.trackway.offload.Path;
import org.trackway.offload.Paths;
import org.trackway.offload.ProviderStatus;
import org.trackway.offload.ProviderStatus.Counter;
import org.trackway.packet.IpAddress;
import org.trackway.packet.NamedPort;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Packets;
import org.trackway.packet.Port;

/** A tracker and a manager on one thread, with a clock that stands still unless it is told otherwise. */
final class Bench {

    static final long SECOND = 1_000_000_000L;
    static final long MS = 1_000_000;
    static final String A = "10.1.1.1";
    static final String B = "10.1.1.2";
    static final CtAction COMMIT = CtAction.builder().commit().build();
    static final CtAction LOOK = CtAction.builder().build();
    /** Steps in a row after which a test does not believe that there is an end. */
    private static final int MANY = 10_000;

    long nowNs = 1_000 * SECOND;
    final Conntrack tracker = Trackers.make(ConntrackSettings.DEFAULT, () -> nowNs);
    final Manager manager;
    final Port left = new NamedPort("left");
    final Port right = new NamedPort("right");

    Bench() {
        this(OffloadSettings.DEFAULT);
    }

    Bench(final OffloadSettings settings) {
        manager = new Manager(tracker, settings, Manager.Threads.NONE);
    }

    /** Settings in words. */
    static final class Settings {
        boolean enabled = true;
        int minPackets;
        int minAgeMs;
        Set<Integer> protocols = Set.of();
        Set<Integer> zones = Set.of();
        int queueSize = 1024;
        int batchSize = 256;
        int maxFailures = 16;
        Map<String, OffloadSettings.Provider> providers = Map.of();

        OffloadSettings make() {
            return new OffloadSettings(enabled, minPackets, minAgeMs, protocols, zones, queueSize, batchSize, 2_000,
                1_000,
                5_000, maxFailures, 1_000, providers);
        }
    }

    Bench add(final FakeProvider... providers) {
        for (final FakeProvider provider : providers) {
            manager.add(provider);
        }
        settle();
        return this;
    }

    /** Has all workers do what there is to do now. */
    void settle() {
        for (int i = 0; manager.step(); i++) {
            if (i == MANY) {
                throw new AssertionError("no end of work: " + manager.providers());
            }
        }
    }

    /** Lets time pass, all workers awake in steps of at most a second. */
    void pass(final long nanoseconds) {
        final long end = nowNs + nanoseconds;
        while (nowNs < end) {
            nowNs = Math.min(end, nowNs + SECOND);
            settle();
        }
    }

    /** Lets time pass while workers are in calls, and somebody watches them ten times a second. */
    void watch(final long nanoseconds) {
        manager.watch();
        final long end = nowNs + nanoseconds;
        while (nowNs < end) {
            nowNs = Math.min(end, nowNs + SECOND / 10);
            manager.watch();
        }
    }

    Packet send(final CtAction action, final Port port, final Packet packet) {
        packet.inPort(port);
        final PacketBatch batch = new PacketBatch();
        batch.add(packet);
        tracker.execute(batch, action, nowNs);
        return packet;
    }

    String state(final CtAction action, final Port port, final Packets packet) {
        return CtState.format(send(action, port, packet.build()).ctState());
    }

    /** A datagram from the left, that opens a connection of its source port. */
    long udp(final int port) {
        send(COMMIT, left, Packets.udp4(A, port, B, 53).build());
        return id(port, 17);
    }

    /** The answer from the right. */
    void udpReply(final int port) {
        send(COMMIT, right, Packets.udp4(B, 53, A, port).build());
    }

    static Packets client(final int port, final String flags, final long seq, final long ack) {
        return Packets.tcp4(A, port, B, 80).flags(flags).seq(seq).ack(ack).window(1000);
    }

    static Packets server(final int port, final String flags, final long seq, final long ack) {
        return Packets.tcp4(B, 80, A, port).flags(flags).seq(seq).ack(ack).window(1000);
    }

    /** A whole handshake; what it says is that the client is at 101, the server at 301. */
    long tcp(final int port) {
        send(COMMIT, left, client(port, "S", 100, 0).build());
        send(COMMIT, right, server(port, "SA", 300, 101).build());
        send(COMMIT, left, client(port, "A", 101, 301).build());
        return id(port, 6);
    }

    /** A TCP connection that has a helper. */
    long withHelper(final int port) {
        send(CtAction.builder().commit().helper("toy").build(), left, client(port, "S", 100, 0).build());
        return id(port, 6);
    }

    /** A datagram whose connection lives for so many seconds. */
    long shortLived(final int port, final long seconds) {
        tracker.settings(ConntrackSettings.DEFAULT.withTimeoutPolicy(new TimeoutPolicy("short",
            Map.of(Timeout.UDP_FIRST, seconds))));
        send(CtAction.builder().commit().timeoutPolicy("short").build(), left, Packets.udp4(A, port, B, 53).build());
        return id(port, 17);
    }

    static Tuple tuple(final int port, final int protocol) {
        return Tuple.of(IpAddress.parse(A), IpAddress.parse(B), protocol, port, protocol == 6 ? 80 : 53);
    }

    long id(final int port, final int protocol) {
        return tracker.find(0, tuple(port, protocol)).orElseThrow().id();
    }

    Connection connection(final long id) {
        return tracker.connection(id).orElseThrow();
    }

    List<Connection> all() {
        final List<Connection> all = new ArrayList<>();
        tracker.forEach(ConnectionFilter.ALL, all::add);
        return all;
    }

    ProviderStatus status(final FakeProvider provider) {
        return manager.providers().stream().filter(status -> status.name().equals(provider.name)).findFirst()
            .orElseThrow();
    }

    long count(final FakeProvider provider, final Counter counter) {
        return status(provider).counters().get(counter);
    }

    /** What a provider made of a connection. */
    OffloadStory.Chapter chapter(final FakeProvider provider, final long id) {
        return manager.story(id).chapters().stream().filter(chapter -> chapter.provider().equals(provider.name))
            .findFirst()
            .orElseThrow();
    }

    // ---- paths ----

    /** The way of one direction of a connection, maybe of others too. */
    Path path(final long id, final boolean reply, final Path.Hop... more) {
        final Connection connection = connection(id);
        final Tuple arrives = reply ? connection.reply() : connection.original();
        final List<Path.Hop> hops = new ArrayList<>(List.of(new Path.Hop(id, reply)));
        hops.addAll(List.of(more));
        return new Path(reply ? "right" : "left", reply ? "left" : "right", arrives, arrives, List.of(), List.of(),
            OptionalLong.empty(), OptionalLong.empty(), 0, hops);
    }

    /** Offers a path and notes what is said of it. */
    Heard offer(final Path path) {
        final Heard heard = new Heard();
        heard.offered = manager.paths().offer(path, heard);
        settle();
        return heard;
    }

    /** Offers both directions, as packets that pass would. */
    void offerBoth(final long id) {
        offer(path(id, false));
        offer(path(id, true));
    }

    /** What was said of a path. */
    static final class Heard implements Paths.Listener {
        Paths.Offered offered;
        long packets;
        long bytes;
        int gone;

        @Override
        public void passed(final long more, final long moreBytes) {
            packets += more;
            bytes += moreBytes;
        }

        @Override
        public void gone() {
            gone++;
        }
    }
}
