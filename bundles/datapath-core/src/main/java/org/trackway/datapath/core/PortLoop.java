// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.io.IOException;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.trackway.datapath.DatapathPort.State;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Receiver;

/** A thread that carries what a port receives through the datapath, until the port ends, fails or is removed. */
final class PortLoop implements Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(PortLoop.class);

    /** Polls without result before the thread waits. */
    private static final int SPINS = 100;
    private static final long MIN_WAIT_NS = 20_000;
    /** So long may it take to stop. */
    private static final long MAX_WAIT_NS = 20_000_000;

    private final TableDatapath datapath;
    private final PortEntry entry;
    private final Receiver receiver;
    private final Thread thread;
    private final PacketBatch batch = new PacketBatch();
    private volatile boolean stopped;
    private int idle;
    private long waitNs = MIN_WAIT_NS;

    PortLoop(final TableDatapath datapath, final PortEntry entry, final Receiver receiver) {
        this.datapath = datapath;
        this.entry = entry;
        this.receiver = receiver;
        thread = new Thread(this, "trackway-" + datapath.name() + "-" + entry.port.name());
        thread.setDaemon(true);
    }

    void start() {
        entry.state(State.RUNNING);
        thread.start();
    }

    /** Ends the thread. When this returns it is gone, unless it is itself the caller. */
    void stop() {
        stopped = true;
        LockSupport.unpark(thread);
        if (Thread.currentThread() == thread) {
            return;
        }
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (final InterruptedException notNow) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void run() {
        try {
            carry();
        } catch (final Throwable failure) {
            // A port is a guest: what it throws is shown with it, an Error of its class loading too.
            entry.fail(failure);
        }
    }

    private void carry() throws IOException {
        Pipeline pipeline = new Pipeline(datapath);
        while (!stopped) {
            batch.clear();
            final int count;
            try {
                count = receiver.receive(batch);
            } catch (final Throwable failure) {
                pass(pipeline);
                throw failure;
            }
            if (count < 0) {
                entry.state(State.ENDED);
                return;
            }
            if (count == 0) {
                rest();
            } else {
                idle = 0;
                waitNs = MIN_WAIT_NS;
                pipeline = pass(pipeline);
            }
        }
        entry.state(State.IDLE);
    }

    /** {@return the pipeline for the next batch: a mistake in this one must not end the port} */
    private Pipeline pass(final Pipeline pipeline) {
        try {
            pipeline.process(entry.port, entry.number, batch, 0, batch.size());
            return pipeline;
        } catch (final RuntimeException | Error mistake) {
            LOG.error("A batch of port {} was dropped", entry.port.name(), mistake);
            return new Pipeline(datapath);
        }
    }

    private void rest() {
        if (idle < SPINS) {
            idle++;
            Thread.onSpinWait();
        } else {
            receiver.await(waitNs);
            waitNs = Math.min(2 * waitNs, MAX_WAIT_NS);
        }
    }
}
