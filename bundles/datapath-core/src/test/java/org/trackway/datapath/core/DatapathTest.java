// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.Conntrack;
import org.trackway.datapath.Datapath;
import org.trackway.datapath.Datapath.Missing;
import org.trackway.datapath.DatapathPort;
import org.trackway.datapath.Flow;
import org.trackway.datapath.FlowException;
import org.trackway.datapath.SeenPacket;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Packets;

/** Where packets go: ports, tables, switching, counters; and the flow table as its user changes it. */
class DatapathTest {

    private final FakeConntrack conntrack = new FakeConntrack();
    private Lab lab;

    @AfterEach
    void close() {
        if (lab != null) {
            lab.close();
        }
    }

    private static Packet udp() {
        return Packets.udp4("10.0.0.1", 5, "10.0.0.2", 80).payloadSize(58).build();
    }

    private void run(final String... flows) {
        lab = new Lab(conntrack, flows);
        lab.receive("p1", udp());
    }

    @Test
    void anEmptyTableDropsEverything() {
        run();
        assertThat(lab.counts()).containsExactly(0, 0, 0, 0);
        assertThat(lab.datapath.counters()).isEqualTo(new Datapath.Counters(1, 100, 0, 1, 0, 0, 0));
    }

    @Test
    void outputsGoWhereTheySayButNeverBack() {
        run("actions=1,2,p3,output:p4,3");
        assertThat(lab.counts()).containsExactly(0, 1, 2, 1);
    }

    @Test
    void inPortIsTheWayBack() {
        run("actions=in_port");
        assertThat(lab.counts()).containsExactly(1, 0, 0, 0);
    }

    @Test
    void floodAndAllSpareTheIngressPort() {
        run("actions=flood,all");
        assertThat(lab.counts()).containsExactly(0, 2, 2, 2);
    }

    @Test
    void registersNamePorts() {
        run("actions=load:3->NXM_NX_REG0[0..15],output:NXM_NX_REG0[0..15],load:9->NXM_NX_REG1[],output:reg1");
        assertThat(lab.counts()).containsExactly(0, 0, 1, 0);
        assertThat(lab.datapath.counters().lost()).isEqualTo(1);
    }

    @Test
    void aPortThatIsNotThereOrDoesNotSendLosesPackets() {
        lab = new Lab(conntrack, "actions=LOCAL,2,77");
        lab.port("p2").breakSending();
        lab.receive("p1", udp());
        lab.receive("p1", udp());
        assertThat(lab.datapath.counters().lost()).isEqualTo(6);
        final DatapathPort broken = lab.datapath.ports().get(1);
        assertThat(broken.state()).isEqualTo(DatapathPort.State.FAILED);
        assertThat(broken.error()).contains("p2: the cable is cut");
    }

    @Test
    void theHighestPriorityWins() {
        run("priority=5,ip,actions=2", "priority=10,actions=3", "priority=7,udp,nw_src=10.0.0.1,actions=4");
        assertThat(lab.counts()).containsExactly(0, 0, 1, 0);
    }

    @Test
    void resubmitComesBackAndGotoDoesNot() {
        run("actions=resubmit(,1),3", "table=1,actions=2,goto_table:2", "table=2,actions=4");
        assertThat(lab.counts()).containsExactly(0, 1, 1, 1);
    }

    @Test
    void resubmitAssumesAnotherPortOnlyMeanwhile() {
        run("in_port=1,actions=resubmit(3,1),resubmit(,1)", "table=1,in_port=3,actions=1,3",
            "table=1,in_port=1,actions=4");
        assertThat(lab.counts()).containsExactly(1, 0, 0, 1);
    }

    @Test
    void resubmitToATableWithoutFlowsGoesOn() {
        run("actions=resubmit(,7),2");
        assertThat(lab.counts()).containsExactly(0, 1, 0, 0);
    }

    @Test
    void changesShowInLaterTables() {
        run("actions=mod_dl_dst:02:00:00:00:00:77,set_field:7->reg3,resubmit(,1)",
            "table=1,dl_dst=02:00:00:00:00:77,reg3=7,actions=2", "table=1,priority=1,actions=3");
        assertThat(lab.counts()).containsExactly(0, 1, 0, 0);
    }

    @Test
    void anEndlessLoopDropsThePacketAndIsCounted() {
        run("actions=2,resubmit(,0)");
        assertThat(lab.counts()).containsExactly(0, 0, 0, 0);
        assertThat(lab.datapath.counters().tooDeep()).isEqualTo(1);
    }

