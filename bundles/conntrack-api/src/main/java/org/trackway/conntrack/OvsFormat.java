// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.trackway.packet.IpProtocol;

/**
 * Writes what a tracker holds exactly as {@code ovs-appctl dpctl/...} prints it for Open vSwitch's userspace datapath,
 * so that its scripts and eyes trained on it can read Trackway. Single entries come without line end, whole reports
 * with the line ends that the peer prints.
 *
 * <p>Some fields have one value in that datapath and here: {@code id=0} and {@code status=0}.
 *
 * <p>Source: Open vSwitch lib/dpctl.c, lib/ct-dpif.c (ct_dpif_format_entry and its neighbours), lib/ipf.c
 * (ipf_get_status, ipf_dump_next).
 */
public final class OvsFormat {

    private static final String INDENT = " ".repeat(8);

    private OvsFormat() {
    }

    /**
     * {@return a connection as one line of {@code dpctl/dump-conntrack}}
     *
     * @param connection what to write
     * @param more       as with {@code -m}: both TCP peers, window scales, the parent
     * @param statistics as with {@code -s}: the whole seconds until it expires
     */
    public static String connection(final Connection connection, final boolean more, final boolean statistics) {
        final StringBuilder line = new StringBuilder(256);
        line.append(IpProtocol.name(connection.original().protocol()));
        line.append(",orig=(").append(connection.original()).append("),reply=(").append(connection.reply()).append(')');
        line.append(more ? ",id=0" : "");
        zone(line, connection.zone());
        line.append(more ? ",status=0" : "");
        if (statistics) {
            line.append(",timeout=").append(connection.remainingNs() / 1_000_000_000);
        }
        markAndLabel(line, connection.mark(), connection.labelHigh(), connection.labelLow());
        connection.tcp().ifPresent(tcp -> protocolInfo(line, tcp, more));
        connection.helper().ifPresent(helper -> line.append(",helper=").append(helper));
        if (more) {
            connection.parent().ifPresent(parent -> line.append(",parent=(").append(parent).append(')'));
        }
        return line.toString();
    }

    private static void protocolInfo(final StringBuilder line, final Connection.Tcp tcp, final boolean more) {
        if (!more) {
            line.append(",protoinfo=(state=").append(tcp.state()).append(')');
            return;
        }
        final Connection.Peer original = tcp.original();
        final Connection.Peer reply = tcp.reply();
        line.append(",protoinfo=(state_orig=").append(original.state()).append(",state_reply=").append(reply.state());
        if ((original.windowScale() | reply.windowScale()) != 0) {
            line.append(",wscale_orig=").append(original.windowScale());
            line.append(",wscale_reply=").append(reply.windowScale());
        }
        line.append(",flags_orig=").append(flags(original)).append(",flags_reply=").append(flags(reply)).append(')');
    }

    private static String flags(final Connection.Peer peer) {
        if (peer.scaleSeen()) {
            return peer.pickedUp() ? "WINDOW_SCALE|BE_LIBERAL" : "WINDOW_SCALE";
        }
        return peer.pickedUp() ? "BE_LIBERAL" : "0";
    }

    private static void zone(final StringBuilder line, final int zone) {
        if (zone != 0) {
            line.append(",zone=").append(zone);
        }
    }

    private static void markAndLabel(final StringBuilder line, final int mark, final long labelHigh,
            final long labelLow) {
        if (mark != 0) {
            line.append(",mark=").append(Integer.toUnsignedString(mark));
        }
        if ((labelHigh | labelLow) != 0) {
            line.append(",labels=").append(CtAction.hex(labelHigh, labelLow));
        }
    }

    /** {@return an expectation as one line of {@code dpctl/dump-conntrack-exp}} */
    public static String expectation(final Expectation expectation) {
        final StringBuilder line = new StringBuilder(160);
        line.append(IpProtocol.name(expectation.tuple().protocol())).append(",orig=(").append(expectation.tuple());
        line.append(')');
        zone(line, expectation.zone());
        markAndLabel(line, expectation.mark(), expectation.labelHigh(), expectation.labelLow());
        return line.append(",parent=(").append(expectation.parent()).append(')').toString();
    }

    /**
     * {@return the report of {@code dpctl/ct-get-limits}}
     *
     * @param defaultLimit limit of zones without one of their own; 0 is no limit
     * @param zones        the zones to report, in this order
     */
    public static String limits(final long defaultLimit, final List<ZoneStatus> zones) {
        final StringBuilder text = new StringBuilder("default limit=").append(defaultLimit).append('\n');
        for (final ZoneStatus zone : zones) {
            text.append("zone=").append(zone.zone()).append(",limit=").append(zone.limit());
            text.append(",count=").append(zone.count()).append('\n');
        }
        return text.toString();
    }

    /**
     * {@return the report of {@code dpctl/ct-bkts}, which shows the whole table as one bucket}
     *
     * @param connections connections held
     * @param greaterThan a bucket with this many or fewer shows a dot instead of its number; -1 shows all
     */
    public static String buckets(final int connections, final long greaterThan) {
        final StringBuilder text = new StringBuilder();
        text.append("Total Buckets: 1\nCurrent Connections: ").append(connections).append("\n\n");
        if (connections > 0) {
            final String rule = "+-----------+-----------------------------------------+\n";
            text.append(rule).append("|  Buckets  |         Connections per Buckets         |\n").append(rule);
            text.append(String.format("   0..  7   | %5s\n\n", connections > greaterThan ? connections : "."));
        }
        return text.toString();
    }

