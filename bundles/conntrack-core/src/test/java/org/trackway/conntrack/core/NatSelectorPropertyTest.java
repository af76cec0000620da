// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.trackway.conntrack.Nat;
import org.trackway.conntrack.Tuple;
import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;

/** What holds for every choice of a tuple, whatever the range and whatever is taken. */
class NatSelectorPropertyTest {

    private static final IpAddress CLIENT4 = IpAddress.parse("10.1.1.1");
    private static final IpAddress SERVER4 = IpAddress.parse("10.1.1.2");
    private static final IpAddress CLIENT6 = IpAddress.parse("fd00::1");
    private static final IpAddress SERVER6 = IpAddress.parse("fd00::2");

    private int claims;

    @Property
    void choiceIsFreeWithinTheRangesAndCostsAtMost248Claims(@ForAll("forwards") final Key forward,
            @ForAll final boolean source, @ForAll("addresses") final long first, @ForAll("addresses") final long second,
            @ForAll @IntRange(min = 1, max = 65_535) final int port, @ForAll @IntRange(max = 300) final int more,
            @ForAll final boolean ports, @ForAll final boolean random, @ForAll final boolean persistent,
            @ForAll @IntRange(max = 100) final int percentTaken, @ForAll final long seed) {
        final IpAddress min = address(forward.v6, Math.min(first, second));
        final IpAddress max = address(forward.v6, Math.max(first, second));
        final int minPort = ports ? port : 0;
        final int maxPort = ports ? Math.min(port + more, 65_535) : 0;
        final Nat nat = new Nat(source ? Nat.Kind.SOURCE : Nat.Kind.DESTINATION, min, max, minPort, maxPort, random,
            persistent);
        final Random dice = new Random(seed);
        final Set<Key> taken = new HashSet<>();
        final Set<Key> free = new HashSet<>();
        final Key reply = new Key();
        claims = 0;

        final boolean chosen = new NatSelector(seed).choose(forward, nat, reply, candidate -> {
            claims++;
            if (!free.contains(candidate) && !taken.contains(candidate)) {
                (dice.nextInt(100) < percentTaken ? taken : free).add(candidate.copy());
            }
            return free.contains(candidate);
        });

        assertThat(claims).isBetween(1, NatSelector.MAX_CLAIMS);
        if (!chosen) {
            assertThat(free).isEmpty();
            return;
        }
        assertThat(free).containsExactly(reply);
        assertThat(taken).doesNotContain(reply);
        final Tuple expected = forward.tuple().reverse();
        final Tuple actual = reply.tuple();
        assertThat(reply.zone()).isEqualTo(forward.zone());
        assertThat(actual.protocol()).isEqualTo(expected.protocol());
        assertThat(actual.icmpType()).isEqualTo(expected.icmpType());
        assertThat(source ? actual.source() : actual.destination())
            .isEqualTo(source ? expected.source() : expected.destination());
        if (min.isAny()) {
            assertThat(source ? actual.destination() : actual.source())
                .isEqualTo(source ? expected.destination() : expected.source());
        } else {
            assertThat(source ? actual.destination() : actual.source()).isBetween(min, max);
        }
        if (actual.isIcmp()) {
            assertThat(actual.sourcePort()).isEqualTo(actual.destinationPort());
        } else if (ports && IpProtocol.hasPorts(actual.protocol())) {
            assertThat(source ? actual.destinationPort() : actual.sourcePort()).isBetween(minPort, maxPort);
        }
    }

    @Property
    void lastFreePortOfARangeUpTo128IsFound(@ForAll final boolean source,
            @ForAll @IntRange(min = 1, max = 65_400) final int low,
            @ForAll @IntRange(min = 1, max = 128) final int size, @ForAll @IntRange(max = 127) final int which, @ForAll final boolean random, @ForAll final long basis) {
        final int free = low + which % size;
        final Nat nat = new Nat(source ? Nat.Kind.SOURCE : Nat.Kind.DESTINATION, SERVER4, SERVER4, low, low + size - 1,
            random, false);
        final Key forward = Key.of(Tuple.of(CLIENT4, IpAddress.parse("10.1.1.9"), IpProtocol.TCP, 40_000, 80), 1);
        final Key reply = new Key();
        claims = 0;

        assertThat(new NatSelector(basis).choose(forward, nat, reply, candidate -> {
            claims++;
            return (source ? candidate.destinationPort() : candidate.sourcePort()) == free;
        })).isTrue();
        assertThat(claims).isLessThanOrEqualTo(size);
    }

