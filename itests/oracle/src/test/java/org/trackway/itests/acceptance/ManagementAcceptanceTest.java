// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.Counter;
import org.trackway.conntrack.OvsFormat;
import org.trackway.conntrack.OvsMatch;
import org.trackway.conntrack.ZoneStatus;
import org.trackway.packet.Packet;
import org.trackway.packet.Packets;

/** What the peer's tests expect of flushes, limits and counters: system-traffic.at, dpctl.at, ovs-ofctl.at. */
class ManagementAcceptanceTest {

    private static final String ONE = "10.1.1.1";
    private static final String TWO = "10.1.1.2";

    private static final String FLUSH_FLOWS = """
        priority=1,action=drop
        priority=10,arp,action=normal
        priority=100,in_port=1,ip,action=ct(commit,exec(set_field:0xaa->ct_mark)),2
        priority=100,in_port=2,ip,action=ct(zone=5,commit,exec(set_field:0xaa00000000->ct_label)),1
        """;
    private static final String MARKED = "udp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=1,dport=2),"
        + "reply=(src=10.1.1.2,dst=10.1.1.1,sport=2,dport=1),mark=170";
    private static final String LABELLED = "udp,orig=(src=10.1.1.2,dst=10.1.1.1,sport=2,dport=1),"
        + "reply=(src=10.1.1.1,dst=10.1.1.2,sport=1,dport=2),zone=5,labels=0xaa00000000";

    private Bridge bridge;

    @AfterEach
    void close() {
        bridge.close();
    }

    // ---- flush ----

    /** Makes the two connections and flushes one after the other. */
    private void flushInTwoSteps(final String[] first, final String[] second) {
        bridge.receive(1, Packets.udp4(ONE, 1, TWO, 2));
        bridge.receive(2, Packets.udp4(TWO, 2, ONE, 1));
        assertThat(bridge.dump()).containsExactly(MARKED, LABELLED);
        bridge.flush(first);
        assertThat(bridge.dump()).as("after %s", String.join(" ", first)).containsExactly(LABELLED);
        bridge.flush(second);
        assertThat(bridge.dump()).as("after %s", String.join(" ", second)).isEmpty();
    }

    private void flushInTwoSteps(final String first, final String second) {
        flushInTwoSteps(new String[] {first}, new String[] {second});
    }

    @Test
    @DisplayName("conntrack - ct flush: one connection by its whole tuple, in either direction")
    void conntrackCtFlushByTuple() {
        bridge = new Bridge(FLUSH_FLOWS);
        bridge.receive(1, Packets.udp4(ONE, 1, TWO, 2));
        bridge.flush("ct_nw_src=10.1.1.2,ct_nw_dst=10.1.1.1,ct_nw_proto=17,ct_tp_src=2,ct_tp_dst=1");
        assertThat(bridge.dump()).isEmpty();
        bridge.receive(2, Packets.udp4(TWO, 2, ONE, 1));
        bridge.flush("zone=5", "ct_nw_src=10.1.1.1,ct_nw_dst=10.1.1.2,ct_nw_proto=17,ct_tp_src=1,ct_tp_dst=2");
        assertThat(bridge.dump()).isEmpty();

        bridge.receive(2, Packets.echo4(TWO, ONE, 321, 1));
        assertThat(bridge.dump()).containsExactly("icmp,orig=(src=10.1.1.2,dst=10.1.1.1,id=321,type=8,code=0),"
            + "reply=(src=10.1.1.1,dst=10.1.1.2,id=321,type=0,code=0),zone=5,labels=0xaa00000000");
        bridge.flush("zone=5",
            "ct_nw_src=10.1.1.2,ct_nw_dst=10.1.1.1,ct_nw_proto=1,icmp_id=321,icmp_type=8,icmp_code=0");
        assertThat(bridge.dump()).isEmpty();
    }

