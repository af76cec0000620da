// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.spi;

/**
 * What hardware has seen of a connection, or of a path, since it was added there. Counters are totals and never go
 * back.
 *
 * @param idleNs       nanoseconds since its last packet passed, at least 0; since it was added if none did
 * @param packets      packets of the original direction (of a path: all)
 * @param bytes        their bytes, IP header included; 0 where hardware counts packets alone
 * @param replyPackets packets of the reply direction (of a path: 0)
 * @param replyBytes   their bytes
 */
public record Activity(long idleNs, long packets, long bytes, long replyPackets, long replyBytes) {

    /** The provider does not know what it is asked about; the same as no answer. */
    public static final Activity UNKNOWN = new Activity(-1, 0, 0, 0, 0);

    /**
     * The provider can't tell, of this and of anything. Its connections stay with it until the time is over that
     * software has seen them last, and then come back to software for one full timeout.
     */
    public static final Activity UNTOLD = new Activity(-2, 0, 0, 0, 0);

    /** {@return whether it says anything, and nothing impossible} */
    public boolean isKnown() {
        return idleNs >= 0 && packets >= 0 && bytes >= 0 && replyPackets >= 0 && replyBytes >= 0;
    }
}
