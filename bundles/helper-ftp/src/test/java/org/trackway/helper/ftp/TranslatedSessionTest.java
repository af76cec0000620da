// SPDX-License-Identifier: Apache-2.0
package org.trackway.helper.ftp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.Counter;
import org.trackway.conntrack.CtAction;
import org.trackway.conntrack.CtState;
import org.trackway.conntrack.Expectation;
import org.trackway.conntrack.Nat;
import org.trackway.conntrack.core.Trackers;
import org.trackway.packet.Bytes;
import org.trackway.packet.IpAddress;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Packets;

/** A session whose client is known by a longer address outside, through a whole tracker. */
class TranslatedSessionTest {

    private static final String CLIENT = "10.1.1.1";
    private static final String OUTSIDE = "10.1.1.240";
    private static final String SERVER = "10.1.1.2";
    private static final IpAddress TO = IpAddress.parse(OUTSIDE);
    private static final Nat SOURCE = new Nat(Nat.Kind.SOURCE, TO, TO, 0, 0, false, false);
    private static final CtAction COMMIT = CtAction.builder().zone(1).commit().helper("ftp").nat(SOURCE).build();
    private static final CtAction KNOWN = CtAction.builder().zone(1).nat(Nat.KNOWN).build();
    private static final CtAction LOOK_UP = CtAction.builder().zone(1).build();

    private final Conntrack tracker = Trackers.with(new FtpHelper());
    private final List<CtAction> clientFlow = new ArrayList<>(List.of(COMMIT));
    private final List<CtAction> serverFlow = new ArrayList<>(List.of(KNOWN));
    private int sent = 1000;
    private int heard = 5000;

    private Packet client(final String flags, final int seq, final String text) {
        return pass(clientFlow, Packets.tcp4(CLIENT, 34567, SERVER, 21).flags(flags).seq(seq).ack(heard).payload(text));
    }

    private Packet server(final String flags, final int ack, final String text) {
        final Packet packet =
            pass(serverFlow, Packets.tcp4(SERVER, 21, OUTSIDE, 34567).flags(flags).seq(heard).ack(ack).payload(text));
        heard += text.length() + (flags.contains("S") ? 1 : 0);
        return packet;
    }

    private Packet says(final String text) {
        final Packet packet = client("PA", sent, text);
        sent += text.length();
        return packet;
    }

    private void open() {
        client("S", sent++, "");
        server("SA", sent, "");
        client("A", sent, "");
    }

    private Packet pass(final List<CtAction> flow, final Packets builder) {
        final Packet packet = builder.build();
        for (final CtAction action : flow) {
            final PacketBatch batch = new PacketBatch();
            batch.add(packet);
            tracker.execute(batch, action, tracker.now());
        }
        return packet;
    }

    private static Packets outside(final int seq, final int ack, final String text) {
        return Packets.tcp4(OUTSIDE, 34567, SERVER, 21).flags("PA").seq(seq).ack(ack).payload(text);
    }

    private static int ack(final Packet packet) {
        packet.parse();
        return Bytes.i32(packet.data(), packet.l4Offset() + 8);
    }

    private void assertTwoCommands() {
        open();
        assertThat(says("PORT 10,1,1,1,156,66\r\n").bytes())
            .isEqualTo(outside(1001, 5001, "PORT 10,1,1,240,156,66\r\n").bytes());
        assertThat(ack(server("PA", 1025, "200 ok\r\n"))).isEqualTo(1023);
        assertThat(says("PORT 10,1,1,1,156,67\r\n").bytes())
            .isEqualTo(outside(1025, 5009, "PORT 10,1,1,240,156,67\r\n").bytes());
        assertThat(ack(server("PA", 1049, "200 ok\r\n"))).isEqualTo(1045);
        assertThat(says("QUIT\r\n").bytes()).isEqualTo(outside(1049, 5017, "QUIT\r\n").bytes());
        assertThat(tracker.expectations(OptionalInt.of(1))).extracting(expected -> expected.tuple().destinationPort())
            .containsExactly(40002, 40003);
        assertThat(tracker.counters().get(Counter.HELPER_FAILURES)).isZero();
    }

