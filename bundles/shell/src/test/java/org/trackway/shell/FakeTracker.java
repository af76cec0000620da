// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Consumer;
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
import org.trackway.conntrack.spi.ConnectionObserver;
import org.trackway.conntrack.spi.ConnectionSlot;
import org.trackway.packet.PacketBatch;

/** A tracker that holds what a test puts in, and stands at three seconds. */
final class FakeTracker implements Conntrack {

    final List<Connection> connections = new ArrayList<>();
    final List<Expectation> expectations = new ArrayList<>();
    volatile ConntrackSettings settings = ConntrackSettings.DEFAULT;

    @Override
    public String name() {
        return "live";
    }

    @Override
    public long now() {
        return 3_000_000_000L;
    }

    @Override
    public void execute(final PacketBatch batch, final CtAction action, final long nowNs) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int count() {
        return connections.size();
    }

    @Override
    public Optional<Connection> connection(final long id) {
        return connections.stream().filter(connection -> connection.id() == id).findFirst();
    }

    @Override
    public Optional<Connection> find(final int zone, final Tuple tuple) {
        return connections.stream().filter(connection -> connection.zone() == zone
            && (connection.original().equals(tuple) || connection.reply().equals(tuple))).findFirst();
    }

    @Override
    public void forEach(final ConnectionFilter filter, final Consumer<Connection> visitor) {
        connections.stream().filter(filter::matches).forEach(visitor);
    }

    @Override
    public long flush(final ConnectionFilter filter) {
        final int before = connections.size();
        connections.removeIf(filter::matches);
        return before - connections.size();
    }

    @Override
    public boolean flush(final int zone, final Tuple tuple) {
        return find(zone, tuple).map(connections::remove).orElse(false);
    }

    @Override
    public int sweep() {
        return 0;
    }

    @Override
    public ConntrackSettings settings() {
        return settings;
    }

    @Override
    public void settings(final ConntrackSettings changed) {
        settings = changed;
    }

    @Override
    public Map<Counter, Long> counters() {
        final Map<Counter, Long> counters = new EnumMap<>(Counter.class);
        counters.put(Counter.PACKETS, 42L);
        return counters;
    }

    @Override
    public TableStatistics table() {
        return new TableStatistics(connections.size(), 2048, 4096, 41, 3, 294_912);
    }

    @Override
    public List<ZoneStatus> zones(final OptionalInt zone) {
        if (zone.isPresent()) {
            final Long own = settings.zoneLimits().get(zone.getAsInt());
            return List.of(new ZoneStatus(zone.getAsInt(), own != null ? own : settings.defaultZoneLimit(),
                own != null, 0));
        }
        return settings.zoneLimits().entrySet().stream().sorted(Map.Entry.comparingByKey())
            .map(entry -> new ZoneStatus(entry.getKey(), entry.getValue(), true, 0)).toList();
    }

    @Override
    public List<Expectation> expectations(final OptionalInt zone) {
        return expectations.stream().filter(expectation -> zone.isEmpty() || zone.getAsInt() == expectation.zone())
            .toList();
    }

    @Override
    public FragmentStatus fragments() {
        final FragmentStatus.Counts counts = new FragmentStatus.Counts(1, 2, 3, 4, 5, 6);
        return new FragmentStatus(7, counts, counts, List.of());
    }

    @Override
    public Set<String> helpers() {
        return Set.of("ftp");
    }

    @Override
    public Registration observe(final ConnectionObserver observer) {
        return () -> { };
    }

    @Override
    public Bypass bypass() {
        throw new UnsupportedOperationException();
    }

    @Override
    public <T> ConnectionSlot<T> slot(final String name, final Class<T> type) {
        throw new UnsupportedOperationException();
    }
}
