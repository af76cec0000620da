// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import java.util.List;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.spi.ConnectionHelper;

/** Makes trackers without a container; in this package because the tracker itself is nobody else's business. */
public final class Trackers {

    private Trackers() {
    }

    /** {@return an empty tracker on the machine's clock with these helpers} */
    public static Conntrack make(final ConntrackSettings settings, final List<ConnectionHelper> helpers) {
        final Tracker tracker = new Tracker("live", settings, System::nanoTime);
        helpers.forEach(tracker::addHelper);
        return tracker;
    }
}
