// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.io.IOException;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;
import org.trackway.offload.Offload;

/**
 * The offload manager. It is a feature of its own that comes and goes, so it is looked up whenever it is used: a
 * reference of Karaf's would take all commands away and bring them back each time.
 */
final class OffloadService {

    /** What is done with it. */
    @FunctionalInterface
    interface Use {
        void with(Offload offload) throws IOException;
    }

    private OffloadService() {
    }

    /**
     * Uses it.
     *
     * @throws IllegalStateException if it is not installed, saying what installs it
     */
    static void use(final BundleContext context, final Use use) throws IOException {
        final ServiceReference<Offload> reference = context.getServiceReference(Offload.class);
        final Offload offload = reference == null ? null : context.getService(reference);
        if (offload == null) {
            throw new IllegalStateException("offload is not installed: feature:install trackway-offload");
        }
        try {
            use.with(offload);
        } finally {
            context.ungetService(reference);
        }
    }
}
