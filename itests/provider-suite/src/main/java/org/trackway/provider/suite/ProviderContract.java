// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.Connection.Count;
import org.trackway.conntrack.Tuple;
import org.trackway.offload.spi.Activity;
import org.trackway.offload.spi.Answer;
import org.trackway.offload.spi.Answer.Kind;
import org.trackway.offload.spi.Capabilities;
import org.trackway.offload.spi.OffloadBatch;
import org.trackway.offload.spi.OffloadProvider;
import org.trackway.offload.spi.Operation;
import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.NamedPort;
import org.trackway.packet.Port;

/**
 * The rules for every provider, a test each. Extend {@link TrackingContract} or {@link ForwardingContract} and say how
 * your provider is made; each rule gets a new one. What is protected may be overridden where your hardware needs it.
 *
 * <p>The suite calls the provider as the manager does: operations in batches, on one thread.
 */
@TestInstance(TestInstance.Lifecycle.PER_METHOD)
public abstract class ProviderContract {

    private static final long FIRST_ID = 0x0010_0000_0000_0000L;
    private static final int MANY = 20;
    private static final int BURST = 1000;
    private static final long SECOND_NS = TimeUnit.SECONDS.toNanos(1);

    /** The provider under test. */
    private OffloadProvider provider;
    private Bench bench;
    private Set<Thread> threadsBefore;

    ProviderContract() {
    }

    // ---- what the author says ----

    /** {@return a provider as it is when its service is registered, holding nothing} */
    protected abstract OffloadProvider create() throws Exception;

    /** Takes a provider down as when its bundle stops: closes it if it is {@link AutoCloseable}. */
    protected void destroy(final OffloadProvider made) throws Exception {
        if (made instanceof AutoCloseable closeable) {
            closeable.close();
        }
    }

    /** {@return two ports that the provider serves} */
    protected List<Port> ports() {
        return List.of(new NamedPort("suite1"), new NamedPort("suite2"));
    }

    /** {@return how long the provider may take to say what became of what is pending, and to end its threads} */
    protected Duration patience() {
        return Duration.ofSeconds(5);
    }

    /** {@return how many entries may be added to see what a full provider says; past that the rule is skipped} */
    protected int mostEntries() {
        return 10_000;
    }

    /**
     * {@return a connection that the provider should take: not translated, and another one for each number}
     *
     * @param number from 0 on
     */
    protected Connection connection(final int number) {
        final Capabilities can = provider.capabilities();
        return connection(FIRST_ID + 32L * number, tuple(number, protocol(can), !can.v4()), false,
            can.zones().stream().findAny().orElse(0));
    }

    // ---- for the rules ----

    abstract Capabilities.Mode mode();

    /** {@return how many entries the rules work with that need several: not more than there is room for} */
    final int some() {
        final long capacity = provider.capabilities().capacity();
        return capacity == 0 ? MANY : (int) Math.min(MANY, capacity);
    }

    final OffloadProvider provider() {
        return provider;
    }

    final Bench bench() {
        return bench;
    }

    static int protocol(final Capabilities can) {
        final Set<Integer> known = can.protocols();
        return known.isEmpty() || known.contains(IpProtocol.UDP) ? IpProtocol.UDP
            : known.contains(IpProtocol.TCP) ? IpProtocol.TCP : known.iterator().next();
    }

    /** A tuple of the networks for benchmarks (RFC 2544) and for documentation (RFC 3849). */
    static Tuple tuple(final int number, final int protocol, final boolean v6) {
        final String host = v6 ? String.format("2001:db8::%x:%x", 1 + (number >>> 16), number & 0xffff)
            : "198.18." + (number >>> 8 & 0xff) + "." + (number & 0xff);
        final boolean icmp = protocol == IpProtocol.ICMP || protocol == IpProtocol.ICMPV6;
        final boolean ports = IpProtocol.hasPorts(protocol);
        final int client = ports || icmp ? 1024 + (number >>> 16 & 0x3fff) : 0;
        return new Tuple(IpAddress.parse(host), IpAddress.parse(v6 ? "2001:db8::ffff" : "198.19.0.1"), protocol, client,
            icmp ? client : ports ? 4433 : 0, !icmp ? 0 : v6 ? 128 : 8);
    }

    static Connection connection(final long id, final Tuple original, final boolean translated, final int zone) {
        return connection(id, original, translated ? translated(original).reverse() : original.reverse(), zone);
    }

