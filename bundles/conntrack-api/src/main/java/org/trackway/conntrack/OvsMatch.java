// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack;

import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.ToLongFunction;
import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;

/**
 * Which connections to flush, in the words of {@code dpctl/flush-conntrack}: {@code zone=N}, {@code mark=X[/M]},
 * {@code labels=Y[/M]}, a tuple of the original direction and one of the reply direction, in this order, each
 * optional; an empty text stands for a tuple that is not given. Tuples are {@code key=value} pairs joined by commas:
 * ct_nw_src, ct_nw_dst, ct_ipv6_src, ct_ipv6_dst, ct_nw_proto, ct_tp_src, ct_tp_dst, icmp_id, icmp_type, icmp_code.
 * Immutable.
 *
 * <p>The peer compares identifier, type and code of ICMP connections even where they are not given; here what is not
 * given matches everything. Source: Open vSwitch lib/ofp-ct.c (ofp_ct_match_parse), lib/ct-dpif.c (ct_dpif_flush).
 */
public final class OvsMatch {

    private static final long NOT_GIVEN = -1;

    private final OptionalInt zone;
    private final Masked mark;
    private final Masked label;
    private final OvsTuple original;
    private final OvsTuple reply;

    private OvsMatch(final OptionalInt zone, final Masked mark, final Masked label, final OvsTuple original,
            final OvsTuple reply) {
        this.zone = zone;
        this.mark = mark;
        this.label = label;
        this.original = original;
        this.reply = reply;
    }

    /**
     * Reads the arguments of {@code flush-conntrack}.
     *
     * @throws IllegalArgumentException saying what is wrong and what is allowed
     */
    public static OvsMatch parse(final List<String> arguments) {
        final Deque<String> rest = new ArrayDeque<>(arguments);
        final Optional<String> zone = take(rest, "zone=");
        final Optional<String> mark = take(rest, "mark=");
        final Optional<String> label = take(rest, "labels=");
        final OvsTuple original = new OvsTuple();
        final OvsTuple reply = new OvsTuple();
        if (!rest.isEmpty()) {
            original.read(rest.remove(), reply);
        }
        if (!rest.isEmpty()) {
            reply.read(rest.remove(), original);
        }
        if (!rest.isEmpty()) {
            throw new IllegalArgumentException("'" + rest.peek() + "' is one argument too many: give "
                + "zone=N mark=X[/M] labels=Y[/M] ORIGINAL-TUPLE REPLY-TUPLE, in this order");
        }
        original.check();
        reply.check();
        return new OvsMatch(zone.map(text -> OptionalInt.of(OvsTuple.number("zone", text, 65535)))
            .orElse(OptionalInt.empty()), mark.map(text -> Masked.parse("mark", text, 32)).orElse(null),
            label.map(text -> Masked.parse("labels", text, 128)).orElse(null), original, reply);
    }

    private static Optional<String> take(final Deque<String> arguments, final String prefix) {
        return !arguments.isEmpty() && arguments.peek().startsWith(prefix)
            ? Optional.of(arguments.remove().substring(prefix.length())) : Optional.empty();
    }

    /** {@return the zone that was given, if one was} */
    public OptionalInt zone() {
        return zone;
    }

    /**
     * {@return the one connection that is meant, by its tuple in either direction, if the original tuple is complete
     * and nothing but a zone is given besides; without a zone it is meant in zone 0}
     */
    public Optional<Tuple> tuple() {
        return mark == null && label == null && reply.isEmpty() ? original.tuple() : Optional.empty();
    }

    /** {@return the connections that are meant} */
    public ConnectionFilter filter() {
        final ConnectionFilter zoned = zone.isPresent() ? ConnectionFilter.zone(zone.getAsInt()) : ConnectionFilter.ALL;
        if (mark == null && label == null && original.isEmpty() && reply.isEmpty() && original.isUnbound()) {
            return zoned;
        }
        return zoned.and(connection -> (mark == null || mark.takes(0, connection.mark() & 0xffffffffL))
            && (label == null || label.takes(connection.labelHigh(), connection.labelLow()))
            && original.takes(connection.original()) && reply.takes(connection.reply()));
    }

