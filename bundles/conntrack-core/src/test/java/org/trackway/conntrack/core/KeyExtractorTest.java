// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.trackway.conntrack.Tuple;
import org.trackway.packet.Bytes;
import org.trackway.packet.EtherType;
import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;
import org.trackway.packet.Packets;

/** Which packets can be tracked, and by which tuple. */
class KeyExtractorTest {

    private static final String A = "10.1.1.1";
    private static final String B = "10.1.1.2";
    private static final String A6 = "fd00::1";
    private static final String B6 = "fd00::2";
    private static final byte[] TWENTY = new byte[20];

    private final KeyExtractor extractor = new KeyExtractor();
    private final Key key = new Key();

    private int extract(final Packet packet) {
        return extractor.extract(packet, 5, key);
    }

    private static Tuple tuple(final String from, final int fromPort, final String to, final int toPort,
            final int protocol, final int type) {
        return new Tuple(IpAddress.parse(from), IpAddress.parse(to), protocol, fromPort, toPort, type);
    }

    private static Packets tcp() {
        return Packets.tcp4(A, 1, B, 2);
    }

    private static Packets tcp6() {
        return Packets.tcp6(A6, 1, B6, 2);
    }

    private static Packets udp() {
        return Packets.udp4(A, 1, B, 2);
    }

    private static Packets udp6() {
        return Packets.udp6(A6, 1, B6, 2);
    }

    private static Packets sctp() {
        return Packets.sctp4(A, 1, B, 2);
    }

    /** A chunk whose length field says {@code length}, in {@code size} bytes. */
    private static byte[] chunk(final int length, final int size) {
        final byte[] chunk = new byte[size];
        Bytes.put16(chunk, 2, length);
        return chunk;
    }

