// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.CtState;
import org.trackway.conntrack.core.Trackers;
import org.trackway.packet.Packet;
import org.trackway.packet.Packets;

/** Things that people do with flows and a tracker: firewalls, zones, marks, translation; with the real tracker. */
class ConntrackFlowsTest {

    private final Conntrack tracker = Trackers.make(ConntrackSettings.DEFAULT, () -> 1);
    private Lab lab;

    @AfterEach
    void close() {
        lab.close();
    }

    private static Packets udp(final String from, final int fromPort, final String to, final int toPort) {
        return Packets.udp4(from, fromPort, to, toPort);
    }

    private static Packet there() {
        return udp("10.0.0.1", 1000, "10.0.0.2", 53).build();
    }

    private static Packet back() {
        return udp("10.0.0.2", 53, "10.0.0.1", 1000).build();
    }

    private List<Connection> connections() {
        final List<Connection> all = new ArrayList<>();
        tracker.forEach(ConnectionFilter.ALL, all::add);
        return all;
    }

    private List<String> states() {
        return lab.seen.stream().map(seen -> CtState.format(seen.ctState())).toList();
    }

    @Test
    void aFirewallLetsOnlyOneSideOpen() {
        lab = new Lab(tracker, "priority=1,actions=drop", "priority=10,arp,actions=normal",
            "in_port=1,ip,actions=ct(commit),2", "in_port=2,ip,ct_state=-trk,actions=ct(table=0)",
            "in_port=2,ip,ct_state=+trk+est,actions=1");
        lab.receive("p2", back());
        assertThat(lab.counts()).containsExactly(0, 0, 0, 0);
        lab.receive("p1", there());
        lab.receive("p2", back());
        assertThat(lab.counts()).containsExactly(1, 1, 0, 0);
        lab.receive("p2", udp("10.0.0.2", 54, "10.0.0.1", 1000).build());
        assertThat(lab.counts()).containsExactly(1, 1, 0, 0);
        assertThat(connections()).hasSize(1);
    }

    @Test
    void tcpNeedsItsHandshake() {
        lab = new Lab(tracker, "tcp,ct_state=-trk,actions=ct(table=1)",
            "table=1,tcp,ct_state=+new,actions=ct(commit),2", "table=1,ct_state=+est,actions=3",
            "table=1,ct_state=+inv,actions=4");
        lab.receive("p1", Packets.tcp4("10.0.0.2", 80, "10.0.0.1", 5).flags("SA").seq(1).ack(2).build());
        assertThat(lab.counts()).containsExactly(0, 0, 0, 1);
        lab.receive("p1", Packets.tcp4("10.0.0.1", 5, "10.0.0.2", 80).flags("S").seq(1).build());
        lab.receive("p1", Packets.tcp4("10.0.0.2", 80, "10.0.0.1", 5).flags("SA").seq(100).ack(2).build());
        lab.receive("p1", Packets.tcp4("10.0.0.1", 5, "10.0.0.2", 80).seq(2).ack(101).build());
        assertThat(lab.counts()).containsExactly(0, 1, 2, 1);
        assertThat(connections().get(0).state()).isEqualTo("ESTABLISHED");
    }

    @Test
    void ipv6AndGenericProtocolsAreTrackedToo() {
        lab = new Lab(tracker, "ip,actions=ct(commit),2", "ipv6,actions=ct(commit),2");
        lab.receive("p1", Packets.udp6("fc00::1", 5, "fc00::2", 53).build(),
            Packets.ip4(47, "10.0.0.1", "10.0.0.2").build(), Packets.ip4(47, "10.0.0.2", "10.0.0.1").build(),
            Packets.udp6("fc00::2", 53, "fc00::1", 5).build());
        assertThat(states()).containsExactly("new|trk", "new|trk", "est|rpl|trk", "est|rpl|trk");
    }

