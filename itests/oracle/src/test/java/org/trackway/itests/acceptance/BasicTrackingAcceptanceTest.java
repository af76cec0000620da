// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.Timeout;
import org.trackway.conntrack.TimeoutPolicy;
import org.trackway.datapath.Datapath;
import org.trackway.packet.Packets;

/** What tests/system-traffic.at expects of {@code ct} without translation, hosts being played by the tests. */
class BasicTrackingAcceptanceTest {

    private static final String ONE = "10.1.1.1";
    private static final String TWO = "10.1.1.2";
    private static final String THREE = "10.1.1.3";
    private static final String FOUR = "10.1.1.4";

    private static final String BASE = """
        priority=1,action=drop
        priority=10,arp,action=normal
        """;

    private Bridge bridge;

    @AfterEach
    void close() {
        bridge.close();
    }

    private boolean page(final int clientPort, final String client, final int serverPort, final String server) {
        return TcpSession.getPage(bridge, clientPort, client, serverPort, server);
    }

    /** {@return a TCP connection as it is dumped when it was used and closed} */
    private static String closed(final String from, final int fromPort, final String to, final String rest) {
        return "tcp,orig=(src=" + from + ",dst=" + to + ",sport=" + fromPort + ",dport=80),reply=(src=" + to + ",dst="
            + from + ",sport=80,dport=" + fromPort + ")" + rest + ",protoinfo=(state=TIME_WAIT)";
    }

    @Test
    @DisplayName("conntrack - controller")
    void conntrackController() {
        bridge = new Bridge(BASE, """
            priority=100,in_port=1,udp,action=ct(commit),output:9
            priority=100,in_port=2,ct_state=-trk,udp,action=ct(table=0)
            priority=100,in_port=2,ct_state=+trk+est,udp,action=output:9
            """);
        assertThat(bridge.receive(2, Packets.udp4(TWO, 2, ONE, 1).checksum(0)).sent()).isEmpty();
        assertThat(bridge.receive(1, Packets.udp4(ONE, 1, TWO, 2).checksum(0)).at(9)).isNotNull();
        final Bridge.Outcome reply = bridge.receive(2, Packets.udp4(TWO, 2, ONE, 1).checksum(0));
        assertThat(reply.at(9)).isNotNull();
        assertThat(reply.state()).isEqualTo("est|rpl|trk");
    }

    @Test
    @DisplayName("conntrack - force commit")
    void conntrackForceCommit() {
        bridge = new Bridge(BASE, """
            priority=100,in_port=1,udp,action=ct(force,commit),output:9
            priority=100,in_port=2,ct_state=-trk,udp,action=ct(table=0)
            priority=100,in_port=2,ct_state=+trk+est,udp,action=ct(force,commit,table=1)
            table=1,in_port=2,ct_state=+trk,udp,action=output:9
            """);
        final Packets up = Packets.udp4(ONE, 1, TWO, 2);
        final Packets down = Packets.udp4(TWO, 2, ONE, 1);
        assertThat(bridge.receive(2, down).sent()).isEmpty();
        assertThat(bridge.receive(1, up).at(9)).isNotNull();
        final Bridge.Outcome turned = bridge.receive(2, down);
        assertThat(turned.at(9)).isNotNull();
        assertThat(turned.state()).isEqualTo("new|trk");
        assertThat(bridge.dump()).containsExactly(
            "udp,orig=(src=10.1.1.2,dst=10.1.1.1,sport=2,dport=1),reply=(src=10.1.1.1,dst=10.1.1.2,sport=1,dport=2)");
        bridge.receive(1, up);
        assertThat(bridge.dump()).as("and round again").containsExactly(
            "udp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=1,dport=2),reply=(src=10.1.1.2,dst=10.1.1.1,sport=2,dport=1)");
    }

    @Test
    @DisplayName("conntrack - IPv4 ping")
    void conntrackIpv4Ping() {
        bridge = new Bridge(BASE, """
            priority=100,in_port=1,icmp,action=ct(commit),2
            priority=100,in_port=2,icmp,ct_state=-trk,action=ct(table=0)
            priority=100,in_port=2,icmp,ct_state=+trk+est,action=1
            """);
        for (int i = 0; i < 3; i++) {
            assertThat(bridge.ping(1, ONE, 2, TWO, 77)).isTrue();
        }
        assertThat(bridge.dump()).containsExactly("icmp,orig=(src=10.1.1.1,dst=10.1.1.2,id=77,type=8,code=0),"
            + "reply=(src=10.1.1.2,dst=10.1.1.1,id=77,type=0,code=0)");
        bridge.flush("ct_nw_src=10.1.1.1,ct_nw_dst=10.1.1.2");
        assertThat(bridge.dump()).isEmpty();
        assertThat(bridge.ping(2, TWO, 1, ONE, 78)).isFalse();
    }

