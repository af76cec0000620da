// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.util.List;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.api.console.CommandLine;
import org.apache.karaf.shell.api.console.Completer;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.support.completers.StringsCompleter;

/** Completes the states that a connection can be in. */
@Service
public final class States implements Completer {

    /** TCP's, as shown for a whole connection, then those of UDP and others, then those of ICMP. */
    static final List<String> NAMES = List.of("SYN_SENT", "ESTABLISHED", "CLOSING", "TIME_WAIT", "CLOSED", "FIRST",
        "MULTIPLE", "BIDIR", "REPLY");

    @Override
    public int complete(final Session session, final CommandLine line, final List<String> candidates) {
        return new StringsCompleter(NAMES).complete(session, line, candidates);
    }
}
