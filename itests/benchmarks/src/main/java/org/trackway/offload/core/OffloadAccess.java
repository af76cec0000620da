// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import java.util.List;
import org.trackway.conntrack.Conntrack;
import org.trackway.offload.OffloadSettings;
import org.trackway.offload.Paths;
import org.trackway.offload.ProviderStatus;
import org.trackway.offload.spi.OffloadProvider;

/** Lets the benchmarks have an offload layer without a container: the manager's class is its bundle's own. */
public final class OffloadAccess implements AutoCloseable {

    private final Manager manager;

    /** Starts an offload layer without providers, on threads of its own. */
    public OffloadAccess(final Conntrack conntrack, final OffloadSettings settings) {
        manager = new Manager(conntrack, settings, (name, body) -> {
            final Thread thread = new Thread(body, name);
            thread.setDaemon(true);
            return thread;
        });
    }

    /** {@return where paths are offered} */
    public Paths paths() {
        return manager.paths();
    }

    /** Plugs a provider in. */
    public void add(final OffloadProvider provider) {
        manager.add(provider);
    }

    /** Takes a provider out, which is not called any more once this returns. */
    public void remove(final OffloadProvider provider) {
        manager.remove(provider);
    }

    /** {@return what has become of each provider} */
    public List<ProviderStatus> providers() {
        return manager.providers();
    }

    @Override
    public void close() {
        manager.close();
    }
}
