// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.trackway.packet.Packet;
import org.trackway.packet.Packets;

/** What tests/system-traffic.at expects of ICMP errors about connections, plain and translated. */
class IcmpRelatedAcceptanceTest {

    private static final String ONE = "10.1.1.1";
    private static final String TWO = "10.1.1.2";

    private Bridge bridge;

    @AfterEach
    void close() {
        bridge.close();
    }

    @Test
    @DisplayName("conntrack - ICMP related")
    void conntrackIcmpRelated() {
        bridge = new Bridge("""
            priority=1,action=drop
            priority=10,arp,action=normal
            priority=100,in_port=1,udp,action=ct(commit,exec(set_field:1->ct_mark)),2
            priority=100,in_port=2,icmp,ct_state=-trk,action=ct(table=0)
            priority=100,in_port=2,icmp,ct_state=+trk+rel,ct_mark=1,action=1
            """);
        final Packet datagram = bridge.receive(1, Packets.udp4(ONE, 40000, TWO, 10000).payload("a\n")).at(2);
        final Bridge.Outcome error = bridge.receive(2, Packets.icmp4Error(TWO, ONE, 3, 3, datagram));
        assertThat(error.words()).containsExactly(
            "p1: icmp 10.1.1.2 > 10.1.1.1 3/3 about (udp 10.1.1.1:40000 > 10.1.1.2:10000)");
        assertThat(error.state()).isEqualTo("rel|rpl|trk");
    }

    @Test
    @DisplayName("conntrack - ICMP related to original direction")
    void conntrackIcmpRelatedToOriginalDirection() {
        bridge = new Bridge("""
            priority=1000,arp,action=normal
            priority=100,ip,action=ct(table=1)
            priority=1,action=drop
            table=1,ip,action=ct(zone=34673,table=2)
            table=2,in_port=2,udp,action=ct(commit,zone=34673),1
            table=2,in_port=1,udp,action=ct(commit,zone=34673),2
            table=2,in_port=2,ct_state=+rel,icmp,action=1
            """);
        assertThat(bridge.receive(2, Packets.udp4("192.100.1.8", 53, "192.100.2.5", 53)).at(1)).isNotNull();
        final Packet back = bridge.receive(1, Packets.udp4("192.100.2.5", 53, "192.100.1.8", 53)).at(2);
        for (int i = 0; i < 2; i++) {
            final Bridge.Outcome error = bridge.receive(2,
                Packets.icmp4Error("192.100.1.8", "192.100.2.5", 3, 10, back));
            assertThat(error.words()).containsExactly("p1: icmp 192.100.1.8 > 192.100.2.5 3/10 about "
                + "(udp 192.100.2.5:53 > 192.100.1.8:53)");
            assertThat(error.state()).as("it goes the way of the first packet").isEqualTo("rel|trk");
        }
        assertThat(bridge.dump()).containsExactly("udp,orig=(src=192.100.1.8,dst=192.100.2.5,sport=53,dport=53),"
            + "reply=(src=192.100.2.5,dst=192.100.1.8,sport=53,dport=53),zone=34673");
    }

    @Test
    @DisplayName("conntrack - ICMP related 2")
    void conntrackIcmpRelated2() {
        bridge = new Bridge("""
            table=0,ip,action=ct(commit,table=1)
            table=1,ip,action=output:9
            """);
        final Packet never = Packets.udp4("172.16.0.3", 4369, "172.16.0.4", 8738).payload("ciao\n").build();
        final Bridge.Outcome unasked = bridge.receive(2, Packets.icmp4Error("172.16.0.4", "172.16.0.3", 3, 3, never));
        assertThat(unasked.at(9)).isNotNull();
        assertThat(unasked.state()).isEqualTo("inv|trk");
        final Packet sent = Packets.udp4("172.16.0.1", 41614, "172.16.0.2", 5555).payload("ciao\n").build();
        assertThat(bridge.receive(1, sent.copy()).state()).isEqualTo("new|trk");
        final Bridge.Outcome halfway = bridge.receive(2, Packets.icmp4Error("172.16.0.3", "172.16.0.1", 3, 3, sent));
        assertThat(halfway.words()).as("a router on the path may report").containsExactly(
            "p9: icmp 172.16.0.3 > 172.16.0.1 3/3 about (udp 172.16.0.1:41614 > 172.16.0.2:5555)");
        assertThat(halfway.state()).isEqualTo("rel|rpl|trk");
        assertThat(bridge.dump()).containsExactly("udp,orig=(src=172.16.0.1,dst=172.16.0.2,sport=41614,dport=5555),"
            + "reply=(src=172.16.0.2,dst=172.16.0.1,sport=5555,dport=41614)");
    }

