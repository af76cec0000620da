// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.List;
import org.trackway.datapath.PacketObserver;
import org.trackway.offload.Paths;

/**
 * Everything that a batch of packets goes by: read once per batch, replaced as a whole. Immutable.
 *
 * @param tables    the flows
 * @param ports     the ports
 * @param observers who is shown packets
 * @param fastPaths who may take packets before they enter the tables
 * @param paths     who takes paths, null if nobody does
 */
record State(FlowTables tables, PortSet ports, List<PacketObserver> observers, List<FastPathGuest> fastPaths,
        Paths paths) {

    static final State EMPTY = new State(FlowTables.EMPTY, PortSet.EMPTY, List.of(), List.of(), null);

    State with(final FlowTables changed) {
        return new State(changed, ports, observers, fastPaths, paths);
    }

    State with(final PortSet changed) {
        return new State(tables, changed, observers, fastPaths, paths);
    }

    State withObservers(final List<PacketObserver> changed) {
        return new State(tables, ports, List.copyOf(changed), fastPaths, paths);
    }

    State withFastPaths(final List<FastPathGuest> changed) {
        return new State(tables, ports, observers, List.copyOf(changed), paths);
    }

    State withPaths(final Paths changed) {
        return new State(tables, ports, observers, fastPaths, changed);
    }
}
