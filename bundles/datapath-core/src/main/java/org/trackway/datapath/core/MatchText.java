// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.Map;
import org.trackway.packet.EtherType;
import org.trackway.packet.IpProtocol;

/** Writes a match as {@code ovs-ofctl dump-flows} does: the same words in the same order (lib/match.c match_format). */
final class MatchText {

    private static final Map<Integer, String> TYPES = Map.of(EtherType.IPV4, "ip", EtherType.IPV6, "ipv6",
        EtherType.ARP, "arp", EtherType.RARP, "rarp");
    private static final int VID_BITS = 0xfff;
    private static final int PCP_BITS = 0xe000;

    private final Match match;
    private final StringBuilder text = new StringBuilder();

    private MatchText(final Match match) {
        this.match = match;
    }

    static String format(final Match match) {
        return new MatchText(match).format();
    }

    private String format() {
        add(Fields.PKT_MARK);
        add(Fields.CT_STATE);
        add(Fields.CT_ZONE);
        add(Fields.CT_MARK);
        add(Fields.CT_LABEL);
        add(Fields.CT_NW_SRC);
        add(Fields.CT_IPV6_SRC);
        add(Fields.CT_NW_DST);
        add(Fields.CT_IPV6_DST);
        add(Fields.CT_NW_PROTO);
        add(Fields.CT_TP_SRC);
        add(Fields.CT_TP_DST);
        final boolean typed = match.mask(Fields.ETH_TYPE) != 0;
        final int type = typed ? (int) match.value(Fields.ETH_TYPE) : -1;
        final boolean ip = type == EtherType.IPV4 || type == EtherType.IPV6;
        final int protocol = ip && match.mask(Fields.NW_PROTO) != 0 ? (int) match.value(Fields.NW_PROTO) : -1;
        final String keyword = keyword(type, protocol);
        final boolean protocolNamed = keyword != null && !keyword.equals(TYPES.get(type));
        if (keyword != null) {
            text.append(keyword).append(',');
        }
        Fields.REGISTERS.forEach(this::add);
        add(Fields.METADATA);
        add(Fields.IN_PORT);
        addTag();
        add(Fields.ETH_SRC);
        add(Fields.ETH_DST);
        if (typed && keyword == null) {
            text.append(String.format("dl_type=0x%04x,", type));
        }
        final boolean arp = type == EtherType.ARP || type == EtherType.RARP;
        add(arp ? Fields.ARP_SPA : Fields.NW_SRC);
        add(arp ? Fields.ARP_TPA : Fields.NW_DST);
        add(Fields.IPV6_SRC);
        add(Fields.IPV6_DST);
        add(Fields.IPV6_LABEL);
        if (!protocolNamed) {
            add(Fields.NW_PROTO);
        }
        if (arp) {
            add(Fields.ARP_OP);
            add(Fields.ARP_SHA);
            add(Fields.ARP_THA);
        }
        addTos();
        add(Fields.NW_TTL);
        add(Fields.IP_FRAG);
        addTransport(type, protocol, arp);
        if (!text.isEmpty()) {
            text.setLength(text.length() - 1);
        }
        return text.toString();
    }

    private static String keyword(final int type, final int protocol) {
        final String suffix = type == EtherType.IPV6 ? "6" : "";
        return switch (protocol) {
            case IpProtocol.TCP -> "tcp" + suffix;
            case IpProtocol.UDP -> "udp" + suffix;
            case IpProtocol.SCTP -> "sctp" + suffix;
            case IpProtocol.ICMP -> type == EtherType.IPV4 ? "icmp" : TYPES.get(type);
            case IpProtocol.ICMPV6 -> type == EtherType.IPV6 ? "icmp6" : TYPES.get(type);
            default -> TYPES.get(type);
        };
    }

    private void addTag() {
        final int mask = (int) match.mask(Fields.VLAN_TCI);
        final int value = (int) match.value(Fields.VLAN_TCI);
        final int vid = mask & VID_BITS;
        final int pcp = mask & PCP_BITS;
        if (mask == 0) {
            return;
        }
        if ((mask & value & Key.TAGGED) != 0 && (vid == 0 || vid == VID_BITS) && (pcp == 0 || pcp == PCP_BITS)
                && (vid | pcp) != 0) {
            if (vid != 0) {
                add(Fields.VLAN_VID);
            }
            if (pcp != 0) {
                add(Fields.VLAN_PCP);
            }
        } else {
            text.append(String.format("vlan_tci=0x%04x", value));
            text.append(mask == 0xffff ? "," : String.format("/0x%04x,", mask));
        }
    }

    private void addTos() {
        if ((match.mask(Fields.NW_TOS) & 0xfc) != 0) {
            text.append("nw_tos=").append(match.value(Fields.NW_TOS) & 0xfc).append(',');
        }
        add(Fields.NW_ECN);
    }

    private void addTransport(final int type, final int protocol, final boolean arp) {
        if (arp) {
            return;
        }
        if (type == EtherType.IPV4 && protocol == IpProtocol.ICMP) {
            add(Fields.ICMP_TYPE);
            add(Fields.ICMP_CODE);
        } else if (type == EtherType.IPV6 && protocol == IpProtocol.ICMPV6) {
            // Printed by the short names, as Open vSwitch does for both versions.
            add(Fields.ICMP6_TYPE, "icmp_type");
            add(Fields.ICMP6_CODE, "icmp_code");
            add(Fields.ND_TARGET);
            add(Fields.ND_SLL);
            add(Fields.ND_TLL);
        } else {
            add(Fields.TP_SRC);
            add(Fields.TP_DST);
            add(Fields.TCP_FLAGS);
        }
    }

    private void add(final Field field) {
        add(field, field == Fields.IP_FRAG ? "nw_frag" : field.name);
    }

    private void add(final Field field, final String name) {
        final Bits mask = match.maskBits(field);
        if (!mask.isZero()) {
            text.append(name).append('=').append(Values.format(field, match.valueBits(field), mask)).append(',');
        }
    }
}
