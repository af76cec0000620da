// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.afpacket;

import java.util.StringJoiner;
import java.util.concurrent.atomic.AtomicLongArray;

/** Counts packets that were dropped, by reason. Thread-safe. */
final class Drops {

    /** Why a packet was dropped. */
    enum Reason {
        RING_FULL("found the receive ring full"),
        CUT_SHORT("were longer than the receive ring takes"),
        ODD_SEGMENT("were long segments of a kind that can't be passed on"),
        TOO_LONG("were longer than the interface's MTU"),
        DOWN("were sent while the interface was down"),
        BUSY("were sent faster than the interface takes them"),
        REFUSED("were refused by the kernel");

        private final String words;

        Reason(final String words) {
            this.words = words;
        }
    }

    private static final Reason[] REASONS = Reason.values();

    private final AtomicLongArray counts = new AtomicLongArray(REASONS.length);

    void add(final Reason reason, final long packets) {
        if (packets != 0) {
            counts.addAndGet(reason.ordinal(), packets);
        }
    }

    long count(final Reason reason) {
        return counts.get(reason.ordinal());
    }

    long total() {
        long total = 0;
        for (int i = 0; i < REASONS.length; i++) {
            total += counts.get(i);
        }
        return total;
    }

    /** {@return the reasons that occurred, each with its count} */
    @Override
    public String toString() {
        final StringJoiner text = new StringJoiner(", ");
        for (final Reason reason : REASONS) {
            if (count(reason) > 0) {
                text.add(count(reason) + " " + reason.words);
            }
        }
        return text.toString();
    }
}
