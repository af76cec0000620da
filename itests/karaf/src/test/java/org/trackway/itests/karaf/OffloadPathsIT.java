// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.karaf;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.util.List;
import java.util.stream.IntStream;
import javax.inject.Inject;
import org.apache.karaf.features.BootFinished;
import org.apache.karaf.shell.api.console.SessionFactory;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.ops4j.pax.exam.spi.reactors.ExamReactorStrategy;
import org.ops4j.pax.exam.spi.reactors.PerClass;
import org.trackway.conntrack.Conntrack;
import org.trackway.datapath.Datapath;
import org.trackway.offload.Offload;
import org.trackway.offload.OffloadStory;
import org.trackway.offload.ProviderStatus;
import org.trackway.packet.Bytes;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Port;

/**
 * Two tables and two zones in the simulated card: the connections of both zones are counted right, and what depends on
 * something that changes is gone from the card when the command returns, while the rest stays.
 */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class OffloadPathsIT {

    /** A half of them TCP, a half UDP; each has a path in either direction. */
    private static final int CONVERSATIONS = 400;
    private static final int PATHS = 2 * CONVERSATIONS;
    private static final int OF_UDP = CONVERSATIONS / 2;
    private static final List<String> FLOWS = List.of(
        "table=0,priority=10,ip,actions=ct(table=1,zone=1)",
        "table=1,priority=80,ip,ct_state=+est,actions=ct(table=2,zone=2)",
        "table=1,priority=60,in_port=1,ip,ct_state=+new,actions=ct(commit,zone=1,timeout=patient),ct(table=2,zone=2)",
        "table=2,priority=80,in_port=1,ip,ct_state=+est,actions=output:2",
        "table=2,priority=80,in_port=2,ip,ct_state=+est,actions=output:1",
        "table=2,priority=60,in_port=1,ip,ct_state=+new,actions=ct(commit,zone=2,timeout=patient),output:2",
        "table=3,priority=10,ip,actions=output:2");

    /** Before it nothing is certain. */
    @Inject
    private BootFinished booted;
    @Inject
    private SessionFactory sessions;
    @Inject
    private Datapath datapath;
    @Inject
    private Offload offload;

    private Shell shell;
    private Conntrack tracker;
    private Conversations talk;

    @Configuration
    public Option[] container() {
        return Containers.distribution();
    }

    @Before
    public void offloadAll() throws Exception {
        shell = Shell.admin(sessions);
        shell.run("feature:install trackway-provider-dummy");
        shell.run("offload:settings --update-interval 100");
        tracker = datapath.conntrack();
        Trackway.holdThroughPauses(tracker, shell);
    }

    private void begin(final List<String> flows) throws Exception {
        datapath.addFlows(flows, Datapath.Missing.REFUSE);
        talk = new Conversations(datapath, new Script(0, false), CONVERSATIONS, 20_000, PacketBatch.BURST);
        offloaded();
    }

    /** Lets them talk until all of it is in the card, and stops them there. */
    private void offloaded() throws Exception {
        talk.resume();
        Trackway.eventually(() -> "all is in the card: " + offload.providers(), () -> paths() == PATHS);
        talk.pause();
        talk.assertWell();
    }

    @After
    public void end() throws Exception {
        talk.close();
        datapath.removeFlows("", false);
        shell.run("conntrack:flush --all");
        Trackway.eventually("nothing is in the card", () -> dummy().held() == 0 && dummy().paths() == 0);
        assertEquals(List.of(), Trackway.problems());
    }

    private ProviderStatus dummy() {
        return offload.providers().get(0);
    }

    private long paths() {
        return dummy().paths();
    }

    private long withdrawn() {
        return dummy().counters().get(ProviderStatus.Counter.WITHDRAWN);
    }

    @Test
    public void bothZonesAreCounted() throws Exception {
        begin(FLOWS);
        final long before = datapath.counters().bypassed();
        talk.resume();
        talk.hear(20 * CONVERSATIONS);
        talk.pause();
        assertTrue("software saw few of them", datapath.counters().bypassed() - before > 19 * CONVERSATIONS);
        for (final int zone : new int[] {1, 2}) {
            assertEquals("zone " + zone, CONVERSATIONS, talk.assertTracked(tracker, zone));
        }
        assertEquals("flows count what passed on the card", talk.heard(),
            datapath.flows().stream().filter(flow -> flow.table() == 0).mapToLong(flow -> flow.packets()).sum());
    }

    @Test
    public void aFlowThatChangesTakesItsPathsAlong() throws Exception {
        begin(FLOWS);

        shell.run("datapath:flow-add 'table=2,priority=200,udp,tp_dst=53,ct_state=+est,in_port=1 actions=output:2'");
        assertEquals("the way there of UDP is gone", PATHS - OF_UDP, paths());
        offloaded();

        final long withdrawn = withdrawn();
        shell.run("datapath:flow-add 'table=2,priority=200,udp,tp_dst=53,ct_state=+est,in_port=1 "
            + "actions=resubmit(,3)'");
        assertEquals("and again", PATHS - OF_UDP, paths());
        offloaded();

        shell.run("datapath:flow-remove 'table=2,udp,tp_dst=53'");
        assertEquals("and again", PATHS - OF_UDP, paths());
        offloaded();
        assertEquals("nothing else was withdrawn", withdrawn + 2 * OF_UDP, withdrawn());

        shell.run("datapath:flow-add 'table=7,ip actions=drop'");
        assertEquals("a table that nothing visits", PATHS, paths());
        shell.run("datapath:flow-add 'table=2,priority=1,ip actions=drop'");
        assertEquals("a flow that is never met", PATHS, paths());
    }

    @Test
    public void aFlowThatLooksAtTheTimeToLiveKeepsItInSoftwareAndIsNamed() throws Exception {
        begin(FLOWS);
        shell.run("datapath:flow-add 'table=2,priority=200,udp,nw_ttl=64,tp_dst=53,ct_state=+est,in_port=1 "
            + "actions=output:2'");
        assertEquals("the way there of UDP is gone", PATHS - OF_UDP, paths());
        talk.resume();
        talk.hear(10 * CONVERSATIONS);
        talk.pause();
        assertEquals("and stays in software", PATHS - OF_UDP, paths());
        final String why = shell.run("offload:why " + talk.connection(tracker, 2, 2).id());
        assertTrue(why, why.contains("half in hardware: dummy forwards the reply direction, "));
        assertTrue(why, why.contains("nw_ttl"));
    }

    @Test
    public void aMarkThatChangesTakesItsPathsAlong() throws Exception {
        begin(FLOWS);
        shell.run("datapath:flow-add 'table=2,priority=200,udp,ct_state=+est,in_port=2 "
            + "actions=ct(commit,zone=2,exec(load:5->ct_mark[])),output:1'");
        assertEquals("the way back of UDP is gone", PATHS - OF_UDP, paths());
        final long withdrawn = withdrawn();
        final List<OffloadStory> others = storiesOfTcp();
        talk.resume();
        Trackway.eventually(() -> "the way there of UDP was withdrawn: " + dummy(),
            () -> withdrawn() >= withdrawn + OF_UDP);
        Trackway.eventually(() -> "and all is in the card again: " + dummy(), () -> paths() == PATHS);
        talk.hear(10 * CONVERSATIONS);
        talk.pause();
        talk.assertWell();
        assertEquals("nothing happened to the others", others, storiesOfTcp());
        assertEquals(5, talk.connection(tracker, 2, 2).mark());
        assertEquals(0, talk.connection(tracker, 1, 2).mark());
    }

    private List<OffloadStory> storiesOfTcp() {
        return IntStream.range(0, CONVERSATIONS).filter(conversation -> conversation % 4 < 2)
            .mapToObj(conversation -> offload.story(talk.connection(tracker, 2, conversation).id())).toList();
    }

    @Test
    public void anAddressThatMovesTakesItsPathsAlong() throws Exception {
        begin(FLOWS.stream().map(flow -> flow.replaceAll("output:[12]", "normal")).toList());
        final Packet moved = Packet.of(new byte[64]);
        Bytes.put32(moved.data(), moved.offset(), -1);
        Bytes.put16(moved.data(), moved.offset() + 4, -1);
        // The client, who is behind port 1, speaks behind port 2.
        Bytes.put32(moved.data(), moved.offset() + 6, 0x0200_0001);
        Bytes.put16(moved.data(), moved.offset() + 12, 0x0806);
        datapath.addFlow("table=0,arp,actions=normal", Datapath.Missing.REFUSE);
        assertEquals("ARP is another matter", PATHS, paths());
        final Port servers = talk.servers();
        final PacketBatch batch = new PacketBatch();
        batch.add(moved);
        datapath.process(servers, batch);
        Trackway.eventually("the way to him is gone, the other one stays", () -> paths() == CONVERSATIONS);
    }
}
