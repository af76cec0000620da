// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.CtState;
import org.trackway.conntrack.FragmentStatus;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;

/** Drives the fragment module as a tracker does, and remembers what the tracker would have seen. */
final class FragmentsDriver {

    final Fragments fragments = new Fragments();
    ConntrackSettings settings = ConntrackSettings.DEFAULT;
    int zone;
    long nowNs;
    /** What tracking does to a packet that is not refused. */
    Consumer<Packet> tracker = packet -> packet.ctState(CtState.TRACKED | CtState.NEW);
    /** What was tracked, as it was then. */
    final List<byte[]> tracked = new ArrayList<>();
    final List<Packet> trackedPackets = new ArrayList<>();

    static PacketBatch batch(final List<Packet> packets) {
        final PacketBatch batch = new PacketBatch();
        packets.forEach(batch::add);
        return batch;
    }

    static List<Packet> list(final PacketBatch batch) {
        final List<Packet> packets = new ArrayList<>();
        for (int i = 0; i < batch.size(); i++) {
            packets.add(batch.get(i));
        }
        return packets;
    }

    List<Packet> run(final Packet... packets) {
        return run(Arrays.asList(packets));
    }

    /** Sends packets through in one batch; {@return what comes out} */
    List<Packet> run(final List<Packet> packets) {
        final PacketBatch batch = batch(packets);
        fragments.before(batch, zone, settings, nowNs);
        for (final Packet packet : list(batch)) {
            packet.parse();
            if (packet.ctState() != CtState.INVALID) {
                tracked.add(packet.bytes());
                trackedPackets.add(packet);
                tracker.accept(packet);
            }
        }
        fragments.after(batch, zone, nowNs);
        return list(batch);
    }

    FragmentStatus status() {
        return fragments.status();
    }

    /** Writes another frame over a packet, as translation does, and keeps everything else about it. */
    static void overwrite(final Packet packet, final Packet frame) {
        packet.splice(packet.offset(), packet.length(), frame.bytes());
        packet.ctState(CtState.TRACKED | CtState.NEW);
    }
}
