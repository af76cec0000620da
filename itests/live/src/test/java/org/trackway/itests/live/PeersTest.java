// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * One firewall, told in flows and in nft, and the same programs through Trackway, through Open vSwitch and through the
 * kernel: every program ends the same way, and the trackers hold the same connections in the same states. What differs
 * stands here with its reason.
 */
class PeersTest {

    private static final String INSIDE = "02:00:00:00:00:0a";
    private static final String OUTSIDE = "02:00:00:00:00:0b";

    /** What the firewall translates: the inside's addresses, the outside's, or nothing. */
    enum Translation {
        NONE("", "", "", "10.9.0.2", "fd09::2"),
        SOURCE("nat(src=10.9.0.240),", "nat(src=fd09::240),",
            "oifname ovs-p1 ip saddr 10.9.0.1 snat to 10.9.0.240; oifname ovs-p1 ip6 saddr fd09::1 snat to fd09::240;",
            "10.9.0.2", "fd09::2"),
        DESTINATION("nat(dst=10.9.0.2),", "nat(dst=fd09::2),",
            "iifname ovs-p0 ip daddr 10.9.0.64 dnat to 10.9.0.2; iifname ovs-p0 ip6 daddr fd09::64 dnat to fd09::2;",
            "10.9.0.64", "fd09::64");

        private final String flow4;
        private final String flow6;
        private final String nft;
        /** The server as the client knows it. */
        private final String server4;
        private final String server6;

        Translation(final String flow4, final String flow6, final String nft, final String server4,
                final String server6) {
            this.flow4 = flow4;
            this.flow6 = flow6;
            this.nft = nft;
            this.server4 = server4;
            this.server6 = server6;
        }

        String flows() {
            return """
                table=0,priority=10,arp,actions=normal
                table=0,priority=30,icmp6,icmp_type=135,actions=normal
                table=0,priority=30,icmp6,icmp_type=136,actions=normal
                table=0,priority=20,ip,actions=ct(table=1,nat)
                table=0,priority=20,ipv6,actions=ct(table=1,nat)
                table=1,priority=100,ct_state=+inv,actions=drop
                table=1,priority=90,ct_state=+est,actions=resubmit(,2)
                table=1,priority=80,ct_state=+rel-new,actions=resubmit(,2)
                table=1,priority=70,ip,ct_state=+new+rel,actions=ct(commit,nat,table=2)
                table=1,priority=70,ipv6,ct_state=+new+rel,actions=ct(commit,nat,table=2)
                table=1,priority=60,in_port=1,tcp,ct_state=+new,tp_dst=21,actions=ct(commit,alg=ftp,NAT4 table=2)
                table=1,priority=60,in_port=1,tcp6,ct_state=+new,tp_dst=21,actions=ct(commit,alg=ftp,NAT6 table=2)
                table=1,priority=60,in_port=1,udp,ct_state=+new,tp_dst=69,actions=ct(commit,alg=tftp,NAT4 table=2)
                table=1,priority=60,in_port=1,udp6,ct_state=+new,tp_dst=69,actions=ct(commit,alg=tftp,NAT6 table=2)
                table=1,priority=50,in_port=1,ip,ct_state=+new,actions=ct(commit,NAT4 table=2)
                table=1,priority=50,in_port=1,ipv6,ct_state=+new,actions=ct(commit,NAT6 table=2)
                table=2,in_port=1,actions=output:2
                table=2,in_port=2,actions=output:1
                """.replace("NAT4 ", flow4).replace("NAT6 ", flow6);
        }

        String ruleset() {
            return """
                table inet firewall {
                    ct helper ftp { type "ftp" protocol tcp; }
                    ct helper tftp { type "tftp" protocol udp; }
                    chain forward {
                        type filter hook forward priority 0; policy drop;
                        ct state invalid drop
                        ct state established,related accept
                        iifname ovs-p0 tcp dport 21 ct helper set "ftp"
                        iifname ovs-p0 udp dport 69 ct helper set "tftp"
                        iifname ovs-p0 accept
                    }
                    chain translate { type nat hook %s; }
                }
                """.formatted((this == DESTINATION ? "prerouting priority -100; " : "postrouting priority 100; ") + nft);
        }
    }

