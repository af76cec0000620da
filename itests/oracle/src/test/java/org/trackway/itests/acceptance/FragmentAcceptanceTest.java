// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;
import org.trackway.packet.Packets;

/** What tests/system-traffic.at expects of fragments. Hosts have an MTU of 1500 bytes. */
class FragmentAcceptanceTest {

    private static final String ONE = "10.1.1.1";
    private static final String TWO = "10.1.1.2";
    private static final String SIX_ONE = "fc00::1";
    private static final String SIX_TWO = "fc00::2";

    private static final String V4 = """
        priority=1,action=drop
        priority=10,arp,action=normal
        priority=100,in_port=1,icmp,action=ct(commit,zone=9),2
        priority=100,in_port=2,ct_state=-trk,icmp,action=ct(table=0,zone=9)
        priority=100,in_port=2,ct_state=+trk+est-new,icmp,action=1
        """;
    private static final String V6 = """
        priority=1,action=drop
        priority=10,in_port=1,ipv6,action=ct(commit,zone=9),2
        priority=10,in_port=2,ct_state=-trk,ipv6,action=ct(table=0,zone=9)
        priority=10,in_port=2,ct_state=+trk+est-new,ipv6,action=1
        priority=100,icmp6,icmp_type=135,action=normal
        priority=100,icmp6,icmp_type=136,action=normal
        """;

    private Bridge bridge;
    private int lastId;

    @AfterEach
    void close() {
        bridge.close();
    }

    // ---- hosts ----

    private List<Packet> cut(final Packets packet, final boolean v6) {
        return packet.id(++lastId).fragments(v6 ? 1448 : 1480);
    }

    /**
     * Sends an echo request of so many bytes in fragments, and the answer.
     *
     * @param dress puts tags on the packets
     * @return whether the fragments arrived as they were sent, and those of the answer, too
     */
    private boolean ping(final String from, final String to, final int size, final UnaryOperator<Packets> dress) {
        final boolean v6 = from.indexOf(':') >= 0;
        return arrive(1, 2, cut(dress.apply(v6 ? Packets.echo6(from, to, 7, 1) : Packets.echo4(from, to, 7, 1))
            .payloadSize(size), v6))
            && arrive(2, 1, cut(dress.apply(v6 ? Packets.echoReply6(to, from, 7, 1)
                : Packets.echoReply4(to, from, 7, 1)).payloadSize(size), v6));
    }

    private boolean arrive(final int from, final int to, final List<Packet> fragments) {
        final List<byte[]> sent = fragments.stream().map(Packet::bytes).toList();
        final Bridge.Outcome outcome = bridge.receive(from, fragments);
        if (outcome.sent().isEmpty()) {
            return false;
        }
        assertThat(outcome.sent()).allMatch(one -> one.port() == to);
        assertThat(outcome.sent().stream().map(one -> one.packet().bytes()).toList())
            .as("fragments leave as they came").usingElementComparator(Arrays::compare).isEqualTo(sent);
        return true;
    }

    private boolean ping(final String from, final String to, final int size) {
        return ping(from, to, size, packet -> packet);
    }

    private void smallFragmentsPass() {
        bridge.settings(settings -> settings.withFragments(true, true, 400, 400, 1000));
    }

    // ---- pings ----

    @Test
    @DisplayName("conntrack - IPv4 fragmentation")
    void conntrackIpv4Fragmentation() {
        bridge = new Bridge(V4);
        bridge.settings(settings -> settings.withFragments(true, true, 1000, 1280, 500));
        for (int i = 0; i < 3; i++) {
            assertThat(ping(ONE, TWO, 1600)).isTrue();
            assertThat(ping(ONE, TWO, 3200)).isTrue();
        }
        assertThat(bridge.fragments().lines().map(String::strip)).contains("max num frags (v4/v6): 500", "num frag: 0",
            "min v4 frag size: 1000", "v4 frags accepted: 30", "v4 frags completed: 30", "v4 frags expired: 0",
            "v4 frags too small: 0", "v4 frags overlapped: 0", "v4 frags purged: 0", "v6 frags accepted: 0");
        assertThat(ping(ONE, TWO, 65507)).as("the largest datagram; the peer drops it").isTrue();
        assertThat(bridge.receive(1, Packets.ip4(IpProtocol.ICMP, ONE, TWO).id(++lastId).payloadSize(16)
            .fragment(65528, false)).state()).as("a datagram can't reach that far").isEqualTo("inv|trk");
    }

