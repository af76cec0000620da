// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.Counter;
import org.trackway.datapath.SeenPacket;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;
import org.trackway.packet.Packets;

/** What tests/ofproto-dpif.at expects of {@code ct}, seen from the ports. */
class OfprotoDpifAcceptanceTest {

    private static final String ONE = "10.1.1.1";
    private static final String TWO = "10.1.1.2";

    /** New connections from port 1 only; port 9 sees what may pass. */
    private static final String ONE_WAY = """
        table=0,priority=100,arp,action=normal
        table=0,priority=10,in_port=1,udp,action=ct(commit,zone=0),output:9
        table=0,priority=10,in_port=2,udp,action=ct(table=1,zone=0)
        table=0,priority=1,action=drop
        table=1,priority=10,in_port=2,ct_state=+trk+est-new,udp,action=output:9
        table=1,priority=1,action=drop
        """;

    private Bridge bridge;

    @AfterEach
    void close() {
        if (bridge != null) {
            bridge.close();
        }
    }

    private static Packets request(final int from, final int to) {
        return Packets.udp4(ONE, from, TWO, to).payloadSize(64);
    }

    private static Packets answer(final int from, final int to) {
        return Packets.udp4(TWO, from, ONE, to).payloadSize(64);
    }

    @Test
    @DisplayName("ofproto-dpif - conntrack - controller")
    void conntrackController() {
        bridge = new Bridge("""
            table=0,priority=100,arp,action=normal
            table=0,priority=10,in_port=1,ip,action=set_field:1->reg4,set_field:1->reg3,\
            ct(zone=NXM_NX_REG4[0..15],table=1)
            table=0,priority=10,in_port=2,ip,action=set_field:1->reg4,set_field:2->reg3,\
            ct(zone=NXM_NX_REG4[0..15],table=1)
            table=0,priority=1,action=drop
            table=1 reg3=1, ip, ct_state=-rel-rpl+trk-inv action=set_field:1->reg0,resubmit(,3),goto_table:5
            table=1 reg3=1, ip, ct_state=-rel+rpl+trk-inv action=set_field:2->reg0,resubmit(,3,ct),goto_table:4
            table=1 reg3=2, ip, ct_state=-rel-rpl+trk-inv action=set_field:2->reg0,resubmit(,3),goto_table:5
            table=1 reg3=2, ip, ct_state=-rel+rpl+trk-inv action=set_field:1->reg0,resubmit(,3,ct),goto_table:4
            table=1 ip, ct_state=+rel+trk-inv, action=move:NXM_NX_CT_MARK[]->NXM_NX_REG0[],resubmit(,3,ct),goto_table:4
            table=1 priority=0, action=drop
            table=3 priority=10, reg0=1, udp, udp_dst=2 action=set_field:1234->reg1,set_field:1->reg2
            table=3 priority=0, action=set_field:1235->reg1,set_field:0->reg2
            table=4 priority=100 reg2=1, action=goto_table:5
            table=4 priority=0 action=move:NXM_NX_REG3[]->NXM_NX_REG0[],resubmit(,3),goto_table:5
            table=5 reg2=0 priority=1000 action=drop
            table=5 priority=10 reg2=1 ct_state=+new-rel, ip, action=ct(zone=NXM_NX_REG4[0..15],commit,\
            exec(move:NXM_NX_REG3[0..31]->NXM_NX_CT_MARK[0..31],move:NXM_NX_REG1[0..31]->NXM_NX_CT_LABEL[96..127])),\
            goto_table:6
            table=5 priority=10 reg2=1 ct_state=+new+rel, ip, action=ct(zone=NXM_NX_REG4[0..15],commit,\
            exec(move:NXM_NX_REG1[0..31]->NXM_NX_CT_LABEL[96..127])),goto_table:6
            table=5 priority=0 action=goto_table:6
            table=6 action=output:9
            """);
        final Bridge.Outcome unasked = bridge.receive(2, answer(2, 1));
        assertThat(unasked.sent()).isEmpty();
        assertThat(unasked.state()).isEqualTo("new|trk");
        for (final int port : new int[] {1, 3}) {
            assertThat(bridge.receive(1, request(port, 2)).words())
                .containsExactly("p9: udp 10.1.1.1:" + port + " > 10.1.1.2:2");
            final Bridge.Outcome reply = bridge.receive(2, answer(2, port));
            assertThat(reply.words()).containsExactly("p9: udp 10.1.1.2:2 > 10.1.1.1:" + port);
            assertThat(reply.state()).isEqualTo("est|rpl|trk");
            assertThat(reply.last().ctZone()).isEqualTo(1);
            assertThat(reply.last().ctMark()).isEqualTo(1);
            assertThat(reply.last().ctLabelHigh()).isEqualTo(1234L << 32);
        }
        assertThat(bridge.dump()).first().isEqualTo("udp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=1,dport=2),"
            + "reply=(src=10.1.1.2,dst=10.1.1.1,sport=2,dport=1),zone=1,mark=1,labels=0x4d2000000000000000000000000");
    }

