// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.trackway.datapath.Datapath;
import org.trackway.datapath.SeenPacket;
import org.trackway.packet.FastPath;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Packets;
import org.trackway.packet.Port;

/** Packets that a fast path takes, and what becomes of those that it leaves. */
@Timeout(30)
class FastPathTest {

    private final Lab lab = new Lab(new FakeConntrack(), "actions=2");
    private final List<String> asked = new ArrayList<>();

    @AfterEach
    void close() {
        lab.close();
    }

    private static Packet to(final int port) {
        return Packets.udp4("10.0.0.1", 5, "10.0.0.2", port).build();
    }

    private static int port(final Packet packet) {
        packet.parse();
        return packet.data()[packet.l4Offset() + 3] & 0xff;
    }

    /** Sends packets for even ports to p3, and leaves the others. */
    private void takeEven(final Port in, final PacketBatch batch, final FastPath.Egress egress) {
        final PacketBatch taken = new PacketBatch();
        int left = 0;
        asked.add(in.name() + " " + batch.size());
        for (int i = 0; i < batch.size(); i++) {
            if (port(batch.get(i)) % 2 == 0) {
                taken.add(batch.get(i));
            } else {
                batch.set(left++, batch.get(i));
            }
        }
        batch.truncate(left);
        egress.send("p3", taken);
    }

    private List<Integer> sent(final String name) {
        return lab.port(name).sent().stream().map(frame -> port(Packet.of(frame))).toList();
    }

    @Test
    void whatItTakesMeetsNoFlowAndTheRestGoesItsUsualWay() {
        lab.shortcuts.bindFastPath(this::takeEven);
        lab.receive("p1", to(1), to(2), to(3), to(4), to(5));
        assertThat(asked).containsExactly("p1 5");
        assertThat(sent("p2")).containsExactly(1, 3, 5);
        assertThat(sent("p3")).containsExactly(2, 4);
        assertThat(lab.datapath.counters()).isEqualTo(new Datapath.Counters(5, 210, 2, 0, 5, 0, 0));
        assertThat(lab.datapath.flows().get(0).packets()).isEqualTo(3);
        assertThat(lab.seen).extracting(SeenPacket::number).containsExactly(1L, 2L, 3L);
    }

    @Test
    void severalAreAskedUntilNothingIsLeft() {
        lab.shortcuts.bindFastPath(this::takeEven);
        lab.shortcuts.bindFastPath((in, batch, egress) -> {
            asked.add("second " + batch.size());
            batch.clear();
        });
        lab.receive("p1", to(1), to(2));
        lab.receive("p1", to(4));
        assertThat(asked).containsExactly("p1 2", "second 1", "p1 1");
        assertThat(lab.datapath.counters().bypassed()).isEqualTo(3);
    }

    @Test
    void whatItSendsToNoPortIsLost() {
        final List<Boolean> answers = new ArrayList<>();
        lab.shortcuts.bindFastPath((in, batch, egress) -> answers.add(egress.send("gone", batch)));
        lab.receive("p1", to(1));
        assertThat(answers).containsExactly(false);
        assertThat(lab.datapath.counters()).isEqualTo(new Datapath.Counters(1, 42, 0, 0, 1, 1, 0));
    }

    @Test
    void packetsAreNotLostWithOneThatFailsAndInTheEndItIsLeftAlone() {
        final FastPath broken = (in, batch, egress) -> {
            asked.add("asked");
            throw new NoClassDefFoundError("Ring");
        };
        lab.shortcuts.bindFastPath(broken);
        for (int i = 0; i < 20; i++) {
            lab.receive("p1", to(1));
        }
        assertThat(asked).hasSize(FastPath.MAX_FAILURES);
        assertThat(lab.counts()).containsExactly(0, 20, 0, 0);

        lab.shortcuts.unbindFastPath(broken);
        lab.shortcuts.bindFastPath(broken);
        lab.receive("p1", to(1));
        assertThat(asked).as("registered anew").hasSize(FastPath.MAX_FAILURES + 1);
    }

    @Test
    void onlyFailuresInARowCount() {
        lab.shortcuts.bindFastPath((in, batch, egress) -> {
            asked.add("asked");
            if (asked.size() % FastPath.MAX_FAILURES != 0) {
                throw new IllegalStateException("not now");
            }
        });
        for (int i = 0; i < 40; i++) {
            lab.receive("p1", to(1));
        }
        assertThat(asked).hasSize(40);
    }

    @Test
    void oneThatWentIsNotAskedAndItsLastCallIsWaitedFor() throws Exception {
        final CountDownLatch called = new CountDownLatch(1);
        final CountDownLatch mayReturn = new CountDownLatch(1);
        final FastPath slow = (in, batch, egress) -> {
            asked.add("asked");
            called.countDown();
            try {
                mayReturn.await();
            } catch (final InterruptedException e) {
                throw new AssertionError(e);
            }
            asked.add("returned");
        };
        lab.shortcuts.bindFastPath(slow);
        final Thread packets = new Thread(() -> lab.receive("p1", to(1)));
        packets.start();
        called.await();
        final Thread opener = new Thread(() -> {
            while (lab.datapath.state().fastPaths().size() > 0) {
                Thread.yield();
            }
            mayReturn.countDown();
        });
        opener.start();
        lab.shortcuts.unbindFastPath(slow);
        assertThat(asked).containsExactly("asked", "returned");
        packets.join();
        opener.join();
        lab.receive("p1", to(1));
        assertThat(asked).hasSize(2);
        assertThat(lab.counts()).containsExactly(0, 2, 0, 0);
    }

    @Test
    void aDatapathThatIsMadeLaterAsksItToo() {
        lab.shortcuts.bindFastPath(this::takeEven);
        try (TableDatapath later = new TableDatapath("later", new FakeConntrack(), new PortFactories(),
                lab.shortcuts)) {
            later.addPort(new FakePort("p3"), OptionalInt.empty());
            final PacketBatch batch = new PacketBatch();
            batch.add(to(2));
            batch.add(to(3));
            later.process(new FakePort("elsewhere"), batch);
            assertThat(later.counters().bypassed()).isEqualTo(1);
            assertThat(batch.size()).as("the batch is the caller's").isEqualTo(2);
        }
    }
}
