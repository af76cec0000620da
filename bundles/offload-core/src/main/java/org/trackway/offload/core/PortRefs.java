// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import org.trackway.packet.Port;

/**
 * The one {@link PortRef} of every port. Packet threads look ports up without lock and allocation; the first packet of
 * a port makes its reference, under this object's monitor, and forgets those of ports that are gone. The table is
 * replaced as a whole by a volatile write. Ports are told apart by identity: they may equal each other.
 */
final class PortRefs {

    private volatile PortRef[] table = new PortRef[8];

    /** {@return the reference of a port, null for null} */
    PortRef of(final Port port) {
        if (port == null) {
            return null;
        }
        final PortRef known = find(table, port);
        return known == null ? add(port) : known;
    }

    private static PortRef find(final PortRef[] in, final Port port) {
        final int mask = in.length - 1;
        for (int i = System.identityHashCode(port) & mask; in[i] != null; i = i + 1 & mask) {
            if (in[i].refersTo(port)) {
                return in[i];
            }
        }
        return null;
    }

    private synchronized PortRef add(final Port port) {
        final PortRef[] before = table;
        PortRef known = find(before, port);
        if (known == null) {
            int alive = 1;
            for (final PortRef ref : before) {
                alive += ref == null || ref.refersTo(null) ? 0 : 1;
            }
            final PortRef[] after = new PortRef[Math.max(8, Integer.highestOneBit(alive) * 4)];
            for (final PortRef ref : before) {
                if (ref != null && !ref.refersTo(null)) {
                    put(after, ref);
                }
            }
            known = new PortRef(port);
            put(after, known);
            table = after;
        }
        return known;
    }

    private static void put(final PortRef[] into, final PortRef ref) {
        final int mask = into.length - 1;
        int i = ref.hash() & mask;
        while (into[i] != null) {
            i = i + 1 & mask;
        }
        into[i] = ref;
    }
}
