// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import java.util.List;
import org.trackway.offload.spi.Activity;

/**
 * A path in the table of one provider. Guarded by the worker's monitor.
 *
 * <pre>
 *   phase    forwards  next
 *   OFFERED  no        ASKED when its turn comes; GONE if it is withdrawn before
 *   ASKED    maybe     HELD accepted; GONE anything else; LEAVING no answer
 *   HELD     yes       LEAVING
 *   LEAVING  yes       GONE once it is withdrawn
 *   GONE     no
 * </pre>
 */
final class PathEntry extends Subject {

    /** How far it is. */
    enum Phase { OFFERED, ASKED, HELD, LEAVING, GONE }

    final OfferedPath path;
    /** The chapters of its hops, in their order. */
    final List<Chapter> hops;
    final long sinceNs;
    Phase phase = Phase.OFFERED;
    boolean pending;
    /** Whether it is withdrawn so that a busier connection gets its place. */
    boolean yields;
    /** Whether its activity is to be asked for. */
    boolean due;
    /** Whether the provider can't tell whether it is in use. */
    boolean untold;
    /** When its activity was answered last. */
    long askedNs;
    Activity last = Activity.UNTOLD;

    PathEntry(final OfferedPath path, final List<Chapter> hops, final long sinceNs) {
        this.path = path;
        this.hops = hops;
        this.sinceNs = sinceNs;
        askedNs = sinceNs;
    }

    long id() {
        return path.id();
    }
}
