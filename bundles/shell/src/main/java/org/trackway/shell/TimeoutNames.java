// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.util.Arrays;
import java.util.List;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.api.console.CommandLine;
import org.apache.karaf.shell.api.console.Completer;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.support.completers.StringsCompleter;
import org.trackway.conntrack.Timeout;

/** Completes the attributes of timeout policies with their defaults. */
@Service
public final class TimeoutNames implements Completer {

    @Override
    public int complete(final Session session, final CommandLine line, final List<String> candidates) {
        return new StringsCompleter(Arrays.stream(Timeout.values())
            .map(timeout -> timeout.attribute() + "=" + timeout.defaultSeconds()).toList())
            .complete(session, line, candidates);
    }
}
