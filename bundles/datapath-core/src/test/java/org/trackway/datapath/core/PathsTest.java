// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.CtAction;
import org.trackway.conntrack.Tuple;
import org.trackway.conntrack.core.Trackers;
import org.trackway.datapath.Datapath.Missing;
import org.trackway.datapath.Flow;
import org.trackway.offload.Path;
import org.trackway.packet.IpAddress;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Packets;

/** Paths that packets leave behind for hardware: what is in them, why there are none, and when they are withdrawn. */
@Timeout(30)
class PathsTest {

    private static final String TRACK = "priority=1,ip,actions=ct(table=1)";
    private static final String THERE = "table=1,priority=1,in_port=1,ip,actions=ct(commit),2";
    private static final String BACK = "table=1,priority=1,in_port=2,ip,actions=1";

    private final FakePaths paths = new FakePaths();
    private long now = 1;
    private final Conntrack tracker = Trackers.make(ConntrackSettings.DEFAULT, () -> now);
    private Lab lab;

    @AfterEach
    void close() {
        if (lab != null) {
            lab.close();
        }
    }

    private static Packets udp() {
        return Packets.udp4("10.0.0.1", 5, "10.0.0.2", 80);
    }

    private static Packets reply() {
        return Packets.udp4("10.0.0.2", 80, "10.0.0.1", 5);
    }

    /** Makes a datapath in which a connection is established, and every connection wants paths from now on. */
    private void establish(final Packets there, final Packets back, final String... flows) {
        lab = new Lab(tracker, flows);
        lab.shortcuts.bindPaths(paths);
        lab.receive("p1", there.build());
        lab.receive("p2", back.build());
        paths.wanting = true;
    }

    private void establish(final String... flows) {
        establish(udp(), reply(), flows);
    }

    private Path offered() {
        assertThat(paths.refusals).isEmpty();
        assertThat(paths.taken).hasSize(1);
        return paths.taken.get(0).path;
    }

    private String refusal() {
        assertThat(paths.taken).isEmpty();
        assertThat(paths.refusals).hasSize(1);
        return paths.refusals.get(0);
    }

    private static Tuple tuple(final String from, final int fromPort, final String to, final int toPort) {
        return Tuple.of(IpAddress.parse(from), IpAddress.parse(to), 17, fromPort, toPort);
    }

    /** {@return the connections on the first path} */
    private List<Long> connections() {
        return paths.taken.get(0).path.hops().stream().map(Path.Hop::connection).toList();
    }

