// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** All fields by all their names (ovs-fields(7)). */
final class Fields {

    private static final Map<String, Field> BY_NAME = new LinkedHashMap<>();
    private static final Map<String, Field> BY_OXM = new LinkedHashMap<>();
    private static final boolean WRITABLE = true;
    private static final boolean MASKABLE = true;

    static final Field IN_PORT = add(field("in_port", "NXM_OF_IN_PORT", Key.INPUT, 32, 16, Format.PORT,
        Prerequisite.NONE, !MASKABLE, WRITABLE));
    /** The ingress port as OpenFlow 1.1 and later number it, in 32 bits. */
    static final Field IN_PORT_32 = add(field("in_port_oxm", "OXM_OF_IN_PORT", Key.INPUT, 32, 32, Format.PORT,
        Prerequisite.NONE, !MASKABLE, WRITABLE));
    static final Field PKT_MARK = add(field("pkt_mark", "NXM_NX_PKT_MARK", Key.INPUT, 0, 32, Format.HEX,
        Prerequisite.NONE, MASKABLE, WRITABLE));
    static final Field METADATA = add(field("metadata", "OXM_OF_METADATA", Key.METADATA, 0, 64, Format.HEX,
        Prerequisite.NONE, MASKABLE, WRITABLE));
    static final List<Field> REGISTERS = registers();

    static final Field CT_STATE = add(field("ct_state", "NXM_NX_CT_STATE", Key.CT, 8, 8, Format.CT_STATE,
        Prerequisite.NONE, MASKABLE, !WRITABLE));
    static final Field CT_ZONE = add(field("ct_zone", "NXM_NX_CT_ZONE", Key.CT, 16, 16, Format.DECIMAL,
        Prerequisite.NONE, !MASKABLE, !WRITABLE));
    static final Field CT_MARK = add(field("ct_mark", "NXM_NX_CT_MARK", Key.CT, 32, 32, Format.HEX,
        Prerequisite.NONE, MASKABLE, WRITABLE));
    static final Field CT_LABEL = add(field("ct_label", "NXM_NX_CT_LABEL", Key.CT_LABEL, 0, 128, Format.HEX,
        Prerequisite.NONE, MASKABLE, WRITABLE));
    static final Field CT_NW_SRC = add(field("ct_nw_src", "NXM_NX_CT_NW_SRC", Key.CT_V4, 32, 32, Format.IPV4,
        Prerequisite.TRACKED, MASKABLE, !WRITABLE));
    static final Field CT_NW_DST = add(field("ct_nw_dst", "NXM_NX_CT_NW_DST", Key.CT_V4, 0, 32, Format.IPV4,
        Prerequisite.TRACKED, MASKABLE, !WRITABLE));
    static final Field CT_IPV6_SRC = add(field("ct_ipv6_src", "NXM_NX_CT_IPV6_SRC", Key.CT_V6_SOURCE, 0, 128,
        Format.IPV6, Prerequisite.TRACKED, MASKABLE, !WRITABLE));
    static final Field CT_IPV6_DST = add(field("ct_ipv6_dst", "NXM_NX_CT_IPV6_DST", Key.CT_V6_DESTINATION, 0, 128,
        Format.IPV6, Prerequisite.TRACKED, MASKABLE, !WRITABLE));
    static final Field CT_NW_PROTO = add(field("ct_nw_proto", "NXM_NX_CT_NW_PROTO", Key.CT, 0, 8, Format.DECIMAL,
        Prerequisite.TRACKED, !MASKABLE, !WRITABLE));
    static final Field CT_TP_SRC = add(field("ct_tp_src", "NXM_NX_CT_TP_SRC", Key.CT_PORTS, 48, 16, Format.DECIMAL,
        Prerequisite.TRACKED, MASKABLE, !WRITABLE));
    static final Field CT_TP_DST = add(field("ct_tp_dst", "NXM_NX_CT_TP_DST", Key.CT_PORTS, 32, 16, Format.DECIMAL,
        Prerequisite.TRACKED, MASKABLE, !WRITABLE));

