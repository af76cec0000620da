// SPDX-License-Identifier: Apache-2.0
package org.trackway.packet;

import java.io.IOException;
import java.util.concurrent.locks.LockSupport;
import org.osgi.annotation.versioning.ConsumerType;

/** What a thread gets packets from: a port, or a part of what arrives at one. One thread receives. */
@ConsumerType
public interface Receiver {

    /**
     * Fills the batch with what has arrived, without waiting.
     *
     * @param batch an empty batch; every packet in it carries the port as ingress port and its time stamp
     * @return how many packets were added, up to {@link PacketBatch#BURST}; 0 if none is there now, -1 if none will
     *             come
     * @throws IOException in one line what is wrong and where; packets that were read before stay valid
     */
    int receive(PacketBatch batch) throws IOException;

    /**
     * Waits until there may be something to receive. Called by the thread that receives when it found nothing. A port
     * that is not told of arrivals sleeps for a millisecond at the most.
     *
     * @param nanoseconds how long at the most, above 0; it may return earlier, for any reason
     */
    default void await(final long nanoseconds) {
        LockSupport.parkNanos(Math.min(nanoseconds, 1_000_000));
    }
}