    @Test
    @DisplayName("conntrack - IPv6 fragmentation")
    void conntrackIpv6Fragmentation() {
        bridge = new Bridge(V6);
        for (int i = 0; i < 3; i++) {
            assertThat(ping(SIX_ONE, SIX_TWO, 1600)).isTrue();
            assertThat(ping(SIX_ONE, SIX_TWO, 3200)).isTrue();
        }
        assertThat(bridge.fragments().lines().map(String::strip)).contains("v6 frags accepted: 30",
            "v6 frags completed: 30", "num frag: 0");
        assertThat(ping(SIX_ONE, SIX_TWO, 65487)).as("a legal datagram; the peer drops it").isTrue();
        assertThat(bridge.receive(1, Packets.ip6(IpProtocol.ICMPV6, SIX_ONE, SIX_TWO).id(++lastId).payloadSize(16)
            .fragment(65528, false)).state()).as("a datagram can't reach that far").isEqualTo("inv|trk");
    }

    @Test
    @DisplayName("conntrack - IPv4 fragmentation + vlan")
    void conntrackIpv4FragmentationVlan() {
        bridge = new Bridge(V4);
        assertThat(ping("10.2.2.1", "10.2.2.2", 1600, packet -> packet.vlan(100))).isTrue();
        assertThat(ping("10.2.2.1", "10.2.2.2", 3200, packet -> packet.vlan(100))).isTrue();
        assertThat(bridge.tracker.fragments().v4().completed()).isEqualTo(10);
    }

    @Test
    @DisplayName("conntrack - IPv4 fragmentation + cvlan")
    void conntrackIpv4FragmentationCvlan() {
        bridge = new Bridge(V4);
        assertThat(ping("10.2.2.1", "10.2.2.2", 1600, packet -> packet.tag(0x88a8, 4094).vlan(100))).isTrue();
        assertThat(ping("10.255.2.1", "10.255.2.2", 1600, packet -> packet.tag(0x88a8, 4094))).isTrue();
        assertThat(ping("10.2.2.1", "10.2.2.2", 3200, packet -> packet.tag(0x88a8, 4094).vlan(100))).isTrue();
        assertThat(bridge.tracker.fragments().v4().completed()).isEqualTo(14);
    }

    @Test
    @DisplayName("conntrack - IPv6 fragmentation + vlan")
    void conntrackIpv6FragmentationVlan() {
        bridge = new Bridge(V6);
        assertThat(ping("fc00:1::3", "fc00:1::4", 1600, packet -> packet.vlan(100))).isTrue();
        assertThat(ping("fc00:1::3", "fc00:1::4", 3200, packet -> packet.vlan(100))).isTrue();
    }

    @Test
    @DisplayName("conntrack - IPv6 fragmentation + cvlan")
    void conntrackIpv6FragmentationCvlan() {
        bridge = new Bridge(V6);
        assertThat(ping("fc00:1::3", "fc00:1::4", 1600, packet -> packet.tag(0x88a8, 4094).vlan(100))).isTrue();
        assertThat(ping("fc00:ffff::3", "fc00:ffff::4", 1600, packet -> packet.tag(0x88a8, 4094))).isTrue();
        assertThat(ping("fc00:1::3", "fc00:1::4", 3200, packet -> packet.tag(0x88a8, 4094).vlan(100))).isTrue();
    }

    // ---- original tuple ----

    @Test
    @DisplayName("conntrack - IPv4 fragmentation with ct orig match")
    void conntrackIpv4FragmentationWithCtOrigMatch() {
        bridge = new Bridge("""
            priority=1,action=drop
            priority=10,arp,action=normal
            priority=100,ip,ct_state=-trk,action=ct(table=0)
            priority=100,in_port=2,icmp,ct_state=+rpl,action=1
            priority=100,in_port=1,ip,ct_nw_proto=17,ct_tp_src=1,ct_tp_dst=2,ct_state=+new+trk,action=ct(commit)
            priority=100,in_port=1,ip,ct_nw_proto=1,ct_tp_src=8,ct_tp_dst=0,ct_state=+new+trk,action=ct(commit),2
            """);
        bridge.receive(1, Packets.udp4(ONE, 1, TWO, 2).payloadSize(1600).id(1).fragments(1400));
        assertThat(ping(ONE, TWO, 1600)).isTrue();
        assertThat(bridge.dump()).containsExactly(
            "icmp,orig=(src=10.1.1.1,dst=10.1.1.2,id=7,type=8,code=0),"
                + "reply=(src=10.1.1.2,dst=10.1.1.1,id=7,type=0,code=0)",
            "udp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=1,dport=2),reply=(src=10.1.1.2,dst=10.1.1.1,sport=2,dport=1)");
    }

