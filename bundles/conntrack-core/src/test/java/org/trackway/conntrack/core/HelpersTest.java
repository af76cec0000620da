// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.CtState;
import org.trackway.conntrack.Tuple;
import org.trackway.conntrack.spi.ConnectionHelper;
import org.trackway.conntrack.spi.ControlPacket;
import org.trackway.conntrack.spi.HelperContext;
import org.trackway.packet.Bytes;
import org.trackway.packet.Checksums;
import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;
import org.trackway.packet.Packets;

class HelpersTest {

    private final HelperBench bench = new HelperBench(IpProtocol.TCP, HelperBench.OUTSIDE);
    private final ToyHelper toy = new ToyHelper();

    // ---- what a helper asks for is done ----

    @Test
    void announcedConnectionIsExpectedFromThePeerWithTheSendersMarkZoneAndTuple() {
        bench.helpers.add(toy);
        bench.mark = 42;
        bench.fromClient(bench.client().seq(100).payload("!"));
        assertThat(bench.expectations.list(OptionalInt.empty(), bench.nowNs)).singleElement().satisfies(expected -> {
            assertThat(expected.tuple()).isEqualTo(tuple(HelperBench.SERVER, HelperBench.OUTSIDE, 0, 4000));
            assertThat(expected.parent()).isEqualTo(tuple(HelperBench.CLIENT, HelperBench.SERVER, 1000, 7));
            assertThat(expected.mark()).isEqualTo(42);
            assertThat(expected.zone()).isEqualTo(3);
            assertThat(expected.helper()).isEqualTo("toy");
            assertThat(expected.remainingNs()).isEmpty();
        });
    }

    @Test
    void replacedTextChangesLengthsAndChecksumsAndNothingElse() {
        bench.helpers.add(toy);
        final Packet packet = bench.fromClient(bench.client().seq(100).payload("to @@ now").padding(3));
        final byte[] expected = bench.client().seq(100).payload("to (here) now").padding(3).bytes();
        assertThat(packet.bytes()).isEqualTo(expected);
    }

    @Test
    void severalReplacementsInOneSegment() {
        bench.helpers.add(toy);
        final Packet packet = bench.fromClient(bench.client().seq(100).payload("@@-@@@@"));
        assertThat(packet.bytes()).isEqualTo(bench.client().seq(100).payload("(here)-(here)(here)").bytes());
    }

    @Test
    void replacedTextInIpv6ChangesThePayloadLength() {
        final Key forward = Key.of(new Tuple(IpAddress.parse("fd00::1"), IpAddress.parse("fd00::2"), 6, 1000, 7, 0), 0);
        final Key reply = Key.of(new Tuple(IpAddress.parse("fd00::2"), IpAddress.parse("fd00::9"), 6, 7, 1000, 0), 0);
        bench.helpers.add(toy);
        final Packet packet = Packets.tcp6("fd00::9", 1000, "fd00::2", 7).seq(5).payload("@@").build();
        bench.helpers.control("toy", bench, forward, reply, bench.extension, packet, false, true, 0, 0, 0, 1);
        assertThat(packet.bytes())
            .isEqualTo(Packets.tcp6("fd00::9", 1000, "fd00::2", 7).seq(5).payload("(here)").bytes());
    }

    @Test
    void replacedTextInADatagramChangesTheUdpLength() {
        final HelperBench udp = new HelperBench(IpProtocol.UDP, HelperBench.OUTSIDE);
        udp.helpers.add(new ToyHelper(IpProtocol.UDP));
        final Packet packet = Packets.udp4(HelperBench.OUTSIDE, 1000, HelperBench.SERVER, 7).payload("a@@").build();
        udp.control(false, packet);
        assertThat(packet.bytes()).isEqualTo(
            Packets.udp4(HelperBench.OUTSIDE, 1000, HelperBench.SERVER, 7).payload("a(here)").bytes());
    }

