// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.suite;

import java.util.Optional;
import org.trackway.packet.FastPath;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Port;

/** Lets frames come in by the ports of a provider that forwards, and sees which leave. Called by several threads. */
public interface Wire {

    /**
     * Lets a frame come in.
     *
     * @param in    the port
     * @param frame an Ethernet frame without its FCS
     * @return what the hardware has sent; empty if it left the frame to software
     */
    Optional<Sent> receive(Port in, byte[] frame);

    /**
     * A frame that hardware has sent.
     *
     * @param port  name of the port where it left
     * @param frame the frame
     */
    record Sent(String port, byte[] frame) {
    }

    /** {@return the wire of a provider that is asked by the datapath, as hardware in software is} */
    static Wire of(final FastPath path) {
        return (in, frame) -> {
            final Packet packet = Packet.of(frame);
            packet.inPort(in);
            final PacketBatch batch = new PacketBatch();
            batch.add(packet);
            final Sent[] sent = new Sent[1];
            path.forward(in, batch, (port, out) -> {
                sent[0] = new Sent(port, out.get(0).bytes());
                return true;
            });
            return batch.isEmpty() ? Optional.ofNullable(sent[0]) : Optional.empty();
        };
    }
}
