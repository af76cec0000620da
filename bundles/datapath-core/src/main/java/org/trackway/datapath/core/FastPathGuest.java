// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.trackway.packet.FastPath;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Port;

/**
 * A fast path while it is registered, shared by all packet threads: how many calls are in it now, and how often it has
 * failed in a row. Contains what it throws, and makes sure that it is not called after its end.
 */
final class FastPathGuest {

    private static final Logger LOG = LoggerFactory.getLogger(FastPathGuest.class);
    private static final long CLOSE_LIMIT_NS = 5_000_000_000L;

    final FastPath fastPath;
    private final AtomicInteger inside = new AtomicInteger();
    private final AtomicInteger failures = new AtomicInteger();
    private volatile boolean closed;

    FastPathGuest(final FastPath fastPath) {
        this.fastPath = fastPath;
    }

    /** Lets it take packets out of a batch, unless it is parked or gone. */
    void forward(final Port in, final PacketBatch batch, final FastPath.Egress egress) {
        if (failures.get() >= FastPath.MAX_FAILURES) {
            return;
        }
        inside.incrementAndGet();
        try {
            if (!closed) {
                fastPath.forward(in, batch, egress);
                if (failures.get() != 0) {
                    failures.set(0);
                }
            }
        } catch (final Throwable thrown) {
            // A fast path is a guest: even an Error of its class loading must not reach the packet path.
            if (failures.incrementAndGet() == FastPath.MAX_FAILURES) {
                LOG.warn("A fast path failed {} times in a row and is not asked any more", FastPath.MAX_FAILURES,
                    thrown);
            }
        } finally {
            inside.decrementAndGet();
        }
    }

    /** Ends it. When this returns, it is not in a call any more, unless one takes longer than five seconds. */
    void close() {
        closed = true;
        final long start = System.nanoTime();
        while (inside.get() != 0 && System.nanoTime() - start < CLOSE_LIMIT_NS) {
            Thread.yield();
        }
    }
}
