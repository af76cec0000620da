// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.trackway.itests.live.Dump.tcp;
import static org.trackway.itests.live.Dump.udp;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** As {@link SystemTrafficTest}: its tests about FTP and TFTP. Servers are vsftpd and tftpd-hpa. */
class SystemTrafficFtpTest {

    private static final String LEFT = "e6:66:c1:11:11:11";
    private static final String RIGHT = "e6:66:c1:22:22:22";
    private static final String CONTROL = tcp("10.1.1.1 > 10.1.1.2", "10.1.1.2 > 10.1.1.1", "", ",helper=ftp");
    private static final String ACTIVE_DATA = tcp("10.1.1.2 > 10.1.1.1", "10.1.1.1 > 10.1.1.2");

    /** From port 2 only answers and what is related; the first flow names the helper, or none. */
    private static final String OPEN = """
        table=0,priority=1,action=drop
        table=0,priority=10,arp,action=normal
        table=0,priority=10,icmp,action=normal
        table=0,priority=100,in_port=1,tcp,action=ct(%scommit),2
        table=0,priority=100,in_port=2,tcp,action=ct(table=1)
        table=1,in_port=2,tcp,ct_state=+trk+est,action=1
        table=1,in_port=2,tcp,ct_state=+trk+rel,action=1
        """;

    private Lab lab;

    @AfterEach
    void close() throws Exception {
        if (lab != null) {
            lab.close();
        }
    }

    /** Makes two hosts that know each other's Ethernet addresses, and an FTP server on the second. */
    private void pair(final Peer peer, final String first, final String second) throws Exception {
        lab = new Lab(peer);
        lab.host(LEFT, first).host(RIGHT, second);
        FtpServer.start(lab.network, "h2", second.contains(":"));
    }

    private void pair(final Peer peer) throws Exception {
        pair(peer, "10.1.1.1/24", "10.1.1.2/24");
    }

    private void neighbours(final String ofFirst, final String ofSecond) {
        lab.neighbour("h1", ofFirst, RIGHT).neighbour("h2", ofSecond, LEFT);
    }

    private void rules(final String... parts) throws Exception {
        lab.box.rules(String.join("", parts));
    }

    private void list(final String server, final String... options) {
        final List<String> words = new ArrayList<>(List.of(options));
        words.add("ftp://" + server);
        lab.get("h1", words.toArray(String[]::new));
    }

    /** h1 lists the server's files by a passive data connection, over IPv4 by EPSV and by PASV. */
    private void passive(final String server) {
        if (isExtended(server)) {
            list(server);
        }
        if (!isIpv6(server)) {
            list(server, "--disable-epsv");
        }
    }

    /** The same by an active data connection, over IPv4 by EPRT and by PORT. */
    private void active(final String server) {
        if (isExtended(server)) {
            list(server, "--ftp-port", "-");
        }
        if (!isIpv6(server)) {
            list(server, "--ftp-port", "-", "--disable-eprt");
        }
    }

    private static boolean isIpv6(final String server) {
        return server.startsWith("[");
    }

    /** {@return whether EPSV and EPRT are known, which Debian's Open vSwitch 3.1 knows over IPv6 only} */
    private boolean isExtended(final String server) {
        return isIpv6(server) || lab.box instanceof Forwarder;
    }

    private void activeInVain(final String client, final String server) {
        lab.getInVain(client, "--ftp-port", "-", "--disable-eprt", "ftp://" + server);
    }

    // ---- plain ----