    @Test
    void aChecksumThatTheTransmitterCompletesStaysOneForTheTransmitter() {
        bench.helpers.add(toy);
        final Packet packet = bench.client().seq(100).payload("@@").build();
        packet.parse();
        packet.l4Checksum(Packet.CHECKSUM_PARTIAL);
        final int field = packet.l4Offset() + 16;
        Bytes.put16(packet.data(), field, pseudoSum(packet));
        bench.control(false, packet);
        packet.parse();
        assertThat(packet.l4Checksum()).isEqualTo(Packet.CHECKSUM_PARTIAL);
        assertThat(Bytes.u16(packet.data(), field)).isEqualTo(pseudoSum(packet));
    }

    private static int pseudoSum(final Packet packet) {
        final int l3 = packet.l3Offset();
        return Checksums.fold(Checksums.pseudo4(Bytes.i32(packet.data(), l3 + 12), Bytes.i32(packet.data(), l3 + 16),
            IpProtocol.TCP, packet.l4Length()));
    }

    @Test
    void datagramWithoutChecksumStaysWithout() {
        final HelperBench udp = new HelperBench(IpProtocol.UDP, HelperBench.OUTSIDE);
        udp.helpers.add(new ToyHelper(IpProtocol.UDP));
        final Packet packet =
            Packets.udp4(HelperBench.OUTSIDE, 1000, HelperBench.SERVER, 7).payload("@@").checksum(0).build();
        udp.control(false, packet);
        assertThat(packet.bytes()).isEqualTo(
            Packets.udp4(HelperBench.OUTSIDE, 1000, HelperBench.SERVER, 7).payload("(here)").checksum(0).bytes());
    }

    @Test
    void oddity9RefusedPacketIsInvalidInAdditionToWhatItIs() {
        bench.helpers.add(toy);
        final Packet packet = bench.client().payload("X").build();
        packet.ctState(CtState.ESTABLISHED | CtState.TRACKED);
        bench.control(false, packet);
        assertThat(CtState.format(packet.ctState())).isEqualTo("est|inv|trk");
    }

    @Test
    void withoutTranslationNothingMayBeReplaced() {
        final HelperBench plain = new HelperBench(IpProtocol.TCP, HelperBench.CLIENT);
        plain.helpers.add(toy);
        final byte[] before = plain.client().payload("!@@").bytes();
        final Packet packet = plain.fromClient(plain.client().payload("!@@"));
        assertThat(packet.bytes()).isEqualTo(before);
        assertThat(plain.failures()).isEqualTo(1);
    }

    // ---- what a helper is not shown ----

    @Test
    void invalidPacketsAreNotShown() {
        bench.helpers.add(toy);
        final Packet packet = bench.client().payload("!").build();
        packet.ctState(CtState.INVALID | CtState.TRACKED);
        bench.control(false, packet);
        assertThat(bench.expectations.list(OptionalInt.empty(), 1)).isEmpty();
    }

    @Test
    void packetsThatWereTranslatedInThisZoneBeforeAreNotShownAgain() {
        bench.helpers.add(toy);
        final Packet packet = bench.client().payload("!").build();
        packet.ctState(CtState.ESTABLISHED | CtState.TRACKED | CtState.SOURCE_NAT);
        bench.helpers.control("toy", bench, bench.forward, bench.reply, bench.extension, packet, false, false, 0, 0, 0, 1);
        assertThat(bench.expectations.list(OptionalInt.empty(), 1)).isEmpty();
    }

    @Test
    void anIcmpErrorAboutTheControlConnectionIsNotShown() {
        bench.helpers.add(toy);
        final Packet error =
            Packets.icmp4Error(HelperBench.SERVER, HelperBench.CLIENT, 3, 1, bench.client().payload("!").build()).build();
        final byte[] before = error.bytes();
        bench.control(true, error);
        assertThat(error.bytes()).isEqualTo(before);
        assertThat(bench.expectations.list(OptionalInt.empty(), 1)).isEmpty();
    }

    @Test
    void aHelperOfAnotherProtocolIsNotAsked() {
        bench.helpers.add(new ToyHelper(IpProtocol.UDP));
        bench.fromClient(bench.client().payload("!"));
        assertThat(bench.expectations.list(OptionalInt.empty(), 1)).isEmpty();
    }

    // ---- failures stay inside ----

