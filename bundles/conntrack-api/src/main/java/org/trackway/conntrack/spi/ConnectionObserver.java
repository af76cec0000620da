// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.spi;

import org.osgi.annotation.versioning.ConsumerType;
import org.trackway.packet.Packet;

/**
 * Told of what happens to connections. Published as a service, it observes the container's tracker; {@code
 * Conntrack.observe} attaches it to any.
 *
 * <p>Calls come on packet, sweep and management threads under the connection's lock, hence in order for one connection
 * and concurrently for different ones. An observer takes note or enqueues; it must not block and must not call the
 * tracker. What it throws is counted; after {@value #MAX_FAILURES} failures in a row it is parked until it is registered anew.
 */
@ConsumerType
public interface ConnectionObserver {

    /** Failures in a row after which an observer is not called any more. */
    int MAX_FAILURES = 16;

    /** Why a connection went. */
    enum Reason {
        /** Its time was over and it was swept. */
        EXPIRED,
        /** Somebody flushed it. */
        FLUSHED,
        /** A packet opened another connection with its tuple. */
        REPLACED
    }

    /** {@return the place among observers: higher ones are told first} */
    default int priority() {
        return 0;
    }

    /** A packet was committed and made this connection. */
    default void created(final ConnectionView connection, final Packet packet) {
    }

    /** The connection has been seen in both directions for the first time (TCP: its handshake is complete). */
    default void established(final ConnectionView connection, final Packet packet) {
    }

    /** A packet moved its protocol state, mark or label. */
    default void changed(final ConnectionView connection, final Packet packet) {
    }

    /** It is gone; its id will not be used again. */
    default void destroyed(final ConnectionView connection, final Reason reason) {
    }
}
