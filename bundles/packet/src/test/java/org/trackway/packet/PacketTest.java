// SPDX-License-Identifier: Apache-2.0
package org.trackway.packet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class PacketTest {

    private static final byte[] FRAME = Packets.tcp4("10.0.0.1", 1000, "10.0.0.2", 80).payload("hello").bytes();

    @Test
    void aCopyOfABufferDoesNotChangeWithIt() {
        final byte[] frame = FRAME.clone();
        final Packet packet = Packet.of(frame);
        frame[20] ^= 1;

        assertThat(packet.bytes()).isEqualTo(FRAME);
        assertThat(packet.length()).isEqualTo(FRAME.length);
    }

    @Test
    void theNextFrameFindsNothingOfTheOneBefore() {
        final Packet packet = Packet.of(FRAME);
        packet.parse();
        packet.keep();
        packet.timestampNs(5);
        packet.ctState(1);
        packet.ctZone(2);
        packet.ctMark(3);
        packet.ctLabel(4, 5);
        packet.ctConnection(6, true, true);
        packet.ctAddresses(true, 1, 2, 3, 4);
        packet.ctPorts(6, 7, 8);
        packet.l3Checksum(Packet.CHECKSUM_GOOD);
        packet.l4Checksum(Packet.CHECKSUM_BAD);
        final byte[] arp = Packets.frame(EtherType.ARP).payloadSize(5000).bytes();
        packet.set(arp, 0, arp.length);
        packet.parse();

        assertThat(packet.bytes()).isEqualTo(arp);
        assertThat(packet).usingRecursiveComparison().ignoringFields("data", "rare")
            .isEqualTo(parsed(Packet.of(arp)));
        assertNothingRare(packet);
    }

    @Test
    void aCopyHasTheSameBytesAndMetadataButNotItsKeeper() {
        final Packet packet = Packet.of(FRAME);
        packet.keep();
        packet.timestampNs(5);
        packet.ctState(1);
        packet.ctZone(2);
        packet.ctMark(3);
        packet.ctLabel(4, 5);
        packet.ctConnection(6, true, true);
        packet.ctAddresses(true, 1, 2, 3, 4);
        packet.ctPorts(6, 7, 8);
        packet.l3Checksum(Packet.CHECKSUM_GOOD);
        packet.l4Checksum(Packet.CHECKSUM_BAD);
        final Packet copy = packet.copy();

        assertThat(copy).usingRecursiveComparison().ignoringFields("data", "kept").isEqualTo(packet);
        assertThat(copy.bytes()).isEqualTo(FRAME);
        assertThat(copy.isKept()).isFalse();
        copy.data()[copy.offset()]++;
        assertThat(packet.bytes()).isEqualTo(FRAME);
    }

    @Test
    void ctClearForgetsAllOfTracking() {
        final Packet packet = Packet.of(FRAME);
        packet.ctState(1);
        packet.ctZone(2);
        packet.ctMark(3);
        packet.ctLabel(4, 5);
        packet.ctConnection(6, true, true);
        packet.ctAddresses(true, 1, 2, 3, 4);
        packet.ctPorts(6, 7, 8);
        packet.clearConntrack();

        assertThat(packet).usingRecursiveComparison().ignoringFields("rare").isEqualTo(Packet.of(FRAME));
        assertNothingRare(packet);
    }

    /** The words for labels and IPv6 may still hold what they held, but they mean nothing. */
    private static void assertNothingRare(final Packet packet) {
        assertThat(packet.ctV6()).isFalse();
        assertThat(new long[] {packet.ctLabelHigh(), packet.ctLabelLow(), packet.ctSourceHigh(), packet.ctSourceLow(),
            packet.ctDestinationHigh(), packet.ctDestinationLow()}).containsOnly(0);
    }

    @Test
    void aPlainTupleTakesThePlaceOfAllThatIsRare() {
        final Packet packet = Packet.of(FRAME);
        packet.ctLabel(4, 5);
        packet.ctAddresses(true, 1, 2, 3, 4);
        packet.ctConnection(6, false, true);
        packet.ctForget();
        packet.ctPlain(33, 2, 3, 0x0a000001_0a000002L, 0x1388_0035_ffff_11_ffL, 7, true);

        final Packet expected = Packet.of(FRAME);
        expected.ctState(33);
        expected.ctZone(2);
        expected.ctMark(3);
        expected.ctAddresses(false, 0, 0x0a000001, 0, 0x0a000002);
        expected.ctConnection(7, true, false);
        assertThat(packet).usingRecursiveComparison().ignoringFields("rare", "ctPorts").isEqualTo(expected);
        assertThat(packet.ctProtocol()).isEqualTo(17);
        assertThat(packet.ctSourcePort()).isEqualTo(5000);
        assertThat(packet.ctDestinationPort()).isEqualTo(53);
    }

    @Test
    void refusesAFrameOutsideItsArray() {
        final Packet packet = new Packet(10);

        assertThatThrownBy(() -> packet.received(-1, 1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> packet.received(1, -1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> packet.received(Packet.HEADROOM + 1, 10)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> packet.received(1, Integer.MAX_VALUE)).isInstanceOf(IndexOutOfBoundsException.class);
        packet.received(Packet.HEADROOM, 10);
        assertThat(packet.length()).isEqualTo(10);
    }

    @Property(edgeCases = EdgeCasesMode.NONE)
    void spliceReplacesBytesAndMovesTheRest(@ForAll @Size(max = 60) final byte[] frame,
            @ForAll @IntRange(max = 60) final int from, @ForAll @IntRange(max = 60) final int most,
            @ForAll @Size(max = 100) final byte[] replacement) {
        final int at = Math.min(from, frame.length);
        final int count = Math.min(most, frame.length - at);
        final ByteArrayOutputStream expected = new ByteArrayOutputStream();
        expected.write(frame, 0, at);
        expected.writeBytes(replacement);
        expected.write(frame, at + count, frame.length - at - count);
        final Packet packet = Packet.of(frame);
        packet.splice(packet.offset() + at, count, replacement);

        assertThat(packet.bytes()).isEqualTo(expected.toByteArray());
    }

    @Test
    void spliceStaysInsideTheFrame() {
        final Packet packet = Packet.of(FRAME);
        final int start = packet.offset();

        assertThatThrownBy(() -> packet.splice(start - 1, 1, new byte[1]))
            .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> packet.splice(start, FRAME.length + 1, new byte[1]))
            .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> packet.splice(start, -1, new byte[1])).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> packet.splice(start + 1, Integer.MAX_VALUE, new byte[1]))
            .isInstanceOf(IndexOutOfBoundsException.class);
        assertThat(packet.bytes()).isEqualTo(FRAME);
    }

    @Test
    void layersAreFoundAnewAfterASplice() {
        final Packet packet = parsed(Packet.of(FRAME));
        packet.splice(packet.offset() + 12, 2, new byte[] {0x08, 0x06});

        assertThat(parsed(packet).etherType()).isEqualTo(EtherType.ARP);
    }

    @Test
    void tagsArePushedAndPopped() {
        final Packet packet = Packet.of(FRAME);
        packet.pushVlan(EtherType.VLAN, 0x6005);
        assertThat(packet.bytes()).isEqualTo(tagged().vlan(0x6005).bytes());

        packet.pushVlan(EtherType.SERVICE_VLAN, 7);
        assertThat(packet.bytes()).isEqualTo(tagged().tag(EtherType.SERVICE_VLAN, 7).vlan(0x6005).bytes());
        assertThat(parsed(packet).vlanTags()).isEqualTo(2);
        assertThat(packet.protocol()).isEqualTo(IpProtocol.TCP);

        packet.popVlan();
        packet.popVlan();
        assertThat(packet.bytes()).isEqualTo(FRAME);
        packet.popVlan();
        assertThat(packet.bytes()).as("there is no tag to pop").isEqualTo(FRAME);
    }

    @Test
    void moreTagsThanThereIsRoomFor() {
        final Packet packet = Packet.of(FRAME);
        final Packets expected = tagged();
        for (int i = 1; i <= 12; i++) {
            packet.pushVlan(EtherType.VLAN, i);
            expected.vlan(13 - i);
        }

        assertThat(packet.bytes()).isEqualTo(expected.bytes());
        for (int i = 0; i < 12; i++) {
            packet.popVlan();
        }
        assertThat(packet.bytes()).isEqualTo(FRAME);
    }

    @Property
    void lessThanAnEthernetHeaderTakesNoTags(@ForAll @Size(max = 13) final byte[] frame) {
        final Packet packet = Packet.of(frame);
        packet.pushVlan(EtherType.VLAN, 1);
        packet.popVlan();

        assertThat(packet.bytes()).isEqualTo(frame);
    }

    @Test
    void theLastAddressOfARouteIsTheFinalDestination() {
        final byte[] route = new byte[40];
        route[1] = 4;
        route[3] = 1;
        Arrays.fill(route, 24, 40, (byte) 0x77);
        final Packets builder = Packets.udp6("fd00::1", 53, "fd00::2", 53).extension(IpProtocol.HOP_BY_HOP, 8);
        final Packet routed = parsed(builder.extension(IpProtocol.ROUTING, route).build());
        final int l3 = routed.l3Offset();

        assertThat(Packet.finalDestination6(routed.data(), l3, routed.l4Offset())).isEqualTo(l3 + 40 + 8 + 24);
        Bytes.put8(routed.data(), l3 + 51, 0);
        assertThat(Packet.finalDestination6(routed.data(), l3, routed.l4Offset()))
            .as("no segment is left").isEqualTo(l3 + 24);
        Bytes.put8(routed.data(), l3 + 51, 1);
        Bytes.put8(routed.data(), l3 + 50, 4);
        assertThat(Packet.finalDestination6(routed.data(), l3, routed.l4Offset()))
            .as("segment routing lists the last first").isEqualTo(l3 + 56);
    }

    private static Packets tagged() {
        return Packets.tcp4("10.0.0.1", 1000, "10.0.0.2", 80).payload("hello");
    }

    private static Packet parsed(final Packet packet) {
        packet.parse();
        return packet;
    }
}
