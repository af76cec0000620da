// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.math.BigInteger;

/** A number of up to 128 bits, for the control path. */
record Bits(long high, long low) {

    static final Bits ZERO = new Bits(0, 0);

    static Bits of(final long low) {
        return new Bits(0, low);
    }

    static Bits of(final BigInteger number) {
        return new Bits(number.shiftRight(64).longValue(), number.longValue());
    }

    /** {@return the number whose lowest {@code count} bits are set, 0..128} */
    static Bits ones(final int count) {
        return count > 64 ? new Bits(word(count - 64), -1) : new Bits(0, word(count));
    }

    private static long word(final int ones) {
        return ones == 0 ? 0 : -1L >>> 64 - ones;
    }

    boolean isZero() {
        return (high | low) == 0;
    }

    /** {@return whether no bit is set but the lowest {@code count}} */
    boolean fits(final int count) {
        return and(ones(count)).equals(this);
    }

    Bits and(final Bits other) {
        return new Bits(high & other.high, low & other.low);
    }

    Bits or(final Bits other) {
        return new Bits(high | other.high, low | other.low);
    }

    Bits not() {
        return new Bits(~high, ~low);
    }

    Bits shiftLeft(final int count) {
        if (count == 0) {
            return this;
        }
        return count >= 64 ? new Bits(low << count - 64, 0)
            : new Bits(high << count | low >>> 64 - count, low << count);
    }

    String hex() {
        return high == 0 ? "0x" + Long.toHexString(low) : "0x" + Long.toHexString(high) + String.format("%016x", low);
    }

    /** {@return hexadecimal text as C's {@code %#x} writes it: a plain 0 for zero} */
    String shortHex() {
        return isZero() ? "0" : hex();
    }
}
