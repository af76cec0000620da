// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.trackway.datapath.FlowException;

class FlowErrorTest {

    private static final String FLOW = "ip,nw_src=10.1.1.300 actions=drop";
    private static final FlowException MISTAKE = new FlowException(0, 11, "10.1.1.300", "not an address");

    @Test
    void aTerminalShowsWhereTheMistakeIs() {
        assertThat(FlowError.explain(Printed.terminal().console(), FLOW, MISTAKE)).isEqualTo("""
            column 11: '10.1.1.300': not an address
              ip,nw_src=10.1.1.300 actions=drop
                        ^""");
    }

    @Test
    void longFlowsAreCutAroundIt() {
        final String text = FlowError.explain(Printed.terminal().console(), "x".repeat(200) + "y" + "z".repeat(200),
            new FlowException(0, 201, "y", "no"));
        final String[] lines = text.split("\n");

        assertThat(lines[1]).startsWith("  ...x").endsWith("z...");
        assertThat(lines[1].charAt(lines[2].indexOf('^'))).isEqualTo('y');
    }

    @Test
    void elsewhereAnErrorIsOneLine() {
        assertThat(FlowError.explain(Printed.pipe().console(), FLOW, MISTAKE)).isEqualTo(MISTAKE.getMessage());
    }
}
