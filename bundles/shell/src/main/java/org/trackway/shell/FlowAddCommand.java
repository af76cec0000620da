// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.io.IOException;
import java.util.List;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.trackway.datapath.FlowException;

/** Adds a flow to the live datapath. */
@Service
@Command(scope = "datapath", name = "flow-add", description = "Adds a flow to the live datapath.",
    detailedDescription = """
    The flow is a text as ovs-ofctl add-flow takes it; quote it. One with the same table, priority and match is \
    replaced. A flow that names a helper, timeout policy or port which is not there is refused unless --wait \
    is given; it then waits for it, and datapath:flows says so. What is added survives a restart: it is saved \
    in the file that configuration org.trackway.datapath names.
    Examples:
      datapath:flow-add 'priority=10,ip,ct_state=-trk actions=ct(table=1)'
      datapath:flow-add 'table=1,ip,ct_state=+trk+new actions=ct(commit),2'
      datapath:flow-add --wait 'tcp,tp_dst=2121 actions=ct(commit,alg=ftp)'
    """)
public final class FlowAddCommand extends DatapathCommand {

    @Option(name = "--wait",
        description = "Take the flow even if it names a helper, timeout policy or port that is not there")
    boolean wait;

    @Argument(name = "flow", description = "The flow, quoted", required = true, multiValued = true)
    List<String> words;

    @Override
    void run(final Console console) throws IOException {
        final String flow = String.join(" ", Operands.of(this, words));
        try {
            saved.add(flow, missing(wait));
        } catch (final FlowException e) {
            throw new IllegalArgumentException(FlowError.explain(console, flow, e), e);
        }
    }
}