    @Test
    @DisplayName("conntrack - IPv6 ping")
    void conntrackIpv6Ping() {
        bridge = new Bridge("""
            table=0,priority=10,icmp6,icmp_type=128,action=goto_table:1
            table=0,priority=10,icmp6,icmp_type=129,action=goto_table:1
            table=0,priority=1,action=normal
            table=1,priority=100,in_port=1,icmp6,action=ct(commit),2
            table=1,priority=100,in_port=2,icmp6,ct_state=-trk,action=ct(table=0)
            table=1,priority=100,in_port=2,icmp6,ct_state=+trk+est,action=1
            table=1,priority=1,action=drop
            """);
        assertThat(bridge.ping(2, "fc00::2", 1, "fc00::1", 8)).isFalse();
        assertThat(bridge.ping(1, "fc00::1", 2, "fc00::2", 9)).isTrue();
        assertThat(bridge.dump()).containsExactly("icmpv6,orig=(src=fc00::1,dst=fc00::2,id=9,type=128,code=0),"
            + "reply=(src=fc00::2,dst=fc00::1,id=9,type=129,code=0)");
        bridge.flush("ct_ipv6_src=fc00::1,ct_ipv6_dst=fc00::2");
        assertThat(bridge.dump()).isEmpty();
    }

    @Test
    @DisplayName("conntrack - preserve registers")
    void conntrackPreserveRegisters() {
        bridge = new Bridge(BASE, """
            priority=100,in_port=1,tcp,ct_state=-trk,action=ct(commit,table=0)
            priority=100,in_port=1,tcp,ct_state=+trk,action=2
            priority=100,in_port=2,tcp,ct_state=-trk,action=ct(table=0)
            priority=100,in_port=2,tcp,ct_state=+trk,action=1
            priority=100,in_port=3,tcp,ct_state=-trk,action=load:0->NXM_NX_REG0[],ct(table=0)
            priority=100,in_port=3,tcp,ct_state=+trk,reg0=0,action=load:1->NXM_NX_REG0[],ct(commit,table=0)
            priority=100,in_port=3,tcp,ct_state=+trk,reg0=1,action=4
            priority=100,in_port=4,tcp,ct_state=-trk,action=ct(commit,table=0)
            priority=100,in_port=4,tcp,ct_state=+trk,action=3
            """);
        assertThat(page(1, ONE, 2, TWO)).isTrue();
        assertThat(page(3, THREE, 4, FOUR)).isTrue();
    }

    @Test
    @DisplayName("conntrack - invalid")
    void conntrackInvalid() {
        bridge = new Bridge(BASE, """
            priority=100,in_port=1,tcp,action=ct(),2
            priority=100,in_port=2,ct_state=-trk,tcp,action=ct(table=0)
            priority=100,in_port=2,ct_state=+trk+new,tcp,action=1
            priority=100,in_port=3,tcp,action=ct(),4
            priority=100,in_port=4,ct_state=-trk,tcp,action=ct(table=0)
            priority=100,in_port=4,ct_state=+trk+inv,tcp,action=3
            priority=100,in_port=4,ct_state=+trk+new,tcp,action=3
            """);
        final TcpSession refused = new TcpSession(bridge, 1, ONE, 1000, 2, TWO, 80);
        assertThat(refused.tryOpen()).as("nobody committed the SYN").isFalse();
        assertThat(refused.outcome().state()).isEqualTo("inv|trk");
        assertThat(page(3, THREE, 4, FOUR)).as("flows may let invalid packets pass").isTrue();
    }

    // ---- zones ----

    @Test
    @DisplayName("conntrack - zones")
    void conntrackZones() {
        bridge = new Bridge(BASE, """
            priority=100,in_port=1,tcp,action=ct(commit,zone=1),2
            priority=100,in_port=2,ct_state=-trk,tcp,action=ct(table=0,zone=1)
            priority=100,in_port=2,ct_state=+trk,ct_zone=1,tcp,action=1
            priority=100,in_port=3,tcp,action=ct(commit,zone=2),4
            priority=100,in_port=4,ct_state=-trk,tcp,action=ct(table=0,zone=2)
            priority=100,in_port=4,ct_state=+trk,ct_zone=1,tcp,action=3
            """);
        assertThat(page(1, ONE, 2, TWO)).isTrue();
        assertThat(page(3, THREE, 4, FOUR)).as("the zone is not the one that the flow wants").isFalse();
        assertThat(bridge.dump()).containsExactlyInAnyOrder(closed(ONE, 40001, TWO, ",zone=1"),
            "tcp,orig=(src=10.1.1.3,dst=10.1.1.4,sport=40002,dport=80),"
                + "reply=(src=10.1.1.4,dst=10.1.1.3,sport=80,dport=40002),zone=2,protoinfo=(state=ESTABLISHED)");
    }

    @Test
    @DisplayName("conntrack - zones from field")
    void conntrackZonesFromField() {
        bridge = new Bridge(BASE, """
            priority=100,in_port=1,tcp,action=load:0x1001->NXM_NX_REG0[0..15],ct(commit,zone=NXM_NX_REG0[0..15]),2
            priority=100,in_port=2,ct_state=-trk,tcp,action=load:0x1001->NXM_NX_REG0[0..15],\
            ct(table=0,zone=NXM_NX_REG0[0..15])
            priority=100,in_port=2,ct_state=+trk,ct_zone=0x1001,tcp,action=1
            priority=100,in_port=3,tcp,action=load:0x1002->NXM_NX_REG0[0..15],ct(commit,zone=NXM_NX_REG0[0..15]),4
            priority=100,in_port=4,ct_state=-trk,tcp,action=load:0x1002->NXM_NX_REG0[0..15],\
            ct(table=0,zone=NXM_NX_REG0[0..15])
            priority=100,in_port=4,ct_state=+trk,ct_zone=0x1001,tcp,action=3
            """);
        assertThat(page(1, ONE, 2, TWO)).isTrue();
        assertThat(page(3, THREE, 4, FOUR)).isFalse();
        assertThat(bridge.dump(0x1001)).containsExactly(closed(ONE, 40001, TWO, ",zone=4097"));
        assertThat(bridge.dump(0x1002)).hasSize(1);
    }

