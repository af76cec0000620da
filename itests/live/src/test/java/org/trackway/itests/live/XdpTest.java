// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.trackway.conntrack.Tuple;
import org.trackway.offload.Path;
import org.trackway.offload.spi.Activity;
import org.trackway.offload.spi.Answer;
import org.trackway.offload.spi.OffloadBatch;
import org.trackway.offload.spi.OffloadProvider;
import org.trackway.offload.spi.Operation;
import org.trackway.offload.spi.ProviderContext;
import org.trackway.packet.IpAddress;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Packets;
import org.trackway.packet.Port;
import org.trackway.port.afpacket.AfPacketPortFactory;
import org.trackway.provider.xdp.XdpProviders;

/** The XDP provider between two ports, called as the manager calls it; frames go in by one cable, out by the other. */
class XdpTest {

    private static final Tuple OUT = Tuple.of(IpAddress.parse("10.0.0.1"), IpAddress.parse("10.0.0.2"), 17, 1000, 53);
    private static final Tuple TRANSLATED = Tuple.of(IpAddress.parse("10.8.0.1"), IpAddress.parse("10.0.0.2"), 17, 4000,
        53);

    private Network network;
    private OffloadProvider provider;
    private final Map<String, Port> ports = new LinkedHashMap<>();
    private final List<String> reports = new ArrayList<>();

    @BeforeEach
    void layCables() throws Exception {
        network = Network.make("ethtool");
        network.namespaces("left", "middle", "right");
        for (final String side : List.of("left", "right")) {
            network.in(side, "sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6");
            network.cable(side + "/eth0", "middle/to-" + side);
            ports.put(side, open(side, "eth0"));
            ports.put("to-" + side, open("middle", "to-" + side));
        }
    }

    @AfterEach
    void takeAllAway() throws Exception {
        if (provider != null) {
            XdpProviders.close(provider);
        }
        for (final Port port : ports.values()) {
            port.close();
        }
        if (network != null) {
            network.close();
        }
    }

    private Port open(final String namespace, final String name) throws IOException {
        return new AfPacketPortFactory().open(name, Map.of("netns", network.namespace(namespace), "ring", "1"));
    }

    /** A driver sends what is redirected to a veth if GRO is on at its peer. */
    private void letDriversSend() {
        network.in("left", "ethtool", "-K", "eth0", "gro", "on");
        network.in("right", "ethtool", "-K", "eth0", "gro", "on");
    }

    private void provide(final int capacity, final String attach) throws IOException {
        provider = XdpProviders.make(capacity, attach);
        provider.attach(new Reports());
        assertThat(provider.serves(ports.get("to-left"))).isTrue();
        assertThat(provider.serves(ports.get("to-right"))).isTrue();
    }

    private static Path path(final String ingress, final String egress, final Tuple arrives, final Tuple leaves) {
        return new Path(ingress, egress, arrives, leaves, List.of(), List.of(), OptionalLong.empty(),
            OptionalLong.empty(), 0, List.of(new Path.Hop(1, false)));
    }

    private static Packets packet(final Tuple tuple) {
        return Packets.udp4(tuple.source().toString(), tuple.sourcePort(), tuple.destination().toString(),
            tuple.destinationPort()).payload("hello");
    }

    private void send(final String port, final Packets packet, final int count) throws IOException {
        final PacketBatch batch = new PacketBatch();
        for (int i = 0; i < count; i++) {
            batch.add(Packet.of(packet.bytes()));
        }
        ports.get(port).send(batch);
    }

    /** {@return how many frames came that are like this one, out of all that came in a moment} */
    private int received(final String port, final Packets like, final int wanted) throws IOException {
        final PacketBatch batch = new PacketBatch();
        int count = 0;
        for (int i = 0; i < (wanted > 0 ? 200 : 10) && (count < wanted || wanted == 0); i++) {
            batch.clear();
            ports.get(port).receive(batch);
            for (int j = 0; j < batch.size(); j++) {
                count += Arrays.equals(batch.get(j).bytes(), like.bytes()) ? 1 : 0;
            }
            ports.get(port).await(10_000_000);
        }
        return count;
    }

