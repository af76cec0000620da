// SPDX-License-Identifier: Apache-2.0
package org.trackway.packet;

/**
 * A port for tests that is only a name: nothing comes in there, and what is sent there is gone.
 *
 * @param name its name
 */
public record NamedPort(String name) implements Port {

    @Override
    public String kind() {
        return "named";
    }

    @Override
    public int receive(final PacketBatch batch) {
        return -1;
    }

    @Override
    public void send(final PacketBatch batch) {
        // gone
    }

    @Override
    public Statistics statistics() {
        return new Statistics(0, 0, 0, 0, 0);
    }

    @Override
    public void close() {
        // nothing to close
    }
}
