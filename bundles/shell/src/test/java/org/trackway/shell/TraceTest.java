// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.CtState;
import org.trackway.conntrack.Tuple;
import org.trackway.datapath.SeenPacket;
import org.trackway.packet.IpProtocol;

class TraceTest {

    private static final Tuple TUPLE = Connections.tuple(IpProtocol.TCP, "10.1.1.1", 1000, "10.1.1.2", 80);

    private final Printed printed = Printed.pipe();

    private static SeenPacket seen(final long number, final long timestampNs, final Tuple tuple,
            final SeenPacket.Fate fate, final int ctState) {
        return new SeenPacket(number, timestampNs, "p1", 60, 0x0806, Optional.ofNullable(tuple), fate, ctState,
            number == 2 ? 5 : 0, number == 2 ? 42 : 0, 0, 0, 0);
    }

    @Test
    void oracleLinesAreNumberAndBitsInTheOrderOfTheBits() {
        final Trace trace = new Trace(Trace.Style.ORACLE, printed.console());

        assertThat(trace.line(seen(1, 5, TUPLE, SeenPacket.Fate.TRACKED, CtState.NEW | CtState.TRACKED)))
            .isEqualTo("1: new|trk");
        assertThat(trace.line(seen(2, 5, TUPLE, SeenPacket.Fate.TRACKED, CtState.ESTABLISHED | CtState.REPLY
            | CtState.TRACKED | CtState.SOURCE_NAT))).isEqualTo("2: est|rpl|trk|snat");
        assertThat(trace.line(seen(3, 5, TUPLE, SeenPacket.Fate.HELD, 0))).isEqualTo("3: (held)");
    }

    @Test
    void linesForPeopleShowTimeSinceTheFirstPacketTupleAndWhatItCarries() {
        final Trace trace = new Trace(Trace.Style.LINES, printed.console());

        assertThat(trace.line(seen(1, 1_000_000_000L, TUPLE, SeenPacket.Fate.TRACKED, CtState.NEW | CtState.TRACKED)))
            .isEqualTo("     1    0.000000  tcp 10.1.1.1:1000 > 10.1.1.2:80  new|trk");
        assertThat(trace.line(seen(2, 2_500_001_000L, TUPLE, SeenPacket.Fate.RELEASED, CtState.ESTABLISHED)))
            .isEqualTo("     2    1.500001  tcp 10.1.1.1:1000 > 10.1.1.2:80  est (released) zone=5 mark=0x2a");
        assertThat(trace.line(seen(3, 1_000_000_000L, null, SeenPacket.Fate.UNTRACKED, 0)))
            .isEqualTo("     3    0.000000  ARP frame of 60 bytes  -");
    }

    @Test
    void aPipeGetsManyLinesAtATimeAndATerminalEachAsItComes() {
        final Trace toPipe = new Trace(Trace.Style.ORACLE, printed.console());
        toPipe.packet(seen(1, 5, TUPLE, SeenPacket.Fate.TRACKED, CtState.NEW));
        assertThat(printed.text()).isEmpty();
        toPipe.flush();
        assertThat(printed.text()).isEqualTo("1: new\n");

        final Printed terminal = Printed.terminal();
        new Trace(Trace.Style.ORACLE, terminal.console()).packet(seen(1, 5, TUPLE, SeenPacket.Fate.TRACKED,
            CtState.NEW));
        assertThat(terminal.text()).isEqualTo("1: new\n");
    }
}
