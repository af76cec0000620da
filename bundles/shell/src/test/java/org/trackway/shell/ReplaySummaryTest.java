// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.CtState;
import org.trackway.datapath.ReplayResult;
import org.trackway.datapath.ReplayResult.Slice;

class ReplaySummaryTest {

    private static String summary(final long bypassed, final Map<Integer, Long> states, final long held,
            final int connections, final boolean interrupted) {
        final Printed printed = Printed.pipe();
        new ReplaySummary(new ReplayResult(37, 5156, bypassed,
            List.of(new Slice(32, Math.max(0, bypassed - 5)), new Slice(5, Math.min(5, bypassed))), states, held,
            connections, 2_000_000, Optional.empty(), interrupted, new FakeTracker(), List.of()),
            "conntrack:list --tracker replay").print(printed.console());
        return printed.text();
    }

    @Test
    void packetsAreCountedByState() {
        assertThat(summary(0, Map.of(CtState.NEW | CtState.TRACKED, 2L, CtState.ESTABLISHED | CtState.TRACKED, 35L), 0,
            2, false)).isEqualTo("""
                37 packets, 5.2 kB in 2 ms: 18.5k packets/s
                Packets  ct_state
                      2  new|trk
                     35  est|trk
                2 connections: conntrack:list --tracker replay
                """);
    }

    @Test
    void heldFragmentsAreNotCalledUntracked() {
        assertThat(summary(0, Map.of(0, 37L), 7, 0, true)).isEqualTo("""
            37 packets, 5.2 kB in 2 ms: 18.5k packets/s (interrupted)
            Packets  ct_state
                 30  not tracked
                  7  fragments held back until the end
            0 connections
            """);
    }

    @Test
    void packetsOfAFastPathHaveNoState() {
        assertThat(summary(30, Map.of(CtState.NEW | CtState.TRACKED, 7L), 0, 1, false)).isEqualTo("""
            37 packets, 5.2 kB in 2 ms: 18.5k packets/s
            Packets  ct_state
                  7  new|trk
                 30  taken by a fast path
            Up to packet  In software  In hardware  Software [%]
                      32            7           25            22
                      37            0            5             0
            1 connection: conntrack:list --tracker replay
            """);
    }
}
