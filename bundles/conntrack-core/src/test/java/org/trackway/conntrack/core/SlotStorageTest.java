// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.trackway.conntrack.core.TrackerBench.A;
import static org.trackway.conntrack.core.TrackerBench.B;
import static org.trackway.conntrack.core.TrackerBench.COMMIT;
import static org.trackway.conntrack.core.TrackerBench.udp;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.spi.ConnectionObserver;
import org.trackway.conntrack.spi.ConnectionSlot;
import org.trackway.conntrack.spi.ConnectionView;
import org.trackway.packet.Packets;

class SlotStorageTest {

    private final TrackerBench bench = new TrackerBench();
    private final ConnectionSlot<String> slot = bench.tracker.slot("notes", String.class);

    private long open(final int port) {
        bench.send(COMMIT, Packets.udp4(A, port, B, 9));
        return bench.tracker.find(0, TrackerBench.tuple(A, port, B, 9, 17)).map(Connection::id).orElseThrow();
    }

    @Test
    void aValueBelongsToItsConnection() {
        final long one = open(1);
        final long other = open(2);
        assertThat(slot.set(one, "one")).isTrue();
        assertThat(slot.get(one)).isEqualTo("one");
        assertThat(slot.get(other)).isNull();
        assertThat(slot.set(one, "changed")).isTrue();
        assertThat(slot.get(one)).isEqualTo("changed");
        assertThat(slot.set(one, null)).isTrue();
        assertThat(slot.get(one)).isNull();
        assertThat(slot.name()).isEqualTo("notes");
    }

    @Test
    void aValueGoesWithItsConnection() {
        final long id = open(1);
        slot.set(id, "value");
        bench.tracker.flush(ConnectionFilter.ALL);
        assertThat(slot.get(id)).isNull();
        assertThat(slot.set(id, "late")).isFalse();
        assertThat(slot.set(id, null)).isFalse();
    }

    @Test
    void aValueStaysUntilAnExpiredConnectionIsSwept() {
        final long id = open(1);
        slot.set(id, "value");
        bench.pass(60);
        assertThat(slot.get(id)).isEqualTo("value");
        bench.tracker.sweep();
        assertThat(slot.get(id)).isNull();
    }

    @Test
    void theEndOfAConnectionIsToldWhileItsValueIsStillThere() {
        final List<String> last = new ArrayList<>();
        bench.tracker.observe(new ConnectionObserver() {
            @Override
            public void destroyed(final ConnectionView connection, final Reason reason) {
                last.add(slot.get(connection.id()));
            }
        });
        slot.set(open(1), "value");
        bench.tracker.flush(ConnectionFilter.ALL);
        assertThat(last).containsExactly("value");
    }

    @Test
    void idsThatNeverWereAnswerNull() {
        open(1);
        for (final long id : new long[] {0, 1, 2, 3, -1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 27, 0xfffffff}) {
            assertThat(slot.get(id)).isNull();
            assertThat(slot.set(id, "value")).isFalse();
        }
    }

    @Test
    void idsOfAnotherTrackerAnswerNull() {
        final long here = open(1);
        final TrackerBench elsewhere = new TrackerBench();
        elsewhere.send(COMMIT, udp());
        final long there = elsewhere.only().id();
        assertThat(there).isNotEqualTo(here);
        assertThat(slot.set(there, "value")).isFalse();
        assertThat(bench.tracker.connection(there)).isEmpty();
    }

    @Test
    void theNextConnectionInTheSamePlaceHasNoValue() {
        for (int round = 0; round < 50; round++) {
            final List<Long> ids = new ArrayList<>();
            for (int port = 1; port <= 40; port++) {
                ids.add(open(port));
            }
            for (final long id : ids) {
                assertThat(slot.get(id)).isNull();
                slot.set(id, "value of " + id);
            }
            for (final long id : ids) {
                assertThat(slot.get(id)).isEqualTo("value of " + id);
            }
            bench.tracker.flush(ConnectionFilter.ALL);
        }
        // Places were used again indeed.
        assertThat(bench.tracker.table().entries()).isLessThanOrEqualTo(2 * Slab.CHUNK_ENTRIES);
    }

