// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import org.trackway.conntrack.Conntrack;
import org.trackway.offload.Offload;
import org.trackway.offload.OffloadSettings;
import org.trackway.offload.Paths;
import org.trackway.offload.spi.OffloadProvider;

/** The offload manager without a container, with threads of its own. */
public final class Offloading implements AutoCloseable {

    private final Manager manager;

    /** Makes one for a tracker, with the settings that hold if nothing is set. */
    public Offloading(final Conntrack conntrack) {
        manager = new Manager(conntrack, OffloadSettings.DEFAULT, (name, body) -> {
            final Thread thread = new Thread(body, name);
            thread.setDaemon(true);
            return thread;
        });
    }

    /** {@return what datapaths ask} */
    public Paths paths() {
        return manager.paths();
    }

    /** {@return what operators ask} */
    public Offload offload() {
        return manager;
    }

    /** A provider comes. */
    public void add(final OffloadProvider provider) {
        manager.add(provider);
    }

    /** A provider goes. */
    public void remove(final OffloadProvider provider) {
        manager.remove(provider);
    }

    @Override
    public void close() {
        manager.close();
    }
}