    @Test
    void aWideLoopEndsToo() {
        final StringBuilder wide = new StringBuilder("actions=resubmit(,1)");
        wide.append(",resubmit(,1)".repeat(99));
        run(wide.toString(), "table=1," + wide.toString().replace("(,1)", "(,2)"), "table=2,actions=drop");
        assertThat(lab.datapath.counters().tooDeep()).isEqualTo(1);
    }

    @Test
    void aLoopThroughTheTrackerEndsToo() {
        run("ip,actions=ct(table=0)");
        assertThat(conntrack.calls).hasSize(9);
        assertThat(lab.datapath.counters().tooDeep()).isEqualTo(1);
    }

    // ---- switching ----

    private static Packet frame(final int from, final int to) {
        return Packets.udp4("10.0.0.1", 5, "10.0.0.2", 80)
            .macs(String.format("02:00:00:00:00:%02x", from), String.format("02:00:00:00:00:%02x", to)).build();
    }

    @Test
    void normalLearnsWhereAddressesAre() {
        lab = new Lab(conntrack, "actions=normal");
        lab.receive("p1", frame(1, 2));
        assertThat(lab.counts()).as("unknown: everywhere").containsExactly(0, 1, 1, 1);
        lab.receive("p2", frame(2, 1));
        assertThat(lab.counts()).as("known: one port").containsExactly(1, 1, 1, 1);
        lab.receive("p1", frame(1, 2));
        assertThat(lab.counts()).containsExactly(1, 2, 1, 1);
        lab.receive("p3", frame(1, 3));
        lab.receive("p2", frame(2, 1));
        assertThat(lab.counts()).as("moved to another port").containsExactly(2, 3, 2, 2);
        lab.receive("p2", frame(5, 2));
        assertThat(lab.counts()).as("at home already").containsExactly(2, 3, 2, 2);
    }

    @Test
    void normalLearnsWithinABatch() {
        lab = new Lab(conntrack, "actions=normal");
        lab.receive("p1", frame(1, 9), frame(3, 1), frame(9, 3));
        assertThat(lab.counts()).containsExactly(0, 1, 1, 1);
    }

    @Test
    void normalForgetsAfterFiveMinutes() {
        lab = new Lab(conntrack, "actions=normal");
        lab.receive("p1", frame(1, 2));
        conntrack.now += MacTable.MAX_AGE_NS - 1;
        lab.receive("p2", frame(2, 1));
        assertThat(lab.counts()).containsExactly(1, 1, 1, 1);
        conntrack.now += 1;
        lab.receive("p2", frame(2, 1));
        assertThat(lab.counts()).containsExactly(2, 1, 2, 2);
    }

    @Test
    void normalForgetsAPortThatGoes() {
        lab = new Lab(conntrack, "actions=normal");
        lab.receive("p4", frame(4, 2));
        lab.datapath.removePort("p4");
        lab.receive("p1", frame(1, 4));
        assertThat(lab.counts()).containsExactly(1, 2, 2, 0);
    }

    @Test
    void normalKeepsVlansApartAndBridgeFramesToItself() {
        lab = new Lab(conntrack, "actions=normal");
        lab.receive("p1", Packets.udp4("10.0.0.1", 5, "10.0.0.2", 80)
            .macs("02:00:00:00:00:01", "02:00:00:00:00:02").vlan(5).build());
        lab.receive("p2", frame(2, 1));
        assertThat(lab.counts()).containsExactly(1, 1, 2, 2);
        lab.receive("p1", Packets.frame(0x88cc).macs("02:00:00:00:00:01", "01:80:c2:00:00:0e").build());
        assertThat(lab.counts()).containsExactly(1, 1, 2, 2);
        lab.receive("p1", Packets.frame(0x88cc).macs("02:00:00:00:00:01", "01:80:c2:00:00:10").build());
        assertThat(lab.counts()).containsExactly(1, 2, 3, 3);
    }

    // ---- the flow table ----

    @Test
    void flowsCountWhatTheyMatch() {
        run("priority=5,udp,actions=2", "priority=4,tcp,actions=2", "table=3,actions=drop");
        lab.receive("p1", udp(), udp());
        assertThat(lab.datapath.flows()).extracting(Flow::text, Flow::packets, Flow::bytes).containsExactly(
            tuple("priority=5,udp actions=output:2", 3L, 300L), tuple("priority=4,tcp actions=output:2", 0L, 0L),
            tuple("table=3, actions=drop", 0L, 0L));
        conntrack.now += 2_500_000_000L;
        assertThat(lab.datapath.flows().get(0)).hasToString(
            "cookie=0x0, duration=2.500s, table=0, n_packets=3, n_bytes=300, priority=5,udp actions=output:2");
    }

    private static org.assertj.core.groups.Tuple tuple(final Object... values) {
        return org.assertj.core.groups.Tuple.tuple(values);
    }

