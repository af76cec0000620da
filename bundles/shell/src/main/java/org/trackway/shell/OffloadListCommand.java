// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.osgi.framework.BundleContext;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.offload.Offload;
import org.trackway.offload.OffloadState;
import org.trackway.offload.OffloadStory;
import org.trackway.packet.IpProtocol;

/** Lists the connections that providers hold. */
@Service
@Command(scope = "offload", name = "list", description = "Lists the connections that providers hold.",
    detailedDescription = """
    One row for each provider that holds a connection. conntrack:list --offloaded lists the same connections \
    with their traffic, in any order.
    Examples:
      offload:list
      offload:list --provider dummy --protocol tcp
      offload:list --zone 5 --count
      offload:list --json
    """)
public final class OffloadListCommand extends FilteredCommand {

    private static final long ROWS = 100;

    @Reference
    BundleContext context;

    @Option(name = "--provider", description = "Only what this provider holds")
    @Completion(ProviderNames.class)
    String provider;

    @Option(name = "--state", description = "Only connections in this state")
    @Completion(value = States.class, caseSensitive = false)
    String state;

    @Option(name = "--limit", description = "Connections in the table; 0 shows all. 100 unless given")
    String limit;

    @Option(name = "--count", description = "Print how many there are and nothing else")
    boolean count;

    @Option(name = "--json", description = "Print a JSON array with one connection a line")
    boolean json;

    /** A connection with its story. */
    private record Held(Connection connection, OffloadStory story) {
    }

    @Override
    void run(final Console console) throws IOException {
        OffloadService.use(context, offload -> run(console, offload));
    }

    /** Does what the command is for. */
    void run(final Console console, final Offload offload) {
        if (tracker() != live) {
            throw new IllegalArgumentException("connections of a replay's own tracker are in no hardware");
        }
        if (provider != null) {
            OffloadCommand.provider(offload, provider);
        }
        final List<Held> held = held(offload);
        if (count) {
            console.println(Long.toString(held.size()));
        } else if (json) {
            final long nowNs = live.now();
            console.println("[" + String.join(",\n ", held.stream().map(one -> Json.write(
                OffloadShowCommand.json(one.connection, new StoryText(one.story, nowNs)))).toList()) + "]");
        } else if (held.isEmpty()) {
            console.println("No provider holds a connection" + (offload.settings().enabled() ? "."
                : ": offload is off, offload:enable switches it on."));
        } else {
            printTable(console, held);
        }
    }

    private List<Held> held(final Offload offload) {
        final ConnectionFilter filter = conditions().state(state).filter();
        final List<Held> held = new ArrayList<>();
        for (final OffloadStory story : offload.held()) {
            if (story.chapters().stream().anyMatch(this::isShown)) {
                live.connection(story.connection()).filter(filter::matches)
                    .ifPresent(connection -> held.add(new Held(connection, story)));
            }
        }
        held.sort(Comparator.comparing(Held::connection, ConnectionOrder.ZONE.comparator()));
        return held;
    }

    private boolean isShown(final OffloadStory.Chapter chapter) {
        return chapter.state() != OffloadState.NONE && (provider == null || provider.equals(chapter.provider()));
    }

    private void printTable(final Console console, final List<Held> held) {
        final long nowNs = live.now();
        final long rows = limit == null ? ROWS : Numbers.parse("--limit", limit, 0, Integer.MAX_VALUE);
        final List<Held> shown = rows == 0 || rows >= held.size() ? held : held.subList(0, (int) rows);
        final Table table = new Table().text("ID").number("Zone").text("Proto").text("Source").text("Destination")
            .text("State").text("Provider").text("Offload").text("Out").text("Back").text("For").optional("Why");
        for (final Held one : shown) {
            final Connection connection = one.connection;
            one.story.chapters().stream().filter(this::isShown).forEach(chapter -> table.row(connection.id(),
                connection.zone(), IpProtocol.name(connection.original().protocol()),
                Endpoints.source(connection.original()), Endpoints.destination(connection.original()),
                connection.state(), chapter.provider(), StoryText.name(chapter.state()),
                OffloadShowCommand.way(chapter.forwards()), OffloadShowCommand.way(chapter.forwardsBack()),
                new StoryText(one.story, nowNs).since(chapter), chapter.reason()));
        }
        table.print(console);
        if (shown.size() < held.size()) {
            console.println(console.dim("... and " + Units.count(held.size() - shown.size(), "more connection")
                + "; --limit 0 shows all"));
        }
    }
}
