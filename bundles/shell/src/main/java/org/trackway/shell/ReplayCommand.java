// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.karaf.shell.api.action.Argument;
import org.apache.karaf.shell.api.action.Command;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.api.action.Option;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.action.lifecycle.Service;
import org.apache.karaf.shell.support.completers.StringsCompleter;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.OvsFormat;
import org.trackway.datapath.FlowException;
import org.trackway.datapath.ReplayRequest;
import org.trackway.datapath.ReplayResult;
import org.trackway.datapath.Replayer;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Port;
import org.trackway.packet.PortFactory;
import org.trackway.packet.Progress;

/** Replays a capture. */
@Service
@Command(scope = "datapath", name = "replay",
    description = "Replays a capture through a tracker and says what it made of it.",
    detailedDescription = """
    Reads pcap and pcapng. The replay has a tracker, flows and a clock of its own, so that nothing live is \
    touched; every packet is committed in zone 0 unless --flows says otherwise. Afterwards its connections can \
    be looked at with --tracker replay: conntrack:list, show, stats, expectations. With --flows the capture \
    comes in at port 1; --record is port 2, named record. With --live offload providers may take connections over, \
    and what share of the packets software sees is shown as it falls.
    Examples:
      datapath:replay samples/ftp4_pasv.pcap
      datapath:replay --trace --clock frozen capture.pcap
      datapath:replay --trace=oracle capture.pcap
      datapath:replay --flows nat.flows --record out.pcap in.pcap
      datapath:replay --connections --ovs -m capture.pcap
      datapath:replay --live --pace capture --record out.pcap capture.pcap
    """)
public final class ReplayCommand extends DatapathCommand {

    private static final String KIND = "pcap";
    private static final String STANDARD_INPUT = "-";
    private static final String SOURCE = "capture";

    @Reference
    Replayer replayer;

    @Reference
    List<PortFactory> portFactories;

    @Option(name = "--flows", description = "File of flows to use instead of committing every packet")
    @Completion(Paths.class)
    String flows;

    @Option(name = "--clock",
        description = "The clock of its own tracker: capture (the packets' time stamps; the default), "
        + "frozen (nothing expires) or monotonic (this machine's)")
    @Completion(value = StringsCompleter.class, values = {"capture", "frozen", "monotonic"})
    String clock;

    @Option(name = "--pace", description = "full (as fast as possible) or capture (as it was captured)")
    @Completion(value = StringsCompleter.class, values = {"full", "capture"})
    String pace = "full";

    @Option(name = "--batch", description = "Packets that go through the tables together, 1 to 32")
    String batch = "32";

    @Option(name = "--trace",
        description = "Print a line a packet: number, time, tuple, ct_state. --trace=oracle prints "
        + "number and ct_state alone, as Open vSwitch's test-conntrack does")
    @Completion(value = StringsCompleter.class, values = {"lines", "oracle"})
    @OptionalValue({"lines", "oracle"})
    String trace;

    @Option(name = "--live", description = "Track in the live tracker, by its clock")
    boolean intoLive;

    @Option(name = "--through",
        description = "Send the packets through the live datapath: its flows, ports and tracker")
    boolean through;

    @Option(name = "--record", description = "Record what leaves to this pcap file")
    @Completion(Paths.class)
    String record;

    @Option(name = "--follow", description = "Wait for more where the capture ends, until ctrl-c")
    boolean follow;

    @Option(name = "--connections", description = "List the connections at the end")
    boolean connections;

    @Option(name = "--ovs", description = "With --connections: as ovs-appctl dpctl/dump-conntrack does")
    boolean ovs;

    @Option(name = "-m", aliases = "--more", description = "With --ovs: more, as there")
    boolean more;

    @Option(name = "-s", aliases = "--statistics", description = "With --ovs: the seconds left, as there")
    boolean statistics;

    @Argument(name = "capture", description = "The capture to replay", multiValued = true)
    @Completion(Paths.class)
    List<String> words;

