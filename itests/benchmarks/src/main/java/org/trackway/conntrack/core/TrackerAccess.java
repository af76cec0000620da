// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import java.util.function.LongSupplier;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.ConntrackSettings;

/** Lets the benchmarks make a tracker without a container: the tracker's class is its bundle's own. */
public final class TrackerAccess {

    private TrackerAccess() {
    }

    /**
     * {@return a new tracker}
     *
     * @param clock its time in nanoseconds
     */
    public static Conntrack create(final ConntrackSettings settings, final LongSupplier clock) {
        return new Tracker("benchmark", settings, clock);
    }
}
