// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.util.List;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.trackway.conntrack.OvsMatch;

/** Removes connections. */
@Service
@Command(scope = "conntrack", name = "flush", description = "Removes connections, at once.", detailedDescription = """
    Takes what ovs-appctl dpctl/flush-conntrack takes: zone=N, mark=X[/M], labels=X[/M], a tuple of the \
    original direction and one of the reply direction, in this order, each optional. A tuple has ct_nw_src, \
    ct_nw_dst, ct_ipv6_src, ct_ipv6_dst, ct_nw_proto, ct_tp_src, ct_tp_dst, icmp_id, icmp_type, icmp_code; a \
    complete one is looked up in zone 0 unless a zone is given, a part of one matches in every zone. Everything \
    needs --all.
    Examples:
      conntrack:flush --all
      conntrack:flush zone=5
      conntrack:flush mark=0x10/0xf0
      conntrack:flush 'ct_nw_src=10.1.1.1,ct_nw_proto=17'
      conntrack:flush zone=5 'ct_ipv6_dst=fc00::2,ct_nw_proto=6'
    """)
public final class FlushCommand extends TrackerCommand {

    @Option(name = "--all", description = "Every connection of every zone")
    boolean all;

    @Argument(name = "what",
        description = "zone=N mark=X[/M] labels=X[/M] original-tuple reply-tuple", multiValued = true)
    List<String> words;

    @Override
    void run(final Console console) {
        final List<String> what = Operands.of(this, words);
        if (what.isEmpty() != all) {
            throw new IllegalArgumentException(all ? "--all goes with nothing else"
                : "say what to flush: zone=N, mark=X[/M], labels=X[/M], a tuple, or --all");
        }
        final OvsMatch match = OvsMatch.parse(what);
        final long removed = match.flush(tracker());
        if (removed == 0 && match.tuple().isPresent()) {
            throw new IllegalArgumentException("no connection has this tuple in zone " + match.zone().orElse(0));
        }
        console.println(Units.count(removed, "connection") + " flushed");
    }
}
