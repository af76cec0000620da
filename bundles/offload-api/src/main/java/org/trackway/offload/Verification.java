// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload;

/**
 * A provider's own books compared with the manager's, which the tracker's connections are compared with too.
 *
 * @param provider   its name
 * @param answered   whether the provider could tell what it holds
 * @param compared   connections and paths in either book
 * @param missing    those that it should hold and does not: given up, so that their packets come through software
 * @param unexpected those that it holds and should not: deleted there
 * @param dead       those whose connection has gone: deleted there
 */
public record Verification(String provider, boolean answered, long compared, long missing, long unexpected, long dead) {

    /** {@return whether there was no difference} */
    public boolean isClean() {
        return answered && missing == 0 && unexpected == 0 && dead == 0;
    }
}
