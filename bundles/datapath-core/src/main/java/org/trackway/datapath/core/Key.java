// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.Arrays;

/**
 * Where everything that a flow can match lies in a packet's key, an array of {@link #WORDS} words. Matches are pairs of
 * such arrays, value and mask, so that one comparison of words serves all fields.
 *
 * <p>The first words are metadata of the datapath (from {@link #INPUT}), the next are what the tracker said when the
 * packet last came back from it (from {@link #CT}), the last are the packet's headers (from {@link #HEADERS}).
 */
final class Key {

    /** Ingress port in bits 32..63, packet mark below. */
    static final int INPUT = 0;
    static final int METADATA = 1;
    /** Sixteen 32-bit registers, two in a word, the even one in the high half. */
    static final int REGISTERS = 2;
    /** First word that the tracker fills: mark, zone, state and protocol in 32, 16, 8 and 8 bits. */
    static final int CT = 10;
    static final int CT_LABEL = 11;
    /** IPv4 source and destination of the original tuple. */
    static final int CT_V4 = 13;
    static final int CT_V6_SOURCE = 14;
    static final int CT_V6_DESTINATION = 16;
    /** Source and destination port of the original tuple. */
    static final int CT_PORTS = 18;
    /** First word of the packet's own headers: destination address and Ethernet type in 48 and 16 bits. */
    static final int HEADERS = 19;
    static final int ETH_DESTINATION = 19;
    /** Source address and VLAN tag control information (bit 12 tells whether there is a tag). */
    static final int ETH_SOURCE = 20;
    /** IPv4 source and destination; sender and target address in ARP. */
    static final int V4 = 21;
    static final int V6_SOURCE = 22;
    static final int V6_DESTINATION = 24;
    /** Protocol, TOS, TTL, fragment, source port, destination port in 8, 8, 8, 8, 16 and 16 bits. */
    static final int TRANSPORT = 26;
    /** Sender's hardware address in ARP and neighbour discovery, TCP flags. */
    static final int SENDER = 27;
    /** Target's hardware address in ARP and neighbour discovery. */
    static final int TARGET = 28;
    static final int ND_TARGET = 29;
    /** IPv6 flow label. */
    static final int FLOW_LABEL = 31;
    static final int WORDS = 32;

    /** Ingress port number of packets from no port of the datapath (OpenFlow's OFPP_NONE). */
    static final int NO_PORT = 0xffff;
    /** Set in the VLAN tag control information of packets that have a tag (as in Open vSwitch, VLAN_CFI). */
    static final int TAGGED = 0x1000;

    private Key() {
    }

    /** {@return the same in little room: which words are not 0, then those} */
    static long[] pack(final long[] key) {
        final long[] packed = new long[WORDS + 1];
        int size = 1;
        for (int word = 0; word < WORDS; word++) {
            if (key[word] != 0) {
                packed[0] |= 1L << word;
                packed[size++] = key[word];
            }
        }
        return Arrays.copyOf(packed, size);
    }

    /** Writes a key that was packed. */
    static void unpack(final long[] packed, final long[] key) {
        int at = 1;
        for (int word = 0; word < WORDS; word++) {
            key[word] = (packed[0] >>> word & 1) == 0 ? 0 : packed[at++];
        }
    }

    static int inPort(final long[] key) {
        return (int) (key[INPUT] >>> 32);
    }

    static void inPort(final long[] key, final int number) {
        key[INPUT] = (long) number << 32 | key[INPUT] & 0xffffffffL;
    }

    static int etherType(final long[] key) {
        return (int) key[ETH_DESTINATION] & 0xffff;
    }

    static int protocol(final long[] key) {
        return (int) (key[TRANSPORT] >>> 56);
    }

    static int ctProtocol(final long[] key) {
        return (int) key[CT] & 0xff;
    }
}
