// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.dummy;

import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.Tuple;
import org.trackway.offload.Path;
import org.trackway.offload.spi.Activity;
import org.trackway.offload.spi.Answer;
import org.trackway.offload.spi.Capabilities;
import org.trackway.offload.spi.OffloadProvider;
import org.trackway.offload.spi.ProviderContext;
import org.trackway.packet.FastPath;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Port;

/**
 * A simulated network card: keeps bounded books of connections and paths, forwards packets of the paths, and does wrong
 * what its settings say.
 *
 * <p>The books are guarded by this object. The manager's thread calls the operations, packet threads
 * {@link #forward(Port, PacketBatch, Egress)}, which reads none of the books but the {@link Forwarder}'s, and any
 * thread {@link #settings}. Nothing is waited for under the lock but packets that are passing.
 */
final class DummyProvider implements OffloadProvider, FastPath, Forwarder.Reports {

    private static final int PER_MILLE = 1000;

    /** A connection on the card. */
    private static final class Held {
        private final long addedNs;
        /** Those that its packets take. */
        private final Set<PathEntry> paths = new HashSet<>();
        private boolean established;

        Held(final long addedNs) {
            this.addedNs = addedNs;
        }
    }

    private final LongSupplier clock;
    private final Forwarder forwarder;
    /** Names of ports that it said it serves. */
    private final Set<String> served = ConcurrentHashMap.newKeySet();
    /** Ports that it was asked about and does not serve. */
    private final Set<String> others = ConcurrentHashMap.newKeySet();
    /** Chooses what fails and is evicted. Guarded, as are all that follow. */
    private final RandomGenerator random;
    /** In the order they were added. */
    private final Map<Long, Held> connections = new LinkedHashMap<>();
    private final Map<Long, PathEntry> paths = new LinkedHashMap<>();
    /** Says what became of pending operations; null before the first one. */
    private ScheduledThreadPoolExecutor timer;
    private long answers;
    /** Written under the lock, read without. */
    private volatile DummySettings settings;
    /** Null before and after its life as a service. */
    private volatile ProviderContext context;

    /**
     * Makes an empty card.
     *
     * @param clock  nanoseconds that never go back
     * @param random chooses what fails and is evicted
     */
    DummyProvider(final DummySettings settings, final LongSupplier clock, final RandomGenerator random) {
        this.settings = settings;
        this.clock = clock;
        this.random = random;
        forwarder = new Forwarder(clock, this);
    }

    DummySettings settings() {
        return settings;
    }

    /** Changes settings; name and mode stay. What the card can't hold or serve any more is lost, and reported. */
    synchronized void settings(final DummySettings changed) {
        final boolean wasLost = settings.lost();
        settings = changed;
        notifyAll();
        if (changed.lost() && !wasLost) {
            clear();
            report(to -> to.deviceLost("it is switched off"));
        } else if (!changed.lost() && wasLost) {
            report(ProviderContext::deviceBack);
        }
        for (final String port : served) {
            if (!changed.serves(port)) {
                served.remove(port);
                others.add(port);
                removePaths(paths.values().stream().filter(entry -> entry.uses(port)).toList());
                report(to -> to.portLost(port, "it is not one of the card's any more"));
            }
        }
        for (final String port : others) {
            if (changed.serves(port)) {
                others.remove(port);
                report(to -> to.portBack(port));
            }
        }
        while (paths.size() > changed.capabilities().capacity()) {
            evictPath();
        }
        while (connections.size() > changed.capabilities().capacity()) {
            evictConnection();
        }
    }

    /** Pulls the card: it holds nothing, reports nothing and its thread ends. */
    synchronized void close() {
        context = null;
        clear();
        if (timer != null) {
            timer.shutdownNow();
        }
    }

    // ---- what the manager asks ----

    @Override
    public String name() {
        return settings.name();
    }

    @Override
    public int priority() {
        return settings.priority();
    }

    @Override
    public Capabilities capabilities() {
        return settings.capabilities();
    }

    @Override
    public boolean serves(final Port port) {
        final boolean mine = settings.serves(port.name());
        (mine ? served : others).add(port.name());
        return mine;
    }

    @Override
    public void attach(final ProviderContext to) {
        context = to;
    }

    @Override
    public Answer canOffload(final Connection connection) {
        begin(Call.CAN_OFFLOAD);
        return judge(connection);
    }

    private synchronized Answer judge(final Connection connection) {
        final Tuple original = connection.original();
        if (!original.equals(connection.reply().reverse()) && settings.capabilities().nat().isEmpty()) {
            return Answer.no("it does not translate");
        }
        return settings.lost() ? Answer.failed("the card is lost") : judge(original, connections);
    }

