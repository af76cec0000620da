// SPDX-License-Identifier: Apache-2.0
package org.trackway.helper.ftp;

import java.nio.charset.StandardCharsets;
import org.trackway.conntrack.spi.ControlPacket;
import org.trackway.packet.IpAddress;

/**
 * One FTP control connection: commands one way, replies the other. Every message it cares for says "connect to me", so
 * both directions are treated alike: the address named must be the sender's, and what is expected is a connection from
 * its peer to it.
 */
final class FtpSession {

    private final boolean clientIsReply;
    private final LineReader commands = new LineReader(true);
    private final LineReader replies = new LineReader(false);

    /**
     * Starts to follow a session.
     *
     * @param clientIsReply whether the client sends in the reply direction
     */
    FtpSession(final boolean clientIsReply) {
        this.clientIsReply = clientIsReply;
    }

    /** Reads one packet. */
    void read(final ControlPacket packet) {
        (packet.isReply() == clientIsReply ? commands : replies).read(packet);
    }

    /**
     * Follows one message, whole or not yet.
     *
     * @param packet  the packet in which it goes on
     * @param message what is known of it
     * @param offset  index in the packet's payload where the line starts; negative if it started in an earlier packet
     */
    static void follow(final ControlPacket packet, final FtpMessage message, final int offset) {
        if (message.isWrong() || message.address() != null && !isSender(packet, message.address())) {
            packet.refuse();
            return;
        }
        if (message.address() != null && packet.isTranslated() && !translate(packet, message, offset)) {
            packet.fail();
            return;
        }
        // Nothing can connect to port 0, which Open vSwitch expects all the same.
        if (message.port() > 0) {
            packet.expect(ControlPacket.Request.toSender(packet, message.port()));
        }
    }

    /** Whether an address is the sender's own, or the one its peer knows it by. */
    private static boolean isSender(final ControlPacket packet, final IpAddress address) {
        return packet.isReply()
            ? address.equals(packet.reply().source()) || address.equals(packet.original().destination())
            : address.equals(packet.original().source()) || address.equals(packet.reply().destination());
    }

    /**
     * Puts the address that the receiver knows the sender by in the place of the one named.
     *
     * @return false if the address has passed already, in parts that the new one does not start with
     */
    private static boolean translate(final ControlPacket packet, final FtpMessage message, final int offset) {
        final IpAddress known = packet.isReply() ? packet.original().destination() : packet.reply().destination();
        if (known.equals(message.address())) {
            return true;
        }
        final byte[] text = message.write(known).getBytes(StandardCharsets.US_ASCII);
        final int at = offset + message.addressAt();
        final int end = at + message.addressLength();
        if (at >= 0) {
            packet.replace(at, end - at, text);
            return true;
        }
        if (end < 0) {
            // All of it passed, with the separator that ends it: it has been dealt with.
            return true;
        }
        return finish(packet, message, -at, end, text);
    }

    /** Lets the rest of an address follow whose first {@code sent} bytes left with an earlier packet. */
    private static boolean finish(final ControlPacket packet, final FtpMessage message, final int sent, final int rest,
            final byte[] text) {
        if (text.length < sent || !message.startsAddress(text, sent)) {
            return false;
        }
        // The separator behind the address goes and comes back, so that there always is something to replace.
        final byte[] tail = new byte[text.length - sent + 1];
        System.arraycopy(text, sent, tail, 0, text.length - sent);
        tail[tail.length - 1] = (byte) packet.at(rest);
        packet.replace(0, rest + 1, tail);
        return true;
    }
}
