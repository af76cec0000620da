// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.spi;

import org.osgi.annotation.versioning.ProviderType;

/**
 * For the module that lets packets pass beside the tracker, in hardware for example: it holds the connections concerned
 * and credits them with what the tracker did not see. A held connection does not expire by itself; whoever holds it
 * watches its time, by the answers of {@link #credit}, and releases it when that is over.
 *
 * <p>Thread-safe. Every call locks one connection for a moment, so none may be made from an observer or a helper.
 *
 * <p>Follows what the proposed connection offload of Open vSwitch asks of its tracker, and Linux
 * net/netfilter/nf_flow_table_core.c (flow_offload_fixup_tcp: leaving hardware resets what is known of TCP's windows).
 */
@ProviderType
public interface Bypass extends AutoCloseable {

    /** Answer of {@link #credit}: there is no such connection any more. */
    long GONE = Long.MIN_VALUE;

    /**
     * Holds a connection, or changes how it is held.
     *
     * @param connectionId its id
     * @param unseen       whether packets of it may pass unseen from now on; the windows of TCP are not judged then,
     *                     and after that not until each side was heard of anew
     * @return whether the connection is there; an expired one that nobody holds is not
     */
    boolean hold(long connectionId, boolean unseen);

    /**
     * Adds traffic that passed unseen to a connection's account, and lets its present timeout start when it was last
     * seen. Neither goes back.
     *
     * @param connectionId its id
     * @param lastSeenNs   when its last packet passed, on the tracker's clock; a time to come counts as now
     * @param packets      packets of the original direction that were not credited before, at least 0
     * @param bytes        their bytes, IP header included
     * @param replyPackets packets of the reply direction, at least 0
     * @param replyBytes   their bytes
     * @return when its time is over, on the tracker's clock; {@link #GONE} if it is not there
     */
    long credit(long connectionId, long lastSeenNs, long packets, long bytes, long replyPackets, long replyBytes);

    /**
     * Holds a connection no longer: its packets come through the tracker again, and it expires like any other.
     *
     * @param connectionId its id
     * @param renew        whether it gets its present timeout once more from now on, since nobody knows when it was
     *                     last seen
     * @return whether it was there and held
     */
    boolean release(long connectionId, boolean renew);

    /** Releases all that is held, renewed. Later calls answer as if no connection were there. */
    @Override
    void close();
}
