// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.Counter;
import org.trackway.conntrack.CtAction;
import org.trackway.conntrack.Expectation;
import org.trackway.conntrack.FragmentStatus;
import org.trackway.conntrack.TableStatistics;
import org.trackway.conntrack.Tuple;
import org.trackway.conntrack.ZoneStatus;
import org.trackway.conntrack.spi.Bypass;
import org.trackway.conntrack.spi.ConnectionHelper;
import org.trackway.conntrack.spi.ConnectionObserver;
import org.trackway.conntrack.spi.ConnectionSlot;
import org.trackway.packet.PacketBatch;

/**
 * A tracker: the parts that make one, and everything that is not per-packet work. Knows nothing of OSGi.
 *
 * <p>Any thread calls any method. The packet path is in {@link Execution}, of which every thread has its own; settings are
 * replaced as a whole by a volatile write.
 */
final class Tracker implements Conntrack {

    private static final Logger LOG = LoggerFactory.getLogger(Tracker.class);
    /** How many connections a flush looks ahead. */
    private static final int LOOK_AHEAD = 32;

    final ConnectionTable table;
    final Counters counters = new Counters();
    final Observers observers = new Observers(counters);
    final ZoneLimits zones = new ZoneLimits();
    final Timeouts timeouts = new Timeouts();
    final NatSelector selector;
    final Fragments fragments = new Fragments();
    final Expectations expectations;
    final Helpers helpers;

    private final String name;
    private final LongSupplier clock;
    private final PerThread<Execution> executions = new PerThread<>(() -> new Execution(this));
    private final AtomicBoolean failed = new AtomicBoolean();
    private volatile ConntrackSettings settings;
    /** Guarded by this; the last one that was given out, if any. */
    private TrackerBypass bypass;