    @Test
    @DisplayName("ofproto-dpif - conntrack - force commit")
    void conntrackForceCommit() {
        bridge = new Bridge("""
            table=0,priority=100,arp,action=normal
            table=0,priority=10,in_port=1,udp,action=ct(commit),output:9
            table=0,priority=10,in_port=2,udp,action=ct(table=1)
            table=0,priority=1,action=drop
            table=1,priority=10,in_port=2,ct_state=+est,udp,action=ct(force,commit),output:9
            table=1,priority=1,action=drop
            """);
        assertThat(bridge.receive(2, answer(2, 1)).sent()).isEmpty();
        for (final int[] ports : new int[][] {{1, 2}, {3, 4}}) {
            assertThat(bridge.receive(1, request(ports[0], ports[1])).at(9)).isNotNull();
            assertThat(bridge.receive(2, answer(ports[1], ports[0])).at(9)).isNotNull();
        }
        assertThat(bridge.dump()).as("the side that answered is now the one that opened").containsExactly(
            "udp,orig=(src=10.1.1.2,dst=10.1.1.1,sport=2,dport=1),reply=(src=10.1.1.1,dst=10.1.1.2,sport=1,dport=2)",
            "udp,orig=(src=10.1.1.2,dst=10.1.1.1,sport=4,dport=3),reply=(src=10.1.1.1,dst=10.1.1.2,sport=3,dport=4)");
    }

    @Test
    @DisplayName("ofproto-dpif - conntrack - related nat")
    void conntrackRelatedNat() {
        bridge = new Bridge("""
            table=0,priority=100,arp,action=normal
            table=0,priority=10,ip,in_port=1,udp,action=ct(commit,table=1,nat(dst=1.2.3.4:10000-10000))
            table=0,priority=10,ip,in_port=2,action=ct(nat,table=1)
            table=0,priority=1,action=drop
            table=1,priority=10,in_port=1,ct_state=+trk,action=2
            table=1,priority=10,in_port=2,ct_state=+trk,action=1
            table=1,priority=1,action=drop
            """);
        bridge.settings(settings -> settings.withFragments(true, true, 400, 1280, 1000));
        final Packet sent = Packets.udp4("172.16.0.1", 41614, "172.16.0.2", 5555).payloadSize(900).build();
        final Packet translated = bridge.receive(1, sent.copy()).at(2);
        assertThat(Wording.of(translated)).isEqualTo("udp 172.16.0.1:41614 > 1.2.3.4:10000");

        final List<Packet> error = Packets.icmp4("1.2.3.4", "172.16.0.1", 3, 3).payload(Packets.quote(translated, 548))
            .fragments(408);
        assertThat(error).hasSize(2);
        assertThat(bridge.receive(2, error.get(0)).last().fate()).isEqualTo(SeenPacket.Fate.HELD);
        final Bridge.Outcome released = bridge.receive(2, error.get(1));
        assertThat(released.words()).containsExactly("p1: icmp 172.16.0.2 > 172.16.0.1 fragment at 0",
            "p1: icmp 172.16.0.2 > 172.16.0.1 fragment at 408");
        assertThat(released.state()).isEqualTo("rel|rpl|trk|snat");
        final Packet whole = Packets.icmp4("172.16.0.2", "172.16.0.1", 3, 3).payload(Packets.quote(sent, 548)).build();
        assertThat(join(released)).as("as if the first host's own packet had been quoted")
            .isEqualTo(Packets.quote(whole, 2000));
    }

    /** {@return the IP packet that the fragments make: the header of a whole one, and all their data} */
    private static byte[] join(final Bridge.Outcome outcome) {
        final ByteArrayOutputStream data = new ByteArrayOutputStream();
        for (final Bridge.Sent one : outcome.sent()) {
            final byte[] bytes = Packets.quote(one.packet(), 2000);
            data.write(bytes, 20, bytes.length - 20);
        }
        final Packet first = outcome.sent().get(0).packet();
        final String[] words = Wording.of(first).split(" ");
        return Packets.quote(Packets.ip4(IpProtocol.parse(words[0]), words[1].split(":")[0], words[3].split(":")[0])
            .payload(data.toByteArray()).build(), 4000);
    }