    @Test
    @DisplayName("conntrack - ct flush: by ports, addresses, reply tuple, mark, labels and zone")
    void conntrackCtFlushByParts() {
        bridge = new Bridge(FLUSH_FLOWS);
        flushInTwoSteps("ct_nw_proto=17,ct_tp_src=1", "ct_nw_proto=17,ct_tp_src=2");
        flushInTwoSteps("ct_nw_proto=17,ct_tp_dst=2", "ct_nw_proto=17,ct_tp_dst=1");
        flushInTwoSteps("ct_nw_src=10.1.1.1", "ct_nw_src=10.1.1.2");
        flushInTwoSteps("ct_nw_dst=10.1.1.2", "ct_nw_dst=10.1.1.1");
        flushInTwoSteps(new String[] {"", "ct_nw_src=10.1.1.2"}, new String[] {"zone=5", "", "ct_nw_src=10.1.1.1"});
        flushInTwoSteps("mark=0xaa", "labels=0xaa00000000");
        flushInTwoSteps("mark=2/2", "labels=0x0200000000/0x0200000000");
        flushInTwoSteps("zone=0", "zone=5");
        bridge.receive(1, Packets.udp4(ONE, 1, TWO, 2));
        bridge.receive(2, Packets.udp4(TWO, 2, ONE, 1));
        assertThat(bridge.flush()).as("without arguments all go").isEqualTo(2);
        assertThat(bridge.dump()).isEmpty();
    }

    @Test
    @DisplayName("conntrack - ct flush: SCTP")
    void conntrackCtFlushOfSctp() {
        bridge = new Bridge(FLUSH_FLOWS);
        bridge.receive(1, Packets.sctp4(ONE, 1, TWO, 2).chunk(1, 0, new byte[16]));
        bridge.receive(2, Packets.sctp4(TWO, 2, ONE, 1).chunk(1, 0, new byte[16]));
        final String second = "sctp,orig=(src=10.1.1.2,dst=10.1.1.1,sport=2,dport=1),"
            + "reply=(src=10.1.1.1,dst=10.1.1.2,sport=1,dport=2),zone=5,labels=0xaa00000000";
        assertThat(bridge.dump()).containsExactly("sctp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=1,dport=2),"
            + "reply=(src=10.1.1.2,dst=10.1.1.1,sport=2,dport=1),mark=170", second);
        bridge.flush("ct_nw_src=10.1.1.1,ct_nw_proto=132,ct_tp_src=1,ct_tp_dst=2");
        assertThat(bridge.dump()).containsExactly(second);
        bridge.flush("ct_nw_src=10.1.1.2,ct_nw_proto=132,ct_tp_src=2,ct_tp_dst=1");
        assertThat(bridge.dump()).isEmpty();
    }

    @Test
    @DisplayName("conntrack - ct flush: what is wrong is said")
    void conntrackCtFlushErrors() {
        bridge = new Bridge(FLUSH_FLOWS);
        refuses("zone", "zone=invalid", "ct_nw_src=10.1.1.1", "ct_nw_dst=10.1.1.1");
        refuses("'invalid' is no field", "zone=1", "ct_nw_src=10.1.1.1,invalid=invalid", "ct_nw_dst=10.1.1.1");
        refuses("ct_nw_src", "zone=1", "ct_nw_src=invalid", "ct_nw_dst=10.1.1.1");
        refuses("'invalid' is one argument too many", "zone=1", "ct_nw_src=10.1.1.1", "ct_nw_dst=10.1.1.1", "invalid");
        refuses("one argument too many", "zone=1", "mark=1", "labels=1", "ct_nw_src=10.1.1.1", "ct_nw_dst=10.1.1.1",
            "invalid", "invalid");
        refuses("mark", "mark=invalid");
        refuses("labels", "labels=invalid");
    }

    private static void refuses(final String why, final String... arguments) {
        assertThatThrownBy(() -> OvsMatch.parse(List.of(arguments))).isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining(why);
    }

