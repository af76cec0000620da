// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.trackway.datapath.DatapathPort;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Port;
import org.trackway.packet.PortFactory;

/**
 * A port in a datapath. Receiving belongs to threads of its own, the {@link PortLoop}s; sending is done by whatever
 * thread has packets for the port, one at a time.
 */
final class PortEntry {

    private static final Logger LOG = LoggerFactory.getLogger(PortEntry.class);

    final int number;
    final Port port;
    /** Who opened the port, null if it was given open. */
    final PortFactory factory;
    private final Object sending = new Object();
    private volatile DatapathPort.State state = DatapathPort.State.IDLE;
    private volatile String error;
    private boolean removed;
    /** The threads that poll the port, empty if none does. Replaced as a whole, guarded by the datapath's lock. */
    List<PortLoop> loops = List.of();

    PortEntry(final int number, final Port port, final PortFactory factory) {
        this.number = number;
        this.port = port;
        this.factory = factory;
    }

    /** Sends packets, unless the port was removed or has failed. {@return whether they were handed over} */
    boolean send(final PacketBatch batch) {
        synchronized (sending) {
            if (removed || state == DatapathPort.State.FAILED) {
                return false;
            }
            try {
                port.send(batch);
                return true;
            } catch (final Throwable failure) {
                fail(failure);
                return false;
            }
        }
    }

    void state(final DatapathPort.State now) {
        state = now;
    }

    boolean isOpenForReceiving() {
        return state == DatapathPort.State.IDLE;
    }

    /** Takes note of what a port threw, which is a guest: even an Error of its class loading is its own end alone. */
    void fail(final Throwable failure) {
        error = failure instanceof Error || failure.getMessage() == null ? failure.toString() : failure.getMessage();
        state = DatapathPort.State.FAILED;
        LOG.warn("Port {} failed: {}", port.name(), error);
    }

    /** Closes the port. When this returns, nobody sends to it any more. */
    void close() {
        synchronized (sending) {
            removed = true;
        }
        try {
            port.close();
        } catch (final Throwable failure) {
            LOG.warn("Port {} did not close well: {}", port.name(), failure.getMessage());
        }
    }

    DatapathPort snapshot() {
        return new DatapathPort(number, port.name(), port.kind(), state, Optional.ofNullable(error), port.statistics());
    }
}
