// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack;

/**
 * The bits of a packet's {@code ct_state}, with the names, values and order of Open vSwitch (ovs-fields(7),
 * lib/packets.h CS_STATES).
 */
public final class CtState {

    /** The packet opens a connection, or the other side has not answered yet. */
    public static final int NEW = 0x01;
    /** The packet belongs to a connection. */
    public static final int ESTABLISHED = 0x02;
    /** An ICMP error about a connection, or a packet of a connection that a helper expected. */
    public static final int RELATED = 0x04;
    /** The packet travels in the direction opposite to the one that opened the connection. */
    public static final int REPLY = 0x08;
    /** The tracker refused the packet. */
    public static final int INVALID = 0x10;
    /** The packet went through the tracker. */
    public static final int TRACKED = 0x20;
    /** The packet's source was translated, or translated back. */
    public static final int SOURCE_NAT = 0x40;
    /** The packet's destination was translated, or translated back. */
    public static final int DESTINATION_NAT = 0x80;
    /** Both translation bits. */
    public static final int NAT = SOURCE_NAT | DESTINATION_NAT;

    private static final String[] NAMES = {"new", "est", "rel", "rpl", "inv", "trk", "snat", "dnat"};

    private CtState() {
    }

    /** {@return the names of the bits, lowest first, joined by {@code |}; {@code 0} if none is set} */
    public static String format(final int bits) {
        final StringBuilder text = new StringBuilder();
        for (int i = 0; i < NAMES.length; i++) {
            if ((bits >>> i & 1) != 0) {
                text.append(text.isEmpty() ? "" : "|").append(NAMES[i]);
            }
        }
        return text.isEmpty() ? "0" : text.toString();
    }

    /**
     * {@return the bit of one name}
     *
     * @throws IllegalArgumentException listing the names, if this is none
     */
    public static int parse(final String name) {
        for (int i = 0; i < NAMES.length; i++) {
            if (NAMES[i].equals(name)) {
                return 1 << i;
            }
        }
        throw new IllegalArgumentException("unknown ct_state '" + name + "': give " + String.join(", ", NAMES));
    }
}