    @ParameterizedTest
    @EnumSource
    void threeTrackersAgree(final Translation translation) throws Exception {
        final Set<String> connections = run(Peer.TRACKWAY, translation);
        assertThat(connections).as("connections of each kind").hasSize(18);
        assertThat(run(Peer.OPEN_VSWITCH, translation)).isEqualTo(connections);

        // The kernel forgets a connection whose first segment was refused at once; the others keep it, closed, for a
        // while (nf_conntrack_tcp_packet in the kernel's nf_conntrack_proto_tcp.c).
        connections.removeIf(line -> line.contains("dport=81)"));
        assertThat(run(Peer.KERNEL, translation)).isEqualTo(connections);
    }

    /**
     * Lets all programs run, each of which must end as it should.
     *
     * @return the connections that the tracker holds afterwards, without ports and identifiers that were chosen freely
     */
    private static Set<String> run(final Peer peer, final Translation translation) throws Exception {
        try (Lab lab = new Lab(peer)) {
            lab.host(INSIDE, "10.9.0.1/24", "fd09::1/64").host(OUTSIDE, "10.9.0.2/24", "fd09::2/64");
            for (final String address : List.of("10.9.0.2", "10.9.0.64", "fd09::2", "fd09::64")) {
                lab.neighbour("h1", address, OUTSIDE);
            }
            for (final String address : List.of("10.9.0.1", "10.9.0.240", "fd09::1", "fd09::240")) {
                lab.neighbour("h2", address, INSIDE);
            }
            lab.box.rules(peer == Peer.KERNEL ? translation.ruleset() : translation.flows());
            lab.serve("h1");
            lab.serve("h2");
            final Path ftp = FtpServer.start(lab.network, "h2", true).file();
            final Path tftp = TftpServer.start(lab.network, "h2").file();
            traffic(lab, translation.server4, "10.9.0.1", ftp, tftp, "--disable-epsv", "--disable-eprt");
            traffic(lab, '[' + translation.server6 + ']', "[fd09::1]", ftp, tftp, "--ftp-pasv", "--eprt");
            final Set<String> connections = new TreeSet<>();
            for (final String line : lab.box.connections()) {
                connections.add(line.replaceAll("port=(?!4242\\b)\\d{4,}", "port=").replaceAll("id=\\d+", "id="));
            }
            return connections;
        }
    }

    private static void traffic(final Lab lab, final String server, final String client, final Path ftp,
            final Path tftp, final String passive, final String active) throws Exception {
        final String address = server.replaceAll("[\\[\\]]", "");
        lab.network.in("h1", "ping", "-q", "-c", "1", "-W", "2", address);
        lab.network.in("h1", "ping", "-q", "-c", "1", "-W", "2", "-s", "4000", address);
        assertThat(lab.network.run("h2", "ping", "-q", "-c", "1", "-W", "0.5", client.replaceAll("[\\[\\]]", ""))
            .output()).contains("100% packet loss");
        lab.get("h1", "http://" + server);
        lab.getInVain("h2", "http://" + client);
        assertThat(lab.network.run("h1", "curl", "-sS", "http://" + server + ":81").output()).contains("(7)");
        assertThat(lab.network.isRefused("h1", address)).isTrue();
        get(lab, ftp, passive, "ftp://" + server + "/file");
        get(lab, ftp, active, "--ftp-port", "-", "ftp://" + server + "/file");
        get(lab, tftp, "tftp://" + server + "/file");
    }

    private static void get(final Lab lab, final Path file, final String... options) throws Exception {
        final Path copy = lab.network.files().resolve("copy");
        final List<String> words = new ArrayList<>(List.of("curl", "-sS", "-o", copy.toString()));
        words.addAll(List.of(options));
        lab.network.in("h1", words.toArray(String[]::new));
        assertThat(Files.mismatch(file, copy)).as("first byte that differs").isEqualTo(-1);
    }
}
