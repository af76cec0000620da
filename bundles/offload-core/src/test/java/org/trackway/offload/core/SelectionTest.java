// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.trackway.offload.core.Bench.A;
import static org.trackway.offload.core.Bench.B;
import static org.trackway.offload.core.Bench.COMMIT;
import static org.trackway.offload.core.Bench.SECOND;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.CtAction;
import org.trackway.conntrack.Nat;
import org.trackway.offload.OffloadSettings;
import org.trackway.offload.OffloadState;
import org.trackway.offload.ProviderStatus.Counter;
import org.trackway.offload.spi.Activity;
import org.trackway.offload.spi.Answer;
import org.trackway.offload.spi.Capabilities;
import org.trackway.offload.spi.Capabilities.Translation;
import org.trackway.packet.IpAddress;
import org.trackway.packet.Packets;

/** Which connections are offered, and who gets the places where there are too few. */
class SelectionTest {

    private final FakeProvider nic = FakeProvider.tracks("nic");
    private final Bench.Settings settings = new Bench.Settings();
    private final Bench bench = new Bench(settings.make());

    private void set() {
        bench.manager.settings(settings.make());
        bench.settle();
    }

    @Test
    void connectionsAreOfferedOnceTheyHaveHadEnoughPackets() {
        settings.minPackets = 3;
        set();
        bench.add(nic);
        final long id = bench.udp(1);
        bench.settle();
        assertThat(bench.manager.story(id).reason()).isEqualTo("it has had 1 of 3 packets");
        bench.pass(2 * SECOND);
        assertThat(nic.calls).isEmpty();
        bench.udp(1);
        bench.udpReply(1);
        bench.pass(2 * SECOND);
        assertThat(bench.manager.state(id)).isEqualTo(OffloadState.ESTABLISHED);
        assertThat(nic.calls).startsWith("add 1 from left", "established 1 from right");
    }

    @Test
    void connectionsAreOfferedOnceTheyAreOldEnough() {
        settings.minAgeMs = 3_000;
        set();
        bench.add(nic);
        final long id = bench.udp(1);
        bench.settle();
        bench.pass(2 * SECOND);
        assertThat(nic.calls).isEmpty();
        bench.pass(2 * SECOND);
        assertThat(bench.manager.state(id)).isEqualTo(OffloadState.ADDED);
    }

    @Test
    void protocolsAndZonesThatAreNotOfferedLeaveAsSoonAsThatIsSet() {
        bench.add(nic);
        final long udp = bench.udp(1);
        final long tcp = bench.tcp(2);
        bench.settle();
        assertThat(nic.held).hasSize(2);
        settings.protocols = Set.of(6);
        set();
        assertThat(bench.manager.state(udp)).isEqualTo(OffloadState.NONE);
        assertThat(bench.manager.state(tcp)).isEqualTo(OffloadState.ESTABLISHED);
        assertThat(bench.manager.story(udp).reason()).isEqualTo("protocol 17 is not offered");
        settings.zones = Set.of(4);
        set();
        assertThat(nic.held).isEmpty();
        assertThat(bench.manager.story(tcp).reason()).isEqualTo("zone 0 is not offered");
        settings.protocols = Set.of();
        settings.zones = Set.of();
        set();
        assertThat(nic.held).hasSize(2);
        assertThat(nic.faults).isEmpty();
    }

    @Test
    void whatAProviderCanNotDoIsNotOfferedToIt() {
        final Map<String, Capabilities> all = Map.of("it can't do protocol 17",
            Capabilities.TRACKS.withProtocols(Set.of(6)),
            "it can't do IPv4", Capabilities.TRACKS.withVersions(false, true),
            "it can't do zone 0", Capabilities.TRACKS.withZones(Set.of(1)));
        final Map<String, FakeProvider> providers = new HashMap<>();
        all.forEach((why, capabilities) -> providers.put(why, new FakeProvider("p" + providers.size(), capabilities)));
        providers.values().forEach(bench::add);
        final long id = bench.udp(1);
        bench.settle();
        providers.forEach((why, provider) -> {
            assertThat(provider.calls).isEmpty();
            assertThat(bench.chapter(provider, id).reason()).isEqualTo(why);
        });
    }

