// SPDX-License-Identifier: Apache-2.0
package org.trackway.benchmarks;

import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.core.TrackerAccess;
import org.trackway.datapath.Datapath;
import org.trackway.datapath.PrivateDatapath;
import org.trackway.datapath.core.DatapathFactoryComponent;
import org.trackway.datapath.core.PortFactories;
import org.trackway.datapath.core.Shortcuts;
import org.trackway.offload.OffloadSettings;
import org.trackway.offload.core.OffloadAccess;
import org.trackway.packet.NamedPort;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Port;

/**
 * A tracker and a datapath between two ports that swallow what they are sent, beside which an offload layer comes and
 * goes: clients are on the left, servers on the right.
 */
final class Junction {

    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(10);
    private static final List<String> FLOWS = List.of(
        "table=0,priority=10,ip,actions=ct(table=1)",
        "table=1,priority=90,ct_state=+inv,actions=drop",
        "table=1,priority=80,in_port=1,ip,ct_state=+est,actions=output:2",
        "table=1,priority=80,in_port=2,ip,ct_state=+est,actions=output:1",
        "table=1,priority=60,in_port=1,ip,ct_state=+new,actions=ct(commit),output:2");

    final Conntrack tracker = TrackerAccess.create(ConntrackSettings.DEFAULT.withTcpSequenceCheck(true),
        System::nanoTime);
    final Datapath datapath;
    private final Port left = new NamedPort("left");
    private final Port right = new NamedPort("right");
    private final Shortcuts shortcuts = new Shortcuts();

    Junction() {
        final PrivateDatapath made = new DatapathFactoryComponent(new PortFactories(), shortcuts).create("benchmark",
            tracker);
        made.addPort(left, OptionalInt.of(1));
        made.addPort(right, OptionalInt.of(2));
        made.addFlows(FLOWS, Datapath.Missing.REFUSE);
        datapath = made;
    }

    Port port(final boolean reply) {
        return reply ? right : left;
    }

    /** Starts an offload layer, to which the datapath offers paths. */
    OffloadAccess offload(final OffloadSettings settings) {
        final OffloadAccess offload = new OffloadAccess(tracker, settings);
        shortcuts.bindPaths(offload.paths());
        return offload;
    }

    /** Ends it. */
    void end(final OffloadAccess offload) {
        shortcuts.unbindPaths(offload.paths());
        offload.close();
    }

    /** Receives frames into a batch, each a packet of its own memory, from one side. */
    void receive(final PacketBatch batch, final byte[][] frames, final int from, final boolean reply) {
        for (int i = 0; i < batch.size(); i++) {
            batch.get(i).set(frames[from + i], 0, frames[from + i].length);
            batch.get(i).inPort(port(reply));
        }
    }

    /** {@return a batch of empty packets} */
    static PacketBatch batch(final int size, final int frameLength) {
        final PacketBatch batch = new PacketBatch();
        for (int i = 0; i < size; i++) {
            batch.add(new Packet(frameLength));
        }
        return batch;
    }

    /** Waits until something is so. */
    static void await(final Supplier<String> what, final BooleanSupplier condition) {
        final long end = System.nanoTime() + PATIENCE_NS;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new IllegalStateException("it does not come to this: " + what.get());
            }
            LockSupport.parkNanos(200_000);
        }
    }
}