    @Test
    @DisplayName("conntrack - Flush many conntrack entries by port")
    void conntrackFlushManyConntrackEntriesByPort() {
        bridge = new Bridge("priority=100,in_port=1,udp,action=ct(zone=1,commit),2");
        for (int port = 1; port <= 20; port++) {
            bridge.receive(1, Packets.udp4(ONE, 1, TWO, port));
        }
        bridge.receive(1, Packets.udp4(ONE, 2, TWO, 1));
        assertThat(bridge.dump(1)).hasSize(21);
        assertThat(bridge.flush("zone=1", "ct_nw_proto=17,ct_tp_src=1")).isEqualTo(20);
        assertThat(bridge.dump(1)).containsExactly("udp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=2,dport=1),"
            + "reply=(src=10.1.1.2,dst=10.1.1.1,sport=1,dport=2),zone=1");
    }

    @Test
    @DisplayName("ovs-ofctl ct-flush-zone")
    void ovsOfctlCtFlushZone() {
        bridge = new Bridge("in_port=1,udp,action=ct(zone=123,commit)", "in_port=2,udp,action=ct(zone=124,commit)");
        bridge.receive(1, Packets.udp4(ONE, 1, TWO, 2));
        bridge.receive(2, Packets.udp4(ONE, 1, TWO, 2));
        bridge.flush("zone=123");
        assertThat(bridge.dump()).singleElement().asString().endsWith(",zone=124");
    }

    @Test
    @DisplayName("ovs-ofctl ct-flush")
    void ovsOfctlCtFlush() {
        bridge = new Bridge("""
            in_port=1,udp,action=ct(zone=5,commit,exec(set_field:25->ct_mark,set_field:25->ct_label))
            in_port=2,udp,action=ct(zone=6,commit,exec(set_field:0xabc->ct_mark,set_field:0xabc->ct_label))
            in_port=3,udp,action=ct(commit)
            """);
        removes(1, "zone=5", "ct_nw_src=10.1.1.1,ct_nw_dst=10.1.1.2,ct_nw_proto=17,ct_tp_src=1");
        removes(3, "ct_nw_src=10.1.1.1,ct_nw_dst=10.1.1.2,ct_nw_proto=17,ct_tp_src=1");
        removes(3, "", "ct_nw_src=10.1.1.2,ct_nw_dst=10.1.1.1,ct_nw_proto=17,ct_tp_src=2");
        removes(1, "zone=5", "", "ct_nw_src=10.1.1.2,ct_nw_dst=10.1.1.1,ct_nw_proto=17,ct_tp_src=2");
        removes(3);
        removes(1, "mark=0");
        removes(1, "mark=0/0x5");
        removes(1, "mark=0xabc/0xdef");
        removes(1, "labels=0");
        removes(1, "labels=0/0x5");
        removes(1, "labels=0xabc/0xdef");
        removes(1, "zone=5", "mark=25", "labels=25");
        removes(1, "zone=5", "mark=24/24", "labels=24/24");
        removes(1, "zone=6", "mark=30/0", "labels=30/0");
    }

    /** Makes a connection in each of three zones, flushes and counts. */
    private void removes(final int count, final String... arguments) {
        bridge.flush();
        for (int port = 1; port <= 3; port++) {
            bridge.receive(port, Packets.udp4(ONE, 1, TWO, 2));
        }
        assertThat(bridge.flush(arguments)).as(String.join(" ", arguments)).isEqualTo(count);
        assertThat(bridge.dump()).hasSize(3 - count);
    }

    // ---- limits ----

