// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.pcap;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Port;

/**
 * What a port delivered until it had no more.
 *
 * @param packets copies of the packets
 * @param failure what it threw in the end, or null
 */
record Received(List<Packet> packets, IOException failure) {

    /** Receives until the port has nothing more, for now or for good. */
    static Received all(final Port port) {
        final List<Packet> packets = new ArrayList<>();
        try {
            final PacketBatch batch = new PacketBatch();
            while (port.receive(batch) > 0) {
                for (int i = 0; i < batch.size(); i++) {
                    packets.add(batch.get(i).copy());
                }
                batch.clear();
            }
            return new Received(packets, null);
        } catch (final IOException e) {
            return new Received(packets, e);
        }
    }

    /** Receives everything that is in a capture. */
    static Received all(final CaptureBytes capture) throws IOException {
        return all(ByteSource.port(capture.toBytes(), Integer.MAX_VALUE));
    }

    List<byte[]> frames() {
        return packets.stream().map(Packet::bytes).toList();
    }

    List<Long> times() {
        return packets.stream().map(Packet::timestampNs).toList();
    }
}