    @Test
    @DisplayName("conntrack - zones from other field")
    void conntrackZonesFromOtherField() {
        bridge = new Bridge(BASE, """
            priority=100,in_port=1,tcp,ct_state=-trk,action=ct(zone=5,table=0)
            priority=100,in_port=1,tcp,ct_state=+trk,action=ct(commit,zone=NXM_NX_CT_ZONE[]),2
            priority=100,in_port=2,ct_state=-trk,tcp,action=ct(table=0,zone=5)
            priority=100,in_port=2,ct_state=+trk,ct_zone=5,tcp,action=1
            """);
        assertThat(page(1, ONE, 2, TWO)).isTrue();
        assertThat(bridge.dump()).containsExactly(closed(ONE, 40001, TWO, ",zone=5"));
        bridge.flows("priority=100,ct_state=-trk,tcp,in_port=p1 actions=ct(table=0,zone=15)");
        new TcpSession(bridge, 1, ONE, 2000, 2, TWO, 80).knock();
        assertThat(bridge.dump(15)).as("the zone follows the field").hasSize(1);
    }

    @Test
    @DisplayName("conntrack - zones from other field, more tests")
    void conntrackZonesFromOtherFieldMoreTests() {
        bridge = new Bridge(BASE, """
            priority=100,in_port=1,tcp,ct_state=-trk,\
            action=ct(zone=5,table=0,commit,exec(load:0xffff0005->NXM_NX_CT_LABEL[0..31]))
            priority=100,in_port=1,tcp,ct_state=+trk,action=ct(commit,zone=NXM_NX_CT_LABEL[0..15]),2
            priority=100,in_port=2,ct_state=-trk,tcp,action=ct(table=0,zone=5)
            priority=100,in_port=2,ct_state=+trk,ct_zone=5,tcp,action=1
            """);
        assertThat(page(1, ONE, 2, TWO)).isTrue();
        assertThat(bridge.dump()).containsExactly(closed(ONE, 40001, TWO, ",zone=5,labels=0xffff0005"));
        bridge.flows("priority=100,ct_state=-trk,tcp,in_port=p1 "
            + "actions=ct(table=0,zone=15,commit,exec(load:0xffff000f->NXM_NX_CT_LABEL[0..31]))");
        new TcpSession(bridge, 1, ONE, 2000, 2, TWO, 80).knock();
        assertThat(bridge.dump(15)).singleElement().asString().contains(",zone=15,labels=0xffff000f,");
    }

    @Test
    @DisplayName("conntrack - multiple zones")
    void conntrackMultipleZones() {
        bridge = new Bridge(BASE, """
            priority=100,in_port=1,tcp,action=ct(commit,zone=1),ct(commit,zone=2),2
            priority=100,in_port=2,ct_state=-trk,tcp,action=ct(table=0,zone=2)
            priority=100,in_port=2,ct_state=+trk,ct_zone=2,tcp,action=1
            """);
        assertThat(page(1, ONE, 2, TWO)).isTrue();
        assertThat(page(1, ONE, 2, TWO)).isTrue();
        assertThat(bridge.dump(1)).as("zone 1 hears one side only").hasSize(2)
            .allMatch(line -> line.contains("zone=1,"));
        assertThat(bridge.dump(2)).containsExactly(closed(ONE, 40001, TWO, ",zone=2"),
            closed(ONE, 40002, TWO, ",zone=2"));
    }

