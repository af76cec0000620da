// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.trackway.offload.Path;
import org.trackway.offload.Paths;

/**
 * A path that was offered, with all that it depends on. Made by the packet thread that offers it; whoever changes flows
 * or ports, and the offload manager, which tells of packets, use it from then on.
 */
final class OfferedPath implements Paths.Listener {

    /** Stands for an address where no learning switch was asked. */
    static final long NO_ADDRESS = -1;

    private final OfferedPaths registry;
    final Path path;
    private final PortEntry ingress;
    private final PortEntry egress;
    private final Step[] steps;
    private final long learnedSource;
    private final int learnedPort;
    /** The address, below its VLAN, that leads to the egress port, or {@link #NO_ADDRESS}. */
    final long learnedDestination;
    /** What its offer came to: completed by the thread that offers it. */
    private final CompletableFuture<Paths.Offered> offered = new CompletableFuture<>();
    /** The tables that all steps were last found right in. */
    private volatile FlowTables checked;
    /** Whether hardware once did not confirm in time, so that nobody waits for it again. */
    private volatile boolean late;

    /** A look-up: the table, the flow met, the key in little room, and how many bytes preceded the network layer. */
    private record Step(int table, Rule rule, long[] key, int header) {
    }

    OfferedPath(final OfferedPaths registry, final Path path, final Trail trail, final FlowTables tables) {
        this.registry = registry;
        this.path = path;
        ingress = trail.ingress;
        egress = trail.egress;
        steps = trail.steps().stream().map(step -> new Step(step.table, step.rule, Key.pack(step.key), step.header))
            .toArray(Step[]::new);
        learnedSource = trail.learnedSource;
        learnedPort = trail.learnedPort;
        learnedDestination = trail.switched ? trail.learnedDestination : NO_ADDRESS;
        checked = tables;
    }

    /** Says what the offer came to. */
    void offered(final Paths.Offered handle) {
        offered.complete(handle);
    }

    /** Says that it was not even offered. */
    void notOffered() {
        offered.completeExceptionally(new IllegalStateException("it was not offered"));
    }

    /** {@return why packets would not take this way any more, or null if they still would} */
    String whyNot(final State state) {
        if (state.ports().get(ingress.number) != ingress || state.ports().get(egress.number) != egress) {
            return "a port of it has gone";
        }
        final FlowTables before = checked;
        final FlowTables tables = state.tables();
        if (tables != before) {
            final long[] key = new long[Key.WORDS];
            for (final Step step : steps) {
                if (tables.isSame(step.table, before)) {
                    continue;
                }
                Key.unpack(step.key, key);
                if (tables.find(step.table, key) != step.rule) {
                    return "flows of table " + step.table + " have changed";
                }
                final Rule rival = tables.rival(step.table, step.rule, key);
                if (rival != null) {
                    return rival.name() + ": matches " + Steady.unsteady(rival.match);
                }
                if (path.arrivingSource().isEmpty() && tables.looksAtAddress(step.table, step.rule, true)
                        || path.arrivingDestination().isEmpty()
                        && tables.looksAtAddress(step.table, step.rule, false)) {
                    return "flows of table " + step.table + " look at Ethernet addresses now";
                }
            }
            checked = tables;
        }
        return registry.leadsTo(learnedDestination, egress.number) ? null : "a learned address has moved";
    }

    /** Has it given up, soon. */
    void withdraw(final String why) {
        offered.thenAccept(handle -> handle.withdraw(why));
    }

    boolean isLate() {
        return late;
    }

    /** {@return whether nobody holds it any more, by a time of {@link System#nanoTime}} */
    boolean awaitGone(final long deadlineNs) {
        late = !isGone(deadlineNs);
        return !late;
    }

    private boolean isGone(final long deadlineNs) {
        try {
            final Paths.Offered handle = offered.get(left(deadlineNs), TimeUnit.NANOSECONDS);
            return handle.await(left(deadlineNs));
        } catch (final ExecutionException notOffered) {
            return true;
        } catch (final TimeoutException late) {
            return false;
        } catch (final InterruptedException stop) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static long left(final long deadlineNs) {
        return Math.max(0, deadlineNs - System.nanoTime());
    }

    // ---- what the manager tells ----

    @Override
    public void passed(final long packets, final long bytes) {
        for (final Step step : steps) {
            if (step.rule != null) {
                // Flows count Ethernet headers too; hardware that counts packets alone gives no bytes.
                step.rule.count(packets, bytes == 0 ? 0 : bytes + packets * step.header);
            }
        }
        if (learnedDestination != NO_ADDRESS) {
            registry.refresh(learnedSource, learnedPort);
            if (!registry.leadsTo(learnedDestination, egress.number)) {
                withdraw("a learned address is forgotten");
            }
        }
    }

    @Override
    public void gone() {
        registry.remove(this);
    }
}
