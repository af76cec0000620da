// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.completers.StringsCompleter;
import org.trackway.conntrack.Conntrack;

/** Follows what happens to connections. */
@Service
@Command(scope = "conntrack", name = "events", description = "Follows what happens to connections, until ctrl-c.",
    detailedDescription = """
    One line an event: time, what happened, id, connection, state. Events that come faster than they can be \
    printed are dropped and counted; packets never wait.
    Examples:
      conntrack:events
      conntrack:events --zone 5 --protocol tcp --only created,destroyed
      conntrack:events --count 10                stops after ten
    """)
public final class EventsCommand extends FilteredCommand {

    private static final int CAPACITY = 4096;
    private static final long WAIT_MS = 500;

    @Option(name = "--only",
        description = "Only these events, joined by commas: created, established, changed, destroyed")
    @Completion(value = StringsCompleter.class, values = {"created", "established", "changed", "destroyed"})
    String only;

    @Option(name = "--count", description = "Stop after so many events")
    String count;

    @Override
    void run(final Console console) {
        long left = count == null ? Long.MAX_VALUE : Numbers.parse("--count", count, 1, Long.MAX_VALUE);
        final EventQueue queue = new EventQueue(CAPACITY, kinds(), conditions().filter());
        final Conntrack.Registration observation = tracker().observe(queue);
        try {
            while (left > 0 && !console.out().checkError()) {
                final Event event = queue.poll(WAIT_MS);
                if (event != null) {
                    console.println(event.line(console));
                    left--;
                }
                final long dropped = queue.takeDropped();
                if (dropped > 0) {
                    console.println(console.yellow(Units.count(dropped, "event") + " dropped: they came too fast"));
                }
            }
        } catch (final InterruptedException ctrlC) {
            // The way to end it: the interrupt is used up by that.
        } finally {
            observation.close();
        }
    }

    private Set<Event.Kind> kinds() {
        if (only == null) {
            return EnumSet.allOf(Event.Kind.class);
        }
        final Set<Event.Kind> kinds = EnumSet.noneOf(Event.Kind.class);
        for (final String name : only.split(",")) {
            try {
                kinds.add(Event.Kind.valueOf(name.trim().toUpperCase(Locale.ROOT)));
            } catch (final IllegalArgumentException unknown) {
                throw new IllegalArgumentException("unknown event '" + name
                    + "': give created, established, changed, destroyed", unknown);
            }
        }
        return kinds;
    }
}
