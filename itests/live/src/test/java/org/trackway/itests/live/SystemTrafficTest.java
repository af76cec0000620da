// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.trackway.itests.live.Dump.icmp;
import static org.trackway.itests.live.Dump.icmpv6;
import static org.trackway.itests.live.Dump.tcp;
import static org.trackway.itests.live.Dump.udp;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;

/**
 * Tests of Open vSwitch's tests/system-traffic.at with its flows and the programs it uses, each by Trackway and by Open
 * vSwitch itself: what is asserted is what that file expects, and holds for both. The display names are that file's.
 */
class SystemTrafficTest {

    private static final String ALL = "3 transmitted, 3 received, 0% packet loss";
    private static final String NONE = "3 transmitted, 0 received, 100% packet loss";
    private static final String LEFT = "e6:66:c1:11:11:11";
    private static final String RIGHT = "e6:66:c1:22:22:22";

    private static final String SNAT_ADDRESSES = "0x0a0101f0/0xfffffff0";

    private Lab lab;

    @AfterEach
    void close() throws Exception {
        if (lab != null) {
            lab.close();
        }
    }

    private void hosts(final Peer peer, final String... addresses) throws Exception {
        lab = new Lab(peer);
        for (final String address : addresses) {
            lab.host(null, address);
        }
    }

    private void pair(final Peer peer) throws Exception {
        hosts(peer, "10.1.1.1/24", "10.1.1.2/24");
    }

    private void pair6(final Peer peer) throws Exception {
        hosts(peer, "fc00::1/96", "fc00::2/96");
    }

    private void natPair(final Peer peer) throws Exception {
        lab = new Lab(peer);
        lab.host(Lab.MAC, "10.1.1.1/24").host(null, "10.1.1.2/24");
    }

    private void rules(final String... parts) throws Exception {
        lab.box.rules(String.join("", parts));
    }

    /** {@return the dump, with one name for all addresses that were to be chosen from} */
    private List<String> chosen(final String destination) {
        return lab.dump(destination).stream().map(line -> line.replaceAll("dst=10.1.1.2[45]\\d", "dst=NAT"))
            .distinct().toList();
    }

    // ---- basic tracking ----

    @TakesFlows
    @DisplayName("conntrack - IPv4 ping")
    void ping4(final Peer peer) throws Exception {
        pair(peer);
        rules("""
            priority=1,action=drop
            priority=10,arp,action=normal
            priority=100,in_port=1,icmp,action=ct(commit),2
            priority=100,in_port=2,icmp,ct_state=-trk,action=ct(table=0)
            priority=100,in_port=2,icmp,ct_state=+trk+est,action=1
            """);
        assertThat(lab.ping("h1", "10.1.1.2")).isEqualTo(ALL);
        assertThat(lab.dump("10.1.1.2")).containsExactly(icmp("10.1.1.1 > 10.1.1.2", "10.1.1.2 > 10.1.1.1", ""));
        lab.box.flush();
        assertThat(lab.dump("10.1.1.2")).isEmpty();
        assertThat(lab.ping("h2", "10.1.1.1")).isEqualTo(NONE);
    }

    @TakesFlows
    @DisplayName("conntrack - IPv6 ping")
    void ping6(final Peer peer) throws Exception {
        pair6(peer);
        rules("""
            table=0,priority=10,icmp6,icmp_type=128,action=goto_table:1
            table=0,priority=10,icmp6,icmp_type=129,action=goto_table:1
            table=0,priority=1,action=normal
            table=1,priority=100,in_port=1,icmp6,action=ct(commit),2
            table=1,priority=100,in_port=2,icmp6,ct_state=-trk,action=ct(table=0)
            table=1,priority=100,in_port=2,icmp6,ct_state=+trk+est,action=1
            table=1,priority=1,action=drop
            """);
        assertThat(lab.ping("h2", "fc00::1")).isEqualTo(NONE);
        assertThat(lab.ping("h1", "fc00::2")).isEqualTo(ALL);
        assertThat(lab.dump("fc00::2")).containsExactly(icmpv6("fc00::1 > fc00::2", "fc00::2 > fc00::1", ""));
        lab.box.flush();
        assertThat(lab.dump("fc00::2")).isEmpty();
    }

