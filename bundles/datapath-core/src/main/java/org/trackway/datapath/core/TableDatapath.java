// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.trackway.conntrack.Conntrack;
import org.trackway.datapath.DatapathPort;
import org.trackway.datapath.Flow;
import org.trackway.datapath.FlowException;
import org.trackway.datapath.PacketObserver;
import org.trackway.datapath.PrivateDatapath;
import org.trackway.datapath.SeenPacket;
import org.trackway.offload.Paths;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Port;
import org.trackway.packet.PortFactory;

/**
 * A datapath. What packets go by is one immutable {@link State} behind a volatile field; changes are made under the
 * lock and replace it as a whole. Pipelines belong to the threads that carry packets.
 */
class TableDatapath implements PrivateDatapath {

    private static final Logger LOG = LoggerFactory.getLogger(TableDatapath.class);

    final Totals totals = new Totals();
    final MacTable macs = new MacTable();
    final OfferedPaths offers = new OfferedPaths(this);

    private final String name;
    private final Conntrack conntrack;
    private final PortFactories factories;
    private final Shortcuts shortcuts;
    private final Object lock = new Object();
    private final AtomicLong numbers = new AtomicLong();
    /** Guarded by the lock. */
    private final AwaitedPorts awaited = new AwaitedPorts();
    /** A pipeline that nobody is using, for callers of {@link #process}. */
    private final AtomicReference<Pipeline> spare = new AtomicReference<>();
    /** Fragments that the tracker holds back, with what was known when they came in; gone with the packet. */
    private final Map<Packet, SeenPacket> held = Collections.synchronizedMap(new WeakHashMap<>());
    private volatile State state = State.EMPTY;
    private boolean running;

