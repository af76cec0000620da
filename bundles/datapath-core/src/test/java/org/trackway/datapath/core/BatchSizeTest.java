// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.core.Trackers;
import org.trackway.datapath.Flow;
import org.trackway.packet.Packet;
import org.trackway.packet.Packets;

/** What becomes of packets does not depend on how many go through the tables together. */
class BatchSizeTest {

    private static final List<List<String>> TABLES = List.of(
        List.of("priority=2,ip,actions=ct(commit),normal", "priority=2,ipv6,actions=ct(commit),normal",
            "priority=1,actions=normal"),
        // A firewall that lets one side open connections.
        List.of("priority=1,arp,actions=normal", "ip,ct_state=-trk,actions=ct(table=1)",
            "ipv6,ct_state=-trk,actions=ct(table=1)",
            "table=1,ip,in_port=1,ct_state=+trk+new,actions=ct(commit,exec(set_field:7->ct_mark)),2",
            "table=1,ipv6,in_port=1,ct_state=+trk+new,actions=ct(commit),2",
            "table=1,in_port=1,ct_state=+trk+est,actions=2", "table=1,in_port=2,ct_state=+trk+est,actions=1",
            "table=1,ct_state=+trk+rel,actions=3", "table=1,ct_state=+trk+inv,actions=4"),
        // Two zones on the way.
        List.of("ip,actions=load:1->NXM_NX_REG0[0..15],ct(table=1,zone=NXM_NX_REG0[0..15])",
            "table=1,ip,ct_state=+new,actions=ct(commit,zone=1),resubmit(,2)",
            "table=1,ip,ct_state=+est,actions=resubmit(,2)",
            "table=2,ip,actions=ct(table=3,zone=2),4", "table=3,ip,ct_state=+new,actions=ct(commit,zone=2),3",
            "table=3,ip,ct_state=+est,ct_zone=2,actions=2", "table=3,priority=1,actions=4"),
        // Translation of the source on the way out. Persistent, since other choices differ from tracker to tracker.
        List.of("priority=1,actions=normal", "ip,ct_state=-trk,actions=ct(table=1,nat)",
            "table=1,ip,in_port=1,ct_state=+new,actions=ct(commit,nat(src=10.9.9.1-10.9.9.4,persistent)),2",
            "table=1,ip,in_port=1,ct_state=+est,actions=2", "table=1,ip,in_port=2,ct_state=+est,actions=1",
            "table=1,priority=1,actions=drop"));

    private static List<Packet> packets(final Random random) {
        final List<Packet> packets = new ArrayList<>();
        final int hosts = 2 + random.nextInt(6);
        for (int i = 0; i < 40 + random.nextInt(60); i++) {
            packets.add(packet(random, hosts));
        }
        return packets;
    }

    private static Packet packet(final Random random, final int hosts) {
        final int from = 1 + random.nextInt(hosts);
        final int to = 1 + random.nextInt(hosts);
        final boolean there = random.nextBoolean();
        // No two hosts use the same port: which of them would keep it under translation is left to chance.
        final int port = 1000 + 2 * (there ? from : to) + random.nextInt(2);
        final Packets packet = switch (random.nextInt(8)) {
            case 0 -> Packets.udp6("fc00::" + from, there ? port : 53, "fc00::" + to, there ? 53 : port);
            case 1 -> Packets.arp(1, "02:00:00:00:00:0" + from, "10.0.0." + from, "00:00:00:00:00:00", "10.0.0." + to);
            case 2 -> Packets.echo4("10.0.0." + from, "10.0.0." + to, 7, 1);
            case 3 -> Packets.icmp4Error("10.0.0." + from, "10.0.0." + to, 3, 3,
                Packets.udp4("10.0.0." + to, port, "10.0.0." + from, 53).build());
            case 4, 5 -> Packets.tcp4("10.0.0." + from, there ? port : 80, "10.0.0." + to, there ? 80 : port)
                .flags(List.of("S", "SA", "A", "R", "FA").get(random.nextInt(5))).seq(1000).ack(1001);
            default -> Packets.udp4("10.0.0." + from, there ? port : 53, "10.0.0." + to, there ? 53 : port);
        };
        return packet.macs("02:00:00:00:00:0" + from, "02:00:00:00:00:0" + to).build();
    }

    /** Everything that can be seen of a run. */
    private static List<String> run(final List<String> flows, final List<Packet> packets, final List<Integer> ports,
            final int batch) {
        final Conntrack tracker = Trackers.make(ConntrackSettings.DEFAULT, () -> 1);
        final List<String> seen = new ArrayList<>();
        try (Lab lab = new Lab(tracker, flows.toArray(String[]::new))) {
            int from = 0;
            while (from < packets.size()) {
                int to = from + 1;
                while (to < packets.size() && to - from < batch && ports.get(to).equals(ports.get(from))) {
                    to++;
                }
                lab.receive("p" + ports.get(from), packets.subList(from, to).stream().map(Packet::copy)
                    .toArray(Packet[]::new));
                from = to;
            }
            lab.seen.forEach(packet -> seen.add(packet.number() + " " + packet.fate() + " " + packet.ctState() + " "
                + packet.ctZone() + " " + packet.ctMark()));
            for (int port = 1; port <= 4; port++) {
                seen.add("port " + port);
                lab.port("p" + port).sent().forEach(frame -> seen.add(HexFormat.of().formatHex(frame)));
            }
            lab.datapath.flows().stream().map(Flow::toString).forEach(seen::add);
            seen.add(lab.datapath.counters().toString());
        }
        final List<String> connections = new ArrayList<>();
        tracker.forEach(ConnectionFilter.ALL, connection -> connections.add(describe(connection)));
        connections.sort(null);
        seen.addAll(connections);
        return seen;
    }

    private static String describe(final Connection connection) {
        return connection.zone() + " " + connection.original() + " " + connection.reply() + " " + connection.mark()
            + " " + connection.state() + " " + connection.originalCount() + " " + connection.replyCount();
    }

    @Property(tries = 150)
    void packetsTogetherFareAsOneByOne(@ForAll final long seed) {
        final Random random = new Random(seed);
        final List<String> flows = TABLES.get(random.nextInt(TABLES.size()));
        final List<Packet> packets = packets(random);
        final List<Integer> ports = new ArrayList<>();
        int port = 1;
        for (int i = 0; i < packets.size(); i++) {
            port = random.nextInt(4) == 0 ? 1 + random.nextInt(2) : port;
            ports.add(port);
        }
        final List<String> alone = run(flows, packets, ports, 1);
        assertThat(run(flows, packets, ports, 32)).isEqualTo(alone);
        assertThat(run(flows, packets, ports, 7)).isEqualTo(alone);
    }
}
