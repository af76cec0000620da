// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.trackway.conntrack.Conntrack;
import org.trackway.datapath.Datapath;

/** The container's own datapath, on the container's own tracker. */
@Component(service = Datapath.class, immediate = true, property = Datapath.NAME_PROPERTY + "=" + Datapath.LIVE)
public final class LiveDatapath extends TableDatapath {

    private static final Logger LOG = LoggerFactory.getLogger(LiveDatapath.class);

    /** Makes the datapath; its threads start with {@link #activate}. */
    @Activate
    public LiveDatapath(@Reference(target = "(name=live)") final Conntrack conntrack,
            @Reference final PortFactories factories) {
        super(LIVE, conntrack, factories);
    }

    @Activate
    void activate() {
        start();
        LOG.info("Datapath '{}' is ready.", name());
    }

    @Deactivate
    void deactivate() {
        close();
        LOG.info("Datapath '{}' is gone.", name());
    }
}