    @Test
    void translationsThatAProviderCanNotDoAreNotOfferedToIt() {
        nic.capabilities = Capabilities.TRACKS.withNat(Set.of(Translation.DESTINATION));
        bench.add(nic);
        final IpAddress outside = IpAddress.parse("10.8.0.1");
        bench.send(CtAction.builder().commit().nat(new Nat(Nat.Kind.SOURCE, outside, outside, 0, 0, false, false))
            .build(),
            bench.left, Packets.udp4(A, 1, B, 53).build());
        bench.send(CtAction.builder().commit().nat(new Nat(Nat.Kind.DESTINATION, outside, outside, 0, 0, false, false))
            .build(),
            bench.left, Packets.udp4(A, 2, B, 53).build());
        bench.settle();
        assertThat(nic.calls).containsExactly("add 2 from left");
        assertThat(bench.chapter(nic, bench.id(1, 17)).reason()).isEqualTo("it can't translate sources");
    }

    @Test
    void whatAProviderLearnsToDoIsOfferedToItFromThenOn() {
        nic.capabilities = Capabilities.TRACKS.withProtocols(Set.of(6));
        bench.add(nic);
        final long id = bench.udp(1);
        bench.settle();
        assertThat(nic.calls).isEmpty();
        nic.capabilities = Capabilities.TRACKS;
        bench.udp(2);
        bench.settle();
        bench.settle();
        assertThat(bench.manager.state(id)).isEqualTo(OffloadState.ADDED);
    }

    @Test
    void aConnectionWhosePortNoProviderServesIsOfferedToNone() {
        nic.serves = port -> port.name().equals("right");
        bench.add(nic);
        bench.udp(1);
        bench.send(COMMIT, bench.right, Packets.udp4(A, 2, B, 53).build());
        bench.settle();
        bench.udp(3);
        bench.settle();
        assertThat(nic.calls).containsExactly("add 2 from right");
        assertThat(bench.chapter(nic, bench.id(1, 17)).reason()).isEqualTo("it does not serve port left");
        assertThat(bench.status(nic).ports()).containsExactly("right");
    }

    @Test
    void nothingIsNotedOfConnectionsThatNobodyServes() {
        nic.serves = port -> false;
        bench.add(nic);
        bench.udp(1);
        bench.udpReply(1);
        bench.settle();
        bench.udp(2);
        bench.udpReply(2);
        bench.udpReply(1);
        bench.tcp(3);
        bench.send(COMMIT, bench.right, Bench.server(3, "FA", 301, 101).build());
        bench.tracker.flush(ConnectionFilter.ALL);
        assertThat(bench.status(nic).queued()).isZero();
    }

    @Test
    void nothingIsNotedOfAConnectionThatIsRefusedButWhereItsRepliesComeIn() {
        nic.add = connection -> Answer.FULL;
        bench.add(nic);
        bench.send(COMMIT, bench.left, Bench.client(1, "S", 100, 0).build());
        bench.settle();
        final int waiting = bench.status(nic).queued();
        bench.send(COMMIT, bench.right, Bench.server(1, "SA", 300, 101).build());
        bench.send(COMMIT, bench.left, Bench.client(1, "A", 101, 301).build());
        assertThat(bench.status(nic).queued()).isEqualTo(waiting);
        nic.add = connection -> Answer.ACCEPTED;
        nic.takeCalls();
        bench.pass(4 * SECOND);
        assertThat(nic.calls).startsWith("add 1 from left", "established 1 from right");
        assertThat(bench.status(nic).ports()).containsExactly("left", "right");
    }

    @Test
    void aProviderThatAppearsLaterIsAskedAboutThePortsOfWhatIsThere() {
        bench.add(FakeProvider.tracks("first"));
        bench.udp(1);
        bench.settle();
        nic.serves = port -> false;
        bench.add(nic);
        assertThat(nic.calls).isEmpty();
    }

    @Test
    void aFullProviderIsAskedAgainWhenThereMayBeRoom() {
        nic.add = connection -> nic.held.size() < 2 ? Answer.ACCEPTED : Answer.FULL;
        bench.add(nic);
        for (int port = 1; port <= 4; port++) {
            bench.udp(port);
        }
        bench.settle();
        assertThat(nic.held).hasSize(2);
        assertThat(bench.count(nic, Counter.REFUSED)).isEqualTo(2);
        assertThat(bench.chapter(nic, bench.id(3, 17)).reason()).isEqualTo("it is full");
        bench.tracker.flush(0, Bench.tuple(1, 17));
        bench.pass(2 * SECOND);
        assertThat(nic.held).hasSize(2);
        assertThat(nic.faults).isEmpty();
    }

