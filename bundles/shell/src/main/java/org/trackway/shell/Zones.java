// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.util.List;
import java.util.OptionalInt;
import java.util.TreeSet;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.api.console.CommandLine;
import org.apache.karaf.shell.api.console.Completer;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.support.completers.StringsCompleter;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.Conntrack;

/** Completes zones: those with a limit, and those with connections unless there are too many to look at in between. */
@Service
public final class Zones implements Completer {

    private static final int FEW = 10_000;

    @Reference
    Conntrack live;

    @Override
    public int complete(final Session session, final CommandLine line, final List<String> candidates) {
        final TreeSet<Integer> zones = new TreeSet<>();
        live.zones(OptionalInt.empty()).forEach(zone -> zones.add(zone.zone()));
        if (live.count() <= FEW) {
            live.forEach(ConnectionFilter.ALL, connection -> zones.add(connection.zone()));
        }
        return new StringsCompleter(zones.stream().map(String::valueOf).toList()).complete(session, line, candidates);
    }
}
