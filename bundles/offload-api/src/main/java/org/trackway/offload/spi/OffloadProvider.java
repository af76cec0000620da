// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.spi;

import java.util.Optional;
import org.osgi.annotation.versioning.ConsumerType;
import org.trackway.conntrack.Connection;
import org.trackway.offload.Path;
import org.trackway.packet.Port;

/**
 * Hardware that takes over connections. Published as a service, it is offered what the container's tracker commits. The
 * least that a provider has is {@link #name}, {@link #canOffload}, {@link #add} and {@link #delete}.
 *
 * <p><b>Order.</b> Of one connection, {@code add} comes first, {@code established} at most once after it was accepted,
 * {@code update} any time while it is held, {@code delete} exactly once for every accepted add, never for another. Of
 * one path, {@code forward}, then {@code activity}, then {@code withdraw} once, which comes before the delete of any
 * connection on it.
 *
 * <p><b>Threads.</b> All operations of one provider are called by one thread of its own, one at a time; {@link #name},
 * {@link #priority}, {@link #capabilities} and {@link #serves} by any. An operation may block, but its answer has a
 * limit (one second unless it is configured): past that the provider is in quarantine, its connections go to software,
 * and it is tried again later. What it throws counts as a failed answer. Nothing it does reaches the packet path.
 *
 * <p><b>Life.</b> When the service goes, what it holds is deleted in its last calls, within a limit (5 s); after that
 * none comes, and what is left is the provider's own to remove.
 *
 * <p>The operations are those of the connection offload proposed for Open vSwitch (ct-offload, 2026), and for
 * FORWARDS those of Linux's flowtable (net/netfilter/nf_flow_table_offload.c).
 */
@ConsumerType
public interface OffloadProvider {

    /**
     * {@return the name it is known by, unique in the container: letters, digits, {@code _}, {@code .} and {@code -}}
     */
    String name();

    /** {@return the place among providers: a higher one is offered connections first} */
    default int priority() {
        return 0;
    }

    /** {@return what it can do; read anew for every batch, so that it may change} */
    default Capabilities capabilities() {
        return Capabilities.TRACKS;
    }

    /**
     * {@return whether it owns or can serve this port; asked seldom and remembered until {@link
     * ProviderContext#portLost} or {@link ProviderContext#portBack} is reported}
     */
    default boolean serves(final Port port) {
        return true;
    }

    /** Called before anything else. */
    default void attach(final ProviderContext context) {
    }

    /**
     * Says whether it would take a connection. Cheap and without effect; an accepting answer promises nothing.
     *
     * @param connection as it is now
     */
    Answer canOffload(Connection connection);

    /**
     * Takes a connection.
     *
     * @param connection as it is now, both tuples and with them the translation
     * @param ingress    where its original direction comes in; empty if it is older than the offload of this
     *                   container, or that port has gone
     */
    Answer add(Connection connection, Optional<Port> ingress);

    /**
     * Learns that a connection it holds was seen in both directions (TCP: its handshake is complete).
     *
     * @param connection   as it is now
     * @param replyIngress where its reply direction comes in; empty if that is unknown or has gone
     * @return accepted, or later to be asked again; after any other answer it holds the connection as it did before
     */
    default Answer established(final Connection connection, final Optional<Port> replyIngress) {
        return Answer.ACCEPTED;
    }

    /** {@return what hardware has seen of a connection it holds (TRACKS)} */
    default Activity update(final long connectionId) {
        return Activity.UNTOLD;
    }

    /**
     * Forgets a connection. What it throws is a failure; the manager counts the connection as forgotten.
     *
     * @return what hardware has seen of it in the end, so that no packet is missing in its counts; {@link
     *     Activity#UNTOLD} if it can't tell, and where its paths are asked instead (FORWARDS)
     */
    Activity delete(long connectionId);

    /**
     * Forwards packets past flow table and tracker from now on (FORWARDS). All connections on the path are held.
     *
     * @param pathId name of the path, never used twice
     */
    default Answer forward(final long pathId, final Path path) {
        return Answer.no("it forwards nothing");
    }

    /** {@return what has passed on a path (FORWARDS)} */
    default Activity activity(final long pathId) {
        return Activity.UNTOLD;
    }

    /**
     * Stops forwarding. When this returns, no packet passes on the path any more.
     *
     * @return what has passed on it in the end; {@link Activity#UNTOLD} if it can't tell
     */
    default Activity withdraw(final long pathId) {
        return Activity.UNTOLD;
    }

    /** Forgets everything: all paths, then all connections. */
    default void flush() {
    }

    /** {@return what it holds by its own books, for comparison; empty if it can't tell} */
    default Optional<Holdings> holdings() {
        return Optional.empty();
    }

    /**
     * Performs operations, in order, and sets the answer of each. What is left without one has failed. The default
     * calls the methods above, one for each operation; hardware that gets many entries at once overrides it.
     */
    default void submit(final OffloadBatch batch) {
        batch.perform(this);
    }

    /**
     * What a provider holds by its own books.
     *
     * @param connections ids of connections
     * @param paths       ids of paths
     */
    record Holdings(long[] connections, long[] paths) {
    }
}
