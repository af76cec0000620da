// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.trackway.packet.PacketBatch;

/** How flows and their errors read, and what a replay can be asked for. */
class FlowTest {

    @Test
    void aFlowReadsAsInADump() {
        final Flow flow = new Flow(3, 10, 0x2a, "tcp,tp_dst=80", "output:2", 5, 600, 61_250_000_000L, List.of());
        assertThat(flow.text()).isEqualTo("cookie=0x2a, table=3, priority=10,tcp,tp_dst=80 actions=output:2");
        assertThat(flow).hasToString("cookie=0x2a, duration=61.250s, table=3, n_packets=5, n_bytes=600, "
            + "priority=10,tcp,tp_dst=80 actions=output:2");
    }

    @Test
    void whatIsUsualIsLeftOut() {
        assertThat(new Flow(0, Flow.DEFAULT_PRIORITY, 0, "", "drop", 0, 0, 0, List.of()).text())
            .isEqualTo("actions=drop");
        assertThat(new Flow(0, 1, 0, "", "drop", 0, 0, 0, List.of("helper ftp")))
            .hasToString("cookie=0x0, duration=0.000s, table=0, n_packets=0, n_bytes=0, priority=1 actions=drop"
                + " (waits for helper ftp)");
    }

    @Test
    void anErrorSaysWhere() {
        final FlowException error = new FlowException(0, 5, "foo", "give bar");
        assertThat(error).hasMessage("column 5: 'foo': give bar");
        assertThat(error.inLine(7)).hasMessage("line 7, column 5: 'foo': give bar");
        assertThat(new FlowException(0, 5, "", "an end is missing")).hasMessage("column 5: an end is missing");
    }

    @Test
    void aReplayOfNothingInParticularGoesByTheCapture() {
        final ReplayRequest request = ReplayRequest.port("pcap", Map.of("file", "x")).build();
        assertThat(request.clock()).isEqualTo(ReplayRequest.Clock.CAPTURE);
        assertThat(request.pace()).isEqualTo(ReplayRequest.Pace.FULL);
        assertThat(request.batchSize()).isEqualTo(PacketBatch.BURST);
        assertThat(request.flows()).isEmpty();
    }

    @Test
    void batchesHaveOneTo32Packets() {
        assertThatThrownBy(() -> ReplayRequest.port("pcap", Map.of()).batchSize(33))
            .hasMessage("batch size 33 is not in 1 to 32");
    }
}
