// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.trackway.conntrack.core.ConntrackConfigurationTest.configuration;
import static org.trackway.conntrack.core.TrackerBench.COMMIT;
import static org.trackway.conntrack.core.TrackerBench.udp;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Dictionary;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.spi.ConnectionHelper;
import org.trackway.conntrack.spi.ConnectionObserver;
import org.trackway.conntrack.spi.ConnectionView;
import org.trackway.conntrack.spi.ControlPacket;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Packets;

/** The component without a container: its context notes what is registered. */
class TrackerComponentTest {

    private Conntrack registered;
    private Object registeredName;
    private boolean unregistered;
    private TrackerComponent component = new TrackerComponent(context(), configuration(Map.of("maxConnections", 100)));

    private BundleContext context() {
        return proxy(BundleContext.class, (method, arguments) -> {
            if (!method.equals("registerService")) {
                throw new UnsupportedOperationException(method);
            }
            assertThat(arguments[0]).isEqualTo(Conntrack.class);
            registered = (Conntrack) arguments[1];
            registeredName = ((Dictionary<?, ?>) arguments[2]).get("name");
            return proxy(ServiceRegistration.class, (call, none) -> {
                unregistered = call.equals("unregister");
                return null;
            });
        });
    }

    private interface Calls {
        Object call(String method, Object[] arguments);
    }

    private static <T> T proxy(final Class<T> type, final Calls calls) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type},
            (proxy, method, arguments) -> calls.call(method.getName(), arguments)));
    }

    @AfterEach
    void stop() {
        if (component != null) {
            component.deactivate();
        }
    }

    private static void send(final Conntrack tracker, final Packets packet) {
        final PacketBatch batch = new PacketBatch();
        batch.add(packet.build());
        tracker.execute(batch, COMMIT, tracker.now());
    }

    @Test
    void theLiveTrackerIsPublishedWithItsSettings() {
        assertThat(registered.name()).isEqualTo("live");
        assertThat(registeredName).isEqualTo("live");
        assertThat(registered.settings()).isEqualTo(ConntrackSettings.DEFAULT.withMaxConnections(100));
    }

    @Test
    void changedSettingsActAndConnectionsStay() {
        send(registered, udp());
        component.modified(configuration(Map.of("maxConnections", 1)));
        assertThat(registered.settings().maxConnections()).isEqualTo(1);
        assertThat(registered.count()).isEqualTo(1);
        send(registered, Packets.udp4("10.1.1.1", 1, "10.1.1.2", 2));
        assertThat(registered.count()).isEqualTo(1);
    }

    @Test
    void settingsThatAreWrongLeaveTheOnesBefore() {
        component.modified(configuration(Map.of("maxConnections", -5)));
        assertThat(registered.settings().maxConnections()).isEqualTo(100);
        component.modified(configuration(Map.of("maxConnections", 5)));
        assertThat(registered.settings().maxConnections()).isEqualTo(5);
    }

    @Test
    void settingsThatAreWrongFromTheStartLeaveTheDefaults() {
        component.deactivate();
        component = new TrackerComponent(context(), configuration(Map.of("zoneLimits", "nonsense")));
        assertThat(registered.settings()).isEqualTo(ConntrackSettings.DEFAULT);
    }

    @Test
    void whenItGoesTheTrackerIsUnregisteredAndNoThreadStays() {
        assertThat(sweepers()).isNotEmpty();
        component.deactivate();
        component = null;
        assertThat(unregistered).isTrue();
        assertThat(sweepers()).isEmpty();
    }

    private static List<String> sweepers() {
        return Thread.getAllStackTraces().keySet().stream().filter(Thread::isAlive).map(Thread::getName)
            .filter("trackway-sweep-live"::equals).toList();
    }

    @Test
    void aTrackerOfOnesOwnHasItsOwnNameSettingsClockAndConnections() {
        final long[] now = {5};
        final Conntrack own = component.create("own", ConntrackSettings.DEFAULT.withMaxConnections(2), () -> now[0]);
        send(own, udp());
        assertThat(own.name()).isEqualTo("own");
        assertThat(own.now()).isEqualTo(5);
        assertThat(own.settings().maxConnections()).isEqualTo(2);
        assertThat(own.count()).isEqualTo(1);
        assertThat(registered.count()).isZero();
    }

    @Test
    void helpersReachEveryTrackerInWhateverOrderTheyCome() {
        final ToyHelper toy = new ToyHelper();
        final Conntrack before = component.create("before", ConntrackSettings.DEFAULT, () -> 0);
        component.bindHelper(toy);
        final Conntrack after = component.create("after", ConntrackSettings.DEFAULT, () -> 0);
        assertThat(List.of(registered, before, after)).extracting(Conntrack::helpers).containsOnly(Set.of("toy"));
        component.unbindHelper(toy);
        assertThat(List.of(registered, before, after)).extracting(Conntrack::helpers).containsOnly(Set.of());
    }

    /** Guests that equal each other, as records do. */
    private record Counting(String name, AtomicInteger calls) implements ConnectionObserver, ConnectionHelper {
        @Override
        public void created(final ConnectionView connection, final Packet packet) {
            calls.incrementAndGet();
        }

        @Override
        public int protocol() {
            return IpProtocol.TCP;
        }

        @Override
        public Set<Integer> defaultPorts() {
            return Set.of();
        }

        @Override
        public void control(final ControlPacket packet) {
        }

        @Override
        public boolean equals(final Object other) {
            return other instanceof Counting;
        }

        @Override
        public int hashCode() {
            return 0;
        }
    }

    @Test
    void guestsThatEqualEachOtherComeAndGoEachForItself() {
        final Counting one = new Counting("one", new AtomicInteger());
        final Counting other = new Counting("other", new AtomicInteger());
        component.bindObserver(one);
        component.bindObserver(other);
        component.bindHelper(one);
        component.bindHelper(other);
        send(registered, Packets.udp4("10.1.1.1", 1, "10.1.1.2", 2));
        component.unbindObserver(other);
        component.unbindHelper(other);
        send(registered, Packets.udp4("10.1.1.1", 2, "10.1.1.2", 2));
        assertThat(one.calls()).hasValue(2);
        assertThat(other.calls()).hasValue(1);
        assertThat(component.create("own", ConntrackSettings.DEFAULT, () -> 0).helpers()).containsExactly("one");
        component.unbindObserver(one);
        component.unbindHelper(one);
        send(registered, Packets.udp4("10.1.1.1", 3, "10.1.1.2", 2));
        assertThat(one.calls()).hasValue(2);
    }

    @Test
    void observersAreToldOfTheLiveTrackerOnlyUntilTheyGo() {
        final List<Integer> ports = new ArrayList<>();
        final ConnectionObserver observer = new ConnectionObserver() {
            @Override
            public void created(final ConnectionView connection, final Packet packet) {
                final Connection shown = connection.snapshot();
                ports.add(shown.original().sourcePort());
            }
        };
        component.bindObserver(observer);
        send(registered, udp());
        send(component.create("own", ConntrackSettings.DEFAULT, () -> 0), Packets.udp4("10.1.1.1", 7, "10.1.1.2", 2));
        component.unbindObserver(observer);
        component.unbindObserver(observer);
        registered.flush(ConnectionFilter.ALL);
        send(registered, udp());
        assertThat(ports).containsExactly(1000);
    }
}