    static Connection connection(final long id, final Tuple original, final Tuple reply, final int zone) {
        final boolean tcp = original.protocol() == IpProtocol.TCP;
        return new Connection(id, zone, original, reply, 0, 0, 0, TimeUnit.SECONDS.toNanos(60),
            tcp ? "ESTABLISHED" : original.isIcmp() ? "REPLY" : "BIDIR", Optional.empty(), Optional.empty(),
            Optional.empty(), !original.equals(reply.reverse()), true, Optional.empty(), 1, 2, new Count(1, 60),
            new Count(1, 60));
    }

    /** What a tuple looks like behind a translator of its source. */
    static Tuple translated(final Tuple tuple) {
        final boolean v6 = tuple.source().v6();
        return new Tuple(IpAddress.parse(v6 ? "2001:db8:9::9" : "198.18.255.9"), tuple.destination(), tuple.protocol(),
            tuple.sourcePort(), tuple.destinationPort(), tuple.icmpType());
    }

    final Port in() {
        return ports().get(0);
    }

    final Port out() {
        return ports().get(1);
    }

    /** Has the provider hold a connection, seen in both directions. */
    final Connection hold(final int number) {
        final Connection connection = connection(number);
        return hold(connection);
    }

    final Connection hold(final Connection connection) {
        assertAccepted(bench.add(connection, in()), "ADD of " + connection.original());
        assertAccepted(bench.established(connection, out()), "ESTABLISHED of " + connection.original());
        return connection;
    }

    static void assertAccepted(final Answer answer, final String what) {
        assertThat(answer.kind()).as("the answer to " + what + ": " + answer).isEqualTo(Kind.ACCEPTED);
    }

    static void assertNotKnown(final Activity activity, final String what) {
        assertThat(activity.isKnown()).as("whether it knows " + what + ": " + activity).isFalse();
    }

    /** Fails unless a counter of {@code after} is at least that of {@code before}, or it can't tell. */
    static void assertNotLess(final Activity before, final Activity after) {
        if (before.isKnown() && after.isKnown()) {
            assertThat(after.packets()).as("packets").isGreaterThanOrEqualTo(before.packets());
            assertThat(after.bytes()).as("bytes").isGreaterThanOrEqualTo(before.bytes());
            assertThat(after.replyPackets()).as("reply packets").isGreaterThanOrEqualTo(before.replyPackets());
            assertThat(after.replyBytes()).as("reply bytes").isGreaterThanOrEqualTo(before.replyBytes());
        }
    }

    /** Fails unless it says something that may be true of what was added at a time, by {@link System#nanoTime}. */
    static void assertPlausible(final Activity activity, final long addedNs) {
        if (activity.equals(Activity.UNTOLD)) {
            return;
        }
        assertThat(activity.isKnown()).as("whether it knows what it holds: " + activity).isTrue();
        // Hardware may count in seconds.
        assertThat(activity.idleNs()).as("nanoseconds since its last packet")
            .isLessThanOrEqualTo(System.nanoTime() - addedNs + SECOND_NS);
    }

    @BeforeEach
    public final void begin() throws Exception {
        threadsBefore = Thread.getAllStackTraces().keySet();
        provider = create();
        bench = new Bench(provider, patience().toNanos());
    }

    @AfterEach
    public final void end() throws Exception {
        bench.end();
        destroy(provider);
        assertThat(bench.wrongReports()).as("reports of what it does not hold").isEmpty();
    }

    // ---- what it says of itself ----

    /** It is known by one name, of letters, digits, '_', '.' and '-'. */
    @Test
    public final void itsNameIsSaneAndStays() {
        final String name = provider.name();
        assertThat(name).matches("[A-Za-z0-9_.-]+");
        hold(0);
        assertThat(provider.name()).isEqualTo(name);
        assertThat(bench.call("name", provider::name)).as("its name for another thread").isEqualTo(name);
        assertThat(provider.priority()).isEqualTo(provider.priority());
    }

    /** What it can do is possible, and stays as long as nobody changes it; it has the mode that the suite expects. */
    @Test
    public final void itsCapabilitiesAreSaneAndStay() {
        final Capabilities can = provider.capabilities();
        assertThat(can).isNotNull();
        assertThat(can.mode()).isEqualTo(mode());
        assertThat(can.v4() || can.v6()).as("it takes IPv4 or IPv6").isTrue();
        assertThat(can.protocols()).allMatch(number -> number >= 0 && number <= 255);
        assertThat(can.zones()).allMatch(number -> number >= 0 && number <= 65_535);
        hold(0);
        assertThat(provider.capabilities()).isEqualTo(can);
    }