    @Test
    @DisplayName("conntrack - IPv6 fragmentation with ct orig match")
    void conntrackIpv6FragmentationWithCtOrigMatch() {
        bridge = new Bridge("""
            priority=1,action=drop
            priority=10,ipv6,ct_state=-trk,action=ct(table=0)
            priority=10,in_port=2,ipv6,ct_tp_src=128,ct_state=+trk+est+rpl,action=1
            priority=10,in_port=1,ipv6,ct_nw_proto=17,ct_tp_src=1,ct_tp_dst=2,ct_state=+new+trk,action=ct(commit)
            priority=10,in_port=1,ipv6,ct_nw_proto=58,ct_tp_src=128,ct_tp_dst=0,ct_state=+new+trk,action=ct(commit),2
            priority=100,icmp6,icmp_type=135,action=normal
            priority=100,icmp6,icmp_type=136,action=normal
            """);
        bridge.receive(1, Packets.udp6(SIX_ONE, 1, SIX_TWO, 2).payloadSize(1600).id(0x9bdb1fa7).fragments(1336));
        assertThat(ping(SIX_ONE, SIX_TWO, 1600)).isTrue();
        assertThat(bridge.dump()).containsExactly(
            "icmpv6,orig=(src=fc00::1,dst=fc00::2,id=7,type=128,code=0),"
                + "reply=(src=fc00::2,dst=fc00::1,id=7,type=129,code=0)",
            "udp,orig=(src=fc00::1,dst=fc00::2,sport=1,dport=2),reply=(src=fc00::2,dst=fc00::1,sport=2,dport=1)");
    }

    // ---- datagrams that never get whole ----

    @Test
    @DisplayName("conntrack - IPv4 fragmentation expiry")
    void conntrackIpv4FragmentationExpiry() {
        bridge = new Bridge("""
            priority=1,action=drop
            priority=10,arp,action=normal
            priority=100,in_port=1,icmp,ip_frag=no,action=ct(commit,zone=9),2
            priority=100,in_port=1,icmp,ip_frag=first,action=ct(commit,zone=9),2
            priority=100,in_port=2,ct_state=-trk,icmp,action=ct(table=0,zone=9)
            priority=100,in_port=2,ct_state=+trk+est-new,icmp,action=1
            """);
        bridge.settings(settings -> settings.withFragments(true, true, 1000, 1280, 500));
        for (int i = 0; i < 7; i++) {
            assertThat(ping(ONE, TWO, 1600)).isFalse();
            bridge.advance(1);
        }
        assertThat(bridge.fragments().lines().map(String::strip)).contains("num frag: 7", "v4 frags accepted: 7",
            "v4 frags completed: 0");
        bridge.advance(120);
        bridge.tracker.sweep();
        assertThat(bridge.tracker.fragments().held()).isZero();
        assertThat(bridge.dump()).isEmpty();
    }

    @Test
    @DisplayName("conntrack - IPv6 fragmentation expiry")
    void conntrackIpv6FragmentationExpiry() {
        bridge = new Bridge("""
            priority=1,action=drop
            priority=10,in_port=1,ipv6,ip_frag=first,action=ct(commit,zone=9),2
            priority=10,in_port=1,ipv6,ip_frag=no,action=ct(commit,zone=9),2
            priority=10,in_port=2,ct_state=-trk,ipv6,action=ct(table=0,zone=9)
            priority=10,in_port=2,ct_state=+trk+est-new,ipv6,action=1
            priority=100,icmp6,icmp_type=135,action=normal
            priority=100,icmp6,icmp_type=136,action=normal
            """);
        for (int i = 0; i < 7; i++) {
            assertThat(ping(SIX_ONE, SIX_TWO, 1600)).isFalse();
            bridge.advance(1);
        }
        bridge.advance(120);
        bridge.tracker.sweep();
        assertThat(bridge.tracker.fragments().held()).isZero();
    }

    private static List<Packet> twoFragments() {
        return Packets.udp4(ONE, 1, TWO, 2).payloadSize(420).id(1).fragments(400);
    }

    private static List<Packet> twoFragments6() {
        return Packets.udp6(SIX_ONE, 1, SIX_TWO, 2).payloadSize(1300).id(1).fragments(1272);
    }

