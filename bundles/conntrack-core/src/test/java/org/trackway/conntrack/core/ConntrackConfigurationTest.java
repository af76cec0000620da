// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.annotation.Annotation;
import java.lang.reflect.Proxy;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.Timeout;
import org.trackway.conntrack.TimeoutPolicy;

class ConntrackConfigurationTest {

    /** {@return a configuration with these values, and the declared defaults for what they do not name} */
    static ConntrackConfiguration configuration(final Map<String, Object> values) {
        return (ConntrackConfiguration) Proxy.newProxyInstance(ConntrackConfiguration.class.getClassLoader(),
            new Class<?>[] {ConntrackConfiguration.class}, (proxy, method, arguments) -> {
                if (method.getDeclaringClass() == Annotation.class || method.getDeclaringClass() == Object.class) {
                    throw new UnsupportedOperationException(method.getName());
                }
                return values.getOrDefault(method.getName(), method.getDefaultValue());
            });
    }

    private static ConntrackSettings settings(final Map<String, Object> values) {
        return ConntrackConfiguration.Reader.settings(configuration(values));
    }

    @Test
    void withoutAnyValueTheSettingsAreTheDefaults() {
        assertThat(settings(Map.of())).isEqualTo(ConntrackSettings.DEFAULT);
    }

    @Test
    void everyValueReachesItsSetting() {
        assertThat(settings(Map.ofEntries(Map.entry("maxConnections", 1), Map.entry("sweepIntervalMs", 2),
            Map.entry("tcpSequenceCheck", false), Map.entry("accounting", false), Map.entry("defaultZoneLimit", 3L),
            Map.entry("zoneLimits", "4=5"), Map.entry("timeoutPolicies", "short: udp_first=6"),
            Map.entry("maxExpectations", 7), Map.entry("reassembleV4", false), Map.entry("reassembleV6", false),
            Map.entry("minFragmentV4", 408), Map.entry("minFragmentV6", 409), Map.entry("maxFragments", 10))))
            .isEqualTo(new ConntrackSettings(1, 2, false, false, 3, Map.of(4, 5L),
                Map.of("short", new TimeoutPolicy("short", Map.of(Timeout.UDP_FIRST, 6L))), 7, false, false, 408, 409,
                10));
    }

    @Test
    void listsMayHaveSpacesAndEmptyItems() {
        final ConntrackSettings settings = settings(Map.of("zoneLimits", " 1 = 1000 ;; 2=0; ",
            "timeoutPolicies", " short: udp_first=5 udp_single=6 ; long: icmp_first=7;"));
        assertThat(settings.zoneLimits()).containsOnly(Map.entry(1, 1000L), Map.entry(2, 0L));
        assertThat(settings.timeoutPolicies()).containsOnlyKeys("short", "long");
        assertThat(settings.timeoutPolicies().get("short").seconds(Timeout.UDP_SINGLE)).isEqualTo(6);
    }

    @ParameterizedTest
    @CsvSource({"1", "1=", "=1", "x=1", "1=x", "1=2=3", "1:2", "4294967296=1"})
    void aZoneLimitThatIsNoneIsNamed(final String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> settings(Map.of("zoneLimits", "7=7;" + text)))
            .withMessageContaining("'" + text + "'");
    }

    @Test
    void valuesOutOfRangeAreNamed() {
        assertThatIllegalArgumentException().isThrownBy(() -> settings(Map.of("maxConnections", -1)))
            .withMessageContaining("maximum of connections").withMessageContaining("-1");
        assertThatIllegalArgumentException().isThrownBy(() -> settings(Map.of("zoneLimits", "65536=1")))
            .withMessageContaining("65536");
        assertThatIllegalArgumentException().isThrownBy(() -> settings(Map.of("zoneLimits", "1=-1")))
            .withMessageContaining("zone 1");
        assertThatIllegalArgumentException().isThrownBy(() -> settings(Map.of("timeoutPolicies", "p: udp=1")))
            .withMessageContaining("udp_first");
    }
}
