// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.trackway.offload.Path;
import org.trackway.packet.Packet;

/** Makes a path of the trail of a packet, or says which flow forbids it. */
final class PathComposer {

    private PathComposer() {
    }

    /** {@return why no path can stand for the way that a packet took, naming the flow; null if one can} */
    static String obstacle(final Trail trail, final FlowTables tables) {
        for (final Trail.Step step : trail.steps()) {
            final Rule rival = tables.rival(step.table, step.rule, step.key);
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

    /** {@return the way that a packet took, where there is no {@link #obstacle}} */
    static Path compose(final Trail trail, final FlowTables tables) {
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
}