    @Test
    @DisplayName("ofproto-dpif - conntrack - fragmentation nat")
    void conntrackFragmentationNat() {
        bridge = new Bridge("""
            table=0,priority=10,ip,in_port=1,udp,action=ct(commit,table=1,nat(dst=1.2.3.4))
            table=1,priority=10,ip,in_port=1,udp,action=2
            """);
        bridge.settings(settings -> settings.withFragments(true, true, 400, 1280, 1000));
        final Packets datagram = Packets.udp4("172.16.0.1", 41614, "172.16.0.2", 5555).payload("A".repeat(500));
        final List<Packet> fragments = datagram.fragments(496);
        assertThat(bridge.receive(1, fragments.get(0)).sent()).isEmpty();
        final Bridge.Outcome outcome = bridge.receive(1, fragments.get(1));
        assertThat(outcome.words()).containsExactly("p2: udp 172.16.0.1:41614 > 1.2.3.4:5555 fragment at 0",
            "p2: udp 172.16.0.1 > 1.2.3.4 fragment at 496");
        assertThat(join(outcome)).as("checksum of the whole datagram included").isEqualTo(Packets.quote(
            Packets.udp4("172.16.0.1", 41614, "1.2.3.4", 5555).payload("A".repeat(500)).build(), 4000));
    }

    @Test
    @DisplayName("ofproto-dpif - conntrack - ipv6")
    void conntrackIpv6() {
        bridge = new Bridge(ONE_WAY.replace("udp", "udp6"));
        final Packets request = Packets.udp6("2001:db8::1", 1, "2001:db8::2", 2).tos(0x70).ttl(128);
        final Packets answer = Packets.udp6("2001:db8::2", 2, "2001:db8::1", 1).tos(0x70).ttl(128);
        assertThat(bridge.receive(2, answer).sent()).isEmpty();
        assertThat(bridge.receive(1, request).words()).containsExactly("p9: udp 2001:db8::1:1 > 2001:db8::2:2");
        final Bridge.Outcome reply = bridge.receive(2, answer);
        assertThat(reply.at(9)).isNotNull();
        assertThat(reply.state()).isEqualTo("est|rpl|trk");
    }

    @Test
    @DisplayName("ofproto-dpif - conntrack - output action")
    void conntrackOutputAction() {
        bridge = new Bridge("""
            table=0,priority=100,arp,action=normal
            table=0,priority=10,in_port=1,udp,action=ct(commit,zone=0),2
            table=0,priority=10,in_port=2,udp,action=ct(table=1,zone=0)
            table=0,priority=1,action=drop
            table=1,priority=10,in_port=2,ct_state=+trk+est-new,udp,action=1
            table=1,priority=1,action=drop
            """);
        assertThat(bridge.receive(2, answer(2, 1)).sent()).isEmpty();
        for (int round = 0; round < 2; round++) {
            assertThat(bridge.receive(1, request(1, 2)).words()).containsExactly("p2: udp 10.1.1.1:1 > 10.1.1.2:2");
            assertThat(bridge.receive(2, answer(2, 1)).words()).containsExactly("p1: udp 10.1.1.2:2 > 10.1.1.1:1");
        }
    }

    @Test
    @DisplayName("ofproto-dpif - conntrack - expiration")
    void conntrackExpiration() {
        bridge = new Bridge(ONE_WAY);
        bridge.receive(1, request(1, 2));
        assertThat(bridge.receive(2, answer(2, 1)).state()).isEqualTo("est|rpl|trk");
        bridge.advance(100);
        final Bridge.Outcome late = bridge.receive(2, answer(2, 1));
        assertThat(late.sent()).isEmpty();
        assertThat(late.state()).isEqualTo("new|trk");
        assertThat(bridge.dump()).isEmpty();
    }

    @Test
    @DisplayName("ofproto-dpif - conntrack - untrackable traffic")
    void conntrackUntrackableTraffic() {
        bridge = new Bridge("""
            ipv6,ct_state=-trk,action=ct(table=0,zone=0)
            ct_state=+trk,action=output:9
            """);
        final byte[] target = new byte[16];
        target[0] = (byte) 0xfe;
        target[1] = (byte) 0x80;
        target[15] = 2;
        final Bridge.Outcome outcome = bridge.receive(2, Packets.icmp6("fe80::1", "fe80::2", 135, 0).ttl(255)
            .payload(target));
        assertThat(outcome.at(9)).isNotNull();
        assertThat(outcome.state()).isEqualTo("inv|trk");
    }