    /** A number of packets of each connection, in software as far as hardware does not hold it. */
    private void traffic(final Map<Integer, Integer> packets, final Map<Long, Long> hardware) {
        packets.forEach((port, number) -> {
            final long id = bench.id(port, 17);
            if (nic.held.containsKey(id)) {
                final long now = hardware.merge(id, (long) number, Long::sum);
                nic.held.put(id, new Activity(0, now, now * 100, 0, 0));
            } else {
                hardware.remove(id);
                for (int i = 0; i < number; i++) {
                    bench.send(COMMIT, bench.left, Packets.udp4(A, port, B, 53).build());
                }
            }
        });
    }

    @Test
    void wherePlacesAreFewTheBusiestConnectionsHaveThem() {
        settings.providers = Map.of("nic", new OffloadSettings.Provider(true, OptionalInt.empty(), OptionalLong.of(2)));
        set();
        bench.add(nic);
        final Map<Integer, Integer> packets = Map.of(1, 10, 2, 100, 3, 15, 4, 500);
        for (int port = 1; port <= 4; port++) {
            bench.udp(port);
        }
        bench.settle();
        assertThat(nic.held).containsOnlyKeys(bench.id(1, 17), bench.id(2, 17));
        final Map<Long, Long> hardware = new HashMap<>();
        for (int second = 0; second < 20; second++) {
            traffic(packets, hardware);
            bench.pass(SECOND);
        }
        assertThat(nic.held).containsOnlyKeys(bench.id(2, 17), bench.id(4, 17));
        assertThat(bench.chapter(nic, bench.id(1, 17)).reason()).isEqualTo("its place goes to a busier connection");
        final int calls = (int) nic.calls.stream().filter(call -> call.startsWith("delete")).count();
        assertThat(calls).isEqualTo(1);
        assertThat(nic.faults).isEmpty();
    }

    @Test
    void aGainThatIsNotClearChangesNothing() {
        settings.providers = Map.of("nic", new OffloadSettings.Provider(true, OptionalInt.empty(), OptionalLong.of(1)));
        set();
        bench.add(nic);
        bench.udp(1);
        bench.udp(2);
        bench.settle();
        final Map<Long, Long> hardware = new HashMap<>();
        for (int second = 0; second < 20; second++) {
            traffic(Map.of(1, 100, 2, 190), hardware);
            bench.pass(SECOND);
        }
        assertThat(nic.held).containsOnlyKeys(bench.id(1, 17));
        assertThat(nic.calls).noneMatch(call -> call.startsWith("delete"));
    }

    @Test
    void wherePathsAreFewTheBusiestConnectionsHaveThem() {
        final FakeProvider forwarding = new FakeProvider("fwd", Capabilities.FORWARDS.withCapacity(1));
        bench.add(forwarding);
        for (int port = 1; port <= 2; port++) {
            bench.udp(port);
            bench.udpReply(port);
        }
        bench.settle();
        final long slow = bench.id(1, 17);
        final long busy = bench.id(2, 17);
        bench.offer(bench.path(slow, false));
        final Bench.Heard refused = bench.offer(bench.path(busy, false));
        assertThat(refused.gone).isEqualTo(1);
        assertThat(bench.chapter(forwarding, busy).reason()).isEqualTo("no path: it is full");
        for (int second = 0; second < 20; second++) {
            if (forwarding.paths.values().stream().noneMatch(path -> path.arrives().sourcePort() == 2)) {
                for (int i = 0; i < 100; i++) {
                    bench.udp(2);
                }
            }
            bench.udp(1);
            for (final long id : new long[] {busy, slow}) {
                if (bench.manager.paths().wants(id, false)) {
                    bench.offer(bench.path(id, false));
                }
            }
            forwarding.pathActivity.replaceAll((path, before) -> {
                final long packets = before.packets() + (forwarding.paths.get(path).arrives().sourcePort() == 2 ? 100
                    : 1);
                return new Activity(0, packets, packets * 100, 0, 0);
            });
            bench.pass(SECOND);
        }
        assertThat(forwarding.paths.values()).extracting(path -> path.arrives().sourcePort()).containsExactly(2);
        assertThat(forwarding.calls).filteredOn(call -> call.startsWith("withdraw")).hasSize(1);
        assertThat(bench.chapter(forwarding, slow).reason()).startsWith("no path: it");
        assertThat(bench.manager.state(slow)).isEqualTo(OffloadState.ESTABLISHED);
        assertThat(forwarding.faults).isEmpty();
    }
}
