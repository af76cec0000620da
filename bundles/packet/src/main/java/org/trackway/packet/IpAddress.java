// SPDX-License-Identifier: Apache-2.0
package org.trackway.packet;

/**
 * An IPv4 or IPv6 address as a value for the control path; packets carry addresses as plain numbers.
 *
 * @param v6   whether this is an IPv6 address
 * @param high the first 64 bits of an IPv6 address, 0 for IPv4
 * @param low  the last 64 bits of an IPv6 address, or the IPv4 address in the low 32 bits
 */
public record IpAddress(boolean v6, long high, long low) implements Comparable<IpAddress> {

    /** The IPv4 address {@code 0.0.0.0}. */
    public static final IpAddress ANY_V4 = new IpAddress(false, 0, 0);
    /** The IPv6 address {@code ::}. */
    public static final IpAddress ANY_V6 = new IpAddress(true, 0, 0);

    /** Checks that an IPv4 address fits its 32 bits. */
    public IpAddress {
        if (!v6 && (high != 0 || low >>> 32 != 0)) {
            throw new IllegalArgumentException("an IPv4 address has 32 bits, not " + high + ":" + low);
        }
    }

    /** {@return the IPv4 address with these 32 bits} */
    public static IpAddress v4(final int bits) {
        return new IpAddress(false, 0, bits & 0xffffffffL);
    }

    /** {@return the IPv6 address with these 128 bits} */
    public static IpAddress v6(final long high, final long low) {
        return new IpAddress(true, high, low);
    }

    /** {@return whether all bits are zero} */
    public boolean isAny() {
        return high == 0 && low == 0;
    }

    /**
     * Reads an address in the forms that {@code inet_pton} takes; names are never resolved.
     *
     * @throws IllegalArgumentException naming the text, if it is no address
     */
    public static IpAddress parse(final String text) {
        final IpAddress address = text.indexOf(':') >= 0 ? parse6(text) : parse4(text);
        if (address == null) {
            throw new IllegalArgumentException("'" + text + "' is not an IPv4 or IPv6 address");
        }
        return address;
    }

    private static IpAddress parse4(final String text) {
        final long bits = dottedQuad(text);
        return bits < 0 ? null : v4((int) bits);
    }

    /** The 32 bits of a dotted quad (no leading zeros, RFC 6943 section 3.1.1), or -1. */
    private static long dottedQuad(final String text) {
        final String[] parts = text.split("\\.", -1);
        if (parts.length != 4) {
            return -1;
        }
        long bits = 0;
        for (final String part : parts) {
            if (part.isEmpty() || part.length() > 3 || part.length() > 1 && part.charAt(0) == '0'
                    || !part.chars().allMatch(c -> c >= '0' && c <= '9')) {
                return -1;
            }
            final int value = Integer.parseInt(part);
            if (value > 255) {
                return -1;
            }
            bits = bits << 8 | value;
        }
        return bits;
    }

    private static IpAddress parse6(final String text) {
        final int gap = text.indexOf("::");
        if (gap >= 0 && text.indexOf("::", gap + 1) >= 0) {
            return null;
        }
        final int[] head = groups(gap < 0 ? text : text.substring(0, gap), gap < 0);
        final int[] tail = gap < 0 ? new int[0] : groups(text.substring(gap + 2), true);
        if (head == null || tail == null
                || (gap < 0 ? head.length != 8 : head.length + tail.length > 7)) {
            return null;
        }
        final int[] all = new int[8];
        System.arraycopy(head, 0, all, 0, head.length);
        System.arraycopy(tail, 0, all, 8 - tail.length, tail.length);
        return v6(join(all, 0), join(all, 4));
    }

    private static long join(final int[] groups, final int from) {
        return (long) groups[from] << 48 | (long) groups[from + 1] << 32
            | (long) groups[from + 2] << 16 | groups[from + 3];
    }

    /** The 16-bit groups of one side of the gap; the last may be a dotted quad where the address ends. */
    private static int[] groups(final String text, final boolean atEnd) {
        if (text.isEmpty()) {
            return new int[0];
        }
        final String[] parts = text.split(":", -1);
        final boolean quad = atEnd && parts[parts.length - 1].indexOf('.') >= 0;
        final int[] groups = new int[parts.length + (quad ? 1 : 0)];
        for (int i = 0; i < parts.length; i++) {
            final String part = parts[i];
            if (quad && i == parts.length - 1) {
                final long bits = dottedQuad(part);
                if (bits < 0) {
                    return null;
                }
                groups[i] = (int) (bits >>> 16);
                groups[i + 1] = (int) (bits & 0xffff);
            } else if (part.isEmpty() || part.length() > 4 || !part.chars().allMatch(c -> Character.digit(c, 16) >= 0
                    && c < 128)) {
                return null;
            } else {
                groups[i] = Integer.parseInt(part, 16);
            }
        }
        return groups;
    }

    @Override
    public int compareTo(final IpAddress other) {
        if (v6 != other.v6) {
            return v6 ? 1 : -1;
        }
        final int byHigh = Long.compareUnsigned(high, other.high);
        return byHigh != 0 ? byHigh : Long.compareUnsigned(low, other.low);
    }

    /** {@return the canonical text (RFC 5952; IPv4-mapped and -compatible addresses as {@code inet_ntop} prints them)} */
    @Override
    public String toString() {
        final StringBuilder text = new StringBuilder(v6 ? 39 : 15);
        if (!v6) {
            return quad(text, low).toString();
        }
        final int[] group = new int[8];
        for (int i = 0; i < 4; i++) {
            group[i] = (int) (high >>> (48 - 16 * i)) & 0xffff;
            group[4 + i] = (int) (low >>> (48 - 16 * i)) & 0xffff;
        }
        int gapStart = -1;
        int gapLength = 1;
        for (int i = 0; i < 8; i++) {
            int run = 0;
            while (i + run < 8 && group[i + run] == 0) {
                run++;
            }
            if (run > gapLength) {
                gapStart = i;
                gapLength = run;
            }
            i += Math.max(run - 1, 0);
        }
        // inet_ntop writes ::a.b.c.d where the first six groups are zero and ::ffff:a.b.c.d for mapped addresses.
        final boolean mapped = high == 0 && low >>> 32 == 0xffff;
        final boolean compatible = high == 0 && low >>> 32 == 0 && gapStart == 0 && gapLength == 6;
        for (int i = 0; i < 8; i++) {
            if (i == gapStart) {
                text.append(i == 0 ? "::" : ":");
                i += gapLength - 1;
                continue;
            }
            if (i == 6 && (mapped || compatible)) {
                return quad(text, low).toString();
            }
            text.append(Integer.toHexString(group[i]));
            if (i < 7) {
                text.append(':');
            }
        }
        return text.toString();
    }

    private static StringBuilder quad(final StringBuilder text, final long bits) {
        return text.append(bits >>> 24 & 0xff).append('.').append(bits >>> 16 & 0xff).append('.')
            .append(bits >>> 8 & 0xff).append('.').append(bits & 0xff);
    }
}