    static final Field ETH_DST = add(field("dl_dst", "NXM_OF_ETH_DST", Key.ETH_DESTINATION, 16, 48, Format.MAC,
        Prerequisite.NONE, MASKABLE, WRITABLE), "eth_dst");
    static final Field ETH_SRC = add(field("dl_src", "NXM_OF_ETH_SRC", Key.ETH_SOURCE, 16, 48, Format.MAC,
        Prerequisite.NONE, MASKABLE, WRITABLE), "eth_src");
    static final Field ETH_TYPE = add(field("dl_type", "NXM_OF_ETH_TYPE", Key.ETH_DESTINATION, 0, 16, Format.HEX,
        Prerequisite.NONE, !MASKABLE, !WRITABLE), "eth_type");
    static final Field VLAN_TCI = add(field("vlan_tci", "NXM_OF_VLAN_TCI", Key.ETH_SOURCE, 0, 16, Format.HEX,
        Prerequisite.NONE, MASKABLE, WRITABLE));
    static final Field VLAN_VID = add(field("dl_vlan", "OXM_OF_VLAN_VID", Key.ETH_SOURCE, 0, 12, Format.DECIMAL,
        Prerequisite.NONE, MASKABLE, WRITABLE), "vlan_vid");
    static final Field VLAN_PCP = add(field("dl_vlan_pcp", "OXM_OF_VLAN_PCP", Key.ETH_SOURCE, 13, 3, Format.DECIMAL,
        Prerequisite.NONE, !MASKABLE, WRITABLE), "vlan_pcp");

    static final Field NW_SRC = add(field("nw_src", "NXM_OF_IP_SRC", Key.V4, 32, 32, Format.IPV4,
        Prerequisite.IPV4, MASKABLE, WRITABLE), "ip_src", "OXM_OF_IPV4_SRC");
    static final Field NW_DST = add(field("nw_dst", "NXM_OF_IP_DST", Key.V4, 0, 32, Format.IPV4,
        Prerequisite.IPV4, MASKABLE, WRITABLE), "ip_dst", "OXM_OF_IPV4_DST");
    static final Field IPV6_SRC = add(field("ipv6_src", "NXM_NX_IPV6_SRC", Key.V6_SOURCE, 0, 128, Format.IPV6,
        Prerequisite.IPV6, MASKABLE, WRITABLE));
    static final Field IPV6_DST = add(field("ipv6_dst", "NXM_NX_IPV6_DST", Key.V6_DESTINATION, 0, 128, Format.IPV6,
        Prerequisite.IPV6, MASKABLE, WRITABLE));
    static final Field IPV6_LABEL = add(field("ipv6_label", "NXM_NX_IPV6_LABEL", Key.FLOW_LABEL, 0, 20, Format.HEX,
        Prerequisite.IPV6, MASKABLE, WRITABLE), "OXM_OF_IPV6_FLABEL");
    static final Field NW_PROTO = add(field("nw_proto", "NXM_OF_IP_PROTO", Key.TRANSPORT, 56, 8, Format.DECIMAL,
        Prerequisite.IP, !MASKABLE, !WRITABLE), "ip_proto");
    static final Field NW_TOS = add(field("nw_tos", "NXM_OF_IP_TOS", Key.TRANSPORT, 48, 8, Format.DECIMAL,
        Prerequisite.IP, !MASKABLE, WRITABLE));
    static final Field IP_DSCP = add(field("ip_dscp", "OXM_OF_IP_DSCP", Key.TRANSPORT, 50, 6, Format.DECIMAL,
        Prerequisite.IP, !MASKABLE, WRITABLE));
    static final Field NW_ECN = add(field("nw_ecn", "NXM_NX_IP_ECN", Key.TRANSPORT, 48, 2, Format.DECIMAL,
        Prerequisite.IP, !MASKABLE, WRITABLE), "ip_ecn");
    static final Field NW_TTL = add(field("nw_ttl", "NXM_NX_IP_TTL", Key.TRANSPORT, 40, 8, Format.DECIMAL,
        Prerequisite.IP, !MASKABLE, WRITABLE));
    static final Field IP_FRAG = add(field("ip_frag", "NXM_NX_IP_FRAG", Key.TRANSPORT, 32, 2, Format.FRAGMENT,
        Prerequisite.IP, MASKABLE, !WRITABLE), "nw_frag");

