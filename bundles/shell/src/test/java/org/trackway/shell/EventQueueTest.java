// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.LocalTime;
import java.util.EnumSet;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.spi.ConnectionObserver;
import org.trackway.conntrack.spi.ConnectionView;

class EventQueueTest {

    private static ConnectionView view(final Connection connection) {
        return new ConnectionView() {
            @Override
            public long id() {
                return connection.id();
            }

            @Override
            public int zone() {
                return connection.zone();
            }

            @Override
            public int protocol() {
                return connection.original().protocol();
            }

            @Override
            public boolean v6() {
                return connection.original().source().v6();
            }

            @Override
            public int mark() {
                return connection.mark();
            }

            @Override
            public String helper() {
                return connection.helper().orElse(null);
            }

            @Override
            public boolean isReply() {
                return false;
            }

            @Override
            public boolean isHeld() {
                return connection.offloaded();
            }

            @Override
            public Connection snapshot() {
                return connection;
            }
        };
    }

    private static final ConnectionView DNS = view(Connections.udp("10.1.1.1", 1000, "10.1.1.2", 53).make());

    @Test
    void eventsComeInOrder() throws InterruptedException {
        final EventQueue queue = new EventQueue(10, EnumSet.allOf(Event.Kind.class), ConnectionFilter.ALL);
        queue.created(DNS, null);
        queue.established(DNS, null);
        queue.changed(DNS, null);
        queue.destroyed(DNS, ConnectionObserver.Reason.EXPIRED);

        assertThat(queue.poll(0).kind()).isEqualTo(Event.Kind.CREATED);
        assertThat(queue.poll(0).kind()).isEqualTo(Event.Kind.ESTABLISHED);
        assertThat(queue.poll(0).kind()).isEqualTo(Event.Kind.CHANGED);
        assertThat(queue.poll(0).reason()).isEqualTo(ConnectionObserver.Reason.EXPIRED);
        assertThat(queue.poll(0)).isNull();
        assertThat(queue.takeDropped()).isZero();
    }

    @Test
    void whatFindsTheQueueFullIsDroppedAndCounted() throws InterruptedException {
        final EventQueue queue = new EventQueue(2, EnumSet.allOf(Event.Kind.class), ConnectionFilter.ALL);
        for (int i = 0; i < 5; i++) {
            queue.created(DNS, null);
        }
        assertThat(queue.takeDropped()).isEqualTo(3);
        assertThat(queue.takeDropped()).as("told once").isZero();
        queue.poll(0);
        queue.changed(DNS, null);
        assertThat(queue.takeDropped()).as("there is room again").isZero();
    }

    @Test
    void whatNobodyAskedForIsNotQueued() throws InterruptedException {
        final EventQueue queue = new EventQueue(2, EnumSet.of(Event.Kind.CREATED), ConnectionFilter.zone(5));
        queue.changed(view(Connections.udp("10.1.1.1", 1000, "10.1.1.2", 53).zone(5).make()), null);
        queue.created(DNS, null);
        assertThat(queue.poll(0)).isNull();
        assertThat(queue.takeDropped()).isZero();
    }

    @Test
    void anEventIsALine() {
        final Connection connection = Connections.udp("10.1.1.1", 1000, "10.1.1.2", 53).zone(5).mark(42).make();

        assertThat(new Event(Event.Kind.DESTROYED, LocalTime.of(1, 2, 3, 4_000_000), connection,
            ConnectionObserver.Reason.FLUSHED).line(Printed.pipe().console())).isEqualTo(
                "01:02:03.004  destroyed    8  udp 10.1.1.1:1000 > 10.1.1.2:53  MULTIPLE  zone 5  mark 0x2a  flushed");
    }
}
