// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.trackway.conntrack.CtAction;
import org.trackway.conntrack.CtState;
import org.trackway.conntrack.Nat;
import org.trackway.datapath.FlowException;
import org.trackway.packet.EtherType;
import org.trackway.packet.IpAddress;

/** Reads one {@code ct} action and checks it as Open vSwitch does (lib/ofp-actions.c check_CT, check_NAT). */
final class TrackParser {

    private final ActionParser actions;
    private final Token item;

    private Token commit;
    private Token force;
    private int table = Track.NO_TABLE;
    private int zone;
    private Subfield zoneField;
    private Nat nat;
    private Token natText;
    private Token exec;
    private List<Action> execActions = List.of();
    private String helper;
    private String policy;

    TrackParser(final ActionParser actions, final Token item) {
        this.actions = actions;
        this.item = item;
    }

    /**
     * Reads what stands between the parentheses.
     *
     * @throws FlowException if it is not understood or does not fit the match
     */
    Track parse(final Token text) {
        if (!Prerequisite.IP.isMet(actions.match)) {
            throw item.error("needs a match on " + Prerequisite.IP.text);
        }
        for (final Token part : text.split()) {
            part(part);
        }
        check();
        final Bits mark = combined(Fields.CT_MARK, false);
        final Bits markMask = combined(Fields.CT_MARK, true);
        final Bits label = combined(Fields.CT_LABEL, false);
        final Bits labelMask = combined(Fields.CT_LABEL, true);
        final CtAction.Builder builder = CtAction.builder().zone(zone).nat(nat).helper(helper).timeoutPolicy(policy)
            .mark((int) mark.low(), (int) markMask.low())
            .label(label.high(), label.low(), labelMask.high(), labelMask.low());
        if (commit != null) {
            builder.commit();
        }
        if (force != null) {
            builder.force();
        }
        return new Track(builder.build(), table, zoneField, execActions, text());
    }

    private void part(final Token part) {
        final Token key = part.until("=(");
        final boolean bare = key.text().length() == part.text().length();
        final Token value = bare ? null : part.sub(key.text().length() + 1);
        switch (key.text()) {
            case "commit" -> commit = flag(part, value);
            case "force" -> force = flag(part, value);
            case "table" -> table = Values.number(needed(part, value), 0, FlowTables.COUNT - 1);
            case "zone" -> zone(needed(part, value));
            case "nat" -> {
                natText = part;
                nat(value);
            }
            case "exec" -> {
                exec = part;
                execActions = actions.inExec().parse(inner(part, value));
            }
            case "alg" -> helper(needed(part, value));
            case "timeout" -> {
                actions.named.policy(needed(part, value));
                policy = value.text();
            }
            default -> throw key.error("not a part of ct: give commit, force, table=N, zone=N or zone=FIELD[bits], nat,"
                + " nat(...), exec(...), alg=NAME, timeout=NAME");
        }
    }

    private static Token flag(final Token part, final Token value) {
        if (value != null) {
            throw part.error("takes no value");
        }
        return part;
    }

    private static Token needed(final Token part, final Token value) {
        if (value == null || value.isEmpty()) {
            throw part.error("needs a value");
        }
        return value;
    }

    private static Token inner(final Token part, final Token value) {
        if (value == null || !value.text().endsWith(")")) {
            throw part.error("needs parentheses");
        }
        return value.sub(0, value.text().length() - 1);
    }

    private void zone(final Token value) {
        if (Character.isDigit(value.text().charAt(0))) {
            zone = Values.number(value, 0, 65535);
            return;
        }
        zoneField = actions.source(value);
        if (zoneField.count() != 16) {
            throw value.error("a zone has 16 bits, this has " + zoneField.count());
        }
    }

    private void helper(final Token value) {
        if (value.is("ftp") && !Prerequisite.TCP.isMet(actions.match)) {
            throw value.error("needs a match on " + Prerequisite.TCP.text);
        }
        if (value.is("tftp") && !Prerequisite.UDP.isMet(actions.match)) {
            throw value.error("needs a match on " + Prerequisite.UDP.text);
        }
        actions.named.helper(value);
        helper = value.text();
    }

