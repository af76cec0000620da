// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.trackway.conntrack.CtState;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;
import org.trackway.packet.Packets;

/** Which packets a match takes, field by field, and that look-ups find the right flow among many. */
class MatchTest {

    private static final Map<String, Supplier<Packet>> SAMPLES = Map.ofEntries(
        Map.entry("tcp", () -> Packets.tcp4("10.0.0.1", 1000, "10.0.0.2", 80).flags("S").ttl(7).tos(0xb9).build()),
        Map.entry("tcp6", () -> Packets.tcp6("fc00::1", 1000, "fc00::2", 80).flags("SA").build()),
        Map.entry("udp", () -> Packets.udp4("10.0.0.1", 53, "10.9.0.2", 54).build()),
        Map.entry("sctp", () -> Packets.sctp4("10.0.0.1", 5, "10.0.0.2", 6).build()),
        Map.entry("echo", () -> Packets.echo4("10.0.0.1", "10.0.0.2", 1, 1).build()),
        Map.entry("echo6", () -> Packets.echo6("fc00::1", "fc00::2", 1, 1).build()),
        Map.entry("gre", () -> Packets.ip4(47, "10.0.0.1", "10.0.0.2").build()),
        Map.entry("tagged", () -> Packets.udp4("10.0.0.1", 53, "10.0.0.2", 54).tag(0x8100, 0xa009).build()),
        Map.entry("arp", () -> Packets.arp(2, "02:00:00:00:00:01", "10.0.0.1", "02:00:00:00:00:02", "10.0.0.2")
            .build()),
        Map.entry("first", () -> Packets.udp4("10.0.0.1", 53, "10.0.0.2", 54).payloadSize(16).fragment(0, true)
            .build()),
        Map.entry("later", () -> Packets.udp4("10.0.0.1", 53, "10.0.0.2", 54).payloadSize(16).fragment(16, false)
            .build()),
        Map.entry("later6", () -> Packets.udp6("fc00::1", 53, "fc00::2", 54).payloadSize(16).fragment(16, false)
            .build()),
        Map.entry("lldp", () -> Packets.frame(0x88cc).macs("02:00:00:00:00:05", "01:80:c2:00:00:0e").build()),
        Map.entry("solicitation", () -> Packets.icmp6("fc00::1", "ff02::1:ff00:2", 135, 0).payload(new byte[] {
            (byte) 0xfc, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 1, 2, 0, 0, 0, 0, 1}).build()));

