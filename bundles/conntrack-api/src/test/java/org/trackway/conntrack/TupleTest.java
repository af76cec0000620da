// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;

class TupleTest {

    private static final IpAddress A = IpAddress.parse("10.1.1.1");
    private static final IpAddress B = IpAddress.parse("10.1.1.2");
    private static final IpAddress A6 = IpAddress.parse("fd00::1");
    private static final IpAddress B6 = IpAddress.parse("fd00::2");

    @Property(edgeCases = EdgeCasesMode.NONE)
    void theReverseOfTheReverseIsTheSame(@ForAll final int source, @ForAll final int destination,
            @ForAll @IntRange(max = 255) final int protocol, @ForAll @IntRange(max = 65535) final int from,
            @ForAll @IntRange(max = 65535) final int to, @ForAll @IntRange(max = 255) final int type) {
        final Tuple v4 = new Tuple(IpAddress.v4(source), IpAddress.v4(destination), protocol, from, to, type);
        assertThat(v4.reverse().reverse()).isEqualTo(v4);
        assertThat(v4.reverse().source()).isEqualTo(v4.destination());
        assertThat(v4.reverse().sourcePort()).isEqualTo(to);
        assertThat(v4.reverse().destinationPort()).isEqualTo(from);
        final Tuple v6 = new Tuple(IpAddress.v6(source, from), IpAddress.v6(destination, to), protocol, from, to, type);
        assertThat(v6.reverse().reverse()).isEqualTo(v6);
    }

    @ParameterizedTest
    @CsvSource({"8, 0", "0, 8", "13, 14", "14, 13", "15, 16", "16, 15", "3, 3", "17, 17"})
    void icmpTypesAreAnsweredByOthers(final int type, final int answer) {
        assertThat(Tuple.reverseIcmpType(IpProtocol.ICMP, type)).isEqualTo(answer);
        assertThat(new Tuple(A, B, IpProtocol.ICMP, 7, 7, type).reverse())
            .isEqualTo(new Tuple(B, A, IpProtocol.ICMP, 7, 7, answer));
    }

    @ParameterizedTest
    @CsvSource({"128, 129", "129, 128", "8, 8", "1, 1", "135, 135"})
    void icmpv6EchoIsAnsweredByItsReply(final int type, final int answer) {
        assertThat(Tuple.reverseIcmpType(IpProtocol.ICMPV6, type)).isEqualTo(answer);
        assertThat(new Tuple(A6, B6, IpProtocol.ICMPV6, 7, 7, type).reverse())
            .isEqualTo(new Tuple(B6, A6, IpProtocol.ICMPV6, 7, 7, answer));
    }

    @Test
    void icmpOverTheOtherIpVersionHasNoTypesToReverse() {
        assertThat(Tuple.of(A6, B6, IpProtocol.ICMP, 0, 0).reverse()).isEqualTo(Tuple.of(B6, A6, IpProtocol.ICMP, 0, 0));
        assertThat(new Tuple(A, B, IpProtocol.ICMPV6, 0, 0, 128).reverse().icmpType()).isEqualTo(128);
    }

    @Test
    void otherProtocolsHaveNoType() {
        assertThat(Tuple.reverseIcmpType(IpProtocol.UDP, 8)).isEqualTo(8);
    }

    @Test
    void aTupleIsPrintedAsOpenVSwitchPrintsIt() {
        assertThat(Tuple.of(A, B, IpProtocol.UDP, 1, 2)).hasToString("src=10.1.1.1,dst=10.1.1.2,sport=1,dport=2");
        assertThat(Tuple.of(A6, B6, 99, 0, 0)).hasToString("src=fd00::1,dst=fd00::2,sport=0,dport=0");
        assertThat(new Tuple(A, B, IpProtocol.ICMP, 555, 555, 8))
            .hasToString("src=10.1.1.1,dst=10.1.1.2,id=555,type=8,code=0");
        assertThat(new Tuple(A6, B6, IpProtocol.ICMPV6, 5, 5, 129))
            .hasToString("src=fd00::1,dst=fd00::2,id=5,type=129,code=0");
    }

    @Test
    void partsOutOfRangeAreRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> Tuple.of(A, B6, 17, 1, 2)).withMessageContaining("fd00::2");
        assertThatIllegalArgumentException().isThrownBy(() -> Tuple.of(A, B, 256, 1, 2)).withMessageContaining("256");
        assertThatIllegalArgumentException().isThrownBy(() -> Tuple.of(A, B, -1, 1, 2));
        assertThatIllegalArgumentException().isThrownBy(() -> Tuple.of(A, B, 17, 65536, 2)).withMessageContaining("65536");
        assertThatIllegalArgumentException().isThrownBy(() -> Tuple.of(A, B, 17, 1, -2));
        assertThatIllegalArgumentException().isThrownBy(() -> new Tuple(A, B, 1, 1, 1, 256));
    }
}