    @Test
    @DisplayName("conntrack - get_nconns and get/set_maxconns")
    void conntrackGetNconnsAndGetSetMaxconns() {
        bridge = new Bridge("in_port=1,icmp,action=ct(commit,table=1)", "table=1,in_port=1,icmp,action=2");
        bridge.receive(1, Packets.echo4(ONE, TWO, 1, 1));
        assertThat(bridge.tracker.count()).isEqualTo(1);
        assertThat(bridge.tracker.settings().maxConnections()).isEqualTo(3_000_000);
        bridge.settings(settings -> settings.withMaxConnections(10));
        assertThat(bridge.tracker.settings().maxConnections()).isEqualTo(10);
        bridge.flush();
        assertThat(bridge.tracker.count()).isZero();
        assertThat(bridge.tracker.settings().maxConnections()).isEqualTo(10);
        for (int id = 1; id <= 11; id++) {
            final Bridge.Outcome outcome = bridge.receive(1, Packets.echo4(ONE, TWO, id, 1));
            assertThat(outcome.state()).isEqualTo("new|trk");
            assertThat(outcome.at(2)).isNotNull();
        }
        assertThat(bridge.tracker.count()).isEqualTo(10);
        assertThat(bridge.tracker.counters().get(Counter.FULL)).isEqualTo(1);
    }

    private String limits(final int... zones) {
        final List<ZoneStatus> all = new ArrayList<>();
        for (final int zone : zones) {
            all.addAll(bridge.tracker.zones(OptionalInt.of(zone)));
        }
        return OvsFormat.limits(bridge.tracker.settings().defaultZoneLimit(),
            zones.length == 0 ? bridge.tracker.zones(OptionalInt.empty()) : all);
    }

    private void limit(final int zone, final Integer limit) {
        bridge.settings(settings -> settings.withZoneLimit(zone, limit == null ? null : Long.valueOf(limit)));
    }

    private void defaultLimit(final long limit) {
        bridge.settings(settings -> settings.withDefaultZoneLimit(limit));
    }

    private void datagrams(final int port, final String from, final String to, final int last) {
        for (int i = 2; i <= last; i++) {
            bridge.receive(port, Packets.udp4(from, 1, to, i));
        }
    }

    @Test
    @DisplayName("conntrack - limit by zone")
    void conntrackLimitByZone() {
        bridge = new Bridge("""
            priority=1,action=drop
            priority=10,arp,action=normal
            priority=100,in_port=1,udp,action=ct(zone=1,commit),2
            priority=100,in_port=2,udp,action=ct(zone=3,commit),1
            """);
        for (final long wrong : new long[] {-1, 4294967296L}) {
            assertThatThrownBy(() -> ConntrackSettings.DEFAULT.withDefaultZoneLimit(wrong))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("0 to 4294967295");
            assertThatThrownBy(() -> ConntrackSettings.DEFAULT.withZoneLimit(1, wrong))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("0 to 4294967295");
        }
        assertThat(limits()).isEqualTo("default limit=0\n");
        limit(1, 0);
        datagrams(1, ONE, TWO, 2);
        assertThat(limits()).as("0 admits none").isEqualTo("default limit=0\nzone=1,limit=0,count=0\n");
        assertThat(bridge.tracker.counters().get(Counter.ZONE_FULL)).isEqualTo(1);

        limit(1, null);
        defaultLimit(3);
        assertThat(limits()).isEqualTo("default limit=3\n");
        datagrams(1, ONE, TWO, 6);
        assertThat(limits(1)).isEqualTo("default limit=3\nzone=1,limit=3,count=3\n");
        datagrams(2, "10.1.1.3", "10.1.1.4", 6);
        assertThat(limits(1, 3)).isEqualTo("default limit=3\nzone=1,limit=3,count=3\nzone=3,limit=3,count=3\n");

        bridge.flush();
        defaultLimit(10);
        limit(1, 5);
        limit(2, 3);
        limit(3, 3);
        limit(4, 15);
        limit(2, null);
        limit(4, null);
        limit(5, null);
        assertThat(limits(1, 2, 3, 4)).isEqualTo("default limit=10\nzone=1,limit=5,count=0\nzone=2,limit=10,count=0\n"
            + "zone=3,limit=3,count=0\nzone=4,limit=10,count=0\n");
        datagrams(1, ONE, TWO, 10);
        assertThat(limits(1, 2, 3, 4, 5)).isEqualTo("default limit=10\nzone=1,limit=5,count=5\n"
            + "zone=2,limit=10,count=0\nzone=3,limit=3,count=0\nzone=4,limit=10,count=0\nzone=5,limit=10,count=0\n");
        assertThat(limits()).isEqualTo("default limit=10\nzone=1,limit=5,count=5\nzone=3,limit=3,count=0\n");
        assertThat(bridge.dump(1)).hasSize(5).last().isEqualTo("udp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=1,dport=6),"
            + "reply=(src=10.1.1.2,dst=10.1.1.1,sport=6,dport=1),zone=1");
        datagrams(2, "10.1.1.3", "10.1.1.4", 6);
        assertThat(limits(1, 3)).isEqualTo("default limit=10\nzone=1,limit=5,count=5\nzone=3,limit=3,count=3\n");
        assertThat(bridge.dump(3)).hasSize(3);
    }