    private Answer judge(final Tuple tuple, final Map<Long, ?> table) {
        final Capabilities can = settings.capabilities();
        if (!can.protocols().isEmpty() && !can.protocols().contains(tuple.protocol())
                || settings.forwards() && !PathRewrite.knows(tuple.protocol())) {
            return Answer.no("it does not know protocol " + tuple.protocol());
        }
        if (tuple.source().v6() && !can.v6()) {
            return Answer.no("it does not know IPv6");
        }
        return table.size() < can.capacity() ? Answer.ACCEPTED : Answer.FULL;
    }

    @Override
    public Answer add(final Connection connection, final Optional<Port> ingress) {
        if (!begin(Call.ADD)) {
            return Answer.failed("told to fail");
        }
        final long id = connection.id();
        synchronized (this) {
            if (connections.containsKey(id)) {
                return Answer.failed("it holds connection " + id + " already");
            }
            final Answer answer = judge(connection);
            if (!answer.isHeld() || settings.forget()) {
                return answer;
            }
            final Held held = new Held(clock.getAsLong());
            connections.put(id, held);
            return accept(() -> holds(id, held), to -> to.answer(id, Answer.ACCEPTED));
        }
    }

    @Override
    public Answer established(final Connection connection, final Optional<Port> replyIngress) {
        if (!begin(Call.ESTABLISHED)) {
            return Answer.failed("told to fail");
        }
        final long id = connection.id();
        synchronized (this) {
            final Held held = connections.get(id);
            if (held == null) {
                return settings.forget() ? Answer.ACCEPTED : Answer.failed("it does not hold connection " + id);
            }
            held.established = true;
            return accept(() -> holds(id, held), to -> to.answer(id, Answer.ACCEPTED));
        }
    }

    private synchronized boolean holds(final long id, final Held held) {
        return connections.get(id) == held;
    }

    @Override
    public Activity update(final long connectionId) {
        if (!begin(Call.UPDATE)) {
            return Activity.UNKNOWN;
        }
        synchronized (this) {
            final Held held = connections.get(connectionId);
            return held == null ? unheld() : seen(held);
        }
    }

    /** What it has seen of a connection: nothing if it tracks, and what its paths say if it forwards. */
    private Activity seen(final Held held) {
        return settings.forwards() ? Activity.UNTOLD : new Activity(clock.getAsLong() - held.addedNs, 0, 0, 0, 0);
    }

    private Activity seen(final PathEntry entry) {
        return new Activity(Math.max(0, clock.getAsLong() - entry.lastSeenNs()), entry.packets(), entry.bytes(), 0, 0);
    }

    private Activity unheld() {
        answers++;
        return settings.lie() ? new Activity(0, answers, 100 * answers, 0, 0) : Activity.UNKNOWN;
    }

    @Override
    public Activity delete(final long connectionId) {
        if (!begin(Call.DELETE)) {
            throw new IllegalStateException("told to fail");
        }
        synchronized (this) {
            final Held held = connections.get(connectionId);
            if (held == null) {
                return Activity.UNKNOWN;
            }
            remove(connectionId, held);
            return seen(held);
        }
    }

    @Override
    public Answer forward(final long pathId, final Path path) {
        if (!begin(Call.FORWARD)) {
            return Answer.failed("told to fail");
        }
        synchronized (this) {
            final Answer answer = judge(path);
            if (!answer.isHeld() || settings.forget()) {
                return answer;
            }
            final PathEntry entry = new PathEntry(pathId, path, clock.getAsLong());
            if (paths.containsKey(pathId)) {
                return Answer.failed("it holds path " + pathId + " already");
            }
            if (!forwarder.add(entry)) {
                return Answer.no("it holds a path for the same packets");
            }
            paths.put(pathId, entry);
            path.hops().forEach(hop -> connections.get(hop.connection()).paths.add(entry));
            return accept(() -> holds(entry), to -> to.pathAnswer(pathId, Answer.ACCEPTED));
        }
    }

    private Answer judge(final Path path) {
        if (!settings.forwards()) {
            return Answer.no("it forwards nothing");
        }
        for (final Path.Hop hop : path.hops()) {
            final Held held = connections.get(hop.connection());
            if (held == null && !settings.forget()) {
                return Answer.failed("it does not hold connection " + hop.connection());
            }
            if (held != null && !held.established && !settings.capabilities().oneWay()) {
                return Answer.later("it has not seen both directions of connection " + hop.connection());
            }
        }
        for (final String port : List.of(path.ingress(), path.egress())) {
            if (!settings.serves(port)) {
                return Answer.no("it does not serve port " + port);
            }
        }
        if (path.translates() && settings.capabilities().nat().isEmpty()
                || path.arrives().icmpType() != path.leaves().icmpType()) {
            return Answer.no("it does not translate that");
        }
        return judge(path.arrives(), paths);
    }

    private synchronized boolean holds(final PathEntry entry) {
        return paths.get(entry.id) == entry;
    }

