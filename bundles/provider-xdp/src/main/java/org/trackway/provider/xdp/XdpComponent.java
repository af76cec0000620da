// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.xdp;

import com.sun.jna.Native;
import com.sun.jna.Platform;
import java.io.IOException;
import org.osgi.annotation.bundle.Capability;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.trackway.offload.spi.OffloadProvider;

/**
 * Publishes the provider where this machine can do it; where it can't, the log says what is missing. A change of
 * settings makes a new provider: that is how a provider changes without a connection being lost.
 */
@Component(service = {}, immediate = true, configurationPid = XdpComponent.PID)
@Designate(ocd = XdpConfiguration.class)
@Capability(namespace = "osgi.service",
    attribute = "objectClass:List<String>=\"org.trackway.offload.spi.OffloadProvider\"")
public final class XdpComponent {

    static final String PID = "org.trackway.provider.xdp";

    private static final Logger LOG = LoggerFactory.getLogger(XdpComponent.class);

    private final BundleContext context;
    private XdpSettings settings;
    private XdpProvider provider;
    private ServiceRegistration<OffloadProvider> registration;

    /** Makes the provider and publishes it. */
    @Activate
    public XdpComponent(final BundleContext context, final XdpConfiguration configuration) {
        this.context = context;
        modified(configuration);
    }

    @Modified
    void modified(final XdpConfiguration configuration) {
        final XdpSettings changed;
        try {
            changed = XdpSettings.of(configuration);
        } catch (final IllegalArgumentException wrong) {
            LOG.warn("Configuration {} is not taken: {}", PID, wrong.getMessage());
            return;
        }
        close();
        settings = changed;
        open();
    }

    private void open() {
        try {
            if (!Platform.isLinux() || Native.POINTER_SIZE != Long.BYTES) {
                throw new IOException("XDP needs Linux on a 64-bit machine, this is " + System.getProperty("os.name")
                    + " on " + System.getProperty("os.arch"));
            }
            LibC.register();
            provider = new XdpProvider(settings);
            registration = context.registerService(OffloadProvider.class, provider, null);
            LOG.info("XDP provider '{}' is ready for {} paths.", settings.name(), settings.capacity());
        } catch (final IOException missing) {
            LOG.warn("There is no XDP provider: {}", missing.getMessage());
        } catch (final LinkageError missing) {
            LOG.warn("There is no XDP provider: the native part of JNA can't be loaded: {}", missing.getMessage());
        }
    }

    @Deactivate
    void close() {
        if (provider != null) {
            registration.unregister();
            provider.close();
            provider = null;
            LOG.info("XDP provider '{}' is gone.", settings.name());
        }
        LibC.unregister();
    }
}
