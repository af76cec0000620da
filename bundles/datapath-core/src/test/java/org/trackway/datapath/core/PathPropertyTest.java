// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntPredicate;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.statistics.Statistics;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.core.Trackers;
import org.trackway.offload.Path;
import org.trackway.packet.Packet;
import org.trackway.packet.Packets;

/** Whatever the flows are: where there is a path, packets go on it as it says, whatever else they carry. */
class PathPropertyTest {

    private static final String[] MATCHES = {"ip", "ip", "ip", "udp", "tcp", "icmp", "ip,in_port=1",
        "ip,in_port=2", "ip,nw_src=10.0.0.1", "ip,nw_dst=10.0.0.0/30", "udp,tp_dst=2", "tcp,tp_src=1",
        "ip,ct_state=+new", "ip,ct_state=+est", "ip,ct_state=+rpl", "ip,ct_zone=1", "ip,ct_mark=1", "ip,ct_mark=0",
        "ip,dl_vlan=7", "ip,vlan_tci=0", "ip,dl_dst=02:00:00:00:00:02", "udp,nw_ttl=9", "tcp,tcp_flags=+psh",
        "ip,nw_tos=4", "ip,reg0=1"};
    private static final String[] ACTIONS = {"ct(commit)", "ct(commit,zone=1)", "ct(commit,zone=1,nat(src=10.1.0.1))",
        "ct(commit,nat(dst=10.0.0.2:99))", "ct(nat)", "ct(commit,exec(set_field:1->ct_mark))", "ct_clear",
        "push_vlan:0x8100", "pop_vlan", "mod_vlan_vid:9", "mod_vlan_pcp:2", "mod_dl_src:02:00:00:00:00:09",
        "mod_dl_dst:02:00:00:00:00:08", "dec_ttl", "mod_nw_src:10.9.9.9", "load:1->NXM_NX_REG0[]"};
    private static final String[] ENDS = {"1", "2", "3", "4", "2,3", "in_port", "normal", "flood",
        "ct(table=%d)", "ct(commit,table=%d)", "ct(commit,zone=1,table=%d)", "ct(nat,zone=1,table=%d)",
        "ct(commit,nat(src=10.1.0.1:7),table=%d)", "resubmit(,%d)", "resubmit(3,%d)", "goto_table:%d",
        "resubmit(,%d),2"};

    private static <T> T pick(final Random random, final T[] from) {
        return from[random.nextInt(from.length)];
    }

    private static List<String> flows(final Random random) {
        final List<String> flows = new ArrayList<>();
        for (int table = 0; table < 4; table++) {
            for (int i = random.nextInt(4); i >= 0; i--) {
                final StringBuilder flow = new StringBuilder("table=" + table + ",priority=" + random.nextInt(9) + ","
                    + (i == 0 ? "ip" : pick(random, MATCHES)) + ",actions=");
                for (int j = random.nextInt(4); j > 0; j--) {
                    flow.append(pick(random, ACTIONS)).append(',');
                }
                final String end = table == 3 ? ENDS[random.nextInt(4)] : pick(random, ENDS);
                flows.add(flow.append(String.format(end, table + 1)).toString());
            }
        }
        flows.add("priority=0,ipv6,actions=ct(commit),dec_ttl,mod_dl_src:02:00:00:00:00:09,2");
        return flows;
    }

    /** A packet of a connection, the same in all that a path goes by and random in the rest. */
    private static Packets packet(final int connection, final boolean back, final Random random) {
        final Packets packet = switch (connection % 4) {
            case 0 -> Packets.udp4("10.0.0.1", 1, "10.0.0.2", connection);
            case 1 -> Packets.tcp4("10.0.0.1", 1, "10.0.0.2", connection).flags(random.nextBoolean() ? "A" : "PA");
            case 2 -> Packets.udp6("fc00::1", 1, "fc00::2", connection);
            default -> back ? Packets.echoReply4("10.0.0.1", "10.0.0.2", connection, random.nextInt(99))
                : Packets.echo4("10.0.0.1", "10.0.0.2", connection, random.nextInt(99));
        };
        packet.ttl(random.nextBoolean() ? 9 : 64).tos(random.nextInt(3) * 4).payloadSize(random.nextInt(40));
        for (int i = connection / 4 % 3; i > 0; i--) {
            packet.vlan(7);
        }
        return back ? packet.reverse() : packet;
    }

