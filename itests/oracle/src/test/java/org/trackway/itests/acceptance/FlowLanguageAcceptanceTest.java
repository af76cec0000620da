// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.trackway.datapath.FlowException;
import org.trackway.packet.Packets;

/** What ofp-actions.at, odp.at, ovs-ofctl.at and classifier.at expect of the text of {@code ct} and {@code nat}. */
class FlowLanguageAcceptanceTest {

    private final Bridge bridge = new Bridge();

    @AfterEach
    void close() {
        bridge.close();
    }

    private String printed(final String flow) {
        bridge.datapath.removeFlows("", false);
        bridge.flows(flow);
        return bridge.datapath.flows().get(0).text();
    }

    @ParameterizedTest
    @DisplayName("ofp-actions.at, odp.at, ovs-ofctl.at: ct and nat are printed as they are given")
    @ValueSource(strings = {"ct()", "ct(commit)", "ct(commit,force)", "ct(table=10)", "ct(zone=10)",
        "ct(zone=NXM_NX_REG0[0..15])", "ct(nat)", "ct(commit,nat(src))", "ct(commit,nat(dst))",
        "ct(commit,nat(src=10.0.0.240,random))", "ct(commit,nat(src=10.0.0.240:32768-65535,random))",
        "ct(commit,nat(dst=10.0.0.128-10.0.0.254))",
        "ct(commit,nat(src=10.0.0.240-10.0.0.254:32768-65535,persistent))"})
    void actionsOnIpv4(final String action) {
        assertThat(printed("ip,actions=" + action)).isEqualTo("ip actions=" + action);
    }

    @Test
    @DisplayName("ofp-actions.at, ovs-ofctl.at: hash is taken, and is what happens without it")
    void hash() {
        assertThat(printed("ip,actions=ct(commit,nat(dst=10.0.0.128-10.0.0.254,hash))"))
            .isEqualTo("ip actions=ct(commit,nat(dst=10.0.0.128-10.0.0.254))");
    }

    @ParameterizedTest
    @DisplayName("ofp-actions.at, ovs-ofctl.at: ranges of IPv6 addresses")
    @ValueSource(strings = {"ct(commit,nat(src=fe80::20c:29ff:fe88:a18b,random))",
        "ct(commit,nat(src=fe80::20c:29ff:fe88:1-fe80::20c:29ff:fe88:a18b,random))",
        "ct(commit,nat(src=[fe80::20c:29ff:fe88:1]-[fe80::20c:29ff:fe88:a18b]:255-4096,random))"})
    void actionsOnIpv6(final String action) {
        assertThat(printed("ipv6,actions=" + action)).isEqualTo("ipv6 actions=" + action);
    }

    @Test
    @DisplayName("ofp-actions.at, ovs-ofctl.at: helpers need their protocol")
    void helpers() {
        assertThat(printed("tcp,actions=ct(commit,nat(src=10.1.1.240-10.1.1.255),alg=ftp)"))
            .isEqualTo("tcp actions=ct(commit,nat(src=10.1.1.240-10.1.1.255),alg=ftp)");
        assertThat(printed("udp,actions=ct(alg=tftp)")).isEqualTo("udp actions=ct(alg=tftp)");
        assertThatThrownBy(() -> printed("ip,actions=ct(alg=ftp)")).isInstanceOf(FlowException.class);
    }

    @ParameterizedTest
    @DisplayName("ovs-ofctl.at: marks and labels in every spelling")
    @ValueSource(strings = {"load:1->NXM_NX_CT_MARK[]", "load(1->NXM_NX_CT_MARK[])", "load(1->ct_mark)",
        "set_field:1->ct_mark", "load(0x1->NXM_NX_CT_LABEL[])", "load(0x1->ct_label[])", "set_field(0x1->ct_label)",
        "load(0x1234567890ABCDEF->NXM_NX_CT_LABEL[32..95])", "load(0x1234567890ABCDEF->ct_label[32..95])"})
    void marksAndLabels(final String assignment) {
        final String text = printed("ip,actions=ct(commit,exec(" + assignment + "))");
        assertThat(printed(text)).as("what is printed can be read again").isEqualTo(text);
        bridge.receive(1, Packets.udp4("10.1.1.1", 1, "10.1.1.2", 2));
        assertThat(bridge.dump()).singleElement().asString().endsWith(assignment.contains("[32..95]")
            ? ",labels=0x1234567890abcdef00000000" : assignment.matches(".*(MARK|mark).*") ? ",mark=1"
            : ",labels=0x1");
    }

    @ParameterizedTest
    @DisplayName("ofp-actions.at: what is wrong with ct is said")
    @ValueSource(strings = {"ct(table=asdf)", "ct(table=255)", "ct(foo=bar)", "ct(force)",
        "ct(commit,exec(push_vlan(0x8100)))", "ct(commit,exec(set_field:12:34:56:78:9a:bc->eth_dst))"})
    void mistakes(final String action) {
        assertThatThrownBy(() -> printed("ip,actions=" + action)).isInstanceOf(FlowException.class);
    }

    @Test
    @DisplayName("classifier.at, ofproto.at: ct fields beside others in one match")
    void matches() {
        bridge.flows("table=0,tcp,actions=ct(commit,table=1)",
            "table=1 in_port=3 priority=45,ct_state=+trk+rpl,ct_nw_proto=6,ct_tp_src=3/0x1,tcp,tp_dst=81,"
                + "tcp_flags=+psh,action=output(2)");
        for (int port = 80; port <= 83; port++) {
            bridge.receive(4, Packets.tcp4("192.168.0.2", port, "192.168.0.1", 8).flags("A"));
        }
        assertThat(answer(81, "PA")).isEqualTo(1);
        assertThat(answer(81, "A")).as("the flag is missing").isZero();
        assertThat(answer(83, "PA")).as("another port").isZero();
        assertThat(answer(85, "PA")).as("no answer to anything").isZero();
        bridge.flows("table=1 in_port=3 priority=45,ct_state=+trk+rpl,ct_nw_proto=6,ct_tp_src=3/0x1,tcp,tcp_flags=+psh,"
            + "action=output(2)");
        assertThat(answer(83, "PA")).isEqualTo(1);
        assertThat(answer(82, "PA")).as("the port of the first packet was even").isZero();
    }

    private int answer(final int port, final String flags) {
        return bridge.receive(3, Packets.tcp4("192.168.0.1", 8, "192.168.0.2", port).flags(flags)).sent().size();
    }
}
