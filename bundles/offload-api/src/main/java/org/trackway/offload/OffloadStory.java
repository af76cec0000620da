// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload;

import java.util.List;

/**
 * Why a connection is, or is not, in hardware.
 *
 * @param connection its id
 * @param reason     why it is not offered to anybody; empty if it is
 * @param chapters   what each provider made of it, those with the highest priority first
 */
public record OffloadStory(long connection, String reason, List<Chapter> chapters) {

    /** Takes a copy of the list. */
    public OffloadStory {
        chapters = List.copyOf(chapters);
    }

    /** {@return the furthest that any provider has taken it} */
    public OffloadState state() {
        return chapters.stream().map(Chapter::state).max(Enum::compareTo).orElse(OffloadState.NONE);
    }

    /**
     * What one provider made of a connection.
     *
     * @param provider     its name
     * @param state        how far it has taken it
     * @param forwards     whether packets of the original direction may pass the tracker unseen
     * @param forwardsBack whether packets of the reply direction may
     * @param reason       why it is not taken further, or was given up; empty if nothing is to be said
     * @param sinceNs      when that came to be, on the tracker's clock
     */
    public record Chapter(String provider, OffloadState state, boolean forwards, boolean forwardsBack, String reason,
            long sinceNs) {
    }
}
