// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.trackway.datapath.Datapath.Missing;
import org.trackway.datapath.Flow;
import org.trackway.datapath.FlowException;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Packets;

/** Flows that survive a restart, and the file they are in. */
class LiveDatapathTest {

    @TempDir
    Path base;

    private final FakeConntrack conntrack = new FakeConntrack();
    private LiveDatapath live;
    private Path file;

    @BeforeEach
    void start() {
        file = base.resolve("etc/trackway.flows");
        restart();
    }

    @AfterEach
    void stop() {
        live.deactivate();
    }

    private void restart() {
        if (live != null) {
            live.deactivate();
        }
        live = new LiveDatapath(base, conntrack, new PortFactories(), new Shortcuts());
        live.activate(setting("etc/trackway.flows"));
    }

    static DatapathConfiguration setting(final String flows) {
        return new DatapathConfiguration() {
            @Override
            public String flows() {
                return flows;
            }

            @Override
            public Class<DatapathConfiguration> annotationType() {
                return DatapathConfiguration.class;
            }
        };
    }

    private void write(final String... lines) throws IOException {
        Files.createDirectories(file.getParent());
        Files.write(file, List.of(lines));
    }

    private List<String> flows() {
        return live.flows().stream().map(Flow::text).toList();
    }

    private List<String> saved() throws IOException {
        return Files.readAllLines(file).stream().filter(line -> !line.startsWith("#")).toList();
    }

    @Test
    void whatWasAddedForGoodIsThereAfterARestart() throws IOException {
        assertThat(live.flows()).isEmpty();
        live.add("priority=7,tcp actions=ct(commit),2", Missing.REFUSE);
        live.addAll(List.of("arp actions=normal", "table=3,cookie=0x5,udp actions=drop"), Missing.REFUSE);
        final List<String> before = flows();
        assertThat(before).hasSize(3);

        restart();
        assertThat(flows()).isEqualTo(before);
        assertThat(live.remove("tcp", false)).isEqualTo(1);

        restart();
        assertThat(flows()).containsExactly("arp actions=NORMAL", "cookie=0x5, table=3, udp actions=drop");
        assertThat(base.resolve("etc").toFile().list()).containsExactly("trackway.flows");
    }

    @Test
    void flowsOfProgramsAreTheirsToAddAgain() throws IOException {
        live.addFlow("udp actions=1", Missing.REFUSE);
        live.addFlows(List.of("icmp actions=1"), Missing.REFUSE);
        live.add("tcp actions=1", Missing.REFUSE);
        assertThat(saved()).containsExactly("tcp actions=output:1");
        live.addFlow("tcp actions=2", Missing.REFUSE);
        live.add("arp actions=2", Missing.REFUSE);
        assertThat(saved()).as("a program took the other over").containsExactly("arp actions=output:2");
        assertThat(live.remove("", false)).isEqualTo(4);
        assertThat(saved()).isEmpty();
    }

    @Test
    void aChangeThatIsRefusedSavesNothing() {
        assertThatThrownBy(() -> live.add("tcp actions=p9", Missing.REFUSE)).isInstanceOf(FlowException.class);
        assertThatThrownBy(() -> live.addAll(List.of("tcp actions=1", "foo"), Missing.WAIT))
            .isInstanceOf(FlowException.class);
        assertThat(file).doesNotExist();
        assertThat(live.flows()).isEmpty();
    }

    @Test
    void aSavedFlowWaitsForItsHelperAndPolicy() throws IOException {
        conntrack.helpers.add("ftp");
        live.add("tcp actions=ct(commit,alg=ftp)", Missing.REFUSE);
        conntrack.helpers.clear();
        restart();
        assertThat(live.flows().get(0).waitingFor()).containsExactly("helper ftp");
        conntrack.helpers.add("ftp");
        assertThat(live.flows().get(0).waitingFor()).isEmpty();
    }