    @Test
    void whatAFailingHelperAskedForIsTakenBackAndCounted() {
        bench.helpers.add(toy);
        final byte[] before = bench.client().payload("!@@X?").bytes();
        final Packet packet = bench.fromClient(bench.client().payload("!@@X?"));
        assertThat(packet.bytes()).isEqualTo(before);
        assertThat(packet.ctState()).isZero();
        assertThat(bench.expectations.list(OptionalInt.empty(), 1)).isEmpty();
        assertThat(bench.failures()).isEqualTo(1);
        assertThat(bench.extension.originalShift.isNeutral()).isTrue();
    }

    @Test
    void anErrorOfAHelperStaysInside() {
        bench.helpers.add(new Guest() {
            @Override
            public void control(final ControlPacket packet) {
                throw new NoClassDefFoundError("a class of an uninstalled bundle");
            }
        });
        bench.fromClient(bench.client().payload("x"));
        assertThat(bench.failures()).isEqualTo(1);
    }

    @Test
    void aHelperThatFailsWhenItIsTakenInIsLeftOut() {
        assertThat(bench.helpers.add(new Guest() {
            @Override
            public void attach(final HelperContext context) {
                context.slot(String.class);
                throw new IllegalStateException("no");
            }
        })).isFalse();
        assertThat(bench.helpers.names()).isEmpty();
        assertThat(bench.openSlots).isEmpty();
        assertThat(bench.failures()).isEqualTo(1);
    }

    @Test
    void replacementsThatOverlapAreAFailure() {
        bench.helpers.add(new Guest() {
            @Override
            public void control(final ControlPacket packet) {
                packet.replace(2, 2, new byte[1]);
                packet.replace(3, 2, new byte[1]);
            }
        });
        final byte[] before = bench.client().payload("abcdef").bytes();
        assertThat(bench.fromClient(bench.client().payload("abcdef")).bytes()).isEqualTo(before);
        assertThat(bench.failures()).isEqualTo(1);
    }

    // ---- coming and going ----

    @Test
    void connectionsOfAHelperThatWentGoOnAsPlainOnesAndKeepTheirShift() {
        bench.helpers.add(toy);
        bench.fromClient(bench.client().seq(100).payload("!@@"));
        bench.helpers.remove(toy);
        assertThat(bench.helpers.names()).isEmpty();
        assertThat(bench.openSlots).isEmpty();
        final Packet packet = bench.fromClient(bench.client().seq(103).payload("!@@"));
        assertThat(packet.bytes()).isEqualTo(bench.client().seq(107).payload("!@@").bytes());
        assertThat(bench.expectations.list(OptionalInt.empty(), 1)).hasSize(1);
        assertThat(bench.failures()).isZero();
    }

    @Test
    void aHelperThatComesLaterActsOnOpenConnections() {
        bench.fromClient(bench.client().seq(100).payload("!@@"));
        assertThat(bench.expectations.list(OptionalInt.empty(), 1)).isEmpty();
        bench.helpers.add(toy);
        assertThat(bench.helpers.names()).isEqualTo(Set.of("toy"));
        final Packet packet = bench.fromClient(bench.client().seq(103).payload("!@@"));
        assertThat(packet.bytes()).isEqualTo(bench.client().seq(103).payload("!(here)").bytes());
        assertThat(bench.expectations.list(OptionalInt.empty(), 1)).hasSize(1);
    }

    @Test
    void theFirstOfTwoHelpersWithOneNameKeepsItUntilItGoes() {
        final ToyHelper second = new ToyHelper();
        second.text = "2".getBytes(StandardCharsets.US_ASCII);
        bench.helpers.add(toy);
        bench.helpers.add(second);
        assertThat(bench.fromClient(bench.client().seq(100).payload("@@")).bytes())
            .isEqualTo(bench.client().seq(100).payload("(here)").bytes());
        bench.helpers.remove(toy);
        assertThat(bench.fromClient(bench.client().seq(102).payload("@@")).bytes())
            .isEqualTo(bench.client().seq(106).payload("2").bytes());
    }

    @Test
    void aSlotIsTheSameForTheSameTypeAndLastsAsLongAsTheHelper() {
        final HelperContext[] context = new HelperContext[1];
        final Guest guest = new Guest() {
            @Override
            public void attach(final HelperContext itsContext) {
                context[0] = itsContext;
            }
        };
        bench.helpers.add(guest);
        assertThat(context[0].slot(String.class)).isSameAs(context[0].slot(String.class));
        assertThat(bench.openSlots).hasSize(1);
        bench.helpers.remove(guest);
        assertThat(bench.openSlots).isEmpty();
        assertThatIllegalStateException()
            .isThrownBy(() -> context[0].slot(String.class));
    }