    @Test
    @DisplayName("conntrack - ICMP related NAT with single port")
    void conntrackIcmpRelatedNatWithSinglePort() {
        bridge = new Bridge("""
            table=0,ip,ct_state=-trk,actions=ct(table=0,nat)
            table=0,in_port=p1,ct_state=+trk+new,udp,actions=ct(commit,nat(dst=10.1.1.2:8080)),p2
            table=0,in_port=p2,ct_state=+trk+rel+rpl,icmp,actions=p1
            """);
        final Packet sent = Packets.udp4(ONE, 1234, "10.1.1.240", 80).payload("test_unreach\n").build();
        final Packet arrived = bridge.receive(1, sent.copy()).at(2);
        assertThat(Wording.of(arrived)).isEqualTo("udp 10.1.1.1:1234 > 10.1.1.2:8080");
        final Packet error = bridge.receive(2, Packets.icmp4Error(TWO, ONE, 3, 3, arrived).tos(0xc0)).at(1);
        assertThat(bridge.dump()).containsExactly("udp,orig=(src=10.1.1.1,dst=10.1.1.240,sport=1234,dport=80),"
            + "reply=(src=10.1.1.2,dst=10.1.1.1,sport=8080,dport=1234)");
        assertThat(error.bytes()).as("quotes what was sent, to the last bit")
            .isEqualTo(Packets.icmp4Error("10.1.1.240", ONE, 3, 3, sent).tos(0xc0).bytes());
    }

    @Test
    @DisplayName("conntrack - ICMPv6 related NAT with single port")
    void conntrackIcmpv6RelatedNatWithSinglePort() {
        bridge = new Bridge("""
            table=0,ipv6,ct_state=-trk,actions=ct(table=0,nat)
            table=0,in_port=p1,ct_state=+trk+new,udp6,actions=ct(commit,nat(dst=[fc00::2]:8080)),p2
            table=0,in_port=p2,ct_state=+trk+rel+rpl,icmp6,actions=p1
            """);
        final Packet sent = Packets.udp6("fc00::1", 1234, "fc00::240", 80).payload("test_unreach\n").build();
        final Packet arrived = bridge.receive(1, sent.copy()).at(2);
        assertThat(Wording.of(arrived)).isEqualTo("udp fc00::1:1234 > fc00::2:8080");
        final Packet error = bridge.receive(2, Packets.icmp6Error("fc00::2", "fc00::1", 1, 4, arrived)).at(1);
        assertThat(bridge.dump()).containsExactly("udp,orig=(src=fc00::1,dst=fc00::240,sport=1234,dport=80),"
            + "reply=(src=fc00::2,dst=fc00::1,sport=8080,dport=1234)");
        assertThat(error.bytes()).as("the reserved four bytes stay zero, too")
            .isEqualTo(Packets.icmp6Error("fc00::240", "fc00::1", 1, 4, sent).bytes());
    }

    @Test
    @DisplayName("conntrack - ICMP related with NAT")
    void conntrackIcmpRelatedWithNat() {
        bridge = new Bridge("""
            in_port=1,udp,action=ct(commit,nat(src=10.1.1.240-10.1.1.254),exec(set_field:1->ct_mark)),2
            in_port=2,icmp,ct_state=-trk,action=ct(table=0,nat)
            in_port=2,icmp,nw_dst=10.1.1.1,ct_state=+trk+rel,ct_mark=1,action=1
            priority=0,action=drop
            """);
        final Packet sent = Packets.udp4(ONE, 40000, TWO, 10000).payload("a\n").build();
        final Packet arrived = bridge.receive(1, sent.copy()).at(2);
        final String outside = Wording.ends(arrived).get(0);
        assertThat(outside).matches("10\\.1\\.1\\.2[45]\\d");
        final Packet error = bridge.receive(2, Packets.icmp4Error(TWO, outside, 3, 3, arrived)).at(1);
        assertThat(error.bytes()).isEqualTo(Packets.icmp4Error(TWO, ONE, 3, 3, sent).bytes());
        assertThat(bridge.dump()).containsExactly("udp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=40000,dport=10000),"
            + "reply=(src=10.1.1.2,dst=" + outside + ",sport=10000,dport=40000),mark=1");
    }

