// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import org.trackway.conntrack.CtState;
import org.trackway.packet.EtherType;
import org.trackway.packet.IpProtocol;

/** What a flow must match before a field means anything (ovs-fields(7), "Prerequisites"). */
enum Prerequisite {
    NONE("nothing"),
    ARP("arp or rarp"),
    IPV4("ip"),
    IPV6("ipv6"),
    IP("ip or ipv6"),
    TCP("tcp or tcp6"),
    UDP("udp or udp6"),
    SCTP("sctp or sctp6"),
    PORTS("tcp, udp or sctp, or tcp6, udp6 or sctp6"),
    ICMP("icmp or icmp6"),
    ICMP6("icmp6"),
    NEIGHBOUR("icmp6 with icmp_type=135 or 136"),
    SOLICITATION("icmp6 with icmp_type=135"),
    ADVERTISEMENT("icmp6 with icmp_type=136"),
    TRACKED("ct_state with +new, +est, +rel, +rpl, +snat or +dnat, or with +trk-inv");

    private static final int KNOWN_STATE = CtState.NEW | CtState.ESTABLISHED | CtState.RELATED | CtState.REPLY
        | CtState.SOURCE_NAT | CtState.DESTINATION_NAT;

    /** What to write in a flow to meet it. */
    final String text;

    Prerequisite(final String text) {
        this.text = text;
    }

    /** {@return whether every packet that the match accepts meets it} */
    boolean isMet(final Match match) {
        return switch (this) {
            case NONE -> true;
            case ARP -> isType(match, EtherType.ARP) || isType(match, EtherType.RARP);
            case IPV4 -> isType(match, EtherType.IPV4);
            case IPV6 -> isType(match, EtherType.IPV6);
            case IP -> isIp(match);
            case TCP -> isProtocol(match, IpProtocol.TCP);
            case UDP -> isProtocol(match, IpProtocol.UDP);
            case SCTP -> isProtocol(match, IpProtocol.SCTP);
            case PORTS -> isProtocol(match, IpProtocol.TCP) || isProtocol(match, IpProtocol.UDP)
                || isProtocol(match, IpProtocol.SCTP);
            case ICMP -> isType(match, EtherType.IPV4) && isProtocol(match, IpProtocol.ICMP) || ICMP6.isMet(match);
            case ICMP6 -> isType(match, EtherType.IPV6) && isProtocol(match, IpProtocol.ICMPV6);
            case NEIGHBOUR -> SOLICITATION.isMet(match) || ADVERTISEMENT.isMet(match);
            case SOLICITATION -> ICMP6.isMet(match) && match.requires(Fields.ICMP6_TYPE, 135);
            case ADVERTISEMENT -> ICMP6.isMet(match) && match.requires(Fields.ICMP6_TYPE, 136);
            case TRACKED -> isTracked(match);
        };
    }

    private static boolean isType(final Match match, final int type) {
        return match.requires(Fields.ETH_TYPE, type);
    }

    private static boolean isIp(final Match match) {
        return isType(match, EtherType.IPV4) || isType(match, EtherType.IPV6);
    }

    private static boolean isProtocol(final Match match, final int protocol) {
        return isIp(match) && match.requires(Fields.NW_PROTO, protocol);
    }

    private static boolean isTracked(final Match match) {
        final long mask = match.mask(Fields.CT_STATE);
        final long set = mask & match.value(Fields.CT_STATE);
        return (set & KNOWN_STATE) != 0
            || (set & CtState.TRACKED) != 0 && (mask & CtState.INVALID) != 0 && (set & CtState.INVALID) == 0;
    }
}
