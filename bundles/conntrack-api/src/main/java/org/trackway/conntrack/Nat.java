// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack;

import org.trackway.packet.IpAddress;

/**
 * What {@code nat(...)} of a {@code ct} action asks for. {@link #KNOWN} (a bare {@code nat}) only applies what a
 * connection already has; the others choose a translation when a connection is committed.
 *
 * @param kind       which side is translated
 * @param min        first address of the range; all zero keeps the address ("null NAT")
 * @param max        last address of the range, of the same family; equal to {@code min} for a single one
 * @param minPort    first port, or 0 to leave ports alone where possible
 * @param maxPort    last port, 0 only if {@code minPort} is
 * @param random     whether the port is drawn at random instead of from the tuple's hash
 * @param persistent whether the same source keeps its address across restarts
 */
public record Nat(Kind kind, IpAddress min, IpAddress max, int minPort, int maxPort, boolean random,
        boolean persistent) {

    /** Which side of a connection is translated. */
    public enum Kind {
        /** None: only translations that a connection already has are applied. */
        KNOWN,
        /** The source of the original direction. */
        SOURCE,
        /** The destination of the original direction. */
        DESTINATION
    }

    /** A bare {@code nat}. */
    public static final Nat KNOWN = new Nat(Kind.KNOWN, IpAddress.ANY_V4, IpAddress.ANY_V4, 0, 0, false, false);

    /** Checks that the ranges are ranges. */
    public Nat {
        if (min.v6() != max.v6() || min.compareTo(max) > 0) {
            throw new IllegalArgumentException("not a range of addresses: " + min + "-" + max);
        }
        if ((minPort | maxPort) >>> 16 != 0 || minPort > maxPort || minPort == 0 && maxPort != 0) {
            throw new IllegalArgumentException("not a range of ports: " + minPort + "-" + maxPort
                + "; give 1 to 65535, the lower one first");
        }
    }

    /** {@return whether a range of ports was given} */
    public boolean hasPorts() {
        return minPort != 0;
    }

    /** {@return the text that {@code ovs-ofctl} takes for it, {@code nat} included} */
    @Override
    public String toString() {
        if (kind == Kind.KNOWN) {
            return "nat";
        }
        final StringBuilder text = new StringBuilder(kind == Kind.SOURCE ? "nat(src" : "nat(dst");
        final boolean bracket = min.v6() && hasPorts();
        text.append('=').append(bracket ? "[" : "").append(min);
        if (!min.equals(max)) {
            text.append('-').append(max);
        }
        text.append(bracket ? "]" : "");
        if (hasPorts()) {
            text.append(':').append(minPort);
            if (maxPort != minPort) {
                text.append('-').append(maxPort);
            }
        }
        return text.append(persistent ? ",persistent" : "").append(random ? ",random" : "").append(')').toString();
    }
}
