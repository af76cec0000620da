// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.spi;

import org.osgi.annotation.versioning.ProviderType;

/**
 * One module's storage on every connection. The tracker knows neither type nor meaning; connections without a value cost
 * nothing. A value goes with its connection. {@link #close} drops all values and the class loader behind them.
 *
 * <p>Thread-safe. Compound changes need the connection's lock, that is, a call from the tracker.
 *
 * @param <T> class of the values
 */
@ProviderType
public interface ConnectionSlot<T> extends AutoCloseable {

    /** {@return the name it was made with} */
    String name();

    /** {@return the connection's value, or null if it has none or is gone} */
    T get(long connectionId);

    /**
     * Sets or, with null, clears the connection's value.
     *
     * @return whether the connection is still there
     * @throws IllegalStateException if there is a value to set and the slot is closed
     */
    boolean set(long connectionId, T value);

    /** Drops all values; later reads answer null. */
    @Override
    void close();
}
