// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import java.util.List;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.trackway.conntrack.Conntrack;
import org.trackway.offload.Offload;
import org.trackway.offload.OffloadSettings;
import org.trackway.offload.OffloadState;
import org.trackway.offload.OffloadStory;
import org.trackway.offload.Path;
import org.trackway.offload.Paths;
import org.trackway.offload.ProviderStatus;
import org.trackway.offload.Verification;
import org.trackway.offload.spi.OffloadProvider;

/**
 * Publishes the {@link Manager} of the live tracker as {@link Offload} and {@link Paths}. Providers come and go and
 * settings change without this component being activated anew.
 */
@Component(service = {Offload.class, Paths.class}, immediate = true, configurationPid = OffloadComponent.PID)
@Designate(ocd = OffloadConfiguration.class)
public final class OffloadComponent implements Offload, Paths {

    static final String PID = "org.trackway.offload";
    private static final Logger LOG = LoggerFactory.getLogger(OffloadComponent.class);

    private final Manager manager;
    private final Paths paths;

    /** Makes the manager. */
    @Activate
    public OffloadComponent(@Reference(target = "(name=live)") final Conntrack conntrack,
            final OffloadConfiguration configuration) {
        manager = new Manager(conntrack, read(configuration, OffloadSettings.DEFAULT), OffloadComponent::thread);
        paths = manager.paths();
    }

    private static Thread thread(final String name, final Runnable body) {
        final Thread thread = new Thread(body, name);
        thread.setDaemon(true);
        return thread;
    }

    private static OffloadSettings read(final OffloadConfiguration configuration, final OffloadSettings before) {
        try {
            return OffloadConfiguration.Reader.settings(configuration);
        } catch (final IllegalArgumentException wrong) {
            LOG.warn("Configuration {} is not taken, the settings before it stay: {}", PID, wrong.getMessage());
            return before;
        }
    }

    @Modified
    void modified(final OffloadConfiguration configuration) {
        manager.settings(read(configuration, manager.settings()));
    }

    @Deactivate
    void deactivate() {
        manager.close();
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindProvider(final OffloadProvider provider) {
        manager.add(provider);
    }

    void unbindProvider(final OffloadProvider provider) {
        manager.remove(provider);
    }

    @Override
    public OffloadSettings settings() {
        return manager.settings();
    }

    @Override
    public List<ProviderStatus> providers() {
        return manager.providers();
    }

    @Override
    public OffloadState state(final long connectionId) {
        return manager.state(connectionId);
    }

    @Override
    public OffloadStory story(final long connectionId) {
        return manager.story(connectionId);
    }

    @Override
    public List<OffloadStory> held() {
        return manager.held();
    }

    @Override
    public long drain(final String provider, final long timeoutNs) {
        return manager.drain(provider, timeoutNs);
    }

    @Override
    public void resume(final String provider) {
        manager.resume(provider);
    }

    @Override
    public long flush(final String provider) {
        return manager.flush(provider);
    }

    @Override
    public Verification verify(final String provider, final long timeoutNs) {
        return manager.verify(provider, timeoutNs);
    }

    @Override
    public int wanted() {
        return paths.wanted();
    }

    @Override
    public boolean wants(final long connectionId, final boolean reply) {
        return paths.wants(connectionId, reply);
    }

    @Override
    public Offered offer(final Path path, final Listener listener) {
        return paths.offer(path, listener);
    }

    @Override
    public void refuse(final long connectionId, final boolean reply, final String reason) {
        paths.refuse(connectionId, reply, reason);
    }

    @Override
    public void changed() {
        paths.changed();
    }
}
