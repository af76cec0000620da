// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

/**
 * Repairs SCTP's CRC32c (RFC 9260 section 6.8) after a change without reading the packet. The CRC is linear: the CRCs
 * of two packets of equal length differ by the bare CRC of what differs between them, and zeros behind that are powers
 * of x modulo the polynomial. So a wrong CRC stays wrong by as much, and a packet of which only the beginning is at
 * hand can be repaired too.
 */
final class Crc32c {

    /** The polynomial in bit-reversed form: the highest bit of a word is the lowest power. */
    private static final int POLYNOMIAL = 0x82f63b78;

    /** x to the power of 8 * 2^k: moves a remainder past 2^k bytes. */
    private static final int[] POWERS = new int[16];

    static {
        int power = 1 << 23;
        for (int k = 0; k < POWERS.length; k++) {
            POWERS[k] = power;
            power = multiply(power, power);
        }
    }

    private Crc32c() {
    }

    /**
     * {@return the CRC, as the four bytes stand in the header, after the first four bytes of the packet changed}
     *
     * @param crc    what the header held before
     * @param change exclusive or of the first four bytes before and after
     * @param length length of the whole packet in bytes, 4 to 65535
     */
    static int repair(final int crc, final int change, final int length) {
        int remainder = Integer.reverseBytes(change);
        for (int k = 0, left = length; left != 0; k++, left >>>= 1) {
            if ((left & 1) != 0) {
                remainder = multiply(POWERS[k], remainder);
            }
        }
        return crc ^ Integer.reverseBytes(remainder);
    }

    /** Multiplies two polynomials modulo the CRC's. */
    private static int multiply(final int one, final int other) {
        int product = 0;
        int shifted = other;
        for (int left = one; left != 0; left <<= 1) {
            product ^= shifted & left >> 31;
            shifted = shifted >>> 1 ^ POLYNOMIAL & -(shifted & 1);
        }
        return product;
    }
}
