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
 *   event        packet     noted                            why
 *   created      original   ADD, if its port may be served
 *   established  any        ESTABLISHED if held, its port    the port of the reply direction, if it is a reply
 *   changed      reply      CHANGED if held, its port        the port of the reply direction (TCP: of SYN and ACK)
 *   changed      original   CHANGED if held                  it may be closing, or have another mark or label
 *   destroyed    -          DELETE if held
 * </pre>
 *
 * <p>Of a connection that nobody holds, only the port of the reply direction is news: whoever comes to hold it looks at
 * the rest then. The port goes into its dossier at once; it is noted only while there is none, for those who may have
 * its ADD among their notes. So what nobody was offered costs nothing but these looks.
 */
final class Notes implements ConnectionObserver {

    private final Dossiers dossiers;
    private final PortRefs ports = new PortRefs();
    private volatile ProviderWorker[] workers = {};

    Notes(final Dossiers dossiers) {
        this.dossiers = dossiers;
    }

    /** Says who is told from now on. */
    void tell(final ProviderWorker[] active) {
        workers = active;
    }

    private void note(final byte kind, final ConnectionView connection, final PortRef port) {
        for (final ProviderWorker worker : workers) {
            worker.note(kind, connection.id(), port);
        }
    }

    private void news(final byte kind, final ConnectionView connection, final Packet packet) {
        if (connection.isHeld()) {
            note(kind, connection, connection.isReply() ? ports.of(packet.inPort()) : null);
        } else if (connection.isReply()) {
            learn(connection.id(), packet);
        }
    }

    private void learn(final long id, final Packet packet) {
        Dossier dossier = dossiers.get(id);
        if (dossier == null) {
            boolean noted = false;
            for (final ProviderWorker worker : workers) {
                if (worker.hasNotes()) {
                    worker.note(NoteRing.CHANGED, id, ports.of(packet.inPort()));
                    noted = true;
                }
            }
            // Its ADD may have been taken in since the first look.
            dossier = noted ? null : dossiers.get(id);
        }
        if (dossier != null) {
            dossier.ports(null, ports.of(packet.inPort()));
        }
    }

    @Override
    public void created(final ConnectionView connection, final Packet packet) {
        note(NoteRing.ADD, connection, ports.of(packet.inPort()));
    }

    @Override
    public void established(final ConnectionView connection, final Packet packet) {
        news(NoteRing.ESTABLISHED, connection, packet);
    }

    @Override
    public void changed(final ConnectionView connection, final Packet packet) {
        news(NoteRing.CHANGED, connection, packet);
    }

    @Override
    public void destroyed(final ConnectionView connection, final Reason reason) {
        if (connection.isHeld()) {
            note(NoteRing.DELETE, connection, null);
        }
    }
}
