// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.trackway.datapath.Datapath;
import org.trackway.datapath.DatapathPort;
import org.trackway.packet.Port;
import org.trackway.packet.PortFactory;

/**
 * A port of the live datapath that a configuration asks for. It is opened as soon as it can be, and tried again when
 * its kind comes, when its configuration changes, and when another port goes. Opening may take long (a pipe waits for
 * its other end), so each try has a thread of its own; whatever it opens too late is closed again.
 */
@Component(service = ConfiguredPort.class, configurationPid = ConfiguredPort.PID,
    configurationPolicy = ConfigurationPolicy.REQUIRE)
@Designate(ocd = PortConfiguration.class, factory = true)
public final class ConfiguredPort {

    static final String PID = "org.trackway.datapath.port";

    private static final Logger LOG = LoggerFactory.getLogger(ConfiguredPort.class);
    private static final Port.Statistics NOTHING = new Port.Statistics(0, 0, 0, 0, 0);

    private final Map<String, PortFactory> kinds = new HashMap<>();
    private PortSettings settings;
    /** Where the port belongs, null while that is not there. */
    private Datapath datapath;
    /** The port in the datapath, null while it waits. */
    private Port open;
    /** Counts tries and what makes a try outdated. */
    private int tries;
    /** Whether the last try is not over. */
    private boolean trying;
    /** How it is shown while it waits, null while it is open. */
    private volatile DatapathPort waiting;

    /** Takes the configuration. */
    @Activate
    public ConfiguredPort(final PortConfiguration configuration, final Map<String, Object> properties) {
        this(PortSettings.of(configuration, properties));
    }

    ConfiguredPort(final PortSettings settings) {
        this.settings = settings;
        waits(null);
    }

    @Modified
    void modified(final PortConfiguration configuration, final Map<String, Object> properties) {
        change(PortSettings.of(configuration, properties));
    }

    void change(final PortSettings changed) {
        synchronized (this) {
            if (changed.equals(settings)) {
                return;
            }
            settings = changed;
        }
        close();
        open();
    }

    @Deactivate
    void close() {
        final Port gone;
        final Datapath from;
        synchronized (this) {
            tries++;
            trying = false;
            gone = open;
            from = datapath;
            open = null;
            waits(null);
        }
        if (gone != null) {
            // Not under the lock: it waits for the port's thread.
            from.removePort(gone.name());
        }
    }

    /** Takes note of a kind that has come. */
    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC,
        policyOption = ReferencePolicyOption.GREEDY)
    void bindKind(final PortFactory factory) {
        synchronized (this) {
            kinds.put(factory.kind(), factory);
        }
        open();
    }

    /** Takes note of a kind that goes. */
    void unbindKind(final PortFactory factory) {
        final boolean mine;
        synchronized (this) {
            kinds.remove(factory.kind(), factory);
            mine = factory.kind().equals(settings.kind());
        }
        if (mine) {
            close();
            open();
        }
    }

    /** Gives it the datapath that it belongs to. */
    void attach(final Datapath to) {
        synchronized (this) {
            datapath = to;
        }
        open();
    }

    /** Takes it out of its datapath. */
    void detach() {
        close();
        synchronized (this) {
            datapath = null;
        }
    }

    /** Opens it if it waits. */
    synchronized void open() {
        if (datapath == null || open != null || trying) {
            return;
        }
        final PortFactory factory = kinds.get(settings.kind());
        if (factory == null) {
            waits("there are no ports of kind '" + settings.kind() + "' now");
            return;
        }
        final int number = ++tries;
        final PortSettings wanted = settings;
        trying = true;
        waits(null);
        final Thread thread = new Thread(() -> tryOpen(number, factory, wanted), "trackway-open-" + wanted.name());
        thread.setDaemon(true);
        thread.start();
    }

    private void tryOpen(final int number, final PortFactory factory, final PortSettings wanted) {
        final Port port;
        try {
            wanted.wantedNumber();
            port = factory.open(wanted.name(), wanted.options());
        } catch (final IOException | RuntimeException failure) {
            fail(number, failure);
            return;
        }
        if (!take(number, port)) {
            try {
                port.close();
            } catch (final IOException e) {
                LOG.warn("Port {} did not close well: {}", wanted.name(), e.getMessage());
            }
        }
    }

    /** {@return whether the port is in the datapath now; not if it came too late or its name or number is taken} */
    private synchronized boolean take(final int number, final Port port) {
        if (number != tries) {
            return false;
        }
        try {
            datapath.addPort(port, settings.wantedNumber());
        } catch (final IllegalArgumentException taken) {
            fail(number, taken);
            return false;
        }
        open = port;
        trying = false;
        waiting = null;
        return true;
    }

    private synchronized void fail(final int number, final Exception failure) {
        if (number == tries) {
            final String reason = failure.getMessage() == null ? failure.toString() : failure.getMessage();
            trying = false;
            waits(reason);
            LOG.warn("Port {} waits: {}", settings.name(), reason);
        }
    }

    private void waits(final String reason) {
        int number;
        try {
            number = settings.wantedNumber().orElse(0);
        } catch (final IllegalArgumentException wrong) {
            number = 0;
        }
        waiting = new DatapathPort(number, settings.name(), settings.kind(), DatapathPort.State.WAITING,
            Optional.ofNullable(reason), NOTHING);
    }

    /** {@return how it is shown while it waits; empty while it is open} */
    Optional<DatapathPort> waiting() {
        return Optional.ofNullable(waiting);
    }
}
