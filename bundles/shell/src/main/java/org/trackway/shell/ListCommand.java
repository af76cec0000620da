// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.util.function.Consumer;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.completers.StringsCompleter;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.OvsFormat;

/** Lists connections. */
@Service
@Command(scope = "conntrack", name = "list",
    description = "Lists connections: a table for people, JSON, or the lines of "
    + "Open vSwitch.", detailedDescription = """
    Examples:
      conntrack:list
      conntrack:list --protocol tcp --state established
      conntrack:list --top 10                  the ten with most bytes
      conntrack:list --top 10 --sort packets   ... with most packets
      conntrack:list --tracker replay          those of the last replay
      conntrack:list --zone 5 --count          how many
      conntrack:list --offloaded               those in hardware
      conntrack:list --ovs -m -s               as dpctl/dump-conntrack -m -s
    """)
public final class ListCommand extends FilteredCommand {

    private static final long ROWS = 100;

    @Option(name = "--state", description = "Only connections in this state")
    @Completion(value = States.class, caseSensitive = false)
    String state;

    @Option(name = "--mark", description = "Only connections with this mark: VALUE or VALUE/MASK")
    String mark;

    @Option(name = "--helper", description = "Only connections that this helper watches")
    @Completion(HelperNames.class)
    String helper;

    @Option(name = "--offloaded", description = "Only connections that a provider of offload holds")
    boolean offloaded;

    @Option(name = "--sort", description = "Sort by zone (the default), id, protocol, source, destination, state, "
        + "packets, bytes, expires, age or seen")
    @Completion(value = StringsCompleter.class, values = {"zone", "id", "protocol", "source", "destination", "state",
        "packets", "bytes", "expires", "age", "seen"})
    String sort;

    @Option(name = "--top", description = "Only the first so many; by bytes unless --sort says otherwise")
    String top;

    @Option(name = "--limit", description = "Rows of the table; 0 shows all. 100 unless given")
    String limit;

    @Option(name = "--count", description = "Print how many there are and nothing else")
    boolean count;

    @Option(name = "--json", description = "Print a JSON array with one connection a line")
    boolean json;

    @Option(name = "--ovs", description = "Print lines as ovs-appctl dpctl/dump-conntrack does")
    boolean ovs;

    @Option(name = "-m", aliases = "--more", description = "With --ovs: more, as there")
    boolean more;

    @Option(name = "-s", aliases = "--statistics", description = "With --ovs: the seconds left, as there")
    boolean statistics;

    @Override
    void run(final Console console) {
        final Conntrack conntrack = tracker();
        final ConnectionFilter filter = conditions().state(state).mark(mark).helper(helper)
            .offloaded(offloaded).filter();
        if (count) {
            final long[] number = new long[1];
            conntrack.forEach(filter, connection -> number[0]++);
            console.println(Long.toString(number[0]));
        } else if (json) {
            printJson(console, conntrack, filter);
        } else if (ovs) {
            show(conntrack, filter, 0, connection ->
                console.println(OvsFormat.connection(connection, more, statistics)));
        } else {
            printTable(console, conntrack, filter);
        }
    }

    /** Shows what was chosen, as it comes if no order was asked for, and returns how many are left. */
    private long show(final Conntrack conntrack, final ConnectionFilter filter, final long rows,
            final Consumer<Connection> printer) {
        final long first = top != null ? Numbers.parse("--top", top, 1, Integer.MAX_VALUE)
            : limit != null ? Numbers.parse("--limit", limit, 0, Integer.MAX_VALUE) : rows;
        if (sort == null && first == 0) {
            conntrack.forEach(filter, printer);
            return 0;
        }
        final ConnectionOrder order = sort != null ? ConnectionOrder.parse(sort)
            : top != null ? ConnectionOrder.BYTES : ConnectionOrder.ZONE;
        final FirstConnections kept = new FirstConnections(order.comparator(), first);
        conntrack.forEach(filter, kept);
        kept.sorted().forEach(printer);
        return kept.others();
    }

    private void printJson(final Console console, final Conntrack conntrack, final ConnectionFilter filter) {
        final long nowNs = conntrack.now();
        final String[] separator = {"["};
        show(conntrack, filter, 0, connection -> {
            console.print(separator[0] + Json.write(new ConnectionDetails(connection, nowNs).json()));
            separator[0] = ",\n ";
        });
        console.println(separator[0].equals("[") ? "[]" : "]");
    }

    private void printTable(final Console console, final Conntrack conntrack, final ConnectionFilter filter) {
        final ConnectionTable table = new ConnectionTable();
        final long others = show(conntrack, filter, ROWS, table::add);
        if (table.isEmpty()) {
            console.println(filter == ConnectionFilter.ALL ? "No connections." : "No connection is like that.");
            hint(console);
            return;
        }
        table.print(console);
        if (others > 0) {
            console.println(console.dim("... and " + Units.count(others, "more connection")
                + (top == null ? "; --limit 0 shows all" : "")));
        }
    }
}