    /** It serves the ports of the test, always, and answers about any other. */
    @Test
    public final void whatItServesStays() {
        final Port unknown = new NamedPort("nobody-has-this-port");
        final boolean other = provider.serves(unknown);
        for (int i = 0; i < MANY; i++) {
            for (final Port port : ports()) {
                assertThat(provider.serves(port)).as("it serves " + port.name() + "; else override ports()").isTrue();
            }
            assertThat(provider.serves(unknown)).as("it serves another port as it did before").isEqualTo(other);
        }
        hold(0);
        assertThat(provider.serves(unknown)).isEqualTo(other);
    }

    /** A port that it reports as back is one that it serves. */
    @Test
    public final void aPortThatIsBackIsServed() {
        ports().forEach(provider::serves);
        hold(0);
        bench.deleteAll();
        for (final Port port : ports()) {
            assertThat(provider.serves(port) || !bench.back().contains(port.name()))
                .as("it serves " + port.name() + ", which it has reported as back").isTrue();
        }
    }

    // ---- asking ----

    /** Being asked whether it would take connections changes nothing, however often. */
    @Test
    public final void canOffloadHasNoEffect() {
        for (int i = 1; i <= BURST; i++) {
            bench.canOffload(connection(i));
        }
        bench.assertHoldings();
        assertNotKnown(bench.ask(Operation.Kind.UPDATE, connection(1).id()), "what it was asked about alone");
        hold(0);
        bench.canOffload(connection(0));
        bench.assertHoldings();
    }

    /** It answers a thousand times within a second. */
    @Test
    public final void canOffloadIsQuick() {
        final Connection connection = connection(0);
        bench.call("canOffload, a thousand times,", () -> {
            for (int i = 0; i < BURST; i++) {
                provider.canOffload(connection);
            }
            return null;
        });
    }

    /** A connection that it says it can take it takes. */
    @Test
    public final void itTakesWhatItCan() {
        assertThat(bench.canOffload(connection(0)).kind()).as("canOffload of a plain connection; override "
            + "connection() if it takes others").isEqualTo(Kind.ACCEPTED);
        hold(0);
        bench.assertHoldings();
    }

    /** What it can't take it refuses; nothing makes it throw or fail. */
    @Test
    public final void itRefusesAndNeverThrows() {
        final List<Connection> odd = odd();
        for (final Connection connection : odd) {
            bench.canOffload(connection);
            final Answer answer = bench.add(connection, in());
            assertThat(answer.kind()).as("the answer to ADD of " + connection.original() + ": " + answer)
                .isNotEqualTo(Kind.FAILED);
            bench.assertHoldings();
            if (answer.isHeld()) {
                bench.ask(Operation.Kind.DELETE, connection.id());
            }
        }
        final Answer answer = bench.add(connection(0), null);
        assertThat(answer.kind()).as("the answer to ADD without a port: " + answer).isNotEqualTo(Kind.FAILED);
        bench.deleteAll();
    }

    /** Every protocol, IP version, translation and zone. */
    private static List<Connection> odd() {
        final List<Connection> list = new ArrayList<>();
        for (final int protocol : new int[] {0, 1, 2, 6, 17, 33, 47, 58, 132, 136, 253, 255}) {
            for (final boolean v6 : new boolean[] {false, true}) {
                for (final boolean nat : new boolean[] {false, true}) {
                    final int number = list.size();
                    list.add(connection(FIRST_ID + number, tuple(number, protocol, v6), nat, number % 2));
                }
            }
        }
        final Tuple tuple = tuple(60_000, IpProtocol.TCP, false);
        final Tuple back = Tuple.of(IpAddress.parse("198.19.7.7"), IpAddress.parse("198.18.7.7"), IpProtocol.TCP, 1,
            65_535);
        list.add(connection(FIRST_ID + list.size(), tuple, back, 65_535));
        final Connection plain = connection(FIRST_ID + list.size(), tuple, false, 0);
        list.add(new Connection(plain.id(), 0, tuple, plain.reply(), -1, -1, -1, 0, "ESTABLISHED", Optional.empty(),
            Optional.of("ftp"), Optional.of(back), false, false, Optional.of("short"), 0, 0, new Count(0, 0),
            new Count(Long.MAX_VALUE, Long.MAX_VALUE)));
        return list;
    }

    // ---- a connection's life ----

