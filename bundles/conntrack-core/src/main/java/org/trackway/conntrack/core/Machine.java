// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import org.trackway.conntrack.Timeout;
import org.trackway.packet.Bytes;
import org.trackway.packet.IpProtocol;

/**
 * The machines of protocols with one state per connection: ICMP queries, and everything that is not TCP. The protocol
 * number alone chooses the machine, as in the peer, so that protocol 1 over IPv6 uses ICMP's.
 *
 * <pre>
 *   machine  state      packet            next       verdict     timeout
 *   other    (none)     first             FIRST      new         UDP_FIRST
 *            FIRST      original          MULTIPLE   VALID_NEW   UDP_SINGLE
 *            MULTIPLE   original          MULTIPLE   VALID_NEW   UDP_SINGLE
 *            any        reply             BIDIR      VALID       UDP_MULTIPLE
 *            BIDIR      any               BIDIR      VALID       UDP_MULTIPLE
 *   ICMP     (none)     query, not reply  FIRST      new         ICMP_FIRST
 *            FIRST      original          FIRST      VALID_NEW   ICMP_FIRST
 *            any        reply             REPLY      VALID       ICMP_REPLY
 *            REPLY      any               REPLY      VALID       ICMP_REPLY
 * </pre>
 *
 * Source: Open vSwitch lib/conntrack-other.c and lib/conntrack-icmp.c.
 */
final class Machine {

    static final int FIRST = 0;
    static final int MULTIPLE = 1;
    static final int CONFIRMED = 2;

    private static final Timeout[] OTHER = {Timeout.UDP_FIRST, Timeout.UDP_SINGLE, Timeout.UDP_MULTIPLE};
    private static final Timeout[] ICMP = {Timeout.ICMP_FIRST, Timeout.ICMP_FIRST, Timeout.ICMP_REPLY};

    private Machine() {
    }

    static boolean isIcmp(final int protocol) {
        return protocol == IpProtocol.ICMP || protocol == IpProtocol.ICMPV6;
    }

    /**
     * {@return whether a packet may open a connection}
     *
     * @param data bytes of the packet
     * @param l4   index of its transport header
     * @param size bytes from there on
     */
    static boolean isValidFirst(final int protocol, final byte[] data, final int l4, final int size) {
        return switch (protocol) {
            case IpProtocol.TCP -> TcpMachine.isValidFirst(Bytes.u8(data, l4 + 13));
            case IpProtocol.ICMP -> size > 0 && (data[l4] == 8 || data[l4] == 13 || data[l4] == 15);
            case IpProtocol.ICMPV6 -> size > 0 && data[l4] == (byte) 128;
            default -> true;
        };
    }

    /** {@return the state after a packet on a known connection} */
    static int next(final int protocol, final int state, final boolean reply) {
        return state == CONFIRMED || reply ? CONFIRMED : isIcmp(protocol) ? FIRST : MULTIPLE;
    }

    /** {@return the timeout that rules a state} */
    static Timeout timeout(final int protocol, final int state) {
        return (isIcmp(protocol) ? ICMP : OTHER)[state];
    }

    /** {@return the name of a state for people} */
    static String name(final int protocol, final int state) {
        return state == FIRST ? "FIRST" : state == MULTIPLE ? "MULTIPLE" : isIcmp(protocol) ? "REPLY" : "BIDIR";
    }
}
