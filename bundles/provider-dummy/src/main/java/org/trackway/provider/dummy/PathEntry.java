// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.dummy;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.trackway.offload.Path;

/** A path on the card. Packet threads count on it; any thread reads. */
final class PathEntry {

    final long id;
    final Path path;
    final PathMatch match;
    final PathRewrite rewrite;
    private final AtomicLong packets = new AtomicLong();
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicBoolean off = new AtomicBoolean();
    private volatile long lastSeenNs;

    PathEntry(final long id, final Path path, final long nowNs) {
        this.id = id;
        this.path = path;
        match = PathMatch.of(path);
        rewrite = new PathRewrite(path);
        lastSeenNs = nowNs;
    }

    void passed(final int size, final long nowNs) {
        packets.getAndIncrement();
        bytes.getAndAdd(size);
        lastSeenNs = nowNs;
    }

    /** Leaves its packets to software until it is withdrawn. {@return whether it did not before} */
    boolean turnOff() {
        return !off.getAndSet(true);
    }

    boolean isOff() {
        return off.get();
    }

    long packets() {
        return packets.get();
    }

    long bytes() {
        return bytes.get();
    }

    /** {@return when its last packet passed, or when it was added} */
    long lastSeenNs() {
        return lastSeenNs;
    }

    boolean uses(final String port) {
        return path.ingress().equals(port) || path.egress().equals(port);
    }
}
