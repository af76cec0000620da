// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.CtState;
import org.trackway.offload.Paths;
import org.trackway.packet.Packet;

/**
 * The paths that a datapath has offered, withdrawn when what they depend on changes. Packet threads offer; whoever
 * changes flows or ports has them checked after the change is in force. A path is noted here before it is checked for
 * the last time and offered, so a change meets it in one place or the other.
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
            failed(failure);
        }
    }

    /** {@return whether the connection that the tracker has found for a packet wants a path in its direction} */
    boolean isWanted(final Packet packet, final State state) {
        try {
            return packet.ctFound() != 0 && state.paths().wants(packet.ctFound(), packet.ctReply());
        } catch (final RuntimeException | Error failure) {
            failed(failure);
            return false;
        }
    }

    /** Whatever takes paths is a guest: what it throws must not reach the packet path. */
    private void failed(final Throwable failure) {
        if (failed.compareAndSet(false, true)) {
            LOG.warn("A path of datapath {} was not offered; this is said once", datapath.name(), failure);
        }
    }

    private void consider(final Paths paths, final Trail trail, final State state) {
        if (!trail.isWanted(paths) || trail.isPassing()) {
            return;
        }
        final String obstacle = PathComposer.obstacle(trail, state.tables());
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

    private void offer(final Paths paths, final Trail trail, final State state) {
        final OfferedPath path = new OfferedPath(this, PathComposer.compose(trail, state.tables()), trail,
            state.tables());
        all.add(path);
        if (path.learnedDestination != OfferedPath.NO_ADDRESS) {
            byAddress.compute(path.learnedDestination, (address, there) -> {
                final Set<OfferedPath> concerned = there == null ? ConcurrentHashMap.newKeySet() : there;
                concerned.add(path);
                return concerned;
            });
        }
        // Whoever changes something from now on finds it here; what has changed before is seen now.
        final State now = datapath.state();
        if (now.paths() != paths || path.whyNot(now) != null) {
            path.notOffered();
            remove(path);
            return;
        }
        final Paths.Offered offered;
        try {
            offered = paths.offer(path.path, path);
        } catch (final RuntimeException | Error failure) {
            path.notOffered();
            remove(path);
            throw failure;
        }
        path.offered(offered);
        if (!isStill(trail)) {
            path.withdraw("the connection has changed");
        }
        if (!offered.isHeld()) {
            remove(path);
        }
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

    /** Keeps an address learned that packets come from in hardware, unless it was heard of elsewhere meanwhile. */
    void refresh(final long address, final int port) {
        final boolean elsewhere = !leadsTo(address, port) && !leadsTo(address, MacTable.UNKNOWN);
        if (port != Key.NO_PORT && !elsewhere && datapath.macs.learn(address, port, datapath.conntrack().now())) {
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