    @Test
    void helpersComeAndGoWhilePacketsFlow() throws Exception {
        final AtomicBoolean stop = new AtomicBoolean();
        final Set<String> strange = ConcurrentHashMap.newKeySet();
        final Thread packets = new Thread(() -> {
            int seq = 100;
            while (!stop.get()) {
                final Packet packet = bench.fromClient(bench.client().seq(seq++).payload("!"));
                if (!isSound(packet)) {
                    strange.add("a packet with a wrong checksum");
                }
            }
        });
        packets.setUncaughtExceptionHandler((thread, failure) -> strange.add(failure.toString()));
        packets.start();
        for (int i = 0; i < 2000; i++) {
            bench.helpers.add(toy);
            bench.helpers.remove(toy);
        }
        stop.set(true);
        packets.join();
        assertThat(strange).isEmpty();
        assertThat(bench.failures()).isZero();
        assertThat(bench.openSlots).isEmpty();
    }

    // ---- numbers ----

    @Test
    void oddity28EachDirectionHasAShiftOfItsOwn() {
        bench.helpers.add(toy);
        bench.fromClient(bench.client().seq(100).ack(500).payload("@@"));
        bench.fromServer(bench.server().seq(500).ack(106).payload("@@@@"));
        final Packet client = bench.fromClient(bench.client().seq(102).ack(512).payload("c"));
        final Packet server = bench.fromServer(bench.server().seq(504).ack(107).payload("s"));
        assertThat(client.bytes()).isEqualTo(bench.client().seq(106).ack(504).payload("c").bytes());
        assertThat(server.bytes()).isEqualTo(bench.server().seq(512).ack(103).payload("s").bytes());
    }

    @Test
    void oddity28AShiftThatReturnsToZeroIsStored() {
        bench.helpers.add(toy);
        bench.fromClient(bench.client().seq(100).payload("@@"));
        toy.text = new byte[0];
        bench.fromClient(bench.client().seq(102).payload("@@@@"));
        assertThat(bench.fromClient(bench.client().seq(106).payload("x")).bytes())
            .isEqualTo(bench.client().seq(106).payload("x").bytes());
        assertThat(bench.fromServer(bench.server().seq(1).ack(107)).bytes())
            .isEqualTo(bench.server().seq(1).ack(107).bytes());
    }

    @Test
    void aRetransmittedSegmentIsRewrittenAlikeAndCountedOnce() {
        bench.helpers.add(toy);
        final byte[] first = bench.fromClient(bench.client().seq(100).payload("a@@b")).bytes();
        final byte[] again = bench.fromClient(bench.client().seq(100).payload("a@@b")).bytes();
        assertThat(again).isEqualTo(first);
        assertThat(bench.fromClient(bench.client().seq(104).payload("c")).bytes())
            .isEqualTo(bench.client().seq(108).payload("c").bytes());
    }

    @Test
    void aRetransmissionInOtherPiecesIsPartOfTheSameStream() {
        bench.helpers.add(toy);
        bench.fromClient(bench.client().seq(100).payload("ab@@cd"));
        assertThat(bench.fromClient(bench.client().seq(101).payload("b@")).bytes())
            .isEqualTo(bench.client().seq(101).payload("b(").bytes());
        assertThat(bench.fromClient(bench.client().seq(103).payload("@cdef")).bytes())
            .isEqualTo(bench.client().seq(103).payload("here)cdef").bytes());
    }

    @Test
    void aSegmentInFrontOfTheReplacementKeepsItsNumber() {
        bench.helpers.add(toy);
        bench.fromClient(bench.client().seq(100).payload("ab"));
        bench.fromClient(bench.client().seq(102).payload("@@"));
        assertThat(bench.fromClient(bench.client().seq(100).payload("ab")).bytes())
            .isEqualTo(bench.client().seq(100).payload("ab").bytes());
    }

