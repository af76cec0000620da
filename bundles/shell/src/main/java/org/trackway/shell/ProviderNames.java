// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.io.IOException;
import java.util.List;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.api.console.CommandLine;
import org.apache.karaf.shell.api.console.Completer;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.support.completers.StringsCompleter;
import org.osgi.framework.BundleContext;
import org.trackway.offload.ProviderStatus;

/** Completes the names of the offload providers that are there. */
@Service
public final class ProviderNames implements Completer {

    @Reference
    BundleContext context;

    @Override
    public int complete(final Session session, final CommandLine line, final List<String> candidates) {
        final StringsCompleter names = new StringsCompleter();
        try {
            OffloadService.use(context, offload ->
                offload.providers().stream().map(ProviderStatus::name).forEach(names.getStrings()::add));
        } catch (final IOException | IllegalStateException notInstalled) {
            // Then there is no name to complete.
        }
        return names.complete(session, line, candidates);
    }
}