    @Test
    @DisplayName("ofproto-dpif - conntrack - zones")
    void conntrackZones() {
        bridge = new Bridge("""
            table=0,priority=100,arp,action=normal
            table=0,priority=10,in_port=1,udp,action=ct(commit,zone=0),output:9
            table=0,priority=10,in_port=2,udp,action=ct(table=1,zone=0)
            table=0,priority=10,in_port=3,udp,action=ct(commit,zone=1),output:9
            table=0,priority=10,in_port=4,udp,action=ct(table=1,zone=1)
            table=0,priority=1,action=drop
            table=1,priority=10,in_port=2,ct_state=+trk+est-new,udp,action=output:9
            table=1,priority=10,in_port=4,ct_state=+trk+est-new,udp,action=output:9
            table=1,priority=1,action=drop
            """);
        for (int zone = 0; zone < 2; zone++) {
            final int inside = 1 + 2 * zone;
            assertThat(bridge.receive(inside + 1, answer(2, 1)).sent()).as("zone %d knows nothing yet", zone).isEmpty();
            assertThat(bridge.receive(inside, request(1, 2)).at(9)).isNotNull();
            final Bridge.Outcome reply = bridge.receive(inside + 1, answer(2, 1));
            assertThat(reply.at(9)).isNotNull();
            assertThat(reply.state()).isEqualTo("est|rpl|trk");
            assertThat(reply.last().ctZone()).isEqualTo(zone);
        }
        assertThat(bridge.dump()).hasSize(2);
    }

    @Test
    @DisplayName("ofproto-dpif - conntrack - recirc,commit")
    void conntrackRecircCommit() {
        bridge = new Bridge("""
            table=0,priority=100,arp,action=normal
            table=0,priority=10,udp,action=ct(table=1,zone=0)
            table=0,priority=1,action=drop
            table=1,priority=10,in_port=1,ct_state=+trk+new,udp,action=ct(commit,zone=0),output:9
            table=1,priority=10,ct_state=+trk+est,udp,action=output:9
            table=1,priority=1,action=drop
            """);
        assertThat(bridge.receive(2, answer(2, 1)).sent()).isEmpty();
        assertThat(bridge.receive(1, request(1, 2)).at(9)).isNotNull();
        final Bridge.Outcome reply = bridge.receive(2, answer(2, 1));
        assertThat(reply.at(9)).isNotNull();
        assertThat(reply.state()).isEqualTo("est|rpl|trk");
    }

    @Test
    @DisplayName("ofproto-dpif - conntrack - ICMP related")
    void conntrackIcmpRelated() {
        bridge = new Bridge("""
            table=0,priority=100,arp,action=normal
            table=0,priority=10,ip,in_port=1,udp,action=ct(commit,table=1)
            table=0,priority=10,ip,in_port=2,action=ct(table=1)
            table=0,priority=1,action=drop
            table=1,priority=10,in_port=1,ct_state=+trk,action=output:9
            table=1,priority=10,in_port=2,ct_state=+trk-inv-new,action=output:9
            table=1,priority=1,action=drop
            """);
        final Packet stranger = Packets.udp4("172.16.0.3", 4369, "172.16.0.4", 8738).payload("abc").build();
        final Bridge.Outcome unasked = bridge.receive(2,
            Packets.icmp4Error("172.16.0.4", "172.16.0.3", 3, 3, stranger));
        assertThat(unasked.sent()).isEmpty();
        assertThat(unasked.state()).isEqualTo("inv|trk");

        final Packet datagram = Packets.udp4("172.16.0.1", 41614, "172.16.0.2", 5555).payload("abc").build();
        final Bridge.Outcome first = bridge.receive(1, datagram.copy());
        assertThat(first.at(9)).isNotNull();
        assertThat(first.state()).isEqualTo("new|trk");

        final Bridge.Outcome error = bridge.receive(2, Packets.icmp4Error("172.16.0.2", "172.16.0.1", 3, 3, datagram));
        assertThat(error.words()).containsExactly(
            "p9: icmp 172.16.0.2 > 172.16.0.1 3/3 about (udp 172.16.0.1:41614 > 172.16.0.2:5555)");
        assertThat(error.state()).isEqualTo("rel|rpl|trk");
    }

    @Test
    @DisplayName("ofproto-dpif - conntrack - ct_mark")
    void conntrackCtMark() {
        bridge = new Bridge("""
            table=0,arp,action=normal
            table=0,ip,in_port=1,udp,tp_src=1,action=ct(commit,exec(set_field:1->ct_mark)),output:9
            table=0,ip,in_port=1,udp,tp_src=3,action=ct(commit,exec(set_field:3->ct_mark)),output:9
            table=0,ip,in_port=1,udp,tp_src=5,action=ct(commit,exec(set_field:5->ct_mark)),output:9
            table=0,ip,in_port=2,actions=ct(table=1)
            table=0,priority=0,action=drop
            table=1,priority=100,ct_state=+trk+rpl,ct_mark=0/4,actions=output:9
            table=1,priority=1,action=drop
            """);
        for (int port = 1; port <= 5; port += 2) {
            assertThat(bridge.receive(1, request(port, port + 1)).at(9)).isNotNull();
        }
        for (int port = 1; port <= 5; port += 2) {
            final Bridge.Outcome reply = bridge.receive(2, answer(port + 1, port));
            assertThat(reply.last().ctMark()).isEqualTo(port);
            assertThat(reply.sent()).hasSize(port == 5 ? 0 : 1);
        }
    }

