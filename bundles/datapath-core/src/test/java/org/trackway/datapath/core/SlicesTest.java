// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.trackway.datapath.ReplayResult.Slice;

class SlicesTest {

    @Test
    void aReplayOfNothingHasNone() {
        assertThat(new Slices().all()).isEmpty();
    }

    @Test
    void packetsAreInTheSliceInWhichTheyCame() {
        final Slices slices = new Slices();
        slices.add(20, 0);
        slices.add(12, 5);
        slices.add(1, 1);
        assertThat(slices.all()).containsExactly(new Slice(32, 5), new Slice(1, 1));
    }

    @ParameterizedTest
    @ValueSource(ints = {641, 1_281, 100_000})
    void thereAreNeverTooManyNorTooFewAndEveryPacketIsInOne(final int packets) {
        final Slices slices = new Slices();
        for (int i = 0; i < packets; i++) {
            slices.add(1, i < packets / 2 ? 0 : 1);
        }
        assertThat(slices.all()).hasSizeBetween(Slices.MAX / 2, Slices.MAX);
        assertThat(slices.all().stream().mapToLong(Slice::packets).sum()).isEqualTo(packets);
        assertThat(slices.all().stream().mapToLong(Slice::bypassed).sum()).isEqualTo(packets - packets / 2);
        assertThat(slices.all().get(0).bypassed()).isZero();
        assertThat(slices.all().get(slices.all().size() - 1)).matches(slice -> slice.bypassed() == slice.packets());
    }
}
