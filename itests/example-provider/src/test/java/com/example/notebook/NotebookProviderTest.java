// SPDX-License-Identifier: Apache-2.0
package com.example.notebook;

import org.trackway.offload.spi.OffloadProvider;
import org.trackway.provider.suite.TrackingContract;

/** The provider obeys every rule of the suite. */
class NotebookProviderTest extends TrackingContract {

    @Override
    protected OffloadProvider create() {
        return new NotebookProvider();
    }
}
