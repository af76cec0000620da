// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.trackway.packet.NamedPort;

class NoteRingTest {

    /** It behaves like a bounded queue, however writing and reading alternate. */
    @Property
    void notesComeOutInTheOrderInWhichTheyCameInAndNoMoreThanFit(
            @ForAll @Size(max = 200) final List<@IntRange(max = 2) Integer> steps) {
        final NoteRing ring = new NoteRing(8);
        final Deque<Long> model = new ArrayDeque<>();
        long next = Long.MIN_VALUE;
        int underWay = 0;
        for (final int step : steps) {
            if (step > 0) {
                final boolean fits = model.size() < 8;
                assertThat(ring.offer(NoteRing.CHANGED, next, null)).isEqualTo(fits);
                if (fits) {
                    model.add(next);
                }
                next++;
            } else {
                assertThat(ring.poll()).isEqualTo(!model.isEmpty());
                underWay = model.isEmpty() ? 0 : 1;
                if (!model.isEmpty()) {
                    assertThat(ring.id()).isEqualTo(model.poll());
                }
            }
            assertThat(ring.size()).isEqualTo(Math.min(8, model.size() + underWay));
        }
    }

    @Test
    void aNoteIsWhatWasPutIn() {
        final NoteRing ring = new NoteRing(1);
        final PortRef port = new PortRef(new NamedPort("p"));
        assertThat(ring.offer(NoteRing.ESTABLISHED, -5, port)).isTrue();
        assertThat(ring.poll()).isTrue();
        assertThat(ring.kind()).isEqualTo(NoteRing.ESTABLISHED);
        assertThat(ring.id()).isEqualTo(-5);
        assertThat(ring.port()).isSameAs(port);
    }

    /** Else a packet thread could take a note for done that the reader has not looked at yet. */
    @Test
    void aNoteIsDoneWithWhenTheNextIsAskedFor() {
        final NoteRing ring = new NoteRing(4);
        ring.offer(NoteRing.ADD, 1, null);
        assertThat(ring.poll()).isTrue();
        assertThat(ring.size()).isEqualTo(1);
        assertThat(ring.poll()).isFalse();
        assertThat(ring.size()).isZero();
    }

    @Test
    void manyWritersLoseAndDoubleNothingAndKeepTheirOwnOrder() throws InterruptedException {
        final int writers = 3;
        final int each = 50_000;
        final NoteRing ring = new NoteRing(256);
        final List<Thread> threads = IntStream.range(0, writers).mapToObj(writer -> new Thread(() -> {
            for (int i = 0; i < each; i++) {
                while (!ring.offer((byte) writer, i, null)) {
                    Thread.onSpinWait();
                }
            }
        })).toList();
        threads.forEach(Thread::start);
        final AtomicIntegerArray next = new AtomicIntegerArray(writers);
        int wrong = 0;
        for (int i = 0; i < writers * each; i++) {
            while (!ring.poll()) {
                Thread.onSpinWait();
            }
            wrong += ring.id() == next.getAndIncrement(ring.kind()) ? 0 : 1;
        }
        for (final Thread thread : threads) {
            thread.join();
        }
        assertThat(wrong).isZero();
        assertThat(ring.poll()).isFalse();
    }
}
