// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.io.IOException;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.completers.StringsCompleter;
import org.trackway.conntrack.ConntrackSettings;

/** Shows and sets the tracker-wide limits and switches. */
@Service
@Command(scope = "conntrack", name = "limits", description = "Shows and sets the live tracker's limits and switches.",
    detailedDescription = """
    What is set acts at once and survives a restart: it is in configuration org.trackway.conntrack.
    Examples:
      conntrack:limits
      conntrack:limits --max-connections 1000000 --sweep-interval 5000
      conntrack:limits --tcp-sequence-check off
    """)
public final class LimitsCommand extends SettingsCommand {

    @Option(name = "--max-connections", description = "Connections the tracker may hold, 0 to 50000000")
    String maxConnections;

    @Option(name = "--sweep-interval",
        description = "Milliseconds between two removals of expired connections, from 1 on")
    String sweepInterval;

    @Option(name = "--tcp-sequence-check", description = "on: TCP segments outside the window are invalid; off: not")
    @Completion(value = StringsCompleter.class, values = {"on", "off"})
    String tcpSequenceCheck;

    @Option(name = "--accounting",
        description = "on: packets, bytes and times are kept of connections made from now on")
    @Completion(value = StringsCompleter.class, values = {"on", "off"})
    String accounting;

    @Option(name = "--max-expectations",
        description = "Connections that a helper may expect for one control connection, "
        + "1 to 65535")
    String maxExpectations;

    @Override
    void run(final Console console) throws IOException {
        final ConntrackSettings now = change(this::changed);
        final ConntrackSettings usual = ConntrackSettings.DEFAULT;
        new Table().text("Limit").number("Now").number("Default").text("Unit")
            .row("max-connections", now.maxConnections(), usual.maxConnections(),
                "connections; there are " + live.count())
            .row("sweep-interval", now.sweepIntervalMs(), usual.sweepIntervalMs(), "ms")
            .row("tcp-sequence-check", onOff(now.tcpSequenceCheck()), onOff(usual.tcpSequenceCheck()), null)
            .row("accounting", onOff(now.accounting()), onOff(usual.accounting()), null)
            .row("max-expectations", now.maxExpectations(), usual.maxExpectations(), "per control connection")
            .print(console);
    }

    private ConntrackSettings changed(final ConntrackSettings old) {
        return new ConntrackSettings(
            maxConnections == null ? old.maxConnections() : (int) Numbers.parse("--max-connections", maxConnections, 0,
                ConntrackSettings.MAX_CONNECTIONS),
            sweepInterval == null ? old.sweepIntervalMs() : (int) Numbers.parse("--sweep-interval", sweepInterval, 1,
                Integer.MAX_VALUE),
            tcpSequenceCheck == null ? old.tcpSequenceCheck() : Numbers.onOff("--tcp-sequence-check", tcpSequenceCheck),
            accounting == null ? old.accounting() : Numbers.onOff("--accounting", accounting),
            old.defaultZoneLimit(), old.zoneLimits(), old.timeoutPolicies(),
            maxExpectations == null ? old.maxExpectations() : (int) Numbers.parse("--max-expectations", maxExpectations,
                1, 65535),
            old.reassembleV4(), old.reassembleV6(), old.minFragmentV4(), old.minFragmentV6(), old.maxFragments());
    }

    /** {@return how a switch is shown} */
    static String onOff(final boolean value) {
        return value ? "on" : "off";
    }
}
