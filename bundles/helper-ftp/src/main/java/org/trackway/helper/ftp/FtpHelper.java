// SPDX-License-Identifier: Apache-2.0
package org.trackway.helper.ftp;

import java.util.Set;
import org.osgi.service.component.annotations.Component;
import org.trackway.conntrack.spi.ConnectionHelper;
import org.trackway.conntrack.spi.ConnectionSlot;
import org.trackway.conntrack.spi.ControlPacket;
import org.trackway.packet.IpProtocol;

/**
 * Follows FTP control connections (RFC 959, RFC 2428): expects the data connections that PORT, EPRT, 227 and 229
 * announce, lets addresses in the text follow the connection's translation, and refuses text that names anybody else's
 * address. Behaves as Open vSwitch's helper (lib/conntrack.c handle_ftp_ctl) but for what the bundle's README lists.
 *
 * <p>Keeps one {@link FtpSession} per control connection, in a slot; has no state of its own.
 */
@Component
public final class FtpHelper implements ConnectionHelper {

    private static final int PORT = 21;

    @Override
    public String name() {
        return "ftp";
    }

    @Override
    public int protocol() {
        return IpProtocol.TCP;
    }

    @Override
    public Set<Integer> defaultPorts() {
        return Set.of(PORT);
    }

    @Override
    public void control(final ControlPacket packet) {
        final ConnectionSlot<FtpSession> sessions = packet.context().slot(FtpSession.class);
        final long id = packet.connection().id();
        FtpSession session = sessions.get(id);
        if (session == null) {
            if (packet.length() == 0) {
                return;
            }
            // A connection that was picked up by a packet of the server has its directions the wrong way round.
            session = new FtpSession(packet.original().sourcePort() == PORT
                && packet.original().destinationPort() != PORT);
            sessions.set(id, session);
        }
        session.read(packet);
    }
}
