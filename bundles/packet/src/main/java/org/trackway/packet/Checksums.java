// SPDX-License-Identifier: Apache-2.0
package org.trackway.packet;

import java.util.zip.CRC32C;

/**
 * The Internet checksum (RFC 1071), its incremental repair (RFC 1624) and SCTP's CRC32c (RFC 9260 section 6.8).
 *
 * <p>Partial sums are plain {@code long}s: start from 0 or a pseudo header, add ranges, and {@link #fold} once. A range
 * of odd length counts as padded with a zero byte, so only the last one may be odd.
 */
public final class Checksums {

    private Checksums() {
    }

    /** {@return {@code sum} plus the 16-bit words of the range, not folded} */
    public static long add(final long sum, final byte[] data, final int offset, final int length) {
        long total = sum;
        int at = offset;
        // Adding 32-bit words to a 64-bit accumulator can't overflow below 2^32 words and folds to the same 16 bits.
        for (int left = length; left >= 32; left -= 32) {
            total += halves(data, at) + halves(data, at + 8) + halves(data, at + 16) + halves(data, at + 24);
            at += 32;
        }
        if ((length & 16) != 0) {
            total += halves(data, at) + halves(data, at + 8);
            at += 16;
        }
        if ((length & 8) != 0) {
            total += halves(data, at);
            at += 8;
        }
        if ((length & 4) != 0) {
            total += Bytes.u32(data, at);
            at += 4;
        }
        if ((length & 2) != 0) {
            total += Bytes.u16(data, at);
            at += 2;
        }
        if ((length & 1) != 0) {
            total += Bytes.u8(data, at) << 8;
        }
        return total;
    }

    private static long halves(final byte[] data, final int at) {
        final long word = Bytes.i64(data, at);
        return (word >>> 32) + (word & 0xffffffffL);
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
        return fold(add(sum, data, offset, length)) == 0xffff;
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