    @Override
    public Activity activity(final long pathId) {
        if (!begin(Call.ACTIVITY)) {
            return Activity.UNKNOWN;
        }
        synchronized (this) {
            final PathEntry entry = paths.get(pathId);
            if (entry == null) {
                return unheld();
            }
            final Activity seen = seen(entry);
            return settings.backwards() && answers++ % 2 != 0 ? new Activity(seen.idleNs(), 0, 0, 0, 0) : seen;
        }
    }

    @Override
    public Activity withdraw(final long pathId) {
        if (!begin(Call.WITHDRAW)) {
            throw new IllegalStateException("told to fail");
        }
        synchronized (this) {
            final PathEntry entry = paths.get(pathId);
            if (entry == null) {
                return Activity.UNKNOWN;
            }
            removePaths(List.of(entry));
            return seen(entry);
        }
    }

    @Override
    public void flush() {
        if (!begin(Call.FLUSH)) {
            throw new IllegalStateException("told to fail");
        }
        clear();
    }

    @Override
    public Optional<Holdings> holdings() {
        if (!begin(Call.HOLDINGS)) {
            return Optional.empty();
        }
        synchronized (this) {
            return Optional.of(new Holdings(ids(connections), ids(paths)));
        }
    }

    private static long[] ids(final Map<Long, ?> book) {
        return book.keySet().stream().mapToLong(Long::longValue).toArray();
    }

    private synchronized void clear() {
        removePaths(List.copyOf(paths.values()));
        connections.clear();
    }

    /** Removes a connection with the paths that its packets take. */
    private void remove(final long id, final Held held) {
        removePaths(List.copyOf(held.paths));
        connections.remove(id);
    }

    private void removePaths(final Collection<PathEntry> entries) {
        if (entries.isEmpty()) {
            return;
        }
        for (final PathEntry entry : entries) {
            paths.remove(entry.id);
            entry.path.hops().forEach(hop -> connections.get(hop.connection()).paths.remove(entry));
        }
        forwarder.remove(entries);
    }

    // ---- what goes wrong ----

    /**
     * Takes the time that an operation takes, hangs, throws, and loses an entry, as it is told.
     *
     * @return whether the operation goes on; else it fails
     */
    private boolean begin(final Call call) {
        sleep(settings.latencyUs());
        synchronized (this) {
            while (settings.hanging().contains(call)) {
                try {
                    wait();
                } catch (final InterruptedException ignored) {
                    // A driver that waits for its device does not hear this either.
                }
            }
            if (settings.throwing().contains(call)) {
                throw new IllegalStateException("told to throw in " + call);
            }
            if (call == Call.CAN_OFFLOAD) {
                return true;
            }
            if (random.nextInt(PER_MILLE) < settings.evictionRate()) {
                if (!settings.forwards()) {
                    evictConnection();
                } else {
                    evictPath();
                }
            }
            return random.nextInt(PER_MILLE) >= settings.failureRate();
        }
    }

    private static void sleep(final int microseconds) {
        try {
            TimeUnit.MICROSECONDS.sleep(microseconds);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void evictPath() {
        final Iterator<PathEntry> oldest = paths.values().iterator();
        if (oldest.hasNext()) {
            final PathEntry entry = oldest.next();
            removePaths(List.of(entry));
            report(to -> to.pathLost(entry.id, "evicted"));
        }
    }

    private void evictConnection() {
        final Iterator<Map.Entry<Long, Held>> oldest = connections.entrySet().iterator();
        if (oldest.hasNext()) {
            final Map.Entry<Long, Held> entry = oldest.next();
            final long id = entry.getKey();
            remove(id, entry.getValue());
            report(to -> to.lost(id, "evicted"));
        }
    }

    // ---- what it says unasked ----

    private void report(final Consumer<ProviderContext> report) {
        final ProviderContext to = context;
        if (to != null) {
            report.accept(to);
        }
    }

    /** Accepts now, or says later that it did if it still holds it. */
    private Answer accept(final BooleanSupplier stillHeld, final Consumer<ProviderContext> report) {
        if (settings.pendingMs() == 0) {
            return Answer.ACCEPTED;
        }
        if (timer == null) {
            timer = new ScheduledThreadPoolExecutor(1, work -> {
                final Thread thread = new Thread(work, "trackway-provider-" + settings.name());
                thread.setDaemon(true);
                return thread;
            });
        }
        timer.schedule(() -> {
            if (stillHeld.getAsBoolean()) {
                report(report);
            }
        }, settings.pendingMs(), TimeUnit.MILLISECONDS);
        return Answer.PENDING;
    }

    @Override
    public void closing(final PathEntry entry) {
        report(to -> entry.path.hops().forEach(hop -> to.closing(hop.connection())));
    }

    @Override
    public void noEgress(final PathEntry entry) {
        report(to -> to.pathLost(entry.id, "there is no port " + entry.path.egress()));
    }

    // ---- what packets pass ----

    @Override
    public void forward(final Port in, final PacketBatch batch, final Egress egress) {
        forwarder.forward(in, batch, egress);
    }
}
