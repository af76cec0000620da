// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.trackway.conntrack.CtState;
import org.trackway.conntrack.Tuple;
import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;
import org.trackway.packet.Packets;

/**
 * Translates random packets of random connections. What must come out is built independently from the other side's
 * tuple, so that one comparison covers every byte and every checksum.
 */
class TranslatorPropertyTest {

    /** A connection as its client sees it and as its server sees it, and what its packets carry. */
    private record Session(boolean source, Tuple inside, Tuple outside, byte[] payload, Shape shape) {

        Key forward() {
            return Key.of(inside, 3);
        }

        Key reply() {
            return Key.of(outside.reverse(), 3);
        }

        int action() {
            return source ? CtState.SOURCE_NAT : CtState.DESTINATION_NAT;
        }

        int replyAction() {
            return source ? CtState.DESTINATION_NAT : CtState.SOURCE_NAT;
        }

        Packets packet(final Tuple tuple) {
            return shape.apply(transport(tuple, payload));
        }
    }

    /** What else a frame may have: tags, options, extension headers, padding, no or a wrong checksum. */
    private record Shape(int vlans, boolean options, int padding, boolean zeroChecksum, boolean wrong) {

        Packets apply(final Transport transport) {
            final Packets packets = transport.packets;
            for (int i = 0; i < vlans; i++) {
                packets.vlan(100 + i);
            }
            if (options && transport.v6) {
                packets.extension(IpProtocol.HOP_BY_HOP, 16).extension(IpProtocol.DESTINATION_OPTIONS, 8)
                    .fragment(0, false);
            } else if (options) {
                packets.ipOptions(1, 1, 1, 0);
            }
            if (zeroChecksum && transport.protocol == IpProtocol.UDP && !transport.v6) {
                packets.checksum(0);
            } else if (wrong) {
                packets.badChecksum();
            }
            return packets.padding(padding);
        }
    }

    private record Transport(Packets packets, int protocol, boolean v6) {
    }

    private static Transport transport(final Tuple tuple, final byte[] payload) {
        final String from = tuple.source().toString();
        final String to = tuple.destination().toString();
        final int one = tuple.sourcePort();
        final int other = tuple.destinationPort();
        final boolean v6 = tuple.source().v6();
        final Packets packets = switch (tuple.protocol()) {
            case IpProtocol.TCP -> (v6 ? Packets.tcp6(from, one, to, other) : Packets.tcp4(from, one, to, other))
                .tcpOptions(1, 3, 3, 7).payload(payload);
            case IpProtocol.UDP -> (v6 ? Packets.udp6(from, one, to, other) : Packets.udp4(from, one, to, other))
                .payload(payload);
            case IpProtocol.SCTP -> (v6 ? Packets.sctp6(from, one, to, other) : Packets.sctp4(from, one, to, other))
                .verificationTag(0x1234567).chunk(0, 3, payload);
            case IpProtocol.ICMP -> Packets.icmp4(from, to, tuple.icmpType(), 0).echo(one, 1).payload(payload);
            case IpProtocol.ICMPV6 -> Packets.icmp6(from, to, tuple.icmpType(), 0).echo(one, 1).payload(payload);
            default -> (v6 ? Packets.ip6(tuple.protocol(), from, to) : Packets.ip4(tuple.protocol(), from, to))
                .payload(payload);
        };
        return new Transport(packets, tuple.protocol(), v6);
    }

    private static Packet translated(final Packet packet, final Key key, final int action, final boolean related) {
        packet.parse();
        Translator.translate(packet, key, action, related);
        return packet;
    }

    @Property
    void requestLeavesAsIfSentFromTheOutside(@ForAll("sessions") final Session session) {
        final Packet packet = session.packet(session.inside).build();
        translated(packet, session.reply(), session.action(), false);
        if (session.shape.wrong) {
            assertThat(SlowChecksums.transportIsRight(packet)).isEqualTo(
                SlowChecksums.transportIsRight(session.packet(session.inside).build()));
        } else {
            assertThat(packet.bytes()).isEqualTo(session.packet(session.outside).bytes());
            SlowChecksums.assertRight(packet);
        }
    }

    @Property
    void replyArrivesAsIfSentFromTheInside(@ForAll("sessions") final Session session) {
        final Packet packet = session.packet(session.outside.reverse()).build();
        translated(packet, session.forward(), session.replyAction(), false);
        if (!session.shape.wrong) {
            assertThat(packet.bytes()).isEqualTo(session.packet(session.inside.reverse()).bytes());
            SlowChecksums.assertRight(packet);
        }
    }

    @Property
    void translatingBackRestoresEveryByteRightOrWrong(@ForAll("sessions") final Session session) {
        final Packet packet = session.packet(session.inside).build();
        final byte[] before = packet.bytes();
        translated(packet, session.reply(), session.action(), false);
        translated(packet, Key.of(session.inside.reverse(), 3), session.action(), false);
        assertThat(packet.bytes()).isEqualTo(before);
    }

