// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.io.IOException;
import java.util.List;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.trackway.datapath.FlowException;

/** Removes flows of the live datapath. */
@Service
@Command(scope = "datapath", name = "flow-remove", description = "Removes flows from the live datapath.",
    detailedDescription = """
    Takes what ovs-ofctl del-flows takes: a match without actions removes every flow that is equal or more \
    specific, with --strict only the one with exactly this match and priority. Everything needs --all. \
    They stay away after a restart.
    Examples:
      datapath:flow-remove 'table=1'
      datapath:flow-remove 'tcp,tp_dst=80'
      datapath:flow-remove --strict 'priority=10,ip,ct_state=-trk'
      datapath:flow-remove --all
    """)
public final class FlowRemoveCommand extends DatapathCommand {

    @Option(name = "--strict", description = "Only the flow with exactly this match and priority")
    boolean strict;

    @Option(name = "--all", description = "Every flow")
    boolean all;

    @Argument(name = "match", description = "The match, quoted", multiValued = true)
    List<String> words;

    @Override
    void run(final Console console) throws IOException {
        final String match = String.join(" ", Operands.of(this, words));
        if (match.isBlank() != all) {
            throw new IllegalArgumentException(all ? "--all goes with no match" : "give a match, or --all");
        }
        try {
            console.println(Units.count(saved.remove(match, strict), "flow") + " removed");
        } catch (final FlowException e) {
            throw new IllegalArgumentException(FlowError.explain(console, match, e), e);
        }
    }
}
