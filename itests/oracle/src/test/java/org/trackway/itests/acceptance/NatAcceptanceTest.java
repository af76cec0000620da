// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.Counter;
import org.trackway.packet.Packet;
import org.trackway.packet.Packets;

/** What tests/system-traffic.at expects of translation. */
class NatAcceptanceTest {

    private static final String ONE = "10.1.1.1";
    private static final String TWO = "10.1.1.2";
    private static final String SIX_ONE = "fc00::1";
    private static final String SIX_TWO = "fc00::2";

    /** Flows that answer ARP requests for the addresses that a translation stands for. */
    private static final String ARP = """
        priority=100 arp arp_op=1 action=move:OXM_OF_ARP_TPA[]->NXM_NX_REG2[],resubmit(,8),goto_table:10
        priority=10 arp action=normal
        priority=0,action=drop
        table=8,reg2=0x0a0101f0/0xfffffff0,action=load:0x808888888888->OXM_OF_PKT_REG0[]
        table=8,reg2=0x0a010140,action=load:0x808888888888->OXM_OF_PKT_REG0[]
        table=8,priority=0,action=load:0->OXM_OF_PKT_REG0[]
        table=10 priority=100 arp xreg0=0 action=normal
        table=10 priority=10,arp,arp_op=1,action=load:2->OXM_OF_ARP_OP[],move:OXM_OF_ARP_SHA[]->OXM_OF_ARP_THA[],\
        move:OXM_OF_PKT_REG0[0..47]->OXM_OF_ARP_SHA[],move:OXM_OF_ARP_SPA[]->OXM_OF_ARP_TPA[],\
        move:NXM_NX_REG2[]->OXM_OF_ARP_SPA[],move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[],\
        move:OXM_OF_PKT_REG0[0..47]->NXM_OF_ETH_SRC[],move:NXM_OF_IN_PORT[]->NXM_NX_REG3[0..15],\
        load:0->NXM_OF_IN_PORT[],output:NXM_NX_REG3[0..15]
        table=10 priority=0 action=drop
        """;

    private Bridge bridge;

    @AfterEach
    void close() {
        bridge.close();
    }

    private boolean page(final int clientPort, final String client, final int serverPort, final String server) {
        return TcpSession.getPage(bridge, clientPort, client, serverPort, server);
    }

    /** Asks who has an address, which must be answered with the MAC address of the flows. */
    private void arpIsAnswered(final int port, final String address) {
        final Packet answer = bridge.receive(port,
            Packets.arp(1, "02:00:00:00:00:02", TWO, "00:00:00:00:00:00", address)).at(port);
        assertThat(answer).as("answer to: who has %s?", address).isNotNull();
        assertThat(answer.bytes()).isEqualTo(Packets.arp(2, "80:88:88:88:88:88", address, "02:00:00:00:00:02", TWO)
            .macs("80:88:88:88:88:88", "02:00:00:00:00:02").bytes());
    }

    /** Checks the only connection: opened by the first host to port 80 of the second, translated, used and closed. */
    private void closedBehind(final String outside) {
        assertThat(bridge.dump()).singleElement().asString().matches("tcp,orig=\\(src=10.1.1.1,dst=10.1.1.2,"
            + "sport=40001,dport=80\\),reply=\\(src=10.1.1.2,dst=" + outside + "\\),zone=1,"
            + "protoinfo=\\(state=TIME_WAIT\\)");
    }

    @Test
    @DisplayName("conntrack - simple SNAT")
    void conntrackSimpleSnat() {
        bridge = new Bridge("""
            in_port=1,ip,action=ct(commit,zone=1,nat(src=10.1.1.240-10.1.1.254)),2
            in_port=2,ct_state=-trk,ip,action=ct(table=0,zone=1,nat)
            in_port=2,ct_state=+trk,ct_zone=1,ip,action=1
            """, ARP);
        assertThat(page(1, ONE, 2, TWO)).isTrue();
        closedBehind("10.1.1.2[45]\\d,sport=80,dport=40001");
        arpIsAnswered(2, "10.1.1.240");
    }

