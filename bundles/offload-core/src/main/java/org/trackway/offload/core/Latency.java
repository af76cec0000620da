// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

/** How long a provider takes. Guarded by the monitor of its worker. */
final class Latency {

    private long totalNs;
    private long operations;
    private long maxNs;

    /** Adds a call with so many operations; one without counts for the longest call only. */
    void add(final long callNs, final int performed) {
        maxNs = Math.max(maxNs, callNs);
        if (performed > 0) {
            totalNs += callNs;
            operations += performed;
        }
    }

    long meanNs() {
        return operations == 0 ? 0 : totalNs / operations;
    }

    long maxNs() {
        return maxNs;
    }
}
