// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack;

import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;

/**
 * One direction of a connection. For ICMP and ICMPv6 queries the ports hold the message's identifier and
 * {@code icmpType} the type this direction's sender uses; for protocols without ports all three are 0.
 *
 * @param source          the sender's address
 * @param destination     the receiver's address, of the same family
 * @param protocol        IP protocol number, 0..255
 * @param sourcePort      the sender's port or identifier, 0..65535
 * @param destinationPort the receiver's port or identifier, 0..65535
 * @param icmpType        type of the ICMP query sent this way, 0..255; 0 for other protocols
 */
public record Tuple(IpAddress source, IpAddress destination, int protocol, int sourcePort, int destinationPort,
        int icmpType) {

    /** Checks ranges and that both addresses are of one family. */
    public Tuple {
        if (source.v6() != destination.v6()) {
            throw new IllegalArgumentException("source " + source + " and destination " + destination
                + " are not of one IP version");
        }
        if ((protocol | icmpType) >>> 8 != 0 || (sourcePort | destinationPort) >>> 16 != 0) {
            throw new IllegalArgumentException("out of range: protocol " + protocol + " (0 to 255), ports "
                + sourcePort + " and " + destinationPort + " (0 to 65535), ICMP type " + icmpType + " (0 to 255)");
        }
    }

    /** {@return a tuple of a protocol without ICMP type} */
    public static Tuple of(final IpAddress source, final IpAddress destination, final int protocol,
            final int sourcePort, final int destinationPort) {
        return new Tuple(source, destination, protocol, sourcePort, destinationPort, 0);
    }

    /** {@return whether identifier and type take the place of ports} */
    public boolean isIcmp() {
        return protocol == IpProtocol.ICMP || protocol == IpProtocol.ICMPV6;
    }

    /** {@return the tuple of the opposite direction; the reverse of the reverse is the same tuple} */
    public Tuple reverse() {
        final boolean icmpOfItsFamily = protocol == (source.v6() ? IpProtocol.ICMPV6 : IpProtocol.ICMP);
        return new Tuple(destination, source, protocol, destinationPort, sourcePort,
            icmpOfItsFamily ? reverseIcmpType(protocol, icmpType) : icmpType);
    }

    /**
     * {@return the type that answers an ICMP query type (RFC 792, RFC 4443), or the type itself where there is none}
     *
     * @param protocol IP protocol number
     * @param type     ICMP type
     */
    public static int reverseIcmpType(final int protocol, final int type) {
        if (protocol == IpProtocol.ICMP) {
            return switch (type) {
                case 8 -> 0;
                case 0 -> 8;
                case 13 -> 14;
                case 14 -> 13;
                case 15 -> 16;
                case 16 -> 15;
                default -> type;
            };
        }
        if (protocol == IpProtocol.ICMPV6 && (type == 128 || type == 129)) {
            return type ^ 1;
        }
        return type;
    }

    /** {@return the tuple as Open vSwitch prints it between the parentheses of {@code orig=(...)}} */
    @Override
    public String toString() {
        final StringBuilder text = new StringBuilder(80).append("src=").append(source).append(",dst=").append(destination);
        if (isIcmp()) {
            text.append(",id=").append(sourcePort).append(",type=").append(icmpType).append(",code=0");
        } else {
            text.append(",sport=").append(sourcePort).append(",dport=").append(destinationPort);
        }
        return text.toString();
    }
}