    @TakesFlows
    @DisplayName("conntrack - FTP")
    void ftp(final Peer peer) throws Exception {
        pair(peer);
        rules(OPEN.formatted("alg=ftp,"));
        activeInVain("h2", "10.1.1.1");
        assertThat(lab.dump("10.1.1.1")).isEmpty();
        active("10.1.1.2");
        assertThat(lab.dump("10.1.1.2")).containsExactly(CONTROL);

        rules("""
            table=0,priority=1,action=drop
            table=0,priority=10,arp,action=normal
            table=0,priority=10,icmp,action=normal
            table=0,priority=100,in_port=1,tcp,action=ct(table=1)
            table=1,in_port=1,tcp,ct_state=+trk+new,action=ct(commit,alg=ftp),2
            table=1,in_port=1,tcp,ct_state=+trk+est,action=2
            table=0,priority=100,in_port=2,tcp,action=ct(table=1)
            table=1,in_port=2,tcp,ct_state=+trk+new+rel,action=ct(commit),1
            table=1,in_port=2,tcp,ct_state=+trk+est,action=1
            table=1,in_port=2,tcp,ct_state=+trk-new+rel,action=1
            """);
        lab.flush();
        activeInVain("h2", "10.1.1.1");
        assertThat(lab.dump("10.1.1.1")).isEmpty();
        active("10.1.1.2");
        assertThat(lab.dump("10.1.1.2")).containsExactly(CONTROL, ACTIVE_DATA);
        lab.flush();
        passive("10.1.1.2");
        assertThat(lab.dump("10.1.1.2")).containsExactly(CONTROL);

        rules(OPEN.formatted(""));
        lab.flush();
        activeInVain("h1", "10.1.1.2");
        assertThat(lab.dump("10.1.1.2")).containsExactly(tcp("10.1.1.1 > 10.1.1.2", "10.1.1.2 > 10.1.1.1"));
    }

    /** By Trackway alone: Debian's Open vSwitch can't show expectations yet. */
    @Test
    @DisplayName("conntrack - FTP with expectation dump")
    void expectationDump() throws Exception {
        pair(Peer.TRACKWAY);
        rules(OPEN.formatted("alg=ftp,"));
        list("10.1.1.2", "--ftp-port", "-");
        assertThat(lab.dump("10.1.1.2")).containsExactly(CONTROL);
        final Forwarder trackway = (Forwarder) lab.box;
        assertThat(trackway.expectations(OptionalInt.of(42))).isEmpty();
        assertThat(trackway.expectations(OptionalInt.empty())).extracting(line -> line.replaceAll("port=\\d+", "port="))
            .containsExactly("tcp,orig=(src=10.1.1.2,dst=10.1.1.1,sport=,dport=),"
                + "parent=(src=10.1.1.1,dst=10.1.1.2,sport=,dport=)");
    }

    /** From port 1 control connections, from the port of a number what is related to them. */
    private static String ipv6(final int related) {
        return """
            table=0 priority=100 in_port=1 icmp6, action=2
            table=0 priority=100 in_port=2 icmp6, action=1
            table=0 priority=10 ip6, action=ct(table=1)
            table=0 priority=0 action=drop
            table=1 in_port=1 ct_state=+new, tcp6, tp_dst=21, action=ct(alg=ftp,commit),2
            table=1 in_port=%d ct_state=+new+rel, tcp6, action=ct(commit),%d
            table=1 in_port=1 ct_state=+est, tcp6, action=2
            table=1 in_port=2 ct_state=+est, tcp6, action=1
            table=1 priority=0, action=drop
            """.formatted(related, 3 - related);
    }

    @TakesFlows
    @DisplayName("conntrack - FTP over IPv6")
    void ftpOverIpv6(final Peer peer) throws Exception {
        pair(peer, "fc00::1/96", "fc00::2/96");
        rules(ipv6(2));
        active("[fc00::2]");
        assertThat(lab.dump("fc00::2")).containsExactly(
            tcp("fc00::1 > fc00::2", "fc00::2 > fc00::1", "", ",helper=ftp"),
            tcp("fc00::2 > fc00::1", "fc00::1 > fc00::2"));
    }

    @TakesFlows
    @DisplayName("conntrack - IPv6 FTP Passive")
    void ipv6FtpPassive(final Peer peer) throws Exception {
        pair(peer, "fc00::1/96", "fc00::2/96");
        neighbours("fc00::2", "fc00::1");
        rules(ipv6(1));
        passive("[fc00::2]");
        assertThat(lab.dump("fc00::2")).containsExactly(
            tcp("fc00::1 > fc00::2", "fc00::2 > fc00::1"),
            tcp("fc00::1 > fc00::2", "fc00::2 > fc00::1", "", ",helper=ftp"));
    }

