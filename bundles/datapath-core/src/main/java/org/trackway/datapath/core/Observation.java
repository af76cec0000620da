// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.trackway.conntrack.Conntrack;
import org.trackway.datapath.PacketObserver;
import org.trackway.datapath.SeenPacket;

/** An observer while it observes. Contains what it throws, and makes sure that it is not called after its end. */
final class Observation implements PacketObserver, Conntrack.Registration {

    private static final Logger LOG = LoggerFactory.getLogger(Observation.class);

    private final PacketObserver observer;
    private final TableDatapath datapath;
    /** Packet threads read, whoever ends the observation writes. */
    private final ReentrantReadWriteLock calling = new ReentrantReadWriteLock();
    private volatile boolean closed;

    Observation(final PacketObserver observer, final TableDatapath datapath) {
        this.observer = observer;
        this.datapath = datapath;
    }

    @Override
    public void packet(final SeenPacket packet) {
        calling.readLock().lock();
        try {
            if (!closed) {
                observer.packet(packet);
            }
        } catch (final Throwable failure) {
            // An observer is a guest: even an Error of its class loading must not reach the packet path.
            closed = true;
            datapath.forget(this);
            LOG.warn("An observer of packets of datapath {} failed and is not called any more", datapath.name(),
                failure);
        } finally {
            calling.readLock().unlock();
        }
    }

    @Override
    public void close() {
        closed = true;
        datapath.forget(this);
        if (calling.getReadHoldCount() == 0) {
            calling.writeLock().lock();
            calling.writeLock().unlock();
        }
    }
}