    private void commit() {
        bridge = new Bridge("in_port=1,ip,actions=ct(commit)", "in_port=1,ip6,actions=ct(commit)",
            "in_port=2,ip6,actions=ct(commit,zone=3)");
        smallFragmentsPass();
    }

    @Test
    @DisplayName("conntrack - IPv4 fragmentation incomplete reassembled packet")
    void conntrackIpv4FragmentationIncompleteReassembledPacket() {
        commit();
        bridge.receive(1, twoFragments().get(0));
        assertThat(bridge.dump()).isEmpty();
    }

    @Test
    @DisplayName("conntrack - IPv6 fragmentation incomplete reassembled packet")
    void conntrackIpv6FragmentationIncompleteReassembledPacket() {
        commit();
        bridge.receive(1, twoFragments6().get(0));
        assertThat(bridge.dump()).isEmpty();
    }

    // ---- two fragments, by hand ----

    private static final String WHOLE =
        "udp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=1,dport=2),reply=(src=10.1.1.2,dst=10.1.1.1,sport=2,dport=1)";
    private static final String WHOLE_6 =
        "udp,orig=(src=fc00::1,dst=fc00::2,sport=1,dport=2),reply=(src=fc00::2,dst=fc00::1,sport=2,dport=1)";

    @Test
    @DisplayName("conntrack - IPv4 fragmentation with fragments specified")
    void conntrackIpv4FragmentationWithFragmentsSpecified() {
        commit();
        bridge.receive(1, twoFragments().get(0));
        bridge.receive(1, twoFragments().get(1));
        assertThat(bridge.dump()).containsExactly(WHOLE);
    }

    @Test
    @DisplayName("conntrack - IPv4 fragmentation out of order")
    void conntrackIpv4FragmentationOutOfOrder() {
        commit();
        bridge.receive(1, twoFragments().get(1));
        bridge.receive(1, twoFragments().get(0));
        assertThat(bridge.dump()).containsExactly(WHOLE);
    }

    @Test
    @DisplayName("conntrack - IPv6 fragmentation with fragments specified")
    void conntrackIpv6FragmentationWithFragmentsSpecified() {
        commit();
        bridge.receive(1, twoFragments6().get(0));
        bridge.receive(1, twoFragments6().get(1));
        assertThat(bridge.dump()).containsExactly(WHOLE_6);
    }

    @Test
    @DisplayName("conntrack - IPv6 fragmentation out of order")
    void conntrackIpv6FragmentationOutOfOrder() {
        commit();
        bridge.receive(1, twoFragments6().get(1));
        bridge.receive(1, twoFragments6().get(0));
        assertThat(bridge.dump()).containsExactly(WHOLE_6);
    }

    /** {@return the last fragment, moved so that it covers the end of the one before it} */
    private static Packet overlapping() {
        return Packets.ip4(IpProtocol.UDP, ONE, TWO).payloadSize(28).id(1).fragment(392, false).build();
    }

    @Test
    @DisplayName("conntrack - IPv4 fragmentation overlapping fragments by 1 octet")
    void conntrackIpv4FragmentationOverlappingFragmentsBy1Octet() {
        commit();
        bridge.receive(1, twoFragments().get(0));
        assertThat(bridge.receive(1, overlapping()).state()).isEqualTo("inv|trk");
        assertThat(bridge.dump()).isEmpty();
        assertThat(bridge.tracker.fragments().v4().overlapped()).isEqualTo(1);
    }

    @Test
    @DisplayName("conntrack - IPv4 fragmentation overlapping fragments by 1 octet out of order")
    void conntrackIpv4FragmentationOverlappingFragmentsBy1OctetOutOfOrder() {
        commit();
        bridge.receive(1, overlapping());
        assertThat(bridge.receive(1, twoFragments().get(0)).state()).isEqualTo("inv|trk");
        assertThat(bridge.dump()).isEmpty();
        assertThat(bridge.tracker.fragments().v4().overlapped()).isEqualTo(1);
    }

    /** {@return the two fragments, the first one or both behind a hop-by-hop header with these options} */
    private static List<Packet> behindOptions(final boolean both, final int... options) {
        final byte[] header = new byte[8];
        for (int i = 0; i < options.length; i++) {
            header[2 + i] = (byte) options[i];
        }
        final List<Packet> dressed = Packets.udp6(SIX_ONE, 1, SIX_TWO, 2).payloadSize(1300).id(1)
            .extension(IpProtocol.HOP_BY_HOP, header).fragments(1272);
        return List.of(dressed.get(0), both ? dressed.get(1) : twoFragments6().get(1));
    }

