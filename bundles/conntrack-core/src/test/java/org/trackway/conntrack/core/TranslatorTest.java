// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.trackway.conntrack.CtState;
import org.trackway.conntrack.Nat;
import org.trackway.conntrack.Tuple;
import org.trackway.packet.Bytes;
import org.trackway.packet.Checksums;
import org.trackway.packet.EtherType;
import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;
import org.trackway.packet.Packets;

/** The rules of rewriting, one by one: what changes, what stays, and what the checksums say afterwards. */
class TranslatorTest {

    private static final String CLIENT = "10.1.1.1";
    private static final String SERVER = "10.1.1.2";
    private static final String PUBLIC = "192.0.2.9";
    private static final String ROUTER = "203.0.113.7";
    private static final String CLIENT6 = "fd00::1";
    private static final String SERVER6 = "fd00::2";
    private static final String PUBLIC6 = "2001:db8::9";
    private static final String ROUTER6 = "2001:db8:ffff::7";
    private static final int SNAT = CtState.SOURCE_NAT;
    private static final int DNAT = CtState.DESTINATION_NAT;

    private static Key key(final int protocol, final String from, final int fromPort, final String to,
            final int toPort) {
        return Key.of(Tuple.of(IpAddress.parse(from), IpAddress.parse(to), protocol, fromPort, toPort), 0);
    }

    private static Packet translated(final Packet packet, final Key key, final int action) {
        packet.parse();
        Translator.translate(packet, key, action, false);
        return packet;
    }

    private static Packet related(final Packet error, final Key key, final int action) {
        error.parse();
        Translator.translate(error, key, action, true);
        return error;
    }

    @Test
    void requestOfASourceNatComesFromThePublicAddressAndPort() {
        final Packet packet = translated(Packets.tcp4(CLIENT, 1000, SERVER, 80).payload("abc").build(),
            key(IpProtocol.TCP, SERVER, 80, PUBLIC, 2000), SNAT);
        assertThat(packet.bytes()).isEqualTo(Packets.tcp4(PUBLIC, 2000, SERVER, 80).payload("abc").bytes());
        assertThat(packet.ctState()).isEqualTo(SNAT);
    }

    @Test
    void replyOfASourceNatGoesToTheClient() {
        final Packet packet = translated(Packets.tcp4(SERVER, 80, PUBLIC, 2000).flags("SA").build(),
            key(IpProtocol.TCP, CLIENT, 1000, SERVER, 80), DNAT);
        assertThat(packet.bytes()).isEqualTo(Packets.tcp4(SERVER, 80, CLIENT, 1000).flags("SA").bytes());
        assertThat(packet.ctState()).isEqualTo(DNAT);
    }

    @Test
    void destinationNatMayChangeTheSourcePortToo() {
        final Packet packet = translated(Packets.udp6(CLIENT6, 53, PUBLIC6, 5353).payload("abc").build(),
            key(IpProtocol.UDP, SERVER6, 53, CLIENT6, 54), DNAT);
        assertThat(packet.bytes()).isEqualTo(Packets.udp6(CLIENT6, 54, SERVER6, 53).payload("abc").bytes());
    }

    @Test
    void otherStateBitsStay() {
        final Packet packet = Packets.udp4(CLIENT, 1, SERVER, 2).build();
        packet.ctState(CtState.TRACKED | CtState.NEW);
        translated(packet, key(IpProtocol.UDP, SERVER, 2, PUBLIC, 1), SNAT);
        assertThat(packet.ctState()).isEqualTo(CtState.TRACKED | CtState.NEW | SNAT);
    }

    @Test
    void translationToTheSameTupleSetsTheBitAndChangesNoByte() {
        final Packet packet = Packets.udp4(CLIENT, 1, SERVER, 2).checksum(0xabcd).build();
        final byte[] before = packet.bytes();
        translated(packet, key(IpProtocol.UDP, SERVER, 2, CLIENT, 1), SNAT);
        assertThat(packet.bytes()).isEqualTo(before);
        assertThat(packet.ctState()).isEqualTo(SNAT);
    }

