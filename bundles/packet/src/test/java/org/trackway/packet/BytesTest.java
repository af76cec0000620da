// SPDX-License-Identifier: Apache-2.0
package org.trackway.packet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class BytesTest {

    @Property
    void numbersAreBigEndianAndUnsignedAtAnyIndex(@ForAll final long value, @ForAll @IntRange(max = 7) final int at) {
        final byte[] data = new byte[16];
        Bytes.put64(data, at, value);

        assertThat(data).isEqualTo(ByteBuffer.allocate(16).putLong(at, value).array());
        assertThat(Bytes.i64(data, at)).isEqualTo(value);
        assertThat(Bytes.i32(data, at)).isEqualTo((int) (value >>> 32));
        assertThat(Bytes.u32(data, at)).isEqualTo(value >>> 32);
        assertThat(Bytes.u16(data, at)).isEqualTo((int) (value >>> 48));
        assertThat(Bytes.u8(data, at)).isEqualTo((int) (value >>> 56));
    }

    @Property
    void writesTheLowBits(@ForAll final int value) {
        final byte[] data = new byte[8];
        Bytes.put32(data, 0, value);
        Bytes.put16(data, 4, value);
        Bytes.put8(data, 6, value);

        assertThat(data)
            .isEqualTo(ByteBuffer.allocate(8).putInt(value).putShort((short) value).put((byte) value).array());
    }

    @Test
    void doesNotReachOutsideTheArray() {
        final byte[] data = new byte[8];

        assertThatThrownBy(() -> Bytes.u8(data, 8)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> Bytes.u16(data, 7)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> Bytes.i32(data, 5)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> Bytes.i64(data, 1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> Bytes.put64(data, -1, 0)).isInstanceOf(IndexOutOfBoundsException.class);
    }
}
