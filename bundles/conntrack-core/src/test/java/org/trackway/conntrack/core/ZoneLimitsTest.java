// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.trackway.conntrack.core.TrackerBench.A;
import static org.trackway.conntrack.core.TrackerBench.B;
import static org.trackway.conntrack.core.TrackerBench.commit;
import static org.trackway.conntrack.core.TrackerBench.state;

import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.Counter;
import org.trackway.conntrack.CtAction;
import org.trackway.conntrack.Nat;
import org.trackway.conntrack.ZoneStatus;
import org.trackway.packet.IpAddress;
import org.trackway.packet.Packets;

class ZoneLimitsTest {

    private final TrackerBench bench = new TrackerBench();
    private int port = 1;

    private void limit(final int zone, final Long limit) {
        bench.tracker.settings(bench.tracker.settings().withZoneLimit(zone, limit));
    }

    private void defaultLimit(final long limit) {
        bench.tracker.settings(bench.tracker.settings().withDefaultZoneLimit(limit));
    }

    /** Opens {@code count} more connections in a zone, if they are admitted. */
    private void open(final int zone, final int count) {
        for (int i = 0; i < count; i++) {
            assertThat(state(bench.send(commit(zone).build(), Packets.udp4(A, port++, B, 9)))).isEqualTo("new|trk");
        }
    }

    private long connections(final int zone) {
        return bench.all().stream().filter(connection -> connection.zone() == zone).count();
    }

    private ZoneStatus status(final int zone) {
        return bench.tracker.zones(OptionalInt.of(zone)).get(0);
    }

    // ---- limits ----

    @Test
    void aZoneHoldsAsManyAsItsLimitSays() {
        limit(5, 2L);
        open(5, 4);
        assertThat(connections(5)).isEqualTo(2);
        assertThat(bench.count(Counter.ZONE_FULL)).isEqualTo(2);
        assertThat(bench.count(Counter.FULL)).isZero();
        assertThat(status(5)).isEqualTo(new ZoneStatus(5, 2, true, 2));
        open(6, 4);
        assertThat(connections(6)).isEqualTo(4);
    }

    @Test
    void oddity12ALimitOfZeroAdmitsNoneAndADefaultOfZeroIsNoLimit() {
        limit(5, 0L);
        open(5, 1);
        assertThat(connections(5)).isZero();
        assertThat(bench.count(Counter.ZONE_FULL)).isEqualTo(1);
        defaultLimit(0);
        open(6, 3);
        assertThat(connections(6)).isEqualTo(3);
    }

    @Test
    void theDefaultHoldsForEveryZoneByItself() {
        defaultLimit(1);
        open(5, 2);
        open(6, 2);
        assertThat(connections(5)).isEqualTo(1);
        assertThat(connections(6)).isEqualTo(1);
        assertThat(status(5)).isEqualTo(new ZoneStatus(5, 1, false, 1));
        assertThat(status(7)).isEqualTo(new ZoneStatus(7, 1, false, 0));
    }

    @Test
    void aLimitOfTheZonesOwnGoesBeforeTheDefault() {
        defaultLimit(1);
        limit(5, 3L);
        open(5, 5);
        assertThat(connections(5)).isEqualTo(3);
    }

    @Test
    void oddity13ConnectionsFromBeforeTheLimitAreNotCounted() {
        open(5, 3);
        limit(5, 1L);
        assertThat(status(5).count()).isZero();
        open(5, 2);
        assertThat(connections(5)).isEqualTo(4);
        assertThat(status(5).count()).isEqualTo(1);
        bench.tracker.flush(ConnectionFilter.zone(5));
        assertThat(status(5).count()).isZero();
    }

    @Test
    void connectionsThatGoMakeRoom() {
        limit(5, 2L);
        open(5, 2);
        bench.tracker.flush(5, bench.all().get(0).original());
        assertThat(status(5).count()).isEqualTo(1);
        open(5, 2);
        assertThat(connections(5)).isEqualTo(2);
        bench.pass(60);
        open(5, 1);
        assertThat(bench.all()).isEmpty();
        bench.tracker.sweep();
        assertThat(status(5).count()).isZero();
    }

    // ---- changes ----

    @Test
    void anotherLimitKeepsTheCount() {
        limit(5, 2L);
        open(5, 2);
        limit(5, 3L);
        assertThat(status(5)).isEqualTo(new ZoneStatus(5, 3, true, 2));
        open(5, 2);
        assertThat(connections(5)).isEqualTo(3);
        limit(5, 1L);
        assertThat(connections(5)).isEqualTo(3);
        assertThat(status(5)).isEqualTo(new ZoneStatus(5, 1, true, 3));
    }

    @Test
    void aRemovedLimitFallsBackToTheDefaultWithItsCount() {
        defaultLimit(4);
        limit(5, 2L);
        open(5, 2);
        limit(5, null);
        assertThat(status(5)).isEqualTo(new ZoneStatus(5, 4, false, 2));
        open(5, 3);
        assertThat(connections(5)).isEqualTo(4);
    }

