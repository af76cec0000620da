// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.trackway.packet.Bytes;
import org.trackway.packet.Checksums;
import org.trackway.packet.EtherType;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;
import org.trackway.packet.Packets;

/** What actions do to the bytes of packets. Expectations are packets built the way they should leave. */
class RewriteTest {

    private Lab lab;

    @AfterEach
    void close() {
        lab.close();
    }

    private byte[] after(final String flow, final Packet packet) {
        lab = new Lab(new FakeConntrack(), flow);
        lab.receive("p1", packet);
        return lab.sent("p2").bytes();
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
        ip,actions=mod_nw_src:192.168.9.9,2
        ip,actions=set_field:192.168.9.9->nw_src,2
        ip,actions=load:0xc0a80909->NXM_OF_IP_SRC[],2
        ip,actions=load:0xc0a80909->NXM_NX_REG5[],move:NXM_NX_REG5[]->NXM_OF_IP_SRC[],2
        ip,actions=set_field:192.168.0.0/255.255.0.0->ip_src,set_field:0.0.9.9/0.0.255.255->ip_src,2
        """)
    void sourceAddress(final String flow) {
        assertThat(after(flow, Packets.tcp4("10.0.0.1", 5, "10.0.0.2", 80).payload("hello").build()))
            .isEqualTo(Packets.tcp4("192.168.9.9", 5, "10.0.0.2", 80).payload("hello").build().bytes());
    }

    @Test
    void destinationAddressAndPortsOfUdp() {
        assertThat(after("udp,actions=mod_nw_dst:1.2.3.4,mod_tp_src:9,mod_tp_dst:10,2",
            Packets.udp4("10.0.0.1", 5, "10.0.0.2", 80).payload("odd").build()))
            .isEqualTo(Packets.udp4("10.0.0.1", 9, "1.2.3.4", 10).payload("odd").build().bytes());
    }

    @Test
    void aDatagramWithoutChecksumStaysWithout() {
        assertThat(after("udp,actions=mod_nw_dst:1.2.3.4,mod_tp_dst:10,2",
            Packets.udp4("10.0.0.1", 5, "10.0.0.2", 80).checksum(0).build()))
            .isEqualTo(Packets.udp4("10.0.0.1", 5, "1.2.3.4", 10).checksum(0).build().bytes());
    }

    @Test
    void ipv6AddressesAndPorts() {
        assertThat(after("tcp6,actions=set_field:fd00::9->ipv6_src,set_field:fd00::8->ipv6_dst,set_field:81->tcp_dst,2",
            Packets.tcp6("fc00::1", 5, "fc00::2", 80).payload("x").build()))
            .isEqualTo(Packets.tcp6("fd00::9", 5, "fd00::8", 81).payload("x").build().bytes());
    }

    @Test
    void icmp6ChecksumCoversAddresses() {
        assertThat(after("icmp6,actions=set_field:fd00::9->ipv6_src,2",
            Packets.echo6("fc00::1", "fc00::2", 7, 1).build()))
            .isEqualTo(Packets.echo6("fd00::9", "fc00::2", 7, 1).build().bytes());
    }

    @Test
    void aRouteOfAnUnknownKindDoesNotHideTheDestinationFromTheChecksum() {
        final byte[] routing = new byte[24];
        routing[1] = 2;
        routing[2] = 99;
        routing[3] = 1;
        final Packet packet = Packets.tcp6("fc00::1", 5, "fc00::2", 80).extension(IpProtocol.ROUTING, routing).build();
        assertThat(after("tcp6,actions=set_field:fd00::8->ipv6_dst,2", packet)).isEqualTo(
            Packets.tcp6("fc00::1", 5, "fd00::8", 80).extension(IpProtocol.ROUTING, routing).build().bytes());
    }

    @Test
    void routedIpv6KeepsItsChecksumWhenTheNextHopChanges() {
        final byte[] routing = new byte[24];
        routing[1] = 2;
        routing[3] = 1;
        final Packet packet = Packets.tcp6("fc00::1", 5, "fc00::2", 80).extension(IpProtocol.ROUTING, routing).build();
        packet.parse();
        final int before = Bytes.u16(packet.data(), packet.l4Offset() + 16);
        final Packet sent = Packet.of(after("tcp6,actions=set_field:fd00::8->ipv6_dst,2", packet));
        sent.parse();
        assertThat(sent.l4Offset() - sent.l3Offset()).isEqualTo(64);
        assertThat(Bytes.u16(sent.data(), sent.l4Offset() + 16)).isEqualTo(before);
    }

    @Test
    void sctpPorts() {
        assertThat(after("sctp,actions=set_field:9->sctp_src,mod_tp_dst:10,2",
            Packets.sctp4("10.0.0.1", 5, "10.0.0.2", 6).chunk(1, 0, new byte[] {1, 2, 3, 4}).build()))
            .isEqualTo(Packets.sctp4("10.0.0.1", 9, "10.0.0.2", 10).chunk(1, 0, new byte[] {1, 2, 3, 4}).build()
                .bytes());
    }

    @Test
    void wrongChecksumsStayWrong() {
        final Packet sent = Packet.of(after("tcp,actions=mod_nw_src:1.2.3.4,mod_tp_dst:10,2",
            Packets.tcp4("10.0.0.1", 5, "10.0.0.2", 80).badChecksum().build()));
        sent.parse();
        final long pseudo = Checksums.pseudo4(Bytes.i32(sent.data(), sent.l3Offset() + 12),
            Bytes.i32(sent.data(), sent.l3Offset() + 16), 6, sent.l4Length());
        assertThat(Checksums.isValid(pseudo, sent.data(), sent.l4Offset(), sent.l4Length())).isFalse();
        lab.close();
        final Packet sctp = Packet.of(after("sctp,actions=mod_tp_dst:10,2",
            Packets.sctp4("10.0.0.1", 5, "10.0.0.2", 6).badChecksum().build()));
        sctp.parse();
        assertThat(Bytes.i32(sctp.data(), sctp.l4Offset() + 8))
            .isNotEqualTo(Checksums.sctp(sctp.data(), sctp.l4Offset(), sctp.l4Length()));
    }

    @Test
    void fragmentsOfADatagramAreRewrittenAlike() {
        final var fragments = Packets.udp4("10.0.0.1", 5, "10.0.0.2", 80).payloadSize(3000).fragments(1480);
        final var expected = Packets.udp4("10.9.9.9", 5, "10.0.0.2", 80).payloadSize(3000).fragments(1480);
        lab = new Lab(new FakeConntrack(), "ip,actions=mod_nw_src:10.9.9.9,2");
        lab.receive("p1", fragments.toArray(Packet[]::new));
        assertThat(lab.port("p2").sent()).containsExactlyElementsOf(expected.stream().map(Packet::bytes).toList());
    }

    @Test
    void ttlGoesDown() {
        assertThat(after("ip,actions=dec_ttl,2", Packets.udp4("10.0.0.1", 5, "10.0.0.2", 80).ttl(9).build()))
            .isEqualTo(Packets.udp4("10.0.0.1", 5, "10.0.0.2", 80).ttl(8).build().bytes());
        lab.close();
        assertThat(after("ipv6,actions=dec_ttl,2", Packets.udp6("fc00::1", 5, "fc00::2", 80).ttl(9).build()))
            .isEqualTo(Packets.udp6("fc00::1", 5, "fc00::2", 80).ttl(8).build().bytes());
    }

    @Test
    void aPacketWithoutTtlTakesNoMoreActionsOfItsFlow() {
        lab = new Lab(new FakeConntrack(), "ip,actions=3,dec_ttl,2");
        lab.receive("p1", Packets.udp4("10.0.0.1", 5, "10.0.0.2", 80).ttl(1).build());
        assertThat(lab.counts()).containsExactly(0, 0, 1, 0);
    }

    @Test
    void tosEcnAndTtl() {
        assertThat(after("ip,actions=mod_nw_tos:184,mod_nw_ecn:1,mod_nw_ttl:3,2",
            Packets.udp4("10.0.0.1", 5, "10.0.0.2", 80).build()))
            .isEqualTo(Packets.udp4("10.0.0.1", 5, "10.0.0.2", 80).tos(0xb9).ttl(3).build().bytes());
        lab.close();
        assertThat(after("ipv6,actions=mod_nw_tos:184,mod_nw_ttl:3,2",
            Packets.udp6("fc00::1", 5, "fc00::2", 80).build()))
            .isEqualTo(Packets.udp6("fc00::1", 5, "fc00::2", 80).tos(0xb8).ttl(3).build().bytes());
    }

    @Test
    void icmpTypeAndCode() {
        assertThat(after("icmp,actions=set_field:0->icmp_type,set_field:3->icmp_code,2",
            Packets.icmp4("10.0.0.1", "10.0.0.2", 8, 0).build()))
            .isEqualTo(Packets.icmp4("10.0.0.1", "10.0.0.2", 0, 3).build().bytes());
    }

    @Test
    void ethernetAddresses() {
        assertThat(after("actions=mod_dl_src:02:00:00:00:00:0a,set_field:02:00:00:00:00:0b->eth_dst,2",
            Packets.udp4("10.0.0.1", 5, "10.0.0.2", 80).build()))
            .isEqualTo(Packets.udp4("10.0.0.1", 5, "10.0.0.2", 80).macs("02:00:00:00:00:0a", "02:00:00:00:00:0b")
                .build().bytes());
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
        actions=push_vlan:0x8100,mod_vlan_vid=300,mod_vlan_pcp:5,2
        actions=mod_vlan_vid:300,mod_vlan_pcp:5,2
        actions=push_vlan:0x8100,set_field:4396->vlan_vid,set_field:5->vlan_pcp,2
        actions=load:0xb12c->NXM_OF_VLAN_TCI[],2
        actions=set_field:0xb12c->vlan_tci,2
        """)
    void aTagIsAdded(final String flow) {
        assertThat(after(flow, Packets.udp4("10.0.0.1", 5, "10.0.0.2", 80).build()))
            .isEqualTo(Packets.udp4("10.0.0.1", 5, "10.0.0.2", 80).tag(EtherType.VLAN, 0xa12c).build().bytes());
    }

