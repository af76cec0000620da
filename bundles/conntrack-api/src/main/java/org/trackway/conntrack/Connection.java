// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack;

import java.util.Optional;

/**
 * A connection as it was at one moment. Nothing here follows the live connection; ask again by {@link #id}.
 *
 * @param id            64-bit name, never used twice by its tracker; another tracker of this process may have used it
 *                      4096 trackers ago
 * @param zone          0..65535
 * @param original      tuple of the direction that opened it, before translation
 * @param reply         tuple of the opposite direction as it arrives, hence after translation
 * @param mark          32-bit mark
 * @param labelHigh     high half of the 128-bit label
 * @param labelLow      low half of the label
 * @param remainingNs   nanoseconds until it expires if nothing more is seen; never negative
 * @param state         where its protocol stands: a {@link TcpState} name for TCP, else {@code FIRST},
 *                      {@code MULTIPLE}, {@code BIDIR} or (ICMP) {@code FIRST}, {@code REPLY}
 * @param tcp           the two TCP peers, for TCP only
 * @param helper        name of the helper that watches it, if one does
 * @param parent        original tuple of the control connection that announced it, if it was expected
 * @param translated    whether a translation was chosen for it ({@code nat} with source or destination)
 * @param offloaded     whether something beside the tracker, hardware for example, holds it, so that packets of it may
 *                      pass unseen and it does not expire by itself; what that reports is in the counts and times here
 * @param timeoutPolicy name of its timeout policy, empty for the default
 * @param createdNs     when it was committed, on the tracker's clock
 * @param lastSeenNs    when its last packet passed, on the tracker's clock
 * @param originalCount packets and bytes in the original direction
 * @param replyCount    packets and bytes in the reply direction
 */
public record Connection(long id, int zone, Tuple original, Tuple reply, int mark, long labelHigh, long labelLow,
        long remainingNs, String state, Optional<Tcp> tcp, Optional<String> helper, Optional<Tuple> parent,
        boolean translated, boolean offloaded, Optional<String> timeoutPolicy, long createdNs, long lastSeenNs,
        Count originalCount, Count replyCount) {

    /**
     * Traffic in one direction; bytes are those of the IP layer. Both are 0 where accounting is off.
     *
     * @param packets packets seen
     * @param bytes   their bytes, IP header included, Ethernet header and padding not
     */
    public record Count(long packets, long bytes) {
    }

    /**
     * The two peers of a TCP connection.
     *
     * @param original the peer that opened it
     * @param reply    the other one
     */
    public record Tcp(Peer original, Peer reply) {

        /** {@return the one state that stands for both} */
        public TcpState state() {
            return TcpState.merged(original.state(), reply.state());
        }
    }

    /**
     * One TCP peer.
     *
     * @param state         its state
     * @param windowScale   shift of its window, 0..14
     * @param scaleSeen     whether it sent the window scale option
     * @param pickedUp      whether the connection was picked up in its middle, so that the scale is unknown
     * @param nextSequence  highest sequence number it has sent, 32 bits
     * @param maxSequence   highest sequence number it may send, 32 bits
     * @param maxWindow     largest window it has announced, unscaled, 1..65535
     */
    public record Peer(TcpState state, int windowScale, boolean scaleSeen, boolean pickedUp, int nextSequence,
            int maxSequence, int maxWindow) {
    }
}
