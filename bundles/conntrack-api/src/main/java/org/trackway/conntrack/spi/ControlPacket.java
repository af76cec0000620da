// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.spi;

import org.osgi.annotation.versioning.ProviderType;
import org.trackway.conntrack.Tuple;
import org.trackway.packet.IpAddress;

/**
 * One packet of a control connection, as its helper sees it. Valid only during the call.
 *
 * <p>The payload is given in the sender's own numbering and before any rewriting by the helper. What the helper replaces
 * or announces takes effect when the call has returned without throwing; lengths, checksums and, for TCP, the sequence
 * numbers of this and all later packets are the tracker's work.
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

    /** {@return whether the flow translates ({@code nat}), so that addresses in the text have to follow} */
    boolean isTranslated();

    /** {@return the context that this tracker gave to {@code attach}} */
    HelperContext context();

    /** {@return payload bytes} */
    int length();

    /** {@return the payload byte at {@code index}, 0..255; {@code index} from 0 to {@link #length} - 1} */
    int at(int index);

    /** {@return where the payload starts in this direction's stream (TCP sequence number, 32 bits); 0 for UDP} */
    int sequence();

    /** {@return whether the TCP SYN flag is set, so that the stream starts behind it} */
    boolean isStart();

    /**
     * Replaces part of the payload. Several replacements of one packet must not overlap and are given in order.
     *
     * @param index first byte to replace
     * @param count how many bytes go
     * @param text  what comes in their place
     */
    void replace(int index, int count, byte[] text);

    /**
     * Announces a connection. One with the same tuple that is already expected stays as it is; one too many is counted
     * and dropped.
     *
     * @return whether it is expected now
     */
    boolean expect(Request request);

    /** Marks the packet invalid, in addition to what it is: the helper found the text wrong or hostile. */
    void refuse();

    /**
     * A connection that a helper announces. The source port may be any.
     *
     * @param source          address the connection will come from, as seen before translation
     * @param destination     address it will go to, as seen before translation
     * @param protocol        IP protocol
     * @param destinationPort port it will go to
     * @param translation     address that takes the place of one side's, or null to leave both
     * @param translateSource whether {@code translation} is the new source (else the new destination) of its packets
     * @param lifetimeNs      nanoseconds it may wait, or 0 to live as long as the control connection
     * @param singleUse       whether the first connection uses it up
     */
    record Request(IpAddress source, IpAddress destination, int protocol, int destinationPort, IpAddress translation,
            boolean translateSource, long lifetimeNs, boolean singleUse) {
    }
}
