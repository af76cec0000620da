// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.core.Trackers;
import org.trackway.datapath.Datapath.Missing;
import org.trackway.datapath.DatapathPort.State;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Packets;
import org.trackway.packet.Port;
import org.trackway.packet.PortFactory;
import org.trackway.packet.Receiver;

/** Ports that are polled: threads come and go with them, and kinds of ports with their bundles. */
@Timeout(30)
class PortLoopTest {

    private final PortFactories factories = new PortFactories();
    private final List<FakePort> opened = Collections.synchronizedList(new ArrayList<>());
    private final TableDatapath datapath = new TableDatapath("loop",
        Trackers.make(ConntrackSettings.DEFAULT, System::nanoTime), factories, new Shortcuts());

    private final PortFactory factory = new PortFactory() {
        @Override
        public String kind() {
            return "fake";
        }

        @Override
        public Map<String, String> options() {
            return Map.of();
        }

        @Override
        public Port open(final String name, final Map<String, String> options) throws IOException {
            if (!options.isEmpty()) {
                throw new IllegalArgumentException("unknown option");
            }
            final FakePort port = new FakePort(name).endless();
            opened.add(port);
            return port;
        }
    };

    @AfterEach
    void noThreadIsLeft() {
        datapath.close();
        assertThat(threads()).isEmpty();
    }

