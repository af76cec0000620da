// SPDX-License-Identifier: Apache-2.0
package org.trackway.packet;

/**
 * The Linux network interface behind a port, for those who program it by other means than packets.
 *
 * @param name      its name in its namespace
 * @param index     its index there, above 0
 * @param namespace file of its network namespace; empty for that of the process
 * @param mac       its Ethernet address, 48 bits
 * @param mtu       the longest IP packet that it carries, in bytes
 */
public record LinuxInterface(String name, int index, String namespace, long mac, int mtu) {
}
