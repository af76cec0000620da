// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import org.trackway.conntrack.spi.Bypass;
import org.trackway.packet.IpProtocol;

/**
 * Holds connections of one tracker for the module that lets packets pass beside it. That a connection is held stands in
 * its entry alone, under its lock.
 */
final class TrackerBypass implements Bypass {

    private final Tracker tracker;
    private volatile boolean closed;

    TrackerBypass(final Tracker tracker) {
        this.tracker = tracker;
    }

    boolean isClosed() {
        return closed;
    }

    /**
     * Locks a connection by its id. Once closed, none is found, so that nothing is held after {@link #close}'s walk.
     */
    private boolean find(final long id, final Cursor cursor) {
        if (!tracker.table.find(id, tracker.now(), cursor)) {
            return false;
        }
        if (closed) {
            cursor.unlock();
            return false;
        }
        return true;
    }

    @Override
    public boolean hold(final long connectionId, final boolean unseen) {
        final Cursor cursor = new Cursor(tracker.table);
        if (!find(connectionId, cursor)) {
            return false;
        }
        if (unseen) {
            cursor.addFlags(Cursor.HELD | Cursor.UNSEEN);
        } else {
            see(cursor);
            cursor.addFlags(Cursor.HELD);
        }
        cursor.unlock();
        return true;
    }

    @Override
    public long credit(final long connectionId, final long lastSeenNs, final long packets, final long bytes,
            final long replyPackets, final long replyBytes) {
        final Cursor cursor = new Cursor(tracker.table);
        if (!find(connectionId, cursor)) {
            return GONE;
        }
        final long seenNs = Math.min(lastSeenNs, tracker.now());
        cursor.credit(Math.max(0, packets), Math.max(0, bytes), Math.max(0, replyPackets), Math.max(0, replyBytes),
            seenNs);
        renew(cursor, seenNs);
        final long expires = cursor.get(Slab.EXPIRES);
        cursor.unlock();
        return expires;
    }

    /** Lets the present timeout of a connection start at some time, unless it has more already. */
    private void renew(final Cursor cursor, final long seenNs) {
        final long state = cursor.get(Slab.STATE);
        final int protocol = cursor.protocol();
        final int timeout = (protocol == IpProtocol.TCP ? TcpMachine.timeout(state)
            : Machine.timeout(protocol, (int) state)).ordinal();
        final long expires = tracker.timeouts.expiry(cursor.policy(), timeout, seenNs);
        if (expires > cursor.get(Slab.EXPIRES)) {
            cursor.put(Slab.EXPIRES, expires);
        }
    }

    @Override
    public boolean release(final long connectionId, final boolean renew) {
        final Cursor cursor = new Cursor(tracker.table);
        if (!find(connectionId, cursor)) {
            return false;
        }
        return release(cursor, renew);
    }

    /** Releases the connection that the cursor holds, and unlocks it. {@return whether it was held} */
    private boolean release(final Cursor cursor, final boolean renew) {
        final boolean held = cursor.has(Cursor.HELD);
        if (held) {
            see(cursor);
            cursor.removeFlags(Cursor.HELD);
            if (renew) {
                renew(cursor, tracker.now());
            }
        }
        cursor.unlock();
        return held;
    }

    /** From now on all packets are seen; what they were up to meanwhile has to be learnt anew. */
    private static void see(final Cursor cursor) {
        if (cursor.has(Cursor.UNSEEN)) {
            cursor.removeFlags(Cursor.UNSEEN);
            if (cursor.protocol() == IpProtocol.TCP) {
                cursor.addFlags(Cursor.RELEARN_ORIGINAL | Cursor.RELEARN_REPLY);
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        final ConnectionTable table = tracker.table;
        final Cursor cursor = new Cursor(table);
        for (int kind = 0; kind < table.kinds(); kind++) {
            final int end = table.end(kind);
            for (int index = 1; index < end; index++) {
                // Locked before it is looked at: a hold that is under way is seen, and later ones find "closed".
                if ((table.head(kind, index) & Slab.LIVE) != 0 && table.lockAt(kind, index, cursor)) {
                    release(cursor, true);
                }
            }
        }
    }
}