    @Test
    void aValueThatComesTooLateIsNeitherShownByTheNextConnectionNorTakesItsPlace() throws InterruptedException {
        final ConnectionSlot<Long> owners = bench.tracker.slot("owners", Long.class);
        final AtomicLong latest = new AtomicLong();
        final AtomicBoolean stop = new AtomicBoolean();
        final Thread late = new Thread(() -> {
            while (!stop.get()) {
                final long id = latest.get();
                owners.set(id, id);
            }
        });
        late.start();
        final List<String> wrong = new ArrayList<>();
        for (int round = 0; round < 60_000; round++) {
            final long id = open(1);
            final Long before = owners.get(id);
            owners.set(id, id);
            latest.set(id);
            final Long after = owners.get(id);
            if (before != null || after == null || after != id) {
                wrong.add(id + " had " + before + " and then " + after);
            }
            bench.tracker.flush(ConnectionFilter.ALL);
        }
        stop.set(true);
        late.join();
        assertThat(wrong).isEmpty();
    }

    @Test
    void connectionsOfEveryKindHaveValuesInEveryChunk() {
        bench.tracker.settings(bench.tracker.settings().withAccounting(false));
        final long plain = open(1);
        slot.set(plain, "plain");
        bench.tracker.settings(bench.tracker.settings().withAccounting(true));
        bench.send(COMMIT, Packets.udp6("fd00::1", 1, "fd00::2", 2));
        final long v6 = bench.all().stream().filter(connection -> connection.original().source().v6()).findFirst()
            .orElseThrow().id();
        slot.set(v6, "v6");
        final int many = 2 * Slab.CHUNK_ENTRIES + 10;
        long last = 0;
        for (int port = 2; port < many; port++) {
            last = open(port);
        }
        assertThat(slot.get(last)).isNull();
        slot.set(last, "last");
        assertThat(List.of(slot.get(plain), slot.get(v6), slot.get(last))).containsExactly("plain", "v6", "last");
    }

    @Test
    void slotsAreApart() {
        final long id = open(1);
        final ConnectionSlot<Integer> numbers = bench.tracker.slot("numbers", Integer.class);
        slot.set(id, "text");
        numbers.set(id, 7);
        assertThat(slot.get(id)).isEqualTo("text");
        assertThat(numbers.get(id)).isEqualTo(7);
        numbers.close();
        assertThat(slot.get(id)).isEqualTo("text");
    }

    @Test
    void aNameIsTakenUntilItsSlotIsClosed() {
        assertThatIllegalStateException().isThrownBy(() -> bench.tracker.slot("notes", Integer.class))
            .withMessageContaining("notes");
        slot.close();
        final long id = open(1);
        final ConnectionSlot<Integer> next = bench.tracker.slot("notes", Integer.class);
        next.set(id, 7);
        assertThat(next.get(id)).isEqualTo(7);
    }

    @Test
    void aClosedSlotAnswersNullAndTakesNothing() {
        final long id = open(1);
        slot.set(id, "value");
        slot.close();
        slot.close();
        assertThat(slot.get(id)).isNull();
        assertThatIllegalStateException().isThrownBy(() -> slot.set(id, "more")).withMessageContaining("notes");
        assertThat(slot.set(id, null)).isTrue();
        bench.tracker.flush(ConnectionFilter.ALL);
        assertThat(bench.tracker.count()).isZero();
    }

    @Test
    void aClosedSlotHoldsNoValueBack() {
        WeakReference<Object> value = null;
        final ConnectionSlot<Object> objects = bench.tracker.slot("objects", Object.class);
        for (int port = 1; port < 10; port++) {
            final Object made = new Object();
            objects.set(open(port), made);
            value = new WeakReference<>(made);
        }
        objects.close();
        for (int i = 0; i < 50 && value.get() != null; i++) {
            System.gc();
        }
        assertThat(value.get()).isNull();
    }

    @Test
    @SuppressWarnings({"unchecked", "rawtypes"})
    void aValueOfAnotherClassIsRefused() {
        final long id = open(1);
        assertThatExceptionOfType(ClassCastException.class).isThrownBy(() -> ((ConnectionSlot) slot).set(id, 7));
    }
}
