// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.suite;

import org.trackway.offload.spi.Capabilities;

/** The rules for providers of mode TRACKS. */
public abstract class TrackingContract extends ProviderContract {

    /** For subclasses. */
    protected TrackingContract() {
    }

    @Override
    final Capabilities.Mode mode() {
        return Capabilities.Mode.TRACKS;
    }
}
