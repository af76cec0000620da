// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.core.Trackers;
import org.trackway.datapath.Datapath.Missing;
import org.trackway.datapath.FlowException;
import org.trackway.datapath.SeenPacket;
import org.trackway.packet.Packet;
import org.trackway.packet.Packets;

/** Nonsense in, an answer out: texts that are no flows, frames that are no packets. */
class RobustnessTest {

    private static final String[] PIECES = {"ip", "tcp6", "actions=", "ct(", ")", "commit", ",", " ", "=", "nat(src=",
        "10.0.0.1", "fc00::1", "-", "/", "24", "table=1", "zone=", "NXM_NX_REG0[", "0..15", "]", "reg1", "->",
        "set_field:", "load:", "move:", "0x", "12", "normal", "resubmit(", "+trk", "-new", "ct_state=", "in_port=p1",
        "exec(", "[", ":80", "tp_dst=", "output:", "drop", "dl_src=", "02:00:00:00:00:01", "vlan_tci=", "#", "|",
        "priority=", "\t", "ct_label", "goto_table:2", "ip_frag=", "no", "tcp_flags=", "cookie="};

    /** Every change of a header that flows can make. */
    private static final List<String> CHANGES = List.of(
        "priority=9,tcp,actions=mod_nw_src:1.2.3.4,mod_nw_dst:1.2.3.5,mod_tp_src:1,mod_tp_dst:2,dec_ttl,resubmit(,1)",
        "priority=9,udp,actions=mod_nw_src:1.2.3.4,mod_tp_src:1,mod_tp_dst:2,mod_nw_tos:4,mod_nw_ecn:1,resubmit(,1)",
        "priority=9,sctp,actions=mod_nw_dst:1.2.3.4,mod_tp_src:1,mod_tp_dst:2,mod_nw_ttl:9,resubmit(,1)",
        "priority=9,icmp,actions=set_field:3->icmp_type,set_field:4->icmp_code,mod_nw_src:1.2.3.4,resubmit(,1)",
        "priority=8,ip,actions=mod_nw_src:1.2.3.4,dec_ttl,resubmit(,1)",
        "priority=9,tcp6,actions=set_field:fc00::9->ipv6_src,set_field:fc00::8->ipv6_dst,mod_tp_dst:2,resubmit(,1)",
        "priority=9,udp6,actions=set_field:fc00::8->ipv6_dst,set_field:5->ipv6_label,mod_tp_src:2,resubmit(,1)",
        "priority=9,icmp6,actions=set_field:1->icmpv6_type,set_field:2->icmpv6_code,resubmit(,1)",
        "priority=8,ipv6,actions=set_field:fc00::8->ipv6_dst,mod_nw_tos:8,dec_ttl,resubmit(,1)",
        "priority=9,arp,actions=set_field:2->arp_op,set_field:1.1.1.1->arp_spa,set_field:1.1.1.2->arp_tpa,"
            + "set_field:2:0:0:0:0:9->arp_sha,set_field:2:0:0:0:0:8->arp_tha,resubmit(,1)",
        "priority=1,actions=resubmit(,1)",
        "table=1,priority=5,ip,actions=ct(commit,nat(src=10.9.9.9),table=2),2",
        "table=1,priority=5,ipv6,actions=ct(commit,table=2),push_vlan:0x88a8,2",
        "table=1,priority=1,actions=mod_dl_src:2:0:0:0:0:1,pop_vlan,push_vlan:0x8100,mod_vlan_vid:5,mod_vlan_pcp:3,"
            + "set_field:0->vlan_tci,2,push_vlan:0x8100,push_vlan:0x8100,push_vlan:0x8100,pop_vlan,normal",
        "table=2,actions=normal");

    @Property(tries = 3000)
    void aTextIsAFlowOrRefusedInOneLine(@ForAll final long seed) {
        final Random random = new Random(seed);
        final StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(16); i >= 0; i--) {
            text.append(PIECES[random.nextInt(PIECES.length)]);
        }
        try {
            final Named named = new Named(new FakeConntrack(), Missing.WAIT);
            final Rule rule = new FlowParser(new PortNames(Map.of("p1", 1)), named).flow(text.toString(), 0);
            assertThat(rule.match.toString()).isNotNull();
        } catch (final FlowException refused) {
            assertThat(refused.getMessage()).doesNotContain("\n");
            assertThat(refused.column()).isBetween(1, text.length() + 1);
        }
    }

    @Property(tries = 300)
    void framesOfAnyBytesDoNoHarm(@ForAll final long seed) {
        final Random random = new Random(seed);
        try (Lab lab = new Lab(Trackers.make(ConntrackSettings.DEFAULT, () -> 1), CHANGES.toArray(String[]::new))) {
            for (int i = 0; i < 20; i++) {
                final Packet[] packets = new Packet[1 + random.nextInt(8)];
                for (int j = 0; j < packets.length; j++) {
                    packets[j] = damaged(random);
                }
                lab.receive("p" + (1 + random.nextInt(4)), packets);
            }
            assertThat(lab.datapath.counters().packets()).isEqualTo(lab.seen.stream()
                .filter(seen -> seen.fate() != SeenPacket.Fate.RELEASED).count());
        }
    }

    private static Packet damaged(final Random random) {
        final byte[] frame = sample(random).build().bytes();
        for (int i = random.nextInt(6); i > 0; i--) {
            frame[12 + random.nextInt(frame.length - 12)] = (byte) random.nextInt();
        }
        final int length = random.nextInt(3) == 0 ? random.nextInt(frame.length + 1) : frame.length;
        return Packet.of(Arrays.copyOf(frame, length));
    }

    private static Packets sample(final Random random) {
        final Packets packet = switch (random.nextInt(9)) {
            case 0 -> Packets.tcp4("10.0.0.1", 5, "10.0.0.2", 80);
            case 1 -> Packets.tcp6("fc00::1", 5, "fc00::2", 80);
            case 2 -> Packets.udp6("fc00::1", 5, "fc00::2", 80).extension(43, 24).extension(60, 8);
            case 3 -> Packets.echo6("fc00::1", "fc00::2", 1, 1);
            case 4 -> Packets.sctp4("10.0.0.1", 5, "10.0.0.2", 80);
            case 5 -> Packets.icmp4Error("10.0.0.2", "10.0.0.1", 3, 3,
                Packets.udp4("10.0.0.1", 5, "10.0.0.2", 80).build());
            case 6 -> Packets.arp(1, "2:0:0:0:0:1", "10.0.0.1", "0:0:0:0:0:0", "10.0.0.2");
            case 7 -> Packets.udp4("10.0.0.1", 5, "10.0.0.2", 80).payloadSize(64).fragment(random.nextInt(2) * 8, true);
            default -> Packets.udp4("10.0.0.1", 5, "10.0.0.2", 80).payloadSize(20);
        };
        for (int i = random.nextInt(3); i > 0; i--) {
            packet.vlan(i);
        }
        return packet;
    }
}