    @Test
    void tagsOptionsAndPaddingStay() {
        final Packet packet = translated(
            Packets.tcp4(CLIENT, 1000, SERVER, 80).vlan(5).ipOptions(1, 1, 1, 0).padding(7).build(),
            key(IpProtocol.TCP, SERVER, 80, PUBLIC, 2000), SNAT);
        assertThat(packet.bytes()).isEqualTo(
            Packets.tcp4(PUBLIC, 2000, SERVER, 80).vlan(5).ipOptions(1, 1, 1, 0).padding(7).bytes());
    }

    // ---- checksums ----

    @Test
    void udpWithoutChecksumStaysWithout() {
        final Packet packet = translated(Packets.udp4(CLIENT, 1, SERVER, 2).checksum(0).payload("abc").build(),
            key(IpProtocol.UDP, SERVER, 2, PUBLIC, 3), SNAT);
        assertThat(packet.bytes()).isEqualTo(Packets.udp4(PUBLIC, 3, SERVER, 2).checksum(0).payload("abc").bytes());
    }

    @Test
    void udpChecksumThatComesToZeroIsSentAsAllOnes() {
        // The payload makes up for what is left of the sum, so that the checksum of the translated packet is zero.
        final byte[] payload = new byte[2];
        final Packet plain = Packets.udp4(PUBLIC, 3, SERVER, 2).payload(payload).build();
        plain.parse();
        Bytes.put16(payload, 0, Bytes.u16(plain.data(), plain.l4Offset() + 6));
        final Packet packet = translated(Packets.udp4(CLIENT, 1, SERVER, 2).payload(payload).build(),
            key(IpProtocol.UDP, SERVER, 2, PUBLIC, 3), SNAT);
        assertThat(Bytes.u16(packet.data(), packet.l4Offset() + 6)).isEqualTo(0xffff);
        SlowChecksums.assertRight(packet);
    }

    @Test
    void wrongChecksumsStayWrong() {
        final Key reply = key(IpProtocol.TCP, SERVER, 80, PUBLIC, 2000);
        final Packet tcp = translated(Packets.tcp4(CLIENT, 1000, SERVER, 80).badChecksum().build(), reply, SNAT);
        assertThat(SlowChecksums.transportIsRight(tcp)).isFalse();
        final Packet sctp = translated(Packets.sctp4(CLIENT, 1000, SERVER, 80).badChecksum().build(),
            key(IpProtocol.SCTP, SERVER, 80, PUBLIC, 2000), SNAT);
        assertThat(SlowChecksums.transportIsRight(sctp)).isFalse();
        final Packet header = translated(Packets.tcp4(CLIENT, 1000, SERVER, 80).badIpChecksum().build(), reply, SNAT);
        assertThat(SlowChecksums.sum(header.data(), header.l3Offset(), header.l4Offset())).isNotEqualTo(0xffff);
    }

