// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.trackway.packet.Bytes;
import org.trackway.packet.Checksums;

/** The repaired CRC is the one that a whole new computation gives. */
class Crc32cTest {

    @Property
    void repairAgreesWithAFreshComputation(@ForAll final int before, @ForAll final int after,
            @ForAll @IntRange(min = 12, max = 65_535) final int length, @ForAll final byte filling) {
        final byte[] packet = new byte[length];
        Arrays.fill(packet, filling);
        Bytes.put32(packet, 0, before);
        final int crc = Checksums.sctp(packet, 0, length);
        Bytes.put32(packet, 0, after);
        assertThat(Crc32c.repair(crc, before ^ after, length)).isEqualTo(Checksums.sctp(packet, 0, length));
    }

    @Property
    void wrongCrcStaysWrongByTheSameBits(@ForAll final int crc, @ForAll final int error, @ForAll final int change,
            @ForAll @IntRange(min = 12, max = 65_535) final int length) {
        assertThat(Crc32c.repair(crc ^ error, change, length) ^ Crc32c.repair(crc, change, length)).isEqualTo(error);
    }
}