    @Test
    void everyCommandIsRewrittenAndEveryNumberFollows() {
        assertTwoCommands();
    }

    @Test
    void soItIsIfPacketsAreLookedUpInTheZoneFirst() {
        clientFlow.add(0, LOOK_UP);
        serverFlow.add(0, LOOK_UP);
        assertTwoCommands();
    }

    @Test
    void soItIsIfPacketsAreTranslatedInTheZoneFirst() {
        clientFlow.add(0, KNOWN);
        serverFlow.add(0, KNOWN);
        assertTwoCommands();
    }

    @Test
    void oddity28ARetransmittedPortIsCountedOnce() {
        open();
        final byte[] first = says("PORT 10,1,1,1,156,66\r\n").bytes();
        assertThat(client("PA", 1001, "PORT 10,1,1,1,156,66\r\n").bytes()).isEqualTo(first);
        assertThat(ack(server("PA", 1025, "200 ok\r\n"))).isEqualTo(1023);
        assertThat(says("QUIT\r\n").bytes()).isEqualTo(outside(1025, 5009, "QUIT\r\n").bytes());
        assertThat(tracker.expectations(OptionalInt.of(1))).hasSize(1);
    }

    @Test
    void oddity9ARefusedCommandIsEstablishedAndInvalidAndUnchanged() {
        open();
        final Packet packet = says("PORT 10,9,9,9,156,66\r\n");
        assertThat(CtState.format(packet.ctState())).isEqualTo("est|inv|trk|snat");
        assertThat(packet.bytes()).isEqualTo(outside(1001, 5001, "PORT 10,9,9,9,156,66\r\n").bytes());
        assertThat(tracker.expectations(OptionalInt.of(1))).isEmpty();
    }

    @Test
    void oddity24ExpectationsGoWithTheControlConnection() {
        open();
        says("PORT 10,1,1,1,156,66\r\n");
        final Expectation expected = tracker.expectations(OptionalInt.of(1)).get(0);
        assertThat(expected.helper()).isEqualTo("ftp");
        assertThat(tracker.flush(1, expected.parent())).isTrue();
        assertThat(tracker.expectations(OptionalInt.empty())).isEmpty();
    }

    @Test
    void oddity24NoMoreExpectationsThanTheSettingsAllowAndTheNewestStay() {
        open();
        final int allowed = tracker.settings().maxExpectations();
        for (int i = 0; i < allowed + 10; i++) {
            says("PORT 10,1,1,1,200," + i + "\r\n");
        }
        assertThat(tracker.expectations(OptionalInt.of(1))).hasSize(allowed)
            .last().satisfies(e -> assertThat(e.tuple().destinationPort()).isEqualTo(200 * 256 + allowed + 9));
        assertThat(tracker.counters().get(Counter.EXPECTATIONS_FULL)).isEqualTo(10);
    }

    @Test
    void oddity31ATaggedControlConnectionIsFollowed() {
        final CtAction commit = CtAction.builder().zone(1).commit().helper("ftp").build();
        clientFlow.set(0, commit);
        pass(clientFlow, Packets.tcp6("fc00::1", 34567, "fc00::2", 21).vlan(7).flags("S").seq(1).ack(0));
        pass(clientFlow, Packets.tcp6("fc00::2", 21, "fc00::1", 34567).vlan(7).flags("SA").seq(1).ack(2));
        pass(clientFlow, Packets.tcp6("fc00::1", 34567, "fc00::2", 21).vlan(7).flags("PA").seq(2).ack(2)
            .payload("EPRT |2|fc00::1|40002|\r\n"));
        assertThat(tracker.expectations(OptionalInt.of(1))).hasSize(1);
    }
}
