// SPDX-License-Identifier: Apache-2.0
package org.trackway.benchmarks;

import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.CtAction;
import org.trackway.conntrack.Nat;
import org.trackway.conntrack.core.TrackerAccess;
import org.trackway.packet.IpAddress;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;

/** Connections to one server that are translated to one address, whose ports are taken to a given part. */
final class PortRange {

    private static final int FIRST_PORT = 1024;
    private static final int PORTS = 65_536 - FIRST_PORT;
    /** New connections of a round; few enough to fit beside 99 %. */
    private static final int NEW = 256;
    private static final long TIMEOUT_NS = 100_000_000_000L;

    private final Traffic traffic = new Traffic(false, false);
    private final Conntrack tracker;
    private final CtAction action = CtAction.builder().commit().nat(new Nat(Nat.Kind.SOURCE,
        IpAddress.v4(0x0b000001), IpAddress.v4(0x0b000001), FIRST_PORT, FIRST_PORT + PORTS - 1, true, false)).build();
    private final PacketBatch[] batches = new PacketBatch[NEW / PacketBatch.BURST];
    private long now = TIMEOUT_NS;
    private int connection;
    private long refused;
    private long tried;

    /** Takes {@code percent} of the ports. */
    PortRange(final int percent) {
        tracker = TrackerAccess.create(ConntrackSettings.DEFAULT, () -> now);
        for (int i = 0; i < batches.length; i++) {
            batches[i] = new PacketBatch();
            for (int j = 0; j < PacketBatch.BURST; j++) {
                batches[i].add(new Packet(traffic.frameLength()));
            }
        }
        while (tracker.count() < PORTS / 100 * percent) {
            receive();
            commit();
        }
    }

    private void receive() {
        for (final PacketBatch batch : batches) {
            for (int i = 0; i < batch.size(); i++) {
                final byte[] frame = traffic.first(connection++ & 0xffffff);
                batch.get(i).set(frame, 0, frame.length);
            }
        }
    }

    private void commit() {
        for (final PacketBatch batch : batches) {
            tracker.execute(batch, action, now);
        }
    }

    /** {@return nanoseconds per new connection; those that were there before stay, the new ones go again} */
    double round() {
        final int before = tracker.count();
        receive();
        now++;
        final long start = System.nanoTime();
        commit();
        final long time = System.nanoTime() - start;
        final int made = tracker.count() - before;
        tried += NEW;
        refused += NEW - made;
        tracker.flush(ConnectionFilter.ALL.and(c -> c.createdNs() == now));
        return time / (double) NEW;
    }

    void forgetRefused() {
        refused = 0;
        tried = 0;
    }

    double refusedPercent() {
        return 100.0 * refused / tried;
    }
}
