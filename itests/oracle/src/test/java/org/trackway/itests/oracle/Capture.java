// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.oracle;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Port;
import org.trackway.port.pcap.PcapPortFactory;

/** Reads captures as a user does: through a port of kind {@code pcap}. */
final class Capture {

    private Capture() {
    }

    /** {@return all packets of a capture, in order} */
    static List<Packet> read(final Path file) throws IOException {
        final List<Packet> packets = new ArrayList<>();
        try (Port port = new PcapPortFactory().open("capture", Map.of("file", file.toString()))) {
            final PacketBatch batch = new PacketBatch();
            while (port.receive(batch) >= 0) {
                for (int i = 0; i < batch.size(); i++) {
                    batch.get(i).keep();
                    packets.add(batch.get(i));
                }
                batch.clear();
            }
        }
        return packets;
    }
}