    /**
     * {@return the report of {@code dpctl/ipf-get-status}}
     *
     * @param status   what is held and was counted
     * @param settings the rules
     * @param more     as with {@code -m}: also the datagrams in pieces
     */
    public static String fragments(final FragmentStatus status, final ConntrackSettings settings, final boolean more) {
        final StringBuilder text = new StringBuilder(1024);
        line(text, "Fragmentation Module Status");
        line(text, "---------------------------");
        line(text, "v4 enabled: " + (settings.reassembleV4() ? 1 : 0));
        line(text, "v6 enabled: " + (settings.reassembleV6() ? 1 : 0));
        line(text, "max num frags (v4/v6): " + settings.maxFragments());
        line(text, "num frag: " + status.held());
        fragmentCounts(text, "v4", settings.minFragmentV4(), status.v4());
        fragmentCounts(text, "v6", settings.minFragmentV6(), status.v6());
        if (more) {
            text.append('\n').append(INDENT).append("Fragment Lists:\n\n");
            for (final FragmentStatus.Datagram datagram : status.datagrams()) {
                text.append("(src=").append(datagram.source()).append(",dst=").append(datagram.destination());
                text.append(",recirc_id=0,ip_id=").append(datagram.id());
                text.append(",dl_type=").append(datagram.source().v6() ? "0x86dd" : "0x800");
                text.append(",zone=").append(datagram.zone()).append(",nw_proto=").append(datagram.protocol());
                text.append(",num_fragments=").append(datagram.fragments());
                text.append(",state=").append(datagram.state()).append(")\n");
            }
        }
        return text.toString();
    }

    private static void fragmentCounts(final StringBuilder text, final String family, final int minimum,
            final FragmentStatus.Counts counts) {
        line(text, "min " + family + " frag size: " + minimum);
        line(text, family + " frags accepted: " + counts.accepted());
        line(text, family + " frags completed: " + counts.completed());
        line(text, family + " frags expired: " + counts.expired());
        line(text, family + " frags too small: " + counts.tooSmall());
        line(text, family + " frags overlapped: " + counts.overlapped());
        line(text, family + " frags purged: " + counts.purged());
    }

    private static void line(final StringBuilder text, final String line) {
        text.append(INDENT).append(line).append('\n');
    }

    /**
     * Counts connections for {@code dpctl/ct-stats-show}: show it all of them, then ask for the {@link #report}. Not
     * thread-safe.
     */
    public static final class Totals implements Consumer<Connection> {

        /** The lines and their order; ICMPv6 has none in the peer and stands in its total only. */
        private static final int[] LINES = {IpProtocol.TCP, IpProtocol.UDP, IpProtocol.UDPLITE, IpProtocol.SCTP,
            IpProtocol.ICMP, IpProtocol.DCCP, IpProtocol.IGMP};
        private static final Map<Integer, String> TITLES = Map.of(IpProtocol.TCP, "TCP", IpProtocol.UDP, "UDP",
            IpProtocol.UDPLITE, "UDPLITE", IpProtocol.SCTP, "SCTP", IpProtocol.ICMP, "ICMP", IpProtocol.DCCP, "DCCP",
            IpProtocol.IGMP, "IGMP");

        private final Map<Integer, Long> protocols = new TreeMap<>();
        private final Map<TcpState, Long> tcpStates = new EnumMap<>(TcpState.class);
        private long total;
        private long others;

        /** Counts one connection. */
        @Override
        public void accept(final Connection connection) {
            final int protocol = connection.original().protocol();
            total++;
            protocols.merge(protocol, 1L, Long::sum);
            if (!TITLES.containsKey(protocol) && protocol != IpProtocol.ICMPV6) {
                others++;
            }
            connection.tcp().ifPresent(tcp -> tcpStates.merge(tcp.state(), 1L, Long::sum));
        }

        /** {@return connections counted} */
        public long total() {
            return total;
        }

        /** {@return connections by IP protocol number, ascending} */
        public Map<Integer, Long> protocols() {
            return new TreeMap<>(protocols);
        }

        /** {@return TCP connections by the state that stands for both peers} */
        public Map<TcpState, Long> tcpStates() {
            return new EnumMap<>(tcpStates);
        }

        /**
         * {@return the report}
         *
         * @param more as with {@code -m}: also TCP connections by state
         */
        public String report(final boolean more) {
            final StringBuilder text = new StringBuilder("Connections Stats:\n    Total: ").append(total).append('\n');
            for (final int protocol : LINES) {
                line(text, TITLES.get(protocol), protocols.getOrDefault(protocol, 0L));
                if (protocol == IpProtocol.TCP && more && !tcpStates.isEmpty()) {
                    text.append("    Conn per TCP states:\n");
                    tcpStates.forEach((state, count) ->
                        text.append("\t  [").append(state).append("]=").append(count).append('\n'));
                }
            }
            line(text, "Other", others);
            return text.toString();
        }

        private static void line(final StringBuilder text, final String title, final long count) {
            if (count != 0) {
                text.append("  ").append(title).append(": ").append(count).append('\n');
            }
        }
    }
}
