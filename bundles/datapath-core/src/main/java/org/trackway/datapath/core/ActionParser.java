// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.trackway.datapath.FlowException;
import org.trackway.packet.EtherType;

/** Reads the actions of a flow, given what the flow matches. */
final class ActionParser {

    /** Reads one action from its name and what stands behind it, which is null where there is nothing. */
    private interface Reader {
        Action read(ActionParser parser, Token item, Token argument);
    }

    private static final Map<String, Reader> READERS = Map.ofEntries(
        Map.entry("output", ActionParser::output),
        Map.entry("in_port", (parser, item, argument) -> parser.bare(item, argument, new Spread(Spread.To.IN_PORT))),
        Map.entry("flood", (parser, item, argument) -> parser.bare(item, argument, new Spread(Spread.To.FLOOD))),
        Map.entry("all", (parser, item, argument) -> parser.bare(item, argument, new Spread(Spread.To.ALL))),
        Map.entry("normal", (parser, item, argument) -> parser.bare(item, argument, new Spread(Spread.To.NORMAL))),
        Map.entry("resubmit", ActionParser::resubmit),
        Map.entry("goto_table", ActionParser::gotoTable),
        Map.entry("ct", ActionParser::ct),
        Map.entry("ct_clear", (parser, item, argument) -> parser.bare(item, argument, new CtClear())),
        Map.entry("set_field", ActionParser::setField),
        Map.entry("load", ActionParser::load),
        Map.entry("move", ActionParser::move),
        Map.entry("dec_ttl", ActionParser::decTtl),
        Map.entry("push_vlan", ActionParser::pushVlan),
        Map.entry("pop_vlan", (parser, item, argument) -> parser.bare(item, argument, new PopVlan("pop_vlan"))),
        Map.entry("strip_vlan", (parser, item, argument) -> parser.bare(item, argument, new PopVlan("strip_vlan"))),
        Map.entry("mod_vlan_vid", ActionParser::vlanId),
        Map.entry("set_vlan_vid", ActionParser::vlanId),
        Map.entry("mod_vlan_pcp", ActionParser::vlanPriority),
        Map.entry("set_vlan_pcp", ActionParser::vlanPriority),
        Map.entry("mod_dl_src", (parser, item, argument) -> parser.modify(item, argument, Fields.ETH_SRC)),
        Map.entry("mod_dl_dst", (parser, item, argument) -> parser.modify(item, argument, Fields.ETH_DST)),
        Map.entry("mod_nw_src", (parser, item, argument) -> parser.modify(item, argument, Fields.NW_SRC)),
        Map.entry("mod_nw_dst", (parser, item, argument) -> parser.modify(item, argument, Fields.NW_DST)),
        Map.entry("mod_nw_tos", ActionParser::tos),
        Map.entry("mod_nw_ecn", (parser, item, argument) -> parser.modify(item, argument, Fields.NW_ECN)),
        Map.entry("mod_nw_ttl", (parser, item, argument) -> parser.modify(item, argument, Fields.NW_TTL)),
        Map.entry("mod_tp_src", (parser, item, argument) -> parser.modify(item, argument, Fields.TP_SRC)),
        Map.entry("mod_tp_dst", (parser, item, argument) -> parser.modify(item, argument, Fields.TP_DST)));

    /** Words that can't be names of ports, in lower case. */
    private static final Set<String> RESERVED = reserved();

    /** How {@code set_field} calls fields that a match calls otherwise. */
    private static final Map<Field, String> SET_NAMES = Map.of(Fields.ETH_SRC, "eth_src", Fields.ETH_DST, "eth_dst",
        Fields.NW_SRC, "ip_src", Fields.NW_DST, "ip_dst", Fields.VLAN_VID, "vlan_vid", Fields.VLAN_PCP, "vlan_pcp");

    final PortNames ports;
    final Named named;
    final Match match;
    private final int table;
    /** Whether these are the actions inside {@code exec} of a {@code ct} action. */
    private final boolean nested;