    @Test
    void whatIsKnownOfChecksumsStaysKnown() {
        for (final byte status : new byte[] {Packet.CHECKSUM_UNKNOWN, Packet.CHECKSUM_GOOD, Packet.CHECKSUM_BAD}) {
            final Packet packet = Packets.tcp4(CLIENT, 1000, SERVER, 80).build();
            packet.l3Checksum(status);
            packet.l4Checksum(status);
            translated(packet, key(IpProtocol.TCP, SERVER, 80, PUBLIC, 2000), SNAT);
            assertThat(packet.l3Checksum()).isEqualTo(status);
            assertThat(packet.l4Checksum()).isEqualTo(status);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {IpProtocol.TCP, IpProtocol.UDP})
    void unfinishedChecksumFollowsTheAddressesOnly(final int protocol) {
        final Packet packet = unfinished(protocol, CLIENT6, 1000, SERVER6, 80);
        translated(packet, key(protocol, SERVER6, 80, PUBLIC6, 2000), SNAT);
        assertThat(packet.bytes()).isEqualTo(unfinished(protocol, PUBLIC6, 2000, SERVER6, 80).bytes());
        assertThat(packet.l4Checksum()).isEqualTo(Packet.CHECKSUM_PARTIAL);
    }

    @Test
    void unfinishedSctpChecksumIsLeftToTheTransmitter() {
        final Packet packet = Packets.sctp4(CLIENT, 1000, SERVER, 80).checksum(0).build();
        packet.l4Checksum(Packet.CHECKSUM_PARTIAL);
        translated(packet, key(IpProtocol.SCTP, SERVER, 80, PUBLIC, 2000), SNAT);
        assertThat(packet.bytes()).isEqualTo(Packets.sctp4(PUBLIC, 2000, SERVER, 80).checksum(0).bytes());
    }

    /** A packet whose checksum is left to the device: the field holds the pseudo header's sum. */
    private static Packet unfinished(final int protocol, final String from, final int fromPort, final String to,
            final int toPort) {
        final Packets packet = protocol == IpProtocol.TCP ? Packets.tcp6(from, fromPort, to, toPort)
            : Packets.udp6(from, fromPort, to, toPort);
        final Packet built = packet.payload("abc").build();
        built.parse();
        final Packet unfinished = packet.checksum(Checksums.fold(
            Checksums.pseudo6(built.data(), built.l3Offset() + 8, protocol, built.l4Length()))).build();
        unfinished.l4Checksum(Packet.CHECKSUM_PARTIAL);
        return unfinished;
    }

    @ParameterizedTest
    @ValueSource(ints = {IpProtocol.UDPLITE, IpProtocol.DCCP})
    void checksumsOfUdpLiteAndDccpFollowTheAddresses(final int protocol) {
        assertThat(translated(checksumAt6(Packets.ip4(protocol, CLIENT, SERVER), protocol),
            key(protocol, SERVER, 0, PUBLIC, 0), SNAT).bytes())
            .isEqualTo(checksumAt6(Packets.ip4(protocol, PUBLIC, SERVER), protocol).bytes());
        assertThat(translated(checksumAt6(Packets.ip6(protocol, CLIENT6, PUBLIC6), protocol),
            key(protocol, SERVER6, 0, CLIENT6, 0), DNAT).bytes())
            .isEqualTo(checksumAt6(Packets.ip6(protocol, CLIENT6, SERVER6), protocol).bytes());
    }

    private static Packet checksumAt6(final Packets packets, final int protocol) {
        final byte[] header = {4, 0, 8, 0, 0, 20, 0, 0, 9, 9, 9, 9, 1, 2, 3, 4, 5, 6, 7, 8};
        final Packet packet = packets.payload(header).build();
        packet.parse();
        final byte[] data = packet.data();
        final int l4 = packet.l4Offset();
        int total = protocol + 20 + SlowChecksums.sum(data, l4, l4 + 20);
        total += SlowChecksums.sum(data, l4 - (packet.etherType() == EtherType.IPV4 ? 8 : 32), l4);
        Bytes.put16(data, l4 + 6, ~Checksums.fold(total));
        SlowChecksums.assertRight(packet);
        return packet;
    }

    @Test
    void otherProtocolsChangeTheirAddressOnly() {
        final Packet packet = translated(Packets.ip4(47, CLIENT, SERVER).payloadSize(30).build(),
            key(47, SERVER, 0, PUBLIC, 0), SNAT);
        assertThat(packet.bytes()).isEqualTo(Packets.ip4(47, PUBLIC, SERVER).payloadSize(30).bytes());
        // ICMP over the wrong IP version is one of them.
        final Packet odd = translated(Packets.ip6(IpProtocol.ICMP, CLIENT6, SERVER6).payloadSize(30).build(),
            key(IpProtocol.ICMP, SERVER6, 0, PUBLIC6, 0), SNAT);
        assertThat(odd.bytes()).isEqualTo(Packets.ip6(IpProtocol.ICMP, PUBLIC6, SERVER6).payloadSize(30).bytes());
        final Packet odd4 = translated(Packets.ip4(IpProtocol.ICMPV6, CLIENT, SERVER).payloadSize(30).build(),
            key(IpProtocol.ICMPV6, SERVER, 0, PUBLIC, 0), SNAT);
        assertThat(odd4.bytes()).isEqualTo(Packets.ip4(IpProtocol.ICMPV6, PUBLIC, SERVER).payloadSize(30).bytes());
    }

    // ---- ICMP queries ----

    @Test
    void echoGetsTheIdentifierOfTheTuple() {
        assertThat(translated(Packets.echo4(CLIENT, SERVER, 550, 1).payload("abc").build(),
            key(IpProtocol.ICMP, SERVER, 600, PUBLIC, 600), SNAT).bytes())
            .isEqualTo(Packets.echo4(PUBLIC, SERVER, 600, 1).payload("abc").bytes());
        assertThat(translated(Packets.echoReply4(SERVER, PUBLIC, 600, 1).payload("abc").build(),
            key(IpProtocol.ICMP, CLIENT, 550, SERVER, 550), DNAT).bytes())
            .isEqualTo(Packets.echoReply4(SERVER, CLIENT, 550, 1).payload("abc").bytes());
    }

    @Test
    void icmpv6EchoKeepsItsIdentifier() {
        assertThat(translated(Packets.echo6(CLIENT6, SERVER6, 550, 1).payload("abc").build(),
            key(IpProtocol.ICMPV6, SERVER6, 550, PUBLIC6, 550), SNAT).bytes())
            .isEqualTo(Packets.echo6(PUBLIC6, SERVER6, 550, 1).payload("abc").bytes());
    }

    @Test
    void destinationNatWithAPortLeavesAnEchoAnswerable() {
        final Key forward = Key.of(
            new Tuple(IpAddress.parse(CLIENT), IpAddress.parse(PUBLIC), IpProtocol.ICMP, 9, 9, 8), 0);
        final Key reply = new Key();
        final IpAddress server = IpAddress.parse(SERVER);
        new NatSelector(1).choose(forward, new Nat(
            Nat.Kind.DESTINATION, server, server, 8080, 8080, false, false), reply, key -> true);
        assertThat(translated(Packets.echo4(CLIENT, PUBLIC, 9, 1).build(), reply, DNAT).bytes())
            .isEqualTo(Packets.echo4(CLIENT, SERVER, 9, 1).bytes());
        assertThat(translated(Packets.echoReply4(SERVER, CLIENT, 9, 1).build(), forward, SNAT).bytes())
            .isEqualTo(Packets.echoReply4(PUBLIC, CLIENT, 9, 1).bytes());
    }

    // ---- fragments and extension headers ----

    @Test
    void fragmentsAgreeWithTheTranslatedDatagram() {
        assertFragments(Packets.udp4(CLIENT, 1000, SERVER, 53).payloadSize(100).fragments(24),
            Packets.udp4(PUBLIC, 2000, SERVER, 53).payloadSize(100).fragments(24),
            key(IpProtocol.UDP, SERVER, 53, PUBLIC, 2000));
        assertFragments(Packets.tcp6(CLIENT6, 1000, SERVER6, 80).payloadSize(100).fragments(24),
            Packets.tcp6(PUBLIC6, 2000, SERVER6, 80).payloadSize(100).fragments(24),
            key(IpProtocol.TCP, SERVER6, 80, PUBLIC6, 2000));
    }

    private static void assertFragments(final List<Packet> before, final List<Packet> after, final Key key) {
        assertThat(before).hasSizeGreaterThan(2);
        for (int i = 0; i < before.size(); i++) {
            assertThat(translated(before.get(i), key, SNAT).bytes()).as("fragment %d", i)
                .isEqualTo(after.get(i).bytes());
        }
    }

    @Test
    void firstFragmentOfSctpKeepsACrcThatCoversMoreThanIsThere() {
        final Packet first = Packets.sctp4(CLIENT, 1000, SERVER, 80).payloadSize(100).fragments(24).get(0);
        final int crc = crc(first);
        translated(first, key(IpProtocol.SCTP, SERVER, 80, PUBLIC, 2000), SNAT);
        assertThat(crc(first)).isEqualTo(crc);
    }

    private static int crc(final Packet packet) {
        packet.parse();
        return Bytes.i32(packet.data(), packet.l4Offset() + 8);
    }

    @Test
    void extensionHeadersAreSteppedOver() {
        final Packet packet = translated(extended(CLIENT6, 1000).build(),
            key(IpProtocol.UDP, SERVER6, 53, PUBLIC6, 2000), SNAT);
        assertThat(packet.bytes()).isEqualTo(extended(PUBLIC6, 2000).bytes());
        SlowChecksums.assertRight(packet);
    }

    private static Packets extended(final String from, final int port) {
        return Packets.udp6(from, port, SERVER6, 53).payload("abcde").extension(IpProtocol.HOP_BY_HOP, 8)
            .extension(IpProtocol.ROUTING, route(SERVER6, 0)).extension(IpProtocol.AH, 12)
            .extension(IpProtocol.DESTINATION_OPTIONS, 16).fragment(0, false);
    }

    /** A routing header of type 0 with one address, visited already if no segments are left. */
    private static byte[] route(final String address, final int segmentsLeft) {
        final byte[] header = new byte[24];
        header[1] = 2;
        header[3] = (byte) segmentsLeft;
        Bytes.put64(header, 8, IpAddress.parse(address).high());
        Bytes.put64(header, 16, IpAddress.parse(address).low());
        return header;
    }

    @Test
    void newDestinationOnTheWayToAnotherOneLeavesTheTransportChecksum() {
        final Packet packet = routed(CLIENT6, 1000, PUBLIC6, 5353, ROUTER6);
        assertThat(translated(packet, key(IpProtocol.UDP, SERVER6, 53, CLIENT6, 1001), DNAT).bytes())
            .isEqualTo(routed(CLIENT6, 1001, SERVER6, 53, ROUTER6).bytes());
    }

    @Test
    void newSourceOfARoutedPacketChangesTheTransportChecksum() {
        final Packet packet = routed(CLIENT6, 1000, SERVER6, 53, ROUTER6);
        assertThat(translated(packet, key(IpProtocol.UDP, SERVER6, 53, PUBLIC6, 2000), SNAT).bytes())
            .isEqualTo(routed(PUBLIC6, 2000, SERVER6, 53, ROUTER6).bytes());
    }

    /** A datagram under way to {@code via}, from where it is to go on; the checksum covers the last address. */
    private static Packet routed(final String from, final int fromPort, final String via, final int toPort,
            final String last) {
        final Packets packets = Packets.udp6(from, fromPort, via, toPort).payload("abcde")
            .extension(IpProtocol.ROUTING, route(last, 1));
        final byte[] direct = Packets.udp6(from, fromPort, last, toPort).payload("abcde").bytes();
        final int checksum = Bytes.u16(direct, 14 + 40 + 6);
        final Packet packet = packets.checksum(checksum).build();
        packet.parse();
        final int l3 = packet.l3Offset();
        assertThat(SlowChecksums.transportIsRight(packet.data(), l3, packet.l4Offset(), l3 + packet.l3Length(),
            IpProtocol.UDP, l3 + 48)).isTrue();
        return packet;
    }

    // ---- ICMP errors ----

    @Test
    void errorFromTheServerShowsTheClientItsOwnPacket() {
        final Packet inside = Packets.udp4(CLIENT, 1000, SERVER, 53).payload("abcde").build();
        final Packet outside = Packets.udp4(PUBLIC, 2000, SERVER, 53).payload("abcde").build();
        final Packet error = related(Packets.icmp4Error(SERVER, PUBLIC, 3, 3, outside).padding(4).build(),
            key(IpProtocol.UDP, CLIENT, 1000, SERVER, 53), DNAT);
        assertThat(error.bytes()).isEqualTo(Packets.icmp4Error(SERVER, CLIENT, 3, 3, inside).padding(4).bytes());
        SlowChecksums.assertRight(error);
    }

    @Test
    void errorFromARouterKeepsTheRoutersAddress() {
        final Packet inside = Packets.echo4(CLIENT, SERVER, 550, 7).payload("abcde").build();
        final Packet outside = Packets.echo4(PUBLIC, SERVER, 600, 7).payload("abcde").build();
        final Packet error = related(Packets.icmp4Error(ROUTER, PUBLIC, 11, 0, outside).build(),
            key(IpProtocol.ICMP, CLIENT, 550, SERVER, 550), DNAT);
        assertThat(error.bytes()).isEqualTo(Packets.icmp4Error(ROUTER, CLIENT, 11, 0, inside).bytes());
    }

    @Test
    void errorAboutADestinationNatSeemsToComeFromTheVirtualAddress() {
        final Packet inside = Packets.tcp4(CLIENT, 1000, PUBLIC, 80).build();
        final Packet outside = Packets.tcp4(CLIENT, 1000, SERVER, 8080).build();
        final Packet error = related(Packets.icmp4Error(ROUTER, CLIENT, 3, 1, outside).build(),
            key(IpProtocol.TCP, CLIENT, 1000, PUBLIC, 80), SNAT);
        assertThat(error.bytes()).isEqualTo(Packets.icmp4Error(PUBLIC, CLIENT, 3, 1, inside).bytes());
    }

    @Test
    void errorFromTheClientAboutAReplyIsTranslatedToo() {
        final Packet inside = Packets.udp4(SERVER, 53, CLIENT, 1000).payload("abcde").build();
        final Packet outside = Packets.udp4(SERVER, 53, PUBLIC, 2000).payload("abcde").build();
        final Packet error = related(Packets.icmp4Error(CLIENT, SERVER, 3, 3, inside).build(),
            key(IpProtocol.UDP, SERVER, 53, PUBLIC, 2000), SNAT);
        assertThat(error.bytes()).isEqualTo(Packets.icmp4Error(PUBLIC, SERVER, 3, 3, outside).bytes());
    }

    @ParameterizedTest
    @CsvSource({"6, 1280", "17, 1280", "132, 1280", "58, 1280"})
    void icmpv6ErrorKeepsItsMtuAndEveryByteThatIsNotTranslated(final int protocol, final int mtu) {
        final Packet inside = packet6(protocol, CLIENT6, 1000, SERVER6, 80);
        final Packet outside = packet6(protocol, PUBLIC6, protocol == IpProtocol.ICMPV6 ? 1000 : 2000, SERVER6, 80);
        final int port = protocol == IpProtocol.ICMPV6 ? 1000 : 80;
        final Packet error = related(Packets.icmp6Error(ROUTER6, PUBLIC6, 2, 0, outside).icmpRest(mtu).build(),
            key(protocol, CLIENT6, 1000, SERVER6, port), DNAT);
        assertThat(error.bytes()).isEqualTo(
            Packets.icmp6Error(ROUTER6, CLIENT6, 2, 0, inside).icmpRest(mtu).bytes());
        SlowChecksums.assertRight(error);
    }

    @ParameterizedTest
    @ValueSource(ints = {IpProtocol.TCP, IpProtocol.UDP, IpProtocol.SCTP})
    void icmpv6ErrorAboutADestinationNatKeepsTheQuotedSource(final int protocol) {
        final Packet inside = packet6(protocol, CLIENT6, 1000, PUBLIC6, 80);
        final Packet outside = packet6(protocol, CLIENT6, 1000, SERVER6, 8080);
        final Packet error = related(Packets.icmp6Error(SERVER6, CLIENT6, 1, 4, outside).build(),
            key(protocol, CLIENT6, 1000, PUBLIC6, 80), SNAT);
        assertThat(error.bytes()).isEqualTo(Packets.icmp6Error(PUBLIC6, CLIENT6, 1, 4, inside).bytes());
    }

    private static Packet packet6(final int protocol, final String from, final int fromPort, final String to,
            final int toPort) {
        return switch (protocol) {
            case IpProtocol.TCP -> Packets.tcp6(from, fromPort, to, toPort).payload("abcde").build();
            case IpProtocol.UDP -> Packets.udp6(from, fromPort, to, toPort).payload("abcde").build();
            case IpProtocol.SCTP -> Packets.sctp6(from, fromPort, to, toPort).payloadSize(20).build();
            default -> Packets.echo6(from, to, fromPort, 3).payload("abcde").build();
        };
    }

    @ParameterizedTest
    @CsvSource({"28, 6", "36, 6", "38, 6", "40, 6", "28, 132", "32, 132", "40, 132", "28, 17", "28, 1"})
    void quoteCutOffIsTranslatedAsFarAsItGoesAndNothingBehindIt(final int quoted, final int protocol) {
        final byte[] inside = Packets.quote(packet4(protocol, CLIENT, 1000), quoted);
        final byte[] outside = Packets.quote(packet4(protocol, PUBLIC, 2000), quoted);
        final int port = protocol == IpProtocol.ICMP ? 1000 : 80;
        final Packet error = related(
            Packets.icmp4(ROUTER, PUBLIC, 11, 0).payload(outside).padding(30).build(),
            key(protocol, CLIENT, 1000, SERVER, port), DNAT);
        assertThat(error.bytes()).isEqualTo(Packets.icmp4(ROUTER, CLIENT, 11, 0).payload(inside).padding(30).bytes());
    }

    @ParameterizedTest
    @CsvSource({"37, 6, 16", "30, 132, 8", "31, 132, 8"})
    void checksumQuotedInPartIsLeftAlone(final int quoted, final int protocol, final int field) {
        final byte[] quote = Packets.quote(packet4(protocol, PUBLIC, 2000), quoted);
        final Packet error = related(Packets.icmp4(ROUTER, PUBLIC, 11, 0).payload(quote).padding(30).build(),
            key(protocol, CLIENT, 1000, SERVER, 80), DNAT);
        final byte[] translated = Arrays.copyOfRange(error.data(), error.l4Offset() + 8, error.l4Offset() + 8 + quoted);
        assertThat(Arrays.copyOfRange(translated, 20 + field, quoted))
            .isEqualTo(Arrays.copyOfRange(quote, 20 + field, quoted));
        assertThat(error.bytes()).isEqualTo(
            Packets.icmp4(ROUTER, CLIENT, 11, 0).payload(translated).padding(30).bytes());
        assertThat(Bytes.u16(translated, 20)).isEqualTo(1000);
    }

    private static Packet packet4(final int protocol, final String from, final int fromPort) {
        return switch (protocol) {
            case IpProtocol.TCP -> Packets.tcp4(from, fromPort, SERVER, 80).payload("abcde").build();
            case IpProtocol.UDP -> Packets.udp4(from, fromPort, SERVER, 80).payload("abcde").build();
            case IpProtocol.SCTP -> Packets.sctp4(from, fromPort, SERVER, 80).payloadSize(20).build();
            default -> Packets.echo4(from, SERVER, fromPort, 3).payload("abcde").build();
        };
    }

    @Test
    void quotedFirstFragmentOfSctpKeepsItsCrc() {
        final Packet outside = Packets.sctp4(PUBLIC, 2000, SERVER, 80).payloadSize(100).fragments(24).get(0);
        final Packet error = Packets.icmp4Error(ROUTER, PUBLIC, 11, 0, outside).build();
        error.parse();
        final int crc = Bytes.i32(error.data(), error.l4Offset() + 8 + 20 + 8);
        related(error, key(IpProtocol.SCTP, CLIENT, 1000, SERVER, 80), DNAT);
        assertThat(Bytes.i32(error.data(), error.l4Offset() + 8 + 20 + 8)).isEqualTo(crc);
        assertThat(Bytes.u16(error.data(), error.l4Offset() + 8 + 20)).isEqualTo(1000);
        assertThat(SlowChecksums.transportIsRight(error)).isTrue();
    }

    @Test
    void quotedExtensionHeadersAreSteppedOver() {
        final Packet outside = extended(PUBLIC6, 2000).build();
        final Packet error = related(Packets.icmp6Error(ROUTER6, PUBLIC6, 3, 0, outside).build(),
            key(IpProtocol.UDP, CLIENT6, 1000, SERVER6, 53), DNAT);
        assertThat(error.bytes())
            .isEqualTo(Packets.icmp6Error(ROUTER6, CLIENT6, 3, 0, extended(CLIENT6, 1000).build()).bytes());
    }

    @Test
    void quotedRouteKeepsTheChecksumOfItsLastAddress() {
        final Packet outside = routed(CLIENT6, 1001, SERVER6, 53, ROUTER6);
        final Packet inside = routed(CLIENT6, 1000, PUBLIC6, 5353, ROUTER6);
        final Packet error = related(Packets.icmp6Error(SERVER6, CLIENT6, 3, 0, outside).build(),
            key(IpProtocol.UDP, CLIENT6, 1000, PUBLIC6, 5353), SNAT);
        assertThat(error.bytes()).isEqualTo(Packets.icmp6Error(PUBLIC6, CLIENT6, 3, 0, inside).bytes());
    }

    @Test
    void quotedUdpWithoutChecksumStaysWithout() {
        final Packet inside = Packets.udp4(CLIENT, 1000, SERVER, 53).checksum(0).build();
        final Packet outside = Packets.udp4(PUBLIC, 2000, SERVER, 53).checksum(0).build();
        assertThat(related(Packets.icmp4Error(ROUTER, PUBLIC, 3, 4, outside).icmpRest(1400).build(),
            key(IpProtocol.UDP, CLIENT, 1000, SERVER, 53), DNAT).bytes())
            .isEqualTo(Packets.icmp4Error(ROUTER, CLIENT, 3, 4, inside).icmpRest(1400).bytes());
    }

    @Test
    void wrongChecksumOfAnErrorStaysWrong() {
        final Packet outside = Packets.udp4(PUBLIC, 2000, SERVER, 53).build();
        final Packet error = related(Packets.icmp4Error(ROUTER, PUBLIC, 3, 3, outside).badChecksum().build(),
            key(IpProtocol.UDP, CLIENT, 1000, SERVER, 53), DNAT);
        assertThat(SlowChecksums.transportIsRight(error)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 8, 19})
    void errorWithoutASoundQuoteChangesItsOwnAddressOnly(final int quoted) {
        final byte[] quote = Packets.quote(Packets.udp4(PUBLIC, 2000, SERVER, 53).build(), quoted);
        assertThat(related(Packets.icmp4(ROUTER, PUBLIC, 3, 3).payload(quote).padding(40).build(),
            key(IpProtocol.UDP, CLIENT, 1000, SERVER, 53), DNAT).bytes())
            .isEqualTo(Packets.icmp4(ROUTER, CLIENT, 3, 3).payload(quote).padding(40).bytes());
    }
}
