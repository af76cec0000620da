// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack;

/**
 * How the connection table is filled.
 *
 * @param connections  connections held, expired ones that were not swept yet included
 * @param entries      entries that memory is reserved for
 * @param indexSlots   slots of the index
 * @param indexUsed    slots in use; a translated connection has two
 * @param longestProbe most slots that a look-up of a present key may have to visit
 * @param bytes        memory of entries and index, in bytes
 */
public record TableStatistics(int connections, int entries, int indexSlots, int indexUsed, int longestProbe,
        long bytes) {
}
