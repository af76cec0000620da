// SPDX-License-Identifier: Apache-2.0
package org.trackway.packet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IpAddressTest {

    @ParameterizedTest
    @CsvSource({
        "0.0.0.0, 0.0.0.0",
        "255.255.255.255, 255.255.255.255",
        "10.1.2.3, 10.1.2.3",
        "::, ::",
        "::1, ::1",
        "1::, 1::",
        "fe80:0:0:0:0:0:0:1, fe80::1",
        "2001:DB8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
        "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
        "2001:0:0:1::1, 2001:0:0:1::1",
        "0:0:0:0:0:ffff:102:304, ::ffff:1.2.3.4",
        "::ffff:1.2.3.4, ::ffff:1.2.3.4",
        "::ffff:0:0, ::ffff:0.0.0.0",
        "::1.2.3.4, ::1.2.3.4",
        "::1:2, ::0.1.0.2",
        "::ffff:0:1.2.3.4, ::ffff:0:102:304",
        "64:ff9b::1.2.3.4, 64:ff9b::102:304",
        "1:2:3:4:5:6:1.2.3.4, 1:2:3:4:5:6:102:304",
        "::2:3:4:5:6:7:8, 0:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7::, 1:2:3:4:5:6:7:0",
        "0:0:1::, 0:0:1::",
        "00ff::0001, ff::1",
    })
    void readsWhatInetPtonTakesAndWritesWhatInetNtopGives(final String text, final String canonical) {
        assertThat(IpAddress.parse(text)).hasToString(canonical);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "", " ", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.-4", "1.2.3.04", "01.2.3.4", "1.2.3.4 ", "1.2..4",
        ".1.2.3", "1.2.3.", "0x1.2.3.4", "1.2.3.1000", "1.2.3.٤", "localhost", "a.b.c.d",
        ":", ":::", "1:", ":1", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::",
        "::1:2:3:4:5:6:7:8", "12345::", "g::", "+1::", "-1::", "1:::2", "::1.2.3", "::1.2.3.4.5", "1.2.3.4::",
        "::1.2.3.4:1", "1::1.2.3.256", "1:2:3:4:5:6:7:1.2.3.4", "1:2:3:4:5::6:1.2.3.4:",
        "fe80::1%eth0", "[::1]", "::/0", "::٤", "1:2:3:4:5:6:7:"})
    void refusesEverythingElseByName(final String text) {
        assertThatThrownBy(() -> IpAddress.parse(text)).isInstanceOf(IllegalArgumentException.class)
            .hasMessage("'" + text + "' is not an IPv4 or IPv6 address");
    }

    @Property
    void everyIpv4AddressSurvivesItsText(@ForAll final int bits) {
        assertThat(IpAddress.parse(IpAddress.v4(bits).toString())).isEqualTo(IpAddress.v4(bits));
    }

    @Property
    void everyIpv6AddressSurvivesItsText(@ForAll("sparse") final long high, @ForAll("sparse") final long low) {
        assertThat(IpAddress.parse(IpAddress.v6(high, low).toString())).isEqualTo(IpAddress.v6(high, low));
    }

    @Property
    void readsAnAddressAsTheJvmDoes(@ForAll("sparse") final long high, @ForAll("sparse") final long low)
            throws UnknownHostException {
        final byte[] bytes = ByteBuffer.allocate(16).putLong(high).putLong(low).array();
        final String long6 = InetAddress.getByAddress(bytes).getHostAddress();
        final IpAddress address = IpAddress.v6(high, low);

        if (!(InetAddress.getByAddress(bytes) instanceof Inet4Address)) {
            assertThat(IpAddress.parse(long6)).isEqualTo(address);
        }
        assertThat(InetAddress.getByName(address.toString())).isEqualTo(InetAddress.getByAddress(bytes));
    }

    @Property(tries = 5000)
    void whatLooksLikeAnIpv6AddressIsOneIfTheJvmSaysSo(@ForAll("nearlyIpv6") final String text) {
        // inet_pton takes four digits at the most and no leading zeros in a dotted quad, the JVM takes both.
        final boolean tooLong = text.matches(".*[0-9a-f]{5}.*") || text.matches(".*:0[0-9]+\\..*");
        assertThat(isAddress(text)).as(text).isEqualTo(isAddressToTheJvm(text) && !tooLong);
    }

    @Property
    void whatLooksLikeAnIpv4AddressHasFourNumbersBelow256(@ForAll("nearlyIpv4") final String text) {
        final boolean expected = text.matches("(0|[1-9][0-9]*)(\\.(0|[1-9][0-9]*)){3}")
            && Stream.of(text.split("\\.")).allMatch(part -> Integer.parseInt(part) < 256);

        assertThat(isAddress(text)).as(text).isEqualTo(expected);
    }

    @Property(edgeCases = EdgeCasesMode.NONE)
    void ordersLikeTheBytes(@ForAll("sparse") final long high, @ForAll("sparse") final long low,
            @ForAll("sparse") final long otherHigh, @ForAll("sparse") final long otherLow) {
        final byte[] bytes = ByteBuffer.allocate(16).putLong(high).putLong(low).array();
        final byte[] others = ByteBuffer.allocate(16).putLong(otherHigh).putLong(otherLow).array();

        assertThat(Integer.signum(IpAddress.v6(high, low).compareTo(IpAddress.v6(otherHigh, otherLow))))
            .isEqualTo(Integer.signum(Arrays.compareUnsigned(bytes, others)));
    }

    @Test
    void ipv4ComesBeforeIpv6() {
        assertThat(IpAddress.parse("255.255.255.255")).isLessThan(IpAddress.ANY_V6);
        assertThat(IpAddress.ANY_V6).isGreaterThan(IpAddress.ANY_V4);
        assertThat(IpAddress.parse("128.0.0.0")).isGreaterThan(IpAddress.parse("127.0.0.1"));
    }

    @Test
    void anyHasNoBitSet() {
        assertThat(IpAddress.parse("0.0.0.0")).isEqualTo(IpAddress.ANY_V4).matches(IpAddress::isAny);
        assertThat(IpAddress.parse("::")).isEqualTo(IpAddress.ANY_V6).matches(IpAddress::isAny);
        assertThat(IpAddress.parse("1::").isAny()).isFalse();
        assertThat(IpAddress.parse("::1").isAny()).isFalse();
    }

    @Test
    void anIpv4AddressHas32Bits() {
        assertThatThrownBy(() -> new IpAddress(false, 0, 1L << 32)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new IpAddress(false, 1, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThat(IpAddress.v4(-1)).isEqualTo(new IpAddress(false, 0, 0xffffffffL));
    }

    /** Halves of addresses with many zero groups. */
    @Provide
    Arbitrary<Long> sparse() {
        return Arbitraries.of(0, 0, 0, 1, 0xffff, 0x0102, 0xabcd).list().ofSize(4).map(groups ->
            groups.stream().mapToLong(Integer::longValue).reduce(0, (all, group) -> all << 16 | group));
    }

    @Provide
    Arbitrary<String> nearlyIpv6() {
        return Arbitraries.of("0", "1", "a", "ffff", "12345", "g", ":", ":", ":", ":", "::", "::", "1.2.3.4",
            "1:2:3:4:5:6").list().ofMinSize(1).ofMaxSize(16)
            .map(parts -> String.join("", parts)).filter(text -> text.contains(":"));
    }

    @Provide
    Arbitrary<String> nearlyIpv4() {
        return Arbitraries.of("0", "1", "25", "255", "256", "010", "").list().ofMinSize(3).ofMaxSize(5)
            .map(parts -> parts.stream().collect(Collectors.joining(".")));
    }

    private static boolean isAddress(final String text) {
        try {
            IpAddress.parse(text);
            return true;
        } catch (final IllegalArgumentException e) {
            return false;
        }
    }

    private static boolean isAddressToTheJvm(final String text) {
        try {
            // In brackets it is never taken for a name to be looked up.
            InetAddress.getByName("[" + text + "]");
            return true;
        } catch (final UnknownHostException e) {
            return false;
        }
    }
}