    /** Added, established, asked, deleted, and not known any more; as often as one likes. */
    @Test
    public final void itHoldsAConnectionUntilThatIsDeleted() {
        for (int i = 0; i < MANY; i++) {
            final long before = System.nanoTime();
            final Connection connection = hold(i);
            bench.assertHoldings();
            assertPlausible(bench.ask(Operation.Kind.UPDATE, connection.id()), before);
            assertPlausible(bench.ask(Operation.Kind.DELETE, connection.id()), before);
            assertNotKnown(bench.ask(Operation.Kind.UPDATE, connection.id()), "what was deleted");
            bench.assertHoldings();
        }
    }

    /** An id that was never added, or is deleted twice, is no failure and touches nothing else. */
    @Test
    public final void deletingWhatItDoesNotHoldIsHarmless() {
        final Connection held = hold(0);
        final Connection gone = hold(1);
        bench.ask(Operation.Kind.DELETE, gone.id());
        assertNotKnown(bench.ask(Operation.Kind.DELETE, gone.id()), "what was deleted before");
        assertNotKnown(bench.ask(Operation.Kind.DELETE, 4711), "what was never added");
        bench.assertHoldings();
        assertPlausible(bench.ask(Operation.Kind.UPDATE, held.id()), 0);
        bench.deleteAll();
    }

    /** It says nothing of what it does not hold. */
    @Test
    public final void whatItDoesNotHoldIsUnknown() {
        hold(0);
        for (int i = 1; i < MANY; i++) {
            assertNotKnown(bench.ask(Operation.Kind.UPDATE, connection(i).id()), "what was never added");
        }
        bench.deleteAll();
        assertNotKnown(bench.ask(Operation.Kind.UPDATE, connection(0).id()), "what was deleted");
    }

    /** All 64 bits of an id count. */
    @Test
    public final void idsHave64Bits() {
        final Connection plain = connection(0);
        final List<Long> ids = List.of(7L, 7L | 1L << 32, 7L | 1L << 63, ~7L);
        for (int i = 0; i < ids.size(); i++) {
            final Connection other = connection(i);
            final Answer answer =
                bench.add(connection(ids.get(i), other.original(), other.reply(), plain.zone()), in());
            assertAccepted(answer, "ADD of id " + ids.get(i));
        }
        bench.assertHoldings();
        bench.ask(Operation.Kind.DELETE, ids.get(0));
        bench.assertHoldings();
        for (final long id : ids.subList(1, ids.size())) {
            assertPlausible(bench.ask(Operation.Kind.UPDATE, id), 0);
        }
        bench.deleteAll();
    }

    /** The time without a packet is not longer than it is there, and grows while there is none. */
    @Test
    public final void idleTimesArePlausible() {
        final long before = System.nanoTime();
        final Connection connection = hold(0);
        long last = 0;
        for (int i = 0; i < MANY; i++) {
            final Activity activity = bench.ask(Operation.Kind.UPDATE, connection.id());
            assertPlausible(activity, before);
            if (activity.isKnown()) {
                assertThat(activity.idleNs()).as("idle time, nothing having passed").isGreaterThanOrEqualTo(last);
                last = activity.idleNs();
            }
        }
        bench.deleteAll();
    }

    /** Counters are totals: they never go back, not with the last word on a connection either. */
    @Test
    public final void countersNeverGoBack() {
        final Connection connection = hold(0);
        Activity last = Activity.UNTOLD;
        for (int i = 0; i < MANY; i++) {
            final Activity activity = bench.ask(Operation.Kind.UPDATE, connection.id());
            assertNotLess(last, activity);
            last = activity;
        }
        assertNotLess(last, bench.ask(Operation.Kind.DELETE, connection.id()));
    }

    // ---- room ----

    /** It takes no more than it says, answers FULL then, drops nobody, and has room again when one goes. */
    @Test
    public final void aFullProviderSaysSo() {
        final long capacity = provider.capabilities().capacity();
        assumeThat(capacity).as("its capacity; override mostEntries() to fill more")
            .isBetween(1L, (long) mostEntries());
        final List<Connection> held = new ArrayList<>();
        Answer answer = Answer.ACCEPTED;
        for (int i = 0; i <= capacity && answer.isHeld(); i++) {
            answer = bench.add(connection(i), in());
            if (answer.isHeld()) {
                held.add(connection(i));
            }
        }
        assertThat(answer.kind()).as("the answer to ADD beyond " + held.size() + " connections: " + answer)
            .isEqualTo(Kind.FULL);
        assertThat(held).isNotEmpty();
        bench.assertHoldings();
        held.forEach(connection -> assertPlausible(bench.ask(Operation.Kind.UPDATE, connection.id()), 0));
        bench.ask(Operation.Kind.DELETE, held.get(0).id());
        assertAccepted(bench.add(held.get(0), in()), "ADD when there is room again");
        bench.deleteAll();
    }

