// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.dummy;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.trackway.offload.spi.OffloadProvider;

/** Configurations come and change while the card stays where it is. */
class DummyComponentTest {

    /** What was registered and unregistered, in order. */
    private final List<String> happened = new ArrayList<>();
    private OffloadProvider registered;

    private final BundleContext context = (BundleContext) Proxy.newProxyInstance(getClass().getClassLoader(),
        new Class<?>[] {BundleContext.class}, (proxy, method, arguments) -> {
            registered = (OffloadProvider) arguments[1];
            final String name = registered.name();
            happened.add("+" + name + " " + ((String[]) arguments[0]).length);
            return Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] {ServiceRegistration.class},
                (registration, unregister, none) -> happened.add("-" + name));
        });

    private DummyComponent component;

    private void configure(final Map<String, Object> values) {
        if (component == null) {
            component = new DummyComponent(context, Cards.configuration(values), values);
        } else {
            component.modified(Cards.configuration(values), values);
        }
    }

    @Test
    void withoutConfigurationThereIsOneCardThatForwards() {
        configure(Map.of());
        assertThat(happened).containsExactly("+dummy 2");
        component.deactivate();
        assertThat(happened).containsExactly("+dummy 2", "-dummy");
    }

    @Test
    void aChangedSettingLeavesTheServiceWhereItIs() {
        configure(Map.of());
        configure(Map.of("capacity", 7, "priority", 3));
        assertThat(happened).containsExactly("+dummy 2");
        assertThat(registered.capabilities().capacity()).isEqualTo(7);
        assertThat(registered.priority()).isEqualTo(3);
    }

    @Test
    void anotherNameOrModeIsAnotherCard() {
        configure(Map.of());
        configure(Map.of("name", "nic"));
        configure(Map.of("name", "nic", "mode", "tracks"));
        assertThat(happened).containsExactly("+dummy 2", "-dummy", "+nic 2", "-nic", "+nic 1");
    }

    @Test
    void aWrongConfigurationChangesNothing() {
        configure(Map.of("capacity", 0));
        assertThat(happened).isEmpty();
        component.deactivate();
        configure(Map.of("capacity", 5));
        configure(Map.of("capacity", 0));
        assertThat(happened).containsExactly("+dummy 2");
        assertThat(registered.capabilities().capacity()).isEqualTo(5);
    }
}