    @Test
    @DisplayName("conntrack - limit by zone: removing the default")
    void conntrackLimitByZoneWithoutDefault() {
        bridge = new Bridge();
        defaultLimit(15);
        limit(4, 4);
        assertThat(limits(4)).isEqualTo("default limit=15\nzone=4,limit=4,count=0\n");
        defaultLimit(0);
        assertThat(limits(4)).isEqualTo("default limit=0\nzone=4,limit=4,count=0\n");
        defaultLimit(15);
        assertThat(limits(4)).isEqualTo("default limit=15\nzone=4,limit=4,count=0\n");
        defaultLimit(0);
        limit(4, null);
        assertThat(limits(4)).isEqualTo("default limit=0\nzone=4,limit=0,count=0\n");
    }

    @Test
    @DisplayName("dpctl - ct-set-limits ct-get-limits ct-del-limits")
    void dpctlLimits() {
        bridge = new Bridge();
        assertThat(limits()).isEqualTo("default limit=0\n");
        limit(0, 0);
        assertThat(limits(0)).isEqualTo("default limit=0\nzone=0,limit=0,count=0\n");
        limit(0, null);
        assertThat(limits()).isEqualTo("default limit=0\n");
        assertThatThrownBy(() -> limit(65536, 1)).isInstanceOf(IllegalArgumentException.class);
    }

    // ---- checksums ----

    @Test
    @DisplayName("dpif-netdev - conntrack")
    void dpifNetdevConntrack() {
        bridge = new Bridge("in_port=p1,ip,ct_state=-trk,actions=ct(commit,nat(dst=192.168.1.1),table=0),p2");
        final Packets good = Packets.tcp4("192.168.123.2", 54392, "192.168.123.1", 5201).flags("A");
        final String passed = "p2: tcp 192.168.123.2:54392 > 192.168.1.1:5201 [A]";
        checksum(good, Packet.CHECKSUM_UNKNOWN, passed, 1, 0);
        checksum(good, Packet.CHECKSUM_GOOD, passed, 1, 0);
        checksum(good, Packet.CHECKSUM_BAD, null, 1, 1);
        checksum(good, Packet.CHECKSUM_PARTIAL, passed, 1, 1);
        final Packets bad = Packets.tcp4("192.168.123.2", 54392, "192.168.123.1", 5201).flags("A").badIpChecksum();
        checksum(bad, Packet.CHECKSUM_UNKNOWN, null, 2, 2);
        checksum(bad, Packet.CHECKSUM_BAD, null, 2, 3);
    }

    /** Sends a packet whose IP header checksum the port has judged, and checks what leaves and what was counted. */
    private void checksum(final Packets packet, final byte known, final String passed, final long checked,
            final long wrong) {
        final Packet sent = packet.build();
        sent.l3Checksum(known);
        final Bridge.Outcome outcome = bridge.receive(1, sent);
        if (passed == null) {
            assertThat(outcome.state()).isEqualTo("inv|trk");
        } else {
            assertThat(outcome.words()).containsExactly(passed);
        }
        assertThat(bridge.tracker.counters()).containsEntry(Counter.L3CSUM_CHECKED, checked)
            .containsEntry(Counter.L3CSUM_ERR, wrong);
    }
}