    @Test
    @DisplayName("conntrack - multiple bridges")
    void conntrackMultipleBridges() {
        bridge = new Bridge(BASE, """
            priority=10,icmp,action=normal
            priority=100,in_port=2,tcp,ct_state=-trk,action=ct(commit,zone=1),1
            priority=100,in_port=1,tcp,ct_state=-trk,action=ct(table=0,zone=1)
            priority=100,in_port=1,tcp,ct_state=+trk+est,ct_zone=1,action=2
            """);
        try (Bridge second = new Bridge(bridge, BASE, """
                priority=10,icmp,action=normal
                priority=100,in_port=1,tcp,ct_state=-trk,action=ct(table=0,zone=2)
                priority=100,in_port=1,tcp,ct_state=+trk+new,ct_zone=2,action=ct(commit,zone=2),2
                priority=100,in_port=1,tcp,ct_state=+trk+est,ct_zone=2,action=2
                priority=100,in_port=2,tcp,ct_state=-trk,action=ct(table=0,zone=2)
                priority=100,in_port=2,tcp,ct_state=+trk+est,ct_zone=2,action=ct(commit,zone=2),1
                """)) {
            final Packets up = Packets.tcp4(ONE, 1000, TWO, 80);
            final Packets down = Packets.tcp4(TWO, 80, ONE, 1000);
            assertThat(second.receive(2, down.flags("SA").seq(99).ack(1)).sent()).as("nobody asked").isEmpty();
            assertThat(cross(bridge, second, up.flags("S").seq(0))).isEqualTo("tcp 10.1.1.1:1000 > 10.1.1.2:80 [S]");
            assertThat(cross(second, bridge, down.flags("SA").seq(99).ack(1)))
                .isEqualTo("tcp 10.1.1.2:80 > 10.1.1.1:1000 [SA]");
            assertThat(cross(bridge, second, up.flags("A").seq(1).ack(100)))
                .isEqualTo("tcp 10.1.1.1:1000 > 10.1.1.2:80 [A]");
        }
        assertThat(bridge.dump()).containsExactly("tcp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=1000,dport=80),"
            + "reply=(src=10.1.1.2,dst=10.1.1.1,sport=80,dport=1000),zone=1,protoinfo=(state=ESTABLISHED)",
            "tcp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=1000,dport=80),"
                + "reply=(src=10.1.1.2,dst=10.1.1.1,sport=80,dport=1000),zone=2,protoinfo=(state=ESTABLISHED)");
    }

    /** Carries a packet from a host at port 2 over the line between both ports 1. {@return what the other host gets} */
    private static String cross(final Bridge first, final Bridge second, final Packets packet) {
        return Wording.of(second.receive(1, first.receive(2, packet).at(1)).at(2));
    }

    @Test
    @DisplayName("conntrack - multiple zones, local")
    void conntrackMultipleZonesLocal() {
        // In the peer's test the host's own tracker has seen its packets; the first flow takes its place.
        bridge = new Bridge(BASE, """
            priority=200,in_port=LOCAL,ip,ct_state=-trk,action=ct(table=0,zone=40000)
            priority=100,in_port=LOCAL,ip,ct_state=-trk,action=drop
            priority=100,in_port=LOCAL,ip,ct_state=+trk+new,action=ct(commit,zone=1),ct(commit,zone=2),1
            priority=100,in_port=LOCAL,ip,ct_state=+trk+est,action=ct(commit,zone=1),ct(commit,zone=2),1
            priority=100,in_port=1,ip,ct_state=-trk,action=ct(table=1,zone=1)
            table=1,in_port=1,ip,ct_state=+trk+est,ct_zone=1,action=ct(table=2,zone=2)
            table=2,in_port=1,ip,ct_state=+trk+est,ct_zone=2,action=LOCAL
            """);
        assertThat(bridge.ping(Datapath.LOCAL_PORT, ONE, 1, TWO, 5)).isTrue();
        assertThat(page(Datapath.LOCAL_PORT, ONE, 1, TWO)).isTrue();
        assertThat(page(Datapath.LOCAL_PORT, ONE, 1, TWO)).isTrue();
        for (int zone = 1; zone <= 2; zone++) {
            assertThat(bridge.dump(zone)).containsExactly("icmp,orig=(src=10.1.1.1,dst=10.1.1.2,id=5,type=8,code=0),"
                + "reply=(src=10.1.1.2,dst=10.1.1.1,id=5,type=0,code=0),zone=" + zone,
                closed(ONE, 40001, TWO, ",zone=" + zone), closed(ONE, 40002, TWO, ",zone=" + zone));
        }
    }

    @Test
    @DisplayName("conntrack - multi-stage pipeline, local")
    void conntrackMultiStagePipelineLocal() {
        // In the peer's test the host's own tracker has seen its packets; the first flow takes its place.
        bridge = new Bridge("""
            table=0,priority=200,ip,in_port=LOCAL,ct_state=-trk,action=ct(table=0,zone=40000)
            table=0,priority=1,action=drop
            table=0,priority=10,arp,action=normal
            table=0,priority=100,ip,in_port=LOCAL,action=load:1->NXM_NX_REG0[0..15],goto_table:1
            table=0,priority=100,ip,in_port=1,action=load:65534->NXM_NX_REG0[0..15],goto_table:1
            table=1,priority=150,in_port=LOCAL,ip,ct_state=+trk+new,action=ct(commit,table=2,zone=OXM_OF_IN_PORT[0..15])
            table=1,priority=100,ip,action=ct(table=2,zone=OXM_OF_IN_PORT[0..15])
            table=1,priority=1,action=drop
            table=2,priority=150,in_port=LOCAL,ip,ct_state=+trk+new,action=ct(commit,table=4,zone=NXM_NX_REG0[0..15])
            table=2,priority=100,ip,ct_state=+trk+est,action=ct(table=3,zone=NXM_NX_REG0[0..15])
            table=2,priority=1,action=drop
            table=3,priority=100,ip,ct_state=+trk+est,action=goto_table:4
            table=3,priority=1,action=drop
            table=4,priority=100,ip,action=output:NXM_NX_REG0[]
            """);
        assertThat(bridge.ping(Datapath.LOCAL_PORT, ONE, 1, TWO, 5)).isTrue();
        assertThat(page(Datapath.LOCAL_PORT, ONE, 1, TWO)).isTrue();
        assertThat(bridge.ping(1, TWO, Datapath.LOCAL_PORT, ONE, 6)).as("nobody calls this host").isFalse();
        for (final int zone : new int[] {1, 65534}) {
            assertThat(bridge.dump(zone)).containsExactly("icmp,orig=(src=10.1.1.1,dst=10.1.1.2,id=5,type=8,code=0),"
                + "reply=(src=10.1.1.2,dst=10.1.1.1,id=5,type=0,code=0),zone=" + zone,
                closed(ONE, 40001, TWO, ",zone=" + zone));
        }
    }

