// SPDX-License-Identifier: Apache-2.0
package org.trackway.packet;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Where packets come from and go to: a network interface, a capture, a generator.
 *
 * <p>One thread receives (from each of its {@link #receivers}), and one thread (it may be another) sends; {@link #close} may be called by any. A port reuses
 * the packets it has handed out once it is asked for the next burst, except those that were {@linkplain Packet#keep
 * kept}; a packet that is sent stays the sender's, so a port copies what it can't write at once.
 */
@ConsumerType
public interface Port extends Receiver, Closeable {

    /** {@return the name it is known by, unique in a datapath} */
    String name();

    /** {@return what kind of port it is, for example {@code pcap}} */
    String kind();

    /** {@return the Linux interface behind it, if there is one; may be called by any thread} */
    default Optional<LinuxInterface> linuxInterface() {
        return Optional.empty();
    }

    /**
     * {@return what may be received from by a thread each; all of it together is what arrives}
     * Packets of one connection and direction come by one of them, in order. The same as long as the port is open.
     */
    default List<Receiver> receivers() {
        return List.of(this);
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
