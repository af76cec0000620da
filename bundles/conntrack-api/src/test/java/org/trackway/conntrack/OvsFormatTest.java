// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.trackway.packet.IpAddress;
import org.trackway.packet.IpProtocol;

/** Lines as ovs-appctl prints them. */
class OvsFormatTest {

    private static final Connection.Count NONE = new Connection.Count(0, 0);
    private static final IpAddress A = IpAddress.parse("10.1.1.1");
    private static final IpAddress B = IpAddress.parse("10.1.1.2");

    private static Tuple tuple(final int protocol, final int sourcePort, final int destinationPort) {
        return Tuple.of(A, B, protocol, sourcePort, destinationPort);
    }

    private static Connection connection(final Tuple original, final int zone, final int mark, final long labelHigh,
            final long labelLow, final Connection.Tcp tcp, final String helper, final Tuple parent) {
        return new Connection(7, zone, original, original.reverse(), mark, labelHigh, labelLow, 899_999_999_999L,
            "MULTIPLE", Optional.ofNullable(tcp), Optional.ofNullable(helper), Optional.ofNullable(parent), false,
            false, Optional.empty(), 0, 0, NONE, NONE);
    }

    private static Connection plain(final Tuple original) {
        return connection(original, 0, 0, 0, 0, null, null, null);
    }

    private static Connection.Peer peer(final TcpState state, final int scale, final boolean seen,
            final boolean pickedUp) {
        return new Connection.Peer(state, scale, seen, pickedUp, 0, 0, 1);
    }

    private static Connection tcp(final Connection.Peer original, final Connection.Peer reply) {
        return connection(tuple(IpProtocol.TCP, 1000, 2000), 0, 0, 0, 0, new Connection.Tcp(original, reply), null,
            null);
    }

    @Test
    void aMarkIsUnsignedDecimal() {
        assertThat(OvsFormat.connection(connection(tuple(IpProtocol.UDP, 1, 2), 0, 170, 0, 0, null, null, null), false,
            false)).isEqualTo("udp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=1,dport=2),"
                + "reply=(src=10.1.1.2,dst=10.1.1.1,sport=2,dport=1),mark=170");
        assertThat(OvsFormat.connection(connection(tuple(IpProtocol.UDP, 1, 2), 0, -1, 0, 0, null, null, null), false,
            false)).endsWith(",mark=4294967295");
    }

    @Test
    void echoShowsIdentifierAndEachSidesType() {
        assertThat(OvsFormat.connection(plain(new Tuple(A, B, IpProtocol.ICMP, 555, 555, 8)), false, false))
            .isEqualTo("icmp,orig=(src=10.1.1.1,dst=10.1.1.2,id=555,type=8,code=0),"
                + "reply=(src=10.1.1.2,dst=10.1.1.1,id=555,type=0,code=0)");
    }

    @Test
    void longFormShowsBothPeersAndSecondsRoundedDown() {
        assertThat(OvsFormat.connection(tcp(peer(TcpState.CLOSING, 0, false, false),
            peer(TcpState.ESTABLISHED, 0, false, false)), true, true)).isEqualTo(
                "tcp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=1000,dport=2000),"
                + "reply=(src=10.1.1.2,dst=10.1.1.1,sport=2000,dport=1000),id=0,status=0,timeout=899,"
                + "protoinfo=(state_orig=CLOSING,state_reply=ESTABLISHED,flags_orig=0,flags_reply=0)");
    }

    @Test
    void shortFormShowsTheLaterPeersStateInLinuxTerms() {
        assertThat(OvsFormat.connection(tcp(peer(TcpState.FIN_WAIT_2, 0, false, false),
            peer(TcpState.ESTABLISHED, 0, false, false)), false, false)).endsWith(",protoinfo=(state=TIME_WAIT)");
    }

    @Test
    void windowScalesAndFlagsAreShownWhereThereAreAny() {
        assertThat(OvsFormat.connection(tcp(peer(TcpState.ESTABLISHED, 7, true, false),
            peer(TcpState.ESTABLISHED, 0, false, true)), true, false)).endsWith("state_reply=ESTABLISHED,wscale_orig=7,"
                + "wscale_reply=0,flags_orig=WINDOW_SCALE,flags_reply=BE_LIBERAL)");
    }

    @Test
    void protocolWithoutNameIsANumberWithPortsZero() {
        assertThat(OvsFormat.connection(plain(tuple(99, 0, 0)), true, false)).isEqualTo(
            "99,orig=(src=10.1.1.1,dst=10.1.1.2,sport=0,dport=0),reply=(src=10.1.1.2,dst=10.1.1.1,sport=0,dport=0),"
            + "id=0,status=0");
    }

