// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.lang.reflect.RecordComponent;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.TimeoutPolicy;
import org.trackway.offload.OffloadSettings;

class SettingsTest {

    private final FakeTracker tracker = new FakeTracker();
    private final FakeOffload offload = new FakeOffload();
    private String pid = "org.trackway.conntrack";
    private Dictionary<String, Object> stored;
    private ConntrackSettings delivered;
    private OffloadSettings deliveredOffload;

    /** A configuration admin with one configuration, which delivers what the test says at once. */
    private ConfigurationAdmin admin() {
        final Configuration configuration = (Configuration) Proxy.newProxyInstance(getClass().getClassLoader(),
            new Class<?>[] {Configuration.class}, (proxy, method, arguments) -> {
                if (method.getName().equals("getProperties")) {
                    return stored;
                }
                @SuppressWarnings("unchecked")
                final Dictionary<String, Object> updated = (Dictionary<String, Object>) arguments[0];
                stored = updated;
                tracker.settings(delivered);
                offload.settings = deliveredOffload;
                return null;
            });
        return (ConfigurationAdmin) Proxy.newProxyInstance(getClass().getClassLoader(),
            new Class<?>[] {ConfigurationAdmin.class}, (proxy, method, arguments) -> {
                assertThat(arguments).containsExactly(pid, "?");
                return configuration;
            });
    }

    private ConntrackSettings change(final ConntrackSettings wanted) throws IOException {
        delivered = wanted;
        return Settings.of(admin(), tracker).change(old -> wanted);
    }

    @Test
    void onlyWhatChangesIsStoredAndTheRestIsKept() throws IOException {
        stored = new Hashtable<>(Map.of("service.pid", "org.trackway.conntrack", "accounting", "false"));

        assertThat(change(ConntrackSettings.DEFAULT.withMaxConnections(5)).maxConnections()).isEqualTo(5);
        assertThat(stored).isEqualTo(new Hashtable<>(Map.of("service.pid", "org.trackway.conntrack",
            "accounting", "false", "maxConnections", "5")));
    }

    @Test
    void nothingChangedStoresNothing() throws IOException {
        change(ConntrackSettings.DEFAULT);
        assertThat(stored).isNull();
    }

    @Test
    void zonesAndPoliciesAreTextsThatTheConfigurationReads() throws IOException {
        change(ConntrackSettings.DEFAULT.withZoneLimit(8, 0L).withZoneLimit(7, 1000L)
            .withTimeoutPolicy(TimeoutPolicy.parse("short: udp_first=5 udp_multiple=10"))
            .withTimeoutPolicy(TimeoutPolicy.parse("long: icmp_first=100")));

        assertThat(stored.get("zoneLimits")).isEqualTo("7=1000; 8=0");
        assertThat(stored.get("timeoutPolicies"))
            .isEqualTo("long: icmp_first=100; short: udp_first=5 udp_multiple=10");
    }

    @Test
    void everySettingHasItsKey() {
        assertThat(Settings.texts(ConntrackSettings.DEFAULT)).containsOnlyKeys("maxConnections", "sweepIntervalMs",
            "tcpSequenceCheck", "accounting", "defaultZoneLimit", "zoneLimits", "timeoutPolicies", "maxExpectations",
            "reassembleV4", "reassembleV6", "minFragmentV4", "minFragmentV6", "maxFragments");
        assertThat(Settings.texts(ConntrackSettings.DEFAULT))
            .hasSize(ConntrackSettings.class.getRecordComponents().length);
    }

    @Test
    void offloadHasAConfigurationOfItsOwn() throws IOException {
        pid = "org.trackway.offload";
        deliveredOffload = OffloadSettings.DEFAULT.withEnabled(false)
            .withProvider("nic", new OffloadSettings.Provider(false, OptionalInt.of(5), OptionalLong.of(1000)))
            .withProvider("far", new OffloadSettings.Provider(true, OptionalInt.empty(), OptionalLong.of(7)));

        Settings.of(admin(), offload).change(old -> deliveredOffload);
        assertThat(stored).isEqualTo(new Hashtable<>(Map.of("enabled", "false",
            "providers", "far: limit=7; nic: enabled=false priority=5 limit=1000")));
    }

    @Test
    void everySettingOfOffloadHasItsKey() {
        assertThat(Settings.texts(OffloadSettings.DEFAULT).keySet()).containsExactlyElementsOf(
            Stream.of(OffloadSettings.class.getRecordComponents()).map(RecordComponent::getName).toList());
        assertThat(Settings.texts(new OffloadSettings(true, 0, 0, Set.of(17, 6), Set.of(), 64, 1, 10, 1, 1, 1, 1,
            Map.of()))).containsEntry("protocols", "6, 17").containsEntry("zones", "");
    }

    @Test
    void anInterruptedWaitEnds() {
        delivered = ConntrackSettings.DEFAULT;
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> Settings.of(admin(), tracker).change(old -> old.withMaxConnections(5)))
            .hasMessage("interrupted before configuration org.trackway.conntrack was taken");
        assertThat(Thread.interrupted()).as("the interrupt is kept").isTrue();
    }
}
