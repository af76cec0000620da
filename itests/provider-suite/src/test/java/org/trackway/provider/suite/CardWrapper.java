// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.suite;

import java.util.Optional;
import org.trackway.conntrack.Connection;
import org.trackway.offload.Path;
import org.trackway.offload.spi.Activity;
import org.trackway.offload.spi.Answer;
import org.trackway.offload.spi.Capabilities;
import org.trackway.offload.spi.OffloadProvider;
import org.trackway.offload.spi.ProviderContext;
import org.trackway.packet.FastPath;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Port;
import org.trackway.provider.dummy.Dummies;

/** A simulated card that does all as it should, for others to break in one place. */
class CardWrapper implements OffloadProvider, FastPath, AutoCloseable {

    final Dummies.Card card;
    final OffloadProvider sound;

    CardWrapper(final Object... settings) {
        card = Dummies.make(settings);
        sound = card.provider();
    }

    @Override
    public String name() {
        return sound.name();
    }

    @Override
    public int priority() {
        return sound.priority();
    }

    @Override
    public Capabilities capabilities() {
        return sound.capabilities();
    }

    @Override
    public boolean serves(final Port port) {
        return sound.serves(port);
    }

    @Override
    public void attach(final ProviderContext context) {
        sound.attach(context);
    }

    @Override
    public Answer canOffload(final Connection connection) {
        return sound.canOffload(connection);
    }

    @Override
    public Answer add(final Connection connection, final Optional<Port> ingress) {
        return sound.add(connection, ingress);
    }

    @Override
    public Answer established(final Connection connection, final Optional<Port> replyIngress) {
        return sound.established(connection, replyIngress);
    }

    @Override
    public Activity update(final long connectionId) {
        return sound.update(connectionId);
    }

    @Override
    public Activity delete(final long connectionId) {
        return sound.delete(connectionId);
    }

    @Override
    public Answer forward(final long pathId, final Path path) {
        return sound.forward(pathId, path);
    }

    @Override
    public Activity activity(final long pathId) {
        return sound.activity(pathId);
    }

    @Override
    public Activity withdraw(final long pathId) {
        return sound.withdraw(pathId);
    }

    @Override
    public void flush() {
        sound.flush();
    }

    @Override
    public Optional<Holdings> holdings() {
        return sound.holdings();
    }

    @Override
    public void forward(final Port in, final PacketBatch batch, final Egress egress) {
        card.path().forward(in, batch, egress);
    }

    @Override
    public void close() {
        card.pull().run();
    }
}
