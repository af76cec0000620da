// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.spi.ConnectionView;
import org.trackway.offload.ProviderStatus.Counter;
import org.trackway.packet.Packet;
import org.trackway.packet.Packets;

/** What the manager does on packet threads costs no garbage. */
class AllocationTest {

    private static final int FLOWS = 32;

    private final FakeProvider nic = FakeProvider.forwards("nic");
    private final Bench bench = new Bench().add(nic);

    /** A connection as observers are shown it. */
    private static final class View implements ConnectionView {
        private long id;

        @Override
        public long id() {
            return id;
        }

        @Override
        public int zone() {
            return 0;
        }

        @Override
        public int protocol() {
            return 17;
        }

        @Override
        public boolean v6() {
            return false;
        }

        @Override
        public int mark() {
            return 0;
        }

        @Override
        public String helper() {
            return null;
        }

        @Override
        public boolean isReply() {
            return true;
        }

        @Override
        public boolean isHeld() {
            return true;
        }

        @Override
        public Connection snapshot() {
            throw new AssertionError("a snapshot is garbage");
        }
    }

    /** {@return bytes allocated by so many rounds of everything that packet threads call} */
    private long run(final int times, final long[] ids) {
        final Notes notes = bench.manager.notes();
        final Packet packet = Packets.udp4(Bench.A, 1, Bench.B, 53).build();
        packet.inPort(bench.left);
        final View view = new View();
        final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        final long before = threads.getCurrentThreadAllocatedBytes();
        int found = 0;
        for (int i = 0; i < times; i++) {
            view.id = ids[i % FLOWS];
            notes.created(view, packet);
            notes.established(view, packet);
            notes.changed(view, packet);
            notes.destroyed(view, null);
            found += bench.manager.paths().wants(view.id, false) ? 1 : 0;
            found += bench.manager.state(view.id).ordinal() + bench.manager.paths().wanted();
        }
        assertThat(found).isPositive();
        return threads.getCurrentThreadAllocatedBytes() - before;
    }

    @Test
    void notesAndQuestionsOfPacketThreadsAllocateNothing() {
        final long[] ids = new long[FLOWS];
        for (int i = 0; i < FLOWS; i++) {
            ids[i] = bench.udp(i + 1);
            bench.udpReply(i + 1);
        }
        bench.settle();
        run(20_000, ids);
        assertThat(run(50_000, ids) / 50_000).isZero();
        assertThat(bench.count(nic, Counter.OVERFLOWED)).isPositive();
    }
}