    @TakesFlows
    @DisplayName("conntrack - FTP with multiple expectations")
    void multipleExpectations(final Peer peer) throws Exception {
        pair(peer);
        rules("""
            table=0,priority=1,action=drop
            table=0,priority=10,arp,action=normal
            table=0,priority=10,icmp,action=normal
            table=0,priority=100,in_port=1,tcp,action=ct(table=1,zone=1)
            table=1,in_port=1,tcp,ct_zone=1,ct_state=+trk+new-rel,\
            action=ct(commit,alg=ftp,zone=1),ct(commit,alg=ftp,zone=2),2
            table=1,in_port=1,tcp,ct_zone=1,ct_state=+trk+new+rel,action=ct(commit,zone=1),ct(commit,zone=2),2
            table=1,in_port=1,tcp,ct_zone=1,ct_state=+trk+est,action=ct(table=2,zone=2)
            table=2,in_port=1,tcp,ct_zone=2,ct_state=+trk+est,action=2
            table=0,priority=100,in_port=2,tcp,action=ct(table=1,zone=2)
            table=1,in_port=2,tcp,ct_zone=2,ct_state=+trk+rel,action=ct(commit,zone=2),ct(commit,zone=1),1
            table=1,in_port=2,tcp,ct_zone=2,ct_state=+trk+est,action=ct(table=2,zone=1)
            table=2,in_port=2,tcp,ct_zone=1,ct_state=+trk+rel,action=ct(commit,zone=2),ct(commit,zone=1),1
            table=2,in_port=2,tcp,ct_zone=1,ct_state=+trk+est,action=1
            """);
        activeInVain("h2", "10.1.1.1");
        assertThat(lab.dump("10.1.1.1")).isEmpty();
        active("10.1.1.2");
        final String there = "10.1.1.1 > 10.1.1.2";
        final String back = "10.1.1.2 > 10.1.1.1";
        assertThat(lab.dump("10.1.1.2")).containsExactly(
            tcp(there, back, ",zone=1", ",helper=ftp"), tcp(there, back, ",zone=2", ",helper=ftp"),
            tcp(back, there, ",zone=1"), tcp(back, there, ",zone=2"));
        lab.flush();
        passive("10.1.1.2");
        assertThat(lab.dump("10.1.1.2")).containsExactly(
            tcp(there, back, ",zone=1"), tcp(there, back, ",zone=1", ",helper=ftp"),
            tcp(there, back, ",zone=2"), tcp(there, back, ",zone=2", ",helper=ftp"));
    }

    // ---- with NAT ----

    /** Lists files four times in active mode with lftp, through flows that translate h1 to an address. */
    private void activeWithSnat(final Peer peer, final String address, final String metadata, final String flows)
            throws Exception {
        lab = new Lab(peer);
        lab.host(Lab.MAC, "10.1.1.1/24").host(null, "10.1.1.2/24");
        FtpServer.start(lab.network, "h2", false);
        final String last = address.substring(address.lastIndexOf('.') + 1);
        rules(flows.replace("NAT", address), lab.arpResponder("0x0a0101%02x".formatted(Integer.parseInt(last))));
        lab.network.in("h1", "lftp", "-c", "set net:max-retries 1; set net:timeout 1; set ftp:passive-mode off; "
            + "cache off; connect ftp://anonymous:@10.1.1.2; ls; ls; ls; ls");
        assertThat(lab.dump("10.1.1.2")).containsExactly(
            tcp("10.1.1.1 > 10.1.1.2", "10.1.1.2 > " + address, metadata, ",helper=ftp"),
            tcp("10.1.1.2 > " + address, "10.1.1.1 > 10.1.1.2", metadata));
    }

