// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.osgi.framework.BundleContext;
import org.trackway.conntrack.Conntrack;
import org.trackway.offload.Offload;
import org.trackway.offload.ProviderStatus;

/** A command about the offload of the live tracker's connections. */
abstract class OffloadCommand extends TrackwayCommand {

    @Reference
    BundleContext context;

    @Reference
    Conntrack live;

    @Override
    final void run(final Console console) throws IOException {
        OffloadService.use(context, offload -> run(console, offload));
    }

    /** Does what the command is for. */
    abstract void run(Console console, Offload offload) throws IOException;

    /** {@return the provider with this name} */
    static ProviderStatus provider(final Offload offload, final String name) {
        final List<ProviderStatus> providers = offload.providers();
        return providers.stream().filter(provider -> provider.name().equals(name)).findFirst()
            .orElseThrow(() -> new IllegalArgumentException("there is no provider '" + name + "'"
                + (providers.isEmpty() ? "" : ": there are "
                    + providers.stream().map(ProviderStatus::name).collect(Collectors.joining(", ")))));
    }
}
