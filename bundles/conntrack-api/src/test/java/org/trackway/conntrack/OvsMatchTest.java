// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;

/** What flush-conntrack takes. */
class OvsMatchTest {

    private static final IpAddress A = IpAddress.parse("10.1.1.1");
    private static final IpAddress B = IpAddress.parse("10.1.1.2");
    private static final Tuple UDP = Tuple.of(A, B, IpProtocol.UDP, 1, 2);
    private static final Tuple ECHO = new Tuple(A, B, IpProtocol.ICMP, 555, 555, 8);
    private static final Tuple UDP6 = Tuple.of(IpAddress.parse("fc00::1"), IpAddress.parse("fc00::2"), IpProtocol.UDP,
        1, 2);

    private static OvsMatch match(final String... arguments) {
        return OvsMatch.parse(List.of(arguments));
    }

    private static boolean takes(final OvsMatch match, final Connection connection) {
        return match.filter().matches(connection);
    }

    private static Connection connection(final int zone, final Tuple tuple, final int mark, final long labelHigh) {
        final Connection.Count none = new Connection.Count(0, 0);
        return new Connection(1, zone, tuple, tuple.reverse(), mark, labelHigh, 0, 0, "MULTIPLE", Optional.empty(),
            Optional.empty(), Optional.empty(), false, false, Optional.empty(), 0, 0, none, none);
    }

    @Test
    void nothingOrAZoneAloneMeansAllOfIt() {
        assertThat(match().filter().isZoneOnly()).isTrue();
        assertThat(match().filter().zone()).isEmpty();
        assertThat(match("zone=5").filter().isZoneOnly()).isTrue();
        assertThat(match("zone=5").filter().zone()).hasValue(5);
        assertThat(match("zone=5", "").filter().isZoneOnly()).isTrue();
    }

    @Test
    void aWholeTupleMeansOneConnection() {
        final String tuple = "ct_nw_src=10.1.1.1,ct_nw_dst=10.1.1.2,ct_nw_proto=17,ct_tp_src=1,ct_tp_dst=2";

        assertThat(match(tuple).tuple()).contains(UDP);
        assertThat(match("zone=3", tuple).tuple()).contains(UDP);
        assertThat(match("zone=3", tuple).zone()).hasValue(3);
        assertThat(match("mark=1", tuple).tuple()).as("with a mark it is a search").isEmpty();
        assertThat(match(tuple, "ct_nw_src=10.1.1.2").tuple()).as("with a reply tuple it is a search").isEmpty();
        assertThat(match("ct_nw_src=10.1.1.1,ct_nw_dst=10.1.1.2,ct_nw_proto=1,icmp_id=555,icmp_type=8").tuple())
            .contains(ECHO);
    }

    @Test
    void partsOfATupleMatchWhatHasThem() {
        final OvsMatch match = match("ct_nw_dst=10.1.1.2,ct_nw_proto=17");

        assertThat(match.tuple()).isEmpty();
        assertThat(takes(match, connection(0, UDP, 0, 0))).isTrue();
        assertThat(takes(match, connection(9, UDP, 0, 0))).as("in every zone").isTrue();
        assertThat(takes(match, connection(0, UDP.reverse(), 0, 0))).isFalse();
        assertThat(takes(match, connection(0, ECHO, 0, 0))).isFalse();
        assertThat(takes(match("", "ct_nw_src=10.1.1.2"), connection(0, UDP, 0, 0))).as("the reply's tuple").isTrue();
        assertThat(takes(match("", "ct_nw_src=10.1.1.1"), connection(0, UDP, 0, 0))).isFalse();
    }

    @Test
    void familyAloneAndIdentifierAloneAreConditions() {
        assertThat(takes(match("ct_ipv6_src=::"), connection(0, UDP6, 0, 0))).isTrue();
        assertThat(takes(match("ct_ipv6_src=::"), connection(0, UDP, 0, 0))).isFalse();
        assertThat(takes(match("ct_nw_proto=1,icmp_id=555"), connection(0, ECHO, 0, 0))).isTrue();
        assertThat(takes(match("ct_nw_proto=1,icmp_id=556"), connection(0, ECHO, 0, 0))).isFalse();
    }

    @Test
    void marksAndLabelsAreComparedUnderTheirMasks() {
        assertThat(takes(match("mark=0x10/0xf0"), connection(0, UDP, 0x1f, 0))).isTrue();
        assertThat(takes(match("mark=0x10/0xf0"), connection(0, UDP, 0x2f, 0))).isFalse();
        assertThat(takes(match("mark=4294967295"), connection(0, UDP, -1, 0))).isTrue();
        assertThat(takes(match("labels=0x10000000000000000/0xff0000000000000000"), connection(0, UDP, 0, 1))).isTrue();
        assertThat(takes(match("labels=0x10000000000000000"), connection(0, UDP, 0, 2))).isFalse();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
        zone=x                          | zone 'x' is not a number from 0 to 65535
        zone=65536                      | zone '65536' is not a number from 0 to 65535
        mark=x                          | mark 'x' is not a number of 32 bits
        mark=1/0x1ffffffff              | mark mask '0x1ffffffff' is not a number of 32 bits
        labels=-1                       | labels '-1' is not a number of 128 bits
        ct_foo=1                        | 'ct_foo' is no field of a tuple: give ct_nw_src, ct_nw_dst
        ct_nw_src                       | ct_nw_src has no value
        ct_nw_src=1                     | ct_nw_src: '1' is not an IPv4 or IPv6 address
        ct_nw_src=fc00::1               | ct_nw_src=fc00::1 is of the other IP version
        ct_nw_src=1.1.1.1,ct_ipv6_dst=::1 | ct_ipv6_dst=::1 is of the other IP version
        ct_nw_src=1.1.1.1,ct_nw_src=1.1.1.2 | ct_nw_src is given twice
        ct_tp_src=1                     | ct_tp_src and ct_tp_dst need ct_nw_proto
        icmp_id=1                       | icmp_id, icmp_type and icmp_code need ct_nw_proto=1
        ct_nw_proto=17,ct_tp_src=70000  | ct_tp_src '70000' is not a number from 0 to 65535
        """)
    void whatIsWrongIsNamedWithWhatIsAllowed(final String argument, final String message) {
        assertThatThrownBy(() -> match(argument)).isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining(message);
    }

    @Test
    void theOrderIsFixed() {
        assertThatThrownBy(() -> match("mark=1", "zone=1")).hasMessageContaining("'zone' is no field of a tuple");
        assertThatThrownBy(() -> match("", "", "x")).hasMessageContaining("'x' is one argument too many");
    }
}