    @Override
    void run(final Console console) throws IOException {
        final List<String> captures = Operands.of(this, words);
        if (captures.size() != 1) {
            throw new IllegalArgumentException(captures.isEmpty() ? "give a capture to replay"
                : "give one capture, not " + String.join(" and ", captures));
        }
        if (intoLive && clock != null) {
            throw new IllegalArgumentException("--live goes by the live tracker's clock: leave --clock out");
        }
        final ReplayResult result;
        try (Port source = open(SOURCE, Map.of("file", file(captures.get(0)), "follow", Boolean.toString(follow)));
                Port recorder = record == null ? null : open("record", Map.of("record", file(record)))) {
            result = replay(console, source, recorder);
        }
        // What interrupted the replay was ctrl-c, which is used up by that: the summary is still wanted.
        Thread.interrupted();
        if (!intoLive && !through) {
            LastReplay.remember(result.conntrack());
        }
        report(console, result);
        if (result.error().isPresent()) {
            throw new IOException(result.error().get());
        }
    }

    private String file(final String name) {
        return STANDARD_INPUT.equals(name) ? name : path(name).toString();
    }

    private ReplayResult replay(final Console console, final Port source, final Port recorder) throws IOException {
        final ReplayRequest.Builder request = ReplayRequest.port(source)
            .clock(clock == null ? ReplayRequest.Clock.CAPTURE
                : choice("--clock", clock, ReplayRequest.Clock.values()))
            .pace(choice("--pace", pace, ReplayRequest.Pace.values()))
            .batchSize((int) Numbers.parse("--batch", batch, 1, PacketBatch.BURST))
            .flows(flows == null ? List.of() : flowsFrom(flows))
            .outputs(recorder == null ? List.of() : List.of(recorder))
            .conntrack(intoLive ? live.conntrack() : null)
            .datapath(through ? live : null);
        final ProgressBar bar = new ProgressBar(console, source instanceof Progress progress ? progress : null);
        final Trace lines = trace == null ? null : new Trace(choice("--trace", trace, Trace.Style.values()), console);
        try {
            return replayer.replay(request.observer(lines).progress(lines == null ? bar : null).build());
        } catch (final FlowException e) {
            throw new IllegalArgumentException(flows + ", " + e.getMessage(), e);
        } finally {
            bar.clear();
            if (lines != null) {
                lines.flush();
            }
        }
    }

    private void report(final Console console, final ReplayResult result) {
        if (connections && ovs) {
            result.conntrack().forEach(ConnectionFilter.ALL, connection ->
                console.println(OvsFormat.connection(connection, more, statistics)));
            return;
        }
        if (!Trace.Style.ORACLE.name().equalsIgnoreCase(trace)) {
            new ReplaySummary(result, intoLive || through ? "conntrack:list" : "conntrack:list --tracker replay")
                .print(console);
        }
        if (connections) {
            final FirstConnections all = new FirstConnections(ConnectionOrder.ZONE.comparator(), 0);
            result.conntrack().forEach(ConnectionFilter.ALL, all);
            final ConnectionTable table = new ConnectionTable();
            all.sorted().forEach(table::add);
            table.print(console);
        }
    }

    private Port open(final String name, final Map<String, String> options) throws IOException {
        for (final PortFactory factory : new ArrayList<>(portFactories)) {
            if (factory.kind().equals(KIND)) {
                return factory.open(name, new HashMap<>(options));
            }
        }
        throw new IllegalStateException("nothing here can read captures: install the feature trackway-pcap");
    }

    private static <T extends Enum<T>> T choice(final String option, final String text, final T[] values) {
        final List<String> names = new ArrayList<>();
        for (final T value : values) {
            if (value.name().equalsIgnoreCase(text)) {
                return value;
            }
            names.add(value.name().toLowerCase(Locale.ROOT));
        }
        throw new IllegalArgumentException(option + " is '" + text + "': give " + String.join(", ", names));
    }
}
