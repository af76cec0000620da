// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.afpacket;

import java.util.StringJoiner;
import java.util.concurrent.atomic.AtomicLongArray;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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

    private static final Logger LOG = LoggerFactory.getLogger(Drops.class);

    private static final Reason[] REASONS = Reason.values();
    private static final long REPORT_NS = 10_000_000_000L;

    private final AtomicLongArray counts = new AtomicLongArray(REASONS.length);
    private long reportedNs = System.nanoTime() - REPORT_NS;
    private long reported;

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

    /** Writes to the log what was dropped and why if it is more than last time, at most every ten seconds. */
    synchronized void report(final String port, final long nowNs) {
        if (nowNs - reportedNs >= REPORT_NS && total() != reported) {
            reportedNs = nowNs;
            reported = total();
            LOG.warn("Port {} has dropped {} packets: {}", port, reported, this);
        }
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
