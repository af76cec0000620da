// SPDX-License-Identifier: Apache-2.0
package org.trackway.packet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IpProtocolTest {

    @ParameterizedTest
    @CsvSource({"1, icmp", "2, igmp", "6, tcp", "17, udp", "33, dccp", "58, icmpv6", "132, sctp", "136, udplite",
        "47, 47", "0, 0", "255, 255"})
    void namesReadAndPrintAlike(final int number, final String name) {
        assertThat(IpProtocol.name(number)).isEqualTo(name);
        assertThat(IpProtocol.parse(name)).isEqualTo(number);
    }

    @Test
    void icmp6IsAnotherNameForIcmpv6() {
        assertThat(IpProtocol.parse("icmp6")).isEqualTo(58);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "TCP", "256", "-1", "6.0", "quic"})
    void refusesTheRestAndSaysWhatThereIs(final String text) {
        assertThatThrownBy(() -> IpProtocol.parse(text)).isInstanceOf(IllegalArgumentException.class)
            .hasMessage("unknown protocol '" + text
                + "': give icmp, icmpv6, igmp, tcp, udp, udplite, sctp, dccp or a number from 0 to 255");
    }

    @Test
    void portsOfTcpUdpAndSctpMayBeTranslated() {
        for (int protocol = 0; protocol < 256; protocol++) {
            assertThat(IpProtocol.hasPorts(protocol)).isEqualTo(protocol == 6 || protocol == 17 || protocol == 132);
        }
    }
}
