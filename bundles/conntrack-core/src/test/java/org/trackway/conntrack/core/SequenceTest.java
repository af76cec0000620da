// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SequenceTest {

    @Test
    void sequenceNumbersAreComparedModulo() {
        assertThat(Sequence.isAtLeast(5, 5)).isTrue();
        assertThat(Sequence.isAfter(5, 5)).isFalse();
        assertThat(Sequence.isAfter(6, 5)).isTrue();
        assertThat(Sequence.isAtLeast(5, 6)).isFalse();
        assertThat(Sequence.isAfter(1, 0xffffffff)).isTrue();
        assertThat(Sequence.isAtLeast(0xffffffff, 1)).isFalse();
        assertThat(Sequence.isAfter(0x7fffffff, 0)).isTrue();
        assertThat(Sequence.isAfter(0x80000001, 0)).isFalse();
    }
}
