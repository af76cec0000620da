// SPDX-License-Identifier: Apache-2.0
package org.trackway.benchmarks;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** A connection as a plain Java object, with the same content as an entry of {@link SlabLayout}. */
final class ConnectionObject {

    private static final VarHandle LOCK;

    static {
        try {
            LOCK = MethodHandles.lookup().findVarHandle(ConnectionObject.class, "lock", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final long addresses;
    final long ports;
    final long reverseAddresses;
    final long reversePorts;
    final long created;
    private int lock;
    private long expiration;
    private long lastSeen;
    private long packets;
    private long bytes;
    private long replyPackets;
    private long replyBytes;
    // What only a whole tracker uses; here for its size.
    long tcpOriginator;
    long tcpResponder;
    long mark;

    ConnectionObject(long addresses, long ports, long now) {
        this.addresses = addresses;
        this.ports = ports;
        reverseAddresses = TableLayout.reverseAddresses(addresses);
        reversePorts = TableLayout.reversePorts(ports);
        created = now;
    }

    boolean matches(long a, long p) {
        return addresses == a && ports == p || reverseAddresses == a && reversePorts == p;
    }

    boolean update(long a, long p, long now) {
        while (!LOCK.compareAndSet(this, 0, 1)) {
            Thread.onSpinWait();
        }
        if (addresses == a && ports == p) {
            packets++;
            bytes += 106;
        } else {
            replyPackets++;
            replyBytes += 106;
        }
        expiration = now + 30_000_000_000L;
        lastSeen = now;
        LOCK.setRelease(this, 0);
        return true;
    }
}