    private List<String> texts() {
        return lab.datapath.flows().stream().map(Flow::text).toList();
    }

    @Test
    void aFlowReplacesTheSameOne() {
        run("priority=5,udp,actions=2", "priority=6,udp,actions=3");
        lab.datapath.addFlow("priority=5,udp,actions=4", Missing.REFUSE);
        assertThat(texts()).containsExactly("priority=6,udp actions=output:3", "priority=5,udp actions=output:4");
    }

    @Test
    void removalsAreLooseOrStrict() {
        lab = new Lab(conntrack);
        final List<String> all = List.of("priority=5,ip,actions=2", "priority=6,udp,actions=2",
            "cookie=7,arp,actions=2", "table=1,udp,tp_dst=53,actions=2", "table=1,actions=2");
        final List<List<Object>> cases = List.of(
            List.of("", false, 5), List.of("ip", false, 3), List.of("udp", false, 2), List.of("table=1", false, 2),
            List.of("table=1,ip", false, 1), List.of("cookie=7/-1", false, 1), List.of("cookie=0/0x1", false, 4),
            List.of("ip", true, 0), List.of("priority=5,ip", true, 1), List.of("priority=6,ip", true, 0),
            List.of("tcp", false, 0), List.of("", true, 1));
        for (final List<Object> one : cases) {
            lab.datapath.removeFlows("", false);
            lab.datapath.addFlows(all, Missing.REFUSE);
            final int removed = lab.datapath.removeFlows((String) one.get(0), (boolean) one.get(1));
            assertThat(removed).as("removed by %s", one).isEqualTo(one.get(2));
            assertThat(texts()).hasSize(all.size() - removed);
        }
    }

    @Test
    void aRemovalTakesNoActions() {
        lab = new Lab(conntrack);
        assertThatThrownBy(() -> lab.datapath.removeFlows("ip,actions=drop", false)).isInstanceOf(FlowException.class)
            .hasMessage("column 12: 'drop': a removal takes no actions");
    }

    @Test
    void aFileIsAddedAsAWholeOrNotAtAll() {
        lab = new Lab(conntrack, "arp,actions=normal");
        assertThatThrownBy(() -> lab.datapath.addFlows(
            List.of("# a comment", "", "udp,actions=2  # another", "tcp,actions=5,foo"), Missing.REFUSE))
            .isInstanceOfSatisfying(FlowException.class, problem -> {
                assertThat(problem.line()).isEqualTo(4);
                assertThat(problem.column()).isEqualTo(15);
                assertThat(problem.offending()).isEqualTo("foo");
            }).hasMessageStartingWith("line 4, column 15: 'foo': not an action: give drop,");
        assertThat(texts()).containsExactly("arp actions=NORMAL");
        assertThat(lab.datapath.addFlows(List.of("# a comment", "", "udp,actions=2 # another", "tcp,actions=3"),
            Missing.REFUSE)).isEqualTo(2);
        assertThat(texts()).hasSize(3);
    }

    @Test
    void aFlowThatMayWaitIsShownWaiting() {
        lab = new Lab(conntrack);
        assertThatThrownBy(() -> lab.datapath.addFlow("tcp,actions=ct(commit,alg=ftp)", Missing.REFUSE))
            .isInstanceOf(FlowException.class);
        lab.datapath.addFlow("tcp,actions=ct(commit,alg=ftp)", Missing.WAIT);
        assertThat(lab.datapath.flows().get(0).waitingFor()).containsExactly("helper ftp");
        conntrack.helpers.add("ftp");
        assertThat(lab.datapath.flows().get(0).waitingFor()).isEmpty();
    }

    // ---- ports ----

    @Test
    void portsHaveTheLowestFreeNumberUnlessTheyAreGivenOne() {
        lab = new Lab(conntrack);
        lab.datapath.removePort("2");
        assertThat(lab.datapath.addPort(new FakePort("eth0"), OptionalInt.empty()).number()).isEqualTo(2);
        assertThat(lab.datapath.addPort(new FakePort("eth1"), OptionalInt.empty()).number()).isEqualTo(5);
        assertThat(lab.datapath.addPort(new FakePort("br"), OptionalInt.of(Datapath.LOCAL_PORT)).number())
            .isEqualTo(65534);
        lab.datapath.addFlow("actions=LOCAL,eth0", Missing.REFUSE);
        lab.receive("p1", udp());
        assertThat(lab.datapath.ports()).extracting(port -> port.name() + port.statistics().sentPackets())
            .containsExactly("p10", "eth01", "p30", "p40", "eth10", "br1");
    }