    private static void until(final BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            assertThat(Thread.currentThread().isInterrupted()).as("it took too long").isFalse();
            Thread.onSpinWait();
        }
    }

    // ---- what a path says ----

    @Test
    void aPathLeadsFromPortToPortInEachDirection() {
        establish(TRACK, THERE, BACK);
        lab.receive("p1", udp().build());
        final Path path = offered();
        assertThat(path.ingress()).isEqualTo("p1");
        assertThat(path.egress()).isEqualTo("p2");
        assertThat(path.arrives()).isEqualTo(tuple("10.0.0.1", 5, "10.0.0.2", 80));
        assertThat(path.translates()).isFalse();
        assertThat(path.arrivingTags()).isEmpty();
        assertThat(path.leavingTags()).isEmpty();
        assertThat(path.ethernetSource()).isEmpty();
        assertThat(path.ethernetDestination()).isEmpty();
        assertThat(path.ttlDecrement()).isZero();
        assertThat(path.hops()).extracting(Path.Hop::reply).containsExactly(false);
        assertThat(tracker.connection(connections().get(0)).orElseThrow().original()).isEqualTo(path.arrives());

        lab.receive("p1", udp().build());
        lab.receive("p2", reply().build(), reply().build());
        assertThat(paths.taken).as("once in each direction").hasSize(2);
        assertThat(paths.taken.get(1).path.hops()).containsExactly(new Path.Hop(connections().get(0), true));
        assertThat(paths.taken.get(1).path.egress()).isEqualTo("p1");
    }

    @Test
    void everyConnectionThatIsPassedIsOnThePath() {
        establish("ip,actions=ct(zone=1,table=1)", "table=1,in_port=1,ip,actions=ct(commit,zone=1),ct(zone=2,table=2)",
            "table=1,in_port=2,ip,actions=ct(zone=2,table=3)", "table=2,ip,actions=ct(commit,zone=2),2",
            "table=3,ip,actions=1");
        lab.receive("p1", udp().build());
        assertThat(offered().hops()).hasSize(2);
        assertThat(connections()).extracting(id -> tracker.connection(id).orElseThrow().zone()).containsExactly(1, 2);
    }

    @Test
    void aConnectionBehindOneThatWantsNoneOffersThePathOfBothWithItsNextPacket() {
        establish(udp(), Packets.udp4("10.0.0.2", 80, "10.0.0.8", 7), "priority=9,in_port=1,udp,actions=goto_table:5",
            "table=5,in_port=1,udp,actions=ct(commit,zone=1,nat(src=10.0.0.8:7),table=1)",
            "in_port=2,udp,actions=ct(zone=2,table=2)", "table=1,udp,actions=ct(commit,zone=2,table=3)",
            "table=2,udp,actions=ct(zone=1,nat,table=3)", "table=3,in_port=1,actions=2", "table=3,in_port=2,actions=1");
        tracker.forEach(ConnectionFilter.ALL, one -> {
            if (one.zone() == 1) {
                paths.settle(one.id());
            }
        });
        lab.receive("p1", udp().build());
        assertThat(offered().arrives()).isEqualTo(tuple("10.0.0.1", 5, "10.0.0.2", 80));
        assertThat(offered().leaves()).isEqualTo(tuple("10.0.0.8", 7, "10.0.0.2", 80));
        assertThat(connections()).extracting(id -> tracker.connection(id).orElseThrow().zone()).containsExactly(1, 2);
    }

    /** One connection that wants a path must not tax the packets of all others. */
    @Test
    void packetsOfAConnectionThatWantsNoneAreLetGoWhenTheTrackerKnowsThem() {
        establish(TRACK, THERE, BACK);
        lab.receive("p1", udp().build());
        assertThat(paths.taken).hasSize(1);
        paths.asked = 0;
        lab.receive("p1", udp().build(), udp().build(), udp().build());
        assertThat(paths.asked).as("questions about three packets, which come to the tracker twice").isEqualTo(3);
    }

    @Test
    void bothKindsOfNatAreInTheTuples() {
        establish(udp(), Packets.udp4("10.0.0.9", 99, "10.0.0.8", 7),
            "in_port=1,udp,actions=ct(commit,zone=1,nat(src=10.0.0.8:7),table=1)",
            "in_port=2,udp,actions=ct(zone=2,nat,table=2)",
            "table=1,udp,actions=ct(commit,zone=2,nat(dst=10.0.0.9:99),table=3)",
            "table=2,udp,actions=ct(zone=1,nat,table=3)",
            "table=3,in_port=1,actions=2", "table=3,in_port=2,actions=1");
        lab.receive("p1", udp().build());
        assertThat(offered().arrives()).isEqualTo(tuple("10.0.0.1", 5, "10.0.0.2", 80));
        assertThat(offered().leaves()).isEqualTo(tuple("10.0.0.8", 7, "10.0.0.9", 99));
        assertThat(offered().hops()).hasSize(2);
        lab.receive("p2", Packets.udp4("10.0.0.9", 99, "10.0.0.8", 7).build());
        assertThat(paths.taken.get(1).path.leaves()).isEqualTo(tuple("10.0.0.2", 80, "10.0.0.1", 5));
        assertThat(paths.taken.get(1).path.hops()).allMatch(Path.Hop::reply).extracting(Path.Hop::connection)
            .containsExactly(connections().get(1), connections().get(0));
    }

    @Test
    void echoesAreToldApartByTheirIdentifier() {
        establish(Packets.echo4("10.0.0.1", "10.0.0.2", 77, 1), Packets.echoReply4("10.0.0.2", "10.0.0.1", 77, 1),
            TRACK, THERE, BACK);
        lab.receive("p1", Packets.echo4("10.0.0.1", "10.0.0.2", 77, 2).build());
        assertThat(offered().arrives()).isEqualTo(
            new Tuple(IpAddress.parse("10.0.0.1"), IpAddress.parse("10.0.0.2"), 1, 77, 77, 8));
    }

    @Test
    void tagsAreThoseOfBothEnds() {
        establish(udp().vlan(7).vlan(9), reply(), TRACK,
            "table=1,in_port=1,ip,actions=ct(commit),pop_vlan,mod_vlan_pcp:3,push_vlan:0x88a8,mod_vlan_vid:5,2", BACK);
        lab.receive("p1", udp().vlan(7).vlan(9).build());
        final List<Path.Tag> came = offered().arrivingTags();
        assertThat(came).extracting(tag -> tag.tci() & 0xfff).containsExactly(7, 9);
        assertThat(offered().leavingTags())
            .containsExactly(new Path.Tag(0x88a8, 5), new Path.Tag(came.get(1).etherType(), 3 << 13 | 9));
    }

    @Test
    void tagsMayBeGoneInTheEnd() {
        establish(udp().vlan(7), reply(), TRACK, "table=1,in_port=1,ip,actions=ct(commit),strip_vlan,2", BACK);
        lab.receive("p1", udp().vlan(7).build());
        assertThat(offered().arrivingTags()).hasSize(1);
        assertThat(offered().leavingTags()).isEmpty();
    }

    @Test
    void addressesThatAreWrittenAreSaidEvenIfTheyAreTheSame() {
        establish(TRACK, "table=1,in_port=1,ip,actions=ct(commit),mod_dl_src:02:00:00:00:00:01,resubmit(,2)",
            "table=2,ip,actions=mod_dl_dst:02:00:00:00:00:99,dec_ttl,dec_ttl,2", BACK);
        lab.receive("p1", udp().ttl(9).build());
        assertThat(offered().ethernetSource()).hasValue(0x020000000001L);
        assertThat(offered().ethernetDestination()).hasValue(0x020000000099L);
        assertThat(offered().ttlDecrement()).isEqualTo(2);
    }

    @Test
    void ethernetAddressesThatFlowsLookAtAreSaid() {
        establish(TRACK, THERE, BACK, "table=1,priority=0,dl_dst=02:00:00:00:00:07,actions=drop");
        lab.receive("p1", udp().macs("2:0:0:0:0:1", "2:0:0:0:0:2").build());
        assertThat(offered().arrivingSource()).isEmpty();
        assertThat(offered().arrivingDestination()).as("that flow is below the one met").isEmpty();

        lab.datapath.addFlow("table=0,priority=7,ip,dl_dst=02:00:00:00:00:07,actions=drop", Missing.REFUSE);
        assertThat(paths.taken.get(0).withdrawals).containsExactly("flows of table 0 look at Ethernet addresses now");
        lab.receive("p1", udp().macs("2:0:0:0:0:1", "2:0:0:0:0:2").build());
        final Path path = paths.taken.get(1).path;
        assertThat(path.arrivingSource()).isEmpty();
        assertThat(path.arrivingDestination()).hasValue(0x020000000002L);
        lab.datapath.addFlow("table=0,priority=7,ip,dl_dst=02:00:00:00:00:08,actions=drop", Missing.REFUSE);
        assertThat(paths.taken.get(1).withdrawals).isEmpty();
    }

    @Test
    void whatIsWrittenBehindTheOutputDoesNotCount() {
        establish(TRACK, "table=1,in_port=1,ip,actions=ct(commit),2,mod_dl_src:02:00:00:00:00:99,dec_ttl", BACK);
        lab.receive("p1", udp().build());
        assertThat(offered().ethernetSource()).isEmpty();
        assertThat(offered().ttlDecrement()).isZero();
    }

    @Test
    void aWayWithoutTableOfCtIsAPathToo() {
        establish("in_port=1,udp,actions=ct(commit),2", "in_port=2,udp,actions=ct(commit),1");
        lab.receive("p1", udp().build());
        assertThat(offered().egress()).isEqualTo("p2");
    }

    // ---- nothing is said ----

    @Test
    void nothingIsOfferedThatNobodyWants() {
        establish(TRACK, THERE, BACK);
        paths.wanting = false;
        lab.receive("p1", udp().build());
        assertThat(paths.taken).isEmpty();

        paths.wanting = true;
        lab.shortcuts.unbindPaths(paths);
        lab.receive("p1", udp().build());
        assertThat(paths.taken).isEmpty();
    }

    @Test
    void packetsThatNeedNotBeLikeTheNextSayNothing() {
        establish(TRACK, THERE, "table=1,priority=1,in_port=2,ip,actions=dec_ttl,1");
        final Packet error = Packets.icmp4Error("10.0.0.9", "10.0.0.1", 3, 1, udp().build()).build();
        lab.receive("p2", error);
        lab.receive("p2", reply().ttl(1).build());
        lab.receive("p1", udp().badChecksum().payloadSize(9).build());
        lab.receive("p1", Packets.arp(1, "2:0:0:0:0:1", "10.0.0.1", "0:0:0:0:0:0", "10.0.0.2").build());
        udp().payloadSize(4000).fragments(1400).forEach(part -> lab.receive("p1", part));
        lab.receive("p1", Packets.udp4("10.0.0.1", 6, "10.0.0.2", 80).build());
        assertThat(paths.taken).isEmpty();
        assertThat(paths.refusals).isEmpty();
    }

    @Test
    void fragmentsThatGoAnotherWayThanWholePacketsSayNothing() {
        establish(TRACK, "table=1,priority=9,in_port=1,udp,tp_dst=80,actions=ct(commit),2",
            "table=1,priority=1,in_port=1,ip,actions=ct(table=2,zone=2)", BACK);
        udp().payloadSize(4000).fragments(1400).forEach(part -> lab.receive("p1", part));
        assertThat(paths.taken).isEmpty();
        assertThat(paths.refusals).isEmpty();
        lab.receive("p1", udp().build());
        assertThat(paths.taken).hasSize(1);
    }

    @Test
    void aTcpConnectionIsOfferedOnceItIsEstablished() {
        lab = new Lab(tracker, TRACK, THERE, BACK);
        lab.shortcuts.bindPaths(paths);
        paths.wanting = true;
        lab.receive("p1", Packets.tcp4("10.0.0.1", 5, "10.0.0.2", 80).flags("S").seq(100).build());
        lab.receive("p1", Packets.tcp4("10.0.0.1", 5, "10.0.0.2", 80).flags("S").seq(100).build());
        assertThat(paths.taken).isEmpty();
        assertThat(paths.refusals).isEmpty();
        lab.receive("p2", Packets.tcp4("10.0.0.2", 80, "10.0.0.1", 5).flags("SA").seq(500).ack(101).build());
        lab.receive("p1", Packets.tcp4("10.0.0.1", 5, "10.0.0.2", 80).flags("A").seq(101).ack(501).build());
        assertThat(paths.taken).hasSize(2);
    }

    @Test
    void packetsOfPortsWithoutNumberSayNothing() {
        establish(TRACK, "table=1,priority=0,ip,actions=ct(commit),2", BACK);
        final FakePort stranger = new FakePort("p1");
        final PacketBatch batch = new PacketBatch();
        batch.add(udp().build());
        lab.datapath.process(stranger, batch);
        assertThat(lab.port("p2").sent()).hasSize(2);
        assertThat(paths.taken).isEmpty();
        assertThat(paths.refusals).isEmpty();
    }

    // ---- refused ----

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "priority=9,tcp,tcp_flags=+syn,actions=drop    | ",
        "priority=9,udp,nw_ttl=3,actions=drop          | table=1,priority=9,udp,nw_ttl=3: matches nw_ttl",
        "priority=9,ip,nw_tos=4,actions=drop           | table=1,priority=9,ip,nw_tos=4: matches nw_tos",
        "priority=9,ip,nw_ecn=1,actions=drop           | table=1,priority=9,ip,nw_ecn=1: matches nw_ecn",
        "priority=9,ip,nw_frag=later,actions=drop      | table=1,priority=9,ip,nw_frag=later: matches ip_frag",
        "priority=9,reg3=1,actions=drop                | table=1,priority=9,reg3=0x1: matches reg3",
        "priority=9,metadata=1,actions=drop            | table=1,priority=9,metadata=0x1: matches metadata",
        "priority=9,pkt_mark=1,actions=drop            | table=1,priority=9,pkt_mark=0x1: matches pkt_mark",
        "priority=9,nw_ttl=3,udp,nw_src=9.9.9.9,actions=drop | ",
        "priority=0,udp,nw_ttl=3,actions=drop          | ",
        "priority=9,udp,nw_ttl=64,actions=2            | table=1,priority=9,udp,nw_ttl=64: matches nw_ttl",
        "priority=9,udp,actions=load:1->NXM_NX_REG0[],2 | table=1,priority=9,udp: does load:0x1->NXM_NX_REG0[]",
        "priority=9,udp,actions=mod_nw_dst:10.0.0.7,2  | table=1,priority=9,udp: does mod_nw_dst:10.0.0.7",
        "priority=9,udp,actions=mod_tp_dst:7,2         | table=1,priority=9,udp: does mod_tp_dst:7",
        "priority=9,udp,actions=mod_nw_tos:8,2         | table=1,priority=9,udp: does mod_nw_tos:8",
        "priority=9,udp,actions=mod_nw_ttl:8,2         | table=1,priority=9,udp: does mod_nw_ttl:8",
        "priority=9,udp,actions=set_field:02:00:00:00:00:01/ff:00:00:00:00:00->eth_src,2 | table=1,priority=9,udp: "
            + "does set_field:02:00:00:00:00:00/ff:00:00:00:00:00->eth_src",
        "priority=9,udp,actions=move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[],2 | table=1,priority=9,udp: "
            + "does move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[]",
        "priority=9,udp,actions=output:NXM_NX_REG0[]   | table=1,priority=9,udp: does output:NXM_NX_REG0[]",
        "priority=9,udp,actions=ct(zone=NXM_NX_REG0[0..15]),2 | table=1,priority=9,udp: "
            + "does ct(zone=NXM_NX_REG0[0..15])",
        "priority=9,udp,actions=2,3                    | table=1,priority=9,udp: is one of several that send it",
        "priority=9,udp,actions=flood                  | table=1,priority=9,udp: does FLOOD",
        "priority=9,udp,actions=all                    | table=1,priority=9,udp: does ALL",
        "priority=9,udp,actions=in_port                | table=1,priority=9,udp: sends it back",
        "priority=9,udp,actions=1                      | table=1,priority=9,udp: sends it nowhere",
        "priority=9,udp,actions=77                     | table=1,priority=9,udp: sends it nowhere",
        "priority=9,udp,actions=drop                   | table=1,priority=9,udp: sends it nowhere",
        "priority=9,udp,actions=resubmit(,9)           | 'table=9,no flow: sends it nowhere'",
        "priority=9,udp,actions=ct(table=9),2          | table=1,priority=9,udp: goes on with two packets",
        "priority=9,udp,actions=ct(zone=5),2           | table=1,priority=9,udp: finds no connection in zone 5",
        "priority=9,udp,actions=resubmit(,1)           | table=1,priority=9,udp: is one of too many look-ups",
        "priority=9,udp,actions=ct(commit,table=1)     | a flow: goes round in circles",
        "priority=9,udp,actions=normal                 | table=1,priority=9,udp: has not learned where it goes",
        "priority=9,udp,actions=push_vlan:0x8100,push_vlan:0x8100,push_vlan:0x8100,2 | table=1,priority=9,udp: "
            + "sends it with more than two tags",
    })
    void whatNoPathCanStandForIsNamed(final String flow, final String reason) {
        establish(TRACK, THERE, BACK, "table=9,in_port=4,actions=drop");
        lab.datapath.addFlow("table=1," + flow, Missing.REFUSE);
        lab.receive("p1", udp().macs("2:0:0:0:0:1", "2:0:0:0:0:77").build());
        if (reason == null) {
            offered();
        } else {
            assertThat(refusal()).isEqualTo(reason);
        }
    }

    @Test
    void aFlowOfAnEarlierTableIsNamedToo() {
        establish("priority=9,icmp,nw_ttl=1,actions=drop", "priority=9,udp,in_port=1,nw_ttl=1,actions=drop", TRACK,
            THERE, BACK);
        lab.receive("p1", udp().build());
        assertThat(refusal()).isEqualTo("table=0,priority=9,udp,in_port=1,nw_ttl=1: matches nw_ttl");
    }

    @Test
    void aTableThatOnlyAFlagLeadsOutOfIsNamed() {
        establish(TRACK, "table=1,ip,actions=ct(commit),resubmit(,5),2", "table=5,udp,nw_ttl=9,actions=3");
        lab.receive("p1", udp().build());
        assertThat(refusal()).isEqualTo("table=5,priority=32768,udp,nw_ttl=9: matches nw_ttl");
    }

    @Test
    void whatWasRefusedMayBePossibleAfterAChange() {
        establish(TRACK, THERE, BACK, "table=1,priority=9,udp,nw_ttl=3,actions=drop");
        lab.receive("p1", udp().build(), udp().build());
        assertThat(paths.refusals).hasSize(1);
        lab.datapath.removeFlows("table=1,udp,nw_ttl=3", false);
        lab.receive("p1", udp().build());
        assertThat(paths.held()).hasSize(1);
    }

    // ---- withdrawn ----

    private FakePaths.Taken take() {
        establish(TRACK, THERE, BACK);
        lab.receive("p1", udp().build());
        offered();
        return paths.taken.get(0);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "table=1,priority=5,udp,actions=drop               | flows of table 1 have changed",
        "table=0,priority=5,in_port=1,actions=drop         | flows of table 0 have changed",
        "table=1,priority=5,ct_state=+est,actions=3        | flows of table 1 have changed",
        "table=1,priority=1,in_port=1,ip,actions=drop      | flows of table 1 have changed",
        "table=1,priority=5,udp,nw_ttl=1,actions=drop      | table=1,priority=5,udp,nw_ttl=1: matches nw_ttl",
        "table=1,priority=5,tcp,tcp_flags=+syn,actions=drop | ",
        "table=1,priority=5,ct_state=+inv,actions=drop     | ",
        "table=1,priority=0,ip,actions=drop                | ",
        "table=1,priority=9,in_port=2,ip,actions=drop      | ",
        "table=2,priority=9,actions=drop                   | ",
    })
    void aFlowThatIsAddedWithdrawsWhatItConcernsAndNothingElse(final String flow, final String reason) {
        final FakePaths.Taken path = take();
        final int changes = paths.changes;
        lab.datapath.addFlow(flow, Missing.REFUSE);
        if (reason == null) {
            assertThat(path.withdrawals).isEmpty();
        } else {
            assertThat(path.withdrawals).containsExactly(reason);
        }
        assertThat(paths.changes).isEqualTo(changes + 1);
    }

    @Test
    void aFlowThatIsRemovedOrSetAnewWithdrawsItsPaths() {
        final FakePaths.Taken path = take();
        lab.datapath.removeFlows("table=1,in_port=2", false);
        assertThat(path.withdrawals).isEmpty();
        lab.datapath.removeFlows("table=1,in_port=1", false);
        assertThat(path.withdrawals).hasSize(1);

        lab.receive("p1", udp().build());
        assertThat(paths.refusals).containsExactly("table=1,no flow: sends it nowhere");
        lab.datapath.addFlows(List.of(THERE), Missing.REFUSE);
        lab.receive("p1", udp().build());
        assertThat(paths.held()).as("the next packet offers anew").hasSize(1);
        assertThat(path.withdrawals).as("it had gone").hasSize(1);
    }

    @Test
    void flowsThatAreFoundByTheirHeadersAreComparedByThemLater() {
        final CtAction commit = CtAction.builder().commit().build();
        establish();
        lab.datapath.addRule(new Rule(0, 0, 0, new Match.Builder().build(),
            List.of(new Track(commit, Track.NO_TABLE, null, List.of(), "ct(commit)"), new Output(2)), 0));
        lab.receive("p4", Packets.frame(0x88b5).build());
        lab.receive("p1", udp().build());
        final FakePaths.Taken path = paths.taken.get(0);
        lab.datapath.addFlow("priority=65535,udp,nw_dst=10.0.0.3,actions=drop", Missing.REFUSE);
        assertThat(path.withdrawals).isEmpty();
        lab.datapath.addFlow("priority=65535,udp,nw_dst=10.0.0.2,tp_dst=80,actions=drop", Missing.REFUSE);
        assertThat(path.withdrawals).hasSize(1);
    }

    @Test
    void aPortThatGoesTakesItsPathsWithIt() {
        final FakePaths.Taken path = take();
        lab.datapath.removePort("p3");
        assertThat(path.withdrawals).isEmpty();
        lab.datapath.removePort("p2");
        assertThat(path.withdrawals).containsExactly("a port of it has gone");
        lab.datapath.addPort(new FakePort("p2"), OptionalInt.of(2));
        lab.receive("p1", udp().build());
        assertThat(paths.held()).hasSize(1);
    }

    @Test
    void aDatapathThatGoesTakesAllWithIt() {
        final FakePaths.Taken path = take();
        lab.close();
        assertThat(path.withdrawals).isNotEmpty();
    }

    @Test
    void theCommandReturnsWhenHardwareHasConfirmed() throws Exception {
        final FakePaths.Taken path = take();
        paths.confirming = false;
        final Thread command = new Thread(() -> lab.datapath.removeFlows("table=1", false));
        command.start();
        until(() -> !path.withdrawals.isEmpty());
        lab.receive("p1", udp().build());
        assertThat(lab.datapath.flows()).extracting(Flow::table).as("packets go by the new flows meanwhile")
            .containsExactly(0);
        assertThat(command.isAlive()).isTrue();
        path.confirm();
        command.join();
    }

    @Test
    void hardwareThatDoesNotConfirmIsNotWaitedForTwice() {
        take();
        paths.confirming = false;
        Thread.currentThread().interrupt();
        lab.datapath.removeFlows("table=1", false);
        assertThat(Thread.interrupted()).as("the time was cut short").isTrue();
        final long start = System.nanoTime();
        lab.datapath.addFlow("table=7,actions=drop", Missing.REFUSE);
        assertThat(System.nanoTime() - start).isLessThan(4_000_000_000L);
    }

    @Test
    void aChangeWhileAPathIsOfferedWithdrawsIt() throws Exception {
        establish(TRACK, THERE, BACK);
        final Thread command = new Thread(() -> lab.datapath.addFlow("table=1,priority=5,udp,actions=drop",
            Missing.REFUSE));
        paths.meanwhile = () -> {
            paths.meanwhile = () -> { };
            final State before = lab.datapath.state();
            command.start();
            until(() -> lab.datapath.state() != before);
        };
        lab.receive("p1", udp().build());
        command.join();
        assertThat(paths.taken).hasSize(1);
        assertThat(paths.taken.get(0).withdrawals).isNotEmpty();
        assertThat(paths.held()).isEmpty();
    }

    @Test
    void aChangeAfterThePacketWentKeepsItsPathFromBeingOffered() {
        establish(TRACK, "table=1,priority=1,ip,actions=ct(commit),5");
        lab.datapath.addPort(new FakePort("p5").whenSending(() -> {
            if (paths.wanting && lab.datapath.flows().size() < 3) {
                lab.datapath.addFlow("table=1,priority=5,udp,actions=2", Missing.REFUSE);
            }
        }), OptionalInt.of(5));
        lab.receive("p1", udp().build());
        assertThat(paths.taken).isEmpty();
        assertThat(paths.refusals).isEmpty();
        lab.receive("p1", udp().build());
        assertThat(paths.held()).extracting(Path::egress).containsExactly("p2");
    }

    @Test
    void aConnectionThatChangesWhileItsPathIsOfferedWithdrawsIt() {
        lab = new Lab(tracker, TRACK, THERE, BACK);
        lab.shortcuts.bindPaths(paths);
        lab.receive("p1", udp().build());
        paths.wanting = true;
        paths.meanwhile = () -> {
            paths.meanwhile = () -> { };
            paths.wanting = false;
            lab.receive("p2", reply().build());
            paths.wanting = true;
        };
        lab.receive("p1", udp().build());
        assertThat(paths.taken).hasSize(1);
        assertThat(paths.taken.get(0).withdrawals).containsExactly("the connection has changed");
        lab.receive("p1", udp().build());
        assertThat(paths.held()).hasSize(1);
    }

    @Test
    void underTrafficNoPathOutlivesTheFlowsThatItStandsFor() throws Exception {
        establish(TRACK, THERE, BACK);
        final AtomicBoolean stopped = new AtomicBoolean();
        final Thread traffic = new Thread(() -> {
            while (!stopped.get()) {
                lab.receive("p1", udp().build());
            }
        });
        traffic.start();
        try {
            for (int i = 0; i < 100; i++) {
                until(() -> !paths.held().isEmpty());
                lab.datapath.addFlow("table=1,priority=5,udp,actions=3", Missing.REFUSE);
                assertThat(paths.held()).extracting(Path::egress).doesNotContain("p2");
                lab.datapath.removeFlows("table=1,priority=5,udp", true);
                assertThat(paths.held()).extracting(Path::egress).doesNotContain("p3");
            }
        } finally {
            stopped.set(true);
            traffic.join();
        }
    }

    @Test
    void anotherTakerIsOfferedEverythingAnew() {
        final FakePaths.Taken path = take();
        final FakePaths other = new FakePaths();
        other.wanting = true;
        lab.shortcuts.bindPaths(other);
        assertThat(path.withdrawals).hasSize(1);
        lab.shortcuts.unbindPaths(paths);
        lab.receive("p1", udp().build());
        assertThat(other.held()).hasSize(1);
    }

    @Test
    void aTakerThatFailsDoesNotHarmPackets() {
        establish(TRACK, THERE, BACK);
        paths.meanwhile = () -> {
            throw new NoClassDefFoundError("Manager");
        };
        lab.receive("p1", udp().build(), udp().build());
        assertThat(lab.port("p2").sent()).hasSize(3);
        lab.datapath.addFlow("table=1,priority=5,udp,actions=drop", Missing.REFUSE);
    }

    // ---- a learning switch ----

    private static final String SWITCH = "table=1,priority=1,ip,actions=ct(commit),normal";

    private static Packets from(final String mac, final String to) {
        return Packets.frame(0x88b5).macs(mac, to);
    }

    private FakePaths.Taken takeSwitched() {
        establish(udp().macs("2:0:0:0:0:1", "2:0:0:0:0:2"), reply().macs("2:0:0:0:0:2", "2:0:0:0:0:1"), TRACK, SWITCH,
            "priority=0,actions=normal");
        lab.receive("p1", udp().macs("2:0:0:0:0:1", "2:0:0:0:0:2").build());
        assertThat(offered().egress()).isEqualTo("p2");
        assertThat(offered().arrivingSource()).hasValue(0x020000000001L);
        assertThat(offered().arrivingDestination()).hasValue(0x020000000002L);
        return paths.taken.get(0);
    }

    @Test
    void aPathBehindALearningSwitchGoesWhenTheAddressMoves() {
        final FakePaths.Taken path = takeSwitched();
        lab.receive("p3", from("2:0:0:0:0:3", "2:0:0:0:0:2").build());
        lab.receive("p2", from("2:0:0:0:0:2", "2:0:0:0:0:3").build());
        assertThat(path.withdrawals).isEmpty();
        lab.receive("p3", from("2:0:0:0:0:2", "2:0:0:0:0:3").build());
        assertThat(path.withdrawals).containsExactly("a learned address has moved");
        lab.receive("p1", udp().macs("2:0:0:0:0:1", "2:0:0:0:0:2").build());
        assertThat(paths.held()).extracting(Path::egress).containsExactly("p3");
    }

    @Test
    void anAddressThatIsLearnedLaterMakesAPathPossible() {
        establish(udp().macs("2:0:0:0:0:1", "2:0:0:0:0:9"), reply().macs("2:0:0:0:0:2", "2:0:0:0:0:1"), TRACK, SWITCH,
            "priority=0,actions=normal");
        lab.receive("p1", udp().macs("2:0:0:0:0:1", "2:0:0:0:0:9").build());
        assertThat(refusal()).isEqualTo("table=1,priority=1,ip: has not learned where it goes");
        lab.receive("p4", from("2:0:0:0:0:8", "2:0:0:0:0:1").build());
        assertThat(paths.changes).isZero();
        lab.receive("p4", from("2:0:0:0:0:9", "2:0:0:0:0:1").build());
        assertThat(paths.changes).isEqualTo(1);
        lab.receive("p1", udp().macs("2:0:0:0:0:1", "2:0:0:0:0:9").build());
        assertThat(paths.held()).extracting(Path::egress).containsExactly("p4");
    }

    @Test
    void packetsInHardwareKeepTheirSenderLearnedAndAForgottenReceiverEndsThePath() {
        final FakePaths.Taken path = takeSwitched();
        now += MacTable.MAX_AGE_NS - 1;
        path.listener.passed(1, 100);
        assertThat(path.withdrawals).isEmpty();
        now += 1;
        assertThat(lab.datapath.macs.find(0x020000000001L, now)).isEqualTo(1);
        path.listener.passed(1, 100);
        assertThat(path.withdrawals).containsExactly("a learned address is forgotten");
    }

    @Test
    void lateNewsOfPacketsInHardwareDoNotMoveAnAddressBack() {
        final FakePaths.Taken path = takeSwitched();
        lab.receive("p3", from("2:0:0:0:0:1", "2:0:0:0:0:9").build());
        path.listener.passed(1, 100);
        assertThat(lab.datapath.macs.find(0x020000000001L, now)).isEqualTo(3);
    }

    // ---- counters ----

    @Test
    void whatPassesIsCreditedToTheFlowsOnTheWay() {
        final FakePaths.Taken path = take();
        paths.taken.get(0).listener.passed(10, 1000);
        assertThat(lab.datapath.flows()).extracting(flow -> flow.packets() + " " + flow.bytes()).containsExactly(
            "13 " + (1000 + 10 * 14 + 3 * 42), "12 " + (1000 + 10 * 14 + 2 * 42), "1 42");
        path.listener.passed(5, 0);
        assertThat(lab.datapath.flows().get(0).packets()).isEqualTo(18);
        assertThat(lab.datapath.counters().packets()).as("the datapath has not seen them").isEqualTo(3);
    }
}