    @ParameterizedTest
    @CsvSource({"pop_vlan", "strip_vlan", "load:0->NXM_OF_VLAN_TCI[]"})
    void theOuterTagIsRemoved(final String action) {
        assertThat(after("dl_vlan=7,actions=" + action + ",resubmit(,1)", Packets.udp4("10.0.0.1", 5, "10.0.0.2", 80)
            .tag(EtherType.SERVICE_VLAN, 7).tag(EtherType.VLAN, 8).build(), "table=1,dl_vlan=8,actions=2"))
            .isEqualTo(Packets.udp4("10.0.0.1", 5, "10.0.0.2", 80).tag(EtherType.VLAN, 8).build().bytes());
    }

    private byte[] after(final String flow, final Packet packet, final String more) {
        lab = new Lab(new FakeConntrack(), flow, more);
        lab.receive("p1", packet);
        return lab.sent("p2").bytes();
    }

    @Test
    void anArpRequestIsAnswered() {
        final String answer = "arp,arp_op=1,actions=load:2->OXM_OF_ARP_OP[],move:NXM_NX_ARP_SHA[]->NXM_NX_ARP_THA[],"
            + "load:0x0200000000aa->NXM_NX_ARP_SHA[],move:NXM_OF_ARP_TPA[]->NXM_NX_REG0[],"
            + "move:NXM_OF_ARP_SPA[]->NXM_OF_ARP_TPA[],move:NXM_NX_REG0[]->NXM_OF_ARP_SPA[],"
            + "move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[],move:NXM_NX_ARP_SHA[]->NXM_OF_ETH_SRC[],in_port";
        lab = new Lab(new FakeConntrack(), answer);
        lab.receive("p1", Packets.arp(1, "02:00:00:00:00:01", "10.0.0.1", "00:00:00:00:00:00", "10.0.0.9").build());
        assertThat(lab.sent("p1").bytes()).isEqualTo(Packets.arp(2, "02:00:00:00:00:aa", "10.0.0.9",
            "02:00:00:00:00:01", "10.0.0.1").macs("02:00:00:00:00:aa", "02:00:00:00:00:01").build().bytes());
    }

