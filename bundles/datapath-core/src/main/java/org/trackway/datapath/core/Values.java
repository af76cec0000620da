// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import org.trackway.conntrack.CtState;
import org.trackway.datapath.Datapath;
import org.trackway.datapath.FlowException;
import org.trackway.packet.IpAddress;

/** Reads and writes the values of fields, in the notations of ovs-fields(7). */
final class Values {

    private static final List<String> FLAGS = List.of("fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr", "ns");
    private static final List<String> STATES = List.of("new", "est", "rel", "rpl", "inv", "trk", "snat", "dnat");
    /** Value and mask, as the low bits of a fragment field: 1 tells fragments from others, 2 later ones from first. */
    private static final Map<String, int[]> FRAGMENTS = Map.of("no", new int[] {0, 3}, "yes", new int[] {1, 1},
        "first", new int[] {1, 3}, "later", new int[] {3, 3}, "not_later", new int[] {0, 2});
    private static final String NUMBER = "a number such as 80 or 0x50";

    private Values() {
    }

    /** A value and the bits of it that count. */
    record Masked(Bits value, Bits mask) {
    }

    // ---- reading ----

    /**
     * Reads {@code VALUE} or {@code VALUE/MASK}.
     *
     * @param field what it is a value of
     * @param text  the text
     * @param ports what port names mean
     * @throws FlowException if it is not one
     */
    static Masked parse(final Field field, final Token text, final PortNames ports) {
        if (text.isEmpty()) {
            throw text.error("'" + field.name + "' needs a value");
        }
        switch (field.format) {
            case CT_STATE:
                return flags(text, STATES, field);
            case TCP_FLAGS:
                return flags(text, FLAGS, field);
            case FRAGMENT:
                return fragment(text);
            case PORT:
                return new Masked(Bits.of(ports.input(text)), Bits.ones(field.bits));
            default:
                break;
        }
        final int slash = text.text().indexOf('/');
        final Token valueText = slash < 0 ? text : text.sub(0, slash);
        final Bits value = plain(field, valueText);
        if (slash < 0) {
            return new Masked(value, Bits.ones(field.bits));
        }
        final Token maskText = text.sub(slash + 1);
        final Bits mask = mask(field, maskText);
        if (!field.maskable && !mask.equals(Bits.ones(field.bits))) {
            throw maskText.error("'" + field.name + "' can't be masked");
        }
        return new Masked(value.and(mask), mask);
    }

    private static Bits plain(final Field field, final Token text) {
        return switch (field.format) {
            case IPV4 -> address(text, false);
            case IPV6 -> address(text, true);
            case MAC -> Bits.of(mac(text));
            default -> number(text, field.bits);
        };
    }

    private static Bits mask(final Field field, final Token text) {
        final boolean address = field.format == Format.IPV4 || field.format == Format.IPV6;
        if (address && text.text().matches("\\d+")) {
            final int length = (int) number(text, 16).low();
            if (length > field.bits) {
                throw text.error("a prefix of '" + field.name + "' has 0 to " + field.bits + " bits");
            }
            return Bits.ones(length).shiftLeft(field.bits - length);
        }
        return plain(field, text);
    }

    private static Bits address(final Token text, final boolean v6) {
        try {
            final IpAddress address = IpAddress.parse(text.text());
            if (address.v6() == v6) {
                return new Bits(address.high(), address.low());
            }
        } catch (final IllegalArgumentException notAnAddress) {
            // answered below, with what is allowed
        }
        throw text.error("not an " + (v6 ? "IPv6 address such as fe80::1" : "IPv4 address such as 10.0.0.1"));
    }

    /** {@return the 48 bits of an Ethernet address} */
    static long mac(final Token text) {
        final String[] parts = text.text().split(":", -1);
        if (parts.length == 6) {
            long bits = 0;
            int good = 0;
            for (final String part : parts) {
                if (part.matches("[0-9a-fA-F]{1,2}")) {
                    bits = bits << 8 | Integer.parseInt(part, 16);
                    good++;
                }
            }
            if (good == parts.length) {
                return bits;
            }
        }
        throw text.error("not an Ethernet address such as 52:54:00:12:34:56");
    }

    /** {@return a decimal or hexadecimal number of at most {@code bits} bits} */
    static Bits number(final Token text, final int bits) {
        final String digits = text.text();
        final BigInteger number;
        if (digits.matches("0[xX][0-9a-fA-F]+")) {
            number = new BigInteger(digits.substring(2), 16);
        } else if (digits.matches("0|[1-9][0-9]*")) {
            number = new BigInteger(digits);
        } else {
            throw text.error("not " + NUMBER);
        }
        if (number.bitLength() > bits) {
            throw text.error("too large: give " + (bits <= 64
                ? "0 to " + BigInteger.ONE.shiftLeft(bits).subtract(BigInteger.ONE) : "at most " + bits + " bits"));
        }
        return Bits.of(number);
    }

    /** {@return a number of up to 63 bits that is in a range} */
    static int number(final Token text, final int min, final int max) {
        final long number = text.text().matches("0[xX][0-9a-fA-F]+|0|[1-9][0-9]*") ? number(text, 128).low() : -1;
        if (number < min || number > max || !number(text, 128).fits(32)) {
            throw text.error("give a number from " + min + " to " + max);
        }
        return (int) number;
    }

