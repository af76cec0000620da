// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.spi;

import org.osgi.annotation.versioning.ProviderType;

/** What a tracker gives a helper when it takes it in. */
@ProviderType
public interface HelperContext {

    /**
     * Gives the helper storage for its state on control connections: always the same for the same type, so that a helper
     * that serves several trackers may ask for it with every packet and needs no field. The tracker closes it when the
     * helper goes.
     *
     * @param type class of the values
     * @throws IllegalStateException if the helper has gone
     */
    <T> ConnectionSlot<T> slot(Class<T> type);
}
