// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.suite;

import org.trackway.packet.PacketBatch;
import org.trackway.packet.Port;

/** A port by which nothing comes and goes. */
record MadeUpPort(String name) implements Port {

    @Override
    public String kind() {
        return "suite";
    }

    @Override
    public int receive(final PacketBatch batch) {
        return 0;
    }

    @Override
    public void send(final PacketBatch batch) {
        // Whoever sends here does not look where it goes.
    }

    @Override
    public Statistics statistics() {
        return new Statistics(0, 0, 0, 0, 0);
    }

    @Override
    public void close() {
        // There is nothing to close.
    }
}