    TableDatapath(final String name, final Conntrack conntrack, final PortFactories factories,
            final Shortcuts shortcuts) {
        this.name = name;
        this.conntrack = conntrack;
        this.factories = factories;
        this.shortcuts = shortcuts;
        factories.add(this);
        shortcuts.add(this);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Conntrack conntrack() {
        return conntrack;
    }

    State state() {
        return state;
    }

    // ---- ports ----

    @Override
    public Set<String> portKinds() {
        return factories.kinds();
    }

    @Override
    public DatapathPort openPort(final String kind, final String portName, final Map<String, String> options,
            final OptionalInt number) throws IOException {
        synchronized (lock) {
            checkName(portName);
            checkNumber(number);
        }
        final PortFactory factory = factories.get(kind);
        final Port port = factory.open(portName, options);
        final DatapathPort added;
        try {
            added = add(port, number, factory);
        } catch (final IllegalArgumentException taken) {
            port.close();
            throw taken;
        }
        if (!factories.isThere(factory)) {
            // It went meanwhile, perhaps before the port could be found among those to remove.
            removeAll(factory);
        }
        return added;
    }

    @Override
    public DatapathPort addPort(final Port port, final OptionalInt number) {
        return add(port, number, null);
    }

    private DatapathPort add(final Port port, final OptionalInt number, final PortFactory factory) {
        final PortEntry entry;
        synchronized (lock) {
            checkName(port.name());
            checkNumber(number);
            entry = new PortEntry(
                number.orElseGet(() -> state.ports().lowestFree(this::isNumberKept)), port, factory);
            state = state.with(state.ports().plus(entry));
            resolve(port.name());
            if (running) {
                startLoops(entry);
            }
        }
        offers.changed();
        return entry.snapshot();
    }

    /** {@return whether a number is kept for a port that is to come} */
    boolean isNumberKept(final int number) {
        return false;
    }

    private void checkName(final String portName) {
        if (!PortNames.isName(portName)) {
            throw new IllegalArgumentException("'" + portName + "' can't be the name of a port: give letters, digits,"
                + " '_', '.' and '-', not a number and not a word of the flow language");
        }
        if (state.ports().names.numbers().containsKey(portName)) {
            throw new IllegalArgumentException("there is a port '" + portName + "' already");
        }
    }

    private void checkNumber(final OptionalInt number) {
        if (number.isPresent()) {
            final int wanted = number.getAsInt();
            if ((wanted < 1 || wanted > MAX_PORT) && wanted != LOCAL_PORT) {
                throw new IllegalArgumentException("port number " + wanted + " is not in 1 to " + MAX_PORT);
            }
            if (state.ports().get(wanted) != null) {
                throw new IllegalArgumentException("there is a port number " + wanted + " already");
            }
        }
    }

    @Override
    public boolean removePort(final String nameOrNumber) {
        for (final PortEntry entry : state.ports().all) {
            if (entry.port.name().equals(nameOrNumber) || Integer.toString(entry.number).equals(nameOrNumber)
                    || Values.port(entry.number).equals(nameOrNumber)) {
                return remove(entry);
            }
        }
        return false;
    }

    private boolean remove(final PortEntry entry) {
        final List<PortLoop> loops;
        synchronized (lock) {
            if (!state.ports().all.contains(entry)) {
                return false;
            }
            state = state.with(state.ports().minus(entry));
            loops = entry.loops;
            entry.loops = List.of();
        }
        offers.changed();
        loops.forEach(PortLoop::stop);
        entry.close();
        macs.forget(entry.number);
        return true;
    }

    /** Removes the ports that a factory opened. */
    void removeAll(final PortFactory factory) {
        for (final PortEntry entry : state.ports().all) {
            if (entry.factory == factory && remove(entry)) {
                LOG.info("Port {} went with ports of kind {}", entry.port.name(), entry.port.kind());
            }
        }
    }

    @Override
    public List<DatapathPort> ports() {
        return state.ports().all.stream().map(PortEntry::snapshot).toList();
    }

    // ---- flows ----

    @Override
    public void addFlow(final String text, final Missing missing) {
        addFlow(text, missing, false);
    }

    void addFlow(final String text, final Missing missing, final boolean saved) {
        synchronized (lock) {
            final Rule rule = parse(text, missing).saved(saved);
            state = state.with(state.tables().plus(List.of(rule)));
        }
        offers.changed();
    }

    @Override
    public int addFlows(final List<String> lines, final Missing missing) {
        return addFlows(lines, missing, false);
    }

    int addFlows(final List<String> lines, final Missing missing, final boolean saved) {
        final List<Rule> rules;
        synchronized (lock) {
            rules = parse(lines, missing, saved);
            state = state.with(state.tables().plus(rules));
        }
        offers.changed();
        return rules.size();
    }

    /** Puts the flows of these lines in the place of all saved ones, all or none. {@return how many there are now} */
    int replaceSavedFlows(final List<String> lines) {
        final List<Rule> rules;
        synchronized (lock) {
            rules = parse(lines, Missing.WAIT, true);
            state = state.with(state.tables().minus(rule -> rule.saved).plus(rules));
        }
        offers.changed();
        return rules.size();
    }

    /** {@return the flows that survive a restart, as they can be added again} */
    List<String> savedFlows() {
        return state.tables().rules().stream().filter(rule -> rule.saved)
            .map(rule -> rule.snapshot(conntrack).text()).toList();
    }

    private List<Rule> parse(final List<String> lines, final Missing missing, final boolean saved) {
        final List<Rule> rules = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            final String line = lines.get(i);
            final int comment = line.indexOf('#');
            final String text = comment < 0 ? line : line.substring(0, comment);
            if (!text.isBlank()) {
                rules.add(parse(text, missing, i + 1).saved(saved));
            }
        }
        return rules;
    }

    private Rule parse(final String text, final Missing missing, final int line) {
        try {
            return parse(text, missing);
        } catch (final FlowException problem) {
            throw problem.inLine(line);
        }
    }

    private Rule parse(final String text, final Missing missing) {
        final Named named = new Named(conntrack, missing);
        return missing == Missing.WAIT
            ? FlowParser.flow(text, state.ports().names, awaited, named, conntrack.now())
            : new FlowParser(state.ports().names, named).flow(text, conntrack.now());
    }

    /** Gives the flows that wait for a port its number. Their counters start anew, as those of any changed flow. */
    private void resolve(final String port) {
        final List<Rule> waiting = state.tables().rules().stream().filter(rule -> rule.waitsForPort(port)).toList();
        if (!waiting.isEmpty()) {
            final Named named = new Named(conntrack, Missing.WAIT);
            final List<Rule> resolved = waiting.stream().map(rule -> FlowParser.flow(rule.snapshot(conntrack).text(),
                state.ports().names, awaited, named, rule.addedNs()).saved(rule.saved)).toList();
            state = state.with(state.tables().minus(waiting::contains).plus(resolved));
        }
    }

