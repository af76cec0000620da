// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.opentest4j.TestAbortedException;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.Tuple;
import org.trackway.offload.Path;
import org.trackway.offload.spi.Activity;
import org.trackway.offload.spi.Answer;
import org.trackway.offload.spi.Answer.Kind;
import org.trackway.offload.spi.Capabilities;
import org.trackway.offload.spi.OffloadBatch;
import org.trackway.offload.spi.OffloadProvider;
import org.trackway.offload.spi.Operation;
import org.trackway.packet.FastPath;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;
import org.trackway.packet.Packets;

/**
 * The rules for providers of mode FORWARDS: those for every provider, and those of paths. Most need a {@link Wire}, on
 * which packets come in; where there is none they are skipped.
 */
public abstract class ForwardingContract extends ProviderContract {

    private static final long PATH_ID = 1;
    private static final int MANY = 20;
    private static final int ROUNDS = 200;
    private static final OptionalLong NONE = OptionalLong.empty();
    private static final int TTL = 9;

    /** For subclasses. */
    protected ForwardingContract() {
    }

    /**
     * {@return the wire that packets of the test come in by}
     *
     * @param provider the provider; if it is a {@link FastPath} there is nothing to override
     */
    protected Wire wire(final OffloadProvider provider) {
        if (provider instanceof FastPath path) {
            return Wire.of(path);
        }
        throw new TestAbortedException("packets can't be sent: override wire()");
    }

    @Override
    final Capabilities.Mode mode() {
        return Capabilities.Mode.FORWARDS;
    }

    // ---- paths and their packets ----

    private Path path(final Connection connection) {
        return path(connection, connection.original(), List.of(), List.of(), NONE, 0);
    }

    private Path path(final Connection connection, final Tuple leaves, final List<Path.Tag> arrivingTags,
            final List<Path.Tag> leavingTags, final OptionalLong mac, final int ttl) {
        return new Path(in().name(), out().name(), connection.original(), leaves, arrivingTags, leavingTags, mac, mac,
            ttl, List.of(new Path.Hop(connection.id(), false)));
    }

    /** A packet of a tuple, of a protocol that the rules send. */
    private static Packets packet(final Tuple tuple) {
        final String from = tuple.source().toString();
        final String to = tuple.destination().toString();
        final boolean v6 = tuple.source().v6();
        final int one = tuple.sourcePort();
        final int other = tuple.destinationPort();
        final Packets packets = switch (tuple.protocol()) {
            case IpProtocol.TCP -> v6 ? Packets.tcp6(from, one, to, other) : Packets.tcp4(from, one, to, other);
            case IpProtocol.UDP -> v6 ? Packets.udp6(from, one, to, other) : Packets.udp4(from, one, to, other);
            case IpProtocol.ICMP -> Packets.echo4(from, to, one, 1);
            case IpProtocol.ICMPV6 -> Packets.echo6(from, to, one, 1);
            default -> throw new TestAbortedException("the suite has no packets of protocol " + tuple.protocol());
        };
        return packets.payloadSize(100).ttl(TTL);
    }

    private Optional<Wire.Sent> send(final Wire wire, final Packets packets) {
        return wire.receive(in(), packets.bytes());
    }

    private void assertSoftware(final Wire wire, final Packets packets, final String what) {
        assertThat(send(wire, packets)).as(what + " is left to software").isEmpty();
    }

    private Connection forward(final int number, final long pathId) {
        final Connection connection = hold(number);
        assertAccepted(bench().forward(pathId, path(connection)), "FORWARD");
        return connection;
    }

    // ---- rules ----

    /** Packets of a path pass and are counted, until it is withdrawn; its connection stays held. */
    @Test
    public final void packetsOfAPathPassUntilItIsWithdrawn() {
        final Wire wire = wire(provider());
        final Connection connection = hold(0);
        final Packets packets = packet(connection.original());
        assertSoftware(wire, packets, "a packet without a path");
        final long before = System.nanoTime();
        forwardAgain(connection);
        for (int i = 1; i <= MANY; i++) {
            final Optional<Wire.Sent> sent = send(wire, packets);
            assertThat(sent).as("a packet of the path is forwarded").isPresent();
            assertThat(sent.orElseThrow().port()).isEqualTo(out().name());
            assertThat(sent.orElseThrow().frame()).isEqualTo(packets.bytes());
            final Activity activity = bench().ask(Operation.Kind.ACTIVITY, PATH_ID);
            assertPlausible(activity, before);
            assertCounts(activity, i, packets);
        }
        final Activity last = bench().ask(Operation.Kind.WITHDRAW, PATH_ID);
        assertCounts(last, MANY, packets);
        assertSoftware(wire, packets, "a packet whose path was withdrawn");
        bench().assertHoldings();
        forwardAgain(connection);
        assertThat(send(wire, packets)).as("a packet whose path was offered again").isPresent();
        bench().deleteAll();
    }

