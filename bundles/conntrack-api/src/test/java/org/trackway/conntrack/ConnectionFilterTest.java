// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.trackway.packet.IpAddress;

class ConnectionFilterTest {

    private static Connection connection(final int zone, final int mark) {
        final Tuple tuple = Tuple.of(IpAddress.parse("10.0.0.1"), IpAddress.parse("10.0.0.2"), 17, 1, 2);
        return new Connection(1, zone, tuple, tuple.reverse(), mark, 0, 0, 0, "FIRST", Optional.empty(),
            Optional.empty(), Optional.empty(), false, false, Optional.empty(), 0, 0,
            new Connection.Count(0, 0), new Connection.Count(0, 0));
    }

    @Test
    void aFilterTakesItsZoneAndWhatAllConditionsAccept() {
        final ConnectionFilter zone = ConnectionFilter.zone(7);
        assertThat(zone.matches(connection(7, 0))).isTrue();
        assertThat(zone.matches(connection(8, 0))).isFalse();
        assertThat(ConnectionFilter.ALL.matches(connection(8, 0))).isTrue();
        final ConnectionFilter marked = zone.and(shown -> shown.mark() > 1).and(shown -> shown.mark() < 5);
        assertThat(marked.matches(connection(7, 3))).isTrue();
        assertThat(marked.matches(connection(7, 1))).isFalse();
        assertThat(marked.matches(connection(7, 5))).isFalse();
        assertThat(marked.matches(connection(8, 3))).isFalse();
        assertThat(marked.zone()).hasValue(7);
        assertThat(ConnectionFilter.ALL.zone()).isEmpty();
        assertThat(zone.isZoneOnly()).isTrue();
        assertThat(ConnectionFilter.ALL.isZoneOnly()).isTrue();
        assertThat(marked.isZoneOnly()).isFalse();
    }
}
