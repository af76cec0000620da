// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * Sees what became of every packet that entered the tables. Called on the packet's thread after all actions on its batch, for one packet after
 * another in the order in which they came in; with several receiving ports, by several threads at once. What it throws
 * is logged and ends the observation.
 */
@ConsumerType
@FunctionalInterface
public interface PacketObserver {

    /** Called once for each packet, and once more when a fragment that was held back is released. */
    void packet(SeenPacket packet);
}