    private static final String PRE_RECIRCULATION = """
        table=0 in_port=1, ip, action=ct(table=1,nat)
        table=0 in_port=2, ip, action=ct(table=2,nat)
        table=1 ct_state=+new, tcp, tp_dst=21, nw_src=10.1.1.1, action=ct(alg=ftp,commit,nat(src=NAT)),2
        table=1 ct_state=+est, tcp, nw_src=NAT,     action=2
        table=1 priority=10, tcp, action=drop
        table=1 priority=0,action=drop
        table=2 ct_state=+est, tcp, nw_dst=10.1.1.1, action=1
        table=2 ct_state=+new+rel, tcp, nw_dst=NAT, action=ct(commit,nat),1
        table=2 ct_state=+rel, icmp, nw_dst=10.1.1.1, action=1
        table=2 priority=10, tcp, action=drop
        table=2 priority=0, action=drop
        """;

    @TakesFlows
    @DisplayName("conntrack - FTP SNAT prerecirc")
    void snatBefore(final Peer peer) throws Exception {
        activeWithSnat(peer, "10.1.1.9", "", PRE_RECIRCULATION);
    }

    @TakesFlows
    @DisplayName("conntrack - FTP SNAT prerecirc seqadj")
    void snatBeforeWithALongerAddress(final Peer peer) throws Exception {
        activeWithSnat(peer, "10.1.1.240", "", PRE_RECIRCULATION);
    }

    @TakesFlows
    @DisplayName("conntrack - FTP SNAT postrecirc seqadj")
    void snatAfterWithALongerAddress(final Peer peer) throws Exception {
        activeWithSnat(peer, "10.1.1.240", "", """
            table=0 ip, action=ct(table=1)
            table=1 in_port=1 ct_state=+new, tcp, tp_dst=21, action=ct(alg=ftp,commit,nat(src=NAT)),2
            table=1 in_port=1 ct_state=+est, tcp,     action=ct(nat),2
            table=1 in_port=2 ct_state=+est, tcp,     action=ct(nat),1
            table=1 in_port=2 ct_state=+new+rel, tcp, action=ct(commit,nat),1
            table=1 in_port=2 ct_state=+rel, icmp,    action=ct(nat),1
            table=1 priority=0, action=drop
            """);
    }

