// SPDX-License-Identifier: Apache-2.0
package org.trackway.packet;

/** IP protocol numbers by name (IANA registry), and their names as Open vSwitch prints them. */
public final class IpProtocol {

    /** IPv6 hop-by-hop options, RFC 8200 section 4.3. */
    public static final int HOP_BY_HOP = 0;
    /** Internet Control Message Protocol, RFC 792. */
    public static final int ICMP = 1;
    /** Internet Group Management Protocol, RFC 3376. */
    public static final int IGMP = 2;
    /** Transmission Control Protocol, RFC 9293. */
    public static final int TCP = 6;
    /** User Datagram Protocol, RFC 768. */
    public static final int UDP = 17;
    /** Datagram Congestion Control Protocol, RFC 4340. */
    public static final int DCCP = 33;
    /** IPv6 routing header, RFC 8200 section 4.4. */
    public static final int ROUTING = 43;
    /** IPv6 fragment header, RFC 8200 section 4.5. */
    public static final int FRAGMENT = 44;
    /** Authentication header, RFC 4302. */
    public static final int AH = 51;
    /** ICMP for IPv6, RFC 4443. */
    public static final int ICMPV6 = 58;
    /** IPv6 destination options, RFC 8200 section 4.6. */
    public static final int DESTINATION_OPTIONS = 60;
    /** Stream Control Transmission Protocol, RFC 9260. */
    public static final int SCTP = 132;
    /** Lightweight UDP, RFC 3828. */
    public static final int UDPLITE = 136;

    private static final Object[][] NAMES = {
        {ICMP, "icmp"}, {IGMP, "igmp"}, {TCP, "tcp"}, {UDP, "udp"}, {DCCP, "dccp"}, {ICMPV6, "icmpv6"},
        {SCTP, "sctp"}, {UDPLITE, "udplite"}};

    private IpProtocol() {
    }

    /** {@return the name of a protocol as {@code dpctl/dump-conntrack} prints it, or the number where it has none} */
    public static String name(final int protocol) {
        for (final Object[] row : NAMES) {
            if ((int) row[0] == protocol) {
                return (String) row[1];
            }
        }
        return Integer.toString(protocol);
    }

    /**
     * Reads a name or a number.
     *
     * @return the number, 0..255
     * @throws IllegalArgumentException if the text is neither
     */
    public static int parse(final String text) {
        for (final Object[] row : NAMES) {
            if (row[1].equals(text)) {
                return (int) row[0];
            }
        }
        if (text.equals("icmp6")) {
            return ICMPV6;
        }
        try {
            final int number = Integer.parseInt(text);
            if (number >= 0 && number <= 255) {
                return number;
            }
        } catch (final NumberFormatException notANumber) {
            // answered below, with what is allowed
        }
        throw new IllegalArgumentException("unknown protocol '" + text
            + "': give icmp, icmpv6, igmp, tcp, udp, udplite, sctp, dccp or a number from 0 to 255");
    }

    /** {@return whether the first two 16-bit fields of the protocol's header are ports, and they may be translated} */
    public static boolean hasPorts(final int protocol) {
        return protocol == TCP || protocol == UDP || protocol == SCTP;
    }
}
