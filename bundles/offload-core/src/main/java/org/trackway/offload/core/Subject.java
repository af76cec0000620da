// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

/**
 * What an operation may be about: something in a provider's table. Guarded by the monitor of the provider's worker.
 */
abstract sealed class Subject permits Chapter, PathEntry, Stray {

    /** Whether it waits for its next operation in the table's queue. */
    boolean queued;
    /** Whether an operation on it is under way; until that is answered there is no other. */
    boolean asked;
    /** Whether it is to be queued once that is answered. */
    boolean more;
}