    // ---- batches ----

    /** Every operation of a batch is answered, in order: a whole life in one batch. */
    @Test
    public final void everyOperationOfABatchIsAnsweredInOrder() {
        final Connection one = connection(0);
        final Connection other = connection(1);
        final OffloadBatch batch = new OffloadBatch();
        batch.add(one, in());
        batch.established(one, out());
        batch.add(other, in());
        batch.append(Operation.Kind.UPDATE, one.id());
        batch.append(Operation.Kind.DELETE, one.id());
        batch.append(Operation.Kind.UPDATE, one.id());
        bench.submit(batch);
        final List<Operation> done = batch.operations();
        done.forEach(operation -> assertAccepted(operation.answer(), operation.kind().toString()));
        assertPlausible(done.get(3).activity(), 0);
        assertNotKnown(done.get(5).activity(), "what was deleted before in the batch");
        bench.assertHoldings();
        bench.submit(new OffloadBatch());
        bench.deleteAll();
    }

    /** An operation that is refused or fails does not stop those behind it. */
    @Test
    public final void oneOperationDoesNotStopTheBatch() {
        final OffloadBatch batch = new OffloadBatch();
        batch.append(Operation.Kind.DELETE, 4711);
        batch.append(Operation.Kind.UPDATE, 4712);
        batch.add(connection(0), in());
        batch.established(connection(5), out());
        batch.add(connection(1), in());
        bench.submit(batch);
        assertAccepted(batch.operations().get(2).answer(), "ADD behind what it does not hold");
        assertAccepted(batch.operations().get(4).answer(), "ADD behind what it refused");
        assertNotKnown(batch.operations().get(1).activity(), "what was never added");
        bench.assertHoldings();
        bench.deleteAll();
    }

    // ---- all of it ----

    /** After a flush it holds nothing, and takes connections as before. */
    @Test
    public final void flushForgetsEverything() {
        for (int i = 0; i < some(); i++) {
            hold(i);
        }
        bench.flush();
        bench.assertHoldings();
        for (int i = 0; i < some(); i++) {
            assertNotKnown(bench.ask(Operation.Kind.UPDATE, connection(i).id()), "what was flushed");
        }
        hold(0);
        bench.flush();
        bench.flush();
    }

    /** If it says what it holds, it says so always, and truly. */
    @Test
    public final void holdingsAreTrue() {
        final boolean tells = bench.holdings().isPresent();
        bench.assertHoldings();
        for (int i = 0; i < some(); i++) {
            hold(i);
            bench.assertHoldings();
        }
        for (int i = 0; i < some(); i += 2) {
            bench.ask(Operation.Kind.DELETE, connection(i).id());
            bench.assertHoldings();
        }
        assertThat(bench.holdings().isPresent()).as("whether it tells").isEqualTo(tells);
        bench.deleteAll();
    }

    /** It reports lost and closing of what it holds alone, and says itself nothing of what it was asked to delete. */
    @Test
    public final void reportsAreAboutWhatItHolds() {
        for (int i = 0; i < some(); i++) {
            hold(i);
        }
        bench.deleteAll();
        assertThat(bench.wrongReports()).isEmpty();
    }

    /** The threads that it started end when it is taken down, and a new one may come after it. */
    @Test
    public final void itsThreadsEnd() throws Exception {
        hold(0);
        bench.deleteAll();
        bench.end();
        destroy(provider);
        final Set<Thread> left = new HashSet<>(Thread.getAllStackTraces().keySet());
        left.removeAll(threadsBefore);
        left.removeIf(thread -> thread == Thread.currentThread() || thread.getThreadGroup() == null
            || thread.getName().equals("offload-suite-manager") || thread.getThreadGroup().getName().equals("system")
            || thread.getName().startsWith("ForkJoinPool.commonPool"));
        final long deadline = System.nanoTime() + patience().toNanos();
        for (final Thread thread : left) {
            thread.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime())));
            assertThat(thread.isAlive()).as("thread '" + thread.getName() + "' is still there").isFalse();
        }
        begin();
        hold(0);
        bench.deleteAll();
    }
}
