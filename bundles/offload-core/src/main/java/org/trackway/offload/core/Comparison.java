// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import org.trackway.conntrack.Conntrack;
import org.trackway.offload.Verification;
import org.trackway.offload.core.Chapter.Phase;
import org.trackway.offload.spi.OffloadProvider;
import org.trackway.offload.spi.Operation;

/** Compares a provider's own books with its table and with the tracker, and repairs the differences. No state. */
final class Comparison {

    private Comparison() {
    }

    /** {@return what was found; called with the monitor of the worker whose table it is} */
    static Verification make(final String provider, final ProviderTable table, final OffloadProvider.Holdings holdings,
            final Conntrack conntrack, final Health health, final long nowNs) {
        final Set<Long> theirs = Arrays.stream(holdings.connections()).boxed().collect(Collectors.toSet());
        final Set<Long> theirPaths = Arrays.stream(holdings.paths()).boxed().collect(Collectors.toSet());
        long missing = 0;
        long unexpected = 0;
        long dead = 0;
        long compared = theirs.size() + theirPaths.size();
        for (final PathEntry entry : table.paths().all()) {
            if (entry.phase == PathEntry.Phase.HELD && !theirPaths.remove(entry.id())) {
                missing++;
                compared++;
                health.failure("it does not hold path " + entry.id());
                table.paths().lost(entry, "its provider does not hold it");
            }
            theirPaths.remove(entry.id());
        }
        for (final Chapter chapter : table.chapters()) {
            final boolean there = theirs.remove(chapter.id());
            if (chapter.phase() != Phase.ADDED && chapter.phase() != Phase.ESTABLISHED) {
                continue;
            }
            if (!there) {
                missing++;
                compared++;
                health.failure("it does not hold connection " + chapter.id());
                table.lost(chapter, "its provider does not hold it", nowNs);
            } else if (conntrack.connection(chapter.id()).isEmpty()) {
                dead++;
                table.leave(chapter, "it is gone", false, false, nowNs);
            }
        }
        for (final long path : theirPaths) {
            unexpected++;
            table.queueStray(Operation.Kind.WITHDRAW, path);
        }
        for (final long connection : theirs) {
            if (conntrack.connection(connection).isEmpty()) {
                dead++;
            } else {
                unexpected++;
            }
            table.queueStray(Operation.Kind.DELETE, connection);
        }
        return new Verification(provider, true, compared, missing, unexpected, dead);
    }
}
