// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.CtAction;
import org.trackway.conntrack.CtState;
import org.trackway.datapath.SeenPacket;
import org.trackway.datapath.SeenPacket.Fate;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Packets;

/** How packets go to the tracker and come back: forks, what is visible where, groups, fragments held back. */
class TrackingTest {

    private final FakeConntrack conntrack = new FakeConntrack();
    private Lab lab;

    @AfterEach
    void close() {
        lab.close();
    }

    private static Packet udp(final int host) {
        return Packets.udp4("10.0.0." + host, 5, "10.0.1." + host, 80).build();
    }

    private void run(final String... flows) {
        lab = new Lab(conntrack, flows);
        lab.receive("p1", udp(1));
    }

    private List<String> actions() {
        return conntrack.calls.stream().map(FakeConntrack.Call::action).toList();
    }

    @Test
    void theTableOfCtSeesWhatTheTrackerSaid() {
        run("ip,ct_state=-trk,actions=ct(table=1,zone=9)", "table=1,priority=2,ct_state=+trk+new,ct_zone=9,actions=2",
            "table=1,priority=1,actions=3");
        assertThat(lab.counts()).containsExactly(0, 1, 0, 0);
    }

    @Test
    void withoutTableNothingIsVisible() {
        run("ip,actions=ct(commit),resubmit(,1)", "table=1,priority=2,ct_state=+trk,actions=3",
            "table=1,priority=1,actions=2");
        assertThat(lab.counts()).containsExactly(0, 1, 0, 0);
    }

    @Test
    void theOtherForkGoesOnAsIfUntracked() {
        run("ip,actions=set_field:1->reg0,ct(table=1),set_field:2->reg0,resubmit(,2)",
            "table=1,ct_state=+trk,reg0=1,actions=set_field:9->reg0,4",
            "table=2,priority=2,ct_state=+trk,actions=3", "table=2,priority=1,reg0=2,actions=2");
        assertThat(lab.counts()).containsExactly(0, 1, 0, 1);
    }

    @Test
    void aForkDoesNotSeeTheOthersChanges() {
        run("ip,actions=ct(table=1),mod_nw_dst:1.1.1.1,2", "table=1,ip,actions=mod_nw_dst:2.2.2.2,3");
        assertThat(lab.sent("p2").bytes()).isEqualTo(Packets.udp4("10.0.0.1", 5, "1.1.1.1", 80).build().bytes());
        assertThat(lab.sent("p3").bytes()).isEqualTo(Packets.udp4("10.0.0.1", 5, "2.2.2.2", 80).build().bytes());
    }

    @Test
    void theForkWithTheTableRunsFirst() {
        run("ip,actions=ct(table=1),ct(zone=3),2", "table=1,ip,actions=ct(zone=2)");
        assertThat(actions()).containsExactly("ct()", "ct(zone=2)", "ct(zone=3)");
    }

    @Test
    void actionsOfTheCallerAreAReasonToForkToo() {
        run("ip,actions=resubmit(,5),3", "table=5,ip,actions=ct(table=1)", "table=1,ip,actions=2");
        assertThat(lab.counts()).containsExactly(0, 1, 1, 0);
    }

    @Test
    void metadataSurviveTheTracker() {
        run("in_port=1,ip,actions=set_field:7->metadata,load:5->NXM_NX_REG15[],set_field:3->pkt_mark,ct(table=1)",
            "table=1,in_port=1,metadata=7,reg15=5,pkt_mark=3,actions=2");
        assertThat(lab.counts()).containsExactly(0, 1, 0, 0);
    }

    @Test
    void stateAccumulatesInThePacketFromOneCtToTheNext() {
        run("ip,actions=ct(),ct(commit),ct_clear,ct()");
        assertThat(conntrack.calls).extracting(FakeConntrack.Call::states)
            .containsExactly(List.of(0), List.of(0x21), List.of(0));
    }