    @Property
    void errorAboutARequestQuotesWhatTheClientSent(@ForAll("sessions") final Session session,
            @ForAll final boolean fromServer, @ForAll @IntRange(max = 200) final int cut) {
        final boolean v6 = session.inside.source().v6();
        final String router = v6 ? "2001:db8:ffff::7" : "203.0.113.7";
        final Packet outsideRequest = session.packet(session.outside).build();
        final Packet insideRequest = session.packet(session.inside).build();
        final int quoted = quoteLength(outsideRequest, cut);
        final String sender = fromServer ? session.outside.destination().toString() : router;
        // With a translated destination every error seems to come from the address that the client talks to.
        final String seen = fromServer || !session.source ? session.inside.destination().toString() : router;
        final Packet error = error(v6, sender, session.outside.source(), Packets.quote(outsideRequest, quoted));
        translated(error, session.forward(), session.replyAction(), true);
        if (!session.shape.wrong) {
            assertThat(error.bytes()).isEqualTo(
                error(v6, seen, session.inside.source(), Packets.quote(insideRequest, quoted)).bytes());
        }
        assertThat(SlowChecksums.transportIsRight(error)).isTrue();
    }

    @Property
    void errorAboutAReplyQuotesWhatTheServerSent(@ForAll("sessions") final Session session,
            @ForAll @IntRange(max = 200) final int cut) {
        final boolean v6 = session.inside.source().v6();
        final Packet insideReply = session.packet(session.inside.reverse()).build();
        final Packet outsideReply = session.packet(session.outside.reverse()).build();
        final int quoted = quoteLength(insideReply, cut);
        final Packet error = error(v6, session.inside.source().toString(), session.inside.destination(),
            Packets.quote(insideReply, quoted));
        translated(error, session.reply(), session.action(), true);
        if (!session.shape.wrong) {
            assertThat(error.bytes()).isEqualTo(error(v6, session.outside.source().toString(),
                session.outside.destination(), Packets.quote(outsideReply, quoted)).bytes());
        }
        assertThat(SlowChecksums.transportIsRight(error)).isTrue();
    }

    /** Cuts the quote behind the first eight bytes of transport header, but not through a checksum. */
    private static int quoteLength(final Packet packet, final int cut) {
        packet.parse();
        final int headers = packet.l4Offset() - packet.l3Offset();
        final int transport = Math.max(Math.min(8, packet.l4Length()), packet.l4Length() - cut);
        final boolean split = packet.protocol() == IpProtocol.TCP && transport == 17
            || packet.protocol() == IpProtocol.SCTP && transport > 8 && transport < 12;
        return headers + (split ? 8 : transport);
    }

    private static Packet error(final boolean v6, final String from, final IpAddress to, final byte[] quote) {
        final Packets packets = v6 ? Packets.icmp6(from, to.toString(), 2, 0)
            : Packets.icmp4(from, to.toString(), 3, 4);
        return packets.icmpRest(1280).payload(quote).padding(9).build();
    }

    @Provide
    Arbitrary<Session> sessions() {
        final Arbitrary<Integer> ports = Arbitraries.integers().between(1, 65_535);
        final Arbitrary<Tuple> ends = Combinators.combine(Arbitraries.of(true, false),
            Arbitraries.of(IpProtocol.TCP, IpProtocol.UDP, IpProtocol.SCTP, IpProtocol.ICMP, 47), ports, ports,
            Arbitraries.longs(), Arbitraries.longs()).as((v6, protocol, from, to, one, other) -> {
                final boolean icmp = protocol == IpProtocol.ICMP;
                final boolean plain = IpProtocol.hasPorts(protocol);
                return new Tuple(address(v6, one), address(v6, other), icmp && v6 ? IpProtocol.ICMPV6 : protocol,
                    icmp || plain ? from : 0, icmp ? from : plain ? to : 0, icmp ? v6 ? 128 : 8 : 0);
            });
        final Arbitrary<Shape> shapes = Combinators.combine(Arbitraries.integers().between(0, 2),
            Arbitraries.of(true, false), Arbitraries.integers().between(0, 9), Arbitraries.of(false, false, true),
            Arbitraries.of(false, false, false, true)).as(Shape::new);
        return Combinators.combine(Arbitraries.of(true, false), ends, Arbitraries.longs(), ports, ports,
            Arbitraries.bytes().array(byte[].class).ofMaxSize(70), shapes)
            .as((source, inside, address, from, to, payload, shape) ->
                new Session(source, inside, outside(source, inside, address, from, to), payload, shape));
    }

    /** The tuple on the server's side: another address, and other ports or another identifier where there are any. */
    private static Tuple outside(final boolean source, final Tuple inside, final long number, final int from,
            final int to) {
        final IpAddress address = address(inside.source().v6(), number);
        final boolean plain = IpProtocol.hasPorts(inside.protocol());
        final boolean echo = inside.protocol() == IpProtocol.ICMP;
        return new Tuple(source ? address : inside.source(), source ? inside.destination() : address, inside.protocol(),
            plain || echo ? from : inside.sourcePort(),
            echo ? from : plain && !source ? to : inside.destinationPort(), inside.icmpType());
    }

    private static IpAddress address(final boolean v6, final long number) {
        return v6 ? IpAddress.v6(number, Long.rotateLeft(number, 23)) : IpAddress.v4((int) number);
    }
}
