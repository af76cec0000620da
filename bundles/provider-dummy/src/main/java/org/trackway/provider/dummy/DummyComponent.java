// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.dummy;

import java.util.Map;
import java.util.SplittableRandom;
import org.osgi.annotation.bundle.Capability;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.trackway.offload.spi.OffloadProvider;
import org.trackway.packet.FastPath;

/**
 * One simulated card for each configuration, or one alone without any. Publishes it itself, so that a changed setting
 * leaves the service where it is. Only a changed name or mode makes another card, as if one was pulled and another
 * plugged in.
 */
@Component(service = {}, configurationPid = DummyComponent.PID, configurationPolicy = ConfigurationPolicy.OPTIONAL)
@Designate(ocd = DummyConfiguration.class, factory = true)
@Capability(namespace = "osgi.service",
    attribute = "objectClass:List<String>=\"org.trackway.offload.spi.OffloadProvider\"")
public final class DummyComponent {

    static final String PID = "org.trackway.provider.dummy";
    private static final Logger LOG = LoggerFactory.getLogger(DummyComponent.class);

    private final BundleContext context;
    /** The card, null as long as its configuration was never right. */
    private DummyProvider provider;
    private ServiceRegistration<?> registration;

    /** Plugs the card in. */
    @Activate
    public DummyComponent(final BundleContext context, final DummyConfiguration configuration,
            final Map<String, Object> properties) {
        this.context = context;
        modified(configuration, properties);
    }

    @Modified
    synchronized void modified(final DummyConfiguration configuration, final Map<String, Object> properties) {
        final DummySettings settings;
        try {
            settings = DummySettings.of(configuration, properties);
        } catch (final IllegalArgumentException wrong) {
            LOG.warn("Configuration {} is not taken, the settings before it stay: {}", properties.get("service.pid"),
                wrong.getMessage());
            return;
        }
        if (provider != null && provider.name().equals(settings.name())
                && provider.settings().forwards() == settings.forwards()) {
            provider.settings(settings);
            return;
        }
        deactivate();
        provider = new DummyProvider(settings, System::nanoTime, new SplittableRandom());
        final String[] services = settings.forwards()
            ? new String[] {OffloadProvider.class.getName(), FastPath.class.getName()}
            : new String[] {OffloadProvider.class.getName()};
        registration = context.registerService(services, provider, null);
        LOG.info("Simulated card '{}' is plugged in, with room for {}.", settings.name(),
            settings.capabilities().capacity());
    }

    @Deactivate
    synchronized void deactivate() {
        if (provider != null) {
            registration.unregister();
            provider.close();
            LOG.info("Simulated card '{}' is gone.", provider.name());
            provider = null;
        }
    }
}