    ActionParser(final PortNames ports, final Named named, final Match match, final int table) {
        this(ports, named, match, table, false);
    }

    private ActionParser(final PortNames ports, final Named named, final Match match, final int table,
            final boolean nested) {
        this.ports = ports;
        this.named = named;
        this.match = match;
        this.table = table;
        this.nested = nested;
    }

    private static Set<String> reserved() {
        final Set<String> words = new TreeSet<>(READERS.keySet());
        words.addAll(List.of("drop", "local", "controller", "none", "any", "table", "group"));
        return Set.copyOf(words);
    }

    /** {@return whether a word can't be the name of a port} */
    static boolean isReserved(final String word) {
        return RESERVED.contains(word.toLowerCase(Locale.ROOT));
    }

    /** {@return a parser of actions on mark and label} */
    ActionParser inExec() {
        return new ActionParser(ports, named, match, table, true);
    }

    /**
     * Reads a list of actions.
     *
     * @throws FlowException if one is not understood or can't be done on what the flow matches
     */
    List<Action> parse(final Token text) {
        final List<Token> items = text.split();
        if (items.isEmpty()) {
            throw text.error("there is no action: give drop to drop packets");
        }
        if (items.size() == 1 && items.get(0).text().equalsIgnoreCase("drop")) {
            return List.of();
        }
        final List<Action> actions = new ArrayList<>();
        for (final Token item : items) {
            if (!actions.isEmpty() && actions.get(actions.size() - 1) instanceof GotoTable) {
                throw item.error("nothing can follow goto_table");
            }
            actions.add(action(item));
        }
        return actions;
    }

    private Action action(final Token item) {
        final Token name = item.until(":=(");
        final Token argument = argument(item, name);
        final Reader reader = READERS.get(name.text().toLowerCase(Locale.ROOT));
        if (reader != null) {
            if (nested && !Set.of("set_field", "load", "move").contains(name.text())) {
                throw name.error("not allowed in exec: give set_field, load or move on ct_mark or ct_label");
            }
            return reader.read(this, item, argument);
        }
        if (argument == null && !nested && ports.isPort(item.text())) {
            return new Output(ports.input(item));
        }
        if (argument == null && !nested && ports.mayBePort(item.text())) {
            return new Output(ports.input(item));
        }
        if (name.text().equalsIgnoreCase("drop")) {
            throw name.error("can't stand with other actions");
        }
        throw name.error("not an action: give drop, a port or one of " + String.join(", ",
            new TreeSet<>(READERS.keySet())));
    }

    private static Token argument(final Token item, final Token name) {
        final int length = name.text().length();
        if (length == item.text().length()) {
            return null;
        }
        if (item.text().charAt(length) != '(') {
            return item.sub(length + 1);
        }
        if (!item.text().endsWith(")")) {
            throw item.error("the ')' is not at the end");
        }
        return item.sub(length + 1, item.text().length() - 1);
    }

    private Action bare(final Token item, final Token argument, final Action action) {
        if (argument != null) {
            throw item.error("takes no argument");
        }
        return action;
    }

    private static Token needed(final Token item, final Token argument, final String example) {
        if (argument == null || argument.isEmpty()) {
            throw item.error("needs an argument: " + example);
        }
        return argument;
    }

    // ---- where packets go ----

    private static Action output(final ActionParser parser, final Token item, final Token argument) {
        final Token target = needed(item, argument, "output:2");
        if (target.text().equalsIgnoreCase("in_port")) {
            return new Spread(Spread.To.IN_PORT);
        }
        if (!parser.ports.isPort(target.text()) && Fields.ofExpression(target.until("[").text()) != null) {
            final Subfield source = parser.source(target);
            if (source.count() > 32) {
                throw target.error("a port number has at most 32 bits, this has " + source.count());
            }
            return new OutputField(source);
        }
        return new Output(parser.ports.input(target));
    }

