// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.trackway.conntrack.Nat;
import org.trackway.conntrack.Tuple;
import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;

/** The rules by which the tuple of a translated connection is chosen, one by one. */
class NatSelectorTest {

    private static final String CLIENT = "10.1.1.1";
    private static final String SERVER = "10.1.1.2";
    private static final String PUBLIC = "192.0.2.9";
    private static final int TCP = IpProtocol.TCP;

    private final NatSelector selector = new NatSelector(0x12345678L);
    private final Key reply = new Key();

    /** A table that remembers what was claimed and in which order candidates came. */
    private static final class Table implements NatSelector.Claim {

        final List<Key> candidates = new ArrayList<>();
        private final Predicate<Key> taken;
        private final Set<Key> claimed = new HashSet<>();

        Table(final Predicate<Key> taken) {
            this.taken = taken;
        }

        @Override
        public boolean claim(final Key key) {
            candidates.add(key.copy());
            return !taken.test(key) && claimed.add(key.copy());
        }

        List<Integer> sourcePorts() {
            return candidates.stream().map(Key::destinationPort).toList();
        }

        List<Integer> destinationPorts() {
            return candidates.stream().map(Key::sourcePort).toList();
        }
    }

    private static Table empty() {
        return new Table(key -> false);
    }

    private static Table full() {
        return new Table(key -> true);
    }

    private static Key forward(final int protocol, final String from, final int fromPort, final String to,
            final int toPort) {
        return Key.of(Tuple.of(IpAddress.parse(from), IpAddress.parse(to), protocol, fromPort, toPort), 7);
    }

    private static Key echo(final String from, final int id, final String to) {
        final boolean v6 = from.contains(":");
        return Key.of(new Tuple(IpAddress.parse(from), IpAddress.parse(to), v6 ? IpProtocol.ICMPV6 : IpProtocol.ICMP,
            id, id, v6 ? 128 : 8), 7);
    }

    private static Nat nat(final Nat.Kind kind, final String min, final String max, final int minPort,
            final int maxPort) {
        return new Nat(kind, IpAddress.parse(min), IpAddress.parse(max), minPort, maxPort, false, false);
    }

    private static Nat source(final String address, final int minPort, final int maxPort) {
        return nat(Nat.Kind.SOURCE, address, address, minPort, maxPort);
    }

    private static Nat destination(final String address, final int minPort, final int maxPort) {
        return nat(Nat.Kind.DESTINATION, address, address, minPort, maxPort);
    }

    private static Nat persistent(final Nat nat) {
        return new Nat(nat.kind(), nat.min(), nat.max(), nat.minPort(), nat.maxPort(), nat.random(), true);
    }

    private static Nat random(final Nat nat) {
        return new Nat(nat.kind(), nat.min(), nat.max(), nat.minPort(), nat.maxPort(), true, nat.persistent());
    }

    @Test
    void sourceNatRepliesToTheNewAddressAndKeepsAFreePort() {
        assertThat(selector.choose(forward(TCP, CLIENT, 40_000, SERVER, 80), source(PUBLIC, 0, 0), reply, empty()))
            .isTrue();
        assertThat(reply).isEqualTo(forward(TCP, SERVER, 80, PUBLIC, 40_000));
    }

    @Test
    void destinationNatRepliesFromTheNewAddressAndPort() {
        assertThat(selector.choose(forward(TCP, CLIENT, 40_000, PUBLIC, 80), destination(SERVER, 8080, 8080), reply,
            empty())).isTrue();
        assertThat(reply).isEqualTo(forward(TCP, SERVER, 8080, CLIENT, 40_000));
    }

