// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CtStateTest {

    @ParameterizedTest
    @CsvSource({"0, 0x00", "new, 0x01", "est, 0x02", "rel, 0x04", "rpl, 0x08", "inv, 0x10", "trk, 0x20", "snat, 0x40",
        "dnat, 0x80", "new|trk, 0x21", "est|rpl|trk|dnat, 0xaa", "new|est|rel|rpl|inv|trk|snat|dnat, 0xff"})
    void bitsArePrintedByNameLowestFirst(final String text, final String bits) {
        assertThat(CtState.format(Integer.decode(bits))).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"new, 1", "est, 2", "rel, 4", "rpl, 8", "inv, 16", "trk, 32", "snat, 64", "dnat, 128"})
    void namesAreRead(final String name, final int bit) {
        assertThat(CtState.parse(name)).isEqualTo(bit);
    }

    @Test
    void anUnknownNameIsRefusedWithAllThatThereAre() {
        assertThatIllegalArgumentException().isThrownBy(() -> CtState.parse("NEW"))
            .withMessage("unknown ct_state 'NEW': give new, est, rel, rpl, inv, trk, snat, dnat");
    }

    @Test
    void mergedTcpStateIsTheLaterPeersInTheTermsOfLinux() {
        assertThat(TcpState.merged(TcpState.SYN_SENT, TcpState.ESTABLISHED)).isEqualTo(TcpState.ESTABLISHED);
        assertThat(TcpState.merged(TcpState.CLOSING, TcpState.ESTABLISHED)).isEqualTo(TcpState.CLOSING);
        assertThat(TcpState.merged(TcpState.FIN_WAIT_2, TcpState.CLOSING)).isEqualTo(TcpState.TIME_WAIT);
        assertThat(TcpState.merged(TcpState.SYN_RECV, TcpState.CLOSED)).isEqualTo(TcpState.ESTABLISHED);
        assertThat(TcpState.of(10)).isEqualTo(TcpState.TIME_WAIT);
        assertThat(TcpState.values()).hasSize(11);
    }

    @Test
    void countersHaveTheNamesOfOpenVSwitch() {
        assertThat(Counter.L4CSUM_ERR.label()).isEqualTo("conntrack_l4csum_err");
        assertThat(Counter.TCP_SEQ_CHK_BYPASS.label()).isEqualTo("conntrack_tcp_seq_chk_bypass");
        assertThat(Counter.LOOKUP_NATTED_MISS.label()).isEqualTo("conntrack_lookup_natted_miss");
        assertThat(Counter.INVALID_TCP_FLAGS.label()).isEqualTo("conntrack_invalid_tcp_flags");
    }
}
