// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.dummy;

import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.trackway.offload.spi.OffloadProvider;
import org.trackway.packet.FastPath;

/** Makes simulated cards without a container; in this package because it is nobody else's business how. */
public final class Dummies {

    private Dummies() {
    }

    /**
     * {@return a card that is an {@link OffloadProvider}, a {@link FastPath} and, to pull it, a {@link Runnable}}
     *
     * @param keysAndValues what its configuration says, besides defaults
     */
    public static Card make(final Object... keysAndValues) {
        final Map<String, Object> values = new HashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            values.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        final DummyConfiguration configuration = (DummyConfiguration) Proxy.newProxyInstance(
            Dummies.class.getClassLoader(), new Class<?>[] {DummyConfiguration.class},
            (proxy, method, arguments) -> values.getOrDefault(method.getName(), method.getDefaultValue()));
        final DummyProvider provider = new DummyProvider(DummySettings.of(configuration, values), System::nanoTime,
            new Random(1));
        return new Card(provider, provider, provider::close);
    }

    /**
     * A simulated card, seen from its three sides.
     *
     * @param provider for the manager
     * @param path     for packets
     * @param pull     takes it away
     */
    public record Card(OffloadProvider provider, FastPath path, Runnable pull) {
    }
}
