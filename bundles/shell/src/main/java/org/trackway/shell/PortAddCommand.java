// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
    Each kind of port has its own options; a wrong one is answered with what the kind takes. The port is there \
    again after a restart: it is configuration org.trackway.datapath.port-NAME. With --wait it stays even if it \
    can't be opened now, and is tried again when its kind is installed or its configuration changes.
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

    @Option(name = "--wait", description = "Keep the port even if it can't be opened now")
    boolean wait;

    @Argument(name = "name", description = "Name that flows may use", required = true, multiValued = true)
    List<String> words;

    @Override
    void run(final Console console) throws IOException {
        final List<String> names = Operands.of(this, words);
        if (names.size() != 1) {
            throw new IllegalArgumentException("give the name of one port, not of " + names.size());
        }
        final Map<String, String> settings = new LinkedHashMap<>();
        for (final String option : options == null ? List.<String>of() : options) {
            final int equals = option.indexOf('=');
            if (equals < 0) {
                throw new IllegalArgumentException("--option '" + option + "' is not NAME=VALUE");
            }
            settings.put(option.substring(0, equals), option.substring(equals + 1));
        }
        final DatapathPort port = portSettings().add(names.get(0), kind(), number(), settings, wait);
        final String shown = port.number() == Datapath.LOCAL_PORT ? "LOCAL" : Integer.toString(port.number());
        console.println("port " + shown + " is " + port.name()
            + port.error().map(reason -> " and waits: " + reason).orElse(""));
    }

    private String kind() {
        if (kind == null && live.portKinds().size() != 1) {
            throw new IllegalArgumentException(live.portKinds().isEmpty() ? "no kind of port is installed"
                : "say which --kind: " + String.join(", ", live.portKinds()));
        }
        return kind != null ? kind : live.portKinds().iterator().next();
    }

    private String number() {
        return number == null || number.equals("LOCAL") ? number
            : Long.toString(Numbers.parse("--number", number, 1, Datapath.MAX_PORT));
    }
}
