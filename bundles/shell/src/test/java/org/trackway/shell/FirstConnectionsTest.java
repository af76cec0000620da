// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.Connection;

class FirstConnectionsTest {

    @Property(tries = 200)
    void theFirstFewAreThoseOfTheSortedList(@ForAll @Size(max = 30) final List<@IntRange(max = 5) Integer> bytes,
            @ForAll @IntRange(max = 10) final int limit, @ForAll final ConnectionOrder order) {
        final FirstConnections first = new FirstConnections(order.comparator(), limit);
        final List<Connection> all = new ArrayList<>();
        for (int i = 0; i < bytes.size(); i++) {
            final Connection connection = Connections.udp("10.1.1.1", 1000, "10.1.1.2", 53).id(i)
                .traffic(bytes.get(i), bytes.get(i) * 100L).make();
            all.add(connection);
            first.accept(connection);
        }
        all.sort(order.comparator());
        final int shown = limit == 0 ? all.size() : Math.min(limit, all.size());

        assertThat(first.sorted()).isEqualTo(all.subList(0, shown));
        assertThat(first.others()).isEqualTo(all.size() - shown);
    }

    @Test
    void trafficSortsDownAndNamesSortUp() {
        final Connection small = Connections.udp("10.1.1.1", 1000, "10.1.1.2", 53).zone(1).traffic(1, 900).make();
        final Connection big = Connections.udp("10.1.1.9", 1000, "10.1.1.2", 53).zone(2).traffic(5, 100).make();

        assertThat(ConnectionOrder.parse("packets").comparator().compare(big, small)).isNegative();
        assertThat(ConnectionOrder.parse("BYTES").comparator().compare(big, small)).isPositive();
        assertThat(ConnectionOrder.parse("source").comparator().compare(small, big)).isNegative();
        assertThat(ConnectionOrder.parse("zone").comparator().compare(small, big)).isNegative();
        assertThatThrownBy(() -> ConnectionOrder.parse("x"))
            .hasMessageStartingWith("can't sort by 'x': give one of zone, id");
    }
}
