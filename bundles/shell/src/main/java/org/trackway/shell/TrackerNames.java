// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.util.List;
import org.apache.karaf.shell.api.action.lifecycle.Destroy;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.api.console.CommandLine;
import org.apache.karaf.shell.api.console.Completer;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.support.completers.StringsCompleter;

/** Completes the trackers that there are, and forgets the last replay's when the commands go. */
@Service
public final class TrackerNames implements Completer {

    @Override
    public int complete(final Session session, final CommandLine line, final List<String> candidates) {
        return new StringsCompleter(LastReplay.conntrack() == null ? List.of(TrackerCommand.LIVE)
            : List.of(TrackerCommand.LIVE, TrackerCommand.REPLAY)).complete(session, line, candidates);
    }

    /** The services that the commands use are going: their classes must not be kept. */
    @Destroy
    public void forget() {
        LastReplay.forget();
    }
}
