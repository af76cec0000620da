// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UnitsTest {

    @ParameterizedTest
    @CsvSource({"0, 0 B", "999, 999 B", "1000, 1.0 kB", "99949, 99.9 kB", "100000, 100 kB", "1500000, 1.5 MB",
        "999999, 1.0 MB", "2000000000, 2.0 GB"})
    void bytesHaveThreeDigits(final long bytes, final String text) {
        assertThat(Units.bytes(bytes)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"0, 0 packets/s", "642.2, 642 packets/s", "451000, 451k packets/s", "1250000, 1.3M packets/s"})
    void ratesHaveThreeDigits(final double rate, final String text) {
        assertThat(Units.rate(rate)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"0, 0 us", "999999, 999 us", "1000000, 1 ms", "999000000, 999 ms", "1500000000, 1.50 s",
        "119000000000, 119 s", "125000000000, 2 min 05 s", "7200000000000, 2 h 00 min", "172800000000000, 2 d 00 h"})
    void durationsHaveTheUnitThatFits(final long ns, final String text) {
        assertThat(Units.duration(ns)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"0, 0 flows", "1, 1 flow", "2, 2 flows"})
    void countsKnowThePlural(final long number, final String text) {
        assertThat(Units.count(number, "flow")).isEqualTo(text);
    }
}
