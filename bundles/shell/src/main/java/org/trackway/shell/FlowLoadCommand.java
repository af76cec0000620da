// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.io.IOException;
import java.util.List;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.trackway.datapath.FlowException;

/** Adds the flows of a file to the live datapath. */
@Service
@Command(scope = "datapath", name = "flow-load",
    description = "Adds the flows of a file to the live datapath, all or none.",
    detailedDescription = """
    One flow a line; what follows a # is skipped. datapath:flows --no-stats writes such lines. The flows are \
    saved, too, and survive a restart.
    Examples:
      datapath:flow-load firewall.flows
      datapath:flow-load --wait firewall.flows
    """)
public final class FlowLoadCommand extends DatapathCommand {

    @Option(name = "--wait",
        description = "Take flows even if they name a helper, timeout policy or port that is not there")
    boolean wait;

    @Argument(name = "file", description = "The file", required = true, multiValued = true)
    @Completion(Paths.class)
    List<String> words;

    @Override
    void run(final Console console) throws IOException {
        final List<String> files = Operands.of(this, words);
        if (files.size() != 1) {
            throw new IllegalArgumentException("give one file, not " + files.size());
        }
        final List<String> lines = flowsFrom(files.get(0));
        try {
            console.println(Units.count(saved.addAll(lines, missing(wait)), "flow") + " loaded");
        } catch (final FlowException e) {
            throw new IllegalArgumentException(files.get(0) + ", " + e.getMessage(), e);
        }
    }
}
