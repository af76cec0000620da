// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.spi;

import org.osgi.annotation.versioning.ProviderType;
import org.trackway.conntrack.Tuple;
import org.trackway.packet.IpAddress;

/**
 * One packet of a control connection, as its helper sees it. Valid only during the call.
 *
 * <p>The payload is given in the sender's own numbering and before any rewriting. What the helper replaces takes effect
 * when the call has returned without throwing; lengths, checksums and, for TCP, the sequence numbers of this and all
 * later packets are the tracker's work.
 */
@ProviderType
public interface ControlPacket {

    /** {@return the control connection} */
    ConnectionView connection();

    /** {@return the connection's original tuple, before translation} */
    Tuple original();

    /** {@return the connection's reply tuple, after translation} */
    Tuple reply();

    /** {@return whether the packet travels in the reply direction} */
    boolean isReply();

    /** {@return whether the connection is translated here, so that addresses in the text have to follow} */
    boolean isTranslated();

    /** {@return the context that this tracker gave to {@code attach}} */
    HelperContext context();

    /** {@return payload bytes} */
    int length();

    /** {@return the payload byte at {@code index}, 0..255; {@code index} from 0 to {@link #length} - 1} */
    int at(int index);

    /**
     * {@return where the payload starts in this direction's stream (TCP: the sequence number of its first byte, 32 bits,
     * in the sender's own numbering, modulo 2^32); 0 for UDP}
     */
    int sequence();

    /** {@return whether this is a TCP SYN, so that the direction's stream starts at {@link #sequence}} */
    boolean isStart();

    /**
     * Replaces part of the payload of a {@linkplain #isTranslated translated} connection. Several replacements of one
     * packet must not overlap and are given in order. The tracker remembers what was replaced in a TCP stream and does it
     * again whenever any of these bytes pass once more, in whatever segments; asking again changes nothing.
     *
     * @param index first byte to replace
     * @param count how many bytes go, at least 1
     * @param text  what comes in their place; may be empty
     * @throws IllegalStateException     if the connection is not translated
     * @throws IndexOutOfBoundsException if that is no part of the payload, or not behind the last replacement
     */
    void replace(int index, int count, byte[] text);

    /**
     * Announces a connection, at once. One with the same tuple that is already expected stays as it is. If the control
     * connection has too many, its oldest makes room. What a call announced is taken back if it throws.
     */
    void expect(Request request);

    /** Marks the packet invalid, in addition to what it is: the helper found the text wrong or hostile. */
    void refuse();

    /** Counts a failure: the helper understood the text and could not follow it, for example to replace half an address. */
    void fail();

    /**
     * A connection that a helper announces. Its source port may be any.
     *
     * @param source          address the connection will come from, as seen before translation
     * @param destination     address it will go to, as seen before translation; of the same family
     * @param protocol        IP protocol, 0..255
     * @param destinationPort port it will go to, 0..65535
     * @param translation     address that takes the place of one side's, of the same family, or null to leave both
     * @param translationPort port that takes the place of that side's, 1..65535, or 0 to leave it
     * @param translateSource whether {@code translation} is the new source (else the new destination) of its packets
     * @param lifetimeNs      nanoseconds it may wait, or 0 to live as long as the control connection
     * @param singleUse       whether the first packet that is to commit its connection uses it up, even if there is no room
     */
    record Request(IpAddress source, IpAddress destination, int protocol, int destinationPort, IpAddress translation,
            int translationPort, boolean translateSource, long lifetimeNs, boolean singleUse) {

        /** Checks ranges and families. */
        public Request {
            if (source.v6() != destination.v6() || translation != null && translation.v6() != source.v6()) {
                throw new IllegalArgumentException("addresses of two families: " + source + ", " + destination + ", "
                    + translation);
            }
            if (protocol < 0 || protocol > 255 || lifetimeNs < 0 || destinationPort < 0 || destinationPort > 65535
                    || translationPort < 0 || translationPort > 65535) {
                throw new IllegalArgumentException("protocol " + protocol + ", port " + destinationPort
                    + ", translation port " + translationPort + ", lifetime " + lifetimeNs + " ns");
            }
        }

        /**
         * {@return an expectation as Open vSwitch's helpers make them: for connections to {@code port} of whoever sent
         * {@code packet} from its peer, any number of them, for as long as the control connection lives, translated as
         * that one is}
         *
         * <p>Addresses and the translated side follow Open vSwitch (lib/conntrack.c expectation_create).
         */
        public static Request toSender(final ControlPacket packet, final int port) {
            final Tuple original = packet.original();
            final Tuple reply = packet.reply();
            final boolean destination = !reply.source().equals(original.destination())
                || reply.sourcePort() != original.destinationPort();
            final boolean fromReply = packet.isReply();
            final IpAddress translation;
            if (destination) {
                translation = fromReply ? reply.source() : original.destination();
            } else {
                translation = fromReply ? reply.destination() : original.source();
            }
            return new Request(fromReply ? original.source() : reply.source(),
                fromReply ? original.destination() : reply.destination(), original.protocol(), port, translation, 0,
                destination != fromReply, 0, false);
        }
    }
}
