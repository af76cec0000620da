// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.trackway.itests.acceptance.FtpSession.Mode;
import org.trackway.packet.Packet;
import org.trackway.packet.Packets;

/** What tests/system-traffic.at expects of FTP and TFTP, client and server being played by the tests. */
class FtpTftpAcceptanceTest {

    private static final String ONE = "10.1.1.1";
    private static final String TWO = "10.1.1.2";
    private static final String SIX_ONE = "fc00::1";
    private static final String SIX_TWO = "fc00::2";

    private Bridge bridge;

    @AfterEach
    void close() {
        bridge.close();
    }

    private FtpSession ftp(final String client, final String server) {
        return new FtpSession(bridge, 1, client, 2, server, 21);
    }

    /** Opens a control connection, gets one listing for each mode, and closes. {@return what was heard of the modes} */
    private List<String> session(final String client, final String server, final Mode... modes) {
        final FtpSession session = ftp(client, server);
        assertThat(session.login()).isTrue();
        final List<String> heard = new ArrayList<>();
        for (final Mode mode : modes) {
            assertThat(session.list(mode)).as("data connection by %s", mode).isTrue();
            heard.add(session.heard());
        }
        session.quit();
        return heard;
    }

    /** {@return the connections, ports and states left out, each once, sorted} */
    private List<String> shapes() {
        return bridge.dump().stream().map(line -> line.replaceAll("port=\\d+", "port=").replaceAll(
            ",protoinfo=\\(state=\\w+\\)", "")).distinct().sorted().toList();
    }

    /** {@return a connection in the words of {@link #shapes}} */
    private static String shape(final String original, final String reply, final String rest) {
        return "tcp,orig=(" + ends(original) + "),reply=(" + ends(reply) + ")" + rest;
    }

    private static String ends(final String text) {
        final String[] hosts = text.split(" > ");
        return "src=" + hosts[0] + ",dst=" + hosts[1] + ",sport=,dport=";
    }

    // ---- plain ----

    /** Port 2 may only answer, and open what is related. The first flow names the helper, or none. */
    private static String open(final String helper) {
        return """
            table=0,priority=1,action=drop
            table=0,priority=10,arp,action=normal
            table=0,priority=10,icmp,action=normal
            table=0,priority=100,in_port=1,tcp,action=ct(%scommit),2
            table=0,priority=100,in_port=2,tcp,action=ct(table=1)
            table=1,in_port=2,tcp,ct_state=+trk+est,action=1
            table=1,in_port=2,tcp,ct_state=+trk+rel,action=1
            """.formatted(helper);
    }

    private static final String STRICT = """
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
        """;

    @Test
    @DisplayName("FTP - no conntrack")
    void ftpNoConntrack() {
        bridge = new Bridge("action=normal");
        session(ONE, TWO, Mode.PORT, Mode.EPRT, Mode.PASV, Mode.EPSV);
        session(SIX_ONE, SIX_TWO, Mode.EPRT, Mode.EPSV);
    }

    @Test
    @DisplayName("conntrack - FTP")
    void conntrackFtp() {
        ftpOnPort(21);
    }

    @Test
    @DisplayName("conntrack - FTP non-standard port")
    void conntrackFtpNonStandardPort() {
        ftpOnPort(11111);
    }

    private void ftpOnPort(final int port) {
        final String control = shape("10.1.1.1 > 10.1.1.2", "10.1.1.2 > 10.1.1.1", ",helper=ftp");
        final String data = shape("10.1.1.2 > 10.1.1.1", "10.1.1.1 > 10.1.1.2", "");

        bridge = new Bridge(open("alg=ftp,"));
        assertThat(new FtpSession(bridge, 2, TWO, 1, ONE, port).login()).isFalse();
        assertThat(bridge.dump()).isEmpty();
        listing(port, Mode.PORT, true);
        assertThat(shapes()).containsExactly(control);
        bridge.close();

        bridge = new Bridge(STRICT);
        assertThat(new FtpSession(bridge, 2, TWO, 1, ONE, port).login()).isFalse();
        assertThat(bridge.dump()).isEmpty();
        listing(port, Mode.PORT, true);
        assertThat(shapes()).containsExactly(control, data);
        bridge.flush();
        listing(port, Mode.PASV, true);
        assertThat(shapes()).containsExactly(control);
        bridge.close();

        bridge = new Bridge(open(""));
        listing(port, Mode.PORT, false);
        assertThat(shapes()).as("no helper without alg").containsExactly(
            shape("10.1.1.1 > 10.1.1.2", "10.1.1.2 > 10.1.1.1", ""));
    }

