// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TimeoutPolicyTest {

    @ParameterizedTest
    @CsvSource({"TCP_SYN_SENT, 30", "TCP_SYN_RECV, 30", "TCP_ESTABLISHED, 86400", "TCP_FIN_WAIT, 900",
        "TCP_TIME_WAIT, 45", "TCP_CLOSE, 30", "UDP_FIRST, 60", "UDP_SINGLE, 60", "UDP_MULTIPLE, 30", "ICMP_FIRST, 60",
        "ICMP_REPLY, 30"})
    void defaultsAreThoseOfOpenVSwitch(final Timeout timeout, final int seconds) {
        assertThat(timeout.defaultSeconds()).isEqualTo(seconds);
        assertThat(new TimeoutPolicy("p", Map.of()).seconds(timeout)).isEqualTo(seconds);
    }

    @Test
    void attributesAreInTheOrderOfOpenVSwitch() {
        assertThat(Timeout.values()).extracting(Timeout::attribute).containsExactly("tcp_syn_sent", "tcp_syn_recv",
            "tcp_established", "tcp_fin_wait", "tcp_close_wait", "tcp_last_ack", "tcp_time_wait", "tcp_close",
            "tcp_syn_sent2", "tcp_retransmit", "tcp_unack", "udp_first", "udp_single", "udp_multiple", "icmp_first",
            "icmp_reply");
    }

    @Test
    void attributesAreReadInAnyCase() {
        assertThat(Timeout.parse("UDP_first")).isEqualTo(Timeout.UDP_FIRST);
        assertThatIllegalArgumentException().isThrownBy(() -> Timeout.parse("udp"))
            .withMessageContaining("'udp'").withMessageContaining("udp_first, udp_single, udp_multiple");
    }

    @Test
    void aPolicyIsReadAndPrinted() {
        final TimeoutPolicy policy = TimeoutPolicy.parse(" my-1.p : udp_first=5, tcp_established=4294967295 icmp_reply=0");
        assertThat(policy.name()).isEqualTo("my-1.p");
        assertThat(policy.seconds()).containsOnly(Map.entry(Timeout.UDP_FIRST, 5L),
            Map.entry(Timeout.TCP_ESTABLISHED, 4294967295L), Map.entry(Timeout.ICMP_REPLY, 0L));
        assertThat(policy).hasToString("my-1.p: tcp_established=4294967295 udp_first=5 icmp_reply=0");
        assertThat(TimeoutPolicy.parse(policy.toString())).isEqualTo(policy);
        assertThat(TimeoutPolicy.parse("empty:").seconds()).isEmpty();
    }

    @Test
    void unusedAttributesAreTaken() {
        assertThat(TimeoutPolicy.parse("p: tcp_unack=1 tcp_retransmit=2").seconds()).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"short", "", ": udp_first=1", "a b: udp_first=1", "p: udp_first", "p: udp_first=", "p: =5",
        "p: udp_first=x", "p: nothing=1", "p: udp_first=-1", "p: udp_first=4294967296", "p: udp_first=1=2"})
    void whatIsNoPolicyIsRefused(final String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> TimeoutPolicy.parse(text));
    }

    @Test
    void aPolicyDoesNotFollowTheMapItWasMadeFrom() {
        final Map<Timeout, Long> seconds = new HashMap<>(Map.of(Timeout.UDP_FIRST, 1L));
        final TimeoutPolicy policy = new TimeoutPolicy("p", seconds);
        seconds.clear();
        assertThat(policy.seconds(Timeout.UDP_FIRST)).isEqualTo(1);
    }
}