    @Test
    @DisplayName("conntrack - ICMP related with SNAT")
    void conntrackIcmpRelatedWithSnat() {
        bridge = new Bridge("""
            ct_state=-trk,ip actions=ct(table=0)
            ct_state=+trk,ip,in_port=1 actions=ct(commit,nat(src=10.1.1.254)),2
            ct_state=+rel+trk,icmp,in_port=2,nw_dst=10.1.1.254 actions=ct(commit,table=1,nat)
            table=1,in_port=2,ct_state=+rel+trk,icmp,nw_src=10.1.1.2,nw_dst=10.1.1.1 action=1
            table=1,in_port=2,ct_state=+rel+trk,icmp,nw_dst=10.1.1.254 action=goto_table:2
            table=1,priority=0,action=drop
            table=2,priority=0,action=drop
            priority=0,action=drop
            """);
        for (int round = 0; round < 2; round++) {
            final Packet sent = Packets.udp4(ONE, 40000, TWO, 10000).payload("a\n").build();
            final Packet arrived = bridge.receive(1, sent.copy()).at(2);
            assertThat(Wording.of(arrived)).isEqualTo("udp 10.1.1.254:40000 > 10.1.1.2:10000");
            final Packet error = bridge.receive(2, Packets.icmp4Error(TWO, "10.1.1.254", 3, 3, arrived)).at(1);
            assertThat(error).as("the same before and after a flush").isNotNull();
            assertThat(error.bytes()).isEqualTo(Packets.icmp4Error(TWO, ONE, 3, 3, sent).bytes());
            assertThat(bridge.dump()).containsExactly("udp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=40000,dport=10000),"
                + "reply=(src=10.1.1.2,dst=10.1.1.254,sport=10000,dport=40000)");
            bridge.flush();
        }
    }

    @Test
    @DisplayName("conntrack - IPv6 ICMP6 Related with SNAT")
    void conntrackIpv6Icmp6RelatedWithSnat() {
        bridge = new Bridge("""
            priority=100 in_port=1,ip6,action=ct(nat(src=fc00::240),commit),2
            priority=100 in_port=2,ct_state=-trk,ip6,action=ct(table=0,nat)
            priority=100 in_port=2,ct_state=+trk+est,ip6,action=1
            priority=100 in_port=2,ct_state=+trk+rel,ip6,action=1
            """);
        final Packet sent = Packets.udp6("fc00::1", 40000, "fc00::2", 1).payload("a\n").build();
        final Packet arrived = bridge.receive(1, sent.copy()).at(2);
        assertThat(Wording.of(arrived)).isEqualTo("udp fc00::240:40000 > fc00::2:1");
        final Packet error = bridge.receive(2, Packets.icmp6Error("fc00::2", "fc00::240", 1, 4, arrived)).at(1);
        assertThat(error.bytes()).isEqualTo(Packets.icmp6Error("fc00::2", "fc00::1", 1, 4, sent).bytes());
        assertThat(bridge.dump()).containsExactly("udp,orig=(src=fc00::1,dst=fc00::2,sport=40000,dport=1),"
            + "reply=(src=fc00::2,dst=fc00::240,sport=1,dport=40000)");
    }

    @Test
    @DisplayName("conntrack - ICMP from different source related with NAT")
    void conntrackIcmpFromDifferentSourceRelatedWithNat() {
        bridge = new Bridge("""
            table=0,ip,actions=ct(table=1,zone=42,nat)
            table=1,in_port=p1,ip,ct_state=+trk+new,actions=ct(commit,table=2,zone=42,nat(dst=192.168.10.20))
            table=1,icmp,ct_state=+trk+rel-rpl,actions=ct(commit,table=2,zone=42,nat)
            table=1,ip,actions=resubmit(,2)
            table=2,in_port=p1,ip,ct_state=+trk+new,actions=output:p2
            table=2,in_port=p1,icmp,ct_state=+trk+rel,actions=output:p2
            table=2,in_port=p2,icmp,ct_state=+trk+rel,actions=output:p1
            table=2,in_port=p2,ip,ct_state=+trk+rpl,actions=output:p1
            """);
        final String client = "192.168.20.10";
        final String called = "192.168.20.20";
        final String server = "192.168.10.20";
        final String router = "192.168.20.1";
        final String connection = "udp,orig=(src=192.168.20.10,dst=192.168.20.20,sport=1,dport=2),"
            + "reply=(src=192.168.10.20,dst=192.168.20.10,sport=2,dport=1),zone=42";
        bridge.receive(1, Packets.udp4(client, 1, called, 2));
        final Packet answer = Packets.udp4(server, 2, client, 1).build();
        final Packet seen = bridge.receive(2, answer.copy()).at(1);
        final Packet toServer = bridge.receive(1, Packets.icmp4Error(router, called, 3, 4, seen).icmpRest(1400)).at(2);
        assertThat(bridge.dump()).containsExactly(connection);
        assertThat(toServer.bytes()).as("a router between client and bridge complains to the server")
            .isEqualTo(Packets.icmp4Error(router, server, 3, 4, answer).icmpRest(1400).bytes());

        bridge.flush("zone=42");
        final Packet request = Packets.udp4(client, 1, called, 2).build();
        final Packet arrived = bridge.receive(1, request.copy()).at(2);
        final Packet toClient = bridge.receive(2, Packets.icmp4Error(router, client, 3, 4, arrived).icmpRest(1400))
            .at(1);
        assertThat(bridge.dump()).containsExactly(connection);
        assertThat(toClient.bytes()).as("a router between bridge and server complains to the client")
            .isEqualTo(Packets.icmp4Error(called, client, 3, 4, request).icmpRest(1400).bytes());
    }
}