    @Test
    @DisplayName("ofproto-dpif - conntrack - ct_label")
    void conntrackCtLabel() {
        bridge = new Bridge("""
            table=0,arp,action=normal
            table=0,ip,in_port=1,udp,tp_src=1,action=ct(commit,exec(set_field:0x1->ct_label))
            table=0,ip,in_port=1,udp,tp_src=3,action=ct(commit,exec(set_field:0x20000000000000000000000000->ct_label))
            table=0,ip,in_port=2,actions=ct(table=1)
            table=1,priority=10,ct_state=+trk+rpl,actions=output:9
            table=1,priority=1,action=drop
            """);
        assertThat(bridge.receive(1, request(1, 2)).sent()).isEmpty();
        assertThat(bridge.receive(1, request(3, 4)).sent()).isEmpty();
        final Bridge.Outcome low = bridge.receive(2, answer(2, 1));
        assertThat(low.at(9)).isNotNull();
        assertThat(low.last().ctLabelHigh()).isZero();
        assertThat(low.last().ctLabelLow()).isEqualTo(1);
        final Bridge.Outcome high = bridge.receive(2, answer(4, 3));
        assertThat(high.at(9)).isNotNull();
        assertThat(high.last().ctLabelHigh()).isEqualTo(0x2000000000L);
        assertThat(high.last().ctLabelLow()).isZero();
    }

    @Test
    @DisplayName("ofproto-dpif - conntrack - ct_label datapath flow")
    void conntrackCtLabelDatapathFlow() {
        bridge = new Bridge("""
            table=0,arp,action=normal
            table=0,ip,in_port=1,udp,tp_src=1,action=ct(commit,exec(set_field:1->ct_label)),2
            table=0,ip,in_port=1,udp,tp_src=3,action=ct(commit,exec(set_field:3->ct_label)),2
            table=0,ip,in_port=2,actions=ct(table=1)
            table=0,priority=0,action=drop
            table=1,priority=10,ct_state=+trk+rpl,ct_label=0x1,actions=1
            table=1,priority=1,action=drop
            """);
        bridge.receive(1, request(1, 2));
        bridge.receive(1, request(3, 2));
        assertThat(bridge.receive(2, answer(2, 1)).at(1)).as("all 128 bits match").isNotNull();
        assertThat(bridge.receive(2, answer(2, 3)).sent()).as("one bit more does not match").isEmpty();
    }

    @Test
    @DisplayName("ofproto-dpif - conntrack - no output")
    void conntrackNoOutput() {
        bridge = new Bridge("in_port=1,udp,action=ct(commit,zone=0)");
        final Bridge.Outcome outcome = bridge.receive(1, request(1, 2));
        assertThat(outcome.sent()).isEmpty();
        assertThat(bridge.dump()).containsExactly(
            "udp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=1,dport=2),reply=(src=10.1.1.2,dst=10.1.1.1,sport=2,dport=1)");
    }

    // ---- TCP ----

    private static final String TCP_FLOWS = """
        table=0,priority=100,arp,action=normal
        table=0,priority=10,in_port=1,ip,action=ct(commit,table=1)
        table=0,priority=10,in_port=2,ip,action=ct(table=1)
        table=0,priority=1,action=drop
        table=1,priority=100,cookie=0x1,in_port=1,ip,ct_state=+trk+new-inv-rpl,action=2
        table=1,priority=100,cookie=0x2,in_port=1,ip,ct_state=+trk-new-inv-rpl,action=2
        table=1,priority=100,cookie=0x3,in_port=2,ip,ct_state=+trk+est+rpl-new-inv,action=1
        table=1,cookie=0x4,ip,ct_state=+trk+inv,action=drop
        """;

    @Test
    @DisplayName("ofproto-dpif - conntrack - tcp port reuse")
    void conntrackTcpPortReuse() {
        bridge = new Bridge(TCP_FLOWS);
        for (int round = 1; round <= 2; round++) {
            final TcpSession session = new TcpSession(bridge, 1, ONE, 1, 2, TWO, 2);
            session.open();
            session.serverSays("payload\n");
            session.close();
            assertThat(bridge.matched(1)).as("connections opened after round %d", round).isEqualTo(round);
        }
        final TcpSession cut = new TcpSession(bridge, 1, ONE, 1, 2, TWO, 2);
        cut.open();
        cut.reset();
        new TcpSession(bridge, 1, ONE, 1, 2, TWO, 2).open();
        assertThat(bridge.matched(1)).as("a reset frees the ports, too").isEqualTo(4);
        assertThat(bridge.matched(4)).isZero();
        assertThat(bridge.dump()).hasSize(1);
    }

