// SPDX-License-Identifier: Apache-2.0
package org.trackway.packet;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Big-endian reads and writes on byte arrays, bounds-checked and unaligned. An index outside the array throws
 * {@link IndexOutOfBoundsException}: callers check lengths first, so that on the packet path it never happens.
 */
public final class Bytes {

    private static final VarHandle SHORT =
        MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle INT =
        MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONG =
        MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private Bytes() {
    }

    /** {@return the byte at {@code index} as 0..255} */
    public static int u8(final byte[] data, final int index) {
        return data[index] & 0xff;
    }

    /** {@return the two bytes at {@code index} as 0..65535} */
    public static int u16(final byte[] data, final int index) {
        return (short) SHORT.get(data, index) & 0xffff;
    }

    /** {@return the four bytes at {@code index} as a 32-bit pattern} */
    public static int i32(final byte[] data, final int index) {
        return (int) INT.get(data, index);
    }

    /** {@return the four bytes at {@code index} as 0..4294967295} */
    public static long u32(final byte[] data, final int index) {
        return (int) INT.get(data, index) & 0xffffffffL;
    }

    /** {@return the eight bytes at {@code index} as a 64-bit pattern} */
    public static long i64(final byte[] data, final int index) {
        return (long) LONG.get(data, index);
    }

    /** Writes the low 8 bits of {@code value}. */
    public static void put8(final byte[] data, final int index, final int value) {
        data[index] = (byte) value;
    }

    /** Writes the low 16 bits of {@code value}. */
    public static void put16(final byte[] data, final int index, final int value) {
        SHORT.set(data, index, (short) value);
    }

    /** Writes all 32 bits of {@code value}. */
    public static void put32(final byte[] data, final int index, final int value) {
        INT.set(data, index, value);
    }

    /** Writes all 64 bits of {@code value}. */
    public static void put64(final byte[] data, final int index, final long value) {
        LONG.set(data, index, value);
    }
}
