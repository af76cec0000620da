// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Consumer;
import org.osgi.annotation.versioning.ProviderType;
import org.trackway.conntrack.spi.Bypass;
import org.trackway.conntrack.spi.ConnectionObserver;
import org.trackway.conntrack.spi.ConnectionSlot;
import org.trackway.packet.PacketBatch;

/**
 * A connection tracker: says of every packet which connection it belongs to and whether it may, remembers connections
 * that are committed, translates addresses and ports, and lets people and programs look and intervene.
 *
 * <p><b>Threads.</b> Every method may be called by any thread at any time. {@link #execute} takes no lock but that of
 * one connection (and, to commit, that of one part of the index). Lists are not snapshots: what appears or goes
 * meanwhile may or may not be in them.
 *
 * <p><b>Time.</b> A tracker has one clock, in nanoseconds, that never goes back; its zero means nothing.
 */
@ProviderType
public interface Conntrack {

    /** {@return the name it is known by, {@code live} for the container's own} */
    String name();

    /** {@return the present time on its clock, in nanoseconds} */
    long now();

    /**
     * Executes one {@code ct} action on packets, in order. Afterwards each packet carries the answer in its metadata
     * and is translated if so asked. Fragments may be held back (they leave the batch) and released later at the end
     * of a batch of the same zone, ingress port and family.
     *
     * <p>Never throws for what a packet contains.
     *
     * @param batch  packets, which stay the caller's; one that is held back is {@linkplain
     *               org.trackway.packet.Packet#keep kept}
     * @param action what to do
     * @param nowNs  the time to judge by, from this tracker's clock; the caller reads it once per batch
     */
    void execute(PacketBatch batch, CtAction action, long nowNs);

    /** {@return how many connections it holds, expired ones that were not swept yet included} */
    int count();

    /** {@return the live connection with this id, if there still is one} */
    Optional<Connection> connection(long id);

    /** {@return the live connection that has this tuple in either direction} */
    Optional<Connection> find(int zone, Tuple tuple);

    /** Shows every live connection that the filter takes, each once, zones ascending. */
    void forEach(ConnectionFilter filter, Consumer<Connection> visitor);

    /**
     * Removes every connection that the filter takes, at once.
     *
     * @return how many were removed
     */
    long flush(ConnectionFilter filter);

    /**
     * Removes the live connection that has this tuple in either direction.
     *
     * @return whether there was one
     */
    boolean flush(int zone, Tuple tuple);

    /**
     * Removes every expired connection, as the sweeper does from time to time.
     *
     * @return how many were removed
     */
    int sweep();

    /** {@return the settings in force} */
    ConntrackSettings settings();

    /** Puts other settings in force, for the next packet. */
    void settings(ConntrackSettings settings);

    /** {@return all counters} */
    Map<Counter, Long> counters();

    /** {@return how the table is filled} */
    TableStatistics table();

    /** {@return limits and counts: of one zone, or of all zones with a limit of their own, ascending} */
    List<ZoneStatus> zones(OptionalInt zone);

    /** {@return the open expectations, of one zone or of all} */
    List<Expectation> expectations(OptionalInt zone);

    /** {@return what the gathering of fragments is doing} */
    FragmentStatus fragments();

    /** {@return the names of the helpers that are there now} */
    Set<String> helpers();

    /**
     * Tells an observer of every connection from now on.
     *
     * @return closes the observation; when {@code close} has returned, the observer is not called any more. One that
     *     closes its own while it is told does not wait for other threads that are telling it just then; nor does
     *     anybody for more than five seconds
     */
    Registration observe(ConnectionObserver observer);

    /**
     * Gives the caller storage of its own on every connection.
     *
     * @param name for people, unique in this tracker
     * @param type class of the values
     * @return the storage; closing it drops all values
     * @throws IllegalStateException if the name is taken
     */
    <T> ConnectionSlot<T> slot(String name, Class<T> type);

    /**
     * Lets the caller take packets past this tracker. There is one bypass at a time.
     *
     * @return the bypass; closing it releases every connection that it holds
     * @throws IllegalStateException if there is one already
     */
    Bypass bypass();

    /** Something that can be undone once. */
    @ProviderType
    interface Registration extends AutoCloseable {
        @Override
        void close();
    }
}