    @Test
    @DisplayName("ofproto-dpif - conntrack - tcp pick up")
    void conntrackTcpPickUp() {
        bridge = new Bridge("""
            table=0,priority=100,arp,action=normal
            table=0,priority=10,in_port=1,tcp,action=ct(commit,table=1)
            table=0,priority=10,in_port=2,tcp,action=ct(table=1)
            table=0,priority=1,action=drop
            table=1,priority=10,cookie=0x1,ip,ct_state=+trk+inv,action=output:9
            table=1,priority=1,action=drop
            """);
        final long client = 0x396bb35aL;
        final long server = 0x8cadbdb4L;
        // A shift of seven was agreed on before anything was seen, so a window of ten means 1280 bytes.
        final Function<String, Packets> up = flags -> Packets.tcp4(TWO, 2, ONE, 1).flags(flags).window(10);
        final Function<String, Packets> down = flags -> Packets.tcp4(ONE, 1, TWO, 2).flags(flags).window(10);
        assertThat(bridge.receive(1, up.apply("A").seq(client).ack(server)).state()).isEqualTo("new|trk");
        bridge.receive(1, up.apply("PA").seq(client).ack(server).payload("\n"));
        bridge.receive(2, down.apply("A").seq(server).ack(client + 1));
        assertThat(bridge.dump()).containsExactly("tcp,orig=(src=10.1.1.2,dst=10.1.1.1,sport=2,dport=1),"
            + "reply=(src=10.1.1.1,dst=10.1.1.2,sport=1,dport=2),protoinfo=(state=ESTABLISHED)");
        bridge.receive(1, up.apply("PA").seq(client + 1).ack(server).payload("f".repeat(514)));
        bridge.receive(2, down.apply("A").seq(server).ack(client + 515));
        bridge.receive(2, down.apply("PA").seq(server).ack(client + 515).payload("e".repeat(469)));
        bridge.receive(1, up.apply("A").seq(client + 515).ack(server + 469));
        bridge.receive(1, up.apply("FA").seq(client + 515).ack(server + 469));
        bridge.receive(2, down.apply("A").seq(server + 469).ack(client + 516));
        bridge.receive(2, down.apply("FA").seq(server + 469).ack(client + 516));
        assertThat(bridge.receive(1, up.apply("A").seq(client + 516).ack(server + 470)).state()).isEqualTo("est|trk");
        assertThat(bridge.matched(1)).as("invalid packets").isZero();
    }

    @Test
    @DisplayName("ofproto-dpif - conntrack - disable tcp sequence checking")
    void conntrackDisableTcpSequenceChecking() {
        bridge = new Bridge(TCP_FLOWS);
        assertThat(bridge.tracker.settings().tcpSequenceCheck()).isTrue();
        strayingSession();
        assertThat(matched()).containsExactly(1L, 4L, 3L, 1L);

        bridge.flush();
        bridge.settings(settings -> settings.withTcpSequenceCheck(false));
        strayingSession();
        assertThat(matched()).as("the stray segment passed").containsExactly(2L, 8L, 7L, 1L);

        bridge.flush();
        bridge.settings(settings -> settings.withTcpSequenceCheck(true));
        strayingSession();
        assertThat(matched()).containsExactly(3L, 12L, 10L, 2L);
    }

    /** A session of nine packets, of which the fourth stands nowhere near the others. */
    private void strayingSession() {
        final long client = 0x59b5d940L;
        final long server = 0x7c354685L;
        final Function<String, Packets> up = flags -> Packets.tcp4(ONE, 1, TWO, 2).flags(flags).window(29200);
        final Function<String, Packets> down = flags -> Packets.tcp4(TWO, 2, ONE, 1).flags(flags).window(29200);
        bridge.receive(1, up.apply("S").seq(client - 1));
        bridge.receive(2, down.apply("SA").seq(server - 1).ack(client));
        bridge.receive(1, up.apply("A").seq(client).ack(server));
        bridge.receive(2, down.apply("PA").seq(0).ack(0).payload("payload\n"));
        bridge.receive(1, up.apply("A").seq(client).ack(server + 8));
        bridge.receive(2, down.apply("FA").seq(server + 8).ack(client));
        bridge.receive(1, up.apply("A").seq(client).ack(server + 9));
        bridge.receive(1, up.apply("FA").seq(client).ack(server + 9));
        bridge.receive(2, down.apply("A").seq(server + 9).ack(client + 1));
    }

    private List<Long> matched() {
        return List.of(bridge.matched(1), bridge.matched(2), bridge.matched(3), bridge.matched(4));
    }

    // ---- what flows see ----

