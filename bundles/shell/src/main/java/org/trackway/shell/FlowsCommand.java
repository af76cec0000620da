// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.util.List;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.trackway.datapath.Datapath;
import org.trackway.datapath.Flow;

/** Dumps the flows of the live datapath. */
@Service
@Command(scope = "datapath", name = "flows", description = "Dumps the flows of the live datapath with their counters.",
    detailedDescription = """
    The lines are those of ovs-ofctl dump-flows; with --no-stats they can be loaded again by \
    datapath:flow-load.
    Examples:
      datapath:flows
      datapath:flows --table 1
      datapath:flows --no-stats
    """)
public final class FlowsCommand extends DatapathCommand {

    @Option(name = "--table", description = "Only flows of this table, 0 to 254")
    String table;

    @Option(name = "--no-stats", description = "Flows alone, as they can be added")
    boolean noStats;

    @Override
    void run(final Console console) {
        final int wanted = table == null ? -1 : (int) Numbers.parse("--table", table, 0, 254);
        final List<Flow> flows = live.flows().stream().filter(flow -> wanted < 0 || flow.table() == wanted).toList();
        for (final Flow flow : flows) {
            console.println(noStats ? flow.text() : flow.toString());
        }
        if (noStats) {
            return;
        }
        if (flows.isEmpty()) {
            console.println(wanted < 0 ? "No flows: every packet is dropped. datapath:flow-add adds one."
                : "No flows in table " + wanted + ".");
        }
        final Datapath.Counters counts = live.counters();
        console.println(console.dim(Units.count(counts.packets(), "packet") + " in, " + counts.bypassed()
            + " bypassed, " + counts.sent() + " sent, " + counts.unmatched() + " unmatched, " + counts.lost() + " lost, "
            + counts.tooDeep() + " too deep"));
    }
}
