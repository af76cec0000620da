// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath;

import java.io.IOException;
import org.osgi.annotation.versioning.ProviderType;

/** A service that runs what a port delivers, a capture mostly, through a datapath until it ends. Thread-safe. */
@ProviderType
public interface Replayer {

    /**
     * Replays on the caller's thread until no more packets come, reading fails, or the thread is interrupted (which
     * stays interrupted). All ports of the request are closed when this returns or throws.
     *
     * @param request what to replay and how
     * @return what happened, also if reading failed on the way
     * @throws IOException              in one line, if the capture could not be opened at all
     * @throws FlowException            if one of the flows is wrong
     * @throws IllegalArgumentException if the request is not possible, saying what is
     */
    ReplayResult replay(ReplayRequest request) throws IOException;
}