    @Test
    void destinationNatWithoutPortsKeepsBothPorts() {
        assertThat(selector.choose(forward(TCP, CLIENT, 40_000, PUBLIC, 80), destination(SERVER, 0, 0), reply, empty()))
            .isTrue();
        assertThat(reply).isEqualTo(forward(TCP, SERVER, 80, CLIENT, 40_000));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "::"})
    void zeroAddressKeepsTheTupleWhereItIsFree(final String zero) {
        final String from = zero.equals("::") ? "fd00::1" : CLIENT;
        final String to = zero.equals("::") ? "fd00::2" : SERVER;
        final Key forward = forward(TCP, from, 40_000, to, 80);
        for (final Nat.Kind kind : List.of(Nat.Kind.SOURCE, Nat.Kind.DESTINATION)) {
            assertThat(selector.choose(forward, nat(kind, zero, zero, 0, 0), reply, empty())).isTrue();
            assertThat(reply).isEqualTo(forward(TCP, to, 80, from, 40_000));
        }
    }

    @Test
    void zeroAddressMovesOnlyThePortOfACollision() {
        final Key taken = forward(TCP, SERVER, 80, CLIENT, 40_000);
        final Table table = new Table(taken::equals);
        assertThat(selector.choose(forward(TCP, CLIENT, 40_000, SERVER, 80), source("0.0.0.0", 0, 0), reply, table))
            .isTrue();
        assertThat(reply).isEqualTo(forward(TCP, SERVER, 80, CLIENT, 40_001));
    }

    @Test
    void rangeOfTheOtherIpVersionIsNeverChosen() {
        final Table table = empty();
        assertThat(selector.choose(forward(TCP, "fd00::1", 1, "fd00::2", 2), source(PUBLIC, 0, 0), reply, table))
            .isFalse();
        assertThat(selector.choose(forward(TCP, CLIENT, 1, SERVER, 2), source("fd00::9", 0, 0), reply, table))
            .isFalse();
        assertThat(table.candidates).isEmpty();
    }

    /** Golden addresses come from nat_range_hash and get_addr_in_range of a build without CRC instructions. */
    @ParameterizedTest
    @CsvSource({
        "6,  10.1.1.1,  40000, 10.1.1.2, 80,   7,     192.0.2.1,  192.0.2.254, 1000, 2000, 192.0.2.22, 192.0.2.118",
        "17, 10.9.8.7,  53,    10.1.1.2, 53,   0,     192.0.2.1,  192.0.2.200, 0, 0, 192.0.2.114, 192.0.2.109",
        "1,  10.1.1.1,  4660,  10.1.1.2, 4660, 65535, 192.0.2.16, 192.0.2.31, 0, 0, 192.0.2.20, 192.0.2.16",
        "47, 10.1.1.1,  0,     10.1.1.2, 0,    1, 0.0.0.1, 255.255.255.255, 0, 0, 195.160.181.198, 61.114.90.16",
        "6,  fd00::1:2, 40000, fd00::5,  443,  3, 2001:db8::fff0, 2001:db8::1:ffff, 0, 0, 2001:db8::1:1dfa, "
            + "2001:db8::1:52f8",
        "17, fd00::1:2, 40000, fd00::5,  443,  3, 2001:db8::ffff:ffff:ffff:fff0, 2001:db8:0:1::ffff, 0, 0, "
            + "2001:db8:0:1::9dd4, 2001:db8:0:1::848a",
        "17, fd00::1:2, 40000, fd00::5,  443,  3, 2001:db8::ffff:ffff:f000:0, 2001:db8:5::, 0, 0, "
            + "2001:db8:0:1:0:0:e783:2586, 2001:db8::ffff:ffff:fb8a:c408",
        "58, fd00::1,   4660,  fd00::2,  4660, 9, 2001:db8::1, 2001:db8::ff, 0, 0, 2001:db8::35, 2001:db8::75",
    })
    void addressOfARangeIsTheOneThatOpenVSwitchPicks(final int protocol, final String from, final int fromPort,
            final String to, final int toPort, final int zone, final String min, final String max, final int minPort,
            final int maxPort, final String persistentAddress, final String saltedAddress) {
        final int type = protocol == IpProtocol.ICMP ? 8 : protocol == IpProtocol.ICMPV6 ? 128 : 0;
        final Key forward = Key.of(
            new Tuple(IpAddress.parse(from), IpAddress.parse(to), protocol, fromPort, toPort, type), zone);
        final Nat nat = nat(Nat.Kind.SOURCE, min, max, minPort, maxPort);

        selector.choose(forward, persistent(nat), reply, empty());
        assertThat(reply.tuple().destination()).isEqualTo(IpAddress.parse(persistentAddress));
        selector.choose(forward, nat, reply, empty());
        assertThat(reply.tuple().destination()).isEqualTo(IpAddress.parse(saltedAddress));
    }

    @Test
    void hashedPortIsTheOneThatOpenVSwitchPicks() {
        selector.choose(forward(TCP, CLIENT, 40_000, SERVER, 80),
            nat(Nat.Kind.SOURCE, "192.0.2.1", "192.0.2.254", 1000, 2000), reply, empty());
        assertThat(reply.destinationPort()).isEqualTo(1000 + (int) (0x9a506097L % 1001));
    }

    @Test
    void persistentAddressDoesNotDependOnPortsDestinationOrTracker() {
        final Nat nat = persistent(nat(Nat.Kind.SOURCE, "192.0.2.1", "192.0.2.254", 0, 0));
        final Set<IpAddress> addresses = new HashSet<>();
        for (int i = 1; i <= 100; i++) {
            new NatSelector(i).choose(forward(TCP, CLIENT, i, "10.1.2." + i, 1000 + i), nat, reply, empty());
            addresses.add(reply.tuple().destination());
        }
        assertThat(addresses).hasSize(1);
    }

    @Test
    void addressOfARangeSpreadsWithoutPersistent() {
        final Nat nat = nat(Nat.Kind.SOURCE, "192.0.2.1", "192.0.2.4", 0, 0);
        final Set<IpAddress> addresses = new HashSet<>();
        for (int port = 1024; port < 1124; port++) {
            selector.choose(forward(TCP, CLIENT, port, SERVER, 80), nat, reply, empty());
            addresses.add(reply.tuple().destination());
        }
        assertThat(addresses).hasSize(4);
    }

    @Test
    void oddity39ASecretOfZeroDoesNotMakeEveryChoicePersistent() {
        final Nat nat = nat(Nat.Kind.SOURCE, "192.0.2.1", "192.0.2.4", 0, 0);
        final Set<IpAddress> addresses = new HashSet<>();
        for (int port = 1024; port < 1124; port++) {
            new NatSelector(0).choose(forward(TCP, CLIENT, port, SERVER, 80), nat, reply, empty());
            addresses.add(reply.tuple().destination());
        }
        assertThat(addresses).hasSize(4);
    }

    @Test
    void onlyOneAddressOfARangeIsTried() {
        final Table table = full();
        assertThat(selector.choose(forward(TCP, CLIENT, 40_000, SERVER, 80),
            nat(Nat.Kind.SOURCE, "192.0.2.1", "192.0.2.254", 0, 0), reply, table)).isFalse();
        assertThat(table.candidates.stream().map(key -> key.tuple().destination()).distinct()).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({
        "1, 2", "511, 1", "600, 601", "1023, 600", "1024, 1025", "5000, 5001", "65535, 1024",
        "512, 600", "550, 600", "599, 600",
    })
    void takenSourcePortMovesToTheNextOneOfItsClass(final int port, final int next) {
        final Table table = new Table(key -> key.destinationPort() == port);
        assertThat(selector.choose(forward(TCP, CLIENT, port, SERVER, 80), source(PUBLIC, 0, 0), reply, table))
            .isTrue();
        assertThat(table.sourcePorts()).containsExactly(port, next);
    }

    @ParameterizedTest
    @CsvSource({"300, 1, 511", "700, 600, 1023", "9000, 1024, 65535"})
    void sourcePortsStayInTheirClass(final int port, final int low, final int high) {
        final Table table = full();
        assertThat(selector.choose(forward(TCP, CLIENT, port, SERVER, 80), source(PUBLIC, 0, 0), reply, table))
            .isFalse();
        assertThat(table.sourcePorts()).hasSize(NatSelector.MAX_CLAIMS).allMatch(each -> each >= low && each <= high);
    }

    @Test
    void sourcePortsGivenAreNeverLeft() {
        final Table table = full();
        assertThat(selector.choose(forward(TCP, CLIENT, 40_000, SERVER, 80), source(PUBLIC, 34_567, 34_568), reply,
            table)).isFalse();
        assertThat(table.sourcePorts()).containsExactlyInAnyOrder(34_567, 34_568);
        assertThat(table.destinationPorts()).containsOnly(80);
    }

    @Test
    void destinationPortsUsedUpChangeTheSourcePort() {
        final Table table = new Table(key -> key.destinationPort() == 40_000);
        assertThat(selector.choose(forward(TCP, CLIENT, 40_000, PUBLIC, 80), destination(SERVER, 8080, 8082), reply,
            table)).isTrue();
        assertThat(table.candidates).hasSize(4);
        assertThat(table.destinationPorts().subList(0, 3)).containsExactlyInAnyOrder(8080, 8081, 8082);
        assertThat(reply.sourcePort()).as("first candidate's port").isEqualTo(table.destinationPorts().get(0));
        assertThat(reply.destinationPort()).isEqualTo(40_001);
    }

    @Test
    void destinationPortsUsedUpLeaveNoTupleUntriedTwice() {
        final Table table = full();
        selector.choose(forward(TCP, CLIENT, 300, PUBLIC, 80), destination(SERVER, 8080, 8082), reply, table);
        assertThat(table.candidates.subList(0, 66)).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 248", "1, 128, 247", "1000, 65535, 247"})
    void fullDestinationRangeCostsNoMoreThanAFullSourceRange(final int low, final int high, final int claims) {
        final Table table = full();
        assertThat(selector.choose(forward(TCP, CLIENT, 40_000, PUBLIC, 80), destination(SERVER, low, high), reply,
            table)).isFalse();
        assertThat(table.candidates).hasSize(claims).hasSizeLessThanOrEqualTo(NatSelector.MAX_CLAIMS);
    }

    @Test
    void randomPortsDiffer() {
        final Nat nat = random(source(PUBLIC, 1, 65_535));
        final Set<Integer> ports = new HashSet<>();
        for (int i = 0; i < 20; i++) {
            selector.choose(forward(TCP, CLIENT, 40_000, SERVER, 80), nat, reply, empty());
            ports.add(reply.destinationPort());
        }
        assertThat(ports).hasSizeGreaterThan(10);
    }

    @Test
    void echoIdentifierIsTreatedAsSourcePortAndStandsInBothFields() {
        final Key taken = Key.of(new Tuple(IpAddress.parse(SERVER), IpAddress.parse(PUBLIC), IpProtocol.ICMP, 550, 550,
            0), 7);
        final Table table = new Table(taken::equals);
        assertThat(selector.choose(echo(CLIENT, 550, SERVER), source(PUBLIC, 0, 0), reply, table)).isTrue();
        assertThat(table.candidates).hasSize(2);
        assertThat(reply.tuple()).isEqualTo(new Tuple(IpAddress.parse(SERVER), IpAddress.parse(PUBLIC),
            IpProtocol.ICMP, 600, 600, 0));
    }

    @Test
    void echoIdentifierTakesAPortOfTheSourceRange() {
        assertThat(selector.choose(echo(CLIENT, 9, SERVER), source(PUBLIC, 100, 100), reply, empty())).isTrue();
        assertThat(reply.sourcePort()).isEqualTo(100);
        assertThat(reply.destinationPort()).isEqualTo(100);
    }

    @Test
    void echoIdentifierIgnoresAPortGivenForTheDestination() {
        assertThat(selector.choose(echo(CLIENT, 9, PUBLIC), destination(SERVER, 8080, 8090), reply, empty())).isTrue();
        assertThat(reply.tuple()).isEqualTo(new Tuple(IpAddress.parse(SERVER), IpAddress.parse(CLIENT),
            IpProtocol.ICMP, 9, 9, 0));
    }

    @Test
    void icmpv6AndProtocolsWithoutPortsHaveOneCandidate() {
        final List<Key> keys = List.of(echo("fd00::1", 9, "fd00::2"), forward(47, CLIENT, 0, SERVER, 0),
            forward(IpProtocol.ICMP, "fd00::1", 0, "fd00::2", 0));
        for (final Key key : keys) {
            final Nat nat = source(key.v6 ? "fd00::9" : PUBLIC, 100, 200);
            final Table table = full();
            assertThat(selector.choose(key, nat, reply, table)).isFalse();
            assertThat(table.candidates).hasSize(1);
            assertThat(selector.choose(key, nat, reply, empty())).isTrue();
            assertThat(reply.destinationPort()).isEqualTo(key.sourcePort());
        }
    }

    @Test
    void threadsNeverGetTheSameTuple() throws InterruptedException {
        final Set<Key> claimed = ConcurrentHashMap.newKeySet();
        final NatSelector.Claim table = key -> claimed.add(key.copy());
        final Nat nat = source(PUBLIC, 1000, 1099);
        final Set<Key> chosen = ConcurrentHashMap.newKeySet();
        final List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            final int number = t;
            final Thread thread = new Thread(() -> {
                for (int i = 0; i < 25; i++) {
                    final Key key = new Key();
                    if (selector.choose(forward(TCP, "10.2." + number + '.' + i, 5, SERVER, 80), nat, key, table)) {
                        chosen.add(key);
                    }
                }
            });
            threads.add(thread);
            thread.start();
        }
        for (final Thread thread : threads) {
            thread.join();
        }
        assertThat(chosen).hasSize(100).isEqualTo(claimed);
    }
}
