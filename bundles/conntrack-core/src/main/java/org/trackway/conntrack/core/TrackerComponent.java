// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import java.util.Collections;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongSupplier;
import org.osgi.annotation.bundle.Capability;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
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
import org.trackway.conntrack.ConntrackFactory;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.spi.ConnectionHelper;
import org.trackway.conntrack.spi.ConnectionObserver;

/**
 * Publishes the live tracker as {@link Conntrack} and itself as {@link ConntrackFactory}. Helpers reach every tracker,
 * observers the live one. Guests come and go and settings change without this component being activated anew: the
 * connections are in it.
 */
@Component(service = ConntrackFactory.class, immediate = true, configurationPid = TrackerComponent.PID)
@Designate(ocd = ConntrackConfiguration.class)
@Capability(namespace = "osgi.service", attribute = "objectClass:List<String>=\"org.trackway.conntrack.Conntrack\"")
public final class TrackerComponent implements ConntrackFactory {

    static final String PID = "org.trackway.conntrack";
    private static final Logger LOG = LoggerFactory.getLogger(TrackerComponent.class);

    private final Tracker live;
    private final Sweeper sweeper;
    private final ServiceRegistration<Conntrack> registration;
    private final List<ConnectionHelper> helpers = new CopyOnWriteArrayList<>();
    /** Trackers made for others, for as long as they use them. Guarded by itself, as is the order of helper changes. */
    private final Set<Tracker> others = Collections.newSetFromMap(new WeakHashMap<>());
    /** Guarded by itself. */
    private final Map<ConnectionObserver, Conntrack.Registration> observers = new IdentityHashMap<>();

    /** Makes the live tracker and publishes it. */
    @Activate
    public TrackerComponent(final BundleContext context, final ConntrackConfiguration configuration) {
        live = new Tracker("live", ConntrackSettings.DEFAULT, System::nanoTime);
        configure(configuration);
        sweeper = new Sweeper(live);
        final Dictionary<String, Object> properties = new Hashtable<>();
        properties.put("name", live.name());
        registration = context.registerService(Conntrack.class, live, properties);
        sweeper.start();
        LOG.info("Connection tracker '{}' is ready for {} connections.", live.name(),
            live.settings().maxConnections());
    }

    @Modified
    void modified(final ConntrackConfiguration configuration) {
        configure(configuration);
        sweeper.wake();
    }

    private void configure(final ConntrackConfiguration configuration) {
        try {
            live.settings(ConntrackConfiguration.Reader.settings(configuration));
        } catch (final IllegalArgumentException wrong) {
            LOG.warn("Configuration {} is not taken, the settings before it stay: {}", PID, wrong.getMessage());
        }
    }

    @Deactivate
    void deactivate() {
        registration.unregister();
        sweeper.stop();
        LOG.info("Connection tracker '{}' is gone, with {} connections.", live.name(), live.count());
    }

    @Override
    public Conntrack create(final String name, final ConntrackSettings settings, final LongSupplier clock) {
        final Tracker tracker = new Tracker(name, settings, clock);
        synchronized (others) {
            helpers.forEach(tracker::addHelper);
            others.add(tracker);
        }
        return tracker;
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindHelper(final ConnectionHelper helper) {
        synchronized (others) {
            helpers.add(helper);
            live.addHelper(helper);
            others.forEach(tracker -> tracker.addHelper(helper));
        }
    }

    void unbindHelper(final ConnectionHelper helper) {
        synchronized (others) {
            helpers.removeIf(bound -> bound == helper);
            live.removeHelper(helper);
            others.forEach(tracker -> tracker.removeHelper(helper));
        }
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindObserver(final ConnectionObserver observer) {
        synchronized (observers) {
            observers.put(observer, live.observe(observer));
        }
    }

    void unbindObserver(final ConnectionObserver observer) {
        final Conntrack.Registration observation;
        synchronized (observers) {
            observation = observers.remove(observer);
        }
        if (observation != null) {
            observation.close();
        }
    }
}