    private String attached(final String name) {
        return network.in("middle", "ip", "link", "show", name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"native", "generic", "auto"})
    void packetsArePassedOnTranslatedAndCountedUntilThePathIsWithdrawn(final String attach) throws Exception {
        if (attach.equals("native")) {
            letDriversSend();
        }
        provide(16, attach);
        assertThat(provider.capabilities().detail()).isEqualTo("attached to no interface yet");
        assertThat(provider.forward(1, path("to-left", "to-right", OUT, TRANSLATED))).isEqualTo(Answer.ACCEPTED);
        assertThat(provider.forward(2, path("to-right", "to-left", TRANSLATED.reverse(), OUT.reverse())))
            .isEqualTo(Answer.ACCEPTED);
        assertThat(attached("to-left")).contains(attach.equals("native") ? " xdp " : " xdpgeneric ");
        final String how = attach.equals("native") ? "native" : "generic";
        assertThat(provider.capabilities().detail()).contains("to-left (" + how + ")", "to-right (" + how + ")");

        send("left", packet(OUT), 20);
        assertThat(received("right", packet(TRANSLATED), 20)).isEqualTo(20);
        send("right", packet(TRANSLATED.reverse()), 3);
        assertThat(received("left", packet(OUT.reverse()), 3)).isEqualTo(3);
        assertThat(received("to-left", packet(OUT), 0)).as("seen by software").isZero();

        final long sent = System.nanoTime();
        LockSupport.parkNanos(50_000_000);
        final Activity activity = provider.activity(1);
        assertThat(activity).isEqualTo(new Activity(activity.idleNs(), 20, 20 * (20 + 8 + 5), 0, 0));
        // The kernel's clock for it ticks every few milliseconds.
        assertThat(activity.idleNs()).isBetween(40_000_000L, System.nanoTime() - sent + 1_000_000_000L);

        assertThat(provider.withdraw(1).packets()).isEqualTo(20);
        send("left", packet(OUT), 5);
        assertThat(received("to-left", packet(OUT), 5)).as("seen by software").isEqualTo(5);
        assertThat(received("right", packet(TRANSLATED), 0)).isZero();
        assertThat(provider.activity(1)).isEqualTo(Activity.UNKNOWN);
        assertThat(provider.activity(2).packets()).isEqualTo(3);

        XdpProviders.close(provider);
        assertThat(attached("to-left")).doesNotContain("xdp");
    }

    @Test
    void anInterfaceThatWouldLoseWhatADriverRedirectsToItIsRefused() throws Exception {
        provide(16, "native");
        final Answer refused = provider.forward(1, path("to-left", "to-right", OUT, OUT));
        assertThat(refused.kind()).isEqualTo(Answer.Kind.NO);
        assertThat(refused.reason()).contains("to-right would lose what is redirected to it").contains("gro on");
        letDriversSend();
        assertThat(provider.forward(2, path("to-left", "to-right", OUT, OUT))).isEqualTo(Answer.ACCEPTED);
        network.in("right", "ethtool", "-K", "eth0", "gro", "off");
        XdpProviders.look(provider);
        assertThat(reports).containsExactly("path 2 lost: to-right can't send XDP frames any more");
        assertThat(provider.holdings().orElseThrow().paths()).isEmpty();
        send("left", packet(OUT), 5);
        assertThat(received("to-left", packet(OUT), 5)).as("seen by software").isEqualTo(5);
    }

    @Test
    void whenItIsFullItSaysSoAndForgetsNothing() throws Exception {
        provide(2, "generic");
        final OffloadBatch batch = new OffloadBatch();
        for (int i = 0; i < 4; i++) {
            batch.forward(i, path("to-left", "to-right", Tuple.of(OUT.source(), OUT.destination(), 17, i, 53), OUT));
        }
        batch.append(Operation.Kind.WITHDRAW, 0);
        batch.forward(9, path("to-left", "to-right", OUT, OUT));
        provider.submit(batch);
        assertThat(batch.operations()).extracting(one -> one.answer().kind()).containsExactly(Answer.Kind.ACCEPTED,
            Answer.Kind.ACCEPTED, Answer.Kind.FULL, Answer.Kind.FULL, Answer.Kind.ACCEPTED, Answer.Kind.ACCEPTED);
        assertThat(provider.holdings().orElseThrow().paths()).containsExactlyInAnyOrder(1, 9);
        send("left", packet(OUT), 5);
        assertThat(received("right", packet(OUT), 5)).isEqualTo(5);
        provider.flush();
        assertThat(provider.holdings().orElseThrow().paths()).isEmpty();
        send("left", packet(OUT), 5);
        assertThat(received("to-left", packet(OUT), 5)).as("seen by software").isEqualTo(5);
    }

