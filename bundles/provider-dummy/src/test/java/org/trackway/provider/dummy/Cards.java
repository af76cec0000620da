// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.dummy;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.Connection.Count;
import org.trackway.conntrack.Tuple;
import org.trackway.offload.Path;
import org.trackway.offload.spi.Answer;
import org.trackway.offload.spi.ProviderContext;
import org.trackway.packet.FastPath;
import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Port;

/** Cards, connections and paths for tests, and what came out of a port. */
final class Cards {

    private Cards() {
    }

    /** {@return the settings of a configuration with these values, and the declared defaults for the rest} */
    static DummySettings settings(final Object... keysAndValues) {
        final Map<String, Object> values = new HashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            values.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return DummySettings.of(configuration(values), values);
    }

    static DummyConfiguration configuration(final Map<String, Object> values) {
        return (DummyConfiguration) Proxy.newProxyInstance(DummyConfiguration.class.getClassLoader(),
            new Class<?>[] {DummyConfiguration.class},
            (proxy, method, arguments) -> values.getOrDefault(method.getName(), method.getDefaultValue()));
    }

    static Tuple tuple(final String source, final int protocol, final int one, final String destination,
            final int other) {
        return Tuple.of(IpAddress.parse(source), IpAddress.parse(destination), protocol, one, other);
    }

    static Tuple udp(final int client) {
        return tuple("10.0.0.1", IpProtocol.UDP, client, "10.0.0.2", 53);
    }

    static Connection connection(final long id, final Tuple original, final Tuple reply) {
        return new Connection(id, 0, original, reply, 0, 0, 0, 1, "MULTIPLE", Optional.empty(), Optional.empty(),
            Optional.empty(), !original.equals(reply.reverse()), false, Optional.empty(), 0, 0, new Count(1, 100),
            new Count(1, 100));
    }

    /** A connection without translation. */
    static Connection connection(final long id) {
        final Tuple tuple = udp(1000 + (int) id);
        return connection(id, tuple, tuple.reverse());
    }

    /** The path of a connection's original direction from p1 to p2, as its packets are. */
    static Path path(final long connection) {
        return path(udp(1000 + (int) connection), udp(1000 + (int) connection), connection);
    }

    static Path path(final Tuple arrives, final Tuple leaves, final long connection) {
        return new Path("p1", "p2", arrives, leaves, List.of(), List.of(), OptionalLong.empty(), OptionalLong.empty(),
            0, List.of(new Path.Hop(connection, false)));
    }

    static PacketBatch batch(final Packet... packets) {
        final PacketBatch batch = new PacketBatch();
        for (final Packet packet : packets) {
            batch.add(packet);
        }
        return batch;
    }

    static Port port(final String name) {
        return (Port) Proxy.newProxyInstance(Cards.class.getClassLoader(), new Class<?>[] {Port.class},
            (proxy, method, arguments) -> {
                if (method.getName().equals("name")) {
                    return name;
                }
                throw new UnsupportedOperationException(method.getName());
            });
    }

    /** A card with a clock, a manager who writes down what it reports, and ports that write down what is sent. */
    static final class Bench implements FastPath.Egress {
        /** The card's clock. */
        long now = 1000;
        /** What it reported, in a line each. */
        final List<String> reports = new ArrayList<>();
        /** What was sent, the port before each frame. */
        final List<String> sentBy = new ArrayList<>();
        final List<byte[]> sent = new ArrayList<>();
        /** Ports that are not there. */
        final List<String> absent = new ArrayList<>();
        final DummyProvider card;

        Bench(final Object... settings) {
            card = new DummyProvider(settings(settings), () -> now, new Random(1));
            card.attach(context());
        }

        void set(final Object... settings) {
            card.settings(settings(settings));
        }

        /** Adds and establishes a connection. */
        Bench hold(final long id) {
            return hold(connection(id));
        }

        Bench hold(final Connection connection) {
            must(card.add(connection, Optional.empty()));
            must(card.established(connection, Optional.empty()));
            return this;
        }

        Bench forward(final long pathId, final Path path) {
            must(card.forward(pathId, path));
            return this;
        }

        private static void must(final Answer answer) {
            if (!answer.equals(Answer.ACCEPTED)) {
                throw new AssertionError(answer);
            }
        }

        /** {@return what is left of packets that come in by p1} */
        PacketBatch receive(final Packet... packets) {
            final PacketBatch batch = batch(packets);
            card.forward(port("p1"), batch, this);
            return batch;
        }

        @Override
        public boolean send(final String port, final PacketBatch batch) {
            if (absent.contains(port)) {
                return false;
            }
            for (int i = 0; i < batch.size(); i++) {
                sentBy.add(port);
                sent.add(batch.get(i).bytes());
            }
            return true;
        }

        private ProviderContext context() {
            return (ProviderContext) Proxy.newProxyInstance(Cards.class.getClassLoader(),
                new Class<?>[] {ProviderContext.class}, (proxy, method, arguments) -> {
                    final StringBuilder line = new StringBuilder(method.getName());
                    for (final Object argument : arguments == null ? new Object[0] : arguments) {
                        line.append(' ').append(argument instanceof Answer answer ? answer.kind() : argument);
                    }
                    synchronized (reports) {
                        reports.add(line.toString());
                        reports.notifyAll();
                    }
                    return null;
                });
        }

        /** Waits until something is reported by another thread. */
        void awaitReport(final String line) throws InterruptedException {
            final long deadline = System.nanoTime() + 10_000_000_000L;
            synchronized (reports) {
                while (!reports.contains(line)) {
                    if (System.nanoTime() > deadline) {
                        throw new AssertionError("not reported: " + line + ", but " + reports);
                    }
                    reports.wait(100);
                }
            }
        }
    }
}
