// SPDX-License-Identifier: Apache-2.0
package org.trackway.packet;

import org.osgi.annotation.versioning.ConsumerType;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Forwards packets before a datapath sees them, as a network card does that knows connections: the stand-in for
 * hardware where there is none. Published as a service, it is asked by every datapath of the container, but for
 * replays with a tracker of their own.
 *
 * <p>Called on the threads that carry packets, by several at a time, for one port too. It must not block. A datapath
 * counts what it throws, lets the packets of that batch go their usual way as far as they are still in it, and after
 * {@value #MAX_FAILURES} failures in a row asks it no more until it is registered anew.
 */
@ConsumerType
public interface FastPath {

    /** Failures in a row after which it is not asked any more. */
    int MAX_FAILURES = 16;

    /**
     * Takes out of a batch the packets that it forwards, and sends them. The others stay in their order, untouched.
     *
     * @param in     the port that received them
     * @param batch  the packets, which stay their port's: what is not sent when this returns has to be a copy
     * @param egress where to send to
     */
    void forward(Port in, PacketBatch batch, Egress egress);

    /** The ports of the datapath that asks. Valid during the call. */
    @ProviderType
    interface Egress {

        /**
         * Sends packets by the port with this name, in order.
         *
         * @return whether there is such a port that took them; it counts what it then drops itself
         */
        boolean send(String port, PacketBatch batch);
    }
}
