// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.trackway.offload.core.OffloadConfigurationTest.configuration;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.core.Trackers;
import org.trackway.offload.OffloadState;
import org.trackway.offload.ProviderStatus;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Packets;

/** The component without a container. */
class OffloadComponentTest {

    private final Conntrack tracker = Trackers.make(ConntrackSettings.DEFAULT, System::nanoTime);

    private long udp() {
        final PacketBatch batch = new PacketBatch();
        batch.add(Packets.udp4(Bench.A, 1, Bench.B, 53).build());
        tracker.execute(batch, Bench.COMMIT, tracker.now());
        return tracker.find(0, Bench.tuple(1, 17)).orElseThrow().id();
    }

    @Test
    void providersAndSettingsComeAndGoWhileItStays() {
        final OffloadComponent component = new OffloadComponent(tracker, configuration(Map.of("enabled", false)));
        final FakeProvider nic = FakeProvider.tracks("nic");
        component.bindProvider(nic);
        final long id = udp();
        assertThat(component.settings().enabled()).isFalse();
        assertThat(component.state(id)).isEqualTo(OffloadState.NONE);
        assertThat(component.story(id).reason()).isEqualTo("offload is switched off");
        component.modified(configuration(Map.of("enabled", true, "maxFailures", 3)));
        final long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (component.state(id) == OffloadState.NONE && System.nanoTime() < endNs) {
            Thread.onSpinWait();
        }
        assertThat(component.state(id)).isEqualTo(OffloadState.ADDED);
        assertThat(component.held()).hasSize(1);
        assertThat(component.wanted()).isZero();
        component.modified(configuration(Map.of("maxFailures", 0)));
        assertThat(component.settings().maxFailures()).isEqualTo(3);
        assertThat(component.providers()).extracting(ProviderStatus::name).containsExactly("nic");
        component.unbindProvider(nic);
        assertThat(component.providers()).isEmpty();
        assertThat(nic.held).isEmpty();
        component.deactivate();
        assertThat(tracker.connection(id).orElseThrow().offloaded()).isFalse();
    }
}
