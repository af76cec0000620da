// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.suite;

import org.trackway.offload.spi.OffloadProvider;

/** The simulated card that forwards obeys every rule. */
class ForwardingCardTest extends ForwardingContract {

    @Override
    protected OffloadProvider create() {
        return new CardWrapper("capacity", 100);
    }
}
