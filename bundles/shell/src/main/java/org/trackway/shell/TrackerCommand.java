// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.trackway.conntrack.Conntrack;

/** A command about one tracker: the live one unless told otherwise. */
abstract class TrackerCommand extends TrackwayCommand {

    static final String LIVE = "live";
    static final String REPLAY = "replay";

    @Reference
    Conntrack live;

    @Option(name = "--tracker", description = "Which tracker: live, the container's own, or replay, that of the last "
        + "datapath:replay")
    @Completion(TrackerNames.class)
    String tracker = LIVE;

    /** {@return the tracker that the user chose} */
    final Conntrack tracker() {
        return switch (tracker) {
            case LIVE -> live;
            case REPLAY -> LastReplay.required();
            default -> throw new IllegalArgumentException("unknown tracker '" + tracker + "': give live or replay");
        };
    }

    /** Says where connections may be, if somebody looks at an empty live tracker after a replay. */
    final void hint(final Console console) {
        final Conntrack replayed = LastReplay.conntrack();
        if (LIVE.equals(tracker) && replayed != null && replayed != live && replayed.count() > 0) {
            console.println(console.dim("The tracker of the last replay has "
                + Units.count(replayed.count(), "connection") + ": add --tracker replay"));
        }
    }
}
