// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.util.List;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.api.console.Candidate;
import org.apache.karaf.shell.api.console.CommandLine;
import org.apache.karaf.shell.api.console.Completer;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.support.completers.FileCompleter;

/** Completes names of files and directories. */
@Service
public final class Paths implements Completer {

    private final FileCompleter files = new FileCompleter();

    @Override
    public int complete(final Session session, final CommandLine line, final List<String> candidates) {
        return files.complete(session, line, candidates);
    }

    @Override
    public void completeCandidates(final Session session, final CommandLine line, final List<Candidate> candidates) {
        files.completeCandidates(session, line, candidates);
    }
}
