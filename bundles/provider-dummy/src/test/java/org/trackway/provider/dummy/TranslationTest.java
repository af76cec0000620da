// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.dummy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.CtAction;
import org.trackway.conntrack.Nat;
import org.trackway.conntrack.Tuple;
import org.trackway.conntrack.core.Trackers;
import org.trackway.packet.IpAddress;
import org.trackway.packet.Packet;
import org.trackway.packet.Packets;
import org.trackway.provider.dummy.Cards.Bench;

/** What passes on the card leaves as the tracker would have translated it. */
class TranslationTest {

    private static final CtAction KNOWN = CtAction.builder().nat(Nat.KNOWN).build();

    private enum Kind {
        TCP4, UDP4, ECHO4, TCP6, UDP6, ECHO6;

        private final boolean v6 = name().endsWith("6");

        /** A packet of the direction that opens the connection, between any two ends. */
        private Packets packet(final String from, final int one, final String to, final int other,
                final boolean reply) {
            return switch (this) {
                case TCP4 -> Packets.tcp4(from, one, to, other);
                case UDP4 -> Packets.udp4(from, one, to, other);
                case ECHO4 -> reply ? Packets.echoReply4(from, to, one, 1) : Packets.echo4(from, to, one, 1);
                case TCP6 -> Packets.tcp6(from, one, to, other);
                case UDP6 -> Packets.udp6(from, one, to, other);
                default -> reply ? Packets.echoReply6(from, to, one, 1) : Packets.echo6(from, to, one, 1);
            };
        }

        private Packets packet(final Tuple tuple, final boolean reply) {
            return packet(tuple.source().toString(), tuple.sourcePort(), tuple.destination().toString(),
                tuple.destinationPort(), reply);
        }

        private CtAction commit(final Nat.Kind side, final long bits, final int port) {
            final IpAddress address = v6 ? IpAddress.v6(0xfc00L << 48, bits | 0x100) : IpAddress.v4((int) bits | 1);
            final boolean ports = this != ECHO4 && this != ECHO6;
            return CtAction.builder().commit()
                .nat(new Nat(side, address, address, ports ? port : 0, ports ? port : 0, false, false)).build();
        }
    }

    @Property
    void theCardTranslatesAsTheTrackerDoes(@ForAll("kinds") final Kind kind, @ForAll final boolean source,
            @ForAll final long address, @ForAll @IntRange(min = 1024, max = 65_535) final int port,
            @ForAll final byte[] payload, @ForAll final boolean partial) {
        final Conntrack tracker = Trackers.make();
        final Packet first = (kind.v6 ? kind.packet("fc00::1", 1000, "fc00::2", 80, false)
            : kind.packet("10.0.0.1", 1000, "10.0.0.2", 80, false)).build();
        final Nat.Kind side = source ? Nat.Kind.SOURCE : Nat.Kind.DESTINATION;
        tracker.execute(Cards.batch(first), kind.commit(side, address, port), 1);
        final Connection[] found = new Connection[1];
        tracker.forEach(ConnectionFilter.ALL, connection -> found[0] = connection);
        final Connection connection = found[0];
        final Bench bench = new Bench().hold(connection).forward(7,
            Cards.path(connection.original(), connection.reply().reverse(), connection.id())).forward(8,
                Cards.path(connection.reply(), connection.original().reverse(), connection.id()));
        for (final boolean reply : new boolean[] {true, false}) {
            final Packets packets = kind.packet(reply ? connection.reply() : connection.original(), reply)
                .payload(payload).padding(payload.length % 3);
            final Packet plain = packets.build();
            final Packet onCard = packets.build();
            if (partial) {
                plain.l4Checksum(Packet.CHECKSUM_PARTIAL);
                onCard.l4Checksum(Packet.CHECKSUM_PARTIAL);
            }
            final byte[] before = plain.bytes();
            tracker.execute(Cards.batch(plain), KNOWN, 1);
            bench.receive(onCard);
            assertThat(bench.sent).hasSize(1);
            assertThat(bench.sent.remove(0)).isEqualTo(plain.bytes()).isNotEqualTo(before);
        }
    }

    @Provide
    Arbitrary<Kind> kinds() {
        return Arbitraries.of(List.of(Kind.values()));
    }
}
