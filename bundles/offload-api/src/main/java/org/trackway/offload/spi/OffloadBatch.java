// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.spi;

import java.util.ArrayList;
import java.util.List;
import org.trackway.conntrack.Connection;
import org.trackway.offload.Path;
import org.trackway.packet.Port;

/**
 * Operations for one provider, to be performed in their order. The manager fills it, the provider answers each
 * operation. Belongs to the thread that performs it; only {@link #answered} and {@link #cancel} may be called by
 * others.
 */
public final class OffloadBatch {

    private final List<Operation> operations = new ArrayList<>();
    private volatile int answered;
    private volatile boolean cancelled;

    /** {@return the operations, in order} */
    public List<Operation> operations() {
        return operations;
    }

    /** Appends an {@link Operation.Kind#ADD}. */
    public void add(final Connection connection, final Port ingress) {
        operations.add(new Operation(this, Operation.Kind.ADD, connection.id(), connection, ingress, null));
    }

    /** Appends an {@link Operation.Kind#ESTABLISHED}. */
    public void established(final Connection connection, final Port replyIngress) {
        operations.add(new Operation(this, Operation.Kind.ESTABLISHED, connection.id(), connection, replyIngress, null));
    }

    /** Appends a {@link Operation.Kind#FORWARD}. */
    public void forward(final long pathId, final Path path) {
        operations.add(new Operation(this, Operation.Kind.FORWARD, pathId, null, null, path));
    }

    /** Appends an operation that has nothing but an id: UPDATE, DELETE, ACTIVITY or WITHDRAW. */
    public void append(final Operation.Kind kind, final long id) {
        operations.add(new Operation(this, kind, id, null, null, null));
    }

    /**
     * Performs operations by the methods of a provider, one after the other, until all are done or the batch is
     * cancelled; what one throws fails that one alone.
     */
    public void perform(final OffloadProvider provider) {
        for (final Operation operation : operations) {
            if (cancelled) {
                return;
            }
            operation.perform(provider);
        }
    }

    /** Notes that an operation was answered. */
    void progress() {
        // Written by one thread alone.
        answered = answered + 1;
    }

    /** {@return how many answers were given, so that a long batch is not taken for a provider that hangs} */
    public int answered() {
        return answered;
    }

    /** Leaves what is not performed yet without an answer: nobody waits for it any more. */
    public void cancel() {
        cancelled = true;
    }

    /** {@return whether nobody waits for the answers any more} */
    public boolean isCancelled() {
        return cancelled;
    }
}