    private void listing(final int port, final Mode mode, final boolean works) {
        final FtpSession session = new FtpSession(bridge, 1, ONE, 2, TWO, port);
        assertThat(session.login()).isTrue();
        assertThat(session.list(mode)).isEqualTo(works);
    }

    @Test
    @DisplayName("conntrack - FTP with expectation dump")
    void conntrackFtpWithExpectationDump() {
        bridge = new Bridge(open("alg=ftp,"));
        listing(21, Mode.PORT, true);
        assertThat(bridge.dump()).anyMatch(line -> line.startsWith("tcp,orig=(src=10.1.1.1,dst=10.1.1.2,sport=40001,"
            + "dport=21),reply=(src=10.1.1.2,dst=10.1.1.1,sport=21,dport=40001)") && line.endsWith(",helper=ftp"));
        assertThat(bridge.expectations(OptionalInt.of(42))).isEmpty();
        assertThat(bridge.expectations(OptionalInt.empty())).containsExactly("tcp,orig=(src=10.1.1.2,dst=10.1.1.1,"
            + "sport=0,dport=50001),parent=(src=10.1.1.1,dst=10.1.1.2,sport=40001,dport=21)");
    }

    private static final String STRICT_6 = """
        table=0 priority=100 in_port=1 icmp6, action=2
        table=0 priority=100 in_port=2 icmp6, action=1
        table=0 priority=10 ip6, action=ct(table=1)
        table=0 priority=0 action=drop
        table=1 in_port=1 ct_state=+new, tcp6, tp_dst=21, action=ct(alg=ftp,commit),2
        table=1 in_port=1 ct_state=+est, tcp6, action=2
        table=1 in_port=2 ct_state=+est, tcp6, action=1
        table=1 priority=0, action=drop
        """;

    @Test
    @DisplayName("conntrack - FTP over IPv6")
    void conntrackFtpOverIpv6() {
        bridge = new Bridge(STRICT_6, "table=1 in_port=2 ct_state=+new+rel, tcp6, action=ct(commit),1");
        assertThat(session(SIX_ONE, SIX_TWO, Mode.EPRT)).containsExactly("EPRT |2|fc00::1|50001|");
        assertThat(shapes()).containsExactly(shape("fc00::1 > fc00::2", "fc00::2 > fc00::1", ",helper=ftp"),
            shape("fc00::2 > fc00::1", "fc00::1 > fc00::2", ""));
    }

    @Test
    @DisplayName("conntrack - IPv6 FTP Passive")
    void conntrackIpv6FtpPassive() {
        bridge = new Bridge(STRICT_6, "table=1 in_port=1 ct_state=+new+rel, tcp6, action=ct(commit),2");
        session(SIX_ONE, SIX_TWO, Mode.EPSV);
        assertThat(shapes()).containsExactly(shape("fc00::1 > fc00::2", "fc00::2 > fc00::1", ""),
            shape("fc00::1 > fc00::2", "fc00::2 > fc00::1", ",helper=ftp"));
    }

