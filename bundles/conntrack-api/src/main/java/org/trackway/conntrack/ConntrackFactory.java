// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack;

import java.util.function.LongSupplier;
import org.osgi.annotation.versioning.ProviderType;

/** A service that makes trackers of one's own, with the helpers that the container has. Thread-safe. */
@ProviderType
public interface ConntrackFactory {

    /**
     * Makes an empty tracker. It has no sweeper of its own: its owner calls {@link Conntrack#sweep} as its clock goes.
     *
     * @param name     for people
     * @param settings settings to start with
     * @param clock    nanoseconds that never go back; read by whatever thread asks the tracker
     * @return the tracker; it needs no closing, dropping the reference is enough
     */
    Conntrack create(String name, ConntrackSettings settings, LongSupplier clock);
}
