// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.util.Optional;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.TcpState;
import org.trackway.conntrack.Tuple;
import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;

/** Builds connections for tests: what is not said is plain. */
final class Connections {

    private long id = 8;
    private int zone;
    private Tuple original;
    private Tuple reply;
    private int mark;
    private boolean offloaded;
    private long labelHigh;
    private long labelLow;
    private String state = "MULTIPLE";
    private TcpState tcp;
    private String helper;
    private Tuple parent;
    private Connection.Count out = new Connection.Count(2, 200);
    private Connection.Count back = new Connection.Count(1, 150);
    private long remainingNs = 30_900_000_000L;

    private Connections(final Tuple original) {
        this.original = original;
        this.reply = original.reverse();
    }

    static Tuple tuple(final int protocol, final String source, final int sourcePort, final String destination,
            final int destinationPort) {
        return Tuple.of(IpAddress.parse(source), IpAddress.parse(destination), protocol, sourcePort, destinationPort);
    }

    static Connections udp(final String source, final int sourcePort, final String destination,
            final int destinationPort) {
        return new Connections(tuple(IpProtocol.UDP, source, sourcePort, destination, destinationPort));
    }

    static Connections tcp(final TcpState state, final String source, final int sourcePort, final String destination,
            final int destinationPort) {
        final Connections made = new Connections(tuple(IpProtocol.TCP, source, sourcePort, destination,
            destinationPort));
        made.tcp = state;
        made.state = state.name();
        return made;
    }

    static Connections echo(final String source, final String destination, final int id) {
        return new Connections(new Tuple(IpAddress.parse(source), IpAddress.parse(destination), IpProtocol.ICMP, id, id,
            8));
    }

    Connections id(final long number) {
        id = number;
        return this;
    }

    Connections zone(final int number) {
        zone = number;
        return this;
    }

    Connections reply(final Tuple tuple) {
        reply = tuple;
        return this;
    }

    Connections offloaded() {
        offloaded = true;
        return this;
    }

    Connections mark(final int value) {
        mark = value;
        return this;
    }

    Connections label(final long high, final long low) {
        labelHigh = high;
        labelLow = low;
        return this;
    }

    Connections helper(final String name) {
        helper = name;
        return this;
    }

    Connections parent(final Tuple tuple) {
        parent = tuple;
        return this;
    }

    Connections traffic(final long packets, final long bytes) {
        out = new Connection.Count(packets, bytes);
        back = new Connection.Count(0, 0);
        return this;
    }

    Connection make() {
        final Optional<Connection.Tcp> peers = Optional.ofNullable(tcp).map(value -> {
            final Connection.Peer peer = new Connection.Peer(value, 7, true, false, 1000, 2000, 512);
            return new Connection.Tcp(peer, peer);
        });
        return new Connection(id, zone, original, reply, mark, labelHigh, labelLow, remainingNs, state, peers,
            Optional.ofNullable(helper), Optional.ofNullable(parent), !reply.equals(original.reverse()),
            offloaded, Optional.empty(), 1_000_000_000L, 2_000_000_000L, out, back);
    }
}