    private void forwardAgain(final Connection connection) {
        assertAccepted(bench().forward(PATH_ID, path(connection)), "FORWARD");
    }

    private void assertCounts(final Activity activity, final int count, final Packets packets) {
        if (activity.isKnown() && provider().capabilities().counters()) {
            final Packet packet = packets.build();
            packet.parse();
            assertThat(activity.packets()).as("packets that passed").isEqualTo(count);
            assertThat(activity.bytes()).as("bytes that passed, IP header included, or 0 if it can't tell")
                .isIn(0L, (long) count * packet.l3Length());
            assertThat(activity.replyPackets() + activity.replyBytes()).as("replies of a path").isZero();
        }
    }

    /** When withdraw has returned no packet passes, however many come in meanwhile. */
    @Test
    public final void nothingPassesOnceWithdrawReturned() throws InterruptedException {
        final Wire wire = wire(provider());
        final Connection connection = hold(0);
        final Packets packets = packet(connection.original());
        final AtomicInteger withdrawn = new AtomicInteger();
        final AtomicInteger late = new AtomicInteger();
        final Thread sender = new Thread(() -> {
            while (withdrawn.get() >= 0) {
                final int before = withdrawn.get();
                // The number is odd between a withdraw and the next forward.
                if (send(wire, packets).isPresent() && before % 2 != 0 && withdrawn.get() == before) {
                    late.incrementAndGet();
                }
            }
        }, "offload-suite-sender");
        sender.setDaemon(true);
        sender.start();
        try {
            for (int i = 0; i < ROUNDS; i++) {
                forwardAgain(connection);
                bench().ask(Operation.Kind.WITHDRAW, PATH_ID);
                withdrawn.incrementAndGet();
                assertSoftware(wire, packets, "a packet that comes when withdraw has returned");
                withdrawn.incrementAndGet();
            }
        } finally {
            withdrawn.set(-1);
            sender.join();
        }
        assertThat(late.get()).as("packets that passed when withdraw had returned").isZero();
        bench().deleteAll();
    }

    /** Packets of others, fragments, and those that open or end a connection are software's. */
    @Test
    public final void onlyPacketsOfThePathPass() {
        final Wire wire = wire(provider());
        final Connection connection = forward(0, PATH_ID);
        final Tuple tuple = connection.original();
        assertSoftware(wire, packet(tuple(7, tuple.protocol(), tuple.source().v6())), "a packet of another sender");
        assertSoftware(wire, packet(tuple.reverse()), "a packet of the other direction");
        assertSoftware(wire, packet(tuple).vlan(7), "a packet with a tag");
        assertThat(wire.receive(out(), packet(tuple).bytes())).as("a packet by another port is left to software")
            .isEmpty();
        for (final Packet part : packet(tuple).payloadSize(2000).fragments(1000)) {
            assertThat(wire.receive(in(), part.bytes())).as("a fragment is left to software").isEmpty();
        }
        assertSoftware(wire, packet(tuple).truncate(30), "half a packet");
        bench().deleteAll();
        final Capabilities can = provider().capabilities();
        if (can.protocols().isEmpty() || can.protocols().contains(IpProtocol.TCP)) {
            final Tuple tcp = tuple(1, IpProtocol.TCP, !can.v4());
            final Connection other = hold(connection(connection.id() + 1, tcp, false, connection.zone()));
            assertAccepted(bench().forward(2, path(other)), "FORWARD");
            assertThat(send(wire, packet(tcp).flags("A"))).as("a plain segment is forwarded").isPresent();
            for (final String flags : List.of("S", "SA", "FA", "R")) {
                assertSoftware(wire, packet(tcp).flags(flags), "a segment with flags " + flags);
            }
            bench().deleteAll();
        }
    }

