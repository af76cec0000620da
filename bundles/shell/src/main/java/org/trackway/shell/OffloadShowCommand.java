// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.util.List;
import java.util.Map;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.trackway.conntrack.Connection;
import org.trackway.offload.Offload;
import org.trackway.offload.OffloadStory;

/** Shows what every provider made of a connection. */
@Service
@Command(scope = "offload", name = "show", description = "Shows a connection and what each provider made of it.",
    detailedDescription = """
    Which one is said as for offload:why. Counters include what hardware has seen.
    Examples:
      offload:show 8
      offload:show 8 --json
      offload:show 'ct_nw_src=10.1.1.1,ct_nw_proto=17'
    """)
public final class OffloadShowCommand extends OffloadCommand {

    @Option(name = "--json", description = "Print JSON, one connection a line")
    boolean json;

    @Argument(name = "connection", description = "ID, or zone=N and a tuple", required = true, multiValued = true)
    List<String> words;

    @Override
    void run(final Console console, final Offload offload) {
        ConnectionChoice.forEach(live, Operands.of(this, words), connection -> {
            final StoryText story = new StoryText(offload.story(connection.id()), live.now());
            if (json) {
                console.println(Json.write(json(connection, story)));
            } else {
                print(console, connection, story);
            }
        });
    }

    /** {@return what JSON says of a connection and its offload} */
    static Map<String, Object> json(final Connection connection, final StoryText story) {
        final Map<String, Object> json = new ConnectionDetails(connection, story.nowNs()).json();
        json.put("offload", story.json());
        return json;
    }

    private static void print(final Console console, final Connection connection, final StoryText story) {
        final Map<String, String> lines = new ConnectionDetails(connection, story.nowNs()).lines();
        lines.put("Packets go", story.place());
        if (!story.story().reason().isEmpty()) {
            lines.put("Not offered", story.story().reason());
        }
        ConnectionDetails.print(console, lines);
        if (!story.story().chapters().isEmpty()) {
            final Table table = new Table().text("Provider").text("State").text("Out").text("Back").text("For")
                .optional("Why");
            for (final OffloadStory.Chapter chapter : story.story().chapters()) {
                table.row(chapter.provider(), StoryText.name(chapter.state()), way(chapter.forwards()),
                    way(chapter.forwardsBack()), story.since(chapter), chapter.reason());
            }
            table.print(console);
        }
    }

    /** {@return who forwards packets of one direction} */
    static String way(final boolean hardware) {
        return hardware ? "hardware" : "software";
    }
}