    // ---- mark and label ----

    @Test
    @DisplayName("conntrack - ct_mark")
    void conntrackCtMark() {
        bridge = new Bridge(BASE, """
            priority=100,in_port=1,tcp,action=ct(commit,exec(set_field:1->ct_mark)),2
            priority=100,in_port=2,ct_state=-trk,tcp,action=ct(table=0)
            priority=100,in_port=2,ct_state=+trk,ct_mark=1,tcp,action=1
            priority=100,in_port=3,tcp,action=ct(commit,exec(set_field:2->ct_mark)),4
            priority=100,in_port=4,ct_state=-trk,tcp,action=ct(table=0)
            priority=100,in_port=4,ct_state=+trk,ct_mark=1,tcp,action=3
            """);
        assertThat(page(1, ONE, 2, TWO)).isTrue();
        assertThat(page(3, THREE, 4, FOUR)).isFalse();
        assertThat(bridge.dump()).containsExactlyInAnyOrder(closed(ONE, 40001, TWO, ",mark=1"),
            "tcp,orig=(src=10.1.1.3,dst=10.1.1.4,sport=40002,dport=80),"
                + "reply=(src=10.1.1.4,dst=10.1.1.3,sport=80,dport=40002),mark=2,protoinfo=(state=ESTABLISHED)");
    }

    @Test
    @DisplayName("conntrack - ct_mark bit-fiddling")
    void conntrackCtMarkBitFiddling() {
        bridge = new Bridge(BASE, """
            table=0,priority=100,in_port=1,tcp,action=ct(table=1)
            table=0,priority=100,in_port=2,ct_state=-trk,tcp,action=ct(table=1,commit,exec(set_field:0x2/0x6->ct_mark))
            table=1,in_port=1,ct_state=+new,tcp,action=ct(commit,exec(set_field:0x5/0x5->ct_mark)),2
            table=1,in_port=1,ct_state=-new,tcp,action=2
            table=1,in_port=2,ct_state=+trk,ct_mark=3,tcp,action=1
            """);
        assertThat(page(1, ONE, 2, TWO)).isTrue();
        assertThat(bridge.dump()).containsExactly(closed(ONE, 40001, TWO, ",mark=3"));
    }

    @Test
    @DisplayName("conntrack - ct_mark from register")
    void conntrackCtMarkFromRegister() {
        bridge = new Bridge(BASE, """
            priority=100,in_port=1,tcp,action=load:1->NXM_NX_REG0[0..31],\
            ct(commit,exec(move:NXM_NX_REG0[0..31]->NXM_NX_CT_MARK[])),2
            priority=100,in_port=2,ct_state=-trk,tcp,action=ct(table=0)
            priority=100,in_port=2,ct_state=+trk,ct_mark=1,tcp,action=1
            priority=100,in_port=3,tcp,action=load:2->NXM_NX_REG0[0..31],\
            ct(commit,exec(move:NXM_NX_REG0[0..31]->NXM_NX_CT_MARK[])),4
            priority=100,in_port=4,ct_state=-trk,tcp,action=ct(table=0)
            priority=100,in_port=4,ct_state=+trk,ct_mark=1,tcp,action=3
            """);
        assertThat(page(1, ONE, 2, TWO)).isTrue();
        assertThat(page(3, THREE, 4, FOUR)).isFalse();
        assertThat(bridge.dump()).anyMatch(line -> line.contains(",mark=2,"))
            .contains(closed(ONE, 40001, TWO, ",mark=1"));
    }

    @Test
    @DisplayName("conntrack - ct_label")
    void conntrackCtLabel() {
        bridge = new Bridge(BASE, """
            priority=100,in_port=1,tcp,action=ct(commit,exec(set_field:0x0a000d000005000001->ct_label)),2
            priority=100,in_port=2,ct_state=-trk,tcp,action=ct(table=0)
            priority=100,in_port=2,ct_state=+trk,ct_label=0x0a000d000005000001,tcp,action=1
            priority=100,in_port=3,tcp,action=ct(commit,exec(set_field:0x2->ct_label)),4
            priority=100,in_port=4,ct_state=-trk,tcp,action=ct(table=0)
            priority=100,in_port=4,ct_state=+trk,ct_label=0x0a000d000005000001,tcp,action=3
            """);
        assertThat(page(1, ONE, 2, TWO)).isTrue();
        assertThat(page(3, THREE, 4, FOUR)).isFalse();
        assertThat(bridge.dump()).contains(closed(ONE, 40001, TWO, ",labels=0xa000d000005000001"));
    }

