// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.karaf;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.util.Hashtable;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.trackway.conntrack.Connection;
import org.trackway.offload.spi.Activity;
import org.trackway.offload.spi.Answer;
import org.trackway.offload.spi.OffloadProvider;
import org.trackway.packet.Port;

/** A provider that keeps connections' state and forwards nothing, and notices what it is asked when it must not be. */
final class Watcher implements OffloadProvider {

    private final Set<Long> held = ConcurrentHashMap.newKeySet();
    private final AtomicInteger calls = new AtomicInteger();
    private final AtomicInteger lateCalls = new AtomicInteger();
    private final AtomicInteger wrongCalls = new AtomicInteger();
    private final long bornNs = System.nanoTime();
    private final ServiceRegistration<OffloadProvider> registration;
    private volatile boolean gone;

    Watcher(final BundleContext context) {
        registration = context.registerService(OffloadProvider.class, this, new Hashtable<>());
    }

    /** Goes, and fails if it was asked anything that it must not be asked, until now or after that. */
    void assertRightUntilItGoes() {
        registration.unregister();
        gone = true;
        assertTrue("it was asked", calls.get() > 0);
        assertEquals("connections it was never told to forget", 0, held.size());
        assertEquals("adds of what it held, other calls about what it did not hold", 0, wrongCalls.get());
    }

    /** {@return how often it was called after it had gone} */
    int lateCalls() {
        return lateCalls.get();
    }

    private void called(final boolean right) {
        calls.incrementAndGet();
        if (gone) {
            lateCalls.incrementAndGet();
        }
        if (!right) {
            wrongCalls.incrementAndGet();
        }
    }

    @Override
    public String name() {
        return "watcher";
    }

    @Override
    public Answer canOffload(final Connection connection) {
        called(true);
        return Answer.ACCEPTED;
    }

    @Override
    public Answer add(final Connection connection, final Optional<Port> ingress) {
        called(held.add(connection.id()));
        return Answer.ACCEPTED;
    }

    @Override
    public Answer established(final Connection connection, final Optional<Port> replyIngress) {
        called(held.contains(connection.id()));
        return Answer.ACCEPTED;
    }

    @Override
    public Activity update(final long connectionId) {
        called(held.contains(connectionId));
        return new Activity(System.nanoTime() - bornNs, 0, 0, 0, 0);
    }

    @Override
    public Activity delete(final long connectionId) {
        called(held.remove(connectionId));
        return Activity.UNTOLD;
    }
}