    @ParameterizedTest(name = "{0} is {2} by {1}")
    @CsvSource(delimiter = ';', textBlock = """
        tcp;          ip;                                                    taken
        tcp;          tcp;                                                   taken
        tcp;          udp;                                                   left
        tcp;          tcp6;                                                  left
        tcp;          dl_type=0x0800;                                        taken
        tcp6;         ipv6;                                                  taken
        tcp6;         tcp6,tp_src=1000,tcp_dst=80;                           taken
        tcp6;         tcp6,tcp_flags=+syn-ack;                               left
        tcp;          tcp,tcp_flags=+syn-ack;                                taken
        tcp;          tcp,tcp_flags=syn;                                     taken
        tcp6;         tcp6,tcp_flags=syn;                                    left
        tcp;          tcp,nw_src=10.0.0.0/24,nw_dst=10.0.0.2;                taken
        tcp;          tcp,nw_src=10.0.1.0/24;                                left
        tcp;          tcp,nw_dst=10.9.0.2/255.0.255.255;                     taken
        tcp6;         ipv6,ipv6_src=fc00::1,ipv6_dst=fc00::/16;              taken
        tcp6;         ipv6,ipv6_dst=fc01::/16;                               left
        tcp6;         ipv6,ipv6_src=::1/::ffff;                              taken
        tcp;          tcp,tp_dst=0x50/0xfff0;                                taken
        tcp;          tcp,tp_dst=81;                                         left
        tcp;          ip,nw_ttl=7,nw_tos=0xb8,nw_ecn=1;                      taken
        tcp;          ip,nw_ttl=8;                                           left
        tcp;          ip,ip_dscp=46;                                         taken
        tcp;          ip,nw_ecn=0;                                           left
        udp;          udp,udp_src=53,udp_dst=54;                             taken
        sctp;         sctp,sctp_src=5,tp_dst=6;                              taken
        echo;         icmp,icmp_type=8,icmp_code=0;                          taken
        echo;         icmp,icmp_type=0;                                      left
        echo6;        icmp6,icmpv6_type=128;                                 taken
        gre;          ip,nw_proto=47;                                        taken
        gre;          ip,nw_proto=46;                                        left
        tcp;          dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02;     taken
        tcp;          dl_dst=01:00:00:00:00:00/01:00:00:00:00:00;            left
        lldp;         dl_dst=01:00:00:00:00:00/01:00:00:00:00:00;            taken
        lldp;         dl_type=0x88cc;                                        taken
        tagged;       dl_vlan=9,dl_vlan_pcp=5;                               taken
        tagged;       dl_vlan=8;                                             left
        tagged;       dl_vlan=0xffff;                                        left
        udp;          dl_vlan=0xffff;                                        taken
        udp;          vlan_tci=0x1000/0x1000;                                left
        tagged;       vlan_tci=0x1000/0x1000,udp,tp_src=53;                  taken
        arp;          arp,arp_op=2,arp_spa=10.0.0.1,arp_tpa=10.0.0.0/24;     taken
        arp;          arp,arp_op=1;                                          left
        arp;          arp,arp_sha=02:00:00:00:00:01,arp_tha=02:00:00:00:00:02;  taken
        arp;          arp,arp_sha=02:00:00:00:00:02;                         left
        arp;          ip;                                                    left
        udp;          ip,ip_frag=no;                                         taken
        first;        ip,ip_frag=no;                                         left
        first;        ip,ip_frag=first;                                      taken
        first;        ip,ip_frag=yes;                                        taken
        first;        udp,ip_frag=not_later,tp_src=53;                       taken
        later;        ip,ip_frag=later;                                      taken
        later;        ip,ip_frag=first;                                      left
        later;        ip,ip_frag=not_later;                                  left
        later;        udp,tp_src=53;                                         left
        later;        udp,tp_src=0;                                          taken
        later6;       ipv6,ip_frag=later,nw_proto=44;                        taken
        solicitation; icmp6,icmpv6_type=135,nd_target=fc00::2,nd_sll=02:00:00:00:00:01;  taken
        solicitation; icmp6,icmpv6_type=135,nd_target=fc00::3;               left
        tcp;          in_port=3,reg1=2,reg0=1,metadata=5,pkt_mark=4;         taken
        tcp;          in_port=4;                                             left
        tcp;          reg1=3;                                                left
        tcp;          xreg0=0x100000002;                                     taken
        tcp;          ct_state=+trk+est-new,ct_zone=7,ct_mark=0x12/0xf;      taken
        tcp;          ct_state=est|trk;                                      taken
        tcp;          ct_state=+new;                                         left
        tcp;          ct_zone=8;                                             left
        tcp;          ct_mark=0x13;                                          left
        tcp;          ct_label=0x500000000000000006;                         taken
        tcp;          ct_label=0x500000000000000000/0xff00000000000000000;   taken
        tcp;          ct_label=0x7;                                          left
        tcp;          ip,ct_state=+est,ct_nw_src=10.7.0.0/16,ct_nw_dst=10.8.0.1;  taken
        tcp;          ip,ct_state=+est,ct_nw_src=10.8.0.0/16;                left
        tcp;          ip,ct_state=+est,ct_nw_proto=17,ct_tp_src=11,ct_tp_dst=22;  taken
        tcp;          ip,ct_state=+est,ct_tp_dst=23;                         left
        tcp;          ip,ct_state=+est,ct_nw_proto=6;                        left
        """)
    void aFieldTakesWhatItDescribes(final String sample, final String match, final String expected) {
        final Match parsed = rule(0, match.trim()).match;
        assertThat(parsed.accepts(key(SAMPLES.get(sample).get()))).isEqualTo(expected.trim().equals("taken"));
    }

    private static Rule rule(final int priority, final String match) {
        return new FlowParser(PortNames.NONE, null).flow("priority=" + priority + " " + match + " actions=drop", 0);
    }

