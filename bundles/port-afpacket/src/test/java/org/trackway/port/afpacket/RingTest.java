// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.afpacket;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rings as the kernel fills them, in memory of the test's own: offsets are those of linux/if_packet.h. */
class RingTest {

    private static final int SLOT = 2048;
    private static final int BLOCK = 4096;

    private final ByteBuffer bytes = ByteBuffer.allocateDirect(2 * BLOCK).order(ByteOrder.nativeOrder());
    private final NativeMemory memory = new NativeMemory(bytes, 0);

    @Test
    void aSlotIsReadOnceItIsTheUsersAndGivenBack() {
        final RingV2 ring = new RingV2(memory, SLOT, 2, null);
        assertThat(ring.next()).isFalse();
        slot(0, Ring.STATUS_USER | Ring.STATUS_VLAN | Ring.STATUS_VLAN_TYPE, 60, 60);

        assertThat(ring.next()).isTrue();
        assertThat(ring.frame()).isSameAs(bytes);
        assertThat(ring.at).isEqualTo(92);
        assertThat(ring.length).isEqualTo(60);
        assertThat(ring.timestampNs).isEqualTo(3_000_000_007L);
        assertThat(ring.tci).isEqualTo(0xa005);
        assertThat(ring.tagType).isEqualTo(0x88a8);
        ring.release();
        assertThat(bytes.getInt(0)).as("status").isZero();
        assertThat(ring.next()).isFalse();
    }

    @Test
    void slotsFollowOneAnotherAroundTheRing() {
        final RingV2 ring = new RingV2(memory, SLOT, 2, null);
        for (int i = 0; i < 5; i++) {
            slot(i % 2 * SLOT, Ring.STATUS_USER, 60 + i, 60 + i);
            assertThat(ring.next()).isTrue();
            assertThat(ring.length).isEqualTo(60 + i);
            ring.release();
        }
    }

    @Test
    void aFrameThatWasCutIsLost() {
        final RingV2 ring = new RingV2(memory, SLOT, 2, null);
        slot(0, Ring.STATUS_USER, 5000, 1956);
        assertThat(ring.next()).isTrue();
        assertThat(ring.frame()).isNull();
    }

    private void slot(final int base, final int status, final int length, final int captured) {
        bytes.putInt(base, status).putInt(base + 4, length).putInt(base + 8, captured).putShort(base + 12, (short) 92)
            .putInt(base + 16, 3).putInt(base + 20, 7).putShort(base + 24, (short) 0xa005)
            .putShort(base + 26, (short) 0x88a8);
    }

    @ParameterizedTest
    @CsvSource({"68, 2048", "1500, 2048", "1888, 2048", "1889, 4096", "9000, 16384", "65536, 131072"})
    void aSlotHoldsWhatTheInterfaceMaySend(final int mtu, final int slot) {
        assertThat(RingV2.slotFor(mtu)).isEqualTo(slot);
    }

    @Test
    void aBlockIsGivenBackWithItsLastPacket() {
        final RingV3 ring = new RingV3(memory, BLOCK, 2);
        assertThat(ring.next()).isFalse();
        bytes.putInt(8, Ring.STATUS_USER).putInt(12, 2).putInt(16, 48);
        packet(48, 256, 60);
        packet(304, 0, 1500);

        assertThat(ring.next()).isTrue();
        assertThat(ring.at).isEqualTo(48 + 92);
        assertThat(ring.length).isEqualTo(60);
        assertThat(ring.timestampNs).isEqualTo(3_000_000_007L);
        assertThat(ring.tci).isEqualTo(0xa005);
        assertThat(ring.tagType).isEqualTo(0x88a8);
        ring.release();
        assertThat(bytes.getInt(8)).as("block status").isEqualTo(Ring.STATUS_USER);
        assertThat(ring.next()).isTrue();
        assertThat(ring.at).isEqualTo(304 + 92);
        assertThat(ring.length).isEqualTo(1500);
        ring.release();
        assertThat(bytes.getInt(8)).as("block status").isZero();
        assertThat(ring.next()).isFalse();
    }

    @Test
    void anEmptyBlockIsSteppedOver() {
        final RingV3 ring = new RingV3(memory, BLOCK, 2);
        bytes.putInt(8, Ring.STATUS_USER).putInt(12, 0).putInt(16, 48);
        bytes.putInt(BLOCK + 8, Ring.STATUS_USER).putInt(BLOCK + 12, 1).putInt(BLOCK + 16, 48);
        packet(BLOCK + 48, 0, 77);
        assertThat(ring.next()).isTrue();
        assertThat(ring.length).isEqualTo(77);
        assertThat(bytes.getInt(8)).as("status of the empty block").isZero();
    }

    private void packet(final int at, final int next, final int length) {
        bytes.putInt(at, next).putInt(at + 4, 3).putInt(at + 8, 7).putInt(at + 12, length).putInt(at + 16, length)
            .putInt(at + 20, Ring.STATUS_VLAN).putShort(at + 24, (short) 92).putInt(at + 32, 0xa005)
            .putShort(at + 36, (short) 0x88a8);
    }
}
