// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.util.List;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.api.console.CommandLine;
import org.apache.karaf.shell.api.console.Completer;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.support.completers.StringsCompleter;
import org.trackway.datapath.Datapath;

/** Completes the kinds of ports that can be opened. */
@Service
public final class PortKinds implements Completer {

    @Reference
    Datapath live;

    @Override
    public int complete(final Session session, final CommandLine line, final List<String> candidates) {
        return new StringsCompleter(live.portKinds()).complete(session, line, candidates);
    }
}
