// SPDX-License-Identifier: Apache-2.0
package org.trackway.helper.tftp;

import java.util.Set;
import org.osgi.service.component.annotations.Component;
import org.trackway.conntrack.Tuple;
import org.trackway.conntrack.spi.ConnectionHelper;
import org.trackway.conntrack.spi.ControlPacket;
import org.trackway.packet.IpProtocol;

/**
 * Follows TFTP (RFC 1350, RFC 2347): the server answers a request from a new port of its own, so a connection from the
 * server to the port that the request came from is expected.
 *
 * <p>Unlike Open vSwitch (lib/conntrack.c handle_tftp_ctl), which expects something after every packet and always the
 * client's untranslated port, only requests count, and what is expected is the port that the server sees; the transfer's
 * port is translated back with its address.
 *
 * <p>Has no state.
 */
@Component
public final class TftpHelper implements ConnectionHelper {

    private static final int PORT = 69;
    private static final String[] MODES = {"NETASCII", "OCTET", "MAIL"};

    @Override
    public String name() {
        return "tftp";
    }

    @Override
    public int protocol() {
        return IpProtocol.UDP;
    }

    @Override
    public Set<Integer> defaultPorts() {
        return Set.of(PORT);
    }

    @Override
    public void control(final ControlPacket packet) {
        if (!packet.isReply() && isRequest(packet)) {
            final Tuple reply = packet.reply();
            final ControlPacket.Request any = ControlPacket.Request.toSender(packet, reply.destinationPort());
            final int back = packet.original().sourcePort();
            packet.expect(any.translateSource() || back == reply.destinationPort() ? any
                : new ControlPacket.Request(any.source(), any.destination(), any.protocol(), any.destinationPort(),
                    any.translation(), back, false, 0, false));
        }
    }

    /** Whether this is a read or write request (RFC 1350 section 5): opcode, file name, mode, and perhaps options. */
    private static boolean isRequest(final ControlPacket packet) {
        if (packet.length() < 2 || packet.at(0) != 0 || packet.at(1) != 1 && packet.at(1) != 2) {
            return false;
        }
        final int nameEnd = textEnd(packet, 2);
        if (nameEnd <= 2) {
            return false;
        }
        final int modeEnd = textEnd(packet, nameEnd + 1);
        return modeEnd > 0 && isMode(packet, nameEnd + 1, modeEnd);
    }

    /** The index of the zero byte that ends the text at {@code from}; -1 if none does or the text is not printable. */
    private static int textEnd(final ControlPacket packet, final int from) {
        for (int at = from; at < packet.length(); at++) {
            if (packet.at(at) == 0) {
                return at;
            }
            if (packet.at(at) < ' ' || packet.at(at) == 0x7f) {
                return -1;
            }
        }
        return -1;
    }

    private static boolean isMode(final ControlPacket packet, final int from, final int to) {
        for (final String mode : MODES) {
            int same = 0;
            while (same < mode.length() && same < to - from
                    && (packet.at(from + same) & 0xdf) == mode.charAt(same)) {
                same++;
            }
            if (same == mode.length() && same == to - from) {
                return true;
            }
        }
        return false;
    }
}
