// SPDX-License-Identifier: Apache-2.0
package org.trackway.packet;

import java.io.Closeable;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Where packets come from and go to: a network interface, a capture, a generator.
 *
 * <p>One thread receives, and one thread (it may be another) sends; {@link #close} may be called by any. A port reuses
 * the packets it has handed out once it is asked for the next burst, except those that were {@linkplain Packet#keep
 * kept}; a packet that is sent stays the sender's, so a port copies what it can't write at once.
 */
@ConsumerType
public interface Port extends Closeable {

    /** {@return the name it is known by, unique in a datapath} */
    String name();

    /** {@return what kind of port it is, for example {@code pcap}} */
    String kind();

    /** {@return the Linux interface behind it, if there is one; may be called by any thread} */
    default Optional<LinuxInterface> linuxInterface() {
        return Optional.empty();
    }

    /**
     * Fills the batch with what has arrived, without waiting.
     *
     * @param batch an empty batch; every packet in it carries this port as ingress port and its time stamp
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

    /**
     * Sends packets, in order. What can't be sent is dropped and counted.
     *
     * @throws IOException in one line what is wrong, if the port as a whole can't send any more
     */
    void send(PacketBatch batch) throws IOException;

    /** {@return counters since the port was opened; may be called by any thread} */
    Statistics statistics();

    /**
     * A port's counters.
     *
     * @param receivedPackets packets received
     * @param receivedBytes   their bytes, Ethernet headers included
     * @param sentPackets     packets sent
     * @param sentBytes       their bytes
     * @param dropped         packets that could not be received or sent
     */
    record Statistics(long receivedPackets, long receivedBytes, long sentPackets, long sentBytes, long dropped) {
    }
}
