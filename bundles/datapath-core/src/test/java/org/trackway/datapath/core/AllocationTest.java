// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.core.Trackers;
import org.trackway.datapath.Datapath.Missing;
import org.trackway.packet.NamedPort;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Packets;
import org.trackway.packet.Port;

/** Packets of known connections cost no garbage, whatever their flows do. */
class AllocationTest {

    private static final List<String> FLOWS = List.of(
        "priority=1,arp,actions=normal",
        "ip,ct_state=-trk,actions=load:5->NXM_NX_REG0[0..15],ct(table=1,zone=NXM_NX_REG0[0..15]),resubmit(,7)",
        "table=1,ip,ct_state=+new,actions=ct(commit,zone=5,exec(move:NXM_NX_REG0[0..15]->NXM_NX_CT_MARK[0..15])),2",
        "table=1,ip,ct_state=+est,ct_mark=5,actions=3,mod_dl_dst:02:00:00:00:00:09,dec_ttl,2,goto_table:2",
        "table=2,actions=normal", "table=7,actions=ct_clear,flood");

    @Test
    void nothingIsAllocatedPerPacket() {
        check(new Shortcuts());
    }

    @Test
    void nothingIsAllocatedPerPacketWhileSomeOtherConnectionWantsAPath() {
        final FakePaths paths = new FakePaths() {
            @Override
            public boolean wants(final long connectionId, final boolean reply) {
                return connectionId == 0;
            }
        };
        paths.wanting = true;
        final Shortcuts shortcuts = new Shortcuts();
        shortcuts.bindPaths(paths);
        check(shortcuts);
    }

    @Test
    void nothingIsAllocatedPerPacketByAskingAFastPath() {
        final Shortcuts shortcuts = new Shortcuts();
        shortcuts.bindFastPath((in, batch, egress) -> { });
        check(shortcuts);
    }

    private static void check(final Shortcuts shortcuts) {
        try (TableDatapath datapath = new TableDatapath("thrifty",
            Trackers.make(ConntrackSettings.DEFAULT, () -> 1), new PortFactories(), shortcuts)) {
            final Port in = new NamedPort("p1");
            datapath.addPort(in, OptionalInt.empty());
            datapath.addPort(new NamedPort("p2"), OptionalInt.empty());
            datapath.addPort(new NamedPort("p3"), OptionalInt.empty());
            datapath.addFlows(FLOWS, Missing.REFUSE);
            final PacketBatch batch = new PacketBatch();
            final byte[][] frames = new byte[32][];
            for (int i = 0; i < frames.length; i++) {
                frames[i] = Packets.udp4("10.0.0." + i % 8, 1000 + i, "10.0.1." + i % 8, 53).build().bytes();
                batch.add(new Packet(2048));
            }
            run(datapath, in, batch, frames, 200);
            final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            final long before = threads.getCurrentThreadAllocatedBytes();
            run(datapath, in, batch, frames, 500);
            final long perPacket = (threads.getCurrentThreadAllocatedBytes() - before) / (500 * frames.length);
            assertThat(perPacket).isZero();
            assertThat(datapath.counters().sent()).isGreaterThan(700 * 32);
        }
    }

    private static void run(final TableDatapath datapath, final Port in, final PacketBatch batch, final byte[][] frames,
            final int times) {
        for (int i = 0; i < times; i++) {
            for (int j = 0; j < frames.length; j++) {
                batch.get(j).set(frames[j], 0, frames[j].length);
                batch.get(j).inPort(in);
            }
            datapath.process(in, batch);
        }
    }
}
