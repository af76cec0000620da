// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack;

import java.util.OptionalLong;

/**
 * A connection that a helper expects, as listed.
 *
 * @param zone        zone in which it is expected, that of the control connection
 * @param tuple       its first packet; source port 0 stands for any
 * @param parent      original tuple of the control connection
 * @param mark        mark it will inherit
 * @param labelHigh   high half of the label it will inherit
 * @param labelLow    low half of the label
 * @param helper      the helper that expects it
 * @param remainingNs nanoseconds until it is given up; empty if it lives as long as its parent
 * @param singleUse   whether the first connection uses it up
 */
public record Expectation(int zone, Tuple tuple, Tuple parent, int mark, long labelHigh, long labelLow, String helper,
        OptionalLong remainingNs, boolean singleUse) {
}
