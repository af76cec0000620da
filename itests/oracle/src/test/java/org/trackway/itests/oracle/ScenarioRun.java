// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.oracle;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.CtState;
import org.trackway.conntrack.OvsFormat;
import org.trackway.conntrack.core.Trackers;
import org.trackway.datapath.SeenPacket;
import org.trackway.helper.ftp.FtpHelper;
import org.trackway.helper.tftp.TftpHelper;

/** Lets Trackway do what a scenario says, its rules written as flows, and writes down what it did. */
final class ScenarioRun {

    private static final long NS_PER_MS = 1_000_000;
    /** Priority of the first rule; each further one has one less. */
    private static final int FIRST_PRIORITY = 1000;
    /** Where the packets of the first rule go after their action; each further rule has a table of its own. */
    private static final int FIRST_TABLE = 10;

    private final Scenario scenario;
    private final int burst;
    private final Conntrack tracker;
    private final Wire wire;
    private final Answers answers = new Answers();
    private long clockMs;
    private int next;

    private ScenarioRun(final Scenario scenario, final int burst) {
        this.scenario = scenario;
        this.burst = burst;
        tracker = Trackers.make(scenario.settings(), () -> clockMs * NS_PER_MS,
            List.of(new FtpHelper(), new TftpHelper()));
        wire = new Wire(tracker, flows(scenario.rules()));
    }

    /** {@return what it did with at most so many packets at a time} */
    static Answers of(final Scenario scenario, final int burst) {
        final ScenarioRun run = new ScenarioRun(scenario, burst);
        try (Wire wire = run.wire) {
            scenario.steps().forEach(run::step);
            int number = 0;
            for (final Wire.Sent sent : wire.sent()) {
                run.answers.part("tx").add(Golden.line(++number, sent.input(), sent.port(), sent.frame()));
            }
        }
        run.answers.part("fragments").addAll(OvsFormat.fragments(run.tracker.fragments(), run.tracker.settings(), false)
            .lines().skip(2).map(String::strip).toList());
        return run.answers;
    }

    /** {@return the rules as flows: table 0 tracks, the rule's own table tracks again if need be, table 1 sends} */
    static List<String> flows(final List<Scenario.Rule> rules) {
        final List<String> flows = new ArrayList<>(List.of("table=1,in_port=p1,actions=output:p2",
            "table=1,in_port=p2,actions=output:p1"));
        for (int i = 0; i < rules.size(); i++) {
            final Scenario.Rule rule = rules.get(i);
            final int table = FIRST_TABLE + i;
            flows.add("table=0,priority=" + (FIRST_PRIORITY - i) + ",in_port=" + rule.port() + ',' + rule.match()
                + ",actions=ct(" + rule.ct() + ",table=" + table + ')');
            flows.add("table=" + table + ",priority=0,actions=resubmit(,1)");
            if (rule.ifRelated() != null) {
                // The ports that the match may name are not there any more once they are translated.
                final String family = rule.match().split(",")[0];
                flows.add("table=" + table + ",priority=1," + family + ",ct_state=+new+rel,actions=ct("
                    + rule.ifRelated() + ",table=1)");
            }
        }
        return flows;
    }

    private void step(final Scenario.Step step) {
        switch (step.kind()) {
            case "packets" -> {
                final int last = Integer.parseInt(step.argument().substring(step.argument().indexOf('-') + 1));
                while (next < last) {
                    final int from = next;
                    final String port = scenario.inputs().get(from).port();
                    while (next < Math.min(last, from + burst) && scenario.inputs().get(next).port().equals(port)) {
                        next++;
                    }
                    send(port, scenario.inputs().subList(from, next));
                }
            }
            case "advance_ms" -> {
                clockMs += Long.parseLong(step.argument());
                tracker.sweep();
                answers.part("limits after the clock moved").clear();
                limits("limits after the clock moved");
            }
            case "dump" -> dump(step.argument());
            case "setting" -> setting(step.argument());
            default -> throw new IllegalArgumentException("unknown step: " + step);
        }
    }

    private void send(final String port, final List<Scenario.Input> inputs) {
        if (inputs.get(0).clockMs() != clockMs) {
            throw new IllegalStateException("packet " + next + ": the clock shows " + clockMs + " ms, not "
                + inputs.get(0).clockMs());
        }
        final List<SeenPacket> seen = wire.receive(port, inputs.stream().map(Scenario.Input::packet).toList());
        final boolean released = seen.stream().anyMatch(packet -> packet.fate() == SeenPacket.Fate.RELEASED);
        int count = 0;
        for (final SeenPacket packet : seen) {
            if (packet.fate() == SeenPacket.Fate.HELD) {
                answers.part("ct_state").add(packet.number() + ": (held)");
            } else {
                answers.part("ct_state").add((released ? next : packet.number()) + ": "
                    + CtState.format(packet.ctState())
                    + (packet.ctZone() == 0 ? "" : " zone=" + packet.ctZone())
                    + (packet.ctMark() == 0 ? "" : " mark=" + Integer.toUnsignedString(packet.ctMark()))
                    + (released ? " (packet " + ++count + " of " + seen.size() + " released)" : ""));
            }
        }
        limits("limits after " + next + " packets");
    }

    private void setting(final String text) {
        final String flush = "dpctl/flush-conntrack zone=";
        if (!text.startsWith(flush)) {
            throw new IllegalArgumentException("unknown setting: " + text);
        }
        tracker.flush(ConnectionFilter.zone(Integer.parseInt(text.substring(flush.length()))));
    }

    private void limits(final String part) {
        answers.part(part).addAll(OvsFormat.limits(tracker.settings().defaultZoneLimit(),
            tracker.zones(OptionalInt.empty())).lines().toList());
    }

    private void dump(final String name) {
        dump("dump " + name + " long form (-m)", true, false);
        dump("dump " + name + " with timeouts (-m -s)", true, true);
        dump("dump " + name + " short form", false, false);
        final List<String> expectations = answers.part("expectations " + name);
        tracker.expectations(OptionalInt.empty()).forEach(
            expectation -> expectations.add(OvsFormat.expectation(expectation)));
        expectations.sort(null);
    }

    private void dump(final String part, final boolean more, final boolean statistics) {
        final List<String> lines = answers.part(part);
        tracker.forEach(ConnectionFilter.ALL,
            (final Connection connection) -> lines.add(OvsFormat.connection(connection, more, statistics)));
        lines.sort(null);
    }
}
