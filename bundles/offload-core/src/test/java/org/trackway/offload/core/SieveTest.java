// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** A sieve may say yes where it should not, but never no. */
class SieveTest {

    private final Sieve sieve = new Sieve();

    @Test
    void whatIsLeftOfManyIsStillHeldAndHardlyAnythingElse() {
        LongStream.range(0, 100_000).forEach(sieve::add);
        LongStream.range(0, 100_000).filter(id -> id % 1000 != 7).forEach(sieve::remove);
        assertThat(LongStream.range(0, 100_000).filter(id -> id % 1000 == 7)).allMatch(sieve::mayHold);
        assertThat(LongStream.range(0, 100_000).filter(sieve::mayHold).count()).isLessThan(1000);
        LongStream.range(0, 100).forEach(i -> sieve.remove(1000 * i + 7));
        assertThat(LongStream.range(0, 100_000)).noneMatch(sieve::mayHold);
    }
}
