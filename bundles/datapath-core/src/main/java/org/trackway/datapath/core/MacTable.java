// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.Arrays;

/**
 * Which port leads to which Ethernet address in which VLAN, for {@code normal}. What was not heard of for five minutes
 * is forgotten (Open vSwitch's default, lib/mac-learning.h); where there is no room, what was heard of longest ago.
 *
 * <p>Safe for use by several threads. Time is in nanoseconds of the tracker's clock.
 */
final class MacTable {

    static final long MAX_AGE_NS = 300_000_000_000L;
    static final int UNKNOWN = -1;

    private static final int SETS = 4096;
    private static final int WAYS = 4;
    private static final long MULTICAST = 1L << 40;

    /** VLAN and address of each entry, set by set; meaningless where the port is unknown. */
    private final long[] addresses = new long[SETS * WAYS];
    private final int[] ports = new int[SETS * WAYS];
    private final long[] seenNs = new long[SETS * WAYS];

    MacTable() {
        Arrays.fill(ports, UNKNOWN);
    }

    static boolean isMulticast(final long mac) {
        return (mac & MULTICAST) != 0;
    }

    /** {@return an address in a VLAN, by which it is asked for} */
    static long address(final int vlan, final long mac) {
        return (long) vlan << 48 | mac;
    }

    private static int set(final long address) {
        return (int) (address * 0x9E3779B97F4A7C15L >>> 52) * WAYS;
    }

    /**
     * Remembers by which port an address was heard of. Group addresses are not learnt.
     *
     * @return whether that was not known
     */
    synchronized boolean learn(final long address, final int port, final long nowNs) {
        if (isMulticast(address)) {
            return false;
        }
        final int from = set(address);
        int place = from;
        for (int i = from; i < from + WAYS; i++) {
            if (ports[i] != UNKNOWN && addresses[i] == address) {
                place = i;
                break;
            }
            if (ports[place] != UNKNOWN && (ports[i] == UNKNOWN || seenNs[i] < seenNs[place])) {
                place = i;
            }
        }
        final boolean news = addresses[place] != address || ports[place] != port
            || nowNs - seenNs[place] >= MAX_AGE_NS;
        addresses[place] = address;
        ports[place] = port;
        seenNs[place] = nowNs;
        return news;
    }

    /** {@return the port that leads to an address, or {@link #UNKNOWN}} */
    synchronized int find(final long address, final long nowNs) {
        final int from = set(address);
        for (int i = from; i < from + WAYS; i++) {
            if (ports[i] != UNKNOWN && addresses[i] == address) {
                return nowNs - seenNs[i] < MAX_AGE_NS ? ports[i] : UNKNOWN;
            }
        }
        return UNKNOWN;
    }

    /** Forgets everything that was learnt from a port. */
    synchronized void forget(final int port) {
        for (int i = 0; i < ports.length; i++) {
            if (ports[i] == port) {
                ports[i] = UNKNOWN;
            }
        }
    }
}
