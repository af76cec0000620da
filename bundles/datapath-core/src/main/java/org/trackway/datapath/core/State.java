// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.List;
import org.trackway.datapath.PacketObserver;

/**
 * Everything that a batch of packets goes by: read once per batch, replaced as a whole. Immutable.
 *
 * @param tables    the flows
 * @param ports     the ports
 * @param observers who is shown packets
 * @param fastPaths who may take packets before they enter the tables
 */
record State(FlowTables tables, PortSet ports, List<PacketObserver> observers, List<FastPathGuest> fastPaths) {

    static final State EMPTY = new State(FlowTables.EMPTY, PortSet.EMPTY, List.of(), List.of());

    State with(final FlowTables changed) {
        return new State(changed, ports, observers, fastPaths);
    }

    State with(final PortSet changed) {
        return new State(tables, changed, observers, fastPaths);
    }

    State withObservers(final List<PacketObserver> changed) {
        return new State(tables, ports, List.copyOf(changed), fastPaths);
    }

    State withFastPaths(final List<FastPathGuest> changed) {
        return new State(tables, ports, observers, List.copyOf(changed));
    }
}
