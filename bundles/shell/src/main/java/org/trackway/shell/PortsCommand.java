// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.util.List;
import java.util.Locale;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.trackway.datapath.Datapath;
import org.trackway.datapath.DatapathPort;
import org.trackway.packet.Port;

/** Lists the ports of the live datapath. */
@Service
@Command(scope = "datapath", name = "ports", description = "Lists the ports of the live datapath.",
    detailedDescription = """
    A port that is configured but not there is waiting; why is said behind it.
    Examples:
      datapath:ports
    """)
public final class PortsCommand extends DatapathCommand {

    @Override
    void run(final Console console) {
        final List<DatapathPort> ports = live.ports();
        if (ports.isEmpty()) {
            console.println(live.portKinds().isEmpty() ? "No ports, and no kind of port is installed."
                : "No ports. datapath:port-add opens one, of kind " + String.join(" or ", live.portKinds()) + ".");
            return;
        }
        final Table table = new Table().number("No").text("Name").text("Kind").text("State").number("In [packets]")
            .number("In [bytes]").number("Out [packets]").number("Out [bytes]").number("Dropped [packets]")
            .optional("Why");
        for (final DatapathPort port : ports) {
            final Port.Statistics counts = port.statistics();
            table.row(number(port.number()), port.name(), port.kind(),
                port.state().name().toLowerCase(Locale.ROOT), counts.receivedPackets(), counts.receivedBytes(),
                counts.sentPackets(), counts.sentBytes(), counts.dropped(), port.error().orElse(null));
        }
        table.print(console);
    }

    private static String number(final int number) {
        return number == Datapath.LOCAL_PORT ? "LOCAL" : number == 0 ? "-" : Integer.toString(number);
    }
}
