// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import java.util.function.LongSupplier;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.ConntrackSettings;

/** Makes trackers without a container; in this package because the tracker itself is nobody else's business. */
public final class Trackers {

    private Trackers() {
    }

    /** {@return an empty tracker, which its owner sweeps} */
    public static Conntrack make(final ConntrackSettings settings, final LongSupplier clock) {
        return new Tracker("stress", settings, clock);
    }
}
