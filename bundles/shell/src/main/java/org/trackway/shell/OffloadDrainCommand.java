// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.util.List;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.trackway.offload.Offload;

/** Empties a provider. */
@Service
@Command(scope = "offload", name = "drain", description = "Takes all connections back from providers, for now.",
    detailedDescription = """
    Without a lost packet: before maintenance of a device, or before its bundle is stopped. A drained provider \
    is offered nothing until offload:resume; a restart forgets that it was drained.
    Examples:
      offload:drain dummy
      offload:drain --timeout 60 dummy
    """)
public final class OffloadDrainCommand extends OffloadCommand {

    @Option(name = "--timeout", description = "Seconds to wait at the most, 1 to 3600; 10 unless given")
    String timeout = "10";

    @Argument(name = "providers", description = "Which ones", required = true, multiValued = true)
    @Completion(ProviderNames.class)
    List<String> words;

    @Override
    void run(final Console console, final Offload offload) {
        final List<String> names = Operands.of(this, words);
        final long seconds = Numbers.parse("--timeout", timeout, 1, 3600);
        for (final String name : names) {
            final long left = offload.drain(name, seconds * 1_000_000_000L);
            if (left > 0) {
                throw new IllegalStateException(name + " still holds " + Units.count(left, "connection") + " after "
                    + seconds + " s; offload:providers " + name + " says how it is");
            }
            console.println(name + " is drained: offload:resume " + name + " when it is to have connections again");
        }
    }
}