    @Test
    @DisplayName("ofproto-dpif - conntrack - ct_clear")
    void conntrackCtClear() {
        bridge = new Bridge("""
            table=0,priority=100,arp,action=normal
            table=0,priority=10,in_port=1,udp,action=ct(commit,zone=0),resubmit(,5),ct_clear,resubmit(,5)
            table=0,priority=10,in_port=2,udp,action=ct(table=1,zone=0)
            table=0,priority=1,action=drop
            table=1,priority=10,in_port=2,ct_state=+trk+est-new,udp,action=resubmit(,5),ct_clear,resubmit(,5)
            table=1,priority=1,action=drop
            table=5,priority=10,ct_state=+est+rpl+trk,ip,ct_nw_src=10.1.1.1,ct_tp_src=1,action=output:8
            table=5,priority=9,ct_state=-trk-est-rpl,action=output:9
            """);
        assertThat(bridge.receive(2, answer(2, 1)).sent()).isEmpty();
        assertThat(bridge.receive(1, request(1, 2)).words()).as("nothing is seen of ct without table=")
            .containsExactly("p9: udp 10.1.1.1:1 > 10.1.1.2:2", "p9: udp 10.1.1.1:1 > 10.1.1.2:2");
        assertThat(bridge.receive(2, answer(2, 1)).words()).as("once with, once without")
            .containsExactly("p8: udp 10.1.1.2:2 > 10.1.1.1:1", "p9: udp 10.1.1.2:2 > 10.1.1.1:1");

        bridge.datapath.removeFlows("", false);
        bridge.flows("""
            table=0 in_port=1 ip actions=ct_clear,ct(table=1)
            table=1 in_port=1 actions=ct_clear,ct_clear,goto_table:2
            table=2 in_port=1 ct_state=-trk actions=ct_clear,p2
            """);
        assertThat(bridge.receive(1, request(1, 2)).at(2)).as("clearing what is clear does no harm").isNotNull();
    }

    @Test
    @DisplayName("ofproto-dpif - conntrack - match masked ct fields")
    void conntrackMatchMaskedCtFields() {
        bridge = new Bridge("""
            table=0,arp,action=normal
            table=0,ip,in_port=1,udp,nw_src=10.1.2.1/24,action=ct(commit)
            table=0,in_port=1,udp6,ipv6_dst=2001:db8::1/64,action=ct(commit)
            table=0,ip,in_port=1,udp,tp_src=3/0x1,action=ct(commit)
            table=0,ip,in_port=2,actions=ct(table=1)
            table=0,ip6,in_port=2,actions=ct(table=1)
            table=1,priority=10,udp,ct_state=+trk+rpl,ct_nw_src=10.1.2.1/24,actions=output:7
            table=1,priority=10,udp6,ct_state=+trk+rpl,ct_ipv6_dst=2001:db8::1/64,actions=output:8
            table=1,priority=10,udp,ct_state=+trk+rpl,ct_tp_src=3/0x1,actions=output:9
            table=1,priority=1,action=drop
            """);
        bridge.receive(1, Packets.udp4("10.1.2.100", 6, "10.1.2.200", 6));
        assertThat(bridge.receive(2, Packets.udp4("10.1.2.200", 6, "10.1.2.100", 6)).at(7)).isNotNull();
        bridge.receive(1, Packets.udp6("2001:db8::1", 1, "2001:db8::2", 2));
        assertThat(bridge.receive(2, Packets.udp6("2001:db8::2", 2, "2001:db8::1", 1)).at(8)).isNotNull();
        bridge.receive(1, request(1, 2));
        assertThat(bridge.receive(2, answer(2, 1)).at(9)).isNotNull();
        bridge.receive(1, request(2, 2));
        assertThat(bridge.receive(2, answer(2, 2)).sent()).as("an even port has no flow").isEmpty();
    }

    @Test
    @DisplayName("ofproto-dpif - conntrack - change sweep interval")
    void conntrackChangeSweepInterval() {
        bridge = new Bridge();
        assertThat(bridge.tracker.settings().sweepIntervalMs()).isEqualTo(20000);
        bridge.settings(before -> new ConntrackSettings(before.maxConnections(), 5000, before.tcpSequenceCheck(),
            before.accounting(), before.defaultZoneLimit(), before.zoneLimits(), before.timeoutPolicies(),
            before.maxExpectations(), before.reassembleV4(), before.reassembleV6(), before.minFragmentV4(),
            before.minFragmentV6(), before.maxFragments()));
        assertThat(bridge.tracker.settings().sweepIntervalMs()).isEqualTo(5000);
    }

    @Test
    @DisplayName("ofproto-dpif - fragment prerequisites")
    void fragmentPrerequisites() {
        bridge = new Bridge("""
            priority=10,in_port=1,udp,tp_src=67,tp_dst=68,action=output:2
            priority=1,in_port=1,udp,action=output:3
            """);
        final List<Packet> fragments = Packets.udp4("1.1.1.1", 67, "1.1.1.2", 68).payloadSize(2000).fragments(1200);
        assertThat(bridge.receive(1, fragments.get(0)).at(2)).as("the first fragment has ports").isNotNull();
        assertThat(bridge.receive(1, fragments.get(1)).at(3)).as("a later one has none").isNotNull();
    }

