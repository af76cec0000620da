// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.ArrayList;
import java.util.List;
import org.trackway.datapath.ReplayResult.Slice;

/**
 * Cuts a replay, whose length nobody knows before, into at most {@value #MAX} slices of about as many packets each:
 * when there would be more, every two become one. Used by one thread.
 */
final class Slices {

    static final int MAX = 20;

    private final long[] packets = new long[MAX];
    private final long[] bypassed = new long[MAX];
    private int last;
    /** So many packets make a slice. */
    private long width = 32;

    /** Counts packets that were replayed together, and those among them that a fast path took. */
    void add(final long more, final long moreBypassed) {
        if (packets[last] >= width) {
            if (last + 1 == MAX) {
                halve();
            } else {
                last++;
            }
        }
        packets[last] += more;
        bypassed[last] += moreBypassed;
    }

    private void halve() {
        for (int i = 0; i < MAX; i++) {
            final boolean kept = i < MAX / 2;
            packets[i] = kept ? packets[2 * i] + packets[2 * i + 1] : 0;
            bypassed[i] = kept ? bypassed[2 * i] + bypassed[2 * i + 1] : 0;
        }
        last = MAX / 2;
        width *= 2;
    }

    /** {@return the slices so far, in order, none of them empty} */
    List<Slice> all() {
        final List<Slice> all = new ArrayList<>();
        for (int i = 0; i < MAX && packets[i] > 0; i++) {
            all.add(new Slice(packets[i], bypassed[i]));
        }
        return all;
    }
}
