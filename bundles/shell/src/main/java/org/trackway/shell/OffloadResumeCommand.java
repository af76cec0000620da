// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.util.List;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.trackway.offload.Offload;

/** Offers a drained provider connections again. */
@Service
@Command(scope = "offload", name = "resume", description = "Offers providers connections again.",
    detailedDescription = """
    For those that were drained, and for those in quarantine, which are else tried again by themselves.
    Examples:
      offload:resume dummy
    """)
public final class OffloadResumeCommand extends OffloadCommand {

    @Argument(name = "providers", description = "Which ones", required = true, multiValued = true)
    @Completion(ProviderNames.class)
    List<String> words;

    @Override
    void run(final Console console, final Offload offload) {
        for (final String name : Operands.of(this, words)) {
            offload.resume(name);
            console.println(name + " is offered connections again");
        }
    }
}