    @Test
    void zoneLabelHelperAndParentStandInTheirPlaces() {
        final Tuple parent = tuple(IpProtocol.TCP, 34567, 21);
        final Connection data = connection(tuple(IpProtocol.UDP, 1, 2), 1, 42, 0x01020304_05060708L,
            0x090a0b0c_0d0e0f10L, null, "ftp", parent);

        assertThat(OvsFormat.connection(data, true, false)).endsWith("),id=0,zone=1,status=0,mark=42,"
            + "labels=0x102030405060708090a0b0c0d0e0f10,helper=ftp,"
            + "parent=(src=10.1.1.1,dst=10.1.1.2,sport=34567,dport=21)");
        assertThat(OvsFormat.connection(data, false, false)).endsWith("),zone=1,mark=42,"
            + "labels=0x102030405060708090a0b0c0d0e0f10,helper=ftp");
    }

    @Test
    void expectationShowsWhatIsExpectedAndWhoAnnouncedIt() {
        final Tuple expected = Tuple.of(B, IpAddress.parse("10.1.1.240"), IpProtocol.TCP, 0, 4000);
        final Expectation expectation = new Expectation(0, expected, tuple(IpProtocol.TCP, 1000, 21), 0, 0, 0, "ftp",
            OptionalLong.empty(), false);

        assertThat(OvsFormat.expectation(expectation)).isEqualTo(
            "tcp,orig=(src=10.1.1.2,dst=10.1.1.240,sport=0,dport=4000),"
            + "parent=(src=10.1.1.1,dst=10.1.1.2,sport=1000,dport=21)");
    }

    @Test
    void totalsOmitEmptyLinesAndCountIcmpv6InTheTotalOnly() {
        final OvsFormat.Totals totals = new OvsFormat.Totals();
        totals.accept(tcp(peer(TcpState.ESTABLISHED, 0, false, false), peer(TcpState.SYN_SENT, 0, false, false)));
        totals.accept(tcp(peer(TcpState.FIN_WAIT_2, 0, false, false), peer(TcpState.FIN_WAIT_2, 0, false, false)));
        totals.accept(plain(new Tuple(IpAddress.parse("fc00::1"), IpAddress.parse("fc00::2"), IpProtocol.ICMPV6, 1, 1,
            128)));
        totals.accept(plain(tuple(47, 0, 0)));

        assertThat(totals.report(false)).isEqualTo("Connections Stats:\n    Total: 4\n  TCP: 2\n  Other: 1\n");
        assertThat(totals.report(true)).isEqualTo("""
            Connections Stats:
                Total: 4
              TCP: 2
                Conn per TCP states:
            \t  [ESTABLISHED]=1
            \t  [TIME_WAIT]=1
              Other: 1
            """);
    }

    @Test
    void tableIsOneBucket() {
        assertThat(OvsFormat.buckets(0, -1)).isEqualTo("Total Buckets: 1\nCurrent Connections: 0\n\n");
        assertThat(OvsFormat.buckets(12, -1)).isEqualTo("""
            Total Buckets: 1
            Current Connections: 12

            +-----------+-----------------------------------------+
            |  Buckets  |         Connections per Buckets         |
            +-----------+-----------------------------------------+
               0..  7   |    12

            """);
        assertThat(OvsFormat.buckets(12, 12)).contains("   0..  7   |     .\n");
    }

    @Test
    void limitsStartWithTheDefault() {
        assertThat(OvsFormat.limits(10, List.of(new ZoneStatus(1, 3, true, 2), new ZoneStatus(5, 10, false, 0))))
            .isEqualTo("default limit=10\nzone=1,limit=3,count=2\nzone=5,limit=10,count=0\n");
    }

    @Test
    void fragmentsShowRulesAndCountsPerFamily() {
        final FragmentStatus status = new FragmentStatus(3, new FragmentStatus.Counts(1, 2, 3, 4, 5, 6),
            new FragmentStatus.Counts(7, 8, 9, 10, 11, 12),
            List.of(new FragmentStatus.Datagram(A, B, 43690, 9, IpProtocol.UDP, 2, "first frag")));

        assertThat(OvsFormat.fragments(status, ConntrackSettings.DEFAULT, true)).isEqualTo("""
                    Fragmentation Module Status
                    ---------------------------
                    v4 enabled: 1
                    v6 enabled: 1
                    max num frags (v4/v6): 1000
                    num frag: 3
                    min v4 frag size: 1200
                    v4 frags accepted: 1
                    v4 frags completed: 2
                    v4 frags expired: 3
                    v4 frags too small: 4
                    v4 frags overlapped: 5
                    v4 frags purged: 6
                    min v6 frag size: 1280
                    v6 frags accepted: 7
                    v6 frags completed: 8
                    v6 frags expired: 9
                    v6 frags too small: 10
                    v6 frags overlapped: 11
                    v6 frags purged: 12

                    Fragment Lists:

            (src=10.1.1.1,dst=10.1.1.2,recirc_id=0,ip_id=43690,dl_type=0x800,zone=9,nw_proto=17,num_fragments=2,\
            state=first frag)
            """);
        assertThat(OvsFormat.fragments(status, ConntrackSettings.DEFAULT, false)).doesNotContain("Lists").endsWith(
            "purged: 12\n");
    }
}
