// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.afpacket;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.trackway.port.afpacket.Drops.Reason;

class DropsTest {

    @Test
    void reasonsAreCountedAndSpokenOf() {
        final Drops drops = new Drops();
        assertThat(drops.toString()).isEmpty();
        drops.add(Reason.TOO_LONG, 2);
        drops.add(Reason.RING_FULL, 40);
        drops.add(Reason.RING_FULL, 1);
        assertThat(drops.total()).isEqualTo(43);
        assertThat(drops.count(Reason.RING_FULL)).isEqualTo(41);
        assertThat(drops).hasToString(
            "41 found the receive ring full, 2 were longer than the interface's MTU");
    }
}