    @TakesFlows
    @DisplayName("conntrack - invalid")
    void invalid(final Peer peer) throws Exception {
        hosts(peer, "10.1.1.1/24", "10.1.1.2/24", "10.1.1.3/24", "10.1.1.4/24");
        rules("""
            priority=1,action=drop
            priority=10,arp,action=normal
            priority=10,icmp,action=normal
            priority=100,in_port=1,tcp,action=ct(),2
            priority=100,in_port=2,ct_state=-trk,tcp,action=ct(table=0)
            priority=100,in_port=2,ct_state=+trk+new,tcp,action=1
            priority=100,in_port=3,tcp,action=ct(),4
            priority=100,in_port=4,ct_state=-trk,tcp,action=ct(table=0)
            priority=100,in_port=4,ct_state=+trk+inv,tcp,action=3
            priority=100,in_port=4,ct_state=+trk+new,tcp,action=3
            """);
        lab.serve("h2");
        lab.serve("h4");
        lab.getInVain("h1", "10.1.1.2");
        lab.get("h3", "10.1.1.4");
    }

    @TakesFlows
    @DisplayName("conntrack - zones")
    void zones(final Peer peer) throws Exception {
        hosts(peer, "10.1.1.1/24", "10.1.1.2/24", "10.1.1.3/24", "10.1.1.4/24");
        rules("""
            priority=1,action=drop
            priority=10,arp,action=normal
            priority=10,icmp,action=normal
            priority=100,in_port=1,tcp,action=ct(commit,zone=1),2
            priority=100,in_port=2,ct_state=-trk,tcp,action=ct(table=0,zone=1)
            priority=100,in_port=2,ct_state=+trk,ct_zone=1,tcp,action=1
            priority=100,in_port=3,tcp,action=ct(commit,zone=2),4
            priority=100,in_port=4,ct_state=-trk,tcp,action=ct(table=0,zone=2)
            priority=100,in_port=4,ct_state=+trk,ct_zone=1,tcp,action=3
            """);
        lab.serve("h2");
        lab.serve("h4");
        lab.get("h1", "10.1.1.2");
        assertThat(lab.dump("10.1.1.2")).containsExactly(
            tcp("10.1.1.1 > 10.1.1.2", "10.1.1.2 > 10.1.1.1", ",zone=1"));
        lab.getInVain("h3", "10.1.1.4");
        assertThat(lab.dump("10.1.1.4")).containsExactly(
            tcp("10.1.1.3 > 10.1.1.4", "10.1.1.4 > 10.1.1.3", ",zone=2"));
    }

    @TakesFlows
    @DisplayName("conntrack - multiple zones")
    void multipleZones(final Peer peer) throws Exception {
        pair(peer);
        rules("""
            priority=1,action=drop
            priority=10,arp,action=normal
            priority=10,icmp,action=normal
            priority=100,in_port=1,tcp,action=ct(commit,zone=1),ct(commit,zone=2),2
            priority=100,in_port=2,ct_state=-trk,tcp,action=ct(table=0,zone=2)
            priority=100,in_port=2,ct_state=+trk,ct_zone=2,tcp,action=1
            """);
        lab.serve("h2");
        lab.get("h1", "10.1.1.2");
        lab.get("h1", "10.1.1.2");
        assertThat(lab.dump("10.1.1.2")).containsExactly(
            tcp("10.1.1.1 > 10.1.1.2", "10.1.1.2 > 10.1.1.1", ",zone=1"),
            tcp("10.1.1.1 > 10.1.1.2", "10.1.1.2 > 10.1.1.1", ",zone=2"));
    }