    /** Where flows look at Ethernet addresses, packets with others are software's; or the path is refused. */
    @Test
    public final void packetsWithOtherEthernetAddressesDoNotPass() {
        final Wire wire = wire(provider());
        final Connection connection = hold(0);
        final Tuple tuple = connection.original();
        final Path path = new Path(in().name(), out().name(), tuple, tuple, List.of(), List.of(), NONE, NONE, 0,
            List.of(new Path.Hop(connection.id(), false)), OptionalLong.of(0x0200_0000_0071L),
            OptionalLong.of(0x0200_0000_0072L));
        final Answer answer = bench().forward(PATH_ID, path);
        assertThat(answer.kind()).as("the answer to FORWARD of " + path + ": " + answer).isNotEqualTo(Kind.FAILED);
        final String from = "02:00:00:00:00:71";
        final String to = "02:00:00:00:00:72";
        assertThat(send(wire, packet(tuple).macs(from, to)).isPresent()).as("whether a packet passes that has them")
            .isEqualTo(answer.isHeld());
        assertSoftware(wire, packet(tuple).macs(to, to), "a packet from another Ethernet address");
        assertSoftware(wire, packet(tuple).macs(from, from), "a packet to another Ethernet address");
        bench().deleteAll();
    }

    /** Addresses, Ethernet addresses, tags, TTL and checksums leave as the path says; or the path is refused. */
    @Test
    public final void aPathRewritesWhatItSays() {
        final Wire wire = wire(provider());
        final Capabilities can = provider().capabilities();
        final List<Path.Tag> none = List.of();
        final List<Path.Tag> one = List.of(new Path.Tag(0x8100, 5));
        final List<Path.Tag> two = List.of(new Path.Tag(0x88a8, 6), new Path.Tag(0x8100, 7));
        int number = 0;
        for (final List<Path.Tag> arriving : List.of(none, one, two)) {
            for (final List<Path.Tag> leaving : List.of(none, one, two)) {
                for (final boolean v6 : new boolean[] {false, true}) {
                    final Connection plain = connection(number);
                    final Tuple tuple = tuple(number++, plain.original().protocol(), v6);
                    final boolean nat = number % 2 == 0 && can.nat().contains(Capabilities.Translation.SOURCE);
                    final Connection connection = connection(plain.id(), tuple, nat, plain.zone());
                    if (v6 ? can.v6() : can.v4()) {
                        hold(connection);
                        assertRewrites(wire, path(connection, nat ? translated(tuple) : tuple, arriving, leaving,
                            OptionalLong.of(0x0200_0000_0055L), number % 3));
                    }
                }
            }
        }
    }

    private void assertRewrites(final Wire wire, final Path path) {
        final Answer answer = bench().forward(PATH_ID, path);
        assertThat(answer.kind()).as("the answer to FORWARD of " + path + ": " + answer).isNotEqualTo(Kind.FAILED);
        final Packets arriving = packet(path.arrives());
        path.arrivingTags().forEach(tag -> arriving.tag(tag.etherType(), tag.tci()));
        if (answer.isHeld()) {
            final Packets leaving = packet(path.leaves()).ttl(TTL - path.ttlDecrement())
                .macs("02:00:00:00:00:55", "02:00:00:00:00:55");
            path.leavingTags().forEach(tag -> leaving.tag(tag.etherType(), tag.tci()));
            final Optional<Wire.Sent> sent = send(wire, arriving);
            assertThat(sent).as("a packet of " + path + " is forwarded").isPresent();
            assertThat(sent.orElseThrow().frame()).as("a packet of " + path).isEqualTo(leaving.bytes());
            if (path.ttlDecrement() > 0) {
                assertSoftware(wire, arriving.ttl(1), "a packet that has no time left");
            }
        } else {
            assertSoftware(wire, arriving, "a packet of a refused path");
        }
        bench().deleteAll();
    }

    /** It says nothing of paths that it does not hold, and withdrawing them is no failure. */
    @Test
    public final void whatItDoesNotForwardIsUnknown() {
        forward(0, PATH_ID);
        assertNotKnown(bench().ask(Operation.Kind.ACTIVITY, 4711), "a path that was never offered");
        assertNotKnown(bench().ask(Operation.Kind.WITHDRAW, 4711), "a path that was never offered");
        bench().ask(Operation.Kind.WITHDRAW, PATH_ID);
        assertNotKnown(bench().ask(Operation.Kind.ACTIVITY, PATH_ID), "a path that was withdrawn");
        assertNotKnown(bench().ask(Operation.Kind.WITHDRAW, PATH_ID), "a path that was withdrawn before");
        bench().assertHoldings();
        bench().deleteAll();
    }

