// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.util.List;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.trackway.offload.Offload;
import org.trackway.offload.ProviderStatus;
import org.trackway.offload.Verification;

/** Compares what providers hold with what they should. */
@Service
@Command(scope = "offload", name = "verify",
    description = "Compares what providers hold with what they should, and repairs.", detailedDescription = """
    Missing: should be there and is not; its packets go through software from now on. Unexpected: is there and \
    should not be; deleted. Dead: its connection has gone; deleted.
    Examples:
      offload:verify
      offload:verify dummy
    """)
public final class OffloadVerifyCommand extends OffloadCommand {

    @Option(name = "--timeout", description = "Seconds to wait for a provider at the most, 1 to 3600; 10 unless given")
    String timeout = "10";

    @Argument(name = "providers", description = "These only", multiValued = true)
    @Completion(ProviderNames.class)
    List<String> words;

    @Override
    void run(final Console console, final Offload offload) {
        final List<String> given = Operands.of(this, words);
        final long timeoutNs = Numbers.parse("--timeout", timeout, 1, 3600) * 1_000_000_000L;
        final List<String> names = given.isEmpty() ? offload.providers().stream().map(ProviderStatus::name).toList()
            : given;
        if (names.isEmpty()) {
            console.println("No providers.");
            return;
        }
        final Table table = new Table().text("Provider").number("Compared").number("Missing").number("Unexpected")
            .number("Dead").text("Result");
        for (final String name : names) {
            final Verification found = offload.verify(name, timeoutNs);
            if (found.answered()) {
                table.row(name, found.compared(), found.missing(), found.unexpected(), found.dead(),
                    found.isClean() ? "clean" : "repaired");
            } else {
                table.row(name, null, null, null, null, "can't tell what it holds");
            }
        }
        table.print(console);
    }
}