    @TakesFlows
    @DisplayName("conntrack - ct metadata, multiple zones")
    void metadataInMultipleZones(final Peer peer) throws Exception {
        pair(peer);
        rules("""
            table=0,priority=1,action=drop
            table=0,priority=10,arp,action=normal
            table=0,priority=10,icmp,action=normal
            table=0,priority=100,in_port=1,tcp,action=ct(zone=1,table=1)
            table=0,priority=100,in_port=2,ct_state=-trk,tcp,action=ct(zone=1,table=1,commit,\
            exec(set_field:0x200000000/0x200000004->ct_label,set_field:0x2/0x6->ct_mark))
            table=1,in_port=1,tcp,ct_state=+new,action=ct(zone=1,commit,\
            exec(set_field:0x5/0x5->ct_label,set_field:0x5/0x5->ct_mark)),ct(commit,zone=2),2
            table=1,in_port=1,tcp,ct_state=-new,action=ct(zone=2),2
            table=1,in_port=2,tcp,action=ct(zone=2),1
            """);
        lab.serve("h2");
        lab.get("h1", "10.1.1.2");
        assertThat(lab.dump("10.1.1.2")).containsExactly(
            tcp("10.1.1.1 > 10.1.1.2", "10.1.1.2 > 10.1.1.1", ",zone=1,mark=3,labels=0x200000001"),
            tcp("10.1.1.1 > 10.1.1.2", "10.1.1.2 > 10.1.1.1", ",zone=2"));
    }

    @TakesFlows
    @DisplayName("conntrack - IPv4 HTTP")
    void http4(final Peer peer) throws Exception {
        pair(peer);
        rules("""
            priority=1,action=drop
            priority=10,arp,action=normal
            priority=10,icmp,action=normal
            priority=100,in_port=1,tcp,action=ct(commit),2
            priority=100,in_port=2,ct_state=-trk,tcp,action=ct(table=0)
            priority=100,in_port=2,ct_state=+trk+est,tcp,action=1
            """);
        lab.serve("h1");
        lab.serve("h2");
        lab.get("h1", "10.1.1.2");
        assertThat(lab.dump("10.1.1.2")).containsExactly(tcp("10.1.1.1 > 10.1.1.2", "10.1.1.2 > 10.1.1.1"));
        lab.getInVain("h2", "10.1.1.1");
    }

    @TakesFlows
    @DisplayName("conntrack - IPv6 HTTP")
    void http6(final Peer peer) throws Exception {
        pair6(peer);
        rules("""
            priority=1,action=drop
            priority=10,icmp6,action=normal
            priority=100,in_port=1,tcp6,action=ct(commit),2
            priority=100,in_port=2,ct_state=-trk,tcp6,action=ct(table=0)
            priority=100,in_port=2,ct_state=+trk+est,tcp6,action=1
            """);
        lab.serve("h1");
        lab.serve("h2");
        lab.get("h1", "http://[fc00::2]");
        assertThat(lab.dump("fc00::2")).containsExactly(tcp("fc00::1 > fc00::2", "fc00::2 > fc00::1"));
        lab.getInVain("h2", "http://[fc00::1]");
    }

    @TakesFlows
    @DisplayName("conntrack - ICMP related")
    void icmpRelated(final Peer peer) throws Exception {
        pair(peer);
        rules("""
            priority=1,action=drop
            priority=10,arp,action=normal
            priority=100,in_port=1,udp,action=ct(commit,exec(set_field:1->ct_mark)),2
            priority=100,in_port=2,icmp,ct_state=-trk,action=ct(table=0)
            priority=100,in_port=2,icmp,ct_state=+trk+rel,ct_mark=1,action=1
            """);
        assertThat(lab.network.isRefused("h1", "10.1.1.2")).isTrue();
        assertThat(lab.dump("10.1.1.2")).containsExactly(
            udp("10.1.1.1 > 10.1.1.2", "10.1.1.2 > 10.1.1.1", ",mark=1"));
    }

    // ---- NAT ----