    @TakesFlows
    @DisplayName("conntrack - FTP SNAT orig tuple seqadj")
    void snatByOriginalTupleWithALongerAddress(final Peer peer) throws Exception {
        activeWithSnat(peer, "10.1.1.240", ",zone=1,labels=0x4d2000000000000000000000001", """
            table=0 in_port=1, ip, action=set_field:1->reg4,set_field:1->reg3,ct(zone=NXM_NX_REG4[0..15],table=1)
            table=0 in_port=2, ip, action=set_field:1->reg4,set_field:2->reg3,ct(zone=NXM_NX_REG4[0..15],nat,table=1)
            table=1 reg3=1, ip, ct_state=-rel-rpl+trk-inv action=set_field:1->reg0,resubmit(,3),goto_table:5
            table=1 reg3=1, ip, ct_state=-rel+rpl+trk-inv action=set_field:2->reg0,resubmit(,3,ct),goto_table:4
            table=1 reg3=2, ip, ct_state=-rel-rpl+trk-inv action=set_field:2->reg0,resubmit(,3),goto_table:5
            table=1 reg3=2, ip, ct_state=-rel+rpl+trk-inv action=set_field:1->reg0,resubmit(,3,ct),goto_table:4
            table=1 ip, ct_state=+rel+trk-inv, \
            action=move:NXM_NX_CT_LABEL[0]->NXM_NX_REG0[0],resubmit(,3,ct),goto_table:4
            table=1 priority=0, action=drop
            table=3 priority=10, reg0=1, ip, nw_src=10.1.1.1 action=set_field:1234->reg1,set_field:1->reg2
            table=3 priority=0, action=set_field:1235->reg1,set_field:0->reg2
            table=4 priority=100 reg2=1, action=goto_table:5
            table=4 priority=0 action=move:NXM_NX_REG3[]->NXM_NX_REG0[],resubmit(,3),goto_table:5
            table=5 reg2=0 priority=1000 action=drop
            table=5 priority=100 reg2=1 reg3=1 ct_state=+new-rel, tcp, tp_dst=21, \
            action=ct(zone=NXM_NX_REG4[0..15],alg=ftp,commit,nat(src=NAT),\
            exec(move:NXM_NX_REG3[0]->NXM_NX_CT_LABEL[0],move:NXM_NX_REG1[0..31]->NXM_NX_CT_LABEL[96..127])),\
            goto_table:6
            table=5 priority=10 reg2=1 reg3=1 ct_state=+new-rel, ip, \
            action=ct(zone=NXM_NX_REG4[0..15],commit,nat(src=NAT),\
            exec(move:NXM_NX_REG3[0]->NXM_NX_CT_LABEL[0],move:NXM_NX_REG1[0..31]->NXM_NX_CT_LABEL[96..127])),\
            goto_table:6
            table=5 priority=10 reg2=1 reg3=2 ct_state=+new-rel, ip, \
            action=ct(zone=NXM_NX_REG4[0..15],commit,nat(dst=NAT),\
            exec(move:NXM_NX_REG3[0]->NXM_NX_CT_LABEL[0],move:NXM_NX_REG1[0..31]->NXM_NX_CT_LABEL[96..127])),\
            goto_table:6
            table=5 priority=10 reg2=1 ct_state=+new+rel, ip, \
            action=ct(zone=NXM_NX_REG4[0..15],commit,nat,exec(move:NXM_NX_REG1[0..31]->NXM_NX_CT_LABEL[96..127])),\
            goto_table:6
            table=5 priority=10 ct_state=-new+trk-inv reg3=1 ip, action=ct(zone=NXM_NX_REG4[0..15],nat),goto_table:6
            table=5 priority=0 action=goto_table:6
            table=6 in_port=1 action=2
            table=6 in_port=2 action=1
            """);
    }

    /** Flows by which h1 may open control connections that are translated, and a port what is related to them. */
    private static String translated(final String nat, final String related, final String established) {
        return """
            table=0 priority=10 ip, action=ct(nat,table=1)
            table=0 priority=0 action=drop
            table=1 in_port=1 ct_state=+new tcp nw_src=10.1.1.1 tp_dst=21 action=ct(alg=ftp,commit,nat(%s)),2
            table=1 %s
            table=1 in_port=1 ct_state=+est tcp %s action=2
            table=1 in_port=2 ct_state=+est tcp nw_dst=10.1.1.1 action=1
            table=1 priority=100 in_port=1 icmp, action=2
            table=1 priority=100 in_port=2 icmp, action=1
            table=1 priority=0, action=drop
            """.formatted(nat, related, established);
    }

    @TakesFlows
    @DisplayName("conntrack - IPv4 FTP Passive with SNAT")
    void passiveWithSnat(final Peer peer) throws Exception {
        pair(peer);
        lab.neighbour("h2", "10.1.1.1", LEFT);
        neighbours("10.1.1.2", "10.1.1.240");
        rules(translated("src=10.1.1.240", "in_port=1 ct_state=+new+rel tcp nw_src=10.1.1.1 action=ct(commit,nat),2",
            "nw_src=10.1.1.240"));
        passive("10.1.1.2");
        assertThat(lab.dump("10.1.1.2")).containsExactly(
            tcp("10.1.1.1 > 10.1.1.2", "10.1.1.2 > 10.1.1.240"),
            tcp("10.1.1.1 > 10.1.1.2", "10.1.1.2 > 10.1.1.240", "", ",helper=ftp"));
    }

