// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.OvsFormat;
import org.trackway.conntrack.ZoneStatus;

/** Shows and sets how many connections zones may have. */
@Service
@Command(scope = "conntrack", name = "zones", description = "Shows and sets how many connections zones may have.",
    detailedDescription = """
    A limit acts at once and survives a restart. The count of a zone starts when it first comes under a limit.
    Examples:
      conntrack:zones                  those with a limit of their own
      conntrack:zones 7 8              these, whichever limit they have
      conntrack:zones --set 7=1000 --set 8=0
      conntrack:zones --default 50000  for every other zone; 0 is none
      conntrack:zones --delete 7
      conntrack:zones --ovs            as dpctl/ct-get-limits
    """)
public final class ZonesCommand extends SettingsCommand {

    private static final long MAX_LIMIT = 0xffffffffL;

    @Option(name = "--set",
        description = "ZONE=LIMIT: connections that the zone may have, 0 to 4294967295; 0 admits none. "
        + "May be given several times", multiValued = true)
    List<String> set;

    @Option(name = "--delete",
        description = "Remove the limit of this zone; may be given several times", multiValued = true)
    @Completion(Zones.class)
    List<String> delete;

    @Option(name = "--default", description = "Connections in each zone without a limit of its own; 0 is no limit")
    String defaultLimit;

    @Option(name = "--ovs", description = "Print as ovs-appctl dpctl/ct-get-limits does")
    boolean ovs;

    @Argument(name = "zones",
        description = "Show these zones; without, those with a limit of their own", multiValued = true)
    @Completion(Zones.class)
    List<String> words;

    @Override
    void run(final Console console) throws IOException {
        final List<Integer> asked = Operands.of(this, words).stream().map(Numbers::zone).toList();
        final ConntrackSettings settings = change(this::changed);
        final List<ZoneStatus> shown = new ArrayList<>();
        if (asked.isEmpty()) {
            shown.addAll(live.zones(OptionalInt.empty()));
        } else {
            asked.forEach(zone -> shown.addAll(live.zones(OptionalInt.of(zone))));
        }
        if (ovs) {
            console.print(OvsFormat.limits(settings.defaultZoneLimit(), shown));
            return;
        }
        final Table table = new Table().text("Zone").number("Limit [connections]").number("Connections").optional("");
        for (final ZoneStatus zone : shown) {
            table.row(zone.zone(), limit(zone.limit(), zone.explicit()), zone.count(),
                zone.explicit() ? null : "by default");
        }
        table.row("default", limit(settings.defaultZoneLimit(), false), null, null);
        table.print(console);
    }

    private static String limit(final long limit, final boolean explicit) {
        return limit == 0 && !explicit ? "none" : Long.toString(limit);
    }

    private ConntrackSettings changed(final ConntrackSettings old) {
        ConntrackSettings settings = old;
        if (defaultLimit != null) {
            settings = settings.withDefaultZoneLimit(Numbers.parse("--default", defaultLimit, 0, MAX_LIMIT));
        }
        for (final String text : set == null ? List.<String>of() : set) {
            final int equals = text.indexOf('=');
            if (equals < 0) {
                throw new IllegalArgumentException("--set '" + text + "' is not ZONE=LIMIT");
            }
            settings = settings.withZoneLimit(Numbers.zone(text.substring(0, equals)),
                Numbers.parse("limit", text.substring(equals + 1), 0, MAX_LIMIT));
        }
        for (final String text : delete == null ? List.<String>of() : delete) {
            final int zone = Numbers.zone(text);
            if (!settings.zoneLimits().containsKey(zone)) {
                throw new IllegalArgumentException("zone " + zone + " has no limit of its own");
            }
            settings = settings.withZoneLimit(zone, null);
        }
        return settings;
    }
}