    @Test
    @DisplayName("conntrack - FTP with multiple expectations")
    void conntrackFtpWithMultipleExpectations() {
        bridge = new Bridge("""
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
        assertThat(new FtpSession(bridge, 2, TWO, 1, ONE, 21).login()).isFalse();
        assertThat(bridge.dump()).isEmpty();
        final String up = "10.1.1.1 > 10.1.1.2";
        final String down = "10.1.1.2 > 10.1.1.1";
        session(ONE, TWO, Mode.PORT);
        assertThat(bridge.expectations(OptionalInt.of(1))).hasSize(1);
        assertThat(bridge.expectations(OptionalInt.of(2))).hasSize(1);
        assertThat(shapes()).containsExactly(shape(up, down, ",zone=1,helper=ftp"),
            shape(up, down, ",zone=2,helper=ftp"), shape(down, up, ",zone=1"), shape(down, up, ",zone=2"));
        bridge.flush();
        session(ONE, TWO, Mode.PASV);
        assertThat(shapes()).containsExactly(shape(up, down, ",zone=1"), shape(up, down, ",zone=1,helper=ftp"),
            shape(up, down, ",zone=2"), shape(up, down, ",zone=2,helper=ftp"));
    }

    // ---- SNAT, active ----

    /** Gets four listings in active mode, as a client behind the outside address. */
    private void fourListings(final String outside, final String rest) {
        assertThat(session(ONE, TWO, Mode.PORT, Mode.PORT, Mode.PORT, Mode.PORT)).last()
            .isEqualTo("PORT " + outside.replace('.', ',') + ",195,84");
        assertThat(shapes()).containsExactly(
            shape("10.1.1.1 > 10.1.1.2", "10.1.1.2 > " + outside, rest + ",helper=ftp"),
            shape("10.1.1.2 > " + outside, "10.1.1.1 > 10.1.1.2", rest));
    }

    private void preRecirc(final String outside) {
        bridge = new Bridge("""
            table=0 in_port=1, ip, action=ct(table=1,nat)
            table=0 in_port=2, ip, action=ct(table=2,nat)
            table=0 priority=0 action=drop
            table=1 ct_state=+new, tcp, tp_dst=21, nw_src=10.1.1.1, action=ct(alg=ftp,commit,nat(src=OUTSIDE)),2
            table=1 ct_state=+est, tcp, nw_src=OUTSIDE,     action=2
            table=1 priority=10, tcp, action=drop
            table=1 priority=0,action=drop
            table=2 ct_state=+est, tcp, nw_dst=10.1.1.1, action=1
            table=2 ct_state=+new+rel, tcp, nw_dst=OUTSIDE, action=ct(commit,nat),1
            table=2 ct_state=+rel, icmp, nw_dst=10.1.1.1, action=1
            table=2 priority=10, tcp, action=drop
            table=2 priority=0, action=drop
            """.replace("OUTSIDE", outside));
        fourListings(outside, "");
    }

    @Test
    @DisplayName("conntrack - FTP SNAT prerecirc")
    void conntrackFtpSnatPrerecirc() {
        preRecirc("10.1.1.9");
    }

    @Test
    @DisplayName("conntrack - FTP SNAT prerecirc seqadj")
    void conntrackFtpSnatPrerecircSeqadj() {
        preRecirc("10.1.1.240");
    }

    private void postRecirc(final String outside) {
        bridge = new Bridge("""
            table=0 ip, action=ct(table=1)
            table=0 priority=0 action=drop
            table=1 in_port=1 ct_state=+new, tcp, tp_dst=21, action=ct(alg=ftp,commit,nat(src=OUTSIDE)),2
            table=1 in_port=1 ct_state=+est, tcp,     action=ct(nat),2
            table=1 in_port=2 ct_state=+est, tcp,     action=ct(nat),1
            table=1 in_port=2 ct_state=+new+rel, tcp, action=ct(commit,nat),1
            table=1 in_port=2 ct_state=+rel, icmp,    action=ct(nat),1
            table=1 priority=0, action=drop
            """.replace("OUTSIDE", outside));
        fourListings(outside, "");
    }

    @Test
    @DisplayName("conntrack - FTP SNAT postrecirc")
    void conntrackFtpSnatPostrecirc() {
        postRecirc("10.1.1.9");
    }

    @Test
    @DisplayName("conntrack - FTP SNAT postrecirc seqadj")
    void conntrackFtpSnatPostrecircSeqadj() {
        postRecirc("10.1.1.240");
    }

    private void origTuple(final String outside) {
        bridge = new Bridge("""
            table=0 in_port=1, ip, action=set_field:1->reg4,set_field:1->reg3,ct(zone=NXM_NX_REG4[0..15],table=1)
            table=0 in_port=2, ip, action=set_field:1->reg4,set_field:2->reg3,ct(zone=NXM_NX_REG4[0..15],nat,table=1)
            table=0 priority=0 action=drop
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
            \
            action=ct(zone=NXM_NX_REG4[0..15],alg=ftp,commit,nat(src=OUTSIDE),\
            exec(move:NXM_NX_REG3[0]->NXM_NX_CT_LABEL[0],\
            move:NXM_NX_REG1[0..31]->NXM_NX_CT_LABEL[96..127])),goto_table:6
            table=5 priority=10 reg2=1 reg3=1 ct_state=+new-rel, ip, \
            action=ct(zone=NXM_NX_REG4[0..15],commit,nat(src=OUTSIDE),exec(move:NXM_NX_REG3[0]->NXM_NX_CT_LABEL[0],\
            move:NXM_NX_REG1[0..31]->NXM_NX_CT_LABEL[96..127])),goto_table:6
            table=5 priority=10 reg2=1 reg3=2 ct_state=+new-rel, ip, \
            action=ct(zone=NXM_NX_REG4[0..15],commit,nat(dst=OUTSIDE),exec(move:NXM_NX_REG3[0]->NXM_NX_CT_LABEL[0],\
            move:NXM_NX_REG1[0..31]->NXM_NX_CT_LABEL[96..127])),goto_table:6
            table=5 priority=10 reg2=1 ct_state=+new+rel, ip, \
            action=ct(zone=NXM_NX_REG4[0..15],commit,nat,exec(move:NXM_NX_REG1[0..31]->NXM_NX_CT_LABEL[96..127])),\
            goto_table:6
            table=5 priority=10 ct_state=-new+trk-inv reg3=1 ip, action=ct(zone=NXM_NX_REG4[0..15],nat),goto_table:6
            table=5 priority=0 action=goto_table:6
            table=6 in_port=1 action=2
            table=6 in_port=2 action=1
            """.replace("OUTSIDE", outside));
        fourListings(outside, ",zone=1,labels=0x4d2000000000000000000000001");
    }

    @Test
    @DisplayName("conntrack - FTP SNAT orig tuple")
    void conntrackFtpSnatOrigTuple() {
        origTuple("10.1.1.9");
    }

    @Test
    @DisplayName("conntrack - FTP SNAT orig tuple seqadj")
    void conntrackFtpSnatOrigTupleSeqadj() {
        origTuple("10.1.1.240");
    }

    // ---- SNAT and DNAT, passive and active ----

    private static final String TRANSLATED = """
        table=0 priority=10 ip, action=ct(nat,table=1)
        table=0 priority=0 action=drop
        table=1 in_port=2 ct_state=+est tcp nw_dst=10.1.1.1 action=1
        table=1 priority=100 in_port=1 icmp, action=2
        table=1 priority=100 in_port=2 icmp, action=1
        table=1 priority=0, action=drop
        """;

    @Test
    @DisplayName("conntrack - IPv4 FTP Passive with SNAT")
    void conntrackIpv4FtpPassiveWithSnat() {
        bridge = new Bridge(TRANSLATED, """
            table=1 in_port=1 ct_state=+new tcp nw_src=10.1.1.1 tp_dst=21  \
            action=ct(alg=ftp,commit,nat(src=10.1.1.240)),2
            table=1 in_port=1 ct_state=+new+rel tcp nw_src=10.1.1.1 action=ct(commit,nat),2
            table=1 in_port=1 ct_state=+est tcp nw_src=10.1.1.240 action=2
            """);
        session(ONE, TWO, Mode.EPSV);
        session(ONE, TWO, Mode.PASV);
        assertThat(shapes()).containsExactly(shape("10.1.1.1 > 10.1.1.2", "10.1.1.2 > 10.1.1.240", ""),
            shape("10.1.1.1 > 10.1.1.2", "10.1.1.2 > 10.1.1.240", ",helper=ftp"));
    }

    /** Gets listings from a server that is called by one address and has another one. */
    private List<String> fromBehind(final String called, final String real, final Mode... modes) {
        bridge = new Bridge(TRANSLATED, """
            table=1 in_port=1 ct_state=+new tcp nw_src=10.1.1.1 tp_dst=21 action=ct(alg=ftp,commit,nat(dst=REAL)),2
            table=1 in_port=1 ct_state=+new+rel tcp nw_src=10.1.1.1 action=ct(commit,nat),2
            table=1 in_port=2 ct_state=+new+rel tcp nw_src=REAL action=ct(commit,nat),1
            table=1 in_port=1 ct_state=+est tcp nw_dst=REAL action=2
            """.replace("REAL", real));
        final List<String> heard = session(ONE, called, modes);
        final String control = shape("10.1.1.1 > " + called, real + " > 10.1.1.1", ",helper=ftp");
        final List<String> expected = new ArrayList<>(List.of(control));
        if (List.of(modes).contains(Mode.PASV)) {
            expected.add(shape("10.1.1.1 > " + called, real + " > 10.1.1.1", ""));
        }
        if (List.of(modes).contains(Mode.PORT)) {
            expected.add(shape(real + " > 10.1.1.1", "10.1.1.1 > " + called, ""));
        }
        assertThat(shapes()).containsExactlyInAnyOrderElementsOf(expected);
        return heard;
    }

    @Test
    @DisplayName("conntrack - IPv4 FTP Passive with DNAT")
    void conntrackIpv4FtpPassiveWithDnat() {
        assertThat(fromBehind(TWO, "10.1.1.240", Mode.PASV, Mode.EPSV, Mode.PASV)).last().as("the text shrinks")
            .isEqualTo("227 Entering Passive Mode (10,1,1,2,195,83)");
    }

    @Test
    @DisplayName("conntrack - IPv4 FTP Passive with DNAT 2")
    void conntrackIpv4FtpPassiveWithDnat2() {
        assertThat(fromBehind("10.1.1.200", "10.1.100.1", Mode.PASV, Mode.PASV)).last().as("the text keeps its length")
            .isEqualTo("227 Entering Passive Mode (10,1,1,200,195,82)");
    }

    @Test
    @DisplayName("conntrack - IPv4 FTP Active with DNAT")
    void conntrackIpv4FtpActiveWithDnat() {
        assertThat(fromBehind(TWO, "10.1.1.240", Mode.EPRT, Mode.PORT)).containsExactly("EPRT |1|10.1.1.1|50001|",
            "PORT 10,1,1,1,195,82");
    }

    @Test
    @DisplayName("conntrack - IPv4 FTP Active with DNAT with reverse skew")
    void conntrackIpv4FtpActiveWithDnatWithReverseSkew() {
        assertThat(fromBehind("10.1.120.240", TWO, Mode.PORT, Mode.PASV, Mode.PORT, Mode.PASV)).as("the text grows")
            .containsExactly("PORT 10,1,1,1,195,81", "227 Entering Passive Mode (10,1,120,240,195,82)",
                "PORT 10,1,1,1,195,83", "227 Entering Passive Mode (10,1,120,240,195,84)");
    }

    // ---- IPv6 with SNAT ----

    private static final String TRANSLATED_6 = """
        table=0 priority=10 ip6, action=ct(nat,table=1)
        table=0 priority=0 action=drop
        table=1 priority=100 in_port=1 icmp6, action=2
        table=1 priority=100 in_port=2 icmp6, action=1
        table=1 priority=0, action=drop
        """;
    private static final String OUTSIDE_6 = shape("fc00::1 > fc00::2", "fc00::2 > fc00::240", ",helper=ftp");

    @Test
    @DisplayName("conntrack - IPv6 FTP with SNAT")
    void conntrackIpv6FtpWithSnat() {
        bridge = new Bridge(TRANSLATED_6, """
            table=1 in_port=1 ct_state=+new tcp6 ipv6_src=fc00::1 tp_dst=21  \
            action=ct(alg=ftp,commit,nat(src=fc00::240)),2
            table=1 in_port=2 ct_state=+new+rel tcp6 ipv6_dst=fc00::240 action=ct(commit,nat),1
            table=1 in_port=1 ct_state=+est tcp6 ipv6_src=fc00::240   action=2
            table=1 in_port=2 ct_state=+est tcp6 ipv6_dst=fc00::1     action=1
            """);
        assertThat(session(SIX_ONE, SIX_TWO, Mode.EPRT, Mode.EPRT)).containsExactly("EPRT |2|fc00::240|50001|",
            "EPRT |2|fc00::240|50002|");
        assertThat(shapes()).containsExactly(OUTSIDE_6, shape("fc00::2 > fc00::240", "fc00::1 > fc00::2", ""));
    }

    @Test
    @DisplayName("conntrack - IPv6 FTP Passive with SNAT")
    void conntrackIpv6FtpPassiveWithSnat() {
        bridge = new Bridge(TRANSLATED_6, """
            table=1 in_port=1 ct_state=+new tcp6 ipv6_src=fc00::1 tp_dst=21  \
            action=ct(alg=ftp,commit,nat(src=fc00::240)),2
            table=1 in_port=1 ct_state=+new+rel tcp6 ipv6_dst=fc00::2 action=ct(commit,nat),2
            table=1 in_port=1 ct_state=+est tcp6 ipv6_src=fc00::240 action=2
            table=1 in_port=2 ct_state=+est tcp6 ipv6_dst=fc00::1 action=1
            """);
        session(SIX_ONE, SIX_TWO, Mode.EPSV, Mode.EPSV);
        assertThat(shapes()).containsExactly(shape("fc00::1 > fc00::2", "fc00::2 > fc00::240", ""), OUTSIDE_6);
    }

    @Test
    @DisplayName("conntrack - IPv6 FTP with SNAT - orig tuple")
    void conntrackIpv6FtpWithSnatOrigTuple() {
        bridge = new Bridge(TRANSLATED_6, """
            table=1 priority=10 in_port=1 ct_state=+new+trk-inv tcp6 ct_nw_proto=6 ct_ipv6_src=fc00::1 ct_tp_dst=21 \
            action=ct(alg=ftp,commit,nat(src=fc00::240)),2
            table=1 priority=10 in_port=2 ct_state=+new+rel+trk-inv ipv6 ct_nw_proto=6 ct_ipv6_src=fc00::1 \
            ct_tp_dst=21 action=ct(commit,nat),1
            table=1 priority=10 in_port=1 ct_state=+est+trk-inv ipv6 ct_nw_proto=6 ct_ipv6_src=fc00::1 ct_tp_dst=21 \
            action=2
            table=1 priority=10 in_port=2 ct_state=+est+trk-inv ipv6 ct_nw_proto=6 ct_ipv6_src=fc00::1 ct_tp_dst=21 \
            action=1
            """);
        session(SIX_ONE, SIX_TWO, Mode.EPRT);
        assertThat(shapes()).containsExactly(OUTSIDE_6, shape("fc00::2 > fc00::240", "fc00::1 > fc00::2", ""));
    }

    @Test
    @DisplayName("Conntrack Library - FTP ALG parsing")
    void conntrackLibraryFtpAlgParsing() {
        bridge = new Bridge("""
            in_port=1,tcp,actions=ct(commit,alg=ftp,nat(src=192.168.1.1),table=1)
            in_port=2,tcp,actions=ct(nat,table=1)
            table=1,in_port=1,actions=2
            table=1,in_port=2,actions=1
            """);
        bridge.settings(settings -> settings.withTcpSequenceCheck(false));
        final TcpSession control = new TcpSession(bridge, 1, "192.168.123.2", 12345, 2, "192.168.1.1", 21).open();
        final String command = "PORT 192,168,123,2,113,42";
        final String rest = " ".repeat(258 - command.length()) + "\r\n";
        assertThat(control.clientSays(command + rest)).isEqualTo("PORT 192,168,1,1,113,42" + rest);
        assertThat(control.serverSays("200 good\r\n")).isEqualTo("200 good\r\n");
    }

    // ---- TFTP ----

    /** Fetches a file in two blocks (RFC 1350). {@return whether both blocks and their acknowledgements arrived} */
    private boolean tftp(final int clientPort, final String client, final int serverPort, final String server) {
        final int port = bridge.nextPort();
        final Packet request = bridge.receive(clientPort, Packets.udp4(client, port, server, 69)
            .payload("\0\1flows.txt\0octet\0")).at(serverPort);
        if (request == null) {
            return false;
        }
        final List<String> asked = Wording.ends(request);
        for (int block = 1; block <= 2; block++) {
            final Packet data = bridge.receive(serverPort, Packets.udp4(asked.get(2), 50069, asked.get(0),
                Integer.parseInt(asked.get(1))).payload("\0\3\0" + (char) block + "x".repeat(1024 - 512 * block)))
                .at(clientPort);
            if (data == null) {
                return false;
            }
            assertThat(Wording.of(data)).isEqualTo("udp " + server + ":50069 > " + client + ":" + port);
            final Packet acknowledgement = bridge.receive(clientPort, Packets.udp4(client, port, server, 50069)
                .payload("\0\4\0" + (char) block)).at(serverPort);
            assertThat(acknowledgement).isNotNull();
            assertThat(Wording.of(acknowledgement)).isEqualTo("udp " + asked.get(0) + ":" + asked.get(1) + " > "
                + asked.get(2) + ":50069");
        }
        return true;
    }

    @Test
    @DisplayName("conntrack - TFTP")
    void conntrackTftp() {
        final String transfer = "udp,orig=(" + ends("10.1.1.1 > 10.1.1.2") + "),reply=(" + ends("10.1.1.2 > 10.1.1.1")
            + "),helper=tftp";
        bridge = new Bridge("""
            table=0,priority=1,action=drop
            table=0,priority=10,arp,action=normal
            table=0,priority=10,icmp,action=normal
            table=0,priority=100,in_port=1,udp,action=ct(alg=tftp,commit),2
            table=0,priority=100,in_port=2,udp,action=ct(table=1)
            table=1,in_port=2,udp,ct_state=+trk+est,action=1
            table=1,in_port=2,udp,ct_state=+trk+rel,action=1
            """);
        assertThat(tftp(2, TWO, 1, ONE)).isFalse();
        assertThat(bridge.dump()).isEmpty();
        assertThat(tftp(1, ONE, 2, TWO)).isTrue();
        assertThat(shapes()).containsExactly(transfer);
        bridge.close();

        bridge = new Bridge("""
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
        assertThat(tftp(2, TWO, 1, ONE)).isFalse();
        assertThat(bridge.dump()).isEmpty();
        assertThat(tftp(1, ONE, 2, TWO)).isTrue();
        assertThat(shapes()).containsExactly(transfer);
    }

    @Test
    @DisplayName("conntrack - IPv4 TFTP with SNAT")
    void conntrackIpv4TftpWithSnat() {
        bridge = new Bridge("""
            table=0 priority=10 ip, action=ct(table=1)
            table=0 priority=0 action=drop
            table=1 priority=100 in_port=1 icmp, action=2
            table=1 priority=100 in_port=2 icmp, action=1
            table=1 in_port=1 ct_state=+new udp nw_src=10.1.1.1 tp_dst=69  \
            action=ct(alg=tftp,commit,nat(src=10.1.1.240)),2
            table=1 in_port=2 ct_state=+new+rel udp nw_src=10.1.1.2 action=ct(commit,nat),1
            table=1 in_port=1 ct_state=+est udp nw_src=10.1.1.1 action=ct(nat,table=2)
            table=1 in_port=2 ct_state=+est udp nw_src=10.1.1.2 action=ct(nat,table=2)
            table=1 priority=0, action=drop
            table=2 in_port=1 ct_state=+est udp nw_src=10.1.1.240 action=2
            table=2 in_port=2 ct_state=+est udp nw_dst=10.1.1.1 action=1
            """);
        assertThat(tftp(1, ONE, 2, TWO)).isTrue();
        assertThat(shapes()).containsExactly("udp,orig=(" + ends("10.1.1.1 > 10.1.1.2") + "),reply=("
            + ends("10.1.1.2 > 10.1.1.240") + "),helper=tftp", "udp,orig=(" + ends("10.1.1.2 > 10.1.1.240")
            + "),reply=(" + ends("10.1.1.1 > 10.1.1.2") + ")");
    }
}