    @Test
    void ctClearForgetsInLaterTables() {
        run("ip,actions=ct(table=1,zone=4)", "table=1,ct_zone=4,actions=ct_clear,resubmit(,2)",
            "table=2,priority=2,ct_state=+trk,actions=3", "table=2,priority=1,ct_zone=0,ct_state=0,actions=2");
        assertThat(lab.counts()).containsExactly(0, 1, 0, 0);
    }

    @Test
    void zonesMarksAndLabelsMayComeFromFields() {
        run("ip,actions=load:0x1234->NXM_NX_REG0[16..31],load:0xab->NXM_NX_REG1[],"
            + "ct(commit,table=1,zone=NXM_NX_REG0[16..31],exec(set_field:0x100/0xf00->ct_mark,"
            + "move:NXM_NX_REG1[0..7]->NXM_NX_CT_MARK[0..7],load:0x77->NXM_NX_CT_LABEL[64..71]))",
            "table=1,ct_zone=0x1234,ct_mark=0x1ab,actions=ct(commit,zone=NXM_NX_CT_ZONE[])".replace("table=1,",
                "table=1,ip,"));
        assertThat(actions()).containsExactly(
            "ct(commit,zone=4660,exec(set_field:0x1ab/0xfff->ct_mark,"
                + "set_field:0x770000000000000000/0xff0000000000000000->ct_label))",
            "ct(commit,zone=4660)");
    }

    @Test
    void resubmitWithCtLooksUpByTheOriginalTuple() {
        conntrack.answer = (batch, action) -> {
            FakeConntrack.mark(batch.get(0), action, CtState.ESTABLISHED);
            batch.get(0).ctAddresses(false, 0, 0x0a000009, 0, 0x0a000008);
            batch.get(0).ctPorts(6, 99, 98);
        };
        run("ip,actions=ct(table=1)", "table=1,ip,actions=resubmit(,2,ct),resubmit(,2)",
            "table=2,tcp,nw_src=10.0.0.9,nw_dst=10.0.0.8,tp_src=99,tp_dst=98,actions=2",
            "table=2,udp,nw_src=10.0.0.1,tp_dst=80,actions=3");
        assertThat(lab.counts()).containsExactly(0, 1, 1, 0);
    }

    @Test
    void aRewrittenTupleIsLookedUpAnew() {
        conntrack.answer = (batch, action) -> {
            conntrack.now += batch.get(0).ctConnection();
            batch.get(0).ctConnection(1000, false, false);
        };
        run("ip,actions=ct(),mod_dl_src:2:0:0:0:0:9,ct(),mod_nw_dst:9.9.9.9,ct(),set_field:9->udp_src,ct()"
            .replace("ip,", "udp,"));
        assertThat(conntrack.now).isEqualTo(1001);
    }

    // ---- groups ----

    @Test
    void packetsThatMeetTheSameCtGoTogether() {
        lab = new Lab(conntrack, "udp,actions=ct(commit),2", "tcp,actions=ct(commit,zone=1),2");
        lab.receive("p1", udp(1), udp(2), Packets.tcp4("10.0.0.3", 1, "10.0.1.3", 2).build(), udp(3), udp(1));
        assertThat(conntrack.calls).extracting(call -> call.action() + call.states().size())
            .containsExactly("ct(commit)2", "ct(commit,zone=1)1", "ct(commit)2");
        assertThat(lab.counts()).containsExactly(0, 5, 0, 0);
    }

    @Test
    void whatMayBeTrackedTwiceWaitsForEarlierPacketsOfTheSameHosts() {
        lab = new Lab(conntrack, "ip,actions=ct(table=1)", "table=1,ip,actions=ct(commit),2");
        lab.receive("p1", udp(1), udp(2), udp(1), udp(3));
        assertThat(conntrack.calls).extracting(call -> call.action() + call.states().size())
            .containsExactly("ct()2", "ct(commit)2", "ct()2", "ct(commit)2");
    }

