// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.TcpState;
import org.trackway.packet.IpProtocol;

class ConditionsTest {

    private static final Connection SNAT = Connections.udp("10.1.1.1", 1000, "10.1.1.2", 53)
        .reply(Connections.tuple(IpProtocol.UDP, "10.1.1.2", 53, "10.1.1.240", 2000)).mark(0x1f).make();
    private static final Connection V6 = Connections.udp("fc00::1", 1000, "fc00::2", 53).make();
    private static final Connection ECHO = Connections.echo("10.1.1.1", "10.1.1.2", 53).make();

    private static boolean takes(final Conditions conditions, final Connection connection) {
        return conditions.filter().matches(connection);
    }

    @Test
    void nothingGivenTakesEverything() {
        assertThat(new Conditions(null).protocol(null).address(null).port(null).state(null).mark(null).helper(null)
            .filter()).isSameAs(ConnectionFilter.ALL);
    }

    @ParameterizedTest
    @CsvSource({"10.1.1.1, true", "10.1.1.2, true", "10.1.1.240, true", "10.1.1.3, false", "10.1.0.0/16, true",
        "10.2.0.0/16, false", "10.1.1.241/31, true", "10.1.1.242/31, false", "0.0.0.0/0, true", "::/0, false"})
    void addressesAndNetworksMatchEitherSideBeforeAndAfterTranslation(final String address, final boolean taken) {
        assertThat(takes(new Conditions(null).address(address), SNAT)).isEqualTo(taken);
    }

    @ParameterizedTest
    @CsvSource({"fc00::2, true", "fc00::/64, true", "fc00::2/127, true", "fc00::4/126, false", "::/0, true",
        "0.0.0.0/0, false", "fc00::/1, true"})
    void networksOfIpv6HaveUpTo128Bits(final String address, final boolean taken) {
        assertThat(takes(new Conditions(null).address(address), V6)).isEqualTo(taken);
    }

    @ParameterizedTest
    @CsvSource({"53, true", "1000, true", "2000, true", "2001, false"})
    void portsMatchEitherSideBeforeAndAfterTranslation(final String port, final boolean taken) {
        assertThat(takes(new Conditions(null).port(port), SNAT)).isEqualTo(taken);
    }

    @Test
    void anIdentifierIsNoPort() {
        assertThat(takes(new Conditions(null).port("53"), ECHO)).isFalse();
    }

    @Test
    void zoneProtocolStateMarkAndHelperMatch() {
        final Connection ftp = Connections.tcp(TcpState.ESTABLISHED, "10.1.1.1", 1000, "10.1.1.2", 21).zone(5)
            .helper("ftp").make();

        assertThat(takes(new Conditions("5"), ftp)).isTrue();
        assertThat(takes(new Conditions("6"), ftp)).isFalse();
        assertThat(takes(new Conditions(null).protocol("TCP"), ftp)).isTrue();
        assertThat(takes(new Conditions(null).protocol("6"), ftp)).isTrue();
        assertThat(takes(new Conditions(null).protocol("udp"), ftp)).isFalse();
        assertThat(takes(new Conditions(null).state("established"), ftp)).isTrue();
        assertThat(takes(new Conditions(null).state("closing"), ftp)).isFalse();
        assertThat(takes(new Conditions(null).helper("ftp"), ftp)).isTrue();
        assertThat(takes(new Conditions(null).helper("ftp"), SNAT)).isFalse();
        assertThat(takes(new Conditions(null).mark("0x10/0xf0"), SNAT)).isTrue();
        assertThat(takes(new Conditions(null).mark("0x10"), SNAT)).isFalse();
        assertThat(takes(new Conditions("5").protocol("tcp").state("closing"), ftp)).as("all must hold").isFalse();
    }

    @Test
    void whatIsWrongIsNamedWithWhatIsAllowed() {
        final Conditions any = new Conditions(null);
        assertThatThrownBy(() -> new Conditions("70000")).hasMessage("zone '70000' is not a number from 0 to 65535");
        assertThatThrownBy(() -> any.protocol("foo")).hasMessageStartingWith("unknown protocol 'foo': give icmp");
        assertThatThrownBy(() -> any.address("10.1.1")).hasMessage("'10.1.1' is not an IPv4 or IPv6 address");
        assertThatThrownBy(() -> any.address("10.0.0.0/33"))
            .hasMessage("prefix length '33' is not a number from 0 to 32");
        assertThatThrownBy(() -> any.port("x")).hasMessage("port 'x' is not a number from 0 to 65535");
        assertThatThrownBy(() -> any.state("open"))
            .hasMessageStartingWith("unknown state 'open': give one of SYN_SENT");
        assertThatThrownBy(() -> any.mark("x")).hasMessageStartingWith("mark 'x' is not a number of 32 bits");
    }
}
