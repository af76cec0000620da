// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.ArrayList;
import java.util.List;
import org.trackway.conntrack.CtState;
import org.trackway.offload.Paths;
import org.trackway.packet.Bytes;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;

/**
 * What one packet has met on its way, written down while connections want paths. Belongs to a {@link Slot}, which uses
 * it again, so that a packet costs no allocation.
 */
final class Trail {

    static final int MAX_STEPS = 64;

    /** One look-up in a table. */
    static final class Step {
        final long[] key = new long[Key.WORDS];
        int table;
        /** The flow that was met, null if none was. */
        Rule rule;
        /** Bytes in front of the network layer. */
        int header;
    }

    /** One visit to the tracker, and what it said. */
    static final class Visit {
        /** The connection that was found, 0 if none was. */
        long connection;
        boolean reply;
        int state;
        int zone;
        int mark;
        long labelHigh;
        long labelLow;
        Action[] actions;
    }

    private final List<Step> steps = new ArrayList<>();
    private final List<Visit> visits = new ArrayList<>();
    private int stepCount;
    private int visitCount;
    /** Whether the packet was found to belong to a connection that wants a path. */
    private boolean wanted;

    // How the packet came in.
    PortEntry ingress;
    int identifier;
    int tagCount;
    private final int[] tags = new int[2];

    // How it left.
    Packet leaving;
    PortEntry egress;
    Action[] sender;
    boolean writesSource;
    boolean writesDestination;

    // Where a learning switch sent it.
    boolean switched;
    long learnedSource;
    int learnedPort;
    long learnedDestination;
    int leadsTo;

    /** Whether the next packet of its connection may well go another way, so that this one says nothing. */
    private boolean passing;
    /** The first thing that no path can stand for, and the actions that did it; null if there was none. */
    String obstacle;
    Action[] obstacleBy;

    void start(final PortEntry port) {
        ingress = port;
        stepCount = 0;
        visitCount = 0;
        wanted = false;
        leaving = null;
        egress = null;
        sender = null;
        writesSource = false;
        writesDestination = false;
        switched = false;
        passing = false;
        obstacle = null;
        obstacleBy = null;
    }

    /** Forgets packet and ports, which are others'. */
    void end() {
        ingress = null;
        leaving = null;
        egress = null;
    }

    List<Step> steps() {
        return steps.subList(0, stepCount);
    }

    List<Visit> visits() {
        return visits.subList(0, visitCount);
    }

    /** {@return type and tag control information of a tag that it came with} */
    int tag(final int depth) {
        return tags[depth];
    }

    static int tag(final Packet packet, final int depth) {
        return Bytes.i32(packet.data(), packet.offset() + 12 + 4 * depth);
    }

    // ---- what the pipeline tells ----

    void lookedUp(final int table, final Rule rule, final long[] key, final Packet packet) {
        packet.parse();
        if (stepCount == 0) {
            identifier = HeaderReader.identifier(packet);
            tagCount = packet.vlanTags();
            for (int i = 0; i < tagCount; i++) {
                tags[i] = tag(packet, i);
            }
        }
        if (stepCount == MAX_STEPS) {
            block("is one of too many look-ups", rule == null ? null : rule.actions);
            return;
        }
        if (stepCount == steps.size()) {
            steps.add(new Step());
        }
        final Step step = steps.get(stepCount++);
        System.arraycopy(key, 0, step.key, 0, Key.WORDS);
        step.table = table;
        step.rule = rule;
        step.header = packet.l3Offset() - packet.offset();
    }

    void tracked(final Packet packet, final Action[] actions, final boolean wants) {
        wanted |= wants;
        if (visitCount == visits.size()) {
            visits.add(new Visit());
        }
        final Visit visit = visits.get(visitCount++);
        visit.connection = packet.ctFound();
        visit.reply = packet.ctReply();
        visit.state = packet.ctState();
        visit.zone = packet.ctZone();
        visit.mark = packet.ctMark();
        visit.labelHigh = packet.ctLabelHigh();
        visit.labelLow = packet.ctLabelLow();
        visit.actions = actions;
        passing |= packet.ctRelated() || (visit.state & CtState.INVALID) != 0
            || (visit.state & CtState.NEW) != 0 && packet.protocol() == IpProtocol.TCP;
    }

    void sent(final Packet packet, final PortEntry port, final Action[] actions) {
        if (leaving != null) {
            block("is one of several that send it", actions);
        }
        leaving = packet;
        egress = port;
        sender = actions;
    }

    void wrote(final Field field) {
        if (leaving == null) {
            writesSource |= field == Fields.ETH_SRC;
            writesDestination |= field == Fields.ETH_DST;
        }
    }

    /** Notes that a learning switch heard of one address by a port, and knew or did not know the way to another. */
    void switched(final long source, final int port, final long destination, final int to) {
        switched = true;
        learnedSource = source;
        learnedPort = port;
        learnedDestination = destination;
        leadsTo = to;
    }

    void block(final String what, final Action[] actions) {
        if (obstacle == null) {
            obstacle = what;
            obstacleBy = actions;
        }
    }

    /** Notes that it ended early: what comes next of its connection may go further. */
    void pass() {
        passing = true;
    }

    /** {@return whether it was found to belong to a connection that wanted a path then} */
    boolean wasWanted() {
        return wanted;
    }

    // ---- what is asked when it has gone ----

    /** {@return whether any connection that it belongs to wants a path in its direction; a fragment belongs to none} */
    boolean isWanted(final Paths paths) {
        for (int i = 0; i < visitCount; i++) {
            final Visit visit = visits.get(i);
            if (visit.connection != 0 && paths.wants(visit.connection, visit.reply)) {
                return true;
            }
        }
        return false;
    }

    /** {@return whether it says nothing of the packets that follow} */
    boolean isPassing() {
        for (int i = 0; i < visitCount && !passing; i++) {
            // A connection that was committed only after that look-up will be found next time.
            passing = visits.get(i).connection == 0 && isFoundLater(i);
        }
        return passing;
    }

    private boolean isFoundLater(final int missed) {
        for (int i = missed + 1; i < visitCount; i++) {
            if (visits.get(i).connection != 0 && visits.get(i).zone == visits.get(missed).zone) {
                return true;
            }
        }
        return false;
    }
}