    @TakesFlows
    @DisplayName("conntrack - simple SNAT")
    void simpleSnat(final Peer peer) throws Exception {
        natPair(peer);
        rules("""
            in_port=1,ip,action=ct(commit,zone=1,nat(src=10.1.1.240-10.1.1.254)),2
            in_port=2,ct_state=-trk,ip,action=ct(table=0,zone=1,nat)
            in_port=2,ct_state=+trk,ct_zone=1,ip,action=1
            """, lab.arpResponder(SNAT_ADDRESSES));
        lab.serve("h2");
        lab.get("h1", "10.1.1.2");
        assertThat(chosen("10.1.1.2")).containsExactly(tcp("10.1.1.1 > 10.1.1.2", "10.1.1.2 > NAT", ",zone=1"));
    }

    @TakesFlows
    @DisplayName("conntrack - SNAT with ct_mark change on reply")
    void snatWithMarkChangeOnReply(final Peer peer) throws Exception {
        lab = new Lab(peer);
        lab.host(LEFT, "10.1.1.1/24").host(RIGHT, "10.1.1.2/24").neighbour("h1", "10.1.1.2", RIGHT)
            .neighbour("h2", "10.1.1.240", LEFT);
        rules("""
            in_port=1,ip,action=ct(commit,zone=1,nat(src=10.1.1.240)),2
            in_port=2,ct_state=-trk,ip,action=ct(table=0,zone=1,nat)
            in_port=2,ct_state=+trk,ct_zone=1,ip,action=ct(table=1,commit,zone=1,exec(set_field:1->ct_mark)),1
            table=1,in_port=2,ct_mark=1,ct_state=+rpl,ct_zone=1,ip,action=1
            priority=0,action=drop
            """);
        assertThat(lab.network.in("h1", "ping", "-c", "1", "-W", "2", "10.1.1.2")).contains(" 0% packet loss");
        assertThat(chosen("10.1.1.2")).containsExactly(icmp("10.1.1.1 > 10.1.1.2", "10.1.1.2 > NAT", ",zone=1,mark=1"));
    }

    @TakesFlows
    @DisplayName("conntrack - SNAT with port range")
    void snatWithPortRange(final Peer peer) throws Exception {
        natPair(peer);
        rules("""
            in_port=1,tcp,action=ct(commit,zone=1,nat(src=10.1.1.240-10.1.1.254:34567-34568,random)),2
            in_port=2,ct_state=-trk,tcp,tp_dst=34567,action=ct(table=0,zone=1,nat)
            in_port=2,ct_state=-trk,tcp,tp_dst=34568,action=ct(table=0,zone=1,nat)
            in_port=2,ct_state=+trk,ct_zone=1,tcp,action=1
            """, lab.arpResponder(SNAT_ADDRESSES));
        lab.serve("h2");
        lab.get("h1", "10.1.1.2");
        assertThat(chosen("10.1.1.2")).containsExactly(tcp("10.1.1.1 > 10.1.1.2", "10.1.1.2 > NAT", ",zone=1"));
    }

    @TakesFlows
    @DisplayName("conntrack - SNAT with port range using ICMP")
    void snatWithPortRangeUsingIcmp(final Peer peer) throws Exception {
        natPair(peer);
        rules("""
            in_port=1,ip,action=ct(commit,zone=1,nat(src=10.1.1.240-10.1.1.254:20000)),2
            in_port=2,ct_state=-trk,ip,action=ct(table=0,zone=1,nat)
            in_port=2,ct_state=+trk,ct_zone=1,action=1
            """, lab.arpResponder(SNAT_ADDRESSES));
        assertThat(lab.network.in("h1", "ping", "-c", "1", "-W", "2", "10.1.1.2")).contains(" 0% packet loss");
        assertThat(chosen("10.1.1.2")).containsExactly(icmp("10.1.1.1 > 10.1.1.2", "10.1.1.2 > NAT", ",zone=1"));
    }

