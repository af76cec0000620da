// SPDX-License-Identifier: Apache-2.0
package org.trackway.packet;

/** Ethernet types that the tracker and the flow table know (IEEE 802 numbers, IANA registry). */
public final class EtherType {

    /** Internet Protocol version 4. */
    public static final int IPV4 = 0x0800;
    /** Address Resolution Protocol. */
    public static final int ARP = 0x0806;
    /** Reverse Address Resolution Protocol. */
    public static final int RARP = 0x8035;
    /** Customer VLAN tag (802.1Q). */
    public static final int VLAN = 0x8100;
    /** Internet Protocol version 6. */
    public static final int IPV6 = 0x86dd;
    /** Service VLAN tag (802.1ad, QinQ). */
    public static final int SERVICE_VLAN = 0x88a8;
    /** What stands for an 802.3 frame without a SNAP type (the value of OpenFlow's OFP_DL_TYPE_NOT_ETH_TYPE). */
    public static final int NONE = 0x05ff;

    private EtherType() {
    }
}