    private static List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream().filter(Thread::isAlive).map(Thread::getName)
            .filter(name -> name.startsWith("trackway-loop-")).sorted().toList();
    }

    private static List<Packet> packets(final int count) {
        return IntStream.range(0, count).mapToObj(i -> Packets.udp4("10.0.0.1", 1000 + i, "10.0.0.2", 53).build())
            .toList();
    }

    private State state(final String name) {
        return datapath.ports().stream().filter(port -> port.name().equals(name)).findFirst().orElseThrow().state();
    }

    /** A port that offers more than one receiver, or what a test says instead. */
    private record Shared(Port own, Supplier<List<Receiver>> offered) implements Port {

        @Override
        public String name() {
            return own.name();
        }

        @Override
        public String kind() {
            return own.kind();
        }

        @Override
        public List<Receiver> receivers() {
            return offered.get();
        }

        @Override
        public int receive(final PacketBatch batch) throws IOException {
            return own.receive(batch);
        }

        @Override
        public void send(final PacketBatch batch) throws IOException {
            own.send(batch);
        }

        @Override
        public Statistics statistics() {
            return own.statistics();
        }

        @Override
        public void close() throws IOException {
            own.close();
        }
    }

    @Test
    void everyReceiverOfAPortHasAThread() throws Exception {
        final FakePort one = new FakePort("in").endless().arrive(packets(50));
        final FakePort two = new FakePort("two").endless().arrive(packets(50));
        final FakePort out = new FakePort("out");
        datapath.start();
        datapath.addPort(out, OptionalInt.of(2));
        datapath.addFlow("actions=output:2", Missing.REFUSE);
        datapath.addPort(new Shared(one, () -> List.of(one, two)), OptionalInt.of(1));
        while (out.sent().size() < 100) {
            Thread.onSpinWait();
        }
        assertThat(threads()).filteredOn("trackway-loop-in"::equals).hasSize(2);
        datapath.removePort("in");
        assertThat(threads()).doesNotContain("trackway-loop-in");
    }

    @Test
    void aPortThatCannotSayWhoReceivesFailsAlone() {
        datapath.start();
        datapath.addPort(new Shared(new FakePort("odd"), () -> {
            throw new IllegalStateException("the card is odd");
        }), OptionalInt.empty());
        assertThat(state("odd")).isEqualTo(State.FAILED);
        datapath.addPort(new FakePort("good").endless(), OptionalInt.empty());
        assertThat(state("good")).isEqualTo(State.RUNNING);
    }

    @Test
    void packetsAreCarriedFromPortToPort() throws Exception {
        final FakePort in = new FakePort("in").endless().arrive(packets(100));
        final FakePort out = new FakePort("out");
        datapath.addPort(in, OptionalInt.empty());
        datapath.addPort(out, OptionalInt.empty());
        datapath.addFlow("in_port=in,udp,actions=ct(commit),out", Missing.REFUSE);
        assertThat(state("in")).isEqualTo(State.IDLE);
        assertThat(in.receives()).isZero();
        datapath.start();
        out.awaitSent(100);
        assertThat(out.sent()).containsExactlyElementsOf(packets(100).stream().map(Packet::bytes).toList());
        assertThat(state("in")).isEqualTo(State.RUNNING);
        datapath.stop();
        assertThat(threads()).isEmpty();
        assertThat(state("in")).isEqualTo(State.IDLE);
        in.arrive(packets(1));
        datapath.start();
        out.awaitSent(101);
    }

    @Test
    void aPortThatIsAddedWhileRunningIsPolled() throws Exception {
        datapath.start();
        final FakePort in = new FakePort("in").endless();
        datapath.addPort(in, OptionalInt.empty());
        in.awaitReceives(200);
        assertThat(threads()).containsExactly("trackway-loop-in");
        datapath.removePort("in");
        assertThat(threads()).isEmpty();
        assertThat(in.isClosed()).isTrue();
    }

    @Test
    void aPortThatEndsCanStillBeSentTo() throws Exception {
        final FakePort in = new FakePort("in").arrive(packets(1));
        datapath.addPort(in, OptionalInt.empty());
        datapath.addFlow("actions=in_port", Missing.REFUSE);
        datapath.start();
        in.awaitSent(1);
        awaitNoThread();
        assertThat(state("in")).isEqualTo(State.ENDED);
    }

    @Test
    void aPortThatFailsSaysWhyAndLosesNothingItHadRead() throws Exception {
        final FakePort in = new FakePort("in").arrive(packets(3)).fail("in: the device is gone");
        final FakePort out = new FakePort("out");
        datapath.addPort(in, OptionalInt.empty());
        datapath.addPort(out, OptionalInt.empty());
        datapath.addFlow("actions=out", Missing.REFUSE);
        datapath.start();
        out.awaitSent(3);
        awaitNoThread();
        assertThat(state("in")).isEqualTo(State.FAILED);
        assertThat(datapath.ports().get(0).error()).contains("in: the device is gone");
    }

    @Test
    void aPortWhoseClassesWentIsShownAsFailed() throws Exception {
        datapath.addPort(new FakePort("in").fail(new NoClassDefFoundError("Ring")), OptionalInt.empty());
        datapath.start();
        awaitNoThread();
        assertThat(state("in")).isEqualTo(State.FAILED);
        assertThat(datapath.ports().get(0).error()).contains("java.lang.NoClassDefFoundError: Ring");
    }

    private static void awaitNoThread() throws InterruptedException {
        for (final Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().equals("trackway-loop-in")) {
                thread.join();
            }
        }
    }

    @Test
    void portsGoWithTheBundleOfTheirKind() throws Exception {
        factories.bind(factory);
        datapath.start();
        assertThat(datapath.portKinds()).containsExactly("fake");
        datapath.openPort("fake", "a", Map.of(), OptionalInt.empty());
        final FakePort given = new FakePort("given").endless();
        datapath.addPort(given, OptionalInt.empty());
        opened.get(0).awaitReceives(1);
        factories.unbind(factory);
        assertThat(opened.get(0).isClosed()).isTrue();
        assertThat(given.isClosed()).isFalse();
        assertThat(datapath.ports()).extracting(port -> port.name()).containsExactly("given");
        assertThatThrownBy(() -> datapath.openPort("fake", "a", Map.of(), OptionalInt.empty()))
            .hasMessage("there are no ports of kind 'fake' now; there is no kind at all");
    }

    @Test
    void aPortIsNotOpenedUnderANameThatIsTaken() throws Exception {
        factories.bind(factory);
        datapath.openPort("fake", "a", Map.of(), OptionalInt.empty());
        assertThatThrownBy(() -> datapath.openPort("fake", "a", Map.of(), OptionalInt.empty()))
            .hasMessage("there is a port 'a' already");
        assertThatThrownBy(() -> datapath.openPort("fake", "b", Map.of("x", "y"), OptionalInt.empty()))
            .hasMessage("unknown option");
        assertThat(opened).hasSize(1);
    }

    @Test
    void flowsAndPortsChangeUnderTraffic() throws Exception {
        final FakePort in = new FakePort("in").endless();
        final FakePort out = new FakePort("out");
        datapath.addPort(in, OptionalInt.empty());
        datapath.addPort(out, OptionalInt.empty());
        datapath.addFlow("actions=out", Missing.REFUSE);
        datapath.start();
        for (int i = 0; i < 200; i++) {
            in.arrive(packets(32));
            datapath.addFlow("priority=" + i + ",udp,actions=ct(commit),out", Missing.REFUSE);
            datapath.addPort(new FakePort("extra"), OptionalInt.of(9));
            datapath.removePort("extra");
            datapath.removeFlows("priority=" + i + ",udp", true);
        }
        out.awaitSent(200 * 32);
        assertThat(datapath.counters().lost()).isZero();
        assertThat(state("in")).isEqualTo(State.RUNNING);
    }
}