    @TakesFlows
    @DisplayName("conntrack - more complex SNAT")
    void moreComplexSnat(final Peer peer) throws Exception {
        natPair(peer);
        rules("""
            priority=100 ip action=ct(table=1,zone=1,nat)
            table=1 priority=100 in_port=1 ip ct_state=+trk+new-est \
            action=ct(commit,zone=1,nat(src=10.1.1.240-10.1.1.254)),2
            table=1 priority=100 in_port=1 ip ct_state=+trk-new+est action=2
            table=1 priority=100 in_port=2 ip ct_state=+trk-new+est action=1
            table=1 priority=0 action=drop
            """, lab.arpResponder(SNAT_ADDRESSES));
        lab.serve("h2");
        lab.get("h1", "10.1.1.2");
        assertThat(chosen("10.1.1.2")).containsExactly(tcp("10.1.1.1 > 10.1.1.2", "10.1.1.2 > NAT", ",zone=1"));
    }

    @TakesFlows
    @DisplayName("conntrack - all-zero IP SNAT")
    void allZeroIpSnat(final Peer peer) throws Exception {
        pair(peer);
        lab.network.in("h1", "ip", "route", "add", "172.1.1.0/24", "via", "10.1.1.2");
        lab.serve("h2");
        rules("""
            table=0,priority=30,ct_state=-trk,ip,action=ct(table=0)
            table=0,priority=20,ct_state=-rpl,ip,nw_dst=10.1.1.0/24,actions=ct(commit,nat(src=0.0.0.0),table=10)
            table=0,priority=20,ct_state=+rpl,ip,nw_dst=10.1.1.0/24,actions=resubmit(,10)
            table=0,priority=20,ip,nw_dst=172.1.1.2,actions=ct(commit,nat(dst=10.1.1.2),table=10)
            table=0,priority=10,arp,action=normal
            table=0,priority=1,action=drop
            table=10,priority=20,ct_state=+rpl,ip,nw_dst=10.1.1.0/24 actions=ct(table=20,nat)
            table=10,priority=10,ip,nw_dst=10.1.1.0/24 actions=resubmit(,20)
            table=20,priority=10,ip,nw_dst=10.1.1.1,action=1
            table=20,priority=10,ip,nw_dst=10.1.1.2,action=2
            """);
        say(30000, "10.1.1.2");
        say(30001, "172.1.1.2");
        say(30001, "10.1.1.2");
        Await.equal(() -> lab.box.connections().stream().filter(line -> line.contains("orig=(src=10.1.1.1,"))
            .map(line -> line.replaceAll("sport=80,dport=(?!3000[01]\\b)\\d+", "sport=80,dport=NEW")).sorted().toList(),
            List.of("tcp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=30000,dport=80),"
                + "reply=(src=10.1.1.2,dst=10.1.1.1,sport=80,dport=30000),protoinfo=(state=TIME_WAIT)",
            "tcp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=30001,dport=80),"
                + "reply=(src=10.1.1.2,dst=10.1.1.1,sport=80,dport=NEW),protoinfo=(state=TIME_WAIT)",
            "tcp,orig=(src=10.1.1.1,dst=172.1.1.2,sport=30001,dport=80),"
                + "reply=(src=10.1.1.2,dst=10.1.1.1,sport=80,dport=30001),protoinfo=(state=TIME_WAIT)"));
    }

    /** h1 sends a line from a port of its own, which it may use again at once, and reads until the server closes. */
    private void say(final int port, final String address) {
        lab.network.in("h1", "python3", "-c", """
            import socket
            caller = socket.socket()
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            caller.bind(("10.1.1.1", %d))
            caller.connect(("%s", 80))
            caller.send(b"TEST\\n")
            while caller.recv(4096):
                pass
            """.formatted(port, address));
    }

    @TakesFlows
    @DisplayName("conntrack - simple DNAT")
    void simpleDnat(final Peer peer) throws Exception {
        lab = new Lab(peer);
        lab.host(null, "10.1.1.1/24").host(Lab.MAC, "10.1.1.2/24");
        rules("""
            priority=100 in_port=1,ip,nw_dst=10.1.1.64,action=ct(zone=1,nat(dst=10.1.1.2),commit),2
            priority=10 in_port=1,ip,action=ct(commit,zone=1),2
            priority=100 in_port=2,ct_state=-trk,ip,action=ct(table=0,nat,zone=1)
            priority=100 in_port=2,ct_state=+trk+est,ct_zone=1,ip,action=1
            """, lab.arpResponder("0x0a010140"));
        lab.serve("h2");
        lab.get("h1", "10.1.1.64");
        assertThat(lab.dump("10.1.1.64")).containsExactly(
            tcp("10.1.1.1 > 10.1.1.64", "10.1.1.2 > 10.1.1.1", ",zone=1"));
        lab.get("h1", "10.1.1.2");
        assertThat(lab.dump("10.1.1.2")).containsExactly(
            tcp("10.1.1.1 > 10.1.1.2", "10.1.1.2 > 10.1.1.1", ",zone=1"));
    }