    @Test
    @DisplayName("conntrack - ct_label bit-fiddling")
    void conntrackCtLabelBitFiddling() {
        bridge = new Bridge(BASE, """
            table=0,priority=100,in_port=1,tcp,action=ct(table=1)
            table=0,priority=100,in_port=2,ct_state=-trk,tcp,\
            action=ct(table=1,commit,exec(set_field:0x200000000/0x200000004->ct_label))
            table=1,in_port=1,tcp,ct_state=+new,action=ct(commit,exec(set_field:0x5/0x5->ct_label)),2
            table=1,in_port=1,tcp,ct_state=-new,action=2
            table=1,in_port=2,ct_state=+trk,ct_label=0x200000001,tcp,action=1
            """);
        assertThat(page(1, ONE, 2, TWO)).isTrue();
        assertThat(bridge.dump()).containsExactly(closed(ONE, 40001, TWO, ",labels=0x200000001"));
    }

    @Test
    @DisplayName("conntrack - ct metadata, multiple zones")
    void conntrackCtMetadataMultipleZones() {
        bridge = new Bridge(BASE, """
            table=0,priority=100,in_port=1,tcp,action=ct(zone=1,table=1)
            table=0,priority=100,in_port=2,ct_state=-trk,tcp,action=ct(zone=1,table=1,commit,\
            exec(set_field:0x200000000/0x200000004->ct_label,set_field:0x2/0x6->ct_mark))
            table=1,in_port=1,tcp,ct_state=+new,action=ct(zone=1,commit,\
            exec(set_field:0x5/0x5->ct_label,set_field:0x5/0x5->ct_mark)),ct(commit,zone=2),2
            table=1,in_port=1,tcp,ct_state=-new,action=ct(zone=2),2
            table=1,in_port=2,tcp,action=ct(zone=2),1
            """);
        assertThat(page(1, ONE, 2, TWO)).isTrue();
        assertThat(bridge.dump()).containsExactly(closed(ONE, 40001, TWO, ",zone=1,mark=3,labels=0x200000001"),
            closed(ONE, 40001, TWO, ",zone=2"));
    }

    // ---- states ----

    @Test
    @DisplayName("conntrack - new connections")
    void conntrackNewConnections() {
        bridge = new Bridge(BASE, """
            table=0, priority=100,tcp,action=ct(table=1)
            table=0, priority=100,udp,action=ct(table=1)
            table=1, priority=100,in_port=1,tcp,ct_state=+trk+new,action=ct(commit)
            table=1, priority=100,in_port=1,udp,ct_state=+trk+new,action=ct(commit)
            table=1, priority=100,cookie=0x1,in_port=1,ct_state=+trk+est,action=2
            table=1, priority=100,in_port=2,ct_state=+trk+est,action=1
            """);
        assertThat(page(1, ONE, 2, TWO)).isFalse();
        for (int i = 0; i < 3; i++) {
            assertThat(bridge.receive(1, Packets.udp4(ONE, 1, TWO, 2)).state()).isEqualTo("new|trk");
        }
        assertThat(bridge.matched(1)).as("nothing is established while nobody answers").isZero();
    }

    @Test
    @DisplayName("conntrack - generic IP protocol")
    void conntrackGenericIpProtocol() {
        bridge = new Bridge(BASE, """
            table=0, priority=100,ip,action=ct(table=1)
            table=1, priority=100,in_port=1,ip,ct_state=+trk+new,action=ct(commit)
            table=1, priority=100,in_port=1,ct_state=+trk+est,action=normal
            """);
        bridge.receive(1, Packets.ip4(112, "192.168.0.30", "224.0.0.18").tos(0xc0).ttl(255).payloadSize(20));
        assertThat(bridge.dump()).containsExactly("112,orig=(src=192.168.0.30,dst=224.0.0.18,sport=0,dport=0),"
            + "reply=(src=224.0.0.18,dst=192.168.0.30,sport=0,dport=0)");
    }

    @Test
    @DisplayName("conntrack - resubmit to ct multiple times")
    void conntrackResubmitToCtMultipleTimes() {
        bridge = new Bridge("""
            table=0,priority=150,arp,action=normal
            table=0,priority=100,cookie=0x10,ip,in_port=1,action=resubmit(,1),resubmit(,2)
            table=1,cookie=0x1,ip,action=ct(table=3)
            table=2,cookie=0x2,ip,action=ct(table=3)
            table=3,cookie=0x3,ip,action=drop
            """);
        assertThat(bridge.ping(1, ONE, 2, TWO, 1)).isFalse();
        assertThat(List.of(bridge.matched(0x10), bridge.matched(1), bridge.matched(2), bridge.matched(3)))
            .containsExactly(1L, 1L, 1L, 2L);
    }

    @Test
    @DisplayName("conntrack - commit, recirc")
    void conntrackCommitRecirc() {
        bridge = new Bridge(BASE, """
            priority=100,in_port=1,tcp,ct_state=-trk,action=ct(commit,table=0)
            priority=100,in_port=1,tcp,ct_state=+trk,action=2
            priority=100,in_port=2,tcp,ct_state=-trk,action=ct(table=0)
            priority=100,in_port=2,tcp,ct_state=+trk,action=1
            priority=100,in_port=3,tcp,ct_state=-trk,action=set_field:0->metadata,ct(table=0)
            priority=100,in_port=3,tcp,ct_state=+trk,metadata=0,action=set_field:1->metadata,ct(commit,table=0)
            priority=100,in_port=3,tcp,ct_state=+trk,metadata=1,action=4
            priority=100,in_port=4,tcp,ct_state=-trk,action=ct(commit,table=0)
            priority=100,in_port=4,tcp,ct_state=+trk,action=3
            """);
        assertThat(page(1, ONE, 2, TWO)).isTrue();
        assertThat(page(3, THREE, 4, FOUR)).isTrue();
        assertThat(bridge.dump()).hasSize(2);
    }