    @Test
    @DisplayName("conntrack - more complex SNAT")
    void conntrackMoreComplexSnat() {
        bridge = new Bridge("""
            priority=100 ip action=ct(table=1,zone=1,nat)
            table=1 priority=100 in_port=1 ip ct_state=+trk+new-est \
            action=ct(commit,zone=1,nat(src=10.1.1.240-10.1.1.254)),2
            table=1 priority=100 in_port=1 ip ct_state=+trk-new+est action=2
            table=1 priority=100 in_port=2 ip ct_state=+trk-new+est action=1
            table=1 priority=0 action=drop
            """, ARP);
        assertThat(page(1, ONE, 2, TWO)).isTrue();
        closedBehind("10.1.1.2[45]\\d,sport=80,dport=40001");
        assertThat(page(2, TWO, 1, ONE)).isFalse();
    }

    @Test
    @DisplayName("conntrack - SNAT with icmp_id")
    void conntrackSnatWithIcmpId() {
        bridge = new Bridge("""
            table=0,ct_state=-trk,ip,in_port=p1, actions=ct(table=1, nat)
            table=0,ct_state=-trk,ip,in_port=p2, actions=ct(table=1, nat)
            table=1,ct_state=+trk+new,ip,in_port=p1, actions=ct(commit, nat(src=10.0.0.201)),p2
            table=1,ct_state=+trk+est,ip,in_port=p1, actions=p2
            table=1,ct_state=+trk+est,ip,in_port=p2, actions=p1
            """);
        for (final int host : new int[] {1, 3, 4}) {
            assertThat(bridge.ping(1, "10.0.0." + host, 2, "10.0.0.2", 500)).isTrue();
        }
        assertThat(bridge.dump()).as("three hosts that ping with one identifier").containsExactly(
            "icmp,orig=(src=10.0.0.1,dst=10.0.0.2,id=500,type=8,code=0),"
                + "reply=(src=10.0.0.2,dst=10.0.0.201,id=500,type=0,code=0)",
            "icmp,orig=(src=10.0.0.3,dst=10.0.0.2,id=500,type=8,code=0),"
                + "reply=(src=10.0.0.2,dst=10.0.0.201,id=501,type=0,code=0)",
            "icmp,orig=(src=10.0.0.4,dst=10.0.0.2,id=500,type=8,code=0),"
                + "reply=(src=10.0.0.2,dst=10.0.0.201,id=502,type=0,code=0)");
    }

    @Test
    @DisplayName("conntrack - SNAT with ct_mark change on reply")
    void conntrackSnatWithCtMarkChangeOnReply() {
        bridge = new Bridge("""
            in_port=1,ip,action=ct(commit,zone=1,nat(src=10.1.1.240)),2
            in_port=2,ct_state=-trk,ip,action=ct(table=0,zone=1,nat)
            in_port=2,ct_state=+trk,ct_zone=1,ip,action=ct(table=1,commit,zone=1,exec(set_field:1->ct_mark)),1
            table=1,in_port=2,ct_mark=1,ct_state=+rpl,ct_zone=1,ip,action=9
            priority=0,action=drop
            """);
        assertThat(bridge.ping(1, ONE, 2, TWO, 6)).isTrue();
        assertThat(bridge.dump()).containsExactly("icmp,orig=(src=10.1.1.1,dst=10.1.1.2,id=6,type=8,code=0),"
            + "reply=(src=10.1.1.2,dst=10.1.1.240,id=6,type=0,code=0),zone=1,mark=1");
        assertThat(bridge.receive(2, Packets.echoReply4(TWO, "10.1.1.240", 6, 2)).words()).as("both see it translated")
            .containsExactly("p1: icmp 10.1.1.2 > 10.1.1.1 0/0 id 6", "p9: icmp 10.1.1.2 > 10.1.1.1 0/0 id 6");
    }

    @Test
    @DisplayName("conntrack - SNAT with port range")
    void conntrackSnatWithPortRange() {
        bridge = new Bridge("""
            in_port=1,tcp,action=ct(commit,zone=1,nat(src=10.1.1.240-10.1.1.254:34567-34568,random)),2
            in_port=2,ct_state=-trk,tcp,tp_dst=34567,action=ct(table=0,zone=1,nat)
            in_port=2,ct_state=-trk,tcp,tp_dst=34568,action=ct(table=0,zone=1,nat)
            in_port=2,ct_state=+trk,ct_zone=1,tcp,action=1
            """, ARP);
        assertThat(page(1, ONE, 2, TWO)).isTrue();
        closedBehind("10.1.1.2[45]\\d,sport=80,dport=3456[78]");
    }

