// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.dummy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.trackway.conntrack.Tuple;
import org.trackway.offload.Path;
import org.trackway.packet.Bytes;
import org.trackway.packet.Checksums;
import org.trackway.packet.EtherType;
import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Packets;
import org.trackway.provider.dummy.Cards.Bench;

/** Random packets of random paths. What must come out is built anew, so that one comparison covers every byte. */
class PathPropertyTest {

    private static final int TTL = 64;

    /** A path, and what else its packets have. */
    private record Way(Path path, byte[] payload, int padding, boolean zeroChecksum) {

        Packets arriving() {
            return frame(path.arrives(), path.arrivingTags(), 0x0200_0000_0001L, 0x0200_0000_0002L, TTL);
        }

        Packets leaving() {
            return frame(path.leaves(), path.leavingTags(), path.ethernetSource().orElse(0x0200_0000_0001L),
                path.ethernetDestination().orElse(0x0200_0000_0002L), TTL - path.ttlDecrement());
        }

        private Packets frame(final Tuple tuple, final List<Path.Tag> tags, final long from, final long to,
                final int ttl) {
            final Packets packets = transport(tuple).payload(payload).macs(mac(from), mac(to)).ttl(ttl)
                .padding(padding);
            tags.forEach(tag -> packets.tag(tag.etherType(), tag.tci()));
            return zeroChecksum && tuple.protocol() == IpProtocol.UDP ? packets.checksum(0) : packets;
        }

        /** {@return whether its packets are UDP without a checksum over IPv6, which are invalid} */
        boolean isInvalid() {
            return zeroChecksum && path.arrives().protocol() == IpProtocol.UDP && path.arrives().source().v6();
        }
    }

    /** What stands in a frame: the parts that a path writes, the rest without them, and if its checksums are right. */
    private record Headers(Tuple tuple, List<Path.Tag> tags, int ttl, String rest, boolean right) {

        static Headers of(final byte[] frame) {
            final Packet packet = Packet.of(frame);
            assertThat(packet.parse()).isTrue();
            final byte[] data = packet.data();
            final List<Path.Tag> tags = new ArrayList<>();
            for (int i = 0; i < packet.vlanTags(); i++) {
                tags.add(new Path.Tag(Bytes.u16(data, packet.offset() + 12 + 4 * i), packet.vlanTci(i)));
            }
            final boolean v6 = packet.etherType() == EtherType.IPV6;
            final int l3 = packet.l3Offset();
            final int l4 = packet.l4Offset();
            final int protocol = packet.protocol();
            final boolean icmp = protocol == IpProtocol.ICMP || protocol == IpProtocol.ICMPV6;
            final IpAddress source = v6 ? IpAddress.v6(Bytes.i64(data, l3 + 8), Bytes.i64(data, l3 + 16))
                : IpAddress.v4(Bytes.i32(data, l3 + 12));
            final IpAddress destination = v6 ? IpAddress.v6(Bytes.i64(data, l3 + 24), Bytes.i64(data, l3 + 32))
                : IpAddress.v4(Bytes.i32(data, l3 + 16));
            final Tuple tuple = new Tuple(source, destination, protocol, Bytes.u16(data, l4 + (icmp ? 4 : 0)),
                Bytes.u16(data, l4 + (icmp ? 4 : 2)), icmp ? Bytes.u8(data, l4) : 0);
            final int ttl = Bytes.u8(data, l3 + (v6 ? 7 : 8));
            final boolean none = protocol == IpProtocol.UDP && Bytes.u16(data, l4 + 6) == 0;
            final long pseudo = protocol == IpProtocol.ICMP ? 0
                : Checksums.add(protocol + (long) packet.l4Length(), data, l3 + (v6 ? 8 : 12), v6 ? 32 : 8);
            final boolean right = (v6 || Checksums.isValid(0, data, l3, 20))
                && (none || Checksums.isValid(pseudo, data, l4, packet.l4Length()));
            erase(data, l3 + (v6 ? 7 : 8), 1);
            erase(data, l3 + (v6 ? 8 : 10), v6 ? 32 : 10);
            erase(data, l4 + (icmp ? 4 : 0), icmp ? 2 : 4);
            erase(data, l4 + (icmp ? 2 : protocol == IpProtocol.TCP ? 16 : 6), none ? 0 : 2);
            return new Headers(tuple, tags, ttl,
                HexFormat.of().formatHex(data, l3, packet.offset() + packet.length()), right);
        }

