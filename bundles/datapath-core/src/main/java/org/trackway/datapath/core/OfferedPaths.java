// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.CtState;
import org.trackway.offload.Path;
import org.trackway.offload.Paths;
import org.trackway.packet.Packet;

/**
 * The paths that a datapath has offered, withdrawn when what they depend on changes. Packet threads offer; whoever changes
 * flows or ports has them checked after the change is in force. A path is here before it is offered and checked again
 * after, so a change meets it in one place or the other.
 */
final class OfferedPaths {

    private static final Logger LOG = LoggerFactory.getLogger(OfferedPaths.class);

    /** So long does a change wait until hardware has given up what it concerns. */
    private static final long CONFIRM_NS = 5_000_000_000L;
    /** With more addresses than that, no packets wait for another to be learned. */
    private static final int MAX_ADDRESSES = 1 << 16;

    private final TableDatapath datapath;
    private final AtomicBoolean failed = new AtomicBoolean();
    private final Set<OfferedPath> all = ConcurrentHashMap.newKeySet();
    /** Paths by the learned address that they go by; none where packets only wait for it to be learned. */
    private final Map<Long, Set<OfferedPath>> byAddress = new ConcurrentHashMap<>();

    OfferedPaths(final TableDatapath datapath) {
        this.datapath = datapath;
    }

    // ---- packet threads ----

    /** Offers the path of a packet that has gone its way, if one is wanted, or says why there is none. */
    void consider(final Trail trail, final State state) {
        try {
            consider(state.paths(), trail, state);
        } catch (final RuntimeException | Error failure) {
            // Whatever takes paths is a guest: what it throws must not reach the packet path.
            if (failed.compareAndSet(false, true)) {
                LOG.warn("A path of datapath {} was not offered; this is said once", datapath.name(), failure);
            }
        }
    }

    private void consider(final Paths paths, final Trail trail, final State state) {
        if (!trail.isWanted(paths) || trail.isPassing()) {
            return;
        }
        final String obstacle = obstacle(trail, state);
        if (obstacle == null) {
            offer(paths, trail, state);
            return;
        }
        if (trail.switched && byAddress.size() < MAX_ADDRESSES) {
            byAddress.computeIfAbsent(trail.learnedDestination, address -> ConcurrentHashMap.newKeySet());
        }
        for (final Trail.Visit visit : trail.visits()) {
            if (visit.connection != 0 && paths.wants(visit.connection, visit.reply)) {
                paths.refuse(visit.connection, visit.reply, obstacle);
            }
        }
        if (trail.switched && !leadsTo(trail.learnedDestination, trail.leadsTo)) {
            learned(trail.learnedDestination);
        }
    }

    private static String obstacle(final Trail trail, final State state) {
        for (final Trail.Step step : trail.steps()) {
            final Rule rival = state.tables().rival(step.table, step.rule, step.key);
            if (rival != null) {
                return rival.name() + ": matches " + Steady.unsteady(rival.match);
            }
            if (step.rule != null) {
                for (final Action action : step.rule.actions) {
                    if (!action.fitsPath()) {
                        return step.rule.name() + ": does " + action;
                    }
                }
            }
        }
        if (trail.obstacle != null) {
            return name(trail, trail.obstacleBy) + ": " + trail.obstacle;
        }
        for (final Trail.Visit visit : trail.visits()) {
            if (visit.connection == 0) {
                return name(trail, visit.actions) + ": finds no connection in zone " + visit.zone;
            }
        }
        final Trail.Step first = trail.steps().get(0);
        if (trail.egress == null) {
            return name(trail, trail.steps().get(trail.steps().size() - 1)) + ": sends it nowhere";
        }
        if (trail.egress == trail.ingress) {
            return name(trail, trail.sender) + ": sends it back";
        }
        trail.leaving.parse();
        return trail.leaving.etherType() == Key.etherType(first.key) ? null
            : name(trail, trail.sender) + ": sends it with more than two tags";
    }

    /** {@return the flow that has these actions} */
    private static String name(final Trail trail, final Action[] actions) {
        for (final Trail.Step step : trail.steps()) {
            if (step.rule != null && step.rule.actions == actions) {
                return step.rule.name();
            }
        }
        return "a flow";
    }

    private static String name(final Trail trail, final Trail.Step step) {
        return step.rule == null ? "table=" + step.table + ",no flow" : step.rule.name();
    }

    private void offer(final Paths paths, final Trail trail, final State state) {
        final OfferedPath path = new OfferedPath(this, compose(trail, state.tables()), trail, state.tables());
        all.add(path);
        if (path.learnedDestination != OfferedPath.NO_ADDRESS) {
            byAddress.compute(path.learnedDestination, (address, there) -> {
                final Set<OfferedPath> concerned = there == null ? ConcurrentHashMap.newKeySet() : there;
                concerned.add(path);
                return concerned;
            });
        }
        final Paths.Offered offered;
        try {
            offered = paths.offer(path.path, path);
            path.offered(offered);
        } catch (final RuntimeException | Error failure) {
            path.failed(failure);
            remove(path);
            throw failure;
        }
        final State now = datapath.state();
        final String changed = now.paths() != paths ? "paths are offered to others now" : path.whyNot(now);
        if (changed != null || !isStill(trail)) {
            path.withdraw(changed == null ? "the connection has changed" : changed);
        }
        if (!offered.isHeld()) {
            remove(path);
        }
    }

