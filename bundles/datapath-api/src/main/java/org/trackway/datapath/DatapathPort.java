// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath;

import java.util.Optional;
import org.trackway.packet.Port;

/**
 * A port of a datapath, as it was at one moment.
 *
 * @param number     its number, which flows may use; 0 if it waits and will be given one
 * @param name       its name, unique in the datapath
 * @param kind       what kind of port it is, for example {@code pcap}
 * @param state      what its thread is doing
 * @param error      why it failed or waits, in one line, if it does
 * @param statistics its counters
 */
public record DatapathPort(int number, String name, String kind, State state, Optional<String> error,
        Port.Statistics statistics) {

    /** What a port's thread is doing. */
    public enum State {
        /** It is configured but not there: it is being opened, or can't be opened now. */
        WAITING,
        /** Nobody polls the port; it can still be sent to. */
        IDLE,
        /** The port is polled. */
        RUNNING,
        /** No more packets will come; it can still be sent to. */
        ENDED,
        /** Receiving or sending failed for good. */
        FAILED
    }
}