    private static long[] key(final Packet packet) {
        packet.ctState(CtState.TRACKED | CtState.ESTABLISHED);
        packet.ctZone(7);
        packet.ctMark(0x12);
        packet.ctLabel(0x50, 6);
        packet.ctAddresses(false, 0, 0x0a070001, 0, 0x0a080001);
        packet.ctPorts(IpProtocol.UDP, 11, 22);
        final long[] key = new long[Key.WORDS];
        Key.inPort(key, 3);
        Fields.REGISTERS.get(0).write(key, 1);
        Fields.REGISTERS.get(1).write(key, 2);
        Fields.METADATA.write(key, 5);
        Fields.PKT_MARK.write(key, 4);
        HeaderReader.readConntrack(packet, key);
        HeaderReader.readHeaders(packet, key);
        return key;
    }

    @Test
    void theOriginalTupleShowsOnlyWherePacketsBelongToAConnection() {
        final Packet packet = SAMPLES.get("tcp").get();
        final long[] key = key(packet);
        packet.ctState(CtState.TRACKED | CtState.INVALID);
        HeaderReader.readConntrack(packet, key);
        assertThat(Fields.CT_NW_PROTO.read(key)).isZero();
        assertThat(Fields.CT_NW_SRC.read(key)).isZero();
        packet.ctState(CtState.TRACKED | CtState.REPLY);
        packet.ctAddresses(true, 1, 2, 3, 4);
        HeaderReader.readConntrack(packet, key);
        assertThat(Fields.CT_IPV6_DST.readBits(key)).isEqualTo(new Bits(3, 4));
        assertThat(Fields.CT_NW_SRC.read(key)).isZero();
    }

    @Test
    void aBrokenHeaderLeavesWhatIsBehindItUnmatched() {
        final Packet shortIp = Packets.tcp4("10.0.0.1", 1, "10.0.0.2", 2).ipLength(9).build();
        final long[] key = key(shortIp);
        assertThat(rule(0, "ip").match.accepts(key)).isTrue();
        assertThat(rule(0, "tcp").match.accepts(key)).isFalse();
        final Packet runt = Packet.of(new byte[5]);
        assertThat(rule(0, "dl_type=0x0000").match.accepts(key(runt))).isTrue();
        assertThat(rule(0, "ip").match.accepts(key(runt))).isFalse();
        final Packet cut = Packets.tcp4("10.0.0.1", 1, "10.0.0.2", 2).truncate(14 + 20 + 10).ipLength(30).build();
        assertThat(rule(0, "tcp,tp_src=0").match.accepts(key(cut))).isTrue();
    }

    @Test
    void aRemovalTakesEqualAndMoreSpecificMatches() {
        final Match wide = rule(0, "ip,nw_src=10.0.0.0/8").match;
        assertThat(wide.covers(rule(0, "tcp,nw_src=10.1.0.0/16,tp_dst=80").match)).isTrue();
        assertThat(wide.covers(wide)).isTrue();
        assertThat(wide.covers(rule(0, "ip").match)).isFalse();
        assertThat(wide.covers(rule(0, "ip,nw_src=11.0.0.0/8").match)).isFalse();
    }

    /** A table finds what a search from the highest priority down finds. */
    @Property(tries = 200)
    void lookUpsFindTheHighestPriority(@ForAll final long seed) {
        final Random random = new Random(seed);
        final List<String> parts = List.of("", "ip", "tcp", "udp", "tcp,nw_src=10.0.0.0/8", "tcp,nw_src=10.0.0.1",
            "tcp,tp_dst=80", "tcp,tp_dst=81", "ip,nw_dst=10.0.0.2", "arp", "ip,nw_src=10.0.0.0/30", "in_port=3",
            "in_port=3,ip", "reg0=1", "reg0=1,tcp", "ip,nw_ttl=7", "ipv6", "tcp6,tp_dst=80", "dl_vlan=9");
        final FlowTables[] tables = {FlowTables.EMPTY};
        for (int i = 0; i < 1 + random.nextInt(60); i++) {
            tables[0] = tables[0].plus(List.of(rule(random.nextInt(20), parts.get(random.nextInt(parts.size())))));
        }
        SAMPLES.values().forEach(sample -> {
            final long[] key = key(sample.get());
            final Rule expected = tables[0].rules().stream().filter(rule -> rule.match.accepts(key)).findFirst()
                .orElse(null);
            final Rule found = tables[0].find(0, key);
            if (expected == null) {
                assertThat(found).isNull();
            } else {
                assertThat(found).isNotNull();
                assertThat(found.priority).isEqualTo(expected.priority);
                assertThat(found.match.accepts(key)).isTrue();
            }
        });
    }
}
