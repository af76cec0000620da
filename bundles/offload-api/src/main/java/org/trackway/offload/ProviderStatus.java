// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.trackway.offload.spi.Capabilities;

/**
 * A provider, as it was at one moment.
 *
 * @param name          its name
 * @param priority      its place among providers, as configured or as it says itself
 * @param capabilities  what it can do
 * @param state         whether it is offered connections
 * @param sinceNs       when it came to that state, on the tracker's clock
 * @param ports         names of the ports it was found to serve
 * @param held          connections that it holds
 * @param paths         paths that it forwards on
 * @param limit         how many it may hold: the smaller one of capacity and configured limit, 0 if there is none
 * @param queued        what waits to be submitted
 * @param counters      totals since it came, by name
 * @param meanLatencyNs mean time of an operation, in nanoseconds
 * @param maxLatencyNs  longest time of a call, in nanoseconds
 * @param lastFailure   what went wrong last
 */
public record ProviderStatus(String name, int priority, Capabilities capabilities, State state, long sinceNs,
        List<String> ports, long held, long paths, long limit, int queued, Map<Counter, Long> counters,
        long meanLatencyNs, long maxLatencyNs, Optional<String> lastFailure) {

    /** Whether a provider is offered connections. */
    public enum State {
        /** It is. */
        ACTIVE,
        /** It, or offload as a whole, is switched off. */
        DISABLED,
        /** It was drained by hand: it is offered nothing until it is enabled again. */
        DRAINED,
        /** Its device is lost. */
        LOST,
        /** It misbehaved and is tried again later. */
        QUARANTINED,
        /** A call to it does not return; the thread in it is lost until it does. */
        STUCK
    }

    /** What is counted of a provider. */
    public enum Counter {
        /** Connections accepted. */
        ADDED,
        /** Connections refused, by the provider or for lack of room. */
        REFUSED,
        /** Connections established. */
        ESTABLISHED,
        /** Questions after activity answered. */
        UPDATED,
        /** Connections deleted. */
        DELETED,
        /** Adds that a delete overtook in the queue, so that neither was sent. */
        CANCELLED,
        /** Paths taken. */
        FORWARDED,
        /** Paths withdrawn. */
        WITHDRAWN,
        /** Connections and paths that hardware has lost. */
        LOST,
        /** Notes for which the queue had no room. */
        OVERFLOWED,
        /** Operations that failed. */
        FAILED,
        /** Reports about what it does not hold, and impossible numbers. */
        NONSENSE,
        /** Times it was put into quarantine. */
        QUARANTINED
    }
}