    /** One path takes the place of another that is like it, in one batch. */
    @Test
    void aBatchIsPerformedInItsOrder() throws Exception {
        provide(16, "generic");
        final OffloadBatch batch = new OffloadBatch();
        batch.forward(1, path("to-left", "to-right", OUT, OUT));
        batch.forward(2, path("to-left", "to-right", OUT, TRANSLATED));
        provider.submit(batch);
        assertThat(batch.operations().get(1).answer().kind()).as("like one that is held").isEqualTo(Answer.Kind.LATER);
        final OffloadBatch replace = new OffloadBatch();
        replace.append(Operation.Kind.WITHDRAW, 1);
        replace.forward(2, path("to-left", "to-right", OUT, TRANSLATED));
        replace.append(Operation.Kind.ACTIVITY, 2);
        provider.submit(replace);
        assertThat(replace.operations()).extracting(Operation::answer).containsOnly(Answer.ACCEPTED);
        send("left", packet(OUT), 5);
        assertThat(received("right", packet(TRANSLATED), 5)).isEqualTo(5);
    }

    @Test
    void aPortThatGoesIsGivenUpAndItsSuccessorServed() throws Exception {
        provide(16, "generic");
        assertThat(provider.forward(1, path("to-left", "to-right", OUT, OUT))).isEqualTo(Answer.ACCEPTED);
        ports.get("to-left").close();
        XdpProviders.look(provider);
        assertThat(reports).containsExactly("port to-left lost: its interface has gone");
        assertThat(attached("to-left")).doesNotContain("xdp");
        assertThat(provider.capabilities().detail()).isEqualTo("attached to no interface");
        assertThat(provider.withdraw(1).packets()).isZero();

        ports.put("to-left", open("middle", "to-left"));
        assertThat(provider.serves(ports.get("to-left"))).isTrue();
        assertThat(provider.forward(2, path("to-left", "to-right", OUT, TRANSLATED))).isEqualTo(Answer.ACCEPTED);
        send("left", packet(OUT), 5);
        assertThat(received("right", packet(TRANSLATED), 5)).isEqualTo(5);
    }

    @Test
    void anInterfaceThatIsTakenIsRefusedByName() throws Exception {
        provide(16, "generic");
        assertThat(provider.forward(1, path("to-left", "to-right", OUT, OUT))).isEqualTo(Answer.ACCEPTED);
        final OffloadProvider second = XdpProviders.make(16, "generic");
        try {
            second.serves(ports.get("to-left"));
            second.serves(ports.get("to-right"));
            assertThat(second.forward(1, path("to-left", "to-right", OUT, OUT)))
                .isEqualTo(Answer.no("to-left: another XDP program is attached to it"));
            assertThat(second.forward(2, path("to-left", "nowhere", OUT, OUT)).reason())
                .isEqualTo("nowhere is no port that it serves, as far as it has seen");
        } finally {
            XdpProviders.close(second);
        }
    }

    @Test
    void aChangedMtuIsKeptTo() throws Exception {
        provide(16, "generic");
        provider.forward(1, path("to-left", "to-right", OUT, OUT));
        network.in("middle", "ip", "link", "set", "to-right", "mtu", "1000");
        XdpProviders.look(provider);
        final Packets longer = packet(OUT).payloadSize(973);
        send("left", longer, 5);
        assertThat(received("to-left", longer, 5)).as("seen by software").isEqualTo(5);
        final Packets fits = packet(OUT).payloadSize(972);
        send("left", fits, 5);
        assertThat(received("right", fits, 5)).isEqualTo(5);
    }

    /** Notes what the provider reports. */
    private final class Reports implements ProviderContext {

        @Override
        public void answer(final long connectionId, final Answer answer) {
            reports.add("answer");
        }

        @Override
        public void pathAnswer(final long pathId, final Answer answer) {
            reports.add("path answer");
        }

        @Override
        public void lost(final long connectionId, final String why) {
            reports.add("lost");
        }

        @Override
        public void pathLost(final long pathId, final String why) {
            reports.add("path " + pathId + " lost: " + why);
        }

        @Override
        public void closing(final long connectionId) {
            reports.add("closing");
        }

        @Override
        public void portLost(final String port, final String why) {
            reports.add("port " + port + " lost: " + why);
        }

        @Override
        public void portBack(final String port) {
            reports.add("port " + port + " back");
        }

        @Override
        public void deviceLost(final String why) {
            reports.add("device lost");
        }

        @Override
        public void deviceBack() {
            reports.add("device back");
        }
    }
}
