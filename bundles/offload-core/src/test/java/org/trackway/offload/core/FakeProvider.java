// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.trackway.conntrack.Connection;
import org.trackway.offload.Path;
import org.trackway.offload.spi.Activity;
import org.trackway.offload.spi.Answer;
import org.trackway.offload.spi.Capabilities;
import org.trackway.offload.spi.OffloadBatch;
import org.trackway.offload.spi.OffloadProvider;
import org.trackway.offload.spi.ProviderContext;
import org.trackway.packet.Port;

/** A provider that notes what it is asked, and does what a test tells it. Its books fail on what is out of order. */
class FakeProvider implements OffloadProvider {

    final String name;
    Capabilities capabilities;
    int priority;
    ProviderContext context;
    /** What was asked, for example {@code add 1}; connections by their source ports. */
    final List<String> calls = new ArrayList<>();
    /** What is wrong with what was asked. */
    final List<String> faults = new ArrayList<>();
    /** Sizes of the batches. */
    final List<Integer> batches = new ArrayList<>();
    final Map<Long, Activity> held = new LinkedHashMap<>();
    final Map<Long, Path> paths = new LinkedHashMap<>();
    final Map<Long, Activity> pathActivity = new HashMap<>();
    /** Source ports of all connections that it ever saw. */
    final Map<Long, Integer> names = new HashMap<>();
    /** Run at the beginning of every operation. */
    Runnable before = () -> { };
    Function<Connection, Answer> canOffload = connection -> Answer.ACCEPTED;
    Function<Connection, Answer> add = connection -> Answer.ACCEPTED;
    Function<Connection, Answer> established = connection -> Answer.ACCEPTED;
    Function<Path, Answer> forward = path -> Answer.ACCEPTED;
    Function<Long, Activity> update = this::seen;
    Function<Long, Activity> activity = id -> pathActivity().getOrDefault(id, Activity.UNKNOWN);
    Function<Port, Boolean> serves = port -> true;
    boolean tellsHoldings = true;

    FakeProvider(final String name, final Capabilities capabilities) {
        this.name = name;
        this.capabilities = capabilities;
    }

    static FakeProvider tracks(final String name) {
        return new FakeProvider(name, Capabilities.TRACKS);
    }

    static FakeProvider forwards(final String name) {
        return new FakeProvider(name, Capabilities.FORWARDS);
    }

    private Map<Long, Activity> pathActivity() {
        return pathActivity;
    }

    private void note(final String call) {
        calls.add(call);
        before.run();
    }

    private Object named(final long id) {
        return names.containsKey(id) ? names.get(id) : "?";
    }

    /** Forgets and returns what was asked so far. */
    List<String> takeCalls() {
        final List<String> taken = List.copyOf(calls);
        calls.clear();
        return taken;
    }

    private Activity seen(final long id) {
        return held.getOrDefault(id, Activity.UNKNOWN);
    }

    /** Sets what hardware has seen of a connection. */
    void saw(final long id, final long idleNs, final long packets, final long replyPackets) {
        held.put(id, new Activity(idleNs, packets, packets * 100, replyPackets, replyPackets * 100));
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int priority() {
        return priority;
    }

    @Override
    public Capabilities capabilities() {
        return capabilities;
    }

    @Override
    public boolean serves(final Port port) {
        return serves.apply(port);
    }

    @Override
    public void attach(final ProviderContext given) {
        context = given;
    }

    @Override
    public Answer canOffload(final Connection connection) {
        return canOffload.apply(connection);
    }

    @Override
    public Answer add(final Connection connection, final Optional<Port> ingress) {
        names.put(connection.id(), connection.original().sourcePort());
        if (held.containsKey(connection.id())) {
            faults.add("added twice: " + connection);
        }
        note("add " + named(connection.id()) + ingress.map(port -> " from " + port.name()).orElse(""));
        final Answer answer = add.apply(connection);
        if (answer.isHeld()) {
            held.put(connection.id(), new Activity(0, 0, 0, 0, 0));
        }
        return answer;
    }

    @Override
    public Answer established(final Connection connection, final Optional<Port> replyIngress) {
        if (!held.containsKey(connection.id())) {
            faults.add("established without add: " + connection);
        }
        note("established " + named(connection.id()) + replyIngress.map(port -> " from " + port.name()).orElse(""));
        return established.apply(connection);
    }

    @Override
    public Activity update(final long connectionId) {
        note("update " + named(connectionId));
        return update.apply(connectionId);
    }

    @Override
    public Activity delete(final long connectionId) {
        if (paths.values().stream().anyMatch(path -> path.hops().stream().anyMatch(hop ->
            hop.connection() == connectionId))) {
            faults.add("deleted before its path: " + named(connectionId));
        }
        if (!held.containsKey(connectionId)) {
            faults.add("deleted what it does not hold: " + named(connectionId));
        }
        note("delete " + named(connectionId));
        final Activity last = update.apply(connectionId);
        held.remove(connectionId);
        return last;
    }

    @Override
    public Answer forward(final long pathId, final Path path) {
        for (final Path.Hop hop : path.hops()) {
            if (!held.containsKey(hop.connection())) {
                faults.add("path without its connection: " + path);
            }
        }
        note("forward " + path.arrives().sourcePort() + ">" + path.arrives().destinationPort());
        final Answer answer = forward.apply(path);
        if (answer.isHeld()) {
            paths.put(pathId, path);
            pathActivity.put(pathId, new Activity(0, 0, 0, 0, 0));
        }
        return answer;
    }

    @Override
    public Activity activity(final long pathId) {
        note("activity");
        return activity.apply(pathId);
    }

    @Override
    public Activity withdraw(final long pathId) {
        final Path path = paths.remove(pathId);
        if (path == null) {
            faults.add("withdrawn what it does not forward on: " + pathId);
            return Activity.UNKNOWN;
        }
        note("withdraw " + path.arrives().sourcePort() + ">" + path.arrives().destinationPort());
        final Activity last = activity.apply(pathId);
        pathActivity.remove(pathId);
        return last;
    }

    @Override
    public void flush() {
        note("flush");
        paths.clear();
        pathActivity.clear();
        held.clear();
    }

    @Override
    public Optional<Holdings> holdings() {
        return tellsHoldings ? Optional.of(new Holdings(held.keySet().stream().mapToLong(Long::longValue).toArray(),
            paths.keySet().stream().mapToLong(Long::longValue).toArray())) : Optional.empty();
    }

    @Override
    public void submit(final OffloadBatch batch) {
        batches.add(batch.operations().size());
        batch.perform(this);
    }
}
