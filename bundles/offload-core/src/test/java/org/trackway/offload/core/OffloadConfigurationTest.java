// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.annotation.Annotation;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.trackway.offload.OffloadSettings;

class OffloadConfigurationTest {

    /** {@return a configuration with these values, and the declared defaults for what they do not name} */
    static OffloadConfiguration configuration(final Map<String, Object> values) {
        return (OffloadConfiguration) Proxy.newProxyInstance(OffloadConfiguration.class.getClassLoader(),
            new Class<?>[] {OffloadConfiguration.class}, (proxy, method, arguments) -> {
                if (method.getDeclaringClass() == Annotation.class || method.getDeclaringClass() == Object.class) {
                    throw new UnsupportedOperationException(method.getName());
                }
                return values.getOrDefault(method.getName(), method.getDefaultValue());
            });
    }

    private static OffloadSettings settings(final Map<String, Object> values) {
        return OffloadConfiguration.Reader.settings(configuration(values));
    }

    @Test
    void withoutAnyValueTheSettingsAreTheDefaults() {
        assertThat(settings(Map.of())).isEqualTo(OffloadSettings.DEFAULT);
    }

    @Test
    void everyValueReachesItsSetting() {
        assertThat(settings(Map.ofEntries(Map.entry("enabled", false), Map.entry("minPackets", 1),
            Map.entry("minAgeMs", 2),
            Map.entry("protocols", "6, 17"), Map.entry("zones", "5"), Map.entry("queueSize", 64),
                Map.entry("batchSize", 3),
            Map.entry("updateIntervalMs", 14), Map.entry("callLimitMs", 5), Map.entry("closeLimitMs", 6),
            Map.entry("maxFailures", 7), Map.entry("retryMs", 8), Map.entry("providers", "nic: enabled=false"))))
            .isEqualTo(new OffloadSettings(false, 1, 2, Set.of(6, 17), Set.of(5), 64, 3, 14, 5, 6, 7, 8, Map.of("nic",
                new OffloadSettings.Provider(false, OptionalInt.empty(), OptionalLong.empty()))));
    }

    @Test
    void providersHaveSettingsByTheirNames() {
        assertThat(settings(Map.of("providers", " nic1: enabled=false  priority=-5 limit=1000 ;; nic.2 : ;"))
            .providers())
            .containsOnly(Map.entry("nic1", new OffloadSettings.Provider(false, OptionalInt.of(-5),
                OptionalLong.of(1000))),
                Map.entry("nic.2", OffloadSettings.Provider.DEFAULT));
    }

    @ParameterizedTest
    @CsvSource({"nic, nic", "nic: enabled=maybe, maybe", "nic: limit=0, limit 0", "nic: priority=x, 'priority ''x'''",
        "nic: speed=5, speed=5", "nic: limit=, limit", ": limit=1, : limit=1", "nic: limit, 'limit'"})
    void aProvidersSettingThatIsNoneIsNamed(final String text, final String named) {
        assertThatIllegalArgumentException().isThrownBy(() -> settings(Map.of("providers", "ok: limit=7;" + text)))
            .withMessageContaining(named);
    }

    @ParameterizedTest
    @CsvSource({"minPackets, -1", "queueSize, 63", "batchSize, 4097", "updateIntervalMs, 9", "maxFailures, 0",
        "retryMs, 0"})
    void valuesOutOfRangeAreNamed(final String name, final int value) {
        assertThatIllegalArgumentException().isThrownBy(() -> settings(Map.of(name, value)))
            .withMessageContaining(name).withMessageContaining(String.valueOf(value));
    }

    @ParameterizedTest
    @CsvSource({"protocols, 256", "protocols, tcp", "zones, 65536", "zones, -1"})
    void numbersThatAreNoneAreNamed(final String name, final String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> settings(Map.of(name, text)))
            .withMessageContaining(name.substring(0, name.length() - 1)).withMessageContaining(text);
    }
}
