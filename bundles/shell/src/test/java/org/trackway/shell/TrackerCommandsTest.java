// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.Expectation;
import org.trackway.conntrack.TcpState;
import org.trackway.conntrack.Tuple;
import org.trackway.packet.IpProtocol;

/** What the commands of scope conntrack print. */
class TrackerCommandsTest {

    private static final Tuple CONTROL = Connections.tuple(IpProtocol.TCP, "10.1.1.1", 1000, "10.1.1.2", 21);

    private final FakeTracker tracker = new FakeTracker();

    @BeforeEach
    void fill() {
        tracker.connections.add(Connections.tcp(TcpState.ESTABLISHED, "10.1.1.1", 1000, "10.1.1.2", 21).id(8)
            .helper("ftp").make());
        tracker.connections.add(Connections.udp("10.1.1.1", 2000, "10.1.1.2", 53).id(12).zone(5).traffic(9, 9000)
            .make());
    }

    private String print(final TrackerCommand command) throws IOException {
        command.live = tracker;
        final Printed printed = Printed.pipe();
        command.run(printed.console());
        return printed.text();
    }

    @Test
    void listIsATableWithUnitsInItsHeads() throws IOException {
        assertThat(print(new ListCommand())).isEqualTo("""
            ID  Zone  Proto  Source         Destination  State        Packets out/back  Bytes out/back  \
            Expires [s]  Helper
            8      0  tcp    10.1.1.1:1000  10.1.1.2:21  ESTABLISHED               2/1         200/150           30  ftp
            12     5  udp    10.1.1.1:2000  10.1.1.2:53  MULTIPLE                  9/0          9000/0           30
            """);
    }

    @Test
    void listSaysWhatItLeavesOut() throws IOException {
        final ListCommand command = new ListCommand();
        command.limit = "1";
        assertThat(print(command)).endsWith("... and 1 more connection; --limit 0 shows all\n").contains("tcp")
            .doesNotContain("udp");
    }

    @Test
    void topIsByBytesUnlessSorted() throws IOException {
        final ListCommand command = new ListCommand();
        command.top = "1";
        assertThat(print(command)).contains("udp").doesNotContain("tcp");
        command.sort = "id";
        assertThat(print(command)).contains("tcp").doesNotContain("udp");
    }

    @Test
    void listFiltersAndCounts() throws IOException {
        final ListCommand command = new ListCommand();
        command.zone = "5";
        command.count = true;
        assertThat(print(command)).isEqualTo("1\n");
        command.count = false;
        command.port = "54";
        assertThat(print(command)).startsWith("No connection is like that.\n");
    }

    @Test
    void listInTheFormatOfOpenVswitch() throws IOException {
        final ListCommand command = new ListCommand();
        command.ovs = true;
        command.more = true;
        command.statistics = true;
        assertThat(print(command)).isEqualTo("""
            tcp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=1000,dport=21),\
            reply=(src=10.1.1.2,dst=10.1.1.1,sport=21,dport=1000),id=0,status=0,timeout=30,\
            protoinfo=(state_orig=ESTABLISHED,state_reply=ESTABLISHED,wscale_orig=7,wscale_reply=7,\
            flags_orig=WINDOW_SCALE,flags_reply=WINDOW_SCALE),helper=ftp
            udp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=2000,dport=53),\
            reply=(src=10.1.1.2,dst=10.1.1.1,sport=53,dport=2000),id=0,zone=5,status=0,timeout=30
            """);
    }

    @Test
    void listAsJsonIsAnArray() throws IOException {
        final ListCommand command = new ListCommand();
        command.json = true;
        command.zone = "5";
        assertThat(print(command)).isEqualTo("""
            [{"id":"12","zone":5,"protocol":"udp","original":{"source":"10.1.1.1","destination":"10.1.1.2",\
            "sourcePort":2000,"destinationPort":53,"packets":9,"bytes":9000},"reply":{"source":"10.1.1.2",\
            "destination":"10.1.1.1","sourcePort":53,"destinationPort":2000,"packets":0,"bytes":0},"translated":false,\
            "state":"MULTIPLE","expiresMs":30900,"ageMs":2000,"idleMs":1000,"offloaded":false,"mark":0,"label":"0x0",\
            "timeoutPolicy":null,"helper":null,"parent":null}]
            """);
        command.zone = "6";
        assertThat(print(command)).isEqualTo("[]\n");
    }

    @Test
    void showPrintsEverythingOfOne() throws IOException {
        final ShowCommand command = new ShowCommand();
        command.id = "8";
        assertThat(print(command)).isEqualTo("""
            Connection     8
            Zone           0
            Original       tcp 10.1.1.1:1000 > 10.1.1.2:21
            Reply          tcp 10.1.1.2:21 > 10.1.1.1:1000
            State          ESTABLISHED
            Opener         ESTABLISHED, next sequence 1000, may send up to 2000, window 512, scale 7
            Answerer       ESTABLISHED, next sequence 1000, may send up to 2000, window 512, scale 7
            Expires in     30 s
            Timeout policy default
            Age            2.00 s
            Last packet    1.00 s ago
            Out            2 packets, 200 bytes
            Back           1 packet, 150 bytes
            Mark           0x0
            Label          0x0
            Helper         ftp
            """);
        command.id = "99";
        assertThatThrownBy(() -> print(command)).hasMessage("connection 99 is gone, or never was in tracker live");
        command.id = "x";
        assertThatThrownBy(() -> print(command)).hasMessage("'x' is no id of a connection: conntrack:list prints them");
    }