        private static void erase(final byte[] data, final int from, final int count) {
            Arrays.fill(data, from, from + count, (byte) 0);
        }
    }

    private static Packets transport(final Tuple tuple) {
        final String from = tuple.source().toString();
        final String to = tuple.destination().toString();
        final int one = tuple.sourcePort();
        final int other = tuple.destinationPort();
        final boolean v6 = tuple.source().v6();
        return switch (tuple.protocol()) {
            case IpProtocol.TCP -> v6 ? Packets.tcp6(from, one, to, other) : Packets.tcp4(from, one, to, other);
            case IpProtocol.UDP -> v6 ? Packets.udp6(from, one, to, other) : Packets.udp4(from, one, to, other);
            case IpProtocol.ICMP -> Packets.icmp4(from, to, tuple.icmpType(), 0).echo(one, 7);
            default -> Packets.icmp6(from, to, tuple.icmpType(), 0).echo(one, 7);
        };
    }

    private static String mac(final long bits) {
        return String.format("%012x", bits).replaceAll("..(?!$)", "$0:");
    }

    private static Bench bench(final Way way) {
        return new Bench().hold(1).forward(7, way.path);
    }

    @Property
    void aPacketLeavesAsIfSentLikeThat(@ForAll("ways") final Way way) {
        final Bench bench = bench(way);
        assertThat(bench.receive(way.arriving().build()).isEmpty()).isEqualTo(!way.isInvalid());
        assertThat(bench.sent).containsExactly(way.isInvalid() ? new byte[0][] : new byte[][] {way.leaving().bytes()});
    }

    @Property
    void aWrongChecksumStaysWrong(@ForAll("ways") final Way way) {
        Assume.that(!way.zeroChecksum);
        final Bench bench = bench(way);
        bench.receive(way.arriving().badChecksum().build());
        assertThat(bench.sent.get(0)).isNotEqualTo(way.leaving().bytes());
    }

    /** Whatever is done to a frame, it either stays as it is or is one of the path and leaves as the path says. */
    @Property(tries = 3000)
    void aDamagedPacketIsLeftAloneOrForwardedExactly(@ForAll("ways") final Way way, @ForAll final long seed) {
        final Random random = new Random(seed);
        final byte[] frame = way.arriving().bytes();
        for (int i = random.nextInt(3); i >= 0; i--) {
            frame[random.nextInt(frame.length)] ^= (byte) (1 << random.nextInt(8));
        }
        final int size = random.nextInt(8) == 0 ? random.nextInt(frame.length + 1) : frame.length;
        final Packet packet = new Packet(frame.length);
        packet.set(frame, 0, size);
        final byte[] before = packet.bytes();
        final Bench bench = bench(way);
        final PacketBatch left = bench.receive(packet);
        assertThat(left.size() + bench.sent.size()).isEqualTo(1);
        if (!left.isEmpty()) {
            assertThat(packet.bytes()).isEqualTo(before);
            return;
        }
        final Headers in = Headers.of(before);
        final Headers out = Headers.of(bench.sent.get(0));
        assertThat(in.tuple).isEqualTo(way.path.arrives());
        assertThat(out.tuple).isEqualTo(way.path.leaves());
        assertThat(in.tags).isEqualTo(way.path.arrivingTags());
        assertThat(out.tags).isEqualTo(way.path.leavingTags());
        assertThat(out.ttl).isEqualTo(in.ttl - way.path.ttlDecrement());
        assertThat(out.ttl).isGreaterThanOrEqualTo(way.path.ttlDecrement() == 0 ? 0 : 1);
        assertThat(out.rest).isEqualTo(in.rest);
        assertThat(out.right).isEqualTo(in.right);
    }

