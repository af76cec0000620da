// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.io.IOException;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.trackway.datapath.DatapathPort;

/** Removes a port of the live datapath. */
@Service
@Command(scope = "datapath", name = "port-remove", description = "Removes a port from the live datapath, for good.",
    detailedDescription = """
    Examples:
      datapath:port-remove p1
      datapath:port-remove 2
    """)
public final class PortRemoveCommand extends DatapathCommand {

    @Argument(name = "port", description = "Its name or number", required = true)
    @Completion(PortNames.class)
    String port;

    @Override
    void run(final Console console) throws IOException {
        if (!portSettings().remove(port)) {
            throw new IllegalArgumentException("there is no port '" + port + "'" + (live.ports().isEmpty() ? ""
                : ": there are " + String.join(", ", live.ports().stream().map(DatapathPort::name).toList())));
        }
        console.println("port " + port + " removed");
    }
}