    @Test
    void whatWasSentBeforeARewriteLeavesAsItWas() {
        lab = new Lab(new FakeConntrack(), "ip,actions=3,mod_nw_src:1.2.3.4,2");
        final Packet packet = Packets.udp4("10.0.0.1", 5, "10.0.0.2", 80).build();
        final byte[] before = packet.bytes();
        lab.receive("p1", packet);
        assertThat(lab.sent("p3").bytes()).isEqualTo(before);
        assertThat(lab.sent("p2").bytes()).isEqualTo(Packets.udp4("1.2.3.4", 5, "10.0.0.2", 80).build().bytes());
    }

    @Test
    void registersCarryBitsOfAnyWidth() {
        lab = new Lab(new FakeConntrack(),
            "actions=load:0x123456789abcdef0->OXM_OF_PKT_REG0[],move:OXM_OF_PKT_REG0[4..51]->NXM_OF_ETH_SRC[],"
                + "move:NXM_NX_XXREG0[32..95]->OXM_OF_PKT_REG3[],set_field:2->reg10[8..15],resubmit(,1)",
            "table=1,reg0=0x12345678,reg1=0x9abcdef0,reg6=0x9abcdef0,reg7=0,reg10=0x200,actions=2");
        lab.receive("p1", Packets.udp4("10.0.0.1", 5, "10.0.0.2", 80).build());
        assertThat(lab.sent("p2").bytes()).isEqualTo(Packets.udp4("10.0.0.1", 5, "10.0.0.2", 80)
            .macs("45:67:89:ab:cd:ef", "02:00:00:00:00:02").build().bytes());
    }
}