    // ---- fragments ----

    @Test
    @DisplayName("ofproto-dpif - fragment handling - reassembly")
    void fragmentHandlingReassembly() {
        bridge = new Bridge("""
            table=0 in_port=9,dl_src=55:55:55:55:55:55, actions=drop
            table=0 in_port=9,ip,nw_src=10.0.0.1, actions=drop
            table=0 in_port=9,ip,tcp actions=ct(commit, table=1, zone=10)
            table=0 in_port=1,ip,tcp actions=ct(commit, table=2, zone=20)
            table=1 tcp actions=2
            table=2 tcp actions=3
            """);
        final Packets segment = Packets.tcp4("172.17.55.13", 1, "172.17.55.11", 2).payloadSize(2396);
        // Too late: the other half comes when the first one was given up.
        assertThat(bridge.receive(9, segment.id(1).fragments(1208).get(0)).sent()).isEmpty();
        bridge.advance(16);
        assertThat(bridge.receive(9, segment.id(1).fragments(1208).get(1)).sent()).isEmpty();
        assertThat(bridge.tracker.fragments().v4().expired()).isEqualTo(1);
        // Nobody comes: the sweeper drops it.
        assertThat(bridge.receive(9, segment.id(3).fragments(1208).get(0)).sent()).isEmpty();
        bridge.advance(33);
        bridge.tracker.sweep();
        assertThat(bridge.tracker.fragments().v4().purged()).isEqualTo(2);
        assertThat(bridge.tracker.fragments().held()).isZero();
        assertThat(bridge.dump()).as("no datagram was whole").isEmpty();
        // In time, in either order.
        assertThat(bridge.receive(9, segment.id(4).fragments(1208).get(1)).sent()).isEmpty();
        assertThat(bridge.receive(9, segment.id(4).fragments(1208).get(0)).words()).containsExactly(
            "p2: tcp 172.17.55.13:1 > 172.17.55.11:2 fragment at 0",
            "p2: tcp 172.17.55.13 > 172.17.55.11 fragment at 1208");
    }

    @Test
    @DisplayName("ofproto-dpif - fragment handling - reassembly: more than one batch, in two zones")
    void fragmentHandlingReassemblyOfManyFragments() {
        bridge = new Bridge("""
            table=0 in_port=9,ip,tcp actions=ct(commit, table=1, zone=10)
            table=0 in_port=1,ip,tcp actions=ct(commit, table=2, zone=20)
            table=1 tcp actions=2
            table=2 tcp actions=3
            """);
        bridge.settings(settings -> settings.withFragments(true, true, 420, 1280, 1000));
        sendMany(9, 2, Packets.tcp4("2.2.2.2", 2, "1.1.1.1", 1));
        sendMany(1, 3, Packets.tcp4("1.1.1.1", 1, "2.2.2.2", 2));
        assertThat(bridge.dump(10)).hasSize(1);
        assertThat(bridge.dump(20)).hasSize(1);
    }

    @Test
    @DisplayName("ofproto-dpif - fragment handling - reassembly no recirculation")
    void fragmentHandlingReassemblyNoRecirculation() {
        bridge = new Bridge("""
            table=0 in_port=1,dl_src=55:55:55:55:55:55, actions=drop
            table=0 in_port=1,ip,nw_src=10.0.0.2, actions=drop
            table=0 in_port=1,ip,tcp actions=ct(commit, zone=10),output:2
            """);
        bridge.settings(settings -> settings.withFragments(true, true, 420, 1280, 1000));
        sendMany(1, 2, Packets.tcp4("1.1.1.1", 1, "2.2.2.2", 2));
        assertThat(bridge.tracker.counters().get(Counter.CREATED)).isEqualTo(1);
    }

    /** Sends a segment in 63 fragments, one by one, and expects them all when the last one came. */
    private void sendMany(final int from, final int to, final Packets segment) {
        final List<Packet> fragments = segment.payloadSize(448 * 63 - 20).fragments(448);
        assertThat(fragments).hasSize(63);
        final List<String> before = new ArrayList<>();
        for (final Packet fragment : fragments) {
            before.add(HexFormat.of().formatHex(fragment.bytes()));
        }
        for (final Packet fragment : fragments.subList(0, 62)) {
            assertThat(bridge.receive(from, fragment).sent()).isEmpty();
        }
        final Bridge.Outcome outcome = bridge.receive(from, fragments.get(62));
        assertThat(outcome.sent()).allMatch(one -> one.port() == to);
        assertThat(outcome.sent().stream().map(one -> HexFormat.of().formatHex(one.packet().bytes())).toList())
            .as("all of them, unchanged and in order").isEqualTo(before);
    }
}
