// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.ArrayList;
import java.util.HashSet;
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
import org.trackway.conntrack.CtState;
import org.trackway.conntrack.Expectation;
import org.trackway.conntrack.FragmentStatus;
import org.trackway.conntrack.TableStatistics;
import org.trackway.conntrack.Tuple;
import org.trackway.conntrack.ZoneStatus;
import org.trackway.conntrack.spi.Bypass;
import org.trackway.conntrack.spi.ConnectionObserver;
import org.trackway.conntrack.spi.ConnectionSlot;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;

/** A tracker that writes down what it is asked and answers as the test says. */
final class FakeConntrack implements Conntrack {

    /**
     * One call of {@link #execute}.
     *
     * @param action what was to be done
     * @param states the state bits with which each packet came
     */
    record Call(String action, List<Integer> states) {
    }

    final List<Call> calls = new ArrayList<>();
    final Set<String> helpers = new HashSet<>();
    ConntrackSettings settings = ConntrackSettings.DEFAULT;
    long now = 1;
    /** What happens to a batch; marks every packet as new unless the test says otherwise. */
    Answer answer = (batch, action) -> {
        for (int i = 0; i < batch.size(); i++) {
            mark(batch.get(i), action, CtState.NEW);
        }
    };

    /** Does what {@link Conntrack#execute} does. */
    interface Answer {
        void execute(PacketBatch batch, CtAction action);
    }

    static void mark(final Packet packet, final CtAction action, final int state) {
        packet.ctState(state | CtState.TRACKED);
        packet.ctZone(action.zone());
        packet.ctMark(action.mark());
        packet.ctLabel(action.labelHigh(), action.labelLow());
    }

    @Override
    public String name() {
        return "fake";
    }

    @Override
    public long now() {
        return now;
    }

    @Override
    public void execute(final PacketBatch batch, final CtAction action, final long nowNs) {
        final List<Integer> states = new ArrayList<>();
        for (int i = 0; i < batch.size(); i++) {
            states.add(batch.get(i).ctState());
        }
        calls.add(new Call(action.toString(), states));
        answer.execute(batch, action);
    }

    @Override
    public int count() {
        return 0;
    }

    @Override
    public Optional<Connection> connection(final long id) {
        return Optional.empty();
    }

    @Override
    public Optional<Connection> find(final int zone, final Tuple tuple) {
        return Optional.empty();
    }

    @Override
    public void forEach(final ConnectionFilter filter, final Consumer<Connection> visitor) {
        // there are none
    }

    @Override
    public long flush(final ConnectionFilter filter) {
        return 0;
    }

    @Override
    public boolean flush(final int zone, final Tuple tuple) {
        return false;
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
        return Map.of();
    }

    @Override
    public TableStatistics table() {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<ZoneStatus> zones(final OptionalInt zone) {
        return List.of();
    }

    @Override
    public List<Expectation> expectations(final OptionalInt zone) {
        return List.of();
    }

    @Override
    public FragmentStatus fragments() {
        throw new UnsupportedOperationException();
    }

    @Override
    public Set<String> helpers() {
        return helpers;
    }

    @Override
    public Registration observe(final ConnectionObserver observer) {
        throw new UnsupportedOperationException();
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