    /**
     * Removes what is meant, as {@code flush-conntrack} does.
     *
     * @return how many connections were removed
     */
    public long flush(final Conntrack conntrack) {
        final Optional<Tuple> one = tuple();
        if (one.isPresent()) {
            return conntrack.flush(zone.orElse(0), one.get()) ? 1 : 0;
        }
        return conntrack.flush(filter());
    }

    /** A value of up to 128 bits and the bits of it that matter. */
    record Masked(long high, long low, long maskHigh, long maskLow) {

        static Masked parse(final String what, final String text, final int bits) {
            final int slash = text.indexOf('/');
            final BigInteger value = number(what, slash < 0 ? text : text.substring(0, slash), bits);
            final BigInteger mask = slash < 0 ? BigInteger.ONE.shiftLeft(bits).subtract(BigInteger.ONE)
                : number(what + " mask", text.substring(slash + 1), bits);
            return new Masked(value.shiftRight(64).longValue(), value.longValue(), mask.shiftRight(64).longValue(),
                mask.longValue());
        }

        private static BigInteger number(final String what, final String text, final int bits) {
            try {
                final boolean hex = text.startsWith("0x") || text.startsWith("0X");
                final BigInteger value = new BigInteger(hex ? text.substring(2) : text, hex ? 16 : 10);
                if (value.signum() >= 0 && value.bitLength() <= bits) {
                    return value;
                }
            } catch (final NumberFormatException notANumber) {
                // answered below, with what is allowed
            }
            throw new IllegalArgumentException(what + " '" + text + "' is not a number of " + bits
                + " bits: give it in decimal or as 0x..., with a mask as VALUE/MASK");
        }

        boolean takes(final long valueHigh, final long valueLow) {
            return ((valueHigh ^ high) & maskHigh) == 0 && ((valueLow ^ low) & maskLow) == 0;
        }
    }

    /** A tuple of which any part may be missing. Protocol and IP version are shared by both tuples. */
    private static final class OvsTuple {

        private static final List<String> KEYS = List.of("ct_nw_src", "ct_nw_dst", "ct_ipv6_src", "ct_ipv6_dst",
            "ct_nw_proto", "ct_tp_src", "ct_tp_dst", "icmp_id", "icmp_type", "icmp_code");

        private Boolean v6;
        private int protocol = (int) NOT_GIVEN;
        private IpAddress source;
        private IpAddress destination;
        private long sourcePort = NOT_GIVEN;
        private long destinationPort = NOT_GIVEN;
        private long icmpId = NOT_GIVEN;
        private long icmpType = NOT_GIVEN;
        private long icmpCode = NOT_GIVEN;

        void read(final String text, final OvsTuple other) {
            if (text.isEmpty()) {
                return;
            }
            for (final String pair : text.split(",", -1)) {
                final int equals = pair.indexOf('=');
                final String key = equals < 0 ? pair : pair.substring(0, equals);
                if (!KEYS.contains(key)) {
                    throw new IllegalArgumentException("'" + key + "' is no field of a tuple: give "
                        + String.join(", ", KEYS));
                }
                if (equals < 0 || equals == pair.length() - 1) {
                    throw new IllegalArgumentException(key + " has no value: give " + key + "=...");
                }
                set(key, pair.substring(equals + 1));
            }
            if (other.v6 == null) {
                other.v6 = v6;
            }
            if (other.protocol == NOT_GIVEN) {
                other.protocol = protocol;
            }
            if (other.v6 != null && v6 != null && !other.v6.equals(v6)) {
                throw new IllegalArgumentException("one tuple is of IPv4, the other of IPv6");
            }
        }

        private void set(final String key, final String value) {
            switch (key) {
                case "ct_nw_src", "ct_ipv6_src" -> source = address(key, value, source);
                case "ct_nw_dst", "ct_ipv6_dst" -> destination = address(key, value, destination);
                case "ct_nw_proto" -> protocol = number(key, value, 255);
                case "ct_tp_src" -> sourcePort = once(key, sourcePort, number(key, value, 65535));
                case "ct_tp_dst" -> destinationPort = once(key, destinationPort, number(key, value, 65535));
                case "icmp_id" -> icmpId = once(key, icmpId, number(key, value, 65535));
                case "icmp_type" -> icmpType = once(key, icmpType, number(key, value, 255));
                default -> icmpCode = once(key, icmpCode, number(key, value, 255));
            }
        }