    @Test
    @DisplayName("conntrack - SNAT with port range using ICMP")
    void conntrackSnatWithPortRangeUsingIcmp() {
        bridge = new Bridge("""
            in_port=1,ip,action=ct(commit,zone=1,nat(src=10.1.1.240-10.1.1.254:20000)),2
            in_port=2,ct_state=-trk,ip,action=ct(table=0,zone=1,nat)
            in_port=2,ct_state=+trk,ct_zone=1,action=1
            """, ARP);
        assertThat(bridge.ping(1, ONE, 2, TWO, 99)).isTrue();
        assertThat(bridge.dump()).singleElement().asString().matches("icmp,orig=\\(src=10.1.1.1,dst=10.1.1.2,id=99,"
            + "type=8,code=0\\),reply=\\(src=10.1.1.2,dst=10.1.1.2[45]\\d,id=20000,type=0,code=0\\),zone=1");
    }

    @Test
    @DisplayName("conntrack - SCTP SNAT with port range")
    void conntrackSctpSnatWithPortRange() {
        bridge = new Bridge("""
            table=0,priority=100,in_port=1,sctp,action=ct(commit,zone=1,nat(src=10.1.1.240:34567)),output:9
            table=0,priority=100,in_port=2,ct_state=-trk,sctp,tp_dst=34567,action=ct(table=1,zone=1,nat)
            table=0,priority=0,action=drop
            table=1,priority=100,in_port=2,ct_state=+trk+rpl,ct_zone=1,sctp,action=output:9
            table=1,priority=0,action=drop
            """);
        // INIT, INIT ACK, COOKIE ECHO, COOKIE ACK, DATA, SACK and ABORT (RFC 9260 section 3.2).
        final int[] kinds = {1, 2, 10, 11, 0, 3, 6};
        for (int i = 0; i < kinds.length; i++) {
            final boolean answer = i % 2 == 1;
            final Packets packet = answer ? Packets.sctp4(TWO, 12345, "10.1.1.240", 34567)
                : Packets.sctp4(ONE, 54969, TWO, 12345);
            final Bridge.Outcome outcome = bridge.receive(answer ? 2 : 1,
                packet.verificationTag(0x25bb9dfa + i).chunk(kinds[i], 0, new byte[4 * i + 3]));
            assertThat(outcome.words()).as("CRC32c included").containsExactly(answer
                ? "p9: sctp 10.1.1.2:12345 > 10.1.1.1:54969" : "p9: sctp 10.1.1.240:34567 > 10.1.1.2:12345");
            assertThat(outcome.state()).isEqualTo(i == 0 ? "new|trk|snat" : answer ? "est|rpl|trk|dnat"
                : "est|trk|snat");
        }
        assertThat(bridge.dump()).containsExactly("sctp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=54969,dport=12345),"
            + "reply=(src=10.1.1.2,dst=10.1.1.240,sport=12345,dport=34567),zone=1");
    }

    @Test
    @DisplayName("conntrack - SNAT with port range with exhaustion")
    void conntrackSnatWithPortRangeWithExhaustion() {
        bridge = new Bridge("""
            in_port=1,tcp,action=ct(commit,zone=1,nat(src=10.1.1.240:34568)),2
            in_port=2,ct_state=-trk,tcp,tp_dst=34568,action=ct(table=0,zone=1,nat)
            in_port=2,ct_state=+trk,ct_zone=1,tcp,action=1
            """, ARP);
        assertThat(new TcpSession(bridge, 1, ONE, 123, 2, TWO, 80).knock()).isTrue();
        final List<String> first = List.of("tcp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=123,dport=80),"
            + "reply=(src=10.1.1.2,dst=10.1.1.240,sport=80,dport=34568),zone=1,protoinfo=(state=SYN_SENT)");
        assertThat(bridge.dump()).isEqualTo(first);
        assertThat(page(1, ONE, 2, TWO)).as("no answer finds its way").isFalse();
        assertThat(bridge.dump()).isEqualTo(first);
        assertThat(bridge.tracker.counters().get(Counter.NAT_EXHAUSTED)).isEqualTo(1);
        assertThat(bridge.receive(1, Packets.tcp4(ONE, 124, TWO, 80).flags("S")).state()).isEqualTo("new|trk");
    }

