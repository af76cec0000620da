// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.Map;
import java.util.TreeMap;

/** What became of the packets of one pipeline, by {@code ct_state}. Belongs to the pipeline's thread. */
final class Tally {

    private final long[] byState = new long[256];
    private long held;
    private long bypassed;

    void tracked(final int state) {
        byState[state & 0xff]++;
    }

    void held(final int change) {
        held += change;
    }

    void bypassed(final int packets) {
        bypassed += packets;
    }

    /** {@return packets that a fast path took} */
    long bypassed() {
        return bypassed;
    }

    /** {@return fragments that are still held back} */
    long held() {
        return held;
    }

    /** {@return packets by the state that their last {@code ct} action left} */
    Map<Integer, Long> states() {
        final Map<Integer, Long> states = new TreeMap<>();
        for (int state = 0; state < byState.length; state++) {
            if (byState[state] != 0) {
                states.put(state, byState[state]);
            }
        }
        return states;
    }
}
