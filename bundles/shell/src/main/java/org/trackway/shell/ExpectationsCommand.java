// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.trackway.conntrack.Expectation;
import org.trackway.conntrack.OvsFormat;
import org.trackway.packet.IpProtocol;

/** Lists the connections that helpers expect. */
@Service
@Command(scope = "conntrack", name = "expectations", description = "Lists connections that helpers expect.",
    detailedDescription = """
    Examples:
      conntrack:expectations
      conntrack:expectations --zone 5 --json
      conntrack:expectations --ovs   as dpctl/dump-conntrack-exp
    """)
public final class ExpectationsCommand extends TrackerCommand {

    @Option(name = "--zone", description = "Only those of this zone, 0 to 65535")
    @Completion(Zones.class)
    String zone;

    @Option(name = "--json", description = "Print a JSON array")
    boolean json;

    @Option(name = "--ovs", description = "Print lines as ovs-appctl dpctl/dump-conntrack-exp does")
    boolean ovs;

    @Override
    void run(final Console console) {
        final List<Expectation> expectations = tracker().expectations(
            zone == null ? OptionalInt.empty() : OptionalInt.of(Numbers.zone(zone)));
        if (json) {
            console.println(Json.write(expectations.stream().map(ExpectationsCommand::json).toList()));
        } else if (ovs) {
            expectations.forEach(expectation -> console.println(OvsFormat.expectation(expectation)));
        } else if (expectations.isEmpty()) {
            console.println("Nothing is expected.");
        } else {
            final Table table = new Table().number("Zone").text("Proto").text("From").text("To").text("Helper")
                .text("Announced by").text("Lives").optional("Use");
            for (final Expectation expectation : expectations) {
                table.row(expectation.zone(), IpProtocol.name(expectation.tuple().protocol()), from(expectation),
                    Endpoints.destination(expectation.tuple()), expectation.helper(),
                    Endpoints.source(expectation.parent()) + " > " + Endpoints.destination(expectation.parent()),
                    expectation.remainingNs().isPresent() ? Units.duration(expectation.remainingNs().getAsLong())
                        : "as long as it", expectation.singleUse() ? "once" : null);
            }
            table.print(console);
        }
    }

    private static String from(final Expectation expectation) {
        return expectation.tuple().sourcePort() == 0 ? expectation.tuple().source() + ", any port"
            : Endpoints.source(expectation.tuple());
    }

    private static Map<String, Object> json(final Expectation expectation) {
        final Map<String, Object> json = new LinkedHashMap<>();
        json.put("zone", expectation.zone());
        json.put("protocol", IpProtocol.name(expectation.tuple().protocol()));
        json.put("tuple", ConnectionDetails.tuple(expectation.tuple()));
        json.put("parent", ConnectionDetails.tuple(expectation.parent()));
        json.put("helper", expectation.helper());
        json.put("mark", Integer.toUnsignedLong(expectation.mark()));
        json.put("remainingMs", expectation.remainingNs().isPresent()
            ? expectation.remainingNs().getAsLong() / 1_000_000 : null);
        json.put("singleUse", expectation.singleUse());
        return json;
    }
}