        private IpAddress address(final String key, final String value, final IpAddress given) {
            once(key, given == null ? NOT_GIVEN : 0, 0);
            final boolean wantsV6 = key.startsWith("ct_ipv6");
            final IpAddress address;
            try {
                address = IpAddress.parse(value);
            } catch (final IllegalArgumentException notAnAddress) {
                throw new IllegalArgumentException(key + ": " + notAnAddress.getMessage(), notAnAddress);
            }
            if (address.v6() != wantsV6 || v6 != null && v6 != wantsV6) {
                throw new IllegalArgumentException(key + "=" + value + " is of the other IP version: "
                    + "ct_nw_src and ct_nw_dst are IPv4, ct_ipv6_src and ct_ipv6_dst IPv6");
            }
            v6 = wantsV6;
            return address;
        }

        private static long once(final String key, final long given, final long value) {
            if (given != NOT_GIVEN) {
                throw new IllegalArgumentException(key + " is given twice");
            }
            return value;
        }

        static int number(final String key, final String value, final int max) {
            try {
                final int number = Integer.parseInt(value);
                if (number >= 0 && number <= max) {
                    return number;
                }
            } catch (final NumberFormatException notANumber) {
                // answered below, with what is allowed
            }
            throw new IllegalArgumentException(key + " '" + value + "' is not a number from 0 to " + max);
        }

        void check() {
            final boolean icmp = isIcmp();
            if (!icmp && (icmpId & icmpType & icmpCode) != NOT_GIVEN) {
                throw new IllegalArgumentException(
                    "icmp_id, icmp_type and icmp_code need ct_nw_proto=1 or ct_nw_proto=58");
            }
            if ((sourcePort & destinationPort) != NOT_GIVEN && (icmp || protocol == NOT_GIVEN)) {
                throw new IllegalArgumentException("ct_tp_src and ct_tp_dst need ct_nw_proto of a protocol with ports");
            }
        }

        private boolean isIcmp() {
            return protocol == IpProtocol.ICMP || protocol == IpProtocol.ICMPV6;
        }

        /** Whether neither addresses nor ports are given. */
        boolean isEmpty() {
            return isAny(source) && isAny(destination)
                && Arrays.stream(new long[] {sourcePort, destinationPort, icmpId, icmpType, icmpCode})
                    .allMatch(field -> field <= 0);
        }

        /** Whether neither protocol nor IP version is given. */
        boolean isUnbound() {
            return v6 == null && protocol == NOT_GIVEN;
        }

        private static boolean isAny(final IpAddress address) {
            return address == null || address.isAny();
        }

        /** The tuple, if nothing is missing. */
        Optional<Tuple> tuple() {
            if (isAny(source) || isAny(destination) || protocol == NOT_GIVEN) {
                return Optional.empty();
            }
            if (isIcmp()) {
                final int id = (int) Math.max(0, icmpId);
                return icmpCode > 0 ? Optional.empty()
                    : Optional.of(new Tuple(source, destination, protocol, id, id, (int) Math.max(0, icmpType)));
            }
            return sourcePort <= 0 || destinationPort <= 0 ? Optional.empty()
                : Optional.of(Tuple.of(source, destination, protocol, (int) sourcePort, (int) destinationPort));
        }

        boolean takes(final Tuple tuple) {
            return (v6 == null || v6 == tuple.source().v6())
                && (protocol == NOT_GIVEN || protocol == tuple.protocol())
                && (isAny(source) || source.equals(tuple.source()))
                && (isAny(destination) || destination.equals(tuple.destination()))
                && isTaken(sourcePort > 0, sourcePort, tuple, Tuple::sourcePort)
                && isTaken(destinationPort > 0, destinationPort, tuple, Tuple::destinationPort)
                && isTaken(icmpId != NOT_GIVEN, icmpId, tuple, Tuple::sourcePort)
                && isTaken(icmpType != NOT_GIVEN, icmpType, tuple, Tuple::icmpType)
                && icmpCode <= 0;
        }

        private static boolean isTaken(final boolean given, final long wanted, final Tuple tuple,
                final ToLongFunction<Tuple> field) {
            return !given || field.applyAsLong(tuple) == wanted;
        }
    }
}
