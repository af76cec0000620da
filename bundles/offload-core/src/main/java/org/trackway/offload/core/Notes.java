// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import org.trackway.conntrack.spi.ConnectionObserver;
import org.trackway.conntrack.spi.ConnectionView;
import org.trackway.packet.Packet;

/**
 * The observer: notes for every worker what happens to connections. Called on packet threads with a connection locked;
 * does not block, allocate or lock, but for the first packet of a port. The workers are replaced as a whole by a
 * volatile write.
 *
 * <pre>
 *   event        packet     noted                       why
 *   created      original   ADD, its port
 *   established  any        ESTABLISHED, port of reply
 *   changed      reply      CHANGED, its port           the port of the reply direction (TCP: of SYN and ACK)
 *   changed      original   CHANGED if held             it may be closing, or have another mark or label
 *   destroyed    -          DELETE if held
 * </pre>
 */
final class Notes implements ConnectionObserver {

    private final PortRefs ports = new PortRefs();
    private volatile ProviderWorker[] workers = {};

    /** Says who is told from now on. */
    void tell(final ProviderWorker[] active) {
        workers = active;
    }

    private void note(final byte kind, final ConnectionView connection, final PortRef port) {
        for (final ProviderWorker worker : workers) {
            worker.note(kind, connection.id(), port);
        }
    }

    @Override
    public void created(final ConnectionView connection, final Packet packet) {
        note(NoteRing.ADD, connection, ports.of(packet.inPort()));
    }

    @Override
    public void established(final ConnectionView connection, final Packet packet) {
        note(NoteRing.ESTABLISHED, connection, connection.isReply() ? ports.of(packet.inPort()) : null);
    }

    @Override
    public void changed(final ConnectionView connection, final Packet packet) {
        if (connection.isReply()) {
            note(NoteRing.CHANGED, connection, ports.of(packet.inPort()));
        } else if (connection.isHeld()) {
            note(NoteRing.CHANGED, connection, null);
        }
    }

    @Override
    public void destroyed(final ConnectionView connection, final Reason reason) {
        if (connection.isHeld()) {
            note(NoteRing.DELETE, connection, null);
        }
    }
}
