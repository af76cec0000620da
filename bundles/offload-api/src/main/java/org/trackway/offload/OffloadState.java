// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload;

/** How far a provider has taken a connection. */
public enum OffloadState {
    /** It does not hold it. */
    NONE,
    /** It has accepted it when it was committed. */
    ADDED,
    /** It knows that it was seen in both directions. */
    ESTABLISHED
}
