// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.util.List;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.trackway.offload.Offload;

/** Has a provider start anew. */
@Service
@Command(scope = "offload", name = "flush",
    description = "Takes all connections back from providers and offers them anew.", detailedDescription = """
    The connections stay, and no packet is lost; conntrack:flush is what removes connections.
    Examples:
      offload:flush dummy
    """)
public final class OffloadFlushCommand extends OffloadCommand {

    @Argument(name = "providers", description = "Which ones", required = true, multiValued = true)
    @Completion(ProviderNames.class)
    List<String> words;

    @Override
    void run(final Console console, final Offload offload) {
        for (final String name : Operands.of(this, words)) {
            console.println(Units.count(offload.flush(name), "connection") + " flushed from " + name);
        }
    }
}