    @Test
    @DisplayName("conntrack - all-zero IP SNAT")
    void conntrackAllZeroIpSnat() {
        bridge = new Bridge("""
            table=0,priority=30,ct_state=-trk,ip,action=ct(table=0)
            table=0,priority=20,ct_state=-rpl,ip,nw_dst=10.1.1.0/24,actions=ct(commit,nat(src=0.0.0.0),table=10)
            table=0,priority=20,ct_state=+rpl,ip,nw_dst=10.1.1.0/24,actions=resubmit(,10)
            table=0,priority=20,ip,nw_dst=172.1.1.2,actions=ct(commit,nat(dst=10.1.1.2),table=10)
            table=0,priority=10,arp,action=normal
            table=0,priority=1,action=drop
            table=10,priority=20,ct_state=+rpl,ip,nw_dst=10.1.1.0/24 actions=ct(table=20,nat)
            table=10,priority=10,ip,nw_dst=10.1.1.0/24 actions=resubmit(,20)
            table=20,priority=10,ip,nw_dst=10.1.1.1,action=1
            table=20,priority=10,ip,nw_dst=10.1.1.2,action=2
            """);
        talk(30000, TWO, "TEST\n");
        assertThat(bridge.dump()).as("nothing changes without need").containsExactly(
            "tcp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=30000,dport=80),"
                + "reply=(src=10.1.1.2,dst=10.1.1.1,sport=80,dport=30000),protoinfo=(state=TIME_WAIT)");
        talk(30001, "172.1.1.2", "TEST2\n");
        talk(30001, TWO, "TEST3\n");
        final List<String> both = bridge.dump().stream().filter(line -> line.contains("sport=30001")).toList();
        assertThat(both).hasSize(2);
        assertThat(both.get(0)).as("the port is taken, another one is found").matches("tcp,orig=\\(src=10.1.1.1,"
            + "dst=10.1.1.2,sport=30001,dport=80\\),reply=\\(src=10.1.1.2,dst=10.1.1.1,sport=80,"
            + "dport=(?!30001)\\d+\\),protoinfo=\\(state=TIME_WAIT\\)");
        assertThat(both.get(1)).isEqualTo("tcp,orig=(src=10.1.1.1,dst=172.1.1.2,sport=30001,dport=80),"
            + "reply=(src=10.1.1.2,dst=10.1.1.1,sport=80,dport=30001),protoinfo=(state=TIME_WAIT)");
    }

    private void talk(final int fromPort, final String to, final String text) {
        final TcpSession session = new TcpSession(bridge, 1, ONE, fromPort, 2, to, 80).open();
        assertThat(session.clientSays(text)).isEqualTo(text);
        session.close();
    }

    @Test
    @DisplayName("conntrack - simple DNAT")
    void conntrackSimpleDnat() {
        bridge = new Bridge("""
            priority=100 in_port=1,ip,nw_dst=10.1.1.64,action=ct(zone=1,nat(dst=10.1.1.2),commit),2
            priority=10 in_port=1,ip,action=ct(commit,zone=1),2
            priority=100 in_port=2,ct_state=-trk,ip,action=ct(table=0,nat,zone=1)
            priority=100 in_port=2,ct_state=+trk+est,ct_zone=1,ip,action=1
            """, ARP);
        virtualAndRealAddressWork();
        arpIsAnswered(1, "10.1.1.64");
    }

    @Test
    @DisplayName("conntrack - more complex DNAT")
    void conntrackMoreComplexDnat() {
        bridge = new Bridge("""
            table=0 priority=100 ip action=ct(table=1,zone=1,nat)
            table=1 priority=100 in_port=1 ct_state=+new ip nw_dst=10.1.1.64 \
            action=ct(zone=1,nat(dst=10.1.1.2),commit),2
            table=1 priority=10 in_port=1 ct_state=+new ip action=ct(commit,zone=1),2
            table=1 priority=100 in_port=1 ct_state=+est ct_zone=1 action=2
            table=1 priority=100 in_port=2 ct_state=+est ct_zone=1 action=1
            table=1 priority=0 action=drop
            """, ARP);
        virtualAndRealAddressWork();
        assertThat(page(2, TWO, 1, ONE)).isFalse();
    }

    private void virtualAndRealAddressWork() {
        assertThat(page(1, ONE, 2, "10.1.1.64")).isTrue();
        assertThat(bridge.dump()).containsExactly("tcp,orig=(src=10.1.1.1,dst=10.1.1.64,sport=40001,dport=80),"
            + "reply=(src=10.1.1.2,dst=10.1.1.1,sport=80,dport=40001),zone=1,protoinfo=(state=TIME_WAIT)");
        assertThat(page(1, ONE, 2, TWO)).isTrue();
        assertThat(bridge.dump()).contains("tcp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=40002,dport=80),"
            + "reply=(src=10.1.1.2,dst=10.1.1.1,sport=80,dport=40002),zone=1,protoinfo=(state=TIME_WAIT)");
    }

