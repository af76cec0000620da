// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.Counter;
import org.trackway.conntrack.OvsFormat;
import org.trackway.packet.IpProtocol;

/** Shows connections by protocol, and all counters. */
@Service
@Command(scope = "conntrack", name = "stats",
    description = "Shows connections by protocol and state, and all counters.",
    detailedDescription = """
    Counters only grow. Those that Open vSwitch has too have its names (coverage counters).
    Examples:
      conntrack:stats
      conntrack:stats --zone 5
      conntrack:stats --json
      conntrack:stats --ovs -m   as dpctl/ct-stats-show -m
    """)
public final class StatsCommand extends TrackerCommand {

    @Option(name = "--zone",
        description = "Only connections of this zone, 0 to 65535; counters are of the whole tracker")
    @Completion(Zones.class)
    String zone;

    @Option(name = "--json", description = "Print JSON")
    boolean json;

    @Option(name = "--ovs", description = "Print as ovs-appctl dpctl/ct-stats-show does; ICMPv6 has no line there")
    boolean ovs;

    @Option(name = "-m", aliases = "--more", description = "With --ovs: also TCP connections by state")
    boolean more;

    @Override
    void run(final Console console) {
        final Conntrack conntrack = tracker();
        final OvsFormat.Totals totals = new OvsFormat.Totals();
        conntrack.forEach(zone == null ? ConnectionFilter.ALL : ConnectionFilter.zone(Numbers.zone(zone)), totals);
        if (json) {
            console.println(Json.write(json(totals, conntrack.counters())));
        } else if (ovs) {
            console.print(totals.report(more));
        } else {
            final Table connections = new Table().number("Connections").text("Protocol").optional("State");
            connections.row(totals.total(), "all", null);
            totals.protocols().forEach((protocol, count) -> {
                connections.row(count, IpProtocol.name(protocol), null);
                if (protocol == IpProtocol.TCP) {
                    totals.tcpStates().forEach((state, some) -> connections.row(some, "tcp", state));
                }
            });
            connections.print(console);
            console.println("");
            final Table counters = new Table().number("Events").text("Counter");
            conntrack.counters().forEach((counter, value) -> counters.row(value, counter.label()));
            counters.print(console);
            if (totals.total() == 0) {
                hint(console);
            }
        }
    }

    private static Map<String, Object> json(final OvsFormat.Totals totals, final Map<Counter, Long> counters) {
        final Map<String, Object> protocols = new LinkedHashMap<>();
        totals.protocols().forEach((protocol, count) -> protocols.put(IpProtocol.name(protocol), count));
        final Map<String, Object> events = new LinkedHashMap<>();
        counters.forEach((counter, value) -> events.put(counter.label(), value));
        final Map<String, Object> json = new LinkedHashMap<>();
        json.put("connections", totals.total());
        json.put("protocols", protocols);
        json.put("tcpStates", totals.tcpStates());
        json.put("counters", events);
        return json;
    }
}
