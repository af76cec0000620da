// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.io.IOException;
import java.util.List;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.osgi.service.cm.ConfigurationAdmin;
import org.trackway.offload.Offload;
import org.trackway.offload.OffloadSettings;

/** A command that switches offload, or providers, on or off. */
abstract class OffloadSwitchCommand extends OffloadCommand {

    @Reference
    ConfigurationAdmin configurations;

    @Option(name = "--wait", description = "The provider need not be there: it holds when it comes")
    boolean wait;

    @Argument(name = "providers", description = "These providers; without, offload as a whole", multiValued = true)
    @Completion(ProviderNames.class)
    List<String> words;

    /** Switches what the user named. */
    final void change(final Console console, final Offload offload, final boolean enabled) throws IOException {
        final List<String> names = Operands.of(this, words);
        for (final String name : names) {
            if (!wait && !offload.settings().providers().containsKey(name)) {
                provider(offload, name);
            }
        }
        Settings.of(configurations, offload).change(old -> changed(old, names, enabled));
        console.println((names.isEmpty() ? "offload" : String.join(", ", names)) + " is " + (enabled ? "on" : "off")
            + (enabled && !offload.settings().enabled() ? ", but offload as a whole is off" : ""));
    }

    private static OffloadSettings changed(final OffloadSettings old, final List<String> names, final boolean enabled) {
        OffloadSettings settings = names.isEmpty() ? old.withEnabled(enabled) : old;
        for (final String name : names) {
            final OffloadSettings.Provider provider = old.provider(name);
            settings = settings.withProvider(name,
                new OffloadSettings.Provider(enabled, provider.priority(), provider.limit()));
        }
        return settings;
    }
}
