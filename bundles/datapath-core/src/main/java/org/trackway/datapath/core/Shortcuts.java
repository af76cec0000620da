// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.ArrayList;
import java.util.List;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.trackway.offload.Paths;
import org.trackway.packet.FastPath;

/**
 * The ways past the tables that the container has now: fast paths, which all datapaths ask, and who takes paths for
 * hardware. Told to every datapath when they change, so that packets find them in the state that they go by.
 * Thread-safe.
 */
@Component(service = Shortcuts.class)
public final class Shortcuts {

    /** Guarded by this object's monitor, as is what is below. */
    private final List<TableDatapath> datapaths = new ArrayList<>();
    private final List<FastPathGuest> fastPaths = new ArrayList<>();
    private Paths paths;

    /** Takes note of a fast path that has come. */
    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC,
        policyOption = ReferencePolicyOption.GREEDY)
    public synchronized void bindFastPath(final FastPath fastPath) {
        fastPaths.add(new FastPathGuest(fastPath));
        datapaths.forEach(datapath -> datapath.fastPaths(fastPaths));
    }

    /** Takes note of a fast path that goes. When this returns, no packet thread calls it any more. */
    public void unbindFastPath(final FastPath fastPath) {
        final List<FastPathGuest> gone = new ArrayList<>();
        synchronized (this) {
            fastPaths.removeIf(guest -> guest.fastPath == fastPath && gone.add(guest));
            datapaths.forEach(datapath -> datapath.fastPaths(fastPaths));
        }
        gone.forEach(FastPathGuest::close);
    }

    /** Takes note of who takes paths. */
    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC,
        policyOption = ReferencePolicyOption.GREEDY)
    public synchronized void bindPaths(final Paths taker) {
        paths = taker;
        datapaths.forEach(datapath -> datapath.paths(taker));
    }

    /** Takes note that he has gone, with all paths that he took. */
    public synchronized void unbindPaths(final Paths taker) {
        if (paths == taker) {
            bindPaths(null);
        }
    }

    synchronized void add(final TableDatapath datapath) {
        datapaths.add(datapath);
        datapath.fastPaths(fastPaths);
        datapath.paths(paths);
    }

    synchronized void remove(final TableDatapath datapath) {
        datapaths.remove(datapath);
    }
}
