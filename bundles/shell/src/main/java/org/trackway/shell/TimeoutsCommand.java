// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.Timeout;
import org.trackway.conntrack.TimeoutPolicy;

/** Shows and sets timeout policies. */
@Service
@Command(scope = "conntrack", name = "timeouts",
    description = "Shows and sets timeout policies.", detailedDescription = """
    A policy is chosen by flows, as ct(commit,timeout=NAME). What it does not mention has the default, shown in \
    brackets. Changes act at once, on what connections see next, and survive a restart. Attributes and units \
    (seconds) are those of ovs-vsctl add-zone-tp.
    Examples:
      conntrack:timeouts
      conntrack:timeouts --set short udp_first=5 udp_multiple=10
      conntrack:timeouts --delete short
    """)
public final class TimeoutsCommand extends SettingsCommand {

    @Option(name = "--set",
        description = "Add this policy, or change what is given of it: attribute=seconds ... follow")
    @Completion(PolicyNames.class)
    String set;

    @Option(name = "--delete", description = "Remove this policy")
    @Completion(PolicyNames.class)
    String delete;

    @Argument(name = "attributes", description = "With --set: attribute=seconds, several", multiValued = true)
    @Completion(TimeoutNames.class)
    List<String> words;

    @Override
    void run(final Console console) throws IOException {
        final List<String> attributes = Operands.of(this, words);
        if (set == null ? !attributes.isEmpty() : attributes.isEmpty()) {
            throw new IllegalArgumentException("--set takes a name and at least one attribute=seconds");
        }
        final Map<String, TimeoutPolicy> policies = new TreeMap<>(change(old -> changed(old, attributes))
            .timeoutPolicies());
        final Table table = new Table().text("Timeout [s]").number("default");
        policies.keySet().forEach(table::number);
        for (final Timeout timeout : Timeout.values()) {
            final List<Object> row = new ArrayList<>(List.of(timeout.attribute(), timeout.defaultSeconds()));
            policies.values().forEach(policy -> row.add(policy.seconds().containsKey(timeout)
                ? policy.seconds(timeout) : "(" + policy.seconds(timeout) + ")"));
            table.row(row.toArray());
        }
        table.print(console);
    }

    private ConntrackSettings changed(final ConntrackSettings old, final List<String> attributes) {
        if (delete != null) {
            if (!old.timeoutPolicies().containsKey(delete)) {
                throw new IllegalArgumentException("there is no timeout policy '" + delete + "'"
                    + (old.timeoutPolicies().isEmpty() ? "" : ": there are "
                        + String.join(", ", new TreeMap<>(old.timeoutPolicies()).keySet())));
            }
            final Map<String, TimeoutPolicy> left = new TreeMap<>(old.timeoutPolicies());
            left.remove(delete);
            return with(old, left);
        }
        if (set == null) {
            return old;
        }
        final TimeoutPolicy given = TimeoutPolicy.parse(set + ": " + String.join(" ", attributes));
        final Map<Timeout, Long> seconds = new EnumMap<>(Timeout.class);
        if (old.timeoutPolicies().containsKey(given.name())) {
            seconds.putAll(old.timeoutPolicies().get(given.name()).seconds());
        }
        seconds.putAll(given.seconds());
        return old.withTimeoutPolicy(new TimeoutPolicy(given.name(), seconds));
    }

    private static ConntrackSettings with(final ConntrackSettings old, final Map<String, TimeoutPolicy> policies) {
        return new ConntrackSettings(old.maxConnections(), old.sweepIntervalMs(), old.tcpSequenceCheck(),
            old.accounting(), old.defaultZoneLimit(), old.zoneLimits(), policies, old.maxExpectations(),
            old.reassembleV4(), old.reassembleV6(), old.minFragmentV4(), old.minFragmentV6(), old.maxFragments());
    }
}