    private static Path compose(final Trail trail, final FlowTables tables) {
        final long[] came = trail.steps().get(0).key;
        final Packet packet = trail.leaving;
        final long[] leaves = new long[Key.WORDS];
        HeaderReader.readHeaders(packet, leaves);
        final List<Path.Tag> arrivingTags = new ArrayList<>();
        for (int i = 0; i < trail.tagCount; i++) {
            arrivingTags.add(tag(trail.tag(i)));
        }
        final List<Path.Tag> leavingTags = new ArrayList<>();
        for (int i = 0; i < packet.vlanTags(); i++) {
            leavingTags.add(tag(Trail.tag(packet, i)));
        }
        final Set<Path.Hop> hops = new LinkedHashSet<>();
        trail.visits().forEach(visit -> hops.add(new Path.Hop(visit.connection, visit.reply)));
        return new Path(trail.ingress.port.name(), trail.egress.port.name(), HeaderReader.tuple(came, trail.identifier),
            HeaderReader.tuple(leaves, HeaderReader.identifier(packet)), arrivingTags, leavingTags,
            trail.writesSource ? OptionalLong.of(Fields.ETH_SRC.read(leaves)) : OptionalLong.empty(),
            trail.writesDestination ? OptionalLong.of(Fields.ETH_DST.read(leaves)) : OptionalLong.empty(),
            (int) (Fields.NW_TTL.read(came) - Fields.NW_TTL.read(leaves)), List.copyOf(hops),
            looksAtAddress(trail, tables, true) ? OptionalLong.of(Fields.ETH_SRC.read(came)) : OptionalLong.empty(),
            looksAtAddress(trail, tables, false) ? OptionalLong.of(Fields.ETH_DST.read(came)) : OptionalLong.empty());
    }

    private static boolean looksAtAddress(final Trail trail, final FlowTables tables, final boolean source) {
        return trail.switched
            || trail.steps().stream().anyMatch(step -> tables.looksAtAddress(step.table, step.rule, source));
    }

    private static Path.Tag tag(final int typeAndTci) {
        return new Path.Tag(typeAndTci >>> 16, typeAndTci & 0xffff);
    }

    /** {@return whether the tracker would still say the same: what changes from now on the manager hears of itself} */
    private boolean isStill(final Trail trail) {
        for (final Trail.Visit visit : trail.visits()) {
            final Connection now = datapath.conntrack().connection(visit.connection).orElse(null);
            if (now == null || now.mark() != visit.mark || now.labelHigh() != visit.labelHigh
                    || now.labelLow() != visit.labelLow || (visit.state & CtState.NEW) != 0 && isBidirectional(now)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isBidirectional(final Connection connection) {
        return !connection.state().equals("FIRST") && !connection.state().equals("MULTIPLE");
    }

    /** Takes note of an address that was learned, or has moved, while packets pass. */
    void learned(final long address) {
        if (!byAddress.isEmpty()) {
            final Set<OfferedPath> concerned = byAddress.remove(address);
            if (concerned != null) {
                concerned.forEach(path -> path.withdraw("a learned address has moved"));
                final Paths paths = datapath.state().paths();
                if (paths != null) {
                    paths.changed();
                }
            }
        }
    }

    // ---- the manager's threads ----

    boolean leadsTo(final long address, final int port) {
        return address == OfferedPath.NO_ADDRESS
            || datapath.macs.find(address, datapath.conntrack().now()) == port;
    }

    void learn(final long address, final int port) {
        if (port != Key.NO_PORT && datapath.macs.learn(address, port, datapath.conntrack().now())) {
            learned(address);
        }
    }

    void remove(final OfferedPath path) {
        all.remove(path);
        byAddress.computeIfPresent(path.learnedDestination, (address, there) -> {
            there.remove(path);
            return there.isEmpty() ? null : there;
        });
    }

    // ---- threads that change flows and ports ----

    /** Withdraws what would go another way now, and waits until that is confirmed. */
    void changed() {
        final State state = datapath.state();
        final List<OfferedPath> concerned = new ArrayList<>();
        for (final OfferedPath path : all) {
            final String why = path.whyNot(state);
            if (why != null) {
                path.withdraw(why);
                concerned.add(path);
            }
        }
        if (state.paths() != null) {
            state.paths().changed();
        }
        await(concerned);
    }

    /** Withdraws everything, and waits until that is confirmed. */
    void close() {
        final List<OfferedPath> concerned = List.copyOf(all);
        concerned.forEach(path -> path.withdraw("the datapath has gone"));
        await(concerned);
        forget();
    }

    private void await(final List<OfferedPath> concerned) {
        final long deadlineNs = System.nanoTime() + CONFIRM_NS;
        final long late = concerned.stream().filter(path -> !path.isLate() && !path.awaitGone(deadlineNs)).count();
        if (late > 0) {
            LOG.warn("Hardware did not confirm within {} s that it has given up {} paths of datapath {}",
                CONFIRM_NS / 1_000_000_000, late, datapath.name());
        }
    }

    /** Withdraws and forgets everything: who took it has gone. */
    void forget() {
        all.forEach(path -> path.withdraw("paths are offered to others now"));
        all.clear();
        byAddress.clear();
    }
}
