// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import java.util.Arrays;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.Conntrack;
import org.trackway.offload.OffloadSettings;
import org.trackway.offload.spi.Answer;

/** The connections that were there at one moment and may be offered, established ones first. Used by one thread. */
final class Scan {

    private long[] ids = new long[1_024];
    private int size;
    private int next;

    /** {@return a scan of all connections of a tracker} */
    static Scan of(final Conntrack conntrack, final OffloadSettings settings) {
        final Scan first = new Scan();
        final Scan then = new Scan();
        final long nowNs = conntrack.now();
        conntrack.forEach(ConnectionFilter.ALL, connection -> {
            if (Eligibility.toAnybody(connection, settings, nowNs).kind() != Answer.Kind.NO) {
                (Eligibility.isEstablished(connection) ? first : then).add(connection.id());
            }
        });
        while (then.hasNext()) {
            first.add(then.next());
        }
        return first;
    }

    private void add(final long id) {
        if (size == ids.length) {
            ids = Arrays.copyOf(ids, size * 2);
        }
        ids[size++] = id;
    }

    boolean hasNext() {
        return next < size;
    }

    /** {@return the id of the next connection} */
    long next() {
        return ids[next++];
    }
}
