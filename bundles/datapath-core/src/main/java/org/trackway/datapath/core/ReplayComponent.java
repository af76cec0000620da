// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.io.IOException;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.trackway.conntrack.ConntrackFactory;
import org.trackway.datapath.ReplayRequest;
import org.trackway.datapath.ReplayResult;
import org.trackway.datapath.Replayer;

/** Replays with the trackers, the kinds of ports and the shortcuts that the container has. */
@Component(service = Replayer.class)
public final class ReplayComponent implements Replayer {

    private final ConntrackFactory trackers;
    private final PortFactories factories;
    private final Shortcuts shortcuts;

    /** Takes what replays need. */
    @Activate
    public ReplayComponent(@Reference final ConntrackFactory trackers, @Reference final PortFactories factories,
            @Reference final Shortcuts shortcuts) {
        this.trackers = trackers;
        this.factories = factories;
        this.shortcuts = shortcuts;
    }

    @Override
    public ReplayResult replay(final ReplayRequest request) throws IOException {
        return Replay.run(request, trackers, factories, shortcuts);
    }
}