    private static Action resubmit(final ActionParser parser, final Token item, final Token argument) {
        final Token text = needed(item, argument, "resubmit(,1)");
        final List<Token> parts = new ArrayList<>();
        int start = 0;
        for (int i = 0; i <= text.text().length(); i++) {
            if (i == text.text().length() || text.text().charAt(i) == ',') {
                parts.add(text.sub(start, i).trim());
                start = i + 1;
            }
        }
        final Token port = parts.get(0);
        final boolean same = port.isEmpty() || port.text().equalsIgnoreCase("in_port");
        final Token next = parts.size() > 1 ? parts.get(1) : null;
        final boolean here = next == null || next.isEmpty();
        if (same && here) {
            throw item.error("resubmits the packet to where it is: give a port, a table or both, as in resubmit(,1)");
        }
        final boolean original = parts.size() > 2;
        if (original && (!parts.get(2).is("ct") || parts.size() > 3)) {
            throw parts.get(2).error("only 'ct' can stand here");
        }
        if (original && !Prerequisite.IP.isMet(parser.match)) {
            throw parts.get(2).error("needs a match on " + Prerequisite.IP.text);
        }
        return new Resubmit(same ? Resubmit.SAME : parser.ports.input(port),
            here ? Resubmit.SAME : Values.number(next, 0, FlowTables.COUNT - 1), original);
    }

    private static Action gotoTable(final ActionParser parser, final Token item, final Token argument) {
        final Token number = needed(item, argument, "goto_table:1");
        final int next = Values.number(number, 0, FlowTables.COUNT - 1);
        if (next <= parser.table) {
            throw number.error("goto_table only goes on to later tables: give "
                + (parser.table + 1) + " to " + (FlowTables.COUNT - 1) + ", or use resubmit");
        }
        return new GotoTable(next);
    }

    private static Action ct(final ActionParser parser, final Token item, final Token argument) {
        if (argument == null) {
            throw item.error("needs parentheses: ct() or ct(commit,table=1)");
        }
        return new TrackParser(parser, item).parse(argument);
    }

    // ---- what packets become ----

    private static Action decTtl(final ActionParser parser, final Token item, final Token argument) {
        if (argument != null) {
            throw argument.error("dec_ttl has no controllers to tell: leave it out");
        }
        parser.check(item, Fields.NW_TTL);
        return new DecTtl();
    }

    private static Action pushVlan(final ActionParser parser, final Token item, final Token argument) {
        final Token type = needed(item, argument, "push_vlan:0x8100");
        final int value = (int) Values.number(type, 16).low();
        if (value != EtherType.VLAN && value != EtherType.SERVICE_VLAN) {
            throw type.error("not the type of a VLAN tag: give 0x8100 or 0x88a8");
        }
        return new PushVlan(value);
    }

    private static Action vlanId(final ActionParser parser, final Token item, final Token argument) {
        final int id = Values.number(needed(item, argument, "mod_vlan_vid:10"), 0, 4095);
        return new Assign(Fields.VLAN_TCI, Bits.of(Key.TAGGED | id), Bits.of(0x1fff),
            item.until(":=(").text() + ":" + id);
    }

    private static Action vlanPriority(final ActionParser parser, final Token item, final Token argument) {
        final int priority = Values.number(needed(item, argument, "mod_vlan_pcp:3"), 0, 7);
        return new Assign(Fields.VLAN_TCI, Bits.of(Key.TAGGED | priority << 13), Bits.of(0xf000),
            item.until(":=(").text() + ":" + priority);
    }

    private static Action tos(final ActionParser parser, final Token item, final Token argument) {
        parser.check(item, Fields.NW_TOS);
        final Token number = needed(item, argument, "mod_nw_tos:16");
        final int tos = Values.number(number, 0, 255);
        if ((tos & 3) != 0) {
            throw number.error("the two low bits are the ECN: give a multiple of 4");
        }
        return new Assign(Fields.NW_TOS, Bits.of(tos), Bits.of(0xfc), "mod_nw_tos:" + tos);
    }