    static final Field TP_SRC = add(field("tp_src", "NXM_OF_TCP_SRC", Key.TRANSPORT, 16, 16, Format.DECIMAL,
        Prerequisite.PORTS, MASKABLE, WRITABLE));
    static final Field TP_DST = add(field("tp_dst", "NXM_OF_TCP_DST", Key.TRANSPORT, 0, 16, Format.DECIMAL,
        Prerequisite.PORTS, MASKABLE, WRITABLE));
    static final Field TCP_SRC = add(field("tcp_src", "NXM_OF_TCP_SRC", Key.TRANSPORT, 16, 16, Format.DECIMAL,
        Prerequisite.TCP, MASKABLE, WRITABLE));
    static final Field TCP_DST = add(field("tcp_dst", "NXM_OF_TCP_DST", Key.TRANSPORT, 0, 16, Format.DECIMAL,
        Prerequisite.TCP, MASKABLE, WRITABLE));
    static final Field UDP_SRC = add(field("udp_src", "NXM_OF_UDP_SRC", Key.TRANSPORT, 16, 16, Format.DECIMAL,
        Prerequisite.UDP, MASKABLE, WRITABLE));
    static final Field UDP_DST = add(field("udp_dst", "NXM_OF_UDP_DST", Key.TRANSPORT, 0, 16, Format.DECIMAL,
        Prerequisite.UDP, MASKABLE, WRITABLE));
    static final Field SCTP_SRC = add(field("sctp_src", "OXM_OF_SCTP_SRC", Key.TRANSPORT, 16, 16, Format.DECIMAL,
        Prerequisite.SCTP, MASKABLE, WRITABLE));
    static final Field SCTP_DST = add(field("sctp_dst", "OXM_OF_SCTP_DST", Key.TRANSPORT, 0, 16, Format.DECIMAL,
        Prerequisite.SCTP, MASKABLE, WRITABLE));
    static final Field TCP_FLAGS = add(field("tcp_flags", "NXM_NX_TCP_FLAGS", Key.SENDER, 0, 12, Format.TCP_FLAGS,
        Prerequisite.TCP, MASKABLE, !WRITABLE));
    static final Field ICMP_TYPE = add(field("icmp_type", "NXM_OF_ICMP_TYPE", Key.TRANSPORT, 16, 8, Format.DECIMAL,
        Prerequisite.ICMP, !MASKABLE, WRITABLE), "OXM_OF_ICMPV4_TYPE");
    static final Field ICMP_CODE = add(field("icmp_code", "NXM_OF_ICMP_CODE", Key.TRANSPORT, 0, 8, Format.DECIMAL,
        Prerequisite.ICMP, !MASKABLE, WRITABLE), "OXM_OF_ICMPV4_CODE");
    static final Field ICMP6_TYPE = add(field("icmpv6_type", "NXM_NX_ICMPV6_TYPE", Key.TRANSPORT, 16, 8, Format.DECIMAL,
        Prerequisite.ICMP6, !MASKABLE, WRITABLE));
    static final Field ICMP6_CODE = add(field("icmpv6_code", "NXM_NX_ICMPV6_CODE", Key.TRANSPORT, 0, 8, Format.DECIMAL,
        Prerequisite.ICMP6, !MASKABLE, WRITABLE));
    static final Field ND_TARGET = add(field("nd_target", "NXM_NX_ND_TARGET", Key.ND_TARGET, 0, 128, Format.IPV6,
        Prerequisite.NEIGHBOUR, MASKABLE, !WRITABLE), "OXM_OF_IPV6_ND_TARGET");
    static final Field ND_SLL = add(field("nd_sll", "NXM_NX_ND_SLL", Key.SENDER, 16, 48, Format.MAC,
        Prerequisite.SOLICITATION, MASKABLE, !WRITABLE), "OXM_OF_IPV6_ND_SLL");
    static final Field ND_TLL = add(field("nd_tll", "NXM_NX_ND_TLL", Key.TARGET, 16, 48, Format.MAC,
        Prerequisite.ADVERTISEMENT, MASKABLE, !WRITABLE), "OXM_OF_IPV6_ND_TLL");