    @Property
    void sourcePortStaysInItsClass(@ForAll @IntRange(min = 1, max = 65_535) final int port,
            @ForAll @IntRange(max = 300) final int refusals, @ForAll final boolean source) {
        final Nat nat = new Nat(source ? Nat.Kind.SOURCE : Nat.Kind.DESTINATION, SERVER4, SERVER4, 0, 0, false, false);
        final Key forward = Key.of(Tuple.of(CLIENT4, IpAddress.parse("10.1.1.9"), IpProtocol.UDP, port, 53), 1);
        final Key reply = new Key();
        claims = 0;

        if (new NatSelector(1).choose(forward, nat, reply, candidate -> claims++ >= refusals)) {
            final int chosen = reply.destinationPort();
            if (refusals == 0) {
                assertThat(chosen).isEqualTo(port);
            } else if (port < 512) {
                assertThat(chosen).isBetween(1, 511);
            } else if (port < 1024) {
                assertThat(chosen).isBetween(600, 1023);
            } else {
                assertThat(chosen).isBetween(1024, 65_535);
            }
            assertThat(reply.sourcePort()).isEqualTo(53);
        } else {
            assertThat(claims).isEqualTo(NatSelector.MAX_CLAIMS);
        }
    }

    @Property
    void persistentAddressIsAFunctionOfTheSource(@ForAll("forwards") final Key forward, @ForAll final long oneBasis,
            @ForAll final long otherBasis, @ForAll final int otherDestination,
            @ForAll @IntRange(min = 1, max = 65_535) final int otherPort) {
        final Nat nat = new Nat(Nat.Kind.SOURCE, address(forward.v6, 1), address(forward.v6, 100_000), 0, 0, false,
            true);
        final Key one = new Key();
        new NatSelector(oneBasis).choose(forward, nat, one, candidate -> true);
        final Key elsewhere = forward.copy();
        elsewhere.destination(1, otherDestination & 0xffffffffL);
        elsewhere.sourcePort(otherPort);
        final Key other = new Key();
        new NatSelector(otherBasis).choose(elsewhere, nat, other, candidate -> true);
        assertThat(other.tuple().destination()).isEqualTo(one.tuple().destination());
    }

    private static IpAddress address(final boolean v6, final long number) {
        return v6 ? IpAddress.v6(number >>> 20, number << 44) : IpAddress.v4((int) number);
    }

    @Provide
    Arbitrary<Long> addresses() {
        return Arbitraries.longs().between(0, 0xffffffffL);
    }

    @Provide
    Arbitrary<Key> forwards() {
        final Arbitrary<Integer> ports = Arbitraries.integers().between(1, 65_535);
        return Combinators.combine(Arbitraries.of(true, false),
            Arbitraries.of(IpProtocol.TCP, IpProtocol.UDP, IpProtocol.SCTP, IpProtocol.ICMP, 47), ports, ports,
            Arbitraries.integers().between(0, 65_535)).as((v6, protocol, from, to, zone) -> {
                final boolean icmp = protocol == IpProtocol.ICMP;
                final boolean plain = IpProtocol.hasPorts(protocol);
                return Key.of(new Tuple(v6 ? CLIENT6 : CLIENT4, v6 ? SERVER6 : SERVER4,
                    icmp && v6 ? IpProtocol.ICMPV6 : protocol, icmp || plain ? from : 0,
                    icmp ? from : plain ? to : 0, icmp ? v6 ? 128 : 8 : 0), zone);
            });
    }
}
