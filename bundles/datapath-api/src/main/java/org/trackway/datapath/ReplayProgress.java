// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath;

import org.osgi.annotation.versioning.ConsumerType;

/** Is told how far a replay is, on the replay's thread, a few times a second and once at its end. */
@ConsumerType
@FunctionalInterface
public interface ReplayProgress {

    /**
     * Called with what was replayed so far.
     *
     * @param packets   packets so far
     * @param bytes     their bytes, Ethernet headers included
     * @param elapsedNs nanoseconds since the replay began
     */
    void replayed(long packets, long bytes, long elapsedNs);
}