    static final Field ARP_OP = add(field("arp_op", "NXM_OF_ARP_OP", Key.TRANSPORT, 0, 16, Format.DECIMAL,
        Prerequisite.ARP, !MASKABLE, WRITABLE));
    static final Field ARP_SPA = add(field("arp_spa", "NXM_OF_ARP_SPA", Key.V4, 32, 32, Format.IPV4,
        Prerequisite.ARP, MASKABLE, WRITABLE));
    static final Field ARP_TPA = add(field("arp_tpa", "NXM_OF_ARP_TPA", Key.V4, 0, 32, Format.IPV4,
        Prerequisite.ARP, MASKABLE, WRITABLE));
    static final Field ARP_SHA = add(field("arp_sha", "NXM_NX_ARP_SHA", Key.SENDER, 16, 48, Format.MAC,
        Prerequisite.ARP, MASKABLE, WRITABLE));
    static final Field ARP_THA = add(field("arp_tha", "NXM_NX_ARP_THA", Key.TARGET, 16, 48, Format.MAC,
        Prerequisite.ARP, MASKABLE, WRITABLE));

    private Fields() {
    }

    private static Field field(final String name, final String oxm, final int word, final int shift, final int bits,
            final Format format, final Prerequisite needs, final boolean maskable, final boolean writable) {
        return new Field(name, oxm, word, shift, bits, format, needs, maskable, writable);
    }

    /** Registers a field, and further names; those in capitals are names for {@code load} and {@code move}. */
    private static Field add(final Field field, final String... more) {
        BY_NAME.put(field.name, field);
        BY_OXM.putIfAbsent(bare(field.oxm), field);
        for (final String alias : more) {
            if (Character.isUpperCase(alias.charAt(0))) {
                BY_OXM.put(bare(alias), field);
            } else {
                BY_NAME.put(alias, field);
            }
        }
        return field;
    }

    private static List<Field> registers() {
        final List<Field> narrow = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            narrow.add(add(field("reg" + i, "NXM_NX_REG" + i, Key.REGISTERS + i / 2, i % 2 == 0 ? 32 : 0, 32,
                Format.HEX, Prerequisite.NONE, MASKABLE, WRITABLE)));
        }
        for (int i = 0; i < 8; i++) {
            add(field("xreg" + i, "OXM_OF_PKT_REG" + i, Key.REGISTERS + i, 0, 64, Format.HEX, Prerequisite.NONE,
                MASKABLE, WRITABLE));
        }
        for (int i = 0; i < 4; i++) {
            add(field("xxreg" + i, "NXM_NX_XXREG" + i, Key.REGISTERS + 2 * i, 0, 128, Format.HEX, Prerequisite.NONE,
                MASKABLE, WRITABLE));
        }
        return List.copyOf(narrow);
    }

    /** A name without its prefix: NXM_OF_, NXM_NX_ and OXM_OF_ name the same fields, but for the ingress port. */
    private static String bare(final String oxm) {
        return oxm.endsWith("_IN_PORT") ? oxm : oxm.substring(7);
    }

    /** {@return the field of this name in a match, or null} */
    static Field named(final String name) {
        return BY_NAME.get(name);
    }

    /** {@return the field of this name in {@code load} and {@code move}, or null} */
    static Field ofExpression(final String name) {
        if (name.startsWith("NXM_OF_") || name.startsWith("NXM_NX_") || name.startsWith("OXM_OF_")) {
            return BY_OXM.get(bare(name));
        }
        return BY_NAME.get(name);
    }

    /** {@return every field, narrow registers before the wide ones} */
    static Collection<Field> all() {
        return BY_NAME.values();
    }

    /** {@return all names that a match may use, sorted, registers by their ranges} */
    static Collection<String> names() {
        final Collection<String> names = new TreeSet<>(BY_NAME.keySet());
        names.removeIf(name -> name.matches("x*reg\\d+") || name.equals(IN_PORT_32.name));
        names.addAll(List.of("reg0..reg15", "xreg0..xreg7", "xxreg0..xxreg3"));
        return names;
    }
}