    private void check() {
        if (commit != null && (actions.match.value(Fields.CT_STATE) & CtState.INVALID) != 0) {
            throw commit.error("invalid packets can't be committed: the flow matches ct_state=+inv");
        }
        if (force != null && commit == null) {
            throw force.error("needs commit");
        }
        if (exec != null && commit == null) {
            throw exec.error("needs commit");
        }
        if (nat != null && nat.kind() != Nat.Kind.KNOWN && commit == null) {
            throw natText.error("needs commit: without it only a plain nat is allowed");
        }
    }

    /** {@return the value or the mask that all actions in exec give a field together, moves with value 0} */
    private Bits combined(final Field field, final boolean wantMask) {
        Bits value = Bits.ZERO;
        Bits mask = Bits.ZERO;
        for (final Action action : execActions) {
            if (action instanceof Assign assign && assign.field == field) {
                value = value.and(assign.mask.not()).or(assign.value);
                mask = mask.or(assign.mask);
            } else if (action instanceof Move move && move.target.field() == field) {
                value = value.and(move.target.mask().not());
                mask = mask.or(move.target.mask());
            }
        }
        return wantMask ? mask : value;
    }

    // ---- nat ----

    private void nat(final Token value) {
        if (value == null) {
            nat = Nat.KNOWN;
            return;
        }
        Nat.Kind kind = null;
        Token range = null;
        boolean random = false;
        boolean persistent = false;
        for (final Token part : inner(natText, value).split()) {
            final Token key = part.until("=");
            switch (key.text()) {
                case "src", "dst" -> {
                    if (kind != null) {
                        throw key.error("only one of src and dst can be given");
                    }
                    kind = key.is("src") ? Nat.Kind.SOURCE : Nat.Kind.DESTINATION;
                    range = key.text().length() == part.text().length() ? null : part.sub(key.text().length() + 1);
                }
                case "random" -> random = true;
                case "persistent" -> persistent = true;
                case "hash" -> {
                    // Choosing the port by the tuple's hash is what happens anyway.
                }
                default -> throw key.error("not a part of nat: give src, dst, src=RANGE, dst=RANGE, random, hash,"
                    + " persistent");
            }
        }
        if (kind == null) {
            throw natText.error("needs src or dst");
        }
        nat = range(kind, range, random, persistent);
    }

    private Nat range(final Nat.Kind kind, final Token range, final boolean random, final boolean persistent) {
        if (range == null) {
            final IpAddress any = isV6() ? IpAddress.ANY_V6 : IpAddress.ANY_V4;
            return new Nat(kind, any, any, 0, 0, random, persistent);
        }
        final NatRange parsed = NatRange.parse(range);
        if (parsed.min().v6() != isV6()) {
            throw range.error("needs a match on " + (parsed.min().v6() ? "ipv6" : "ip"));
        }
        try {
            return new Nat(kind, parsed.min(), parsed.max(), parsed.minPort(), parsed.maxPort(), random, persistent);
        } catch (final IllegalArgumentException problem) {
            throw range.error(problem.getMessage());
        }
    }

    private boolean isV6() {
        return actions.match.requires(Fields.ETH_TYPE, EtherType.IPV6);
    }

    // ---- text ----

    private String text() {
        final List<String> parts = new ArrayList<>();
        if (commit != null) {
            parts.add("commit");
        }
        if (force != null) {
            parts.add("force");
        }
        if (table != Track.NO_TABLE) {
            parts.add("table=" + table);
        }
        if (zoneField != null) {
            parts.add("zone=" + zoneField);
        } else if (zone != 0) {
            parts.add("zone=" + zone);
        }
        if (nat != null) {
            parts.add(NatRange.format(nat));
        }
        if (!execActions.isEmpty()) {
            parts.add("exec(" + execActions.stream().map(Action::toString).collect(Collectors.joining(",")) + ")");
        }
        if (policy != null) {
            parts.add("timeout=" + policy);
        }
        if (helper != null) {
            parts.add("alg=" + helper);
        }
        return "ct(" + String.join(",", parts) + ")";
    }
}
