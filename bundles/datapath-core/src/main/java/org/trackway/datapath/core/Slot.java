// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.Optional;
import org.trackway.conntrack.Tuple;
import org.trackway.datapath.SeenPacket;
import org.trackway.datapath.SeenPacket.Fate;
import org.trackway.packet.EtherType;
import org.trackway.packet.Packet;

/**
 * The place of one received packet in its batch: what is to be told of it, and the frame that is working on it (a
 * copy's, while the packet itself waits). Belongs to one {@link Pipeline}, which uses it again.
 */
final class Slot {

    /** The frame that goes on next, null when all is done. */
    Frame frame;
    /** Where in the batch it came in, which is the order in which packets leave. */
    int order;
    Fate fate;
    /** Whether nothing of it is to be sent. */
    boolean dropped;

    // What the last ct action left.
    int ctState;
    int ctZone;
    int ctMark;
    long ctLabelHigh;
    long ctLabelLow;
    long connection;

    /** Whether what it meets may have to be known. */
    boolean watched;
    /** What it met, null unless that is written down. */
    Trail trail;
    private Trail spareTrail;

    /** What was known when it came in, with the fate still open; null if nobody wants to know. */
    SeenPacket arrived;

    void start(final Frame first, final int place) {
        frame = first;
        order = place;
        fate = Fate.UNTRACKED;
        dropped = false;
        ctState = 0;
        ctZone = 0;
        ctMark = 0;
        ctLabelHigh = 0;
        ctLabelLow = 0;
        connection = 0;
        arrived = null;
        watched = false;
        trail = null;
    }

    /** Begins to write down what it meets. */
    void record(final PortEntry ingress) {
        if (spareTrail == null) {
            spareTrail = new Trail();
        }
        trail = spareTrail;
        trail.start(ingress);
    }

    /** Leaves off: nobody wants to know what it met. */
    void unwatch() {
        watched = false;
        if (trail != null) {
            trail.end();
            trail = null;
        }
    }

    void tracked(final Packet packet) {
        if (fate != Fate.RELEASED) {
            fate = Fate.TRACKED;
        }
        ctState = packet.ctState();
        ctZone = packet.ctZone();
        ctMark = packet.ctMark();
        ctLabelHigh = packet.ctLabelHigh();
        ctLabelLow = packet.ctLabelLow();
        connection = packet.ctConnection();
    }

    SeenPacket seen() {
        return new SeenPacket(arrived.number(), arrived.timestampNs(), arrived.port(), arrived.length(),
            arrived.etherType(), arrived.tuple(), fate, ctState, ctZone, ctMark, ctLabelHigh, ctLabelLow, connection);
    }

    static SeenPacket arrival(final Packet packet, final String port, final long number) {
        packet.parse();
        return new SeenPacket(number, packet.timestampNs(), port, packet.length(), packet.etherType(), tuple(packet),
            Fate.UNTRACKED, 0, 0, 0, 0, 0, 0);
    }

    private static Optional<Tuple> tuple(final Packet packet) {
        if (packet.l4Offset() < 0
                || packet.etherType() != EtherType.IPV4 && packet.etherType() != EtherType.IPV6) {
            return Optional.empty();
        }
        final long[] key = new long[Key.WORDS];
        HeaderReader.readHeaders(packet, key);
        return Optional.of(HeaderReader.tuple(key, HeaderReader.identifier(packet)));
    }
}
