// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.Counter;
import org.trackway.conntrack.Tuple;
import org.trackway.conntrack.spi.ConnectionSlot;
import org.trackway.conntrack.spi.ConnectionView;
import org.trackway.packet.IpAddress;
import org.trackway.packet.Packet;
import org.trackway.packet.Packets;

/** One control connection between two endpoints, as the tracker shows it to {@link Helpers}: no table, no NAT. */
final class HelperBench implements ConnectionView {

    static final String CLIENT = "10.1.1.1";
    static final String OUTSIDE = "10.1.1.240";
    static final String SERVER = "10.1.1.2";

    final Counters counters = new Counters();
    final Expectations expectations;
    final Helpers helpers;
    final Extension extension = new Extension();
    final Key forward;
    final Key reply;
    final Set<String> openSlots = ConcurrentHashMap.newKeySet();
    int limit = 64;
    int mark;
    long nowNs = 1;

    HelperBench(final int protocol, final String clientSeenAs) {
        expectations = new Expectations(() -> limit, counters);
        helpers = new Helpers(expectations, counters, this::slot);
        forward = Key.of(new Tuple(IpAddress.parse(CLIENT), IpAddress.parse(SERVER), protocol, 1000, 7, 0), 3);
        reply = Key.of(new Tuple(IpAddress.parse(SERVER), IpAddress.parse(clientSeenAs), protocol, 7, 1000, 0), 3);
        extension.helper = "toy";
    }

    private <T> ConnectionSlot<T> slot(final String name, final Class<T> type) {
        if (!openSlots.add(name)) {
            throw new IllegalStateException(name + " is taken");
        }
        return new Values<>(name);
    }

    /** Packets of the client, behind the translation. */
    Packets client() {
        return Packets.tcp4(OUTSIDE, 1000, SERVER, 7).flags("PA").ack(1);
    }

    /** Packets of the server, behind the translation back. */
    Packets server() {
        return Packets.tcp4(SERVER, 7, CLIENT, 1000).flags("PA").ack(1);
    }

    Packet control(final boolean isReply, final Packet packet) {
        SequenceShift.adjustAck(packet, extension, isReply);
        helpers.control("toy", this, forward, reply, extension, packet, isReply, true, mark, 0, 0, nowNs);
        return packet;
    }

    Packet fromClient(final Packets packet) {
        return control(false, packet.build());
    }

    Packet fromServer(final Packets packet) {
        return control(true, packet.build());
    }

    long failures() {
        return counters.all().get(Counter.HELPER_FAILURES);
    }

    @Override
    public long id() {
        return 77;
    }

    @Override
    public int zone() {
        return forward.zone();
    }

    @Override
    public int protocol() {
        return forward.protocol();
    }

    @Override
    public boolean v6() {
        return forward.v6;
    }

    @Override
    public int mark() {
        return mark;
    }

    @Override
    public String helper() {
        return extension.helper;
    }

    @Override
    public boolean isReply() {
        return false;
    }

    @Override
    public boolean isHeld() {
        return false;
    }

    @Override
    public Connection snapshot() {
        throw new UnsupportedOperationException();
    }

    private final class Values<T> implements ConnectionSlot<T> {
        private final String name;
        private final Map<Long, T> values = new ConcurrentHashMap<>();

        Values(final String name) {
            this.name = name;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public T get(final long connectionId) {
            return values.get(connectionId);
        }

        @Override
        public boolean set(final long connectionId, final T value) {
            if (!openSlots.contains(name)) {
                throw new IllegalStateException("closed");
            }
            values.put(connectionId, value);
            return true;
        }

        @Override
        public void close() {
            openSlots.remove(name);
            values.clear();
        }
    }
}