    @Test
    void whatIsInHardwareIsMarked() throws IOException {
        tracker.connections.add(Connections.udp("10.1.1.3", 3000, "10.1.1.2", 53).id(16).offloaded().make());
        final ListCommand list = new ListCommand();
        list.offloaded = true;
        assertThat(print(list)).isEqualTo("""
            ID  Zone  Proto  Source         Destination  State     Packets out/back  Bytes out/back  Expires [s]  \
            Offloaded
            16     0  udp    10.1.1.3:3000  10.1.1.2:53  MULTIPLE               2/1         200/150           30  yes
            """);
        list.json = true;
        assertThat(print(list)).contains("\"offloaded\":true");
        final ShowCommand show = new ShowCommand();
        show.id = "16";
        assertThat(print(show)).contains("Offloaded      yes, and does not expire meanwhile\n");
    }

    @Test
    void flushSaysHowMany() throws IOException {
        final FlushCommand command = new FlushCommand();
        command.words = List.of("zone=5");
        assertThat(print(command)).isEqualTo("1 connection flushed\n");
        assertThat(tracker.connections).hasSize(1);
    }

    @Test
    void flushOfEverythingMustBeMeant() throws IOException {
        final FlushCommand command = new FlushCommand();
        assertThatThrownBy(() -> print(command)).hasMessageStartingWith("say what to flush");
        assertThat(tracker.connections).hasSize(2);
        command.all = true;
        assertThat(print(command)).isEqualTo("2 connections flushed\n");
        command.words = List.of("zone=5");
        assertThatThrownBy(() -> print(command)).hasMessage("--all goes with nothing else");
    }

    @Test
    void flushOfATupleThatIsNotThereFails() {
        final FlushCommand command = new FlushCommand();
        command.words = List.of("zone=5",
            "ct_nw_src=10.1.1.1,ct_nw_dst=10.1.1.2,ct_nw_proto=17,ct_tp_src=1,ct_tp_dst=53");
        assertThatThrownBy(() -> print(command)).hasMessage("no connection has this tuple in zone 5");
    }

    @Test
    void countIsABareNumber() throws IOException {
        assertThat(print(new CountCommand())).isEqualTo("2\n");
    }

    @Test
    void statsShowProtocolsStatesAndCounters() throws IOException {
        assertThat(print(new StatsCommand())).isEqualTo("""
            Connections  Protocol  State
                      2  all
                      1  tcp
                      1  tcp       ESTABLISHED
                      1  udp

            Events  Counter
                42  conntrack_packets
            """);
        final StatsCommand json = new StatsCommand();
        json.json = true;
        assertThat(print(json)).isEqualTo("{\"connections\":2,\"protocols\":{\"tcp\":1,\"udp\":1},"
            + "\"tcpStates\":{\"ESTABLISHED\":1},\"counters\":{\"conntrack_packets\":42}}\n");
        final StatsCommand ovs = new StatsCommand();
        ovs.ovs = true;
        ovs.zone = "5";
        assertThat(print(ovs)).isEqualTo("Connections Stats:\n    Total: 1\n  UDP: 1\n");
    }

    @Test
    void tablesExplainTheirNumbers() throws IOException {
        assertThat(print(new TablesCommand())).contains("Index used         41  1 %; a translated connection has two",
            "Memory         294912  295 kB of entries and index");
        final TablesCommand ovs = new TablesCommand();
        ovs.ovs = true;
        assertThat(print(ovs)).startsWith("Total Buckets: 1\nCurrent Connections: 2\n");
    }

    @Test
    void expectationsShowWhoAnnouncedThem() throws IOException {
        assertThat(print(new ExpectationsCommand())).isEqualTo("Nothing is expected.\n");
        tracker.expectations.add(new Expectation(5, Connections.tuple(IpProtocol.TCP, "10.1.1.2", 0, "10.1.1.1", 4000),
            CONTROL, 0, 0, 0, "ftp", OptionalLong.empty(), false));

        assertThat(print(new ExpectationsCommand())).isEqualTo("""
            Zone  Proto  From                To             Helper  Announced by                 Lives
               5  tcp    10.1.1.2, any port  10.1.1.1:4000  ftp     10.1.1.1:1000 > 10.1.1.2:21  as long as it
            """);
        final ExpectationsCommand ovs = new ExpectationsCommand();
        ovs.ovs = true;
        assertThat(print(ovs)).isEqualTo("tcp,orig=(src=10.1.1.2,dst=10.1.1.1,sport=0,dport=4000),zone=5,"
            + "parent=(src=10.1.1.1,dst=10.1.1.2,sport=1000,dport=21)\n");
        final ExpectationsCommand json = new ExpectationsCommand();
        json.json = true;
        json.zone = "6";
        assertThat(print(json)).isEqualTo("[]\n");
    }

    @Test
    void theTrackerOfAReplayIsOneWord() throws IOException {
        final FakeTracker replayed = new FakeTracker();
        replayed.connections.add(Connections.echo("10.1.1.1", "10.1.1.2", 7).make());
        LastReplay.remember(replayed);
        final CountCommand command = new CountCommand();
        command.tracker = "replay";
        assertThat(print(command)).isEqualTo("1\n");

        tracker.connections.clear();
        assertThat(print(new ListCommand())).isEqualTo("""
            No connections.
            The tracker of the last replay has 1 connection: add --tracker replay
            """);
        command.tracker = "x";
        assertThatThrownBy(() -> print(command)).hasMessage("unknown tracker 'x': give live or replay");
    }
}