    private static byte[] join(final byte[]... parts) {
        final byte[] all = new byte[Arrays.stream(parts).mapToInt(part -> part.length).sum()];
        int at = 0;
        for (final byte[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }

    // ---- what is accepted, and its tuple ----

    static Stream<Arguments> trackable() {
        final Tuple tcp = tuple(A, 1, B, 2, IpProtocol.TCP, 0);
        final Tuple tcp6 = tuple(A6, 1, B6, 2, IpProtocol.TCP, 0);
        final Tuple udp = tuple(A, 1, B, 2, IpProtocol.UDP, 0);
        final Tuple udp6 = tuple(A6, 1, B6, 2, IpProtocol.UDP, 0);
        final Tuple sctp = tuple(A, 1, B, 2, IpProtocol.SCTP, 0);
        return Stream.of(
            arguments("TCP", tcp(), tcp),
            arguments("TCP over IPv6", tcp6(), tcp6),
            arguments("TCP with options that fill the segment", tcp().windowScale(3), tcp),
            arguments("one VLAN tag", tcp().vlan(7), tcp),
            arguments("two VLAN tags", tcp().tag(EtherType.SERVICE_VLAN, 7).vlan(8), tcp),
            arguments("Ethernet padding", udp().padding(18), udp),
            arguments("Ethernet padding over IPv6", udp6().padding(1), udp6),
            arguments("IPv4 options", tcp().ipOptions(1, 1, 1, 0), tcp),
            arguments("the largest IPv4 header", tcp().ipOptions(new int[40]), tcp),
            arguments("UDP without data", udp(), udp),
            arguments("UDP shorter than the IP payload", udp().payload(TWENTY).udpLength(9), udp),
            arguments("UDP without checksum over IPv4", udp().checksum(0), udp),
            arguments("SCTP without chunk", sctp(), sctp),
            arguments("SCTP with padded chunks", sctp().chunk(0, 0, new byte[3]).chunk(1, 0, new byte[5]), sctp),
            arguments("SCTP over IPv6", Packets.sctp6(A6, 1, B6, 2).chunk(0, 0, new byte[4]),
                tuple(A6, 1, B6, 2, IpProtocol.SCTP, 0)),
            arguments("an IPv4 first fragment of another protocol", Packets.ip4(99, A, B).fragment(0, true),
                tuple(A, 0, B, 0, 99, 0)),
            arguments("an IPv4 first fragment of UDP whose length fits", udp().fragment(0, true), udp),
            arguments("an atomic fragment", udp6().fragment(0, false), udp6),
            arguments("hop-by-hop options", udp6().extension(IpProtocol.HOP_BY_HOP, 16), udp6),
            arguments("every extension header, twice, in any order", tcp6()
                .extension(IpProtocol.DESTINATION_OPTIONS, 8).extension(IpProtocol.AH, 16)
                .extension(IpProtocol.ROUTING, 8).extension(IpProtocol.HOP_BY_HOP, 8)
                .extension(IpProtocol.AH, 16).extension(IpProtocol.ROUTING, 8), tcp6),
            arguments("protocol 0 over IPv4", Packets.ip4(0, A, B), tuple(A, 0, B, 0, 0, 0)),
            arguments("another protocol without a byte of data", Packets.ip4(99, A, B), tuple(A, 0, B, 0, 99, 0)),
            arguments("ESP", Packets.ip6(50, A6, B6).payload(TWENTY), tuple(A6, 0, B6, 0, 50, 0)),
            arguments("no next header", Packets.ip6(59, A6, B6), tuple(A6, 0, B6, 0, 59, 0)),
            arguments("UDP-Lite", Packets.ip4(IpProtocol.UDPLITE, A, B).payload(TWENTY),
                tuple(A, 0, B, 0, IpProtocol.UDPLITE, 0)),
            arguments("DCCP", Packets.ip4(IpProtocol.DCCP, A, B).payload(TWENTY),
                tuple(A, 0, B, 0, IpProtocol.DCCP, 0)),
            arguments("IGMP", Packets.ip4(IpProtocol.IGMP, A, B).payload(TWENTY),
                tuple(A, 0, B, 0, IpProtocol.IGMP, 0)),
            arguments("GRE", Packets.ip4(47, A, B), tuple(A, 0, B, 0, 47, 0)),
            arguments("ICMP over IPv6", Packets.ip6(IpProtocol.ICMP, A6, B6).payload(TWENTY),
                tuple(A6, 0, B6, 0, IpProtocol.ICMP, 0)),
            arguments("ICMPv6 over IPv4", Packets.ip4(IpProtocol.ICMPV6, A, B),
                tuple(A, 0, B, 0, IpProtocol.ICMPV6, 0)),
            arguments("echo request", Packets.echo4(A, B, 77, 1), tuple(A, 77, B, 77, IpProtocol.ICMP, 8)),
            arguments("echo reply", Packets.echoReply4(A, B, 77, 1), tuple(A, 77, B, 77, IpProtocol.ICMP, 0)),
            arguments("timestamp", Packets.icmp4(A, B, 13, 0).echo(7, 1), tuple(A, 7, B, 7, IpProtocol.ICMP, 13)),
            arguments("timestamp reply", Packets.icmp4(A, B, 14, 0).echo(7, 1), tuple(A, 7, B, 7, IpProtocol.ICMP, 14)),
            arguments("information", Packets.icmp4(A, B, 15, 0).echo(7, 1), tuple(A, 7, B, 7, IpProtocol.ICMP, 15)),
            arguments("information reply", Packets.icmp4(A, B, 16, 0).echo(7, 1),
                tuple(A, 7, B, 7, IpProtocol.ICMP, 16)),
            arguments("ICMPv6 echo", Packets.echo6(A6, B6, 77, 1), tuple(A6, 77, B6, 77, IpProtocol.ICMPV6, 128)),
            arguments("ICMPv6 echo reply", Packets.echoReply6(A6, B6, 77, 1),
                tuple(A6, 77, B6, 77, IpProtocol.ICMPV6, 129)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void trackable(final String what, final Packets packet, final Tuple expected) {
        assertThat(extract(packet.build())).isEqualTo(KeyExtractor.TRACKABLE);
        assertThat(key.tuple()).isEqualTo(expected);
        assertThat(key.zone()).isEqualTo(5);
    }

    @Test
    void theVersionNibbleIsNotLookedAt() {
        final Packet packet = udp().build();
        packet.parse();
        packet.l3Checksum(Packet.CHECKSUM_GOOD);
        packet.data()[packet.l3Offset()] = 0x75;
        assertThat(extract(packet)).isEqualTo(KeyExtractor.TRACKABLE);
    }

    // ---- what is refused ----

    static Stream<Arguments> invalid() {
        final byte[] reserved = new byte[8];
        reserved[3] = 0x02;
        return Stream.of(
            arguments("not even an Ethernet header", udp().truncate(13)),
            arguments("ARP", Packets.arp(1, "02:00:00:00:00:01", A, "00:00:00:00:00:00", B)),
            arguments("MPLS", Packets.frame(0x8847).payload(new byte[40])),
            arguments("802.3 without SNAP", Packets.frame(100).payload(new byte[100])),
            arguments("three VLAN tags", udp().vlan(1).vlan(2).vlan(3)),
            arguments("19 bytes of IPv4", udp().truncate(14 + 19)),
            arguments("an IPv4 header shorter than 20 bytes", udp().ipHeaderWords(4)),
            arguments("an IPv4 header longer than the packet", udp().ipHeaderWords(15)),
            arguments("an IPv4 total length below the header", udp().ipLength(19)),
            arguments("an IPv4 total length above what is there", udp().ipLength(29)),
            arguments("a wrong IPv4 header checksum", udp().badIpChecksum()),
            arguments("a wrong checksum over IPv4 options", udp().ipOptions(1, 1, 1, 0).badIpChecksum()),
            arguments("a later IPv4 fragment", udp().fragment(8, true)),
            arguments("the last IPv4 fragment", udp().fragment(8, false)),
            arguments("an IPv4 first fragment of TCP", Packets.tcp4(A, 1, B, 2).payloadSize(64).fragments(32).get(0)),
            arguments("an IPv4 first fragment of UDP longer than it", udp().payloadSize(64).fragments(32).get(0)),
            arguments("39 bytes of IPv6", udp6().truncate(14 + 39)),
            arguments("an IPv6 payload length above what is there", udp6().ipLength(9)),
            arguments("an IPv6 extension header cut off", udp6().extension(IpProtocol.HOP_BY_HOP, 8).ipLength(7)),
            arguments("an IPv6 extension header beyond the end",
                udp6().extension(IpProtocol.DESTINATION_OPTIONS, new byte[] {0, 9, 0, 0, 0, 0, 0, 0})),
            arguments("an authentication header beyond the end",
                udp6().extension(IpProtocol.AH, new byte[] {0, 9, 0, 0, 0, 0, 0, 0})),
            arguments("an IPv6 first fragment", udp6().fragment(0, true)),
            arguments("a later IPv6 fragment", udp6().fragment(8, true)),
            arguments("the last IPv6 fragment", udp6().fragment(8, false)),
            arguments("an IPv6 fragment header with a reserved bit", udp6().extension(IpProtocol.FRAGMENT, reserved)),
            arguments("19 bytes of TCP", Packets.ip4(IpProtocol.TCP, A, B).payload(new byte[19])),
            arguments("a TCP data offset below 20 bytes", tcp().tcpHeaderWords(4)),
            arguments("a TCP data offset beyond the end", tcp().tcpHeaderWords(6)),
            arguments("a wrong TCP checksum", tcp().badChecksum()),
            arguments("a wrong TCP checksum over IPv6", tcp6().badChecksum()),
            arguments("TCP source port 0", Packets.tcp4(A, 0, B, 2)),
            arguments("TCP destination port 0", Packets.tcp4(A, 1, B, 0)),
            arguments("7 bytes of UDP", Packets.ip4(IpProtocol.UDP, A, B).payload(new byte[7])),
            arguments("a UDP length below 8", udp().udpLength(7)),
            arguments("a UDP length beyond the end", udp().udpLength(9)),
            arguments("a wrong UDP checksum", udp().badChecksum()),
            arguments("a UDP checksum over the UDP length alone", shortUdpWithItsOwnChecksum()),
            arguments("UDP without checksum over IPv6", udp6().checksum(0)),
            arguments("UDP source port 0", Packets.udp6(A6, 0, B6, 2)),
            arguments("UDP destination port 0", Packets.udp4(A, 1, B, 0)),
            arguments("11 bytes of SCTP", Packets.ip4(IpProtocol.SCTP, A, B).payload(new byte[11])),
            arguments("an SCTP chunk shorter than 4 bytes", sctp().payload(chunk(3, 4))),
            arguments("an SCTP chunk beyond the end", sctp().payload(chunk(9, 8))),
            arguments("an SCTP chunk whose padding is missing", sctp().payload(chunk(5, 5))),
            arguments("1 stray byte behind the SCTP chunks", sctp().payload(join(chunk(4, 4), new byte[1]))),
            arguments("3 stray bytes behind the SCTP chunks", sctp().payload(join(chunk(4, 4), new byte[3]))),
            arguments("a wrong SCTP CRC", sctp().badChecksum()),
            arguments("SCTP source port 0", Packets.sctp4(A, 0, B, 2)),
            arguments("SCTP destination port 0", Packets.sctp4(A, 1, B, 0)),
            arguments("no byte of ICMP", Packets.ip4(IpProtocol.ICMP, A, B)),
            arguments("7 bytes of ICMP with a right checksum",
                Packets.ip4(IpProtocol.ICMP, A, B).payload(new byte[] {8, 0, (byte) 0xf7, (byte) 0xff, 0, 0, 0})),
            arguments("a wrong ICMP checksum", Packets.echo4(A, B, 7, 1).badChecksum()),
            arguments("a wrong ICMPv6 checksum", Packets.echo6(A6, B6, 7, 1).badChecksum()),
            arguments("an echo with a code", Packets.echo4(A, B, 7, 1).icmp(8, 1)),
            arguments("an ICMPv6 echo with a code", Packets.echo6(A6, B6, 7, 1).icmp(128, 1)));
    }

    /** Only 9 of the 12 bytes of data belong to the datagram, and only they are in its checksum. */
    private static Packets shortUdpWithItsOwnChecksum() {
        final Packet whole = udp().payload(new byte[] {1}).build();
        whole.parse();
        return udp().payload(new byte[] {1, 2, 3, 4}).udpLength(9)
            .checksum(Bytes.u16(whole.data(), whole.l4Offset() + 6));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void invalid(final String what, final Object packet) {
        assertThat(extract(packet instanceof Packets packets ? packets.build() : (Packet) packet))
            .isEqualTo(KeyExtractor.INVALID);
    }

    static IntStream icmpTypesThatOpenNothing() {
        return IntStream.range(0, 256).filter(type -> type != 0 && type != 8 && (type < 13 || type > 16));
    }

    @ParameterizedTest
    @MethodSource("icmpTypesThatOpenNothing")
    void otherIcmpTypesAreInvalidByThemselves(final int type) {
        assertThat(extract(Packets.icmp4(A, B, type, 0).payload(TWENTY).build())).isEqualTo(KeyExtractor.INVALID);
    }

    static IntStream icmpv6TypesThatOpenNothing() {
        return IntStream.range(0, 256).filter(type -> type != 128 && type != 129);
    }

    @ParameterizedTest
    @MethodSource("icmpv6TypesThatOpenNothing")
    void otherIcmpv6TypesAreInvalidByThemselvesNeighbourDiscoveryIncluded(final int type) {
        assertThat(extract(Packets.icmp6(A6, B6, type, 0).payload(TWENTY).build())).isEqualTo(KeyExtractor.INVALID);
    }

    // ---- ICMP errors ----

    @ParameterizedTest
    @ValueSource(ints = {3, 4, 5, 11, 12})
    void anIcmpErrorHasTheReverseOfTheTupleItQuotes(final int type) {
        assertThat(extract(Packets.icmp4Error("10.9.9.9", A, type, 200, udp().build()).build()))
            .isEqualTo(KeyExtractor.RELATED);
        assertThat(key.tuple()).isEqualTo(tuple(B, 2, A, 1, IpProtocol.UDP, 0));
        assertThat(key.zone()).isEqualTo(5);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void anIcmpv6ErrorHasTheReverseOfTheTupleItQuotes(final int type) {
        assertThat(extract(Packets.icmp6Error("fd00::9", A6, type, 200, tcp6().build()).build()))
            .isEqualTo(KeyExtractor.RELATED);
        assertThat(key.tuple()).isEqualTo(tuple(B6, 2, A6, 1, IpProtocol.TCP, 0));
    }

    static Stream<Arguments> quotes() {
        return Stream.of(
            arguments("8 bytes of TCP", quote(tcp(), 28), tuple(B, 2, A, 1, IpProtocol.TCP, 0)),
            arguments("8 bytes of SCTP", quote(sctp(), 28), tuple(B, 2, A, 1, IpProtocol.SCTP, 0)),
            arguments("8 bytes of UDP", quote(udp(), 28), tuple(B, 2, A, 1, IpProtocol.UDP, 0)),
            arguments("a quoted header checksum that is wrong", quote(udp().badIpChecksum(), 28),
                tuple(B, 2, A, 1, IpProtocol.UDP, 0)),
            arguments("a quoted total length that is wrong", quote(udp(), 28, 2, 0xff),
                tuple(B, 2, A, 1, IpProtocol.UDP, 0)),
            arguments("quoted IPv4 options", quote(udp().ipOptions(1, 1, 1, 0), 32),
                tuple(B, 2, A, 1, IpProtocol.UDP, 0)),
            arguments("a quoted first fragment", quote(udp().fragment(0, true), 28),
                tuple(B, 2, A, 1, IpProtocol.UDP, 0)),
            arguments("another protocol, nothing of it", quote(Packets.ip4(99, A, B), 20), tuple(B, 0, A, 0, 99, 0)),
            arguments("a quoted echo request", quote(Packets.echo4(A, B, 7, 1), 28),
                tuple(B, 7, A, 7, IpProtocol.ICMP, 0)),
            arguments("a quoted echo reply", quote(Packets.echoReply4(A, B, 7, 1), 28),
                tuple(B, 7, A, 7, IpProtocol.ICMP, 8)));
    }

    private static byte[] quote(final Packets packet, final int size) {
        return Packets.quote(packet.build(), size);
    }

    private static byte[] quote(final Packets packet, final int size, final int at, final int value) {
        final byte[] quote = quote(packet, size);
        quote[at] = (byte) value;
        return quote;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void quotes(final String what, final byte[] quote, final Tuple expected) {
        assertThat(extract(Packets.icmp4(B, A, 3, 1).payload(quote).build())).isEqualTo(KeyExtractor.RELATED);
        assertThat(key.tuple()).isEqualTo(expected);
    }

    static Stream<Arguments> quotes6() {
        return Stream.of(
            arguments("20 bytes of TCP", quote(tcp6(), 60), tuple(B6, 2, A6, 1, IpProtocol.TCP, 0)),
            arguments("12 bytes of SCTP", quote(Packets.sctp6(A6, 1, B6, 2), 52),
                tuple(B6, 2, A6, 1, IpProtocol.SCTP, 0)),
            arguments("8 bytes of UDP", quote(udp6(), 48), tuple(B6, 2, A6, 1, IpProtocol.UDP, 0)),
            arguments("behind extension headers", quote(udp6().extension(IpProtocol.HOP_BY_HOP, 8), 56),
                tuple(B6, 2, A6, 1, IpProtocol.UDP, 0)),
            arguments("an atomic fragment", quote(udp6().fragment(0, false), 56),
                tuple(B6, 2, A6, 1, IpProtocol.UDP, 0)),
            arguments("another protocol", quote(Packets.ip6(99, A6, B6), 40), tuple(B6, 0, A6, 0, 99, 0)),
            arguments("an echo request", quote(Packets.echo6(A6, B6, 7, 1), 48),
                tuple(B6, 7, A6, 7, IpProtocol.ICMPV6, 129)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void quotes6(final String what, final byte[] quote, final Tuple expected) {
        assertThat(extract(Packets.icmp6(B6, A6, 1, 4).payload(quote).build())).isEqualTo(KeyExtractor.RELATED);
        assertThat(key.tuple()).isEqualTo(expected);
    }

    static Stream<Arguments> invalidQuotes() {
        return Stream.of(
            arguments("nothing quoted", new byte[0]),
            arguments("19 bytes quoted", quote(udp(), 19)),
            arguments("a quoted header shorter than 20 bytes", quote(udp(), 28, 0, 0x44)),
            arguments("a quoted header longer than the quote", quote(udp(), 28, 0, 0x4f)),
            arguments("a quoted later fragment", quote(udp().fragment(8, true), 28)),
            arguments("a quoted source that is not the receiver", quote(Packets.udp4("10.1.1.9", 1, B, 2), 28)),
            arguments("7 bytes of TCP", quote(tcp(), 27)),
            arguments("7 bytes of SCTP", quote(sctp(), 27)),
            arguments("7 bytes of UDP", quote(udp(), 27)),
            arguments("7 bytes of ICMP", quote(Packets.echo4(A, B, 7, 1), 27)),
            arguments("quoted source port 0", quote(Packets.udp4(A, 0, B, 2), 28)),
            arguments("quoted destination port 0", quote(Packets.tcp4(A, 1, B, 0), 28)),
            arguments("a quoted ICMP error",
                quote(Packets.icmp4Error(A, B, 3, 1, Packets.udp4(B, 1, A, 2).build()), 64)),
            arguments("a quoted echo with a code", quote(Packets.echo4(A, B, 7, 1).icmp(8, 1), 28)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void invalidQuotes(final String what, final byte[] quote) {
        assertThat(extract(Packets.icmp4(B, A, 3, 1).payload(quote).build())).isEqualTo(KeyExtractor.INVALID);
    }

    static Stream<Arguments> invalidQuotes6() {
        return Stream.of(
            arguments("39 bytes quoted", quote(udp6(), 39)),
            arguments("a quoted source that is not the receiver", quote(Packets.udp6("fd00::9", 1, B6, 2), 48)),
            arguments("the same in its high half alone", quote(Packets.udp6("fd01::1", 1, B6, 2), 48)),
            arguments("19 bytes of TCP", quote(tcp6(), 59)),
            arguments("11 bytes of SCTP", quote(Packets.sctp6(A6, 1, B6, 2), 51)),
            arguments("7 bytes of UDP", quote(udp6(), 47)),
            arguments("7 bytes of ICMPv6", quote(Packets.echo6(A6, B6, 7, 1), 47)),
            arguments("a quoted first fragment", quote(udp6().fragment(0, true), 56)),
            arguments("a quoted later fragment", quote(udp6().fragment(8, true), 56)),
            arguments("a quoted extension header cut off", quote(udp6().extension(IpProtocol.HOP_BY_HOP, 16), 55)),
            arguments("quoted destination port 0", quote(Packets.udp6(A6, 1, B6, 0), 48)),
            arguments("a quoted neighbour solicitation", quote(Packets.icmp6(A6, B6, 135, 0).payload(TWENTY), 68)),
            arguments("a quoted ICMPv6 error",
                quote(Packets.icmp6Error(A6, B6, 1, 4, Packets.udp6(B6, 1, A6, 2).build()), 96)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void invalidQuotes6(final String what, final byte[] quote) {
        assertThat(extract(Packets.icmp6(B6, A6, 1, 4).payload(quote).build())).isEqualTo(KeyExtractor.INVALID);
    }

    @Test
    void anIcmpErrorWithAWrongChecksumIsInvalidAndAWrongOneInTheQuoteIsNot() {
        assertThat(extract(Packets.icmp4Error(B, A, 3, 1, udp().build()).badChecksum().build()))
            .isEqualTo(KeyExtractor.INVALID);
        assertThat(extract(Packets.icmp4Error(B, A, 3, 1, udp().badChecksum().build()).build()))
            .isEqualTo(KeyExtractor.RELATED);
        assertThat(extractor.l4Errors).isEqualTo(1);
        assertThat(extractor.l4Checked).isEqualTo(2);
    }

    // ---- what is known of checksums, and what is counted ----

    private void assertCounts(final int l3Checked, final int l3Errors, final int l4Checked, final int l4Errors) {
        assertThat(new int[] {extractor.l3Checked, extractor.l3Errors, extractor.l4Checked, extractor.l4Errors})
            .containsExactly(l3Checked, l3Errors, l4Checked, l4Errors);
    }

    @Test
    void unknownChecksumsAreVerifiedAndKnownFromThenOn() {
        final Packet packet = udp().build();
        extract(packet);
        assertCounts(1, 0, 1, 0);
        assertThat(packet.l3Checksum()).isEqualTo(Packet.CHECKSUM_GOOD);
        assertThat(packet.l4Checksum()).isEqualTo(Packet.CHECKSUM_GOOD);
        extract(packet);
        assertCounts(1, 0, 1, 0);
    }

    @Test
    void aWrongHeaderChecksumIsCountedEveryTimeAndCheckedOnce() {
        final Packet packet = udp().badIpChecksum().build();
        extract(packet);
        assertThat(packet.l3Checksum()).isEqualTo(Packet.CHECKSUM_BAD);
        extract(packet);
        assertCounts(1, 2, 0, 0);
    }

    @ParameterizedTest
    @MethodSource("transports")
    void aWrongTransportChecksumIsCountedEveryTimeAndCheckedOnce(final Packets packets) {
        final Packet packet = packets.badChecksum().build();
        assertThat(extract(packet)).isEqualTo(KeyExtractor.INVALID);
        assertThat(packet.l4Checksum()).isEqualTo(Packet.CHECKSUM_BAD);
        extract(packet);
        assertThat(extractor.l4Checked).isEqualTo(1);
        assertThat(extractor.l4Errors).isEqualTo(2);
    }

    static Stream<Packets> transports() {
        return Stream.of(tcp(), tcp6(), udp(), udp6(), sctp(), Packets.sctp6(A6, 1, B6, 2));
    }

    @ParameterizedTest
    @ValueSource(bytes = {Packet.CHECKSUM_GOOD, Packet.CHECKSUM_PARTIAL})
    void checksumsKnownGoodOrLeftToTheTransmitterAreNotVerified(final byte status) {
        final Packet packet = udp().badIpChecksum().badChecksum().build();
        packet.l3Checksum(status);
        packet.l4Checksum(status);
        assertThat(extract(packet)).isEqualTo(KeyExtractor.TRACKABLE);
        assertCounts(0, 0, 0, 0);
    }

    @Test
    void anyProtocolKnownToHaveABadTransportChecksumIsInvalidBeforeItIsLookedAt() {
        final Packet packet = Packets.ip4(99, A, B).build();
        packet.l4Checksum(Packet.CHECKSUM_BAD);
        assertThat(extract(packet)).isEqualTo(KeyExtractor.INVALID);
        assertCounts(1, 0, 0, 1);
    }

    @Test
    void icmpChecksumsAreVerifiedOnEveryPassWhateverIsKnown() {
        final Packet packet = Packets.echo4(A, B, 7, 1).badChecksum().build();
        packet.l4Checksum(Packet.CHECKSUM_GOOD);
        assertThat(extract(packet)).isEqualTo(KeyExtractor.INVALID);
        assertCounts(1, 0, 1, 1);
        final Packet right = Packets.echo6(A6, B6, 7, 1).build();
        extract(right);
        extract(right);
        assertThat(extractor.l4Checked).isEqualTo(3);
    }

    @Test
    void udpWithoutChecksumAndOtherProtocolsAreNotVerified() {
        extract(udp().checksum(0).build());
        extract(Packets.ip4(IpProtocol.UDPLITE, A, B).payload(TWENTY).build());
        assertCounts(2, 0, 0, 0);
    }

    @Test
    void theChecksumOfARoutedPacketCoversItsLastDestination() {
        final byte[] routing = new byte[24];
        routing[1] = 2;
        routing[3] = 1;
        final IpAddress last = IpAddress.parse("fd00::ff");
        Bytes.put64(routing, 8, last.high());
        Bytes.put64(routing, 16, last.low());
        final Packet direct = Packets.udp6(A6, 1, "fd00::ff", 2).build();
        direct.parse();
        final int checksum = Bytes.u16(direct.data(), direct.l4Offset() + 6);
        final Packets routed = udp6().extension(IpProtocol.ROUTING, routing);
        assertThat(extract(routed.checksum(checksum).build())).isEqualTo(KeyExtractor.TRACKABLE);
        assertThat(key.tuple()).isEqualTo(tuple(A6, 1, B6, 2, IpProtocol.UDP, 0));
        assertThat(extract(udp6().extension(IpProtocol.ROUTING, routing).build())).isEqualTo(KeyExtractor.INVALID);
    }
}
