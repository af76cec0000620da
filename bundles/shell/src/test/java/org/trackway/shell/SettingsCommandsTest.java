// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.TimeoutPolicy;

/** What the commands that show settings print, and what they refuse before anything is changed. */
class SettingsCommandsTest {

    private final FakeTracker tracker = new FakeTracker();

    @BeforeEach
    void set() {
        tracker.settings = ConntrackSettings.DEFAULT.withMaxConnections(1000)
            .withZoneLimit(7, 1000L).withZoneLimit(8, 0L).withDefaultZoneLimit(50)
            .withTimeoutPolicy(TimeoutPolicy.parse("short: udp_first=5"));
    }

    /** Nothing is changed, so the configuration admin is never asked. */
    private String print(final SettingsCommand command) throws IOException {
        command.live = tracker;
        final Printed printed = Printed.pipe();
        command.run(printed.console());
        return printed.text();
    }

    @Test
    void limitsShowNowAndDefault() throws IOException {
        assertThat(print(new LimitsCommand())).isEqualTo("""
            Limit                 Now  Default  Unit
            max-connections      1000  3000000  connections; there are 0
            sweep-interval      20000    20000  ms
            tcp-sequence-check     on       on
            accounting             on       on
            max-expectations       64       64  per control connection
            """);
    }

    @Test
    void limitsOutOfRangeAreRefused() {
        final LimitsCommand command = new LimitsCommand();
        command.maxConnections = "50000001";
        assertThatThrownBy(() -> print(command))
            .hasMessage("--max-connections '50000001' is not a number from 0 to 50000000");
        command.maxConnections = null;
        command.tcpSequenceCheck = "maybe";
        assertThatThrownBy(() -> print(command)).hasMessage("--tcp-sequence-check is 'maybe': give on or off");
    }

    @Test
    void zonesShowLimitsAndTheDefault() throws IOException {
        assertThat(print(new ZonesCommand())).isEqualTo("""
            Zone     Limit [connections]  Connections
            7                       1000            0
            8                          0            0
            default                   50
            """);
        final ZonesCommand asked = new ZonesCommand();
        asked.words = List.of("9", "7");
        assertThat(print(asked)).isEqualTo("""
            Zone     Limit [connections]  Connections
            9                         50            0  by default
            7                       1000            0
            default                   50
            """);
        final ZonesCommand ovs = new ZonesCommand();
        ovs.ovs = true;
        assertThat(print(ovs)).isEqualTo("default limit=50\nzone=7,limit=1000,count=0\nzone=8,limit=0,count=0\n");
    }

    @Test
    void zonesThatAreWrongAreRefused() {
        final ZonesCommand set = new ZonesCommand();
        set.set = List.of("5");
        assertThatThrownBy(() -> print(set)).hasMessage("--set '5' is not ZONE=LIMIT");
        final ZonesCommand delete = new ZonesCommand();
        delete.delete = List.of("5");
        assertThatThrownBy(() -> print(delete)).hasMessage("zone 5 has no limit of its own");
    }

    @Test
    void timeoutsShowPoliciesSideBySide() throws IOException {
        assertThat(print(new TimeoutsCommand())).startsWith("Timeout [s]      default    short\n")
            .contains("tcp_established    86400  (86400)\n", "udp_first             60        5\n");
    }

    @Test
    void timeoutsThatAreWrongAreRefused() {
        final TimeoutsCommand delete = new TimeoutsCommand();
        delete.delete = "x";
        assertThatThrownBy(() -> print(delete)).hasMessage("there is no timeout policy 'x': there are short");
        final TimeoutsCommand set = new TimeoutsCommand();
        set.set = "short";
        assertThatThrownBy(() -> print(set)).hasMessage("--set takes a name and at least one attribute=seconds");
        set.words = List.of("foo=1");
        assertThatThrownBy(() -> print(set)).hasMessageStartingWith("unknown timeout 'foo'");
    }

    @Test
    void fragmentsShowRulesAndCounters() throws IOException {
        assertThat(print(new FragmentsCommand())).isEqualTo("""
            Fragments    IPv4  IPv6  Unit
            gathered       on    on
            smallest     1200  1280  bytes, unless the last
            accepted        1     1  fragments
            completed       2     2  fragments
            expired         3     3  fragments
            too small       4     4  fragments
            overlapping     5     5  fragments
            purged          6     6  fragments
            7 held of at most 1000
            """);
        final FragmentsCommand small = new FragmentsCommand();
        small.minV4 = "399";
        assertThatThrownBy(() -> print(small)).hasMessage("--min-v4 '399' is not a number from 400 to 65535");
    }
}
