// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack;

/**
 * A zone's limit and count. The count starts when the zone first comes under a limit, as in Open vSwitch.
 *
 * @param zone     0..65535
 * @param limit    the limit that applies, 0..4294967295
 * @param explicit whether it is the zone's own, and not the default
 * @param count    connections counted against it
 */
public record ZoneStatus(int zone, long limit, boolean explicit, long count) {
}