    @TakesFlows
    @DisplayName("conntrack - DNAT with additional SNAT")
    void dnatWithAdditionalSnat(final Peer peer) throws Exception {
        pair(peer);
        lab.network.in("h1", "ip", "route", "add", "172.1.1.0/24", "via", "10.1.1.2");
        lab.serve("h2");
        rules("""
            table=0,priority=30,in_port=1,ip,nw_dst=172.1.1.2,actions=ct(commit,nat(dst=10.1.1.2:80),table=1)
            table=0,priority=20,in_port=2,ip,actions=ct(nat),1
            table=0,priority=10,arp,actions=NORMAL
            table=0,priority=1,actions=drop
            table=1,ip,actions=ct(commit,nat(src=10.1.1.240),exec(set_field:0xac->ct_mark,set_field:0xac->ct_label),\
            table=2)
            table=2,in_port=1,ip,ct_mark=0xac,ct_label=0xac,actions=2
            """);
        lab.get("h1", "http://172.1.1.2:8080");
        assertThat(lab.dump("10.1.1.240")).isEmpty();
        assertThat(lab.dump("10.1.1.1")).containsExactly(
            tcp("10.1.1.1 > 172.1.1.2", "10.1.1.2 > 10.1.1.1", ",mark=172,labels=0xac"));
    }

    @TakesFlows
    @DisplayName("conntrack - ICMP related with NAT")
    void icmpRelatedWithNat(final Peer peer) throws Exception {
        natPair(peer);
        rules("""
            in_port=1,udp,action=ct(commit,nat(src=10.1.1.240-10.1.1.254),exec(set_field:1->ct_mark)),2
            in_port=2,icmp,ct_state=-trk,action=ct(table=0,nat)
            in_port=2,icmp,nw_dst=10.1.1.1,ct_state=+trk+rel,ct_mark=1,action=1
            """, lab.arpResponder(SNAT_ADDRESSES));
        assertThat(lab.network.isRefused("h1", "10.1.1.2")).isTrue();
        assertThat(chosen("10.1.1.2")).containsExactly(udp("10.1.1.1 > 10.1.1.2", "10.1.1.2 > NAT", ",mark=1"));
    }

    @TakesFlows
    @DisplayName("conntrack - IPv6 HTTP with DNAT")
    void http6WithDnat(final Peer peer) throws Exception {
        lab = new Lab(peer);
        lab.host("80:88:88:88:88:77", "fc00::1/96").host(Lab.MAC, "fc00::2/96").neighbour("h1", "fc00::240", Lab.MAC)
            .neighbour("h2", "fc00::1", "80:88:88:88:88:77");
        rules("""
            priority=100 in_port=1,ip6,ipv6_dst=fc00::240,action=ct(zone=1,nat(dst=fc00::2),commit),2
            priority=100 in_port=2,ct_state=-trk,ip6,action=ct(table=0,nat,zone=1)
            priority=100 in_port=2,ct_state=+trk+est,ct_zone=1,ip6,action=1
            """);
        assertThat(lab.ping("h1", "fc00::240")).isEqualTo(ALL);
        lab.serve("h2");
        lab.get("h1", "http://[fc00::240]");
        assertThat(lab.dump("fc00::1")).containsExactly(
            icmpv6("fc00::1 > fc00::240", "fc00::2 > fc00::1", ",zone=1"),
            tcp("fc00::1 > fc00::240", "fc00::2 > fc00::1", ",zone=1"));
    }
}