    private Action modify(final Token item, final Token argument, final Field field) {
        check(item, field);
        final Token name = item.until(":=(");
        final Values.Masked value = Values.parse(field, needed(item, argument, name.text() + ":VALUE"), ports);
        final Bits all = Bits.ones(field.bits);
        if (!value.mask().equals(all)) {
            throw argument.error("takes no mask: use set_field");
        }
        return new Assign(field, value.value(), all, name.text() + ":" + Values.format(field, value.value(), all));
    }

    /** Splits {@code VALUE->TARGET}. */
    private static Token[] arrow(final Token item, final Token argument, final String example) {
        final Token text = needed(item, argument, example);
        final int at = text.text().indexOf("->");
        if (at < 0) {
            throw text.error("'->' is missing: " + example);
        }
        return new Token[] {text.sub(0, at), text.sub(at + 2)};
    }

    private static Action setField(final ActionParser parser, final Token item, final Token argument) {
        final Token[] sides = arrow(item, argument, "set_field:1->reg0");
        final Subfield target = parser.target(sides[1]);
        final Field field = target.field();
        if (!target.isWhole()) {
            final Bits part = Values.number(sides[0], target.count());
            return new Assign(field, part.shiftLeft(target.start()), target.mask(),
                "set_field:" + part.shortHex() + "->" + field.name + "[" + target.start() + ".."
                    + (target.start() + target.count() - 1) + "]");
        }
        final String name = SET_NAMES.getOrDefault(field, field.name);
        if (field == Fields.VLAN_VID) {
            // OpenFlow sets the bit that says "there is a tag" with the identifier.
            final int id = Values.number(sides[0], 0, 0x1fff) & 0xfff;
            return new Assign(Fields.VLAN_TCI, Bits.of(Key.TAGGED | id), Bits.of(0x1fff),
                "set_field:" + id + "->" + name);
        }
        if (field == Fields.VLAN_PCP) {
            final int priority = Values.number(sides[0], 0, 7);
            return new Assign(Fields.VLAN_TCI, Bits.of(Key.TAGGED | priority << 13), Bits.of(0xf000),
                "set_field:" + priority + "->" + name);
        }
        final Values.Masked value = Values.parse(field, sides[0], parser.ports);
        return new Assign(field, value.value(), value.mask(),
            "set_field:" + Values.format(field, value.value(), value.mask()) + "->" + name);
    }

    private static Action load(final ActionParser parser, final Token item, final Token argument) {
        final Token[] sides = arrow(item, argument, "load:1->NXM_NX_REG0[]");
        final Subfield target = parser.target(sides[1]);
        final Bits value = Values.number(sides[0], target.count());
        return new Assign(target.field(), value.shiftLeft(target.start()), target.mask(),
            "load:" + value.shortHex() + "->" + target);
    }

    private static Action move(final ActionParser parser, final Token item, final Token argument) {
        final Token[] sides = arrow(item, argument, "move:NXM_NX_REG0[]->NXM_NX_REG1[]");
        final Subfield source = parser.source(sides[0]);
        final Subfield target = parser.target(sides[1]);
        if (source.count() != target.count()) {
            throw sides[0].error("has " + source.count() + " bits and '" + sides[1].text() + "' has " + target.count()
                + ": give equally many");
        }
        return new Move(source, target);
    }

    /** {@return a field to read from} */
    Subfield source(final Token text) {
        final Subfield source = Subfield.parse(text);
        check(text, source.field());
        return source;
    }

    private Subfield target(final Token text) {
        final Subfield target = Subfield.parse(text);
        final Field field = target.field();
        if (!field.writable) {
            throw text.error("can't be written");
        }
        if (field.isConntrack() != nested) {
            throw text.error(nested ? "not allowed in exec: only ct_mark and ct_label are"
                : "can only be set by ct(commit,exec(...))");
        }
        check(text, field);
        return target;
    }

    private void check(final Token text, final Field field) {
        if (!field.needs.isMet(match)) {
            throw text.error("needs a match on " + field.needs.text);
        }
    }
}