    private static Masked flags(final Token text, final List<String> names, final Field field) {
        final char first = text.text().charAt(0);
        if (first == '+' || first == '-') {
            return signedFlags(text, names);
        }
        final int slash = text.text().indexOf('/');
        final Token valueText = slash < 0 ? text : text.sub(0, slash);
        final Bits value = Character.isDigit(first) ? number(valueText, field.bits) : joinedFlags(valueText, names);
        final Bits mask = slash < 0 ? Bits.ones(field.bits) : flagMask(text.sub(slash + 1), names, field);
        return new Masked(value.and(mask), mask);
    }

    private static Bits flagMask(final Token text, final List<String> names, final Field field) {
        return !text.isEmpty() && Character.isDigit(text.text().charAt(0)) ? number(text, field.bits)
            : joinedFlags(text, names);
    }

    private static Bits joinedFlags(final Token text, final List<String> names) {
        long bits = 0;
        int start = 0;
        for (int i = 0; i <= text.text().length(); i++) {
            if (i == text.text().length() || text.text().charAt(i) == '|') {
                bits |= flag(text.sub(start, i), names);
                start = i + 1;
            }
        }
        return Bits.of(bits);
    }

    private static Masked signedFlags(final Token text, final List<String> names) {
        long value = 0;
        long mask = 0;
        int at = 0;
        while (at < text.text().length()) {
            final char sign = text.text().charAt(at);
            int end = at + 1;
            while (end < text.text().length() && text.text().charAt(end) != '+' && text.text().charAt(end) != '-') {
                end++;
            }
            final long bit = flag(text.sub(at + 1, end), names);
            if ((mask & bit) != 0) {
                throw text.sub(at, end).error("the flag was given before");
            }
            mask |= bit;
            value |= sign == '+' ? bit : 0;
            at = end;
        }
        return new Masked(Bits.of(value), Bits.of(mask));
    }

    private static long flag(final Token name, final List<String> names) {
        final int index = names.indexOf(name.text());
        if (index < 0) {
            throw name.error("not a flag: give " + String.join(", ", names) + ", as in +" + names.get(0) + "-"
                + names.get(1) + " or " + names.get(0) + "|" + names.get(1) + " or VALUE/MASK");
        }
        return 1L << index;
    }

    private static Masked fragment(final Token text) {
        final int[] pair = FRAGMENTS.get(text.text());
        if (pair == null) {
            throw text.error("not a kind of fragment: give no, yes, first, later or not_later");
        }
        return new Masked(Bits.of(pair[0]), Bits.of(pair[1]));
    }

    // ---- writing ----

    /** {@return the text that {@link #parse} reads as this value under this mask} */
    static String format(final Field field, final Bits value, final Bits mask) {
        final boolean exact = mask.equals(Bits.ones(field.bits));
        return switch (field.format) {
            case DECIMAL -> exact ? Long.toUnsignedString(value.low()) : value.hex() + "/" + mask.hex();
            case HEX -> (field == Fields.CT_LABEL ? value.hex() : value.shortHex())
                + (exact ? "" : "/" + mask.hex());
            case IPV4 -> IpAddress.v4((int) value.low()) + suffix(mask, field.bits, exact);
            case IPV6 -> IpAddress.v6(value.high(), value.low()) + suffix(mask, field.bits, exact);
            case MAC -> mac(value.low()) + (exact ? "" : "/" + mac(mask.low()));
            case CT_STATE -> exact ? CtState.format((int) value.low()) : signed(STATES, value.low(), mask.low());
            case TCP_FLAGS -> signed(FLAGS, value.low(), mask.low(), exact);
            case FRAGMENT -> fragment((int) value.low(), (int) mask.low());
            case PORT -> port((int) value.low());
        };
    }

    /** {@return a port by its reserved name or number} */
    static String port(final int number) {
        return number == Datapath.LOCAL_PORT ? "LOCAL" : Integer.toString(number);
    }

    private static String suffix(final Bits mask, final int bits, final boolean exact) {
        if (exact) {
            return "";
        }
        for (int length = 0; length < bits; length++) {
            if (mask.equals(Bits.ones(length).shiftLeft(bits - length))) {
                return "/" + length;
            }
        }
        return "/" + (bits == 32 ? IpAddress.v4((int) mask.low()) : IpAddress.v6(mask.high(), mask.low()));
    }

    private static String mac(final long bits) {
        final StringBuilder text = new StringBuilder(17);
        for (int shift = 40; shift >= 0; shift -= 8) {
            text.append(String.format("%02x", bits >>> shift & 0xff)).append(shift > 0 ? ":" : "");
        }
        return text.toString();
    }

    private static String signed(final List<String> names, final long value, final long mask, final boolean exact) {
        // TCP flags beyond the nine with a name can only be given as numbers.
        if (mask >>> names.size() != 0) {
            return "0x" + Long.toHexString(value) + (exact ? "" : "/0x" + Long.toHexString(mask));
        }
        return signed(names, value, mask);
    }

    private static String signed(final List<String> names, final long value, final long mask) {
        final StringBuilder text = new StringBuilder();
        for (int i = 0; i < names.size(); i++) {
            if ((mask >>> i & 1) != 0) {
                text.append((value >>> i & 1) != 0 ? '+' : '-').append(names.get(i));
            }
        }
        return text.toString();
    }

    private static String fragment(final int value, final int mask) {
        return FRAGMENTS.entrySet().stream()
            .filter(entry -> entry.getValue()[0] == value && entry.getValue()[1] == mask)
            .map(Map.Entry::getKey).findFirst().orElse(mask == 1 ? "no" : "later");
    }
}