    @Test
    @DisplayName("conntrack - IPv4 HTTP")
    void conntrackIpv4Http() {
        bridge = new Bridge(BASE, """
            priority=100,in_port=1,tcp,action=ct(commit),2
            priority=100,in_port=2,ct_state=-trk,tcp,action=ct(table=0)
            priority=100,in_port=2,ct_state=+trk+est,tcp,action=1
            """);
        assertThat(page(1, ONE, 2, TWO)).isTrue();
        assertThat(bridge.dump()).containsExactly(closed(ONE, 40001, TWO, ""));
        assertThat(page(2, TWO, 1, ONE)).isFalse();
    }

    @Test
    @DisplayName("conntrack - IPv6 HTTP")
    void conntrackIpv6Http() {
        bridge = new Bridge("""
            priority=1,action=drop
            priority=10,icmp6,action=normal
            priority=100,in_port=1,tcp6,action=ct(commit),2
            priority=100,in_port=2,ct_state=-trk,tcp6,action=ct(table=0)
            priority=100,in_port=2,ct_state=+trk+est,tcp6,action=1
            """);
        assertThat(page(1, "fc00::1", 2, "fc00::2")).isTrue();
        assertThat(bridge.dump()).containsExactly(closed("fc00::1", 40001, "fc00::2", ""));
        assertThat(page(2, "fc00::2", 1, "fc00::1")).isFalse();
    }

    @Test
    @DisplayName("conntrack - zone-based timeout policy")
    void conntrackZoneBasedTimeoutPolicy() {
        final String flows = """
            priority=1,action=drop
            priority=10,arp,action=normal
            priority=100,in_port=1,ip,action=ct(zone=5, table=1)
            priority=100,in_port=2,ip,action=ct(zone=5, table=1)
            table=1,in_port=2,ip,ct_state=+trk+est,action=1
            table=1,in_port=1,ip,ct_state=+trk+new,action=ct(commit,zone=5),2
            table=1,in_port=1,ip,ct_state=+trk+est,action=2
            """;
        bridge = new Bridge(flows);
        final String[] both = {"icmp,orig=(src=10.1.1.1,dst=10.1.1.2,id=3,type=8,code=0),"
            + "reply=(src=10.1.1.2,dst=10.1.1.1,id=3,type=0,code=0),zone=5", "udp,orig=(src=10.1.1.1,dst=10.1.1.2,"
            + "sport=1,dport=2),reply=(src=10.1.1.2,dst=10.1.1.1,sport=2,dport=1),zone=5"};
        pingAndDatagram();
        bridge.advance(4);
        assertThat(bridge.dump()).containsExactly(both);

        bridge.flush();
        bridge.settings(settings -> settings.withTimeoutPolicy(new TimeoutPolicy("brief", Map.of(Timeout.UDP_FIRST, 1L,
            Timeout.UDP_SINGLE, 1L, Timeout.ICMP_FIRST, 1L, Timeout.ICMP_REPLY, 1L))));
        bridge.flows("table=1,in_port=1,ip,ct_state=+trk+new,action=ct(commit,zone=5,timeout=brief),2");
        for (int round = 0; round < 2; round++) {
            pingAndDatagram();
            assertThat(bridge.dump()).containsExactly(both);
            bridge.advance(1);
            assertThat(bridge.dump()).isEmpty();
        }

        bridge.flows(flows);
        pingAndDatagram();
        bridge.advance(1);
        assertThat(bridge.dump()).containsExactly(both);
    }

    private void pingAndDatagram() {
        assertThat(bridge.ping(1, ONE, 2, TWO, 3)).isTrue();
        assertThat(bridge.receive(1, Packets.udp4(ONE, 1, TWO, 2)).at(2)).isNotNull();
    }

    // ---- packets that change between two ct ----

    @Test
    @DisplayName("conntrack - Multiple ICMP traverse")
    void conntrackMultipleIcmpTraverse() {
        bridge = new Bridge("""
            table=0,priority=10  ip,icmp,ct_state=-trk action=ct(zone=1,table=1)
            table=0,priority=0   action=drop
            table=1,priority=10  ct_state=-est+trk+new,ip,ct_zone=1,in_port=1 action=ct(commit,table=2)
            table=1,priority=10  ct_state=+est-new+trk,ct_zone=1,in_port=1 action=resubmit(,2)
            table=1,priority=0   action=drop
            table=2,priority=10,cookie=0x1  ct_state=+trk+new,in_port=1 action=drop
            table=2,priority=10,cookie=0x2  ct_state=+trk+est action=drop
            """);
        bridge.ping(1, ONE, 2, TWO, 4);
        bridge.ping(1, ONE, 2, TWO, 4);
        assertThat(bridge.dump()).containsExactly("icmp,orig=(src=10.1.1.1,dst=10.1.1.2,id=4,type=8,code=0),"
            + "reply=(src=10.1.1.2,dst=10.1.1.1,id=4,type=0,code=0)");
        assertThat(bridge.matched(1)).isEqualTo(2);
        assertThat(bridge.matched(2)).isZero();
    }