    @Property(tries = 600)
    void packetsGoAsThePathSays(@ForAll final long seed) {
        final Random random = new Random(seed);
        final List<String> flows = flows(random);
        final FakePaths paths = new FakePaths();
        try (Lab lab = new Lab(Trackers.make(ConntrackSettings.DEFAULT, () -> 1), flows.toArray(String[]::new))) {
            lab.shortcuts.bindPaths(paths);
            for (int i = 0; i < 30; i++) {
                final int connection = random.nextInt(12);
                final boolean back = random.nextInt(3) == 0;
                final String port = back ? "p2" : "p1";
                final int before = paths.taken.size();
                paths.wanting = true;
                lab.receive(port, packet(connection, back, random).build());
                if (paths.taken.size() > before && paths.taken.get(before).isHeld()) {
                    paths.wanting = false;
                    final Path path = paths.taken.get(before).path;
                    final byte[] frame = packet(connection, back, random).build().bytes();
                    final List<Integer> counts = lab.counts();
                    lab.receive(port, Packet.of(frame));
                    assertThat(path.ingress()).isEqualTo(port);
                    final int egress = path.egress().charAt(1) - '1';
                    final List<Integer> expected = new ArrayList<>(counts);
                    expected.set(egress, counts.get(egress) + 1);
                    assertThat(lab.counts()).as("%s for %s by%n%s", path, port, String.join("\n", flows))
                        .isEqualTo(expected);
                    assertThat(lab.port(path.egress()).sent().get(counts.get(egress)))
                        .as("%s by%n%s", path, String.join("\n", flows)).isEqualTo(PathApplier.apply(path, frame));
                    Statistics.collect("path" + (path.translates() ? ", translated" : ""));
                }
            }
        }
    }

    /** Notes what is said about packets, if connections of some zones are concerned, and takes nothing. */
    private static final class Journal extends FakePaths {
        final List<String> said = new ArrayList<>();
        private final Conntrack tracker;
        private final IntPredicate zones;

        Journal(final Conntrack tracker, final IntPredicate zones) {
            this.tracker = tracker;
            this.zones = zones;
            wanting = true;
        }

        private int zone(final long connectionId) {
            return tracker.connection(connectionId).orElseThrow().zone();
        }

        @Override
        public boolean wants(final long connectionId, final boolean reply) {
            return zones.test(zone(connectionId));
        }

        @Override
        public Offered offer(final Path path, final Listener listener) {
            said.add("zones " + path.hops().stream().map(hop -> zone(hop.connection())).toList() + " "
                + path.ingress() + path.arrives() + path.arrivingTags() + path.arrivingSource()
                + path.arrivingDestination() + " to " + path.egress() + path.leaves() + path.leavingTags()
                + path.ethernetSource() + path.ethernetDestination() + path.ttlDecrement());
            final Taken taken = new Taken(path, listener);
            taken.confirm();
            return taken;
        }

        @Override
        public void refuse(final long connectionId, final boolean reply, final String reason) {
            said.add("zone " + zone(connectionId) + " " + reply + " " + reason);
        }
    }

    @Property(tries = 600)
    void whateverWantsNoPathTheOthersAreToldTheSame(@ForAll final long seed) {
        final Random random = new Random(seed);
        final String[] flows = flows(random).toArray(String[]::new);
        final Conntrack tracker = Trackers.make(ConntrackSettings.DEFAULT, () -> 1);
        final Conntrack other = Trackers.make(ConntrackSettings.DEFAULT, () -> 1);
        final Journal all = new Journal(tracker, zone -> true);
        final Journal some = new Journal(other, zone -> zone == 1);
        try (Lab lab = new Lab(tracker, flows); Lab otherLab = new Lab(other, flows)) {
            lab.shortcuts.bindPaths(all);
            otherLab.shortcuts.bindPaths(some);
            for (int i = 0; i < 30; i++) {
                final boolean back = random.nextInt(3) == 0;
                final byte[] frame = packet(random.nextInt(12), back, random).build().bytes();
                all.said.clear();
                some.said.clear();
                lab.receive(back ? "p2" : "p1", Packet.of(frame.clone()));
                otherLab.receive(back ? "p2" : "p1", Packet.of(frame.clone()));
                assertThat(some.said).as(String.join("\n", flows)).isEqualTo(all.said.stream()
                    .filter(what -> what.startsWith("zone 1") || what.matches("zones [^\\]]*1.*")).toList());
                some.said.forEach(what -> Statistics.collect(what.replaceAll(" .*", "")));
            }
        }
    }
}
