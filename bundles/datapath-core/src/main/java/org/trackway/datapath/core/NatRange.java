// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import org.trackway.conntrack.Nat;
import org.trackway.packet.IpAddress;

/**
 * Addresses and ports of {@code nat(src=...)}, as {@code ovs-ofctl} writes them: {@code 10.0.0.1-10.0.0.9:1024-2047},
 * {@code [fe80::1]-[fe80::9]:1024}.
 *
 * @param min     first address
 * @param max     last address
 * @param minPort first port, 0 without any
 * @param maxPort last port, 0 without any
 */
record NatRange(IpAddress min, IpAddress max, int minPort, int maxPort) {

    private static final String ALLOWED = "give ADDRESS, FIRST-LAST, either with :PORT or :FIRST-LAST behind it, IPv6"
        + " addresses in brackets then";

    /**
     * Reads a range.
     *
     * @throws org.trackway.datapath.FlowException if it is none
     */
    static NatRange parse(final Token text) {
        final Token first = address(text, text);
        Token rest = text.sub(first.column() - text.column() + first.text().length());
        rest = closed(rest);
        Token last = first;
        if (rest.text().startsWith("-")) {
            last = address(text, rest.sub(1));
            rest = closed(text.sub(last.column() - text.column() + last.text().length()));
        }
        if (rest.isEmpty()) {
            return new NatRange(address(first), address(last), 0, 0);
        }
        if (!rest.text().startsWith(":")) {
            throw text.error("not a range: " + ALLOWED);
        }
        final Token ports = rest.sub(1);
        final Token low = ports.until("-");
        final boolean single = low.text().length() == ports.text().length();
        final int minPort = Values.number(low, 1, 65535);
        return new NatRange(address(first), address(last), minPort,
            single ? minPort : Values.number(ports.sub(low.text().length() + 1), 1, 65535));
    }

    private static Token closed(final Token rest) {
        return rest.text().startsWith("]") ? rest.sub(1) : rest;
    }

    /** {@return the address at the beginning, without its bracket} */
    private static Token address(final Token whole, final Token text) {
        final Token address;
        if (text.text().startsWith("[")) {
            address = text.sub(1).until("]");
            if (address.text().length() == text.text().length() - 1) {
                throw whole.error("a ']' is missing");
            }
        } else {
            // A colon ends an IPv4 address and is a part of an IPv6 one.
            final boolean v6 = text.text().indexOf(':') != text.text().lastIndexOf(':');
            address = text.until(v6 ? "-" : "-:");
        }
        if (address.isEmpty()) {
            throw whole.error("not a range: " + ALLOWED);
        }
        return address;
    }

    private static IpAddress address(final Token text) {
        try {
            return IpAddress.parse(text.text());
        } catch (final IllegalArgumentException notAnAddress) {
            throw text.error("not an IPv4 or IPv6 address");
        }
    }

    /** {@return a translation as {@code ovs-ofctl} prints it} */
    static String format(final Nat nat) {
        if (nat.kind() == Nat.Kind.KNOWN) {
            return "nat";
        }
        final StringBuilder text = new StringBuilder(nat.kind() == Nat.Kind.SOURCE ? "nat(src" : "nat(dst");
        if (!nat.min().isAny() || !nat.max().isAny() || nat.hasPorts()) {
            text.append('=').append(bracketed(nat, nat.min()));
            if (!nat.min().equals(nat.max())) {
                text.append('-').append(bracketed(nat, nat.max()));
            }
        }
        if (nat.hasPorts()) {
            text.append(':').append(nat.minPort());
            if (nat.minPort() != nat.maxPort()) {
                text.append('-').append(nat.maxPort());
            }
        }
        return text.append(nat.persistent() ? ",persistent" : "").append(nat.random() ? ",random" : "").append(')')
            .toString();
    }

    private static String bracketed(final Nat nat, final IpAddress address) {
        return address.v6() && nat.hasPorts() ? "[" + address + "]" : address.toString();
    }
}
