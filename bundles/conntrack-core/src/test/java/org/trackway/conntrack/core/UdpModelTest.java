// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.CtAction;
import org.trackway.conntrack.CtState;
import org.trackway.conntrack.Tuple;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;
import org.trackway.packet.Packets;

/** The tracker against a list that is searched from one end to the other. */
class UdpModelTest {

    private static final String[] HOSTS = {"10.1.1.1", "10.1.1.2"};

    /** One connection of the model. */
    private static final class Entry {
        private final int zone;
        private final Tuple tuple;
        private final long createdNs;
        private String state = "FIRST";
        private long expiresNs;
        private int mark;
        private long forth = 1;
        private long back;

        Entry(final int zone, final Tuple tuple, final long nowNs) {
            this.zone = zone;
            this.tuple = tuple;
            createdNs = nowNs;
            expiresNs = nowNs + 60 * TrackerBench.SECOND;
        }
    }

    /** What UDP connections do, as slowly and as plainly as can be. */
    private static final class Model {
        private final List<Entry> entries = new ArrayList<>();

        Entry find(final int zone, final Tuple tuple, final long nowNs) {
            for (final Entry entry : entries) {
                if (entry.zone == zone && nowNs < entry.expiresNs
                        && (entry.tuple.equals(tuple) || entry.tuple.reverse().equals(tuple))) {
                    return entry;
                }
            }
            return null;
        }

        String packet(final int zone, final Tuple tuple, final CtAction action, final long nowNs) {
            Entry entry = find(zone, tuple, nowNs);
            String answer = "new|trk";
            if (entry == null) {
                if (!action.commit()) {
                    return answer;
                }
                entry = new Entry(zone, tuple, nowNs);
                entries.add(entry);
            } else {
                final boolean reply = !entry.tuple.equals(tuple);
                if (reply || entry.state.equals("BIDIR")) {
                    entry.state = "BIDIR";
                    answer = reply ? "est|rpl|trk" : "est|trk";
                } else {
                    entry.state = "MULTIPLE";
                }
                entry.expiresNs = nowNs + (entry.state.equals("BIDIR") ? 30 : 60) * TrackerBench.SECOND;
                entry.back += reply ? 1 : 0;
                entry.forth += reply ? 0 : 1;
            }
            entry.mark = action.mark() | entry.mark & ~action.markMask();
            return answer;
        }

        List<String> live(final long nowNs) {
            return entries.stream().filter(entry -> nowNs < entry.expiresNs)
                .map(entry -> describe(entry.zone, entry.tuple, entry.state, entry.expiresNs - nowNs, entry.mark,
                    entry.createdNs, entry.forth, entry.back))
                .sorted().toList();
        }
    }

    private static String describe(final int zone, final Tuple tuple, final String state, final long remainingNs,
            final int mark, final long createdNs, final long forth, final long back) {
        return zone + " " + tuple + " " + state + " " + remainingNs + " " + mark + " " + createdNs + " " + forth + " "
            + back;
    }

    private static List<String> live(final TrackerBench bench) {
        return bench.all().stream().map(UdpModelTest::describe).sorted().toList();
    }

    private static String describe(final Connection shown) {
        return describe(shown.zone(), shown.original(), shown.state(), shown.remainingNs(), shown.mark(),
            shown.createdNs(), shown.originalCount().packets(), shown.replyCount().packets());
    }

    /** One thing that happens: a packet, time that goes by, a flush, a sweep. */
    private record Event(int kind, int zone, boolean reverse, int fromPort, int toPort, int value) {

        Tuple tuple() {
            return TrackerBench.tuple(HOSTS[reverse ? 1 : 0], fromPort, HOSTS[reverse ? 0 : 1], toPort, IpProtocol.UDP);
        }

        Packet packet() {
            return Packets.udp4(HOSTS[reverse ? 1 : 0], fromPort, HOSTS[reverse ? 0 : 1], toPort).build();
        }
    }

    @Provide
    Arbitrary<Event> events() {
        return Arbitraries.randomValue(random -> new Event(random.nextInt(20), random.nextInt(2), random.nextBoolean(),
            1 + random.nextInt(2), 1 + random.nextInt(2), random.nextInt(8)));
    }

    @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
    void theTrackerDoesWhatTheModelDoes(@ForAll @Size(min = 1, max = 200) final List<@From("events") Event> events) {
        final TrackerBench bench = new TrackerBench();
        final Model model = new Model();
        for (final Event event : events) {
            happen(bench, model, event);
            assertThat(live(bench)).isEqualTo(model.live(bench.nowNs));
            assertThat(bench.tracker.count()).isEqualTo(model.entries.size());
        }
    }

    private static void happen(final TrackerBench bench, final Model model, final Event event) {
        final long nowNs = bench.nowNs;
        switch (event.kind) {
            case 0:
                final boolean flushed = model.entries.remove(model.find(event.zone, event.tuple(), nowNs));
                assertThat(bench.tracker.flush(event.zone, event.tuple())).isEqualTo(flushed);
                break;
            case 1:
                final int before = model.entries.size();
                model.entries.removeIf(entry -> entry.zone == event.zone);
                assertThat(bench.tracker.flush(ConnectionFilter.zone(event.zone)))
                    .isEqualTo(before - model.entries.size());
                break;
            case 2:
                final int unswept = model.entries.size();
                model.entries.removeIf(entry -> nowNs >= entry.expiresNs);
                assertThat(bench.tracker.sweep()).isEqualTo(unswept - model.entries.size());
                break;
            case 3, 4, 5, 6:
                bench.pass(event.value * 5L);
                break;
            case 7, 8, 9, 10, 11:
                look(bench, model, event, TrackerBench.look(event.zone));
                break;
            default:
                look(bench, model, event, TrackerBench.commit(event.zone).mark(event.value, event.value).build());
                break;
        }
    }

    private static void look(final TrackerBench bench, final Model model, final Event event, final CtAction action) {
        final Packet packet = bench.send(action, event.packet());
        assertThat(CtState.format(packet.ctState()))
            .isEqualTo(model.packet(event.zone, event.tuple(), action, bench.nowNs));
        final Entry entry = model.find(event.zone, event.tuple(), bench.nowNs);
        assertThat(packet.ctMark()).isEqualTo(entry == null ? 0 : entry.mark);
    }
}