    @Test
    @DisplayName("conntrack - DNAT with additional SNAT")
    void conntrackDnatWithAdditionalSnat() {
        bridge = new Bridge("""
            table=0,priority=30,in_port=1,ip,nw_dst=172.1.1.2,actions=ct(commit,nat(dst=10.1.1.2:80),table=1)
            table=0,priority=20,in_port=2,ip,actions=ct(nat),1
            table=0,priority=10,arp,actions=NORMAL
            table=0,priority=1,actions=drop
            table=1,ip,actions=ct(commit,nat(src=10.1.1.240),\
            exec(set_field:0xac->ct_mark,set_field:0xac->ct_label),table=2)
            table=2,in_port=1,ip,ct_mark=0xac,ct_label=0xac,actions=2
            """);
        final TcpSession session = new TcpSession(bridge, 1, ONE, 40001, 2, "172.1.1.2", 8080).open();
        assertThat(session.clientAsSeen()).as("the second translation has no effect").isEqualTo("10.1.1.1:40001");
        assertThat(session.serverAsCalled()).isEqualTo("10.1.1.2:80");
        session.serverSays("hello\n");
        session.close();
        assertThat(bridge.dump()).containsExactly("tcp,orig=(src=10.1.1.1,dst=172.1.1.2,sport=40001,dport=8080),"
            + "reply=(src=10.1.1.2,dst=10.1.1.1,sport=80,dport=40001),mark=172,labels=0xac,"
            + "protoinfo=(state=TIME_WAIT)");
    }

    @Test
    @DisplayName("conntrack - IPv6 HTTP with SNAT")
    void conntrackIpv6HttpWithSnat() {
        bridge = new Bridge("""
            priority=1,action=drop
            priority=10,icmp6,action=normal
            priority=100,in_port=1,ip6,action=ct(commit,nat(src=fc00::240-fc00::241)),2
            priority=100,in_port=2,ct_state=-trk,ip6,action=ct(nat,table=0)
            priority=100,in_port=2,ct_state=+trk+est,ip6,action=1
            priority=200,in_port=2,ct_state=+trk+new,icmp6,icmpv6_code=0,icmpv6_type=135,nd_target=fc00::240,\
            action=ct(commit,nat(dst=fc00::1)),1
            priority=200,in_port=2,ct_state=+trk+new,icmp6,icmpv6_code=0,icmpv6_type=135,nd_target=fc00::241,\
            action=ct(commit,nat(dst=fc00::1)),1
            """);
        assertThat(bridge.ping(1, SIX_ONE, 2, SIX_TWO, 1)).isTrue();
        assertThat(page(1, SIX_ONE, 2, SIX_TWO)).isTrue();
        assertThat(bridge.dump()).anyMatch(line -> line.matches("tcp,orig=\\(src=fc00::1,dst=fc00::2,sport=40001,"
            + "dport=80\\),reply=\\(src=fc00::2,dst=fc00::24[01],sport=80,dport=40001\\),.*TIME_WAIT\\)"));
        assertThat(page(2, SIX_TWO, 1, SIX_ONE)).isFalse();
    }

    @Test
    @DisplayName("conntrack - IPv6 HTTP with DNAT")
    void conntrackIpv6HttpWithDnat() {
        bridge = new Bridge("""
            priority=100 in_port=1,ip6,ipv6_dst=fc00::240,action=ct(zone=1,nat(dst=fc00::2),commit),2
            priority=100 in_port=2,ct_state=-trk,ip6,action=ct(table=0,nat,zone=1)
            priority=100 in_port=2,ct_state=+trk+est,ct_zone=1,ip6,action=1
            """);
        assertThat(bridge.ping(1, SIX_ONE, 2, "fc00::240", 3)).isTrue();
        assertThat(page(1, SIX_ONE, 2, "fc00::240")).isTrue();
        assertThat(bridge.dump()).containsExactly("icmpv6,orig=(src=fc00::1,dst=fc00::240,id=3,type=128,code=0),"
            + "reply=(src=fc00::2,dst=fc00::1,id=3,type=129,code=0),zone=1",
            "tcp,orig=(src=fc00::1,dst=fc00::240,sport=40001,dport=80),"
                + "reply=(src=fc00::2,dst=fc00::1,sport=80,dport=40001),zone=1,protoinfo=(state=TIME_WAIT)");
    }
}