    /** Adds a flow that was made by program. */
    void addRule(final Rule rule) {
        synchronized (lock) {
            state = state.with(state.tables().plus(List.of(rule)));
        }
        offers.changed();
    }

    @Override
    public int removeFlows(final String match, final boolean strict) {
        final FlowTables before;
        final FlowTables after;
        synchronized (lock) {
            final FlowFilter filter = new FlowParser(awaited.known(state.ports().names),
                new Named(conntrack, Missing.WAIT))
                .filter(match, strict);
            before = state.tables();
            after = before.minus(filter::picks);
            state = state.with(after);
        }
        offers.changed();
        return before.rules().size() - after.rules().size();
    }

    @Override
    public List<Flow> flows() {
        return state.tables().rules().stream().map(rule -> rule.snapshot(conntrack)).toList();
    }

    // ---- packets ----

    @Override
    public void process(final Port in, final PacketBatch batch) {
        Pipeline pipeline = spare.getAndSet(null);
        if (pipeline == null) {
            pipeline = new Pipeline(this);
        }
        pipeline.process(in, numberOf(in), batch, 0, batch.size());
        spare.set(pipeline);
    }

    /** {@return the number of a port of this datapath, {@link Key#NO_PORT} for another} */
    int numberOf(final Port port) {
        for (final PortEntry entry : state.ports().array) {
            if (entry.port == port) {
                return entry.number;
            }
        }
        return Key.NO_PORT;
    }

    /** Has these asked from the next batch on. */
    void fastPaths(final List<FastPathGuest> fastPaths) {
        synchronized (lock) {
            state = state.withFastPaths(fastPaths);
        }
    }

    /** Offers paths to this one from now on, to nobody if it is null. */
    void paths(final Paths taker) {
        final boolean other;
        synchronized (lock) {
            other = state.paths() != taker;
            state = state.withPaths(taker);
        }
        if (other) {
            offers.forget();
        }
    }

    /** Sends what a fast path took. Kept beyond its call it does no harm. */
    boolean sendBypassing(final String portName, final PacketBatch batch) {
        final PortEntry entry = state.ports().get(portName);
        final boolean taken = entry != null && entry.send(batch);
        (taken ? totals.sent : totals.lost).add(batch.size());
        return taken;
    }

    /** {@return the number of the first of so many packets} */
    long number(final int count) {
        return numbers.getAndAdd(count) + 1;
    }

    /** Notes that the tracker holds a packet back. */
    void hold(final Packet packet, final SeenPacket arrived) {
        if (arrived != null) {
            held.put(packet, arrived);
        }
    }

    /** {@return what was known of a packet when it came in that was held back, or null} */
    SeenPacket release(final Packet packet) {
        return held.remove(packet);
    }

    @Override
    public Conntrack.Registration observe(final PacketObserver observer) {
        final Observation observation = new Observation(observer, this);
        synchronized (lock) {
            final List<PacketObserver> more = new ArrayList<>(state.observers());
            more.add(observation);
            state = state.withObservers(more);
        }
        return observation;
    }

    void forget(final Observation observation) {
        synchronized (lock) {
            final List<PacketObserver> fewer = new ArrayList<>(state.observers());
            fewer.remove(observation);
            state = state.withObservers(fewer);
        }
    }

    @Override
    public Counters counters() {
        return totals.snapshot();
    }

    // ---- life ----

    @Override
    public void start() {
        synchronized (lock) {
            if (!running) {
                running = true;
                state.ports().all.forEach(this::startLoops);
            }
        }
    }

    private void startLoops(final PortEntry entry) {
        if (entry.isOpenForReceiving()) {
            try {
                entry.loops = entry.port.receivers().stream()
                    .map(receiver -> new PortLoop(this, entry, receiver)).toList();
            } catch (final Throwable failure) {
                // A port is a guest: what it throws is its own end.
                entry.fail(failure);
            }
            entry.loops.forEach(PortLoop::start);
        }
    }

    @Override
    public void stop() {
        final List<PortLoop> loops = new ArrayList<>();
        synchronized (lock) {
            running = false;
            for (final PortEntry entry : state.ports().all) {
                loops.addAll(entry.loops);
                entry.loops = List.of();
            }
        }
        loops.forEach(PortLoop::stop);
    }

    @Override
    public void close() {
        stop();
        offers.close();
        state.ports().all.forEach(this::remove);
        factories.remove(this);
        shortcuts.remove(this);
    }
}
