// SPDX-License-Identifier: Apache-2.0
package org.trackway.benchmarks;

import java.util.Optional;
import org.trackway.conntrack.Connection;
import org.trackway.offload.Path;
import org.trackway.offload.spi.Activity;
import org.trackway.offload.spi.Answer;
import org.trackway.offload.spi.Capabilities;
import org.trackway.offload.spi.OffloadProvider;
import org.trackway.packet.Port;

/** A provider that answers at once and sees no packet, so that software sees them all. */
class Card implements OffloadProvider {

    private static final Activity NONE = new Activity(0, 0, 0, 0, 0);

    private final String name;
    private final Capabilities capabilities;
    private final boolean serves;
    private final Answer answer;

    /**
     * Makes one.
     *
     * @param serves whether it serves ports
     * @param answer what it says to a connection that it is to add
     */
    Card(final String name, final Capabilities capabilities, final boolean serves, final Answer answer) {
        this.name = name;
        this.capabilities = capabilities;
        this.serves = serves;
        this.answer = answer;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Capabilities capabilities() {
        return capabilities;
    }

    @Override
    public boolean serves(final Port port) {
        return serves;
    }

    @Override
    public Answer canOffload(final Connection connection) {
        // A scan may find a connection before the ports are known that it came by.
        return serves ? Answer.ACCEPTED : Answer.no("it serves no port");
    }

    @Override
    public Answer add(final Connection connection, final Optional<Port> ingress) {
        return answer;
    }

    @Override
    public Activity update(final long connectionId) {
        return NONE;
    }

    @Override
    public Activity delete(final long connectionId) {
        return NONE;
    }

    @Override
    public Answer forward(final long pathId, final Path path) {
        return Answer.ACCEPTED;
    }

    @Override
    public Activity activity(final long pathId) {
        return NONE;
    }

    @Override
    public Activity withdraw(final long pathId) {
        return NONE;
    }
}