    private void oneConnectionInZone3(final List<Packet> fragments, final int first) {
        commit();
        bridge.receive(2, fragments.get(first));
        assertThat(bridge.dump()).isEmpty();
        bridge.receive(2, fragments.get(1 - first));
        assertThat(bridge.dump(3)).containsExactly(WHOLE_6 + ",zone=3");
        bridge.close();
    }

    @Test
    @DisplayName("conntrack - IPv6 fragmentation, multiple extension headers")
    void conntrackIpv6FragmentationMultipleExtensionHeaders() {
        oneConnectionInZone3(behindOptions(false, 1, 4), 0);
        oneConnectionInZone3(behindOptions(true, 1, 4), 0);
    }

    @Test
    @DisplayName("conntrack - IPv6 fragmentation, multiple extension headers + out of order")
    void conntrackIpv6FragmentationMultipleExtensionHeadersOutOfOrder() {
        oneConnectionInZone3(behindOptions(false, 1, 4), 1);
        oneConnectionInZone3(behindOptions(true, 1, 4), 1);
    }

    @Test
    @DisplayName("conntrack - IPv6 fragmentation, multiple extension headers 2")
    void conntrackIpv6FragmentationMultipleExtensionHeaders2() {
        oneConnectionInZone3(behindOptions(false, 5, 2, 0, 0), 0);
        oneConnectionInZone3(behindOptions(true, 5, 2, 0, 0), 0);
    }

    @Test
    @DisplayName("conntrack - IPv6 fragmentation, multiple extension headers 2 + out of order")
    void conntrackIpv6FragmentationMultipleExtensionHeaders2OutOfOrder() {
        oneConnectionInZone3(behindOptions(false, 5, 2, 0, 0), 1);
        oneConnectionInZone3(behindOptions(true, 5, 2, 0, 0), 1);
    }

    // ---- translation ----

    @Test
    @DisplayName("conntrack - IPv4 Fragmentation + NAT")
    void conntrackIpv4FragmentationNat() {
        bridge = new Bridge("""
            table=0,arp,actions=normal
            table=0,ct_state=-trk,ip,in_port=p1, actions=ct(table=1, nat)
            table=0,ct_state=-trk,ip,in_port=p2, actions=ct(table=1, nat)
            table=1,ct_state=+trk+new,ip,in_port=p1, actions=ct(commit, nat(src=10.1.1.1)),p2
            table=1,ct_state=+trk+est,ip,in_port=p1, actions=p2
            table=1,ct_state=+trk+est,ip,in_port=p2, actions=p1
            """);
        final List<Packet> request = cut(Packets.echo4("10.2.1.1", TWO, 8, 1).payloadSize(4500), false);
        final Bridge.Outcome there = bridge.receive(1, request);
        assertThat(there.words()).containsExactly("p2: icmp 10.1.1.1 > 10.1.1.2 fragment at 0",
            "p2: icmp 10.1.1.1 > 10.1.1.2 fragment at 1480", "p2: icmp 10.1.1.1 > 10.1.1.2 fragment at 2960",
            "p2: icmp 10.1.1.1 > 10.1.1.2 fragment at 4440");
        assertThat(data(there)).isEqualTo(dataOf(Packets.echo4(ONE, TWO, 8, 1).payloadSize(4500)));
        final Bridge.Outcome back = bridge.receive(2,
            cut(Packets.echoReply4(TWO, ONE, 8, 1).payloadSize(4500), false));
        assertThat(back.words()).hasSize(4)
            .allMatch(words -> words.startsWith("p1: icmp 10.1.1.2 > 10.2.1.1 fragment at "));
        assertThat(data(back)).isEqualTo(dataOf(Packets.echoReply4(TWO, "10.2.1.1", 8, 1).payloadSize(4500)));
    }

    private static byte[] data(final Bridge.Outcome outcome) {
        final ByteArrayOutputStream data = new ByteArrayOutputStream();
        for (final Bridge.Sent one : outcome.sent()) {
            data.write(one.packet().data(), one.packet().l4Offset(), one.packet().l4Length());
        }
        return data.toByteArray();
    }

    private static byte[] dataOf(final Packets packet) {
        final Packet whole = packet.build();
        whole.parse();
        return Arrays.copyOfRange(whole.data(), whole.l4Offset(), whole.l4Offset() + whole.l4Length());
    }
}
