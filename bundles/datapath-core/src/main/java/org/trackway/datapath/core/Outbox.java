// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.Arrays;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;

/** What a batch sends, gathered until its end and then handed to each port at once, in the order of arrival. */
final class Outbox {

    private Packet[] packets = new Packet[64];
    private PortEntry[] ports = new PortEntry[64];
    private Slot[] slots = new Slot[64];
    private int size;
    private int lost;
    private final PacketBatch batch = new PacketBatch();

    void add(final Slot slot, final Packet packet, final PortEntry port) {
        if (size == packets.length) {
            packets = Arrays.copyOf(packets, 2 * size);
            ports = Arrays.copyOf(ports, 2 * size);
            slots = Arrays.copyOf(slots, 2 * size);
        }
        int at = size++;
        // Packets that waited for the tracker come behind later ones that did not.
        while (at > 0 && slots[at - 1].order > slot.order) {
            packets[at] = packets[at - 1];
            ports[at] = ports[at - 1];
            slots[at] = slots[at - 1];
            at--;
        }
        packets[at] = packet;
        ports[at] = port;
        slots[at] = slot;
    }

    /** Forgets all that was to be sent of a slot. */
    void drop(final Slot slot) {
        int kept = 0;
        for (int i = 0; i < size; i++) {
            if (slots[i] != slot) {
                packets[kept] = packets[i];
                ports[kept] = ports[i];
                slots[kept++] = slots[i];
            }
        }
        size = kept;
    }

    /** Sends everything. {@return how many packets the ports took} */
    int flush(final PortSet set) {
        if (size == 0) {
            return 0;
        }
        int sent = 0;
        for (final PortEntry port : set.array) {
            for (int i = 0; i < size; i++) {
                if (ports[i] == port) {
                    batch.add(packets[i]);
                }
            }
            if (!batch.isEmpty()) {
                final int count = batch.size();
                if (port.send(batch)) {
                    sent += count;
                } else {
                    lost += count;
                }
                batch.clear();
            }
        }
        Arrays.fill(packets, 0, size, null);
        Arrays.fill(ports, 0, size, null);
        Arrays.fill(slots, 0, size, null);
        size = 0;
        return sent;
    }

    /** {@return how many packets ports did not take since this was asked last} */
    int lost() {
        final int count = lost;
        lost = 0;
        return count;
    }
}
