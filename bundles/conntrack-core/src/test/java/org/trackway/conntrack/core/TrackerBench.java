// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.Counter;
import org.trackway.conntrack.CtAction;
import org.trackway.conntrack.CtState;
import org.trackway.conntrack.Tuple;
import org.trackway.packet.IpAddress;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Packets;

/** A tracker whose clock stands still unless it is told otherwise, and short words for what tests do with it. */
final class TrackerBench {

    static final long SECOND = 1_000_000_000L;
    static final CtAction LOOK = CtAction.builder().build();
    static final CtAction COMMIT = CtAction.builder().commit().build();
    static final String A = "10.1.1.1";
    static final String B = "10.1.1.2";

    long nowNs = 1_000 * SECOND;
    final Tracker tracker;

    TrackerBench() {
        this(ConntrackSettings.DEFAULT);
    }

    TrackerBench(final ConntrackSettings settings) {
        tracker = new Tracker("test", settings, () -> nowNs);
    }

    static CtAction.Builder commit(final int zone) {
        return CtAction.builder().commit().zone(zone);
    }

    static CtAction look(final int zone) {
        return CtAction.builder().zone(zone).build();
    }

    /** A datagram from A to B. */
    static Packets udp() {
        return Packets.udp4(A, 1000, B, 2000);
    }

    /** A datagram from B to A. */
    static Packets udpReply() {
        return Packets.udp4(B, 2000, A, 1000);
    }

    static Tuple tuple(final String from, final int fromPort, final String to, final int toPort, final int protocol) {
        return Tuple.of(IpAddress.parse(from), IpAddress.parse(to), protocol, fromPort, toPort);
    }

    /** Executes an action on a packet that may have been through others. */
    Packet send(final CtAction action, final Packet packet) {
        final PacketBatch batch = new PacketBatch();
        batch.add(packet);
        tracker.execute(batch, action, nowNs);
        return packet;
    }

    Packet send(final CtAction action, final Packets packet) {
        return send(action, packet.build());
    }

    void sendAll(final CtAction action, final Packet... packets) {
        final PacketBatch batch = new PacketBatch();
        Arrays.stream(packets).forEach(batch::add);
        tracker.execute(batch, action, nowNs);
    }

    static String state(final Packet packet) {
        return CtState.format(packet.ctState());
    }

    /** The answer for one packet. */
    String state(final CtAction action, final Packets packet) {
        return state(send(action, packet));
    }

    /** The answers for packets that come one after the other. */
    String states(final CtAction action, final Packets... packets) {
        return Arrays.stream(packets).map(packet -> state(action, packet)).collect(Collectors.joining(", "));
    }

    void pass(final long seconds) {
        nowNs += seconds * SECOND;
    }

    long count(final Counter counter) {
        return tracker.counters().get(counter);
    }

    List<Connection> all() {
        final List<Connection> all = new ArrayList<>();
        tracker.forEach(ConnectionFilter.ALL, all::add);
        return all;
    }

    /** The only connection there is. */
    Connection only() {
        final List<Connection> all = all();
        if (all.size() != 1) {
            throw new AssertionError("not one connection but " + all);
        }
        return all.get(0);
    }

    /** Whole seconds until the only connection expires. */
    long remaining() {
        return only().remainingNs() / SECOND;
    }
}