    @TakesFlows
    @DisplayName("conntrack - IPv4 FTP Passive with DNAT")
    void passiveWithDnat(final Peer peer) throws Exception {
        pair(peer, "10.1.1.1/24", "10.1.1.240/24");
        lab.neighbour("h1", "10.1.1.240", RIGHT);
        neighbours("10.1.1.2", "10.1.1.1");
        rules(translated("dst=10.1.1.240", "in_port=1 ct_state=+new+rel tcp nw_src=10.1.1.1 action=ct(commit,nat),2",
            "nw_dst=10.1.1.240"));
        passive("10.1.1.2");
        assertThat(lab.dump("10.1.1.2")).containsExactly(
            tcp("10.1.1.1 > 10.1.1.2", "10.1.1.240 > 10.1.1.1"),
            tcp("10.1.1.1 > 10.1.1.2", "10.1.1.240 > 10.1.1.1", "", ",helper=ftp"));
    }

    @TakesFlows
    @DisplayName("conntrack - IPv4 FTP Active with DNAT")
    void activeWithDnat(final Peer peer) throws Exception {
        pair(peer, "10.1.1.1/24", "10.1.1.240/24");
        lab.neighbour("h1", "10.1.1.240", RIGHT);
        neighbours("10.1.1.2", "10.1.1.1");
        rules(translated("dst=10.1.1.240", "in_port=2 ct_state=+new+rel tcp nw_src=10.1.1.240 action=ct(commit,nat),1",
            "nw_dst=10.1.1.240"));
        active("10.1.1.2");
        assertThat(lab.dump("10.1.1.2")).containsExactly(
            tcp("10.1.1.1 > 10.1.1.2", "10.1.1.240 > 10.1.1.1", "", ",helper=ftp"),
            tcp("10.1.1.240 > 10.1.1.1", "10.1.1.1 > 10.1.1.2"));
    }

    private static String translated6(final String related) {
        return """
            table=0 priority=10 ip6, action=ct(nat,table=1)
            table=0 priority=0 action=drop
            table=1 in_port=1 ct_state=+new tcp6 ipv6_src=fc00::1 tp_dst=21 \
            action=ct(alg=ftp,commit,nat(src=fc00::240)),2
            table=1 %s
            table=1 in_port=1 ct_state=+est tcp6 ipv6_src=fc00::240 action=2
            table=1 in_port=2 ct_state=+est tcp6 ipv6_dst=fc00::1 action=1
            table=1 priority=100 in_port=1 icmp6, action=2
            table=1 priority=100 in_port=2 icmp6, action=1
            table=1 priority=0, action=drop
            """.formatted(related);
    }

    @TakesFlows
    @DisplayName("conntrack - IPv6 FTP with SNAT")
    void ipv6FtpWithSnat(final Peer peer) throws Exception {
        pair(peer, "fc00::1/96", "fc00::2/96");
        lab.neighbour("h2", "fc00::240", LEFT);
        rules(translated6("in_port=2 ct_state=+new+rel tcp6 ipv6_dst=fc00::240 action=ct(commit,nat),1"));
        active("[fc00::2]");
        assertThat(lab.dump("fc00::2")).containsExactly(
            tcp("fc00::1 > fc00::2", "fc00::2 > fc00::240", "", ",helper=ftp"),
            tcp("fc00::2 > fc00::240", "fc00::1 > fc00::2"));
    }

    @TakesFlows
    @DisplayName("conntrack - IPv6 FTP Passive with SNAT")
    void ipv6FtpPassiveWithSnat(final Peer peer) throws Exception {
        pair(peer, "fc00::1/96", "fc00::2/96");
        neighbours("fc00::2", "fc00::240");
        rules(translated6("in_port=1 ct_state=+new+rel tcp6 ipv6_dst=fc00::2 action=ct(commit,nat),2"));
        passive("[fc00::2]");
        assertThat(lab.dump("fc00::2")).containsExactly(
            tcp("fc00::1 > fc00::2", "fc00::2 > fc00::240"),
            tcp("fc00::1 > fc00::2", "fc00::2 > fc00::240", "", ",helper=ftp"));
    }

    // ---- TFTP ----

