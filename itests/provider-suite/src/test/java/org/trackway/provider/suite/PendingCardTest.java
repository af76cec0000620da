// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.suite;

import org.trackway.offload.spi.OffloadProvider;

/** A card that says later what became of what it is given obeys every rule too. */
class PendingCardTest extends ForwardingContract {

    @Override
    protected OffloadProvider create() {
        return new CardWrapper("capacity", 20, "pendingMs", 1);
    }
}