    @Test
    void zonesKnowNothingOfEachOther() {
        lab = new Lab(tracker, "in_port=1,ip,actions=ct(commit,zone=1),2",
            "in_port=2,ip,ct_state=-trk,actions=ct(table=1,zone=1)", "in_port=3,ip,actions=ct(table=1,zone=2)",
            "table=1,ct_zone=1,ct_state=+est,actions=1", "table=1,ct_zone=2,ct_state=+new,actions=4");
        lab.receive("p1", there());
        lab.receive("p2", back());
        lab.receive("p3", back());
        assertThat(lab.counts()).containsExactly(1, 1, 0, 1);
    }

    @Test
    void onePacketPassesSeveralZones() {
        lab = new Lab(tracker, "ip,in_port=1,actions=ct(commit,zone=1),ct(commit,zone=2),2",
            "ip,in_port=2,actions=ct(table=1,zone=2)", "table=1,ct_zone=2,ct_state=+est,ip,actions=ct(table=2,zone=1)",
            "table=2,ct_zone=1,ct_state=+est,actions=1");
        lab.receive("p1", there());
        lab.receive("p2", back());
        assertThat(lab.counts()).containsExactly(1, 1, 0, 0);
        assertThat(connections()).extracting(Connection::zone).containsExactly(1, 2);
    }

    @Test
    void zonesComeFromRegistersPortsAndLabels() {
        lab = new Lab(tracker,
            "ip,in_port=1,actions=load:0x1001->NXM_NX_REG0[0..15],ct(commit,zone=NXM_NX_REG0[0..15])",
            "ip,in_port=2,actions=ct(commit,zone=NXM_OF_IN_PORT[])",
            "ip,in_port=3,actions=ct(table=1,commit,zone=5,exec(load:0xffff0006->NXM_NX_CT_LABEL[0..31]))",
            "table=1,ip,actions=ct(commit,zone=NXM_NX_CT_LABEL[0..15])");
        lab.receive("p1", there());
        lab.receive("p2", there());
        lab.receive("p3", there());
        assertThat(connections()).extracting(Connection::zone).containsExactly(2, 5, 6, 0x1001);
    }

    @Test
    void marksAndLabelsAreSetBitByBit() {
        lab = new Lab(tracker,
            "ip,in_port=1,actions=ct(commit,exec(set_field:0x1/0x3->ct_mark,load:1->NXM_NX_CT_LABEL[127])),2",
            "ip,in_port=2,actions=ct(table=1)",
            "table=1,ip,ct_mark=0x1/0x1,ct_label=0x80000000000000000000000000000000,actions="
                + "ct(commit,exec(set_field:0x2/0x2->ct_mark,set_field:0x4/0x4->ct_label)),1");
        lab.receive("p1", there());
        lab.receive("p2", back());
        assertThat(lab.counts()).containsExactly(1, 1, 0, 0);
        final Connection connection = connections().get(0);
        assertThat(connection.mark()).isEqualTo(3);
        assertThat(connection.labelHigh()).isEqualTo(Long.MIN_VALUE);
        assertThat(connection.labelLow()).isEqualTo(4);
    }

    @Test
    void forceTurnsAConnectionRound() {
        lab = new Lab(tracker, "ip,in_port=1,actions=ct(commit)", "ip,in_port=2,actions=ct(force,commit)");
        lab.receive("p1", there());
        lab.receive("p2", back());
        assertThat(connections()).singleElement()
            .satisfies(connection -> assertThat(connection.original().source()).hasToString("10.0.0.2"));
    }

    @Test
    void errorsAboutAConnectionAreRelated() {
        lab = new Lab(tracker, "udp,in_port=1,actions=ct(commit,exec(set_field:7->ct_mark)),2",
            "icmp,in_port=2,ct_state=-trk,actions=ct(table=1)",
            "table=1,icmp,ct_state=+rel+rpl,ct_mark=7,ct_nw_proto=17,ct_tp_dst=53,actions=1",
            "table=1,ct_state=+inv,actions=4");
        lab.receive("p2", Packets.icmp4Error("10.0.0.2", "10.0.0.1", 3, 3, there()).build());
        assertThat(lab.counts()).containsExactly(0, 0, 0, 1);
        lab.receive("p1", there());
        lab.receive("p2", Packets.icmp4Error("10.0.0.2", "10.0.0.1", 3, 3, there()).build());
        assertThat(lab.counts()).containsExactly(1, 1, 0, 1);
    }

