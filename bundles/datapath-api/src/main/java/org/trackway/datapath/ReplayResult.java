// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.trackway.conntrack.Conntrack;

/**
 * What happened in a replay.
 *
 * @param packets     packets replayed
 * @param bytes       their bytes, Ethernet headers included
 * @param bypassed    those among them that a fast path took
 * @param slices      packets and bypassed again, as the replay went on: some slices of about as many packets each, in
 *                    order, 20 at the most
 * @param states      the others by the {@code ct_state} bits that their last {@code ct} action left; those that were
 *                    never tracked, or are still held back, count as 0
 * @param held        fragments that were held back and not released until the end
 * @param connections connections that the tracker holds at the end
 * @param elapsedNs   nanoseconds it took
 * @param error       why reading ended early, in one line, if it did; what was read before is counted
 * @param interrupted whether it was stopped by interrupting its thread
 * @param conntrack   the tracker as it is at the end; one of its own lives as long as this reference
 * @param flows       the flows with their counters at the end; empty if none were given
 */
public record ReplayResult(long packets, long bytes, long bypassed, List<Slice> slices, Map<Integer, Long> states,
        long held, int connections, long elapsedNs, Optional<String> error, boolean interrupted, Conntrack conntrack,
        List<Flow> flows) {

    /**
     * Packets that followed each other.
     *
     * @param packets  how many, at least 1
     * @param bypassed those among them that a fast path took
     */
    public record Slice(long packets, long bypassed) {
    }

    /** Takes copies; {@code states} are in ascending order of the bits. */
    public ReplayResult {
        states = Collections.unmodifiableMap(new TreeMap<>(states));
        slices = List.copyOf(slices);
        flows = List.copyOf(flows);
    }

    /** {@return packets per second} */
    public double packetRate() {
        return elapsedNs == 0 ? 0 : packets * 1e9 / elapsedNs;
    }
}
