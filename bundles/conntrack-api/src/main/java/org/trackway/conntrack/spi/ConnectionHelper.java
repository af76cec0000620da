// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.spi;

import java.util.Set;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Follows control connections of one protocol and announces the connections they open (an application-level gateway).
 * Published as a service. A connection gets the helper that its committing flow names ({@code alg=NAME}); it is looked up
 * by name for every packet, so that a helper can be replaced while connections are open, and connections whose helper
 * went go on as plain ones.
 *
 * <p>{@link #control} is called on packet threads, under the connection's lock, for one packet of a connection at a time.
 * A helper must be quick, must bound what it keeps, must not block, and must not call the tracker, which would wait for
 * the very lock; its {@linkplain HelperContext#slot slots} are open to it. A call that is under way when the helper goes
 * still ends. What it throws is counted and otherwise ignored: the packet goes on as it was.
 */
@ConsumerType
public interface ConnectionHelper {

    /** {@return the name flows call it by, for example {@code ftp}} */
    String name();

    /** {@return the IP protocol of its control connections: TCP or UDP} */
    int protocol();

    /** {@return the usual ports of its servers, for people and completion; any port works with {@code alg=}} */
    Set<Integer> defaultPorts();

    /** Called once for every tracker, before any packet of it. What it throws keeps the helper out. */
    default void attach(final HelperContext context) {
    }

    /**
     * Looks at one packet of a control connection, in either direction: one that carries payload or a TCP SYN and is not
     * invalid. A packet that passes several {@code ct} actions may be shown once by each.
     */
    void control(ControlPacket packet);
}
