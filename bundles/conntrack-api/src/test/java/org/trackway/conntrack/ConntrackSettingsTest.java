// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ConntrackSettingsTest {

    private static final ConntrackSettings DEFAULT = ConntrackSettings.DEFAULT;

    @Test
    void defaultsAreThoseOfOpenVSwitch() {
        assertThat(DEFAULT).isEqualTo(new ConntrackSettings(3_000_000, 20_000, true, true, 0, Map.of(), Map.of(), 64,
            true, true, 1200, 1280, 1000));
    }

    @Test
    void everyChangeLeavesTheRest() {
        final TimeoutPolicy policy = TimeoutPolicy.parse("p: udp_first=1");
        final ConntrackSettings changed = DEFAULT.withMaxConnections(1).withTcpSequenceCheck(false)
            .withAccounting(false).withDefaultZoneLimit(2).withZoneLimit(3, 4L).withZoneLimit(5, 0L)
            .withTimeoutPolicy(policy).withFragments(false, true, 500, 600, 7).withSweepIntervalMs(8)
            .withMaxExpectations(9);
        assertThat(changed).isEqualTo(new ConntrackSettings(1, 8, false, false, 2, Map.of(3, 4L, 5, 0L),
            Map.of("p", policy), 9, false, true, 500, 600, 7));
        assertThat(changed.withZoneLimit(3, null).zoneLimits()).containsOnly(Map.entry(5, 0L));
        assertThat(changed.withZoneLimit(5, 9L).zoneLimits()).containsEntry(5, 9L).containsEntry(3, 4L);
        assertThat(DEFAULT.zoneLimits()).isEmpty();
    }

    @Test
    void settingsDoNotFollowTheMapsTheyWereMadeFrom() {
        final Map<Integer, Long> limits = new HashMap<>(Map.of(1, 1L));
        final ConntrackSettings settings = new ConntrackSettings(1, 1, true, true, 0, limits, Map.of(), 1, true, true,
            400, 400, 0);
        limits.clear();
        assertThat(settings.zoneLimits()).containsOnlyKeys(1);
    }

    private static ConntrackSettings settings(final int max, final int sweep, final long zone, final int expectations,
            final int min4, final int min6, final int fragments) {
        return new ConntrackSettings(max, sweep, true, true, zone, Map.of(), Map.of(), expectations, true, true, min4,
            min6, fragments);
    }

    @Test
    void theEndsOfEveryRangeAreTaken() {
        settings(0, 1, 0, 1, 400, 400, 0);
        settings(ConntrackSettings.MAX_CONNECTIONS, Integer.MAX_VALUE, 0xffffffffL, 65535, 65535, 65535, 5000);
        assertThat(DEFAULT.withZoneLimit(0, 0L).withZoneLimit(65535, 0xffffffffL).zoneLimits()).hasSize(2);
    }

    static Stream<Arguments> outOfRange() {
        return Stream.of(
            Arguments.of("maximum of connections", -1, (Change) value -> settings(value, 1, 0, 1, 400, 400, 0)),
            Arguments.of("maximum of connections", ConntrackSettings.MAX_CONNECTIONS + 1,
                (Change) value -> settings(value, 1, 0, 1, 400, 400, 0)),
            Arguments.of("sweep interval", 0, (Change) value -> settings(0, value, 0, 1, 400, 400, 0)),
            Arguments.of("default zone limit", -1, (Change) value -> settings(0, 1, value, 1, 400, 400, 0)),
            Arguments.of("expectations", 0, (Change) value -> settings(0, 1, 0, value, 400, 400, 0)),
            Arguments.of("expectations", 65536, (Change) value -> settings(0, 1, 0, value, 400, 400, 0)),
            Arguments.of("IPv4 fragment", 399, (Change) value -> settings(0, 1, 0, 1, value, 400, 0)),
            Arguments.of("IPv4 fragment", 65536, (Change) value -> settings(0, 1, 0, 1, value, 400, 0)),
            Arguments.of("IPv6 fragment", 399, (Change) value -> settings(0, 1, 0, 1, 400, value, 0)),
            Arguments.of("maximum of fragments", -1, (Change) value -> settings(0, 1, 0, 1, 400, 400, value)),
            Arguments.of("maximum of fragments", 5001, (Change) value -> settings(0, 1, 0, 1, 400, 400, value)),
            Arguments.of("zone", 65536, (Change) value -> DEFAULT.withZoneLimit(value, 1L)),
            Arguments.of("zone", -1, (Change) value -> DEFAULT.withZoneLimit(value, 1L)),
            Arguments.of("zone 7", -1, (Change) value -> DEFAULT.withZoneLimit(7, (long) value)));
    }

    /** Makes settings with one value that may be wrong. */
    private interface Change {
        ConntrackSettings to(int value);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource
    void outOfRange(final String what, final int value, final Change change) {
        assertThatIllegalArgumentException().isThrownBy(() -> change.to(value))
            .withMessageContaining(what).withMessageContaining(String.valueOf(value)).withMessageContaining("allowed is");
    }
}