    @Test
    void textThatHasPassedAsItWasIsNotMovedLater() {
        bench.fromClient(bench.client().seq(100).payload("x"));
        bench.helpers.add(toy);
        bench.fromClient(bench.client().seq(101).payload("ab@"));
        bench.fromClient(bench.client().seq(104).payload("@cd"));
        final Packet whole = bench.fromClient(bench.client().seq(101).payload("ab@@cd"));
        assertThat(whole.bytes()).isEqualTo(bench.client().seq(101).payload("ab@@cd").bytes());
        assertThat(bench.failures()).isEqualTo(1);
    }

    @Test
    void sackBlocksAreInTheNumbersOfWhomTheyAreFor() {
        bench.helpers.add(toy);
        bench.fromClient(bench.client().seq(100).payload("@@"));
        bench.fromClient(bench.client().seq(102).payload("0123456789"));
        // An aligned option, then one at an odd offset.
        for (final int[] padding : new int[][] {{1, 1}, {1}}) {
            final int[] seen = options(padding, 108, 112);
            final int[] meant = options(padding, 104, 108);
            assertThat(bench.fromServer(bench.server().seq(1).ack(106).tcpOptions(seen)).bytes())
                .isEqualTo(bench.server().seq(1).ack(102).tcpOptions(meant).bytes());
        }
    }

    private static int[] options(final int[] padding, final int from, final int to) {
        final int[] options = new int[padding.length + 10];
        System.arraycopy(padding, 0, options, 0, padding.length);
        options[padding.length] = 5;
        options[padding.length + 1] = 10;
        options[padding.length + 5] = from;
        options[padding.length + 9] = to;
        return options;
    }

    @Test
    void aSynIsNotShifted() {
        bench.helpers.add(toy);
        final Packet syn = bench.client().flags("S").seq(99).ack(0).build();
        assertThat(bench.control(false, syn).bytes()).isEqualTo(bench.client().flags("S").seq(99).ack(0).bytes());
        assertThat(bench.fromClient(bench.client().seq(100).payload("@@")).bytes())
            .isEqualTo(bench.client().seq(100).payload("(here)").bytes());
    }

    @Test
    void theUrgentPointerKeepsPointingAtTheSameByte() {
        bench.helpers.add(toy);
        final Packet packet = bench.client().flags("PAU").seq(100).payload("@@u").build();
        Bytes.put16(packet.data(), packet.offset() + 14 + 20 + 18, 3);
        bench.control(false, packet);
        assertThat(Bytes.u16(packet.data(), packet.offset() + 14 + 20 + 18)).isEqualTo(7);
        assertThat(isSound(packet)).isTrue();
    }

    @Test
    void aSegmentThatWouldOutgrowIpIsInvalidAndUntouched() {
        toy.text = new byte[3000];
        bench.helpers.add(toy);
        final byte[] payload = new byte[64_000];
        payload[0] = '@';
        payload[1] = '@';
        final Packet packet = bench.client().seq(100).payload(payload).build();
        final byte[] before = packet.bytes();
        bench.control(false, packet);
        assertThat(packet.bytes()).isEqualTo(before);
        assertThat(packet.ctState() & CtState.INVALID).isNotZero();
        assertThat(bench.failures()).isEqualTo(1);
    }

    static boolean isSound(final Packet packet) {
        packet.parse();
        final byte[] data = packet.data();
        final int l3 = packet.l3Offset();
        return Checksums.isValid(0, data, l3, 20) && Checksums.isValid(Checksums.pseudo4(Bytes.i32(data, l3 + 12),
            Bytes.i32(data, l3 + 16), packet.protocol(), packet.l4Length()), data, packet.l4Offset(), packet.l4Length());
    }

    private static Tuple tuple(final String from, final String to, final int fromPort, final int toPort) {
        return new Tuple(IpAddress.parse(from), IpAddress.parse(to), IpProtocol.TCP, fromPort, toPort, 0);
    }

    /** A helper that does nothing, for others to change. */
    private static class Guest implements ConnectionHelper {
        @Override
        public String name() {
            return "toy";
        }

        @Override
        public int protocol() {
            return IpProtocol.TCP;
        }

        @Override
        public Set<Integer> defaultPorts() {
            return Set.of();
        }

        @Override
        public void control(final ControlPacket packet) {
        }
    }
}
