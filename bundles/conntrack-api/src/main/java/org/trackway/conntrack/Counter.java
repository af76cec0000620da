// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack;

import java.util.Locale;

/** What a tracker counts, monotonically. Names that Open vSwitch has too mean the same there (coverage counters). */
public enum Counter {
    /** Packets that went through the tracker. */
    PACKETS,
    /** Packets that left it invalid. */
    INVALID,
    /** Connections committed. */
    CREATED,
    /** Connections removed, for whatever reason. */
    DESTROYED,
    /** A connection was refused by the global maximum. */
    FULL,
    /** A connection was refused by a zone limit. */
    ZONE_FULL,
    /** A connection was refused because no translation was free. */
    NAT_EXHAUSTED,
    /** An IPv4 header checksum was verified. */
    L3CSUM_CHECKED,
    /** An IPv4 header checksum was wrong. */
    L3CSUM_ERR,
    /** A transport or ICMP checksum was verified. */
    L4CSUM_CHECKED,
    /** A transport or ICMP checksum was wrong. */
    L4CSUM_ERR,
    /** An already translated packet was not found by its reverse tuple. */
    LOOKUP_NATTED_MISS,
    /** A TCP segment outside the window passed because the check is off. */
    TCP_SEQ_CHK_BYPASS,
    /** A TCP segment was outside the window. */
    TCP_SEQ_CHK_FAILED,
    /** A TCP segment of a known connection had impossible flags. */
    INVALID_TCP_FLAGS,
    /** An expectation made room for a newer one because its connection had too many. */
    EXPECTATIONS_FULL,
    /** A helper threw, or named something impossible. */
    HELPER_FAILURES,
    /** An observer threw. */
    OBSERVER_FAILURES,
    /** The tracker itself failed on a packet: a fault of this software, never of the packet. */
    FAILURES;

    /** {@return the name shown to people, with the prefix that Open vSwitch uses} */
    public String label() {
        return "conntrack_" + name().toLowerCase(Locale.ROOT);
    }
}