    @Property(tries = 2000)
    void noiseIsLeftAlone(@ForAll("ways") final Way way, @ForAll final byte[] noise) {
        final Packet packet = Packet.of(noise);
        assertThat(bench(way).receive(packet).size()).isEqualTo(1);
        assertThat(packet.bytes()).isEqualTo(noise);
    }

    @Property
    void fragmentsAreLeftAlone(@ForAll("ways") final Way way) {
        final Bench bench = bench(way);
        for (final Packet part : way.arriving().payloadSize(100).fragments(48)) {
            assertThat(bench.receive(part).size()).isEqualTo(1);
        }
        assertThat(bench.receive(way.arriving().fragment(0, true).build()).size()).isEqualTo(1);
    }

    @Provide
    Arbitrary<Way> ways() {
        final Arbitrary<List<Path.Tag>> tags = Combinators.combine(Arbitraries.of(0x8100, 0x88a8),
            Arbitraries.integers().between(0, 65_535)).as(Path.Tag::new).list().ofMaxSize(2);
        final Arbitrary<OptionalLong> macs = Arbitraries.longs().between(0, (1L << 48) - 1)
            .map(mac -> mac % 3 == 0 ? OptionalLong.empty() : OptionalLong.of(mac));
        final Arbitrary<Path> paths = Combinators.combine(tuples(), tags, tags, macs, macs,
            Arbitraries.integers().between(0, TTL - 1)).as((tuples, in, out, from, to, ttl) -> new Path("p1", "p2",
                tuples.get(0), tuples.get(1), in, out, from, to, ttl, List.of(new Path.Hop(1, false))));
        return Combinators.combine(paths, Arbitraries.bytes().array(byte[].class).ofMaxSize(60),
            Arbitraries.integers().between(0, 9), Arbitraries.of(true, false))
            .as((path, payload, padding, zero) -> new Way(path, payload, padding, zero));
    }

    /** How packets arrive and how they leave. */
    private static Arbitrary<List<Tuple>> tuples() {
        final Arbitrary<Integer> ports = Arbitraries.integers().between(1, 65_535);
        final Arbitrary<Long> addresses = Arbitraries.longs();
        return Combinators.combine(Arbitraries.of(true, false),
            Arbitraries.of(IpProtocol.TCP, IpProtocol.UDP, IpProtocol.ICMP), Arbitraries.of(true, false),
            ports.list().ofSize(4), addresses.list().ofSize(4), Arbitraries.of(true, false)).as(
                (v6, protocol, query, port, address, translated) -> {
                    final Tuple arrives = tuple(v6, protocol, query, address.get(0), port.get(0), address.get(1),
                        port.get(1));
                    return List.of(arrives, translated ? tuple(v6, protocol, query, address.get(2), port.get(2),
                        address.get(3), port.get(3)) : arrives);
                });
    }

    private static Tuple tuple(final boolean v6, final int protocol, final boolean query, final long source,
            final int one, final long destination, final int other) {
        if (protocol != IpProtocol.ICMP) {
            return Tuple.of(address(v6, source), address(v6, destination), protocol, one, other);
        }
        return new Tuple(address(v6, source), address(v6, destination), v6 ? IpProtocol.ICMPV6 : protocol, one, one,
            v6 ? query ? 128 : 129 : query ? 8 : 0);
    }

    private static IpAddress address(final boolean v6, final long bits) {
        return v6 ? IpAddress.v6(bits, Long.rotateLeft(bits, 17)) : IpAddress.v4((int) bits);
    }
}
