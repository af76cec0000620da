// SPDX-License-Identifier: Apache-2.0
package org.trackway.packet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The builder of test packets, against frames that others made. */
class PacketsTest {

    @Test
    void aSynAsAKernelSentIt() {
        final String captured = "0012804bc07f0016d4b859b10800450000300f4140008006a1aac0a8648ac0a86401"
            + "0d2c005038affe130000000070022238d2cb0000020405b401010402";

        assertThat(HexFormat.of().formatHex(Packets.tcp4("192.168.100.138", 3372, "192.168.100.1", 80)
            .macs("00:16:d4:b8:59:b1", "00:12:80:4b:c0:7f").ttl(128).id(0x0f41).dontFragment()
            .flags("S").seq(0x38affe13L).window(0x2238).tcpOptions(2, 4, 5, 0xb4, 1, 1, 4, 2).bytes()))
            .isEqualTo(captured);
    }

    static Stream<Packets> transports() {
        return Stream.of(
            Packets.tcp4("10.0.0.1", 1, "10.0.0.2", 2).payload("odd"), Packets.tcp6("fd00::1", 1, "fd00::2", 2),
            Packets.udp4("10.0.0.1", 1, "10.0.0.2", 2).payloadSize(300), Packets.udp6("fd00::1", 1, "fd00::2", 2),
            Packets.echo4("10.0.0.1", "10.0.0.2", 7, 8).payload("abc"), Packets.echo6("fd00::1", "fd00::2", 7, 8),
            Packets.icmp6("fd00::1", "fd00::2", 135, 0).payloadSize(16).extension(IpProtocol.HOP_BY_HOP, 8),
            Packets.sctp4("10.0.0.1", 1, "10.0.0.2", 2).verificationTag(5).chunk(1, 0, new byte[17]),
            Packets.sctp6("fd00::1", 1, "fd00::2", 2).chunk(14, 0, new byte[0]));
    }

    @ParameterizedTest
    @MethodSource("transports")
    void checksumsAreRightUnlessTheyAreAskedToBeWrong(final Packets builder) {
        assertThat(isTransportSound(builder.build())).isTrue();
        assertThat(isTransportSound(builder.badChecksum().build())).isFalse();
        assertThat(isHeaderSound(builder.build())).isTrue();
        if (builder.build().parse() && builder.build().bytes()[12] == 8) {
            assertThat(isHeaderSound(builder.badIpChecksum().build())).isFalse();
        }
    }

    @Test
    void reverseComesFromTheOtherEnd() {
        assertThat(Packets.udp4("10.0.0.1", 1, "10.0.0.2", 2).macs("02:00:00:00:00:0a", "02:00:00:00:00:0b").reverse()
            .bytes()).isEqualTo(Packets.udp4("10.0.0.2", 2, "10.0.0.1", 1)
            .macs("02:00:00:00:00:0b", "02:00:00:00:00:0a").bytes());
    }

    @Test
    void anErrorQuotesThePacketItIsAbout() {
        final Packet about = Packets.udp4("10.0.0.1", 1, "10.0.0.2", 2).payloadSize(900).vlan(3).build();
        final Packet error = Packets.icmp4Error("10.0.0.9", "10.0.0.1", 3, 3, about).build();
        error.parse();

        assertThat(error.l3Length()).isEqualTo(576);
        assertThat(Arrays.copyOfRange(error.data(), error.l4Offset() + 8, error.offset() + error.length()))
            .isEqualTo(Packets.quote(about, 548));
    }

    @Test
    void fragmentsTogetherAreTheDatagram() {
        for (final Packets builder : List.of(Packets.udp4("10.0.0.1", 1, "10.0.0.2", 2),
                Packets.udp6("fd00::1", 1, "fd00::2", 2))) {
            final Packet whole = builder.payloadSize(100).build();
            final ByteArrayOutputStream joined = new ByteArrayOutputStream();
            final List<Packet> parts = builder.fragments(48);
            for (final Packet part : parts) {
                part.parse();
                joined.write(part.data(), part.l4Offset(), part.l4Length());
            }
            whole.parse();

            assertThat(parts).hasSize(3);
            assertThat(joined.toByteArray()).isEqualTo(Arrays.copyOfRange(whole.data(), whole.l4Offset(),
                whole.l4Offset() + whole.l4Length()));
            assertThat(builder.bytes()).as("the builder makes whole ones again").isEqualTo(whole.bytes());
        }
    }

    @Test
    void refusesWhatWouldBeAMistakeInATest() {
        assertThatThrownBy(() -> Packets.udp4("fd00::1", 1, "10.0.0.2", 2)).hasMessageContaining("other IP version");
        assertThatThrownBy(() -> Packets.tcp4("10.0.0.1", 1, "10.0.0.2", 2).flags("X")).hasMessageContaining("flag");
    }

    private static boolean isHeaderSound(final Packet packet) {
        packet.parse();
        return packet.etherType() != EtherType.IPV4
            || Checksums.isValid(0, packet.data(), packet.l3Offset(), packet.l4Offset() - packet.l3Offset());
    }

    private static boolean isTransportSound(final Packet packet) {
        packet.parse();
        final byte[] data = packet.data();
        final int l3 = packet.l3Offset();
        final int l4 = packet.l4Offset();
        final int length = packet.l4Length();
        if (packet.protocol() == IpProtocol.SCTP) {
            return Checksums.sctp(data, l4, length) == Bytes.i32(data, l4 + 8);
        }
        final long pseudo;
        if (packet.protocol() == IpProtocol.ICMP) {
            pseudo = 0;
        } else if (packet.etherType() == EtherType.IPV4) {
            pseudo = Checksums.pseudo4(Bytes.i32(data, l3 + 12), Bytes.i32(data, l3 + 16), packet.protocol(), length);
        } else {
            pseudo = Checksums.pseudo6(data, l3 + 8, packet.protocol(), length);
        }
        return Checksums.isValid(pseudo, data, l4, length);
    }
}