    private void tftpPair(final Peer peer) throws Exception {
        lab = new Lab(peer);
        lab.host(LEFT, "10.1.1.1/24").host(RIGHT, "10.1.1.2/24");
        TftpServer.start(lab.network, "h2");
    }

    @TakesFlows
    @DisplayName("conntrack - TFTP")
    void tftp(final Peer peer) throws Exception {
        tftpPair(peer);
        final String control = udp("10.1.1.1 > 10.1.1.2", "10.1.1.2 > 10.1.1.1", ",helper=tftp");
        rules("""
            table=0,priority=1,action=drop
            table=0,priority=10,arp,action=normal
            table=0,priority=10,icmp,action=normal
            table=0,priority=100,in_port=1,udp,action=ct(alg=tftp,commit),2
            table=0,priority=100,in_port=2,udp,action=ct(table=1)
            table=1,in_port=2,udp,ct_state=+trk+est,action=1
            table=1,in_port=2,udp,ct_state=+trk+rel,action=1
            """);
        lab.getInVain("h2", "tftp://10.1.1.1/file");
        assertThat(lab.dump("10.1.1.1")).isEmpty();
        lab.get("h1", "tftp://10.1.1.2/file");
        assertThat(lab.dump("10.1.1.2")).containsExactly(control);

        rules("""
            table=0,priority=1,action=drop
            table=0,priority=10,arp,action=normal
            table=0,priority=10,icmp,action=normal
            table=0,priority=100,in_port=1,udp,action=ct(table=1)
            table=1,in_port=1,udp,ct_state=+trk+new-rel,action=ct(commit,alg=tftp),2
            table=1,in_port=1,udp,ct_state=+trk+new+rel,action=ct(commit),2
            table=1,in_port=1,udp,ct_state=+trk+est,action=2
            table=0,priority=100,in_port=2,udp,action=ct(table=1)
            table=1,in_port=2,udp,ct_state=+trk+est,action=1
            table=1,in_port=2,udp,ct_state=+trk+new+rel,action=1
            """);
        lab.flush();
        lab.getInVain("h2", "tftp://10.1.1.1/file");
        assertThat(lab.dump("10.1.1.1")).isEmpty();
        lab.get("h1", "tftp://10.1.1.2/file");
        assertThat(lab.dump("10.1.1.2")).containsExactly(control);
    }

    @TakesFlows
    @DisplayName("conntrack - IPv4 TFTP with SNAT")
    void tftpWithSnat(final Peer peer) throws Exception {
        tftpPair(peer);
        lab.neighbour("h2", "10.1.1.1", LEFT);
        neighbours("10.1.1.2", "10.1.1.240");
        rules("""
            table=0 priority=10 ip, action=ct(table=1)
            table=0 priority=0 action=drop
            table=1 priority=100 in_port=1 icmp, action=2
            table=1 priority=100 in_port=2 icmp, action=1
            table=1 in_port=1 ct_state=+new udp nw_src=10.1.1.1 tp_dst=69 \
            action=ct(alg=tftp,commit,nat(src=10.1.1.240)),2
            table=1 in_port=2 ct_state=+new+rel udp nw_src=10.1.1.2 action=ct(commit,nat),1
            table=1 in_port=1 ct_state=+est udp nw_src=10.1.1.1 action=ct(nat,table=2)
            table=1 in_port=2 ct_state=+est udp nw_src=10.1.1.2 action=ct(nat,table=2)
            table=1 priority=0, action=drop
            table=2 in_port=1 ct_state=+est udp nw_src=10.1.1.240 action=2
            table=2 in_port=2 ct_state=+est udp nw_dst=10.1.1.1 action=1
            """);
        lab.get("h1", "tftp://10.1.1.2/file");
        assertThat(lab.dump("10.1.1.2")).containsExactly(
            udp("10.1.1.1 > 10.1.1.2", "10.1.1.2 > 10.1.1.240", ",helper=tftp"),
            udp("10.1.1.2 > 10.1.1.240", "10.1.1.1 > 10.1.1.2", ""));
    }
}