    /** A path and a connection may have the same number. */
    @Test
    public final void idsOfPathsAndConnectionsAreDifferentThings() {
        final Connection connection = connection(0);
        final long id = connection.id();
        forward(0, id);
        bench().assertHoldings();
        bench().ask(Operation.Kind.WITHDRAW, id);
        bench().assertHoldings();
        assertAccepted(bench().forward(id, path(connection)), "FORWARD, its connection still held");
        hold(1);
        bench().ask(Operation.Kind.DELETE, connection(1).id());
        assertPlausible(bench().ask(Operation.Kind.ACTIVITY, id), 0);
        bench().deleteAll();
    }

    /** Counters of a path are totals: they never go back, not with the last word on it either. */
    @Test
    public final void countersOfAPathNeverGoBack() {
        final Wire wire = wire(provider());
        final Connection connection = forward(0, PATH_ID);
        Activity last = Activity.UNTOLD;
        for (int i = 0; i < MANY; i++) {
            send(wire, packet(connection.original()));
            final Activity activity = bench().ask(Operation.Kind.ACTIVITY, PATH_ID);
            assertNotLess(last, activity);
            last = activity;
        }
        assertNotLess(last, bench().ask(Operation.Kind.WITHDRAW, PATH_ID));
        bench().deleteAll();
    }

    /** It takes no more paths than it says, answers FULL then, and drops none. */
    @Test
    public final void aProviderFullOfPathsSaysSo() {
        final long capacity = provider().capabilities().capacity();
        assumeThat(capacity).as("its capacity; override mostEntries() to fill more")
            .isBetween(1L, (long) mostEntries());
        final Connection connection = hold(0);
        final List<Long> held = new ArrayList<>();
        Answer answer = Answer.ACCEPTED;
        for (int i = 0; i <= capacity && answer.isHeld(); i++) {
            final Tuple tuple = connection(i).original();
            answer = bench().forward(i, new Path(in().name(), out().name(), tuple, tuple, List.of(), List.of(), NONE,
                NONE, 0, List.of(new Path.Hop(connection.id(), false))));
            if (answer.isHeld()) {
                held.add((long) i);
            }
        }
        assertThat(answer.kind()).as("the answer to FORWARD beyond " + held.size() + " paths: " + answer)
            .isEqualTo(Kind.FULL);
        assertThat(held).isNotEmpty();
        bench().assertHoldings();
        held.forEach(id -> assertPlausible(bench().ask(Operation.Kind.ACTIVITY, id), 0));
        bench().deleteAll();
    }

    /** A path's whole life in one batch. */
    @Test
    public final void pathsAreAnsweredInOrder() {
        final Connection connection = connection(0);
        final OffloadBatch batch = new OffloadBatch();
        batch.add(connection, in());
        batch.established(connection, out());
        batch.forward(PATH_ID, path(connection));
        batch.append(Operation.Kind.ACTIVITY, PATH_ID);
        batch.append(Operation.Kind.WITHDRAW, PATH_ID);
        batch.append(Operation.Kind.ACTIVITY, PATH_ID);
        batch.append(Operation.Kind.DELETE, connection.id());
        bench().submit(batch);
        batch.operations().forEach(operation -> assertAccepted(operation.answer(), operation.kind().toString()));
        assertPlausible(batch.operations().get(3).activity(), 0);
        assertNotKnown(batch.operations().get(5).activity(), "a path that was withdrawn before in the batch");
        bench().assertHoldings();
    }

    /** After a flush nothing passes any more. */
    @Test
    public final void flushForgetsPaths() {
        final Wire wire = wire(provider());
        final Connection connection = forward(0, PATH_ID);
        bench().flush();
        assertSoftware(wire, packet(connection.original()), "a packet after a flush");
        bench().assertHoldings();
        assertNotKnown(bench().ask(Operation.Kind.ACTIVITY, PATH_ID), "a path that was flushed");
        forward(0, PATH_ID);
        assertThat(send(wire, packet(connection.original()))).as("a packet of a path offered after a flush")
            .isPresent();
        bench().deleteAll();
    }
}
