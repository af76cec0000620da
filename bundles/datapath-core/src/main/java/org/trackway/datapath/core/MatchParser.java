// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.LinkedHashMap;
import java.util.Map;
import org.trackway.datapath.FlowException;
import org.trackway.packet.EtherType;
import org.trackway.packet.IpProtocol;

/** Reads the match part of a flow, item by item. */
final class MatchParser {

    /** Ethernet type and IP protocol (-1 for none) by keyword. */
    private static final Map<String, int[]> KEYWORDS = keywords();

    private final PortNames ports;
    private final Match.Builder builder = new Match.Builder();
    /** Fields whose prerequisites are checked at the end, when the order of items does not matter any more. */
    private final Map<Token, Field> used = new LinkedHashMap<>();

    MatchParser(final PortNames ports) {
        this.ports = ports;
    }

    private static Map<String, int[]> keywords() {
        final Map<String, int[]> keywords = new LinkedHashMap<>();
        keywords.put("ip", new int[] {EtherType.IPV4, -1});
        keywords.put("ipv6", new int[] {EtherType.IPV6, -1});
        keywords.put("ip6", new int[] {EtherType.IPV6, -1});
        keywords.put("arp", new int[] {EtherType.ARP, -1});
        keywords.put("rarp", new int[] {EtherType.RARP, -1});
        keywords.put("tcp", new int[] {EtherType.IPV4, IpProtocol.TCP});
        keywords.put("tcp6", new int[] {EtherType.IPV6, IpProtocol.TCP});
        keywords.put("udp", new int[] {EtherType.IPV4, IpProtocol.UDP});
        keywords.put("udp6", new int[] {EtherType.IPV6, IpProtocol.UDP});
        keywords.put("sctp", new int[] {EtherType.IPV4, IpProtocol.SCTP});
        keywords.put("sctp6", new int[] {EtherType.IPV6, IpProtocol.SCTP});
        keywords.put("icmp", new int[] {EtherType.IPV4, IpProtocol.ICMP});
        keywords.put("icmp6", new int[] {EtherType.IPV6, IpProtocol.ICMPV6});
        keywords.put("icmpv6", new int[] {EtherType.IPV6, IpProtocol.ICMPV6});
        return keywords;
    }

    /**
     * Takes one item.
     *
     * @param key   what stands before the equals sign
     * @param value what stands behind it, or null if there is none
     * @throws FlowException if it is not understood or contradicts an earlier one
     */
    void item(final Token key, final Token value) {
        final int[] keyword = KEYWORDS.get(key.text());
        if (keyword != null) {
            if (value != null) {
                throw value.error("'" + key.text() + "' takes no value");
            }
            keyword(key, keyword);
            return;
        }
        final Field field = field(key);
        if (value == null) {
            throw key.error("needs a value: " + key.text() + "=...");
        }
        switch (field.name) {
            case "dl_vlan" -> vlan(key, value);
            case "dl_vlan_pcp" -> {
                require(key, field, Values.number(value, 0, 7));
                requireTag(key);
            }
            case "nw_tos" -> {
                final int tos = Values.number(value, 0, 255);
                if ((tos & 3) != 0) {
                    throw value.error("the two low bits are nw_ecn: give a multiple of 4");
                }
                require(key, field, new Values.Masked(Bits.of(tos), Bits.of(0xfc)));
            }
            default -> require(key, field, Values.parse(field, value, ports));
        }
        used.put(key, field);
    }

    private void keyword(final Token key, final int[] keyword) {
        require(key, Fields.ETH_TYPE, keyword[0]);
        if (keyword[1] >= 0) {
            require(key, Fields.NW_PROTO, keyword[1]);
        }
    }

    private Field field(final Token key) {
        final Field field = Fields.named(key.text());
        if (field == null || field == Fields.IN_PORT_32) {
            throw key.error("not a field of a match: give " + String.join(", ", KEYWORDS.keySet()) + ", "
                + String.join(", ", Fields.names()));
        }
        return field;
    }

    private void vlan(final Token key, final Token value) {
        if (value.is("0xffff") || value.is("65535")) {
            require(key, Fields.VLAN_TCI, new Values.Masked(Bits.ZERO, Bits.of(0xffff)));
            return;
        }
        final Values.Masked vid = Values.parse(Fields.VLAN_VID, value, ports);
        require(key, Fields.VLAN_VID, vid);
        requireTag(key);
    }

    private void requireTag(final Token key) {
        require(key, Fields.VLAN_TCI, new Values.Masked(Bits.of(Key.TAGGED), Bits.of(Key.TAGGED)));
    }

    private void require(final Token key, final Field field, final long value) {
        require(key, field, new Values.Masked(Bits.of(value), Bits.ones(field.bits)));
    }

    private void require(final Token key, final Field field, final Values.Masked value) {
        if (!builder.require(field, value.value(), value.mask())) {
            throw key.error("contradicts what stands before it");
        }
    }

    /**
     * {@return the match}
     *
     * @throws FlowException if a field was used without what makes it meaningful
     */
    Match finish() {
        final Match match = builder.build();
        used.forEach((key, field) -> {
            final boolean shared = (field == Fields.NW_SRC || field == Fields.NW_DST)
                && Prerequisite.ARP.isMet(match);
            if (!shared && !field.needs.isMet(match)) {
                throw key.error("needs a match on " + field.needs.text);
            }
        });
        return match;
    }
}
