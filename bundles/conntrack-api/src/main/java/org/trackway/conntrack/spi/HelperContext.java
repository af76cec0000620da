// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.spi;

import org.osgi.annotation.versioning.ProviderType;

/** What a tracker gives a helper when it takes it in. */
@ProviderType
public interface HelperContext {

    /**
     * Makes storage for the helper's state on control connections. The tracker closes it when the helper goes.
     *
     * @param type class of the values
     */
    <T> ConnectionSlot<T> slot(Class<T> type);
}
