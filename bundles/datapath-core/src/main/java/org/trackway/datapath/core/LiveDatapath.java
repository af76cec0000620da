// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.osgi.framework.BundleContext;
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
import org.trackway.datapath.Datapath;
import org.trackway.datapath.DatapathPort;
import org.trackway.datapath.FlowException;
import org.trackway.datapath.SavedFlows;

/**
 * The container's own datapath, on the container's own tracker, with the flows that were saved and the ports that are
 * configured. Settings, ports and kinds of ports come and go without it being activated anew: the flows are in it.
 */
@Component(service = {Datapath.class, SavedFlows.class}, immediate = true, configurationPid = LiveDatapath.PID,
    property = Datapath.NAME_PROPERTY + "=" + Datapath.LIVE)
@Designate(ocd = DatapathConfiguration.class)
public final class LiveDatapath extends TableDatapath implements SavedFlows {

    static final String PID = "org.trackway.datapath";

    private static final Logger LOG = LoggerFactory.getLogger(LiveDatapath.class);

    private final Path base;
    private final List<ConfiguredPort> configured = new CopyOnWriteArrayList<>();
    /** Held while saved flows are changed and written, so that the file is what is in force. Not for packet threads. */
    private final Object saving = new Object();
    /** Where flows are saved, null if they are not. */
    private FlowFile file;
    /** Whether the file is there and could not be taken, so that it is not to be lost when flows are saved. */
    private boolean broken;

    /** Makes the datapath; its threads start with {@link #activate}. */
    @Activate
    public LiveDatapath(final BundleContext context, @Reference(target = "(name=live)") final Conntrack conntrack,
            @Reference final PortFactories factories, @Reference final Shortcuts shortcuts) {
        this(Path.of(Optional.ofNullable(context.getProperty("karaf.base")).orElse("")), conntrack, factories,
            shortcuts);
    }

    /** As above; paths that are relative are so to a folder. */
    LiveDatapath(final Path base, final Conntrack conntrack, final PortFactories factories,
            final Shortcuts shortcuts) {
        super(LIVE, conntrack, factories, shortcuts);
        this.base = base.toAbsolutePath();
    }

    @Activate
    void activate(final DatapathConfiguration configuration) {
        load(configuration.flows());
        start();
        LOG.info("Datapath '{}' is ready.", name());
    }

    @Modified
    void modified(final DatapathConfiguration configuration) {
        load(configuration.flows());
    }

    @Deactivate
    void deactivate() {
        close();
        LOG.info("Datapath '{}' is gone.", name());
    }

    // ---- saved flows ----

    /** Takes the flows of the file that a setting names, if it names another than before. */
    private void load(final String setting) {
        synchronized (saving) {
            final FlowFile before = file;
            file = setting.isBlank() ? null : new FlowFile(base.resolve(setting.trim()));
            if (file == null || before != null && before.path.equals(file.path)) {
                return;
            }
            broken = true;
            try {
                final int count = replaceSavedFlows(file.read());
                broken = false;
                LOG.info("Datapath '{}' has {} saved flows, of {}.", name(), count, file);
            } catch (final IOException | FlowException e) {
                LOG.warn("No flow of {} is loaded: {}", file, e.getMessage());
            }
        }
    }

    @Override
    public void add(final String text, final Missing missing) throws IOException {
        synchronized (saving) {
            addFlow(text, missing, true);
            save();
        }
    }

    @Override
    public int addAll(final List<String> lines, final Missing missing) throws IOException {
        synchronized (saving) {
            final int count = addFlows(lines, missing, true);
            save();
            return count;
        }
    }

    @Override
    public int remove(final String match, final boolean strict) throws IOException {
        synchronized (saving) {
            final int count = removeFlows(match, strict);
            save();
            return count;
        }
    }

    private void save() throws IOException {
        if (file == null) {
            return;
        }
        try {
            if (broken) {
                LOG.warn("{} is {} now, because flows are saved there", file, file.putAside());
                broken = false;
            }
            file.write(savedFlows());
        } catch (final IOException e) {
            throw new IOException("this is in force, but will be lost: " + file + " can't be written (" + e + ")", e);
        }
    }

    // ---- configured ports ----

    /** Takes a port that is configured. */
    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindPort(final ConfiguredPort port) {
        configured.add(port);
        port.attach(this);
    }

    /** Gives up a port that is not configured any more. */
    void unbindPort(final ConfiguredPort port) {
        configured.remove(port);
        port.detach();
    }

    @Override
    boolean isNumberKept(final int number) {
        return configured.stream().flatMap(port -> port.waiting().stream()).anyMatch(port -> port.number() == number);
    }

    @Override
    public boolean removePort(final String nameOrNumber) {
        final boolean removed = super.removePort(nameOrNumber);
        // Its name or number may be what one of these waits for.
        configured.forEach(ConfiguredPort::open);
        return removed;
    }

    @Override
    public List<DatapathPort> ports() {
        final List<DatapathPort> waiting = configured.stream().flatMap(port -> port.waiting().stream())
            .sorted(Comparator.comparing(DatapathPort::name)).toList();
        final List<DatapathPort> ports = new ArrayList<>(super.ports());
        // One that was being opened may be there by now.
        final Set<String> names = ports.stream().map(DatapathPort::name).collect(Collectors.toSet());
        waiting.stream().filter(port -> port.error().isPresent() || !names.contains(port.name())).forEach(ports::add);
        return List.copyOf(ports);
    }
}
