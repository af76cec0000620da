// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import java.util.Arrays;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.spi.Bypass;
import org.trackway.offload.OffloadState;

/**
 * What is known of one connection, as its value in a slot of the tracker: it goes with its connection. Workers write,
 * each its own chapter; any thread reads.
 *
 * <p>How the tracker holds the connection is the sum of what all providers do with it: held as long as one holds it,
 * unseen as long as one may forward unseen. Both are counted under this object's monitor, in which the tracker is told,
 * so that it hears of changes in their order. What concerns paths is guarded by the monitor of {@link PathBook}.
 */
final class Dossier {

    private static final Chapter[] NONE = {};

    private final long id;
    private final Bypass bypass;
    private volatile PortRef ingress;
    private volatile PortRef replyIngress;
    private volatile boolean established;
    private volatile Chapter[] chapters = NONE;

    // Guarded by this.
    private int holders;
    private int exposures;
    private int remarks;
    private int mark;
    private long labelHigh;
    private long labelLow;

    // Guarded by the path book; the first place is that of the original direction. The bits are read by any thread.
    final OfferedPath[] paths = new OfferedPath[2];
    final String[] refusals = new String[2];
    volatile int wants;

    Dossier(final long id, final Bypass bypass) {
        this.id = id;
        this.bypass = bypass;
    }

    long id() {
        return id;
    }

    // ---- what packets told ----

    PortRef ingress() {
        return ingress;
    }

    PortRef replyIngress() {
        return replyIngress;
    }

    /** Notes where packets come in; null is no news. */
    void ports(final PortRef original, final PortRef reply) {
        if (original != null) {
            ingress = original;
        }
        if (reply != null) {
            replyIngress = reply;
        }
    }

    boolean isEstablished() {
        return established;
    }

    void establish() {
        established = true;
    }

    /** Notes mark and label. {@return how often they were found to be others than before} */
    synchronized int remark(final Connection now) {
        if (mark != now.mark() || labelHigh != now.labelHigh() || labelLow != now.labelLow()) {
            mark = now.mark();
            labelHigh = now.labelHigh();
            labelLow = now.labelLow();
            remarks++;
        }
        return remarks;
    }

    // ---- what providers do with it ----

    /** {@return what each provider made of it, in no order} */
    Chapter[] chapters() {
        return chapters;
    }

    /** {@return the chapter of a provider, null if there is none} */
    Chapter chapter(final ProviderTable of) {
        for (final Chapter chapter : chapters) {
            if (chapter.table() == of) {
                return chapter;
            }
        }
        return null;
    }

    /** Adds a chapter, in the place of those whose provider has gone. */
    synchronized void add(final Chapter chapter) {
        final Chapter[] kept = Arrays.stream(chapters).filter(other -> !other.table().isClosed())
            .toArray(Chapter[]::new);
        final Chapter[] more = Arrays.copyOf(kept, kept.length + 1);
        more[kept.length] = chapter;
        chapters = more;
    }

    OffloadState state() {
        OffloadState furthest = OffloadState.NONE;
        for (final Chapter chapter : chapters) {
            if (chapter.state().compareTo(furthest) > 0) {
                furthest = chapter.state();
            }
        }
        return furthest;
    }

    // ---- how the tracker holds it ----

    /** A provider is about to hold it. {@return whether it is still there; if not, nothing is to be undone} */
    synchronized boolean acquire() {
        if (holders == 0 && !bypass.hold(id, false)) {
            return false;
        }
        holders++;
        return true;
    }

    /** A provider is about to forward unseen. */
    synchronized void expose() {
        if (exposures++ == 0) {
            bypass.hold(id, true);
        }
    }

    /** A provider forwards nothing unseen any more. */
    synchronized void cover() {
        if (--exposures == 0) {
            bypass.hold(id, false);
        }
    }

    /**
     * A provider holds it no longer.
     *
     * @param renew whether it gets its timeout once more, since nobody knows when it was last seen
     */
    synchronized void drop(final boolean renew) {
        if (--holders == 0) {
            bypass.release(id, renew);
        } else if (renew) {
            bypass.credit(id, Long.MAX_VALUE, 0, 0, 0, 0);
        }
    }

    /** Adds what passed unseen. {@return when its time is over, {@link Bypass#GONE} if it is not there} */
    long credit(final long seenNs, final long packets, final long bytes, final long replyPackets,
            final long replyBytes) {
        return bypass.credit(id, seenNs, packets, bytes, replyPackets, replyBytes);
    }

    /** {@return when its time is over as far as is known, {@link Bypass#GONE} if it is not there} */
    long expires() {
        return bypass.credit(id, Long.MIN_VALUE, 0, 0, 0, 0);
    }
}