    @Test
    void aSavedFlowWaitsForThePortsItNames() throws IOException {
        write("# by hand", "priority=5, in_port=lan, tcp, actions=ct(commit),wan", "in_port=wan actions=output:lan",
            "udp actions=resubmit(lan,1)");
        restart();
        assertThat(live.flows()).extracting(Flow::waitingFor).containsExactly(
            List.of("port wan", "port lan"), List.of("port lan"), List.of("port lan", "port wan"));
        assertThat(live.flows().get(2).toString())
            .endsWith("priority=5,in_port=lan,tcp actions=ct(commit),wan (waits for port lan, port wan)");

        live.addPort(new FakePort("lan"), OptionalInt.of(9));
        assertThat(flows()).contains("udp actions=resubmit(9,1)");
        live.addPort(new FakePort("wan"), OptionalInt.empty());
        assertThat(live.flows()).flatExtracting(Flow::waitingFor).isEmpty();
        assertThat(flows()).containsExactlyInAnyOrder("priority=5,tcp,in_port=9 actions=ct(commit),output:1",
            "in_port=1 actions=output:9", "udp actions=resubmit(9,1)");

        live.add("arp actions=drop", Missing.REFUSE);
        assertThat(saved()).hasSize(4);
    }

    @Test
    void waitingFlowsAreSavedReplacedAndRemovedAsTheyWereWritten() throws IOException {
        live.add("in_port=lan actions=lan,2", Missing.WAIT);
        live.add("in_port=wan actions=1", Missing.WAIT);
        live.add("in_port=lan actions=lan,3", Missing.WAIT);
        assertThat(saved()).containsExactly("in_port=lan actions=lan,3", "in_port=wan actions=1");
        assertThatThrownBy(() -> live.remove("in_port=dmz", false)).isInstanceOf(FlowException.class);
        assertThat(live.remove("in_port=lan", false)).isEqualTo(1);
        assertThat(flows()).containsExactly("in_port=wan actions=1");
    }

    @Test
    void whatGoesToAMissingPortIsLostAndTheRestGoesOn() {
        final FakePort there = new FakePort("there");
        live.addPort(there, OptionalInt.of(2));
        live.addFlow("udp actions=lan,there", Missing.WAIT);
        final PacketBatch batch = new PacketBatch();
        batch.add(Packets.udp4("10.0.0.1", 1000, "10.0.0.2", 53).build());
        live.process(there, batch);
        assertThat(there.sent()).isEmpty();
        live.process(new FakePort("other"), batch);
        assertThat(there.sent()).hasSize(1);
        assertThat(live.counters().lost()).isEqualTo(2);
    }

    @Test
    void ofABrokenFileNothingIsLoadedAndItIsNotLost() throws IOException {
        write("arp actions=normal", "tcp actions=foo:1");
        restart();
        assertThat(live.flows()).isEmpty();
        assertThat(file).exists();

        live.add("udp actions=1", Missing.REFUSE);
        assertThat(saved()).containsExactly("udp actions=output:1");
        assertThat(base.resolve("etc/trackway.flows.broken")).hasContent("arp actions=normal\ntcp actions=foo:1\n");
        live.add("icmp actions=1", Missing.REFUSE);
        assertThat(base.resolve("etc/trackway.flows.broken")).content().startsWith("arp");
    }

    @Test
    void theSettingActsAtOnce() throws IOException {
        live.add("udp actions=1", Missing.REFUSE);
        live.addFlow("icmp actions=1", Missing.REFUSE);
        Files.writeString(base.resolve("other.flows"), "tcp actions=2\n");
        live.modified(setting("other.flows"));
        assertThat(flows()).containsExactlyInAnyOrder("icmp actions=output:1", "tcp actions=output:2");

        live.modified(setting("other.flows"));
        live.modified(setting(base.resolve("missing.flows").toString()));
        assertThat(flows()).containsExactly("icmp actions=output:1");
        live.modified(setting("etc/trackway.flows"));
        assertThat(flows()).containsExactlyInAnyOrder("icmp actions=output:1", "udp actions=output:1");
        live.modified(setting(" "));
        live.add("arp actions=1", Missing.REFUSE);
        assertThat(saved()).as("saving is off").containsExactly("udp actions=output:1");
    }

    @Test
    void whatCannotBeSavedIsInForceAndSaysSo() throws IOException {
        Files.writeString(base.resolve("etc"), "not a folder");
        assertThatThrownBy(() -> live.add("udp actions=1", Missing.REFUSE)).isInstanceOf(IOException.class)
            .hasMessageStartingWith("this is in force, but will be lost: " + file + " can't be written (");
        assertThat(flows()).containsExactly("udp actions=output:1");
    }
}