    @Test
    void aLimitThatIsRemovedWithoutDefaultForgetsItsCount() {
        limit(5, 2L);
        open(5, 2);
        limit(5, null);
        assertThat(status(5)).isEqualTo(new ZoneStatus(5, 0, false, 0));
        limit(5, 2L);
        assertThat(status(5).count()).isZero();
    }

    @Test
    void aConnectionIsNotCountedOutOfALaterLimit() {
        limit(5, 10L);
        open(5, 2);
        limit(5, null);
        limit(5, 10L);
        open(5, 1);
        bench.tracker.flush(ConnectionFilter.ALL);
        assertThat(status(5).count()).isZero();
    }

    @Test
    void aRemovedDefaultForgetsTheCountsOfItsZonesAndLeavesOthers() {
        defaultLimit(3);
        limit(6, 7L);
        open(5, 1);
        open(6, 1);
        defaultLimit(0);
        assertThat(status(5)).isEqualTo(new ZoneStatus(5, 0, false, 0));
        assertThat(status(6)).isEqualTo(new ZoneStatus(6, 7, true, 1));
        defaultLimit(3);
        assertThat(status(5).count()).isZero();
    }

    @Test
    void aLimitGivenToAZoneUnderTheDefaultKeepsItsCount() {
        defaultLimit(3);
        open(5, 2);
        limit(5, 5L);
        assertThat(status(5)).isEqualTo(new ZoneStatus(5, 5, true, 2));
    }

    // ---- lists ----

    @Test
    void onlyZonesWithALimitOfTheirOwnAreListedAscending() {
        defaultLimit(9);
        open(4, 1);
        limit(65535, 1L);
        limit(0, 2L);
        assertThat(bench.tracker.zones(OptionalInt.empty()))
            .containsExactly(new ZoneStatus(0, 2, true, 0), new ZoneStatus(65535, 1, true, 0));
    }

    @Test
    void withoutAnyLimitNoZoneIsListedAndEveryZoneCanBeAsked() {
        assertThat(bench.tracker.zones(OptionalInt.empty())).isEmpty();
        assertThat(status(17)).isEqualTo(new ZoneStatus(17, 0, false, 0));
    }

    // ---- order of the tests at creation ----

    @Test
    void aPacketThatMayNotOpenAConnectionIsNotCountedAgainstAnyLimit() {
        limit(5, 0L);
        assertThat(bench.state(commit(5).build(), Packets.tcp4(A, 1, B, 2).flags("SA"))).isEqualTo("inv|trk");
        assertThat(bench.count(Counter.ZONE_FULL)).isZero();
    }

    @Test
    void theZonesLimitIsAskedBeforeTheMaximum() {
        bench.tracker.settings(ConntrackSettings.DEFAULT.withMaxConnections(0).withZoneLimit(5, 0L));
        open(5, 1);
        assertThat(bench.count(Counter.ZONE_FULL)).isEqualTo(1);
        assertThat(bench.count(Counter.FULL)).isZero();
    }

    @Test
    void aConnectionRefusedByTheMaximumIsNotCountedInItsZone() {
        bench.tracker.settings(ConntrackSettings.DEFAULT.withMaxConnections(1).withZoneLimit(5, 10L));
        open(5, 3);
        assertThat(bench.count(Counter.FULL)).isEqualTo(2);
        assertThat(status(5).count()).isEqualTo(1);
    }

    @Test
    void aConnectionWithoutAFreeTranslationIsNotCountedInItsZone() {
        limit(5, 10L);
        final IpAddress to = IpAddress.parse("10.9.9.9");
        final CtAction narrow = commit(5).nat(new Nat(Nat.Kind.SOURCE, to, to, 5000, 5000, false, false)).build();
        bench.send(narrow, Packets.udp4(A, 1, B, 9));
        bench.send(narrow, Packets.udp4(A, 2, B, 9));
        assertThat(bench.count(Counter.NAT_EXHAUSTED)).isEqualTo(1);
        assertThat(status(5).count()).isEqualTo(1);
        assertThat(bench.tracker.count()).isEqualTo(1);
    }

    @Test
    void aReplacedConnectionFreesItsPlaceInTheZone() {
        limit(5, 1L);
        bench.send(commit(5).build(), Packets.udp4(A, 1, B, 9));
        bench.send(commit(5).force().build(), Packets.udp4(B, 9, A, 1));
        assertThat(bench.only().original().sourcePort()).isEqualTo(9);
        assertThat(status(5).count()).isEqualTo(1);
        assertThat(bench.count(Counter.ZONE_FULL)).isZero();
    }

    @Test
    void theLargestLimitIsTaken() {
        bench.tracker.settings(new ConntrackSettings(10, 20_000, true, true, 0xffffffffL, Map.of(5, 0xffffffffL),
            Map.of(), 64, true, true, 1200, 1280, 1000));
        open(5, 1);
        open(6, 1);
        assertThat(status(5)).isEqualTo(new ZoneStatus(5, 0xffffffffL, true, 1));
        assertThat(status(6)).isEqualTo(new ZoneStatus(6, 0xffffffffL, false, 1));
    }
}
