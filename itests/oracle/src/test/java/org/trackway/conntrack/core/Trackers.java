// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import java.util.List;
import java.util.function.LongSupplier;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.spi.ConnectionHelper;

/** Makes trackers without a container; in this package because the tracker itself is nobody else's business. */
public final class Trackers {

    private Trackers() {
    }

    /** {@return an empty tracker with these helpers, which its owner sweeps} */
    public static Conntrack make(final ConntrackSettings settings, final LongSupplier clock,
            final List<ConnectionHelper> helpers) {
        final Tracker tracker = new Tracker("oracle", settings, clock);
        helpers.forEach(tracker::addHelper);
        return tracker;
    }
}