    Tracker(final String name, final ConntrackSettings settings, final LongSupplier clock) {
        this.name = name;
        this.clock = clock;
        final SecureRandom random = new SecureRandom();
        table = new ConnectionTable(random.nextLong(), clock, timeouts::name);
        selector = new NatSelector(random.nextLong());
        expectations = new Expectations(() -> this.settings.maxExpectations(), counters);
        helpers = new Helpers(expectations, counters, this::slot);
        settings(settings);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long now() {
        return clock.getAsLong();
    }

    @Override
    public void execute(final PacketBatch batch, final CtAction action, final long nowNs) {
        executions.get().run(batch, action, nowNs);
    }

    @Override
    public ConntrackSettings settings() {
        return settings;
    }

    @Override
    public synchronized void settings(final ConntrackSettings changed) {
        timeouts.apply(changed);
        zones.apply(changed);
        settings = changed;
    }

    /** Notes that the packet path failed on a packet; only the first failure is logged. */
    void failed(final Throwable failure) {
        counters.increment(Counter.FAILURES);
        if (!failed.getAndSet(true)) {
            LOG.error("Tracker {} failed on a packet, which is refused; further failures are counted as {}.", name,
                Counter.FAILURES.label(), failure);
        }
    }

    // ---- removing ----

    /** Removes the live connection that the cursor holds, and tells who wants to know. */
    void destroy(final Cursor cursor, final ConnectionObserver.Reason reason, final Key scratch) {
        if (cursor.has(Cursor.HELPED)) {
            expectations.removeParent(cursor.id());
        }
        observers.destroyed(cursor, reason);
        zones.release(cursor.zone(), (int) (cursor.get(Slab.HEAD) >>> Slab.ADMISSION_SHIFT & Slab.ADMISSION_MASK));
        table.remove(cursor, scratch);
        counters.increment(Counter.DESTROYED);
    }

    @Override
    public int sweep() {
        final long nowNs = now();
        final Cursor cursor = new Cursor(table);
        final Key scratch = new Key();
        int removed = 0;
        for (int kind = 0; kind < table.kinds(); kind++) {
            final int end = table.end(kind);
            for (int index = 1; index < end; index++) {
                if ((table.head(kind, index) & Slab.LIVE) != 0 && nowNs >= table.peek(kind, index, Slab.EXPIRES)
                        && table.lockAt(kind, index, cursor)) {
                    if (cursor.isExpired(nowNs)) {
                        destroy(cursor, ConnectionObserver.Reason.EXPIRED, scratch);
                        removed++;
                    } else {
                        cursor.unlock();
                    }
                }
            }
        }
        table.tidy();
        fragments.purge(nowNs);
        expectations.expire(nowNs);
        return removed;
    }

    @Override
    public long flush(final ConnectionFilter filter) {
        final long nowNs = now();
        final Cursor cursor = new Cursor(table);
        final Key scratch = new Key();
        final long[] hashes = new long[LOOK_AHEAD];
        long removed = 0;
        for (int kind = 0; kind < table.kinds(); kind++) {
            final int end = table.end(kind);
            for (int index = 1; index < end; index++) {
                if (filter.isZoneOnly() && index % LOOK_AHEAD == 1) {
                    table.touchSlots(kind, index, LOOK_AHEAD, hashes, cursor, scratch);
                }
                if (isCandidate(kind, index, filter) && table.lockAt(kind, index, cursor)
                        && isTaken(filter, cursor, nowNs)) {
                    destroy(cursor, ConnectionObserver.Reason.FLUSHED, scratch);
                    removed++;
                }
            }
        }
        table.tidy();
        return removed;
    }

    private boolean isCandidate(final int kind, final int index, final ConnectionFilter filter) {
        return (table.head(kind, index) & Slab.LIVE) != 0
            && (filter.zone().isEmpty() || zoneHint(kind, index) == filter.zone().getAsInt());
    }

    private int zoneHint(final int kind, final int index) {
        return (int) table.peek(kind, index, Slab.PORTS) >>> 16;
    }

    /**
     * Whether the filter takes the connection that the cursor holds; if not, the cursor holds it no more. Whole zones
     * are flushed with what has expired in them; conditions are asked about live connections only, and without the lock,
     * since they are the caller's and may ask the tracker or throw.
     */
    private boolean isTaken(final ConnectionFilter filter, final Cursor cursor, final long nowNs) {
        if (filter.isZoneOnly()) {
            if (filter.zone().isEmpty() || filter.zone().getAsInt() == cursor.zone()) {
                return true;
            }
            cursor.unlock();
            return false;
        }
        final boolean alive = !cursor.isExpired(nowNs);
        final Connection connection = release(cursor, nowNs);
        return alive && filter.matches(connection) && table.find(connection.id(), nowNs, cursor);
    }

    @Override
    public boolean flush(final int zone, final Tuple tuple) {
        final Cursor cursor = new Cursor(table);
        final Key key = Key.of(tuple, zone);
        if (!table.find(key, table.hash(key), 0, now(), cursor)) {
            return false;
        }
        destroy(cursor, ConnectionObserver.Reason.FLUSHED, key);
        return true;
    }

    // ---- looking ----

    @Override
    public int count() {
        return table.count();
    }

    @Override
    public Optional<Connection> connection(final long id) {
        final Cursor cursor = new Cursor(table);
        final long nowNs = now();
        return table.find(id, nowNs, cursor) ? Optional.of(release(cursor, nowNs)) : Optional.empty();
    }

    @Override
    public Optional<Connection> find(final int zone, final Tuple tuple) {
        final Cursor cursor = new Cursor(table);
        final Key key = Key.of(tuple, zone);
        final long nowNs = now();
        return table.find(key, table.hash(key), 0, nowNs, cursor)
            ? Optional.of(release(cursor, nowNs)) : Optional.empty();
    }

    private static Connection release(final Cursor cursor, final long nowNs) {
        try {
            return cursor.snapshot(nowNs);
        } finally {
            cursor.unlock();
        }
    }

    @Override
    public void forEach(final ConnectionFilter filter, final Consumer<Connection> visitor) {
        final long nowNs = now();
        final Cursor cursor = new Cursor(table);
        for (final long place : places(filter)) {
            final int kind = (int) place & table.kinds() - 1;
            final int index = (int) place >>> ConnectionTable.KIND_BITS;
            if (table.lockAt(kind, index, cursor)) {
                final boolean alive = !cursor.isExpired(nowNs);
                final Connection connection = release(cursor, nowNs);
                if (alive && filter.matches(connection)) {
                    visitor.accept(connection);
                }
            }
        }
    }

    /** Where live connections are, zone in the high half and place in the low half, sorted. */
    private long[] places(final ConnectionFilter filter) {
        long[] places = new long[Math.max(16, count())];
        int size = 0;
        for (int kind = 0; kind < table.kinds(); kind++) {
            final int end = table.end(kind);
            for (int index = 1; index < end; index++) {
                if (isCandidate(kind, index, filter)) {
                    if (size == places.length) {
                        places = Arrays.copyOf(places, size * 2);
                    }
                    places[size++] = (long) zoneHint(kind, index) << 32 | index << ConnectionTable.KIND_BITS | kind;
                }
            }
        }
        places = Arrays.copyOf(places, size);
        Arrays.sort(places);
        return places;
    }

    @Override
    public Map<Counter, Long> counters() {
        final Map<Counter, Long> all = counters.all();
        all.merge(Counter.L3CSUM_CHECKED, fragments.headersChecked(), Long::sum);
        all.merge(Counter.L3CSUM_ERR, fragments.headersWrong(), Long::sum);
        return all;
    }

    @Override
    public TableStatistics table() {
        return table.statistics();
    }

    @Override
    public List<ZoneStatus> zones(final OptionalInt zone) {
        return zones.status(zone);
    }

    @Override
    public List<Expectation> expectations(final OptionalInt zone) {
        return expectations.list(zone, now());
    }

    @Override
    public FragmentStatus fragments() {
        return fragments.status();
    }

    // ---- guests ----

    @Override
    public Set<String> helpers() {
        return helpers.names();
    }

    void addHelper(final ConnectionHelper helper) {
        helpers.add(helper);
    }

    void removeHelper(final ConnectionHelper helper) {
        helpers.remove(helper);
    }

    @Override
    public Registration observe(final ConnectionObserver observer) {
        return observers.add(observer);
    }

    @Override
    public synchronized Bypass bypass() {
        if (bypass != null && !bypass.isClosed()) {
            throw new IllegalStateException("tracker '" + name + "' has a bypass already");
        }
        bypass = new TrackerBypass(this);
        return bypass;
    }

    @Override
    public <T> ConnectionSlot<T> slot(final String slotName, final Class<T> type) {
        return table.addStorage(slotName, type);
    }
}
