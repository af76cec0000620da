// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.Tuple;
import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;

class KeyTest {

    @Provide
    Arbitrary<Tuple> tuples() {
        final Arbitrary<Long> words = Arbitraries.longs();
        final Arbitrary<Integer> ports = Arbitraries.integers().between(0, 65535);
        final Arbitrary<Integer> protocols = Arbitraries.oneOf(Arbitraries.of(1, 6, 17, 58, 132),
            Arbitraries.integers().between(0, 255));
        return Combinators.combine(Arbitraries.of(true, false), words, words, words, words, ports, ports, protocols)
            .as((v6, sourceHigh, sourceLow, destinationHigh, destinationLow, from, to, protocol) -> {
                final IpAddress source = v6 ? IpAddress.v6(sourceHigh, sourceLow) : IpAddress.v4(sourceLow.intValue());
                final IpAddress destination =
                    v6 ? IpAddress.v6(destinationHigh, destinationLow) : IpAddress.v4(destinationLow.intValue());
                final boolean icmp = protocol == (v6 ? IpProtocol.ICMPV6 : IpProtocol.ICMP);
                return icmp ? new Tuple(source, destination, protocol, from, from, v6 ? 128 + (to & 1) : 13 + (to & 3))
                    : Tuple.of(source, destination, protocol, from, to);
            });
    }

    @Property(edgeCases = EdgeCasesMode.NONE)
    void aKeySaysWhatItsTupleSays(@ForAll("tuples") final Tuple tuple, @ForAll @IntRange(max = 65535) final int zone) {
        final Key key = Key.of(tuple, zone);
        assertThat(key.tuple()).isEqualTo(tuple);
        assertThat(key.zone()).isEqualTo(zone);
        assertThat(key.protocol()).isEqualTo(tuple.protocol());
        assertThat(key.sourcePort()).isEqualTo(tuple.sourcePort());
        assertThat(key.destinationPort()).isEqualTo(tuple.destinationPort());
        assertThat(key.icmpType()).isEqualTo(tuple.icmpType());
        assertThat(key.copy()).isEqualTo(key).isNotSameAs(key).hasSameHashCodeAs(key);
    }

    @Property(edgeCases = EdgeCasesMode.NONE)
    void theReverseOfAKeyIsTheReverseOfItsTuple(@ForAll("tuples") final Tuple tuple,
            @ForAll @IntRange(max = 65535) final int zone) {
        final Key reverse = new Key();
        reverse.setReverse(Key.of(tuple, zone));
        assertThat(reverse.tuple()).isEqualTo(tuple.reverse());
        assertThat(reverse.zone()).isEqualTo(zone);
        reverse.setReverse(reverse);
        assertThat(reverse).isEqualTo(Key.of(tuple, zone));
    }

    @Property(edgeCases = EdgeCasesMode.NONE)
    void theHashIsTheSameForBothDirections(@ForAll("tuples") final Tuple tuple,
            @ForAll @IntRange(max = 65535) final int zone, @ForAll final long salt) {
        final Key key = Key.of(tuple, zone);
        final Key reverse = new Key();
        reverse.setReverse(key);
        assertThat(reverse.hash(salt)).isEqualTo(key.hash(salt));
    }

    @Property(edgeCases = EdgeCasesMode.NONE)
    void changingOnePartChangesTheKeyAndLeavesTheOthers(@ForAll("tuples") final Tuple tuple,
            @ForAll final long high, @ForAll final long low, @ForAll @IntRange(max = 65535) final int port) {
        final IpAddress address = tuple.source().v6() ? IpAddress.v6(high, low) : IpAddress.v4((int) low);
        final Key key = Key.of(tuple, 3);
        key.source(address.high(), address.low());
        assertThat(key.tuple().source()).isEqualTo(address);
        assertThat(key.tuple().destination()).isEqualTo(tuple.destination());
        key.destination(address.high(), address.low());
        key.sourcePort(port);
        assertThat(key.destinationPort()).isEqualTo(tuple.destinationPort());
        key.destinationPort(port);
        assertThat(key.tuple()).isEqualTo(
            new Tuple(address, address, tuple.protocol(), port, port, tuple.icmpType()));
    }

    @Test
    void zonePortsProtocolTypeAndFamilyAreAllCompared() {
        final Tuple udp = TrackerBench.tuple("0.0.0.1", 1, "0.0.0.2", 2, IpProtocol.UDP);
        final Key key = Key.of(udp, 1);
        assertThat(key).isNotEqualTo(Key.of(udp, 2))
            .isNotEqualTo(Key.of(TrackerBench.tuple("0.0.0.1", 1, "0.0.0.2", 2, IpProtocol.TCP), 1))
            .isNotEqualTo(Key.of(TrackerBench.tuple("0.0.0.1", 9, "0.0.0.2", 2, IpProtocol.UDP), 1))
            .isNotEqualTo(Key.of(TrackerBench.tuple("0.0.0.1", 1, "0.0.0.2", 9, IpProtocol.UDP), 1))
            .isNotEqualTo(Key.of(TrackerBench.tuple("0.0.0.9", 1, "0.0.0.2", 2, IpProtocol.UDP), 1))
            .isNotEqualTo(Key.of(TrackerBench.tuple("0.0.0.1", 1, "0.0.0.9", 2, IpProtocol.UDP), 1))
            .isNotEqualTo(Key.of(new Tuple(udp.source(), udp.destination(), 17, 1, 2, 8), 1))
            .isNotEqualTo(udp);
        final Key v6 = new Key();
        v6.set(key);
        v6.v6 = true;
        assertThat(v6).isNotEqualTo(key);
    }

    @Property(edgeCases = EdgeCasesMode.NONE)
    void aSecretChangesTheHash(@ForAll("tuples") final Tuple tuple) {
        assertThat(Key.of(tuple, 0).hash(1)).isNotEqualTo(Key.of(tuple, 0).hash(2));
    }

    @Test
    void whoHasAllAddressesOfANetworkFindsNoTuplesThatCollide() {
        // What makes up for another port in a sum, and the halves of an address in each other's place.
        final long[] factors = {0, 1, -1, 0xd6e8feb86659fd93L, -0xd6e8feb86659fd93L, 0x9e3779b97f4a7c15L};
        for (final long factor : factors) {
            final Set<Long> hashes = new HashSet<>();
            for (int port = 1; port <= 20_000; port++) {
                final Key key = new Key();
                key.v6 = true;
                key.source(0x20010db800000000L, 0x1234_5678_9abcL + port * factor);
                key.destination(0xfd00000000000000L, 1);
                key.ports = Key.ports(port, 80, 0, IpProtocol.TCP, 0);
                hashes.add(key.hash(0x5eedf00dcafe1234L));
            }
            assertThat(hashes).as("factor %x", factor).hasSize(20_000);
        }
        final Key one = new Key();
        one.v6 = true;
        one.source(0x20010db800000000L, 77);
        one.destination(0xfd00000000000000L, 1);
        final Key other = one.copy();
        other.source(77, 0x20010db800000000L);
        assertThat(one.hash(0x5eedf00dcafe1234L)).isNotEqualTo(other.hash(0x5eed5eed5eed5eedL));
    }
}
