// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.trackway.datapath.Datapath;
import org.trackway.datapath.DatapathPort;

/** Opens a port of the live datapath. */
@Service
@Command(scope = "datapath", name = "port-add", description = "Opens a port and adds it to the live datapath.",
    detailedDescription = """
    Each kind of port has its own options; a wrong one is answered with what the kind takes.
    Examples:
      datapath:port-add p1 --kind pcap --option file=/tmp/in.pcap
      datapath:port-add p2 --option record=/tmp/out.pcap --number 2
    """)
public final class PortAddCommand extends DatapathCommand {

    @Option(name = "--kind", description = "What kind of port; may be left out if only one kind is installed")
    @Completion(PortKinds.class)
    String kind;

    @Option(name = "--option", description = "NAME=VALUE: a setting of the port; may be given several times",
        multiValued = true)
    List<String> options;

    @Option(name = "--number",
        description = "Number that flows may use, 1 to 65279, or LOCAL; the lowest free one if not given")
    String number;

    @Argument(name = "name", description = "Name that flows may use", required = true, multiValued = true)
    List<String> words;

    @Override
    void run(final Console console) throws IOException {
        final List<String> names = Operands.of(this, words);
        if (names.size() != 1) {
            throw new IllegalArgumentException("give the name of one port, not of " + names.size());
        }
        if (kind == null && live.portKinds().size() != 1) {
            throw new IllegalArgumentException(live.portKinds().isEmpty() ? "no kind of port is installed"
                : "say which --kind: " + String.join(", ", live.portKinds()));
        }
        final Map<String, String> settings = new LinkedHashMap<>();
        for (final String option : options == null ? List.<String>of() : options) {
            final int equals = option.indexOf('=');
            if (equals < 0) {
                throw new IllegalArgumentException("--option '" + option + "' is not NAME=VALUE");
            }
            settings.put(option.substring(0, equals), option.substring(equals + 1));
        }
        final DatapathPort port = live.openPort(kind != null ? kind : live.portKinds().iterator().next(), names.get(0),
            settings, number());
        console.println("port " + port.number() + " is " + port.name());
    }

    private OptionalInt number() {
        return number == null ? OptionalInt.empty()
            : OptionalInt.of(number.equals("LOCAL") ? Datapath.LOCAL_PORT
                : (int) Numbers.parse("--number", number, 1, Datapath.MAX_PORT));
    }
}
