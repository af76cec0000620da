// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.io.IOException;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.completers.StringsCompleter;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.FragmentStatus;
import org.trackway.conntrack.OvsFormat;
import org.trackway.packet.IpProtocol;

/** Shows and sets how fragments are gathered. */
@Service
@Command(scope = "conntrack", name = "fragments", description = "Shows and sets how IP fragments are gathered.",
    detailedDescription = """
    What is set acts at once and survives a restart.
    Examples:
      conntrack:fragments
      conntrack:fragments -m                also the datagrams in pieces
      conntrack:fragments --v6 off
      conntrack:fragments --min-v4 400 --max 2000
      conntrack:fragments --ovs -m          as dpctl/ipf-get-status -m
    """)
public final class FragmentsCommand extends SettingsCommand {

    @Option(name = "--v4", description = "on: IPv4 fragments are gathered; off: not")
    @Completion(value = StringsCompleter.class, values = {"on", "off"})
    String v4;

    @Option(name = "--v6", description = "on: IPv6 fragments are gathered; off: not")
    @Completion(value = StringsCompleter.class, values = {"on", "off"})
    String v6;

    @Option(name = "--min-v4", description = "Smallest IPv4 fragment that is not a last one, in bytes, 400 to 65535")
    String minV4;

    @Option(name = "--min-v6", description = "Smallest IPv6 fragment that is not a last one, in bytes, 400 to 65535")
    String minV6;

    @Option(name = "--max", description = "Fragments held at a time, 0 to 5000")
    String max;

    @Option(name = "--ovs", description = "Print as ovs-appctl dpctl/ipf-get-status does")
    boolean ovs;

    @Option(name = "-m", aliases = "--more", description = "Also the datagrams that are being gathered")
    boolean more;

    @Override
    void run(final Console console) throws IOException {
        final ConntrackSettings settings = change(this::changed);
        final FragmentStatus status = live.fragments();
        if (ovs) {
            console.print(OvsFormat.fragments(status, settings, more));
            return;
        }
        new Table().text("Fragments").number("IPv4").number("IPv6").text("Unit")
            .row("gathered", LimitsCommand.onOff(settings.reassembleV4()), LimitsCommand.onOff(settings.reassembleV6()),
                null)
            .row("smallest", settings.minFragmentV4(), settings.minFragmentV6(), "bytes, unless the last")
            .row("accepted", status.v4().accepted(), status.v6().accepted(), "fragments")
            .row("completed", status.v4().completed(), status.v6().completed(), "fragments")
            .row("expired", status.v4().expired(), status.v6().expired(), "fragments")
            .row("too small", status.v4().tooSmall(), status.v6().tooSmall(), "fragments")
            .row("overlapping", status.v4().overlapped(), status.v6().overlapped(), "fragments")
            .row("purged", status.v4().purged(), status.v6().purged(), "fragments")
            .print(console);
        console.println(status.held() + " held of at most " + settings.maxFragments());
        if (more && !status.datagrams().isEmpty()) {
            final Table table = new Table().number("Zone").text("Source").text("Destination").number("Identification")
                .text("Proto").number("Fragments").text("State");
            for (final FragmentStatus.Datagram datagram : status.datagrams()) {
                table.row(datagram.zone(), datagram.source(), datagram.destination(), datagram.id(),
                    datagram.source().v6() ? null : IpProtocol.name(datagram.protocol()), datagram.fragments(),
                    datagram.state());
            }
            table.print(console);
        }
    }

    private ConntrackSettings changed(final ConntrackSettings old) {
        return old.withFragments(v4 == null ? old.reassembleV4() : Numbers.onOff("--v4", v4),
            v6 == null ? old.reassembleV6() : Numbers.onOff("--v6", v6),
            minV4 == null ? old.minFragmentV4() : (int) Numbers.parse("--min-v4", minV4, 400, 65535),
            minV6 == null ? old.minFragmentV6() : (int) Numbers.parse("--min-v6", minV6, 400, 65535),
            max == null ? old.maxFragments() : (int) Numbers.parse("--max", max, 0, 5000));
    }
}
