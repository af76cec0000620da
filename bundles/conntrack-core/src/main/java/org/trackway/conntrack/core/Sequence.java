// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

/** Comparisons of 32-bit TCP sequence numbers modulo 2^32 (RFC 9293 section 3.4). */
final class Sequence {

    private Sequence() {
    }

    /** {@return whether {@code a} is at or behind {@code b}} */
    static boolean isAtLeast(final int a, final int b) {
        return a - b >= 0;
    }

    /** {@return whether {@code a} is behind {@code b}} */
    static boolean isAfter(final int a, final int b) {
        return a - b > 0;
    }
}
