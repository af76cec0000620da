// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.trackway.conntrack.OvsFormat;
import org.trackway.conntrack.TableStatistics;

/** Shows how the connection table is filled. */
@Service
@Command(scope = "conntrack", name = "tables", description = "Shows how the connection table is filled.",
    detailedDescription = """
    Examples:
      conntrack:tables
      conntrack:tables --ovs           as dpctl/ct-bkts
      conntrack:tables --ovs --gt 10
    """)
public final class TablesCommand extends TrackerCommand {

    @Option(name = "--json", description = "Print JSON")
    boolean json;

    @Option(name = "--ovs", description = "Print as ovs-appctl dpctl/ct-bkts does: all in one bucket")
    boolean ovs;

    @Option(name = "--gt", description = "With --ovs: only numbers greater than this")
    String gt;

    @Override
    void run(final Console console) {
        final TableStatistics table = tracker().table();
        if (ovs) {
            console.print(OvsFormat.buckets(table.connections(),
                gt == null ? -1 : Numbers.parse("--gt", gt, 0, Long.MAX_VALUE)));
            return;
        }
        final Map<String, Object> json = new LinkedHashMap<>();
        json.put("connections", table.connections());
        json.put("entries", table.entries());
        json.put("indexSlots", table.indexSlots());
        json.put("indexUsed", table.indexUsed());
        json.put("longestProbe", table.longestProbe());
        json.put("bytes", table.bytes());
        if (this.json) {
            console.println(Json.write(json));
            return;
        }
        final long percent = table.indexSlots() == 0 ? 0 : table.indexUsed() * 100L / table.indexSlots();
        new Table().text("Table").number("Number").text("Meaning")
            .row("Connections", table.connections(), "expired ones that were not swept yet are in it")
            .row("Entries", table.entries(), "connections that memory is reserved for")
            .row("Index slots", table.indexSlots(), "ways to find them")
            .row("Index used", table.indexUsed(), percent + " %; a translated connection has two")
            .row("Longest probe", table.longestProbe(), "slots a look-up may have to visit")
            .row("Memory", table.bytes(), Units.bytes(table.bytes()) + " of entries and index")
            .print(console);
    }
}