    @Test
    @DisplayName("conntrack - floating IP")
    void conntrackFloatingIp() {
        bridge = new Bridge("""
            table=0,priority=10  ip action=ct(table=1)
            table=0,priority=1   action=drop
            table=1,priority=20  ip,ct_state=+trk+est,nw_dst=10.254.254.0/24 action=goto_table:10
            table=1,priority=20  ip,ct_state=+trk+new,nw_dst=10.254.254.0/24 action=ct(commit,table=10)
            table=1,priority=10  ip,ct_state=+trk+est action=goto_table:20
            table=1,priority=10  ip,ct_state=+trk+new action=ct(commit,table=20)
            table=1,priority=1   ip,ct_state=+trk+inv action=drop
            table=10             ip,nw_dst=10.254.254.1 action=set_field:10.1.1.1->nw_dst,goto_table:11
            table=10             ip,nw_dst=10.254.254.2 action=set_field:10.1.1.2->nw_dst,goto_table:11
            table=11             ip,nw_src=10.1.1.1 action=set_field:10.254.254.1->nw_src,goto_table:12
            table=11             ip,nw_src=10.1.1.2 action=set_field:10.254.254.2->nw_src,goto_table:12
            table=12,priority=10 ip action=ct_clear,ct(table=13)
            table=12,priority=1  action=drop
            table=13             ip,ct_state=+trk+est action=goto_table:20
            table=13             ip,ct_state=+trk+new action=ct(commit,table=20)
            table=13             ip,ct_state=+trk+inv action=drop
            table=20             ip,nw_src=10.1.1.1 action=set_field:f0:00:00:01:01:01->eth_src,goto_table:21
            table=20             ip,nw_src=10.1.1.2 action=set_field:f0:00:00:01:01:02->eth_src,goto_table:21
            table=20             ip,nw_src=10.254.254.0/24 action=set_field:f0:00:00:01:01:FE->eth_src,goto_table:21
            table=21             ip,nw_dst=10.1.1.1 action=set_field:f0:00:00:01:01:01->eth_dst,output:p1
            table=21             ip,nw_dst=10.1.1.2 action=set_field:f0:00:00:01:01:02->eth_dst,output:p2
            """);
        assertThat(page(2, TWO, 1, ONE)).isTrue();
        assertThat(bridge.dump()).containsExactly(closed(TWO, 40001, ONE, ""));
        assertThat(page(2, TWO, 1, "10.254.254.1")).isTrue();
        assertThat(bridge.dump()).as("the connection before and the one behind the rewriting")
            .contains(closed(TWO, 40002, "10.254.254.1", ""), closed("10.254.254.2", 40002, ONE, ""));
    }

    @Test
    @DisplayName("conntrack - negative test for recirculation optimization")
    void conntrackNegativeTestForRecirculationOptimization() {
        bridge = new Bridge("""
            table=0,priority=10  ip action=ct(table=1)
            table=1,priority=20  ip,ct_state=+trk+est,nw_dst=10.254.254.0/24 action=goto_table:2
            table=1,priority=20  ip,ct_state=+trk+new,nw_dst=10.254.254.0/24 \
            action=ct(commit,exec(set_field:1->ct_mark),table=2)
            table=2             ip,nw_dst=10.254.254.1 action=set_field:10.1.1.1->nw_dst,goto_table:3
            table=2             ip,nw_dst=10.254.254.2 action=set_field:10.1.1.2->nw_dst,goto_table:3
            table=3             ip,nw_src=10.1.1.1 action=set_field:10.254.254.1->nw_src,goto_table:4
            table=3             ip,nw_src=10.1.1.2 action=set_field:10.254.254.2->nw_src,goto_table:4
            table=4             ip,nw_dst=10.1.1.1 action=set_field:f0:00:00:01:01:01->eth_dst,goto_table:5
            table=4             ip,nw_dst=10.1.1.2 action=set_field:f0:00:00:01:01:02->eth_dst,goto_table:5
            table=5             ip,nw_src=10.254.254.0/24 action=set_field:f0:00:00:01:01:FE->eth_src,goto_table:6
            table=6,priority=10 ip action=ct(table=7)
            table=7             ip,ct_state=+trk+est action=goto_table:8
            table=7             ip,ct_mark=0x0,ct_state=+trk+new action=ct(commit,exec(set_field:2->ct_mark),table=8)
            table=8             ip,nw_dst=10.1.1.1 action=output:p1
            table=8             ip,nw_dst=10.1.1.2 action=output:p2
            """);
        assertThat(page(2, TWO, 1, "10.254.254.1")).isTrue();
        assertThat(bridge.dump()).containsExactly(closed(TWO, 40001, "10.254.254.1", ",mark=1"),
            closed("10.254.254.2", 40001, ONE, ",mark=2"));
    }
}
