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

/** Lists the offload providers. */
@Service
@Command(scope = "offload", name = "providers", description = "Lists the offload providers, the first one asked first.",
    detailedDescription = """
    States: active; disabled; drained, until offload:resume; lost, its device is; quarantined, it misbehaved \
    and is tried again later; stuck, a call to it does not return.
    Examples:
      offload:providers
      offload:providers dummy        everything about one
      offload:providers --verbose    everything about all
      offload:providers --json
    """)
public final class OffloadProvidersCommand extends OffloadCommand {

    @Option(name = "--verbose", aliases = "-v", description = "Everything about each")
    boolean verbose;

    @Option(name = "--json", description = "Print a JSON array with one provider a line")
    boolean json;

    @Argument(name = "providers", description = "Everything about these only", multiValued = true)
    @Completion(ProviderNames.class)
    List<String> words;

    @Override
    void run(final Console console, final Offload offload) {
        final List<String> names = Operands.of(this, words);
        final List<ProviderStatus> providers = names.isEmpty() ? offload.providers()
            : names.stream().map(name -> provider(offload, name)).toList();
        final long nowNs = live.now();
        if (json) {
            console.println("[" + String.join(",\n ", providers.stream().map(provider -> Json.write(
                new ProviderDetails(provider, nowNs).json())).toList()) + "]");
            return;
        }
        if (providers.isEmpty()) {
            console.println("No providers. feature:install trackway-provider-dummy installs a simulated one.");
        } else if (verbose || !names.isEmpty()) {
            String separator = "";
            for (final ProviderStatus provider : providers) {
                console.print(separator);
                ConnectionDetails.print(console, new ProviderDetails(provider, nowNs).lines());
                separator = System.lineSeparator();
            }
        } else {
            final Table table = new Table().text("Provider").text("State").text("For").text("Mode").number("Priority")
                .number("Connections").number("Limit").number("Paths").number("Queued").number("Failures")
                .optional("Detail").optional("Last failure");
            for (final ProviderStatus provider : providers) {
                table.row(provider.name(), StoryText.name(provider.state()),
                    Units.duration(Math.max(0, nowNs - provider.sinceNs())),
                    StoryText.name(provider.capabilities().mode()), provider.priority(), provider.held(),
                    provider.limit() == 0 ? "none" : provider.limit(), provider.paths(), provider.queued(),
                    provider.counters().getOrDefault(ProviderStatus.Counter.FAILED, 0L),
                    provider.capabilities().detail().isEmpty() ? null : provider.capabilities().detail(),
                    provider.lastFailure().orElse(null));
            }
            table.print(console);
        }
        if (!offload.settings().enabled()) {
            console.println(console.yellow("Offload is off: offload:enable switches it on."));
        }
    }
}
