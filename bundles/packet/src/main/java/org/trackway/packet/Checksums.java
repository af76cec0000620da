// SPDX-License-Identifier: Apache-2.0
package org.trackway.packet;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * The Internet checksum (RFC 1071), its incremental repair (RFC 1624) and SCTP's CRC32c (RFC 9260 section 6.8).
 *
 * <p>Partial sums are plain {@code long}s: start from 0 or a pseudo header, add ranges, and {@link #fold} once. A range
 * of odd length counts as padded with a zero byte, so only the last one may be odd.
 */
public final class Checksums {

    private static final VarHandle TURNED =
        MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private Checksums() {
    }

    /** {@return {@code sum} plus the 16-bit words of the range, not folded} */
    public static long add(final long sum, final byte[] data, final int offset, final int length) {
        long turned = 0;
        int at = offset;
        for (int left = length; left >= 128; left -= 128) {
            turned += turned64(data, at) + turned64(data, at + 64);
            at += 128;
        }
        if ((length & 64) != 0) {
            turned += turned64(data, at);
            at += 64;
        }
        if ((length & 32) != 0) {
            turned += turned16(data, at) + turned16(data, at + 16);
            at += 32;
        }
        if ((length & 16) != 0) {
            turned += turned16(data, at);
            at += 16;
        }
        if ((length & 8) != 0) {
            turned += turned32(data, at) + turned32(data, at + 4);
            at += 8;
        }
        if ((length & 4) != 0) {
            turned += turned32(data, at);
            at += 4;
        }
        long total = sum;
        if ((length & 2) != 0) {
            total += Bytes.u16(data, at);
            at += 2;
        }
        if ((length & 1) != 0) {
            total += Bytes.u8(data, at) << 8;
        }
        final long straight = Long.reverseBytes(turned);
        return total + (straight >>> 32) + (straight & 0xffffffffL);
    }

    /**
     * Four bytes with the first one lowest, which most processors load in one step. The sum of turned words is the
     * turned sum (RFC 1071 section 2), and words of 32 bits fold to the same 16 bits; 2^32 of them fit into a long.
     */
    private static long turned32(final byte[] data, final int at) {
        return (int) TURNED.get(data, at) & 0xffffffffL;
    }

    private static long turned16(final byte[] data, final int at) {
        return turned32(data, at) + turned32(data, at + 4) + turned32(data, at + 8) + turned32(data, at + 12);
    }

    private static long turned64(final byte[] data, final int at) {
        return turned16(data, at) + turned16(data, at + 16) + turned16(data, at + 32) + turned16(data, at + 48);
    }

    /**
     * {@return whether the header checksum of an IPv4 header is right}
     *
     * @param offset index of the header, whose length is sound
     */
    public static boolean isHeaderValid(final byte[] data, final int offset) {
        final long first = turned32(data, offset);
        final int length = (int) first & 0xf;
        // Without options, as nearly always. The turned sum is right if and only if the straight one is.
        return length == 5
            ? isRight(first + turned32(data, offset + 4) + turned32(data, offset + 8) + turned32(data, offset + 12)
                + turned32(data, offset + 16))
            : isValid(0, data, offset, length * 4);
    }

    /** {@return the sum of the pseudo header of RFC 768/9293 (IPv4)} */
    public static long pseudo4(final int source, final int destination, final int protocol, final int length) {
        return (source & 0xffffffffL) + (destination & 0xffffffffL) + protocol + length;
    }

    /** {@return the sum of the pseudo header of RFC 8200 section 8.1 whose addresses are the 32 bytes at {@code offset}} */
    public static long pseudo6(final byte[] data, final int offset, final int protocol, final int length) {
        return add(protocol + (long) length, data, offset, 32);
    }

    /** {@return the one's complement sum folded to 16 bits, not inverted} */
    public static int fold(final long sum) {
        // A number plus itself with the halves exchanged: the upper half is their sum and the carry of the lower one.
        final int half = (int) (sum + Long.rotateLeft(sum, 32) >>> 32);
        return half + Integer.rotateLeft(half, 16) >>> 16;
    }

    /** {@return the checksum of the range: the inverted, folded sum} */
    public static int of(final long sum, final byte[] data, final int offset, final int length) {
        return ~fold(add(sum, data, offset, length)) & 0xffff;
    }

    /** {@return whether a range that includes its checksum field is right} */
    public static boolean isValid(final long sum, final byte[] data, final int offset, final int length) {
        return isRight(add(sum, data, offset, length));
    }

    /**
     * Whether a sum, below 2^63, folds to 0xffff: it is a multiple of 65535 other than 0. Multiplied by the inverse of
     * 65535 modulo 2^64 a multiple gives its quotient, less than 2^48, and everything else more than that.
     */
    private static boolean isRight(final long sum) {
        return sum * 0xfffefffefffeffffL >>> 48 == 0 && sum != 0;
    }

    /** {@return {@code checksum} after a 16-bit word changed (RFC 1624 equation 3)} */
    public static int update16(final int checksum, final int before, final int after) {
        return ~fold((~checksum & 0xffffL) + (~before & 0xffffL) + (after & 0xffffL)) & 0xffff;
    }

    /** {@return {@code checksum} after a 32-bit word at an even offset changed} */
    public static int update32(final int checksum, final int before, final int after) {
        return ~fold((~checksum & 0xffffL) + (~before & 0xffffffffL) + (after & 0xffffffffL)) & 0xffff;
    }

    /** {@return {@code checksum} after a 64-bit word at an even offset changed} */
    public static int update64(final int checksum, final long before, final long after) {
        return update32(update32(checksum, (int) (before >>> 32), (int) (after >>> 32)), (int) before, (int) after);
    }

    /** {@return what replacing one 32-bit word by another adds to a one's complement sum; 0 only if they are equal} */
    public static long change32(final int before, final int after) {
        return before == after ? 0 : (~before & 0xffffffffL) + (after & 0xffffffffL);
    }

    /** {@return what replacing one 64-bit word by another adds to a one's complement sum; 0 only if they are equal} */
    public static long change64(final long before, final long after) {
        return change32((int) (before >>> 32), (int) (after >>> 32)) + change32((int) before, (int) after);
    }

    /** {@return {@code checksum} after what it covers changed; changes of several words may be added up} */
    public static int repair(final int checksum, final long change) {
        return ~fold((~checksum & 0xffffL) + change) & 0xffff;
    }

    /** {@return the CRC32c of an SCTP packet whose checksum field counts as zero, in the byte order it is stored in} */
    public static int sctp(final byte[] data, final int offset, final int length) {
        final CRC32C crc = new CRC32C();
        crc.update(data, offset, 8);
        crc.update(0);
        crc.update(0);
        crc.update(0);
        crc.update(0);
        crc.update(data, offset + 12, length - 12);
        return Integer.reverseBytes((int) crc.getValue());
    }
}
