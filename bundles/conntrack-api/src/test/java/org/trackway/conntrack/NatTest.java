// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.trackway.packet.IpAddress;

class NatTest {

    private static Nat nat(final String min, final String max, final int minPort, final int maxPort) {
        return new Nat(Nat.Kind.SOURCE, IpAddress.parse(min), IpAddress.parse(max), minPort, maxPort, false, false);
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.0.1, 10.0.0.1, 0, 0, nat(src=10.0.0.1)",
        "10.0.0.1, 10.0.0.9, 0, 0, nat(src=10.0.0.1-10.0.0.9)",
        "10.0.0.1, 10.0.0.1, 80, 80, nat(src=10.0.0.1:80)",
        "10.0.0.1, 10.0.0.9, 80, 90, nat(src=10.0.0.1-10.0.0.9:80-90)",
        "0.0.0.0, 0.0.0.0, 0, 0, nat(src=0.0.0.0)",
        "fd00::1, fd00::1, 0, 0, nat(src=fd00::1)",
        "fd00::1, fd00::9, 0, 0, nat(src=fd00::1-fd00::9)",
        "fd00::1, fd00::1, 80, 80, nat(src=[fd00::1]:80)",
        "fd00::1, fd00::9, 80, 90, nat(src=[fd00::1-fd00::9]:80-90)"
    })
    void aTranslationIsPrintedAsItIsWritten(final String min, final String max, final int minPort, final int maxPort,
            final String text) {
        assertThat(nat(min, max, minPort, maxPort)).hasToString(text);
    }

    @Test
    void kindsAndFlagsArePrinted() {
        final IpAddress to = IpAddress.parse("10.0.0.1");
        assertThat(Nat.KNOWN).hasToString("nat");
        assertThat(new Nat(Nat.Kind.DESTINATION, to, to, 1, 2, true, true))
            .hasToString("nat(dst=10.0.0.1:1-2,persistent,random)");
    }

    @Test
    void portsAreGivenIfThereIsALowestOne() {
        assertThat(nat("10.0.0.1", "10.0.0.1", 0, 0).hasPorts()).isFalse();
        assertThat(nat("10.0.0.1", "10.0.0.1", 1, 65535).hasPorts()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"10.0.0.2, 10.0.0.1, 0, 0", "200.0.0.1, 100.0.0.1, 0, 0", "ff00::1, fd00::1, 0, 0", "10.0.0.1, fd00::1, 0, 0",
        "10.0.0.1, 10.0.0.1, 0, 5", "10.0.0.1, 10.0.0.1, 6, 5", "10.0.0.1, 10.0.0.1, 1, 65536",
        "10.0.0.1, 10.0.0.1, -1, 5"})
    void whatIsNoRangeIsRefused(final String min, final String max, final int minPort, final int maxPort) {
        assertThatIllegalArgumentException().isThrownBy(() -> nat(min, max, minPort, maxPort))
            .withMessageContaining("not a range");
    }
}