    @Test
    void packetsLeaveInTheOrderInWhichTheyCame() {
        lab = new Lab(conntrack, "priority=2,udp,actions=ct(table=1)", "priority=1,actions=2", "table=1,actions=2");
        final Packet[] packets = {udp(1), Packets.frame(0x88cc).build(), udp(2), Packets.frame(0x88b5).build()};
        final List<byte[]> expected = new ArrayList<>();
        for (final Packet packet : packets) {
            expected.add(packet.bytes());
        }
        lab.receive("p1", packets);
        assertThat(lab.port("p2").sent()).containsExactlyElementsOf(expected);
    }

    @Test
    void learningIsInTheOrderOfArrivalEvenBehindTheTracker() {
        lab = new Lab(conntrack, "priority=2,udp,actions=ct(table=1)", "priority=1,actions=normal",
            "table=1,actions=normal");
        lab.receive("p1", Packets.udp4("10.0.0.1", 1, "10.0.0.2", 2).macs("2:0:0:0:0:1", "2:0:0:0:0:2").build(),
            Packets.frame(0x88cc).macs("2:0:0:0:0:9", "2:0:0:0:0:1").build());
        assertThat(lab.counts()).as("the second is for an address at its own port").containsExactly(0, 1, 1, 1);
    }

    // ---- fragments ----

    /** Holds packets back until one for port 9 comes, and then gives them all back in front of it. */
    private void gather() {
        final List<Packet> held = new ArrayList<>();
        conntrack.answer = (final PacketBatch batch, final CtAction action) -> {
            final List<Packet> out = new ArrayList<>();
            for (int i = 0; i < batch.size(); i++) {
                final Packet packet = batch.get(i);
                FakeConntrack.mark(packet, action, CtState.NEW);
                packet.parse();
                held.add(packet);
                if (packet.data()[packet.l4Offset() + 3] == 9) {
                    out.addAll(held);
                    held.clear();
                } else {
                    packet.keep();
                }
            }
            batch.clear();
            out.forEach(batch::add);
        };
    }

    private static Packet to(final int port) {
        return Packets.udp4("10.0.0.1", 5, "10.0.0.2", port).build();
    }

    @Test
    void packetsThatAreHeldBackLeaveWithTheOneThatReleasesThem() {
        gather();
        lab = new Lab(conntrack, "ip,actions=set_field:3->reg0,ct(table=1),4", "table=1,reg0=3,ip,actions=2");
        lab.receive("p1", to(1), to(2));
        assertThat(lab.counts()).containsExactly(0, 0, 0, 0);
        lab.receive("p1", to(3), to(9), to(4));
        assertThat(lab.port("p2").sent()).containsExactly(to(1).bytes(), to(2).bytes(), to(3).bytes(), to(9).bytes());
        assertThat(lab.port("p4").sent()).hasSize(4);
        assertThat(lab.seen).extracting(seen -> seen.number() + " " + seen.fate()).containsExactly(
            "1 " + Fate.HELD, "2 " + Fate.HELD, "3 " + Fate.TRACKED, "4 " + Fate.TRACKED, "5 " + Fate.HELD,
            "1 " + Fate.RELEASED, "2 " + Fate.RELEASED);
        assertThat(lab.seen).extracting(SeenPacket::ctState).containsExactly(0, 0, 0x21, 0x21, 0, 0x21, 0x21);
    }

    @Test
    void aTrackerMayReleaseMoreThanABurst() {
        gather();
        lab = new Lab(conntrack, "ip,actions=ct(),2");
        for (int i = 0; i < 100; i++) {
            lab.receive("p1", to(1));
        }
        lab.receive("p1", to(9));
        assertThat(lab.counts()).containsExactly(0, 101, 0, 0);
    }

    @Test
    void aTrackerMayKeepEverything() {
        conntrack.answer = (batch, action) -> batch.clear();
        lab = new Lab(conntrack, "ip,actions=ct(table=1),2", "table=1,actions=3");
        lab.receive("p1", IntStream.range(1, 30).mapToObj(TrackingTest::udp).toArray(Packet[]::new));
        assertThat(lab.counts()).containsExactly(0, 0, 0, 0);
        assertThat(lab.seen).hasSize(29).allMatch(seen -> seen.fate() == Fate.HELD);
    }
}