    @Test
    void portsAreRefusedThatFlowsCouldNotName() {
        lab = new Lab(conntrack);
        for (final String name : List.of("7", "normal", "ct", "a b", "a,b", "LOCAL", "", "0x1", "drop")) {
            assertThatThrownBy(() -> lab.datapath.addPort(new FakePort(name), OptionalInt.empty()))
                .as(name).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("can't be the name of a port");
        }
        assertThatThrownBy(() -> lab.datapath.addPort(new FakePort("p1"), OptionalInt.empty()))
            .hasMessage("there is a port 'p1' already");
        assertThatThrownBy(() -> lab.datapath.addPort(new FakePort("q"), OptionalInt.of(3)))
            .hasMessage("there is a port number 3 already");
        assertThatThrownBy(() -> lab.datapath.addPort(new FakePort("q"), OptionalInt.of(0)))
            .hasMessage("port number 0 is not in 1 to 65279");
    }

    @Test
    void aRemovedPortIsClosed() {
        lab = new Lab(conntrack, "actions=2");
        final FakePort port = lab.port("p2");
        assertThat(lab.datapath.removePort("p2")).isTrue();
        assertThat(lab.datapath.removePort("p2")).isFalse();
        assertThat(port.isClosed()).isTrue();
        lab.receive("p1", udp());
        assertThat(lab.datapath.counters().lost()).isEqualTo(1);
    }

    // ---- observers ----

    @Test
    void observersSeeEveryPacketOnceInOrder() {
        lab = new Lab(conntrack, "priority=5,tcp,actions=ct(commit,zone=7,exec(set_field:9->ct_mark)),2",
            "priority=1,actions=2");
        final Packet tcp = Packets.tcp4("10.0.0.1", 5, "10.0.0.2", 80).timestampNs(77).build();
        lab.receive("p1", tcp, Packets.frame(0x88cc).build(), udp());
        assertThat(lab.seen).extracting(SeenPacket::number, SeenPacket::fate, SeenPacket::ctState, SeenPacket::ctZone,
            SeenPacket::ctMark).containsExactly(tuple(1L, SeenPacket.Fate.TRACKED, 0x21, 7, 9),
            tuple(2L, SeenPacket.Fate.UNTRACKED, 0, 0, 0), tuple(3L, SeenPacket.Fate.UNTRACKED, 0, 0, 0));
        assertThat(lab.seen.get(0).timestampNs()).isEqualTo(77);
        assertThat(lab.seen.get(0).port()).isEqualTo("p1");
        assertThat(lab.seen.get(0).tuple().orElseThrow())
            .hasToString("src=10.0.0.1,dst=10.0.0.2,sport=5,dport=80");
        assertThat(lab.seen.get(1).tuple()).isEmpty();
        assertThat(lab.seen.get(1).etherType()).isEqualTo(0x88cc);
    }

    @Test
    void anObserverThatThrowsIsNotCalledAgainAndHarmsNobody() {
        run("actions=2");
        final List<SeenPacket> calls = new ArrayList<>();
        lab.datapath.observe(packet -> {
            calls.add(packet);
            throw new IllegalStateException("no");
        });
        lab.receive("p1", udp(), udp());
        lab.receive("p1", udp());
        assertThat(calls).hasSize(1);
        assertThat(lab.counts()).containsExactly(0, 4, 0, 0);
    }

    @Test
    void anObserverWhoseClassesWentHarmsNobody() {
        run("actions=2");
        lab.datapath.observe(packet -> {
            throw new NoClassDefFoundError("its bundle was stopped");
        });
        lab.receive("p1", udp());
        lab.receive("p1", udp());
        assertThat(lab.counts()).containsExactly(0, 3, 0, 0);
    }

    @Test
    void aPortWhoseClassesWentFailsAlone() {
        run("actions=2,3");
        lab.port("p2").failSending(new NoClassDefFoundError("its bundle was stopped"));
        lab.receive("p1", udp());
        assertThat(lab.counts()).containsExactly(0, 1, 2, 0);
        assertThat(lab.datapath.ports().get(1).state()).isEqualTo(DatapathPort.State.FAILED);
    }

    @Test
    void aClosedObservationEnds() {
        lab = new Lab(conntrack, "actions=2");
        final List<SeenPacket> calls = new ArrayList<>();
        final Conntrack.Registration observation = lab.datapath.observe(calls::add);
        lab.receive("p1", udp());
        observation.close();
        lab.receive("p1", udp());
        assertThat(calls).hasSize(1);
    }

    @Test
    void packetsMayComeFromElsewhere() {
        lab = new Lab(conntrack, "priority=2,in_port=1,actions=2", "priority=1,actions=3");
        final PacketBatch batch = new PacketBatch();
        batch.add(udp());
        lab.datapath.process(new FakePort("elsewhere"), batch);
        assertThat(lab.counts()).containsExactly(0, 0, 1, 0);
    }
}