    @Test
    void sourcesAreTranslatedAndBack() {
        lab = new Lab(tracker, "ip,in_port=1,actions=ct(commit,nat(src=10.9.9.9)),2",
            "ip,in_port=2,ct_state=-trk,actions=ct(table=1,nat)", "table=1,ct_state=+est,actions=1");
        lab.receive("p1", there());
        assertThat(lab.sent("p2").bytes()).isEqualTo(udp("10.9.9.9", 1000, "10.0.0.2", 53).build().bytes());
        lab.receive("p2", udp("10.0.0.2", 53, "10.9.9.9", 1000).build());
        assertThat(lab.sent("p1").bytes()).isEqualTo(back().bytes());
        assertThat(states()).containsExactly("new|trk|snat", "est|rpl|trk|dnat");
    }

    @Test
    void destinationsAreTranslatedPortAndAll() {
        lab = new Lab(tracker,
            "priority=2,ip,in_port=1,nw_dst=10.0.0.64,actions=ct(commit,nat(dst=10.0.0.2:54),table=1)",
            "table=1,ip,nw_dst=10.0.0.2,ct_nw_dst=10.0.0.64,ct_state=+trk-inv,actions=2",
            "ip,in_port=2,actions=ct(nat,table=2)", "table=2,ip,ct_state=+rpl,nw_src=10.0.0.64,actions=1");
        lab.receive("p1", udp("10.0.0.1", 1000, "10.0.0.64", 53).build());
        assertThat(lab.sent("p2").bytes()).isEqualTo(udp("10.0.0.1", 1000, "10.0.0.2", 54).build().bytes());
        lab.receive("p2", udp("10.0.0.2", 54, "10.0.0.1", 1000).build());
        assertThat(lab.sent("p1").bytes()).isEqualTo(udp("10.0.0.64", 53, "10.0.0.1", 1000).build().bytes());
    }

    @Test
    void aTupleThatFlowsRewriteIsAnotherConnection() {
        lab = new Lab(tracker, "udp,actions=ct(commit,table=1)",
            "table=1,udp,actions=set_field:10.0.0.77->nw_dst,ct(commit,table=2)",
            "table=2,udp,nw_dst=10.0.0.77,ct_nw_dst=10.0.0.77,ct_state=+new,actions=2");
        lab.receive("p1", there());
        assertThat(lab.counts()).containsExactly(0, 1, 0, 0);
        assertThat(connections()).hasSize(2);
    }

    @Test
    void commitAndCommitAgainIsHarmless() {
        lab = new Lab(tracker, "ip,ct_state=-trk,actions=ct(commit,table=1)",
            "table=1,ip,ct_state=+new,actions=ct(commit,table=2)", "table=2,ct_state=+new,actions=2");
        lab.receive("p1", there());
        assertThat(lab.counts()).containsExactly(0, 1, 0, 0);
        assertThat(connections()).hasSize(1);
    }

    @Test
    void fragmentsWaitForEachOtherAndLeaveAsTheyCame() {
        final List<Packet> fragments = udp("10.0.0.1", 1000, "10.0.0.2", 53).payloadSize(3000).fragments(1480);
        final List<byte[]> expected = fragments.stream().map(Packet::bytes).toList();
        lab = new Lab(tracker, "ip,ct_state=-trk,actions=ct(table=1)",
            "table=1,udp,ct_state=+new,ct_tp_dst=53,actions=ct(commit),2");
        lab.receive("p1", fragments.get(1));
        lab.receive("p1", fragments.get(0));
        assertThat(lab.counts()).containsExactly(0, 0, 0, 0);
        lab.receive("p1", fragments.get(2));
        assertThat(lab.port("p2").sent()).containsExactlyInAnyOrderElementsOf(expected);
        assertThat(connections()).hasSize(1);
    }
}
