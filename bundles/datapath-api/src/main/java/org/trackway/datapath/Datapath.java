// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.osgi.annotation.versioning.ProviderType;
import org.trackway.conntrack.Conntrack;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Port;

/**
 * Ports joined by a flow table and a tracker. Packets that a port receives enter at table 0 and leave by the ports that
 * the actions of the flows name; a packet that no flow of a table matches is dropped.
 *
 * <p>The container's own datapath is published as a service with the property {@value #NAME_PROPERTY} set to
 * {@value #LIVE}. One thread per receiving port carries its packets.
 *
 * <p><b>Threads.</b> Every method may be called by any thread at any time. A change of flows is in force for the next
 * batch, as a whole. Where hardware forwards packets by the flows before, methods that change flows or ports return
 * when it has confirmed that it does not any more, or after five seconds.
 */
@ProviderType
public interface Datapath {

    /** Service property that holds {@link #name}. */
    String NAME_PROPERTY = "trackway.name";

    /** Name of the container's own datapath. */
    String LIVE = "live";

    /** Number of the port called {@code LOCAL}. */
    int LOCAL_PORT = 0xfffe;

    /** Largest number of any other port. */
    int MAX_PORT = 0xfeff;

    /** Whether a flow may name a helper, a timeout policy or a port that is not there. */
    enum Missing {
        /** It is refused. */
        REFUSE,
        /**
         * It is taken, and gets what it names as soon as it is there. Until then it acts as if it did not name the
         * helper or the policy; nothing comes from the port, and what goes to it is lost.
         */
        WAIT
    }

    /** {@return the name it is known by} */
    String name();

    /** {@return the tracker that its {@code ct} actions call} */
    Conntrack conntrack();

    // ---- ports ----

    /** {@return the kinds of ports that {@link #openPort} can open now} */
    Set<String> portKinds();

    /**
     * Opens a port and adds it. It goes when the bundle that implements its kind goes.
     *
     * @param kind    one of {@link #portKinds}
     * @param name    the name it will have, which flows may use
     * @param options settings of the port, which its kind defines
     * @param number  the number it will have, 1..{@link #MAX_PORT} or {@link #LOCAL_PORT}; the lowest free one
     *                if empty
     * @return the port as added
     * @throws IOException              in one line, why it can't be opened
     * @throws IllegalArgumentException if kind, name, number or an option is unknown, malformed or taken, saying what
     *                                  is allowed
     */
    DatapathPort openPort(String kind, String name, Map<String, String> options, OptionalInt number) throws IOException;

    /**
     * Adds a port that the caller has opened. From now on the datapath owns it: it is closed when it is removed.
     *
     * @param port   the port; {@link Port#name} is the name that flows use
     * @param number as for {@link #openPort}
     * @return the port as added
     * @throws IllegalArgumentException if name or number is malformed or taken
     */
    DatapathPort addPort(Port port, OptionalInt number);

    /**
     * Removes a port and closes it. When this returns, no thread of the datapath calls it any more.
     *
     * @param nameOrNumber its name, or its number in decimal, or {@code LOCAL}
     * @return whether there was one
     */
    boolean removePort(String nameOrNumber);

    /** {@return all ports by number, then those that are configured but wait} */
    List<DatapathPort> ports();

    // ---- flows ----

    /**
     * Adds a flow, or replaces the one with the same table, priority and match (its counters start anew).
     *
     * @param text    one flow as {@code ovs-ofctl add-flow} takes it
     * @param missing what to do if the flow names a helper, timeout policy or port that is not there
     * @throws FlowException if the text is not a flow, or one that can't be done
     */
    void addFlow(String text, Missing missing);

    /**
     * Adds many flows, all or none.
     *
     * @param lines   one flow a line; what follows a {@code #} and blank lines are skipped
     * @param missing what to do if a flow names a helper, timeout policy or port that is not there
     * @return how many flows were added or replaced
     * @throws FlowException for the first line that is wrong, with its number; nothing has changed then
     */
    int addFlows(List<String> lines, Missing missing);

    /**
     * Removes flows.
     *
     * @param match  a match as in a flow, without actions; empty for everything. {@code table=} and {@code cookie=V/M}
     *               narrow it
     * @param strict whether only the flow with exactly this match and priority goes ({@code del-flows --strict});
     *               else every flow that is equal to or more specific than the match
     * @return how many were removed
     * @throws FlowException if the text is not a match
     */
    int removeFlows(String match, boolean strict);

    /** {@return all flows: tables ascending, in each the highest priority first, equal ones in the order of adding} */
    List<Flow> flows();

    // ---- packets ----

    /**
     * Carries packets through the flow table, as if the port had received them, on the caller's thread. When this
     * returns, all that had to be sent was handed to the ports.
     *
     * @param in    the port that they come from: one of {@link #ports}, or any other, which then has no number that a
     *              flow could match
     * @param batch packets, which stay the caller's except those that were kept; only read, but the packets are changed
     */
    void process(Port in, PacketBatch batch);

    /**
     * Shows an observer every packet that enters the tables from now on. Without observers this costs nothing.
     *
     * @return closes the observation; when {@code close} has returned, the observer is not called any more
     */
    Conntrack.Registration observe(PacketObserver observer);

    /** {@return counters of the datapath as a whole} */
    Counters counters();

    /**
     * Counters of a datapath since it was made.
     *
     * @param packets    packets that came in
     * @param bytes      their bytes, Ethernet headers included
     * @param bypassed   those among them that a {@linkplain org.trackway.packet.FastPath fast path} took, so that no
     *                   flow and no tracker saw them
     * @param unmatched  packets that ended in a table where no flow matched them
     * @param sent       packets handed to ports
     * @param lost       packets for a port that is not there or that failed
     * @param tooDeep    packets dropped because they were resubmitted or tracked too often (an endless loop of flows)
     */
    record Counters(long packets, long bytes, long bypassed, long unmatched, long sent, long lost, long tooDeep) {
    }
}
