// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.suite;

import org.trackway.offload.spi.OffloadProvider;

/** The simulated card that keeps state alone obeys every rule. */
class TrackingCardTest extends TrackingContract {

    @Override
    protected OffloadProvider create() {
        return new CardWrapper("mode", "tracks", "capacity", 100);
    }
}
