// SPDX-License-Identifier: Apache-2.0
package org.trackway.packet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PacketParseTest {

    private static Packets tcp4() {
        return Packets.tcp4("10.0.0.1", 1000, "10.0.0.2", 80).payload("hello");
    }

    private static Packets udp6() {
        return Packets.udp6("fd00::1", 53, "fd00::2", 5353).payload("hello");
    }

    /** Parses and says where the layers are, counted from the start of the frame. */
    private static String layers(final Packet packet) {
        if (!packet.parse()) {
            return "none";
        }
        final int l3 = packet.l3Offset() - packet.offset();
        if (packet.l4Offset() == Packet.NO_LAYER) {
            return String.format("%04x l3=%d+%d", packet.etherType(), l3, packet.l3Length());
        }
        return String.format("%04x l3=%d+%d l4=%d+%d proto=%d frag=%d", packet.etherType(), l3, packet.l3Length(),
            packet.l4Offset() - packet.offset(), packet.l4Length(), packet.protocol(), packet.fragment());
    }

    @Test
    void ethernetAndIpv4() {
        assertThat(layers(tcp4().build())).isEqualTo("0800 l3=14+45 l4=34+25 proto=6 frag=0");
    }

    @Test
    void ethernetAndIpv6() {
        assertThat(layers(udp6().build())).isEqualTo("86dd l3=14+53 l4=54+13 proto=17 frag=0");
    }

    @Test
    void otherTypesHaveALayer3ButNoLayer4() {
        assertThat(layers(Packets.arp(1, "02:00:00:00:00:01", "10.0.0.1", "00:00:00:00:00:00", "10.0.0.2").build()))
            .isEqualTo("0806 l3=14+28");
    }

    @Test
    void oneTag() {
        final Packet packet = tcp4().vlan(0x2064).build();

        assertThat(layers(packet)).isEqualTo("0800 l3=18+45 l4=38+25 proto=6 frag=0");
        assertThat(packet.vlanTags()).isEqualTo(1);
        assertThat(packet.vlanTci(0)).isEqualTo(0x2064);
        assertThatThrownBy(() -> packet.vlanTci(1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> packet.vlanTci(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void twoTags() {
        final Packet packet = udp6().tag(EtherType.SERVICE_VLAN, 10).vlan(20).build();

        assertThat(layers(packet)).isEqualTo("86dd l3=22+53 l4=62+13 proto=17 frag=0");
        assertThat(packet.vlanTags()).isEqualTo(2);
        assertThat(packet.vlanTci(0)).isEqualTo(10);
        assertThat(packet.vlanTci(1)).isEqualTo(20);
    }

    @Test
    void aThirdTagIsNotPassed() {
        final Packet packet = udp6().vlan(1).vlan(2).vlan(3).build();

        assertThat(layers(packet)).isEqualTo("8100 l3=22+57");
        assertThat(packet.vlanTags()).isEqualTo(2);
    }

    @Test
    void aTagWithoutATypeBehindItIsNotPassed() {
        final Packet packet = Packets.frame(EtherType.VLAN).payload(new byte[] {0, 7, 8}).build();

        assertThat(layers(packet)).isEqualTo("8100 l3=14+3");
        assertThat(packet.vlanTags()).isZero();
    }

    @Test
    void snap() {
        assertThat(layers(tcp4().snap().build())).isEqualTo("0800 l3=22+45 l4=42+25 proto=6 frag=0");
        assertThat(layers(tcp4().vlan(5).snap().build())).isEqualTo("0800 l3=26+45 l4=46+25 proto=6 frag=0");
    }

    @Test
    void plain8023HasNoType() {
        // a spanning tree message: LLC, but no SNAP
        assertThat(layers(Packets.frame(38).payload(new byte[] {0x42, 0x42, 3, 0, 0, 0, 0, 0, 0}).build()))
            .isEqualTo("05ff l3=14+9");
        assertThat(layers(Packets.frame(0).build())).isEqualTo("05ff l3=14+0");
    }

    @Test
    void snapWithAnotherOrganizationOrNoTypeHasNoType() {
        final byte[] cisco = {(byte) 0xaa, (byte) 0xaa, 3, 0, 0, 12, 0x20, 0};
        final byte[] length = {(byte) 0xaa, (byte) 0xaa, 3, 0, 0, 0, 5, (byte) 0xff};

        assertThat(layers(Packets.frame(8).payload(cisco).build())).isEqualTo("05ff l3=14+8");
        assertThat(layers(Packets.frame(8).payload(length).build())).isEqualTo("05ff l3=22+0");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 12, 13})
    void lessThanAnEthernetHeaderIsNothing(final int length) {
        assertThat(layers(tcp4().truncate(length).build())).isEqualTo("none");
    }

    @Test
    void paddingBelongsToNoLayer() {
        assertThat(layers(tcp4().padding(9).build())).isEqualTo("0800 l3=14+45 l4=34+25 proto=6 frag=0");
        assertThat(layers(udp6().padding(9).build())).isEqualTo("86dd l3=14+53 l4=54+13 proto=17 frag=0");
    }

    @Test
    void ipv4Options() {
        assertThat(layers(tcp4().ipOptions(0x94, 4, 0, 0, 1, 1, 1, 0).build()))
            .isEqualTo("0800 l3=14+53 l4=42+25 proto=6 frag=0");
    }

    @Test
    void ipv4WithLengthsThatCantBeHasNoLayer4() {
        final String broken = "0800 l3=14+45";
        assertThat(layers(tcp4().ipHeaderWords(4).build())).as("header too short").isEqualTo(broken);
        assertThat(layers(tcp4().ipHeaderWords(15).build())).as("header longer than the packet").isEqualTo(broken);
        assertThat(layers(tcp4().ipLength(19).build())).as("shorter than its header").isEqualTo(broken);
        assertThat(layers(tcp4().ipLength(46).build())).as("longer than the frame").isEqualTo(broken);
        assertThat(layers(tcp4().truncate(58).build())).as("cut").isEqualTo("0800 l3=14+44");
        assertThat(layers(tcp4().truncate(33).build())).as("half a header").isEqualTo("0800 l3=14+19");
        assertThat(layers(tcp4().truncate(14).build())).as("no header").isEqualTo("0800 l3=14+0");
    }

    @Test
    void ipv4WithTheLeastLengthHasAnEmptyLayer4() {
        assertThat(layers(tcp4().ipLength(20).build())).isEqualTo("0800 l3=14+20 l4=34+0 proto=6 frag=0");
    }

    @Test
    void ipv4Fragments() {
        final List<Packet> parts = Packets.udp4("10.0.0.1", 1, "10.0.0.2", 2).payloadSize(20).dontFragment()
            .fragments(16);

        assertThat(parts.stream().map(PacketParseTest::layers)).containsExactly(
            "0800 l3=14+36 l4=34+16 proto=17 frag=1", "0800 l3=14+32 l4=34+12 proto=17 frag=3");
    }

    @Test
    void ipv6Fragments() {
        final List<Packet> parts = Packets.udp6("fd00::1", 1, "fd00::2", 2).payloadSize(20).fragments(16);

        assertThat(parts.stream().map(PacketParseTest::layers)).containsExactly(
            "86dd l3=14+64 l4=62+16 proto=17 frag=1", "86dd l3=14+60 l4=62+12 proto=44 frag=3");
    }

    @Test
    void anAtomicFragmentIsNone() {
        assertThat(layers(udp6().fragment(0, false).build())).isEqualTo("86dd l3=14+61 l4=62+13 proto=17 frag=0");
    }

    @Test
    void ipv6ExtensionHeadersInAnyOrderAndNumber() {
        assertThat(layers(udp6().extension(IpProtocol.HOP_BY_HOP, 8).extension(IpProtocol.DESTINATION_OPTIONS, 16)
            .extension(IpProtocol.ROUTING, 24).extension(IpProtocol.AH, 12).extension(IpProtocol.HOP_BY_HOP, 8)
            .build()))
            .isEqualTo("86dd l3=14+121 l4=122+13 proto=17 frag=0");
    }

    @Test
    void headersBehindALaterFragmentAreNotLookedAt() {
        assertThat(layers(udp6().fragment(8, true).build())).isEqualTo("86dd l3=14+61 l4=62+13 proto=44 frag=3");
    }

    @Test
    void whatIsNoExtensionHeaderEndsTheWalk() {
        assertThat(layers(Packets.ip6(59, "fd00::1", "fd00::2").payloadSize(3).build()))
            .as("no next header").isEqualTo("86dd l3=14+43 l4=54+3 proto=59 frag=0");
        assertThat(layers(Packets.ip6(50, "fd00::1", "fd00::2").payloadSize(3).build()))
            .as("ESP").isEqualTo("86dd l3=14+43 l4=54+3 proto=50 frag=0");
    }

    @Test
    void ipv6WithLengthsThatCantBeHasNoLayer4() {
        assertThat(layers(udp6().ipLength(14).build())).as("longer than the frame").isEqualTo("86dd l3=14+53");
        assertThat(layers(udp6().truncate(66).build())).as("cut").isEqualTo("86dd l3=14+52");
        assertThat(layers(udp6().truncate(53).build())).as("half a header").isEqualTo("86dd l3=14+39");
        final byte[] longer = {17, 1, 0, 0, 0, 0, 0, 0, 0};
        assertThat(layers(Packets.ip6(0, "fd00::1", "fd00::2").payload(new byte[7]).build()))
            .as("half an extension header").isEqualTo("86dd l3=14+47");
        assertThat(layers(Packets.ip6(0, "fd00::1", "fd00::2").payload(longer).build()))
            .as("an extension header longer than the packet").isEqualTo("86dd l3=14+49");
    }

    @Test
    void anIpv6PayloadOfLengthZeroIsEmpty() {
        assertThat(layers(udp6().ipLength(0).build())).isEqualTo("86dd l3=14+40 l4=54+0 proto=17 frag=0");
    }

    @Test
    void layersAreFoundOnceAndAgainWhenAskedFor() {
        final Packet packet = tcp4().build();
        packet.parse();
        Bytes.put16(packet.data(), packet.offset() + 12, EtherType.ARP);
        assertThat(layers(packet)).startsWith("0800");
        packet.reparse();
        assertThat(layers(packet)).startsWith("0806");
    }

    @Property
    void randomBytesHaveTheirLayersInside(@ForAll @Size(max = 120) final byte[] frame) {
        assertLayersInside(Packet.of(frame));
    }

    @Property
    void damagedPacketsHaveTheirLayersInside(@ForAll("packets") final byte[] frame,
            @ForAll @Size(max = 4) final List<@IntRange(max = 119) Integer> where, @ForAll final byte value,
            @ForAll @IntRange(max = 150) final int cut) {
        final byte[] damaged = Arrays.copyOf(frame, Math.min(frame.length, cut));
        for (final int at : where) {
            if (at < damaged.length) {
                damaged[at] = value;
            }
        }
        assertLayersInside(Packet.of(damaged));
    }

    @Property
    void damagedPacketsHaveTheirLayersInsideWhenTheyFillTheArray(@ForAll("packets") final byte[] frame,
            @ForAll @IntRange(max = 119) final int at, @ForAll final byte value) {
        // nothing behind the frame that could be read by mistake without notice
        final Packet packet = new Packet(frame.length);
        System.arraycopy(frame, 0, packet.data(), Packet.HEADROOM, frame.length);
        packet.received(Packet.HEADROOM, frame.length);
        packet.data()[Packet.HEADROOM + Math.min(at, frame.length - 1)] = value;
        assertLayersInside(packet);
    }

    @Provide
    Arbitrary<byte[]> packets() {
        return Arbitraries.of(
            tcp4().bytes(), tcp4().vlan(1).vlan(2).ipOptions(7, 4, 4, 0).bytes(), tcp4().snap().bytes(), udp6().bytes(),
            udp6().vlan(1).extension(IpProtocol.HOP_BY_HOP, 8).extension(IpProtocol.ROUTING, 24)
                .extension(IpProtocol.AH, 16).fragment(0, true).bytes(),
            udp6().extension(IpProtocol.DESTINATION_OPTIONS, 8).fragment(8, false).padding(20).bytes());
    }

    private static void assertLayersInside(final Packet packet) {
        final int start = packet.offset();
        final int end = start + packet.length();
        if (!packet.parse()) {
            assertThat(packet.length()).isLessThan(14);
            assertThat(packet.l3Offset()).isEqualTo(Packet.NO_LAYER);
            return;
        }
        assertThat(packet.l3Offset()).isBetween(start + 14, end);
        assertThat(packet.l3Length()).isBetween(0, end - packet.l3Offset());
        assertThat(packet.vlanTags()).isBetween(0, 2);
        assertThat(packet.protocol()).isBetween(0, 255);
        assertThat(packet.fragment()).isIn(Packet.NOT_FRAGMENT, Packet.FIRST_FRAGMENT, Packet.LATER_FRAGMENT);
        if (packet.l4Offset() != Packet.NO_LAYER) {
            assertThat(packet.etherType()).isIn(EtherType.IPV4, EtherType.IPV6);
            assertThat(packet.l4Offset()).isGreaterThanOrEqualTo(packet.l3Offset() + 20);
            assertThat(packet.l4Length()).isNotNegative();
            assertThat(packet.l4Offset() + packet.l4Length()).isEqualTo(packet.l3Offset() + packet.l3Length());
        }
    }
}
