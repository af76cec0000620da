// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.pcap;

/**
 * What an interface description block says.
 *
 * @param linkNumber    the number of its link type
 * @param linkType      the link type, or null if it is one that is not read
 * @param snapLength    how much of a packet was captured at the most, in bytes
 * @param resolution    its {@code if_tsresol}: negative powers of ten, or of two with the highest bit set
 * @param offsetSeconds its {@code if_tsoffset}: seconds to be added to every time
 */
record CaptureInterface(int linkNumber, LinkType linkType, long snapLength, int resolution, long offsetSeconds) {

    /** The resolution of an interface that says nothing of it. */
    static final int MICROSECONDS = 6;

    private static final int BINARY = 0x80;
    private static final int NANOSECONDS = 9;
    private static final long NANOSECONDS_PER_SECOND = 1_000_000_000L;
    /** So many bits of a fraction can be multiplied by the nanoseconds of a second without overflow. */
    private static final int FRACTION_BITS = 33;

    /** {@return an interface as it is described; a snap length of 0 means that nothing was cut} */
    static CaptureInterface of(final int linkNumber, final long snapLength, final int resolution,
            final long offsetSeconds) {
        return new CaptureInterface(linkNumber, LinkType.of(linkNumber),
            snapLength == 0 ? Long.MAX_VALUE : snapLength, resolution, offsetSeconds);
    }

    /** {@return a packet's time in nanoseconds since the epoch, rounded down} */
    long nanoseconds(final long ticks) {
        final int exponent = resolution & ~BINARY;
        final long unshifted = (resolution & BINARY) != 0 ? fromBinary(ticks, exponent) : fromDecimal(ticks, exponent);
        return unshifted + offsetSeconds * NANOSECONDS_PER_SECOND;
    }

    private static long fromDecimal(final long ticks, final int exponent) {
        long time = ticks;
        for (int i = exponent; i < NANOSECONDS; i++) {
            time *= 10;
        }
        for (int i = NANOSECONDS; i < exponent && time != 0; i++) {
            time = Long.divideUnsigned(time, 10);
        }
        return time;
    }

    private static long fromBinary(final long ticks, final int exponent) {
        if (exponent >= Long.SIZE) {
            // No clock is that fine.
            return 0;
        }
        final long fraction = ticks & (1L << exponent) - 1;
        final int dropped = Math.max(exponent - FRACTION_BITS, 0);
        return (ticks >>> exponent) * NANOSECONDS_PER_SECOND
            + ((fraction >>> dropped) * NANOSECONDS_PER_SECOND >>> exponent - dropped);
    }
}
