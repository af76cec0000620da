// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.OvsFormat;

/** Shows all there is to know about one connection. */
@Service
@Command(scope = "conntrack", name = "show", description = "Shows one connection in full.", detailedDescription = """
    The ID is the one that conntrack:list prints; it is never used twice.
    Examples:
      conntrack:show 8
      conntrack:show --json 8
      conntrack:show --tracker replay 4503599627370504
    """)
public final class ShowCommand extends TrackerCommand {

    @Option(name = "--json", description = "Print JSON")
    boolean json;

    @Option(name = "--ovs", description = "Print the line of ovs-appctl dpctl/dump-conntrack -m -s")
    boolean ovs;

    @Argument(name = "id", description = "Which connection", required = true)
    String id;

    @Override
    void run(final Console console) {
        final Conntrack conntrack = tracker();
        final Connection connection = ConnectionChoice.byId(conntrack, id);
        final ConnectionDetails details = new ConnectionDetails(connection, conntrack.now());
        if (json) {
            console.println(Json.write(details.json()));
        } else if (ovs) {
            console.println(OvsFormat.connection(connection, true, true));
        } else {
            ConnectionDetails.print(console, details.lines());
        }
    }
}
