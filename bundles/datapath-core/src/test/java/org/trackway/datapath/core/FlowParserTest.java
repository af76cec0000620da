// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.TimeoutPolicy;
import org.trackway.datapath.Datapath.Missing;
import org.trackway.datapath.FlowException;

/** What can be written in a flow, how it is shown, and what is said of what can't. */
class FlowParserTest {

    private static final PortNames PORTS = new PortNames(Map.of("p1", 1, "p2", 2));

    private final FakeConntrack conntrack = new FakeConntrack();

    private String shown(final String text) {
        return new FlowParser(PORTS, new Named(conntrack, Missing.WAIT)).flow(text, 0).snapshot(conntrack).text();
    }

    @ParameterizedTest(name = "{0}")
    @CsvFileSource(resources = "good-flows.txt", delimiterString = " => ", quoteCharacter = '`')
    void goodFlowsAreShownAsOvsOfctlShowsThem(final String text, final String expected) {
        assertThat(shown(text)).isEqualTo(expected);
        assertThat(shown(expected)).as("the same again").isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0}")
    @CsvFileSource(resources = "bad-flows.txt", delimiterString = " => ", quoteCharacter = '`')
    void badFlowsAreRefusedInOneLine(final String text, final String expected) {
        assertThatThrownBy(() -> shown(text)).isInstanceOf(FlowException.class).hasMessage(expected);
    }

    @Test
    void unknownWordsAreAnsweredWithAllThatThereIs() {
        assertThatThrownBy(() -> shown("ip,tun_id=5 actions=drop")).isInstanceOf(FlowException.class)
            .hasMessageStartingWith("column 4: 'tun_id': not a field of a match: give ip, ipv6, ip6, arp,")
            .hasMessageContaining("nw_src").hasMessageContaining("reg0..reg15");
        assertThatThrownBy(() -> shown("ip actions=group:1")).isInstanceOf(FlowException.class)
            .hasMessageStartingWith("column 12: 'group': not an action: give drop, a port or one of all, ct,");
    }

    @Test
    void helpersAndPoliciesMustBeThereUnlessTheFlowMayWait() {
        final FlowParser strict = new FlowParser(PORTS, new Named(conntrack, Missing.REFUSE));
        assertThatThrownBy(() -> strict.flow("tcp actions=ct(commit,alg=ftp)", 0))
            .hasMessage("column 27: 'ftp': there is no such helper now; there is none at all");
        conntrack.helpers.add("tftp");
        assertThatThrownBy(() -> strict.flow("tcp actions=ct(commit,alg=ftp)", 0))
            .hasMessage("column 27: 'ftp': there is no such helper now; there are tftp");
        assertThatThrownBy(() -> strict.flow("ip actions=ct(commit,timeout=short)", 0))
            .hasMessage("column 30: 'short': there is no such timeout policy now; there is none at all");
        conntrack.helpers.add("ftp");
        conntrack.settings = ConntrackSettings.DEFAULT.withTimeoutPolicy(TimeoutPolicy.parse("short: udp_first=1"));
        final Rule rule = strict.flow("tcp actions=ct(commit,alg=ftp,timeout=short)", 0);
        assertThat(rule.snapshot(conntrack).waitingFor()).isEmpty();
        conntrack.helpers.clear();
        conntrack.settings = ConntrackSettings.DEFAULT;
        assertThat(rule.snapshot(conntrack).waitingFor()).isEqualTo(List.of("helper ftp", "timeout policy short"));
        assertThat(rule.snapshot(conntrack).toString())
            .endsWith("tcp actions=ct(commit,timeout=short,alg=ftp) (waits for helper ftp, timeout policy short)");
    }
}
