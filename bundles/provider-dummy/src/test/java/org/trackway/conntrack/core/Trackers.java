// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.ConntrackSettings;

/** Makes trackers without a container; in this package because the tracker itself is nobody else's business. */
public final class Trackers {

    private Trackers() {
    }

    /** {@return an empty tracker whose clock stands still} */
    public static Conntrack make() {
        return new Tracker("test", ConntrackSettings.DEFAULT, () -> 1);
    }
}
