// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;
import org.trackway.datapath.Datapath;
import org.trackway.datapath.DatapathPort;

/**
 * Adds and removes ports of the live datapath where they are kept, in configurations {@value #PID}, so that they
 * survive a restart. Each is also a file beside the container's other ones, for people.
 */
final class PortSettings {

    /** The factory of the configurations, one a port. */
    static final String PID = "org.trackway.datapath.port";

    /** Where Karaf's watcher of files looks for the one that a configuration belongs to. */
    private static final String FILE_KEY = "felix.fileinstall.filename";
    private static final long PATIENCE_MS = 5000;
    private static final long POLL_MS = 10;

    private final ConfigurationAdmin configurations;
    private final Datapath live;
    private final Path folder;

    /**
     * Makes one.
     *
     * @param folder where the container keeps its configuration files
     */
    PortSettings(final ConfigurationAdmin configurations, final Datapath live, final Path folder) {
        this.configurations = configurations;
        this.live = live;
        this.folder = folder;
    }

    /**
     * Configures a port and waits until it is there.
     *
     * @param wait whether it may wait if it can't be opened now; else nothing stays of it
     * @return the port
     * @throws IllegalArgumentException if it is wrong or can't be opened
     * @throws IllegalStateException    if it is still being opened after some seconds
     */
    DatapathPort add(final String name, final String kind, final String number, final Map<String, String> options,
            final boolean wait) throws IOException {
        if (!name.matches("[A-Za-z0-9_.-]+")) {
            throw new IllegalArgumentException("'" + name + "' can't be the name of a port: give letters, digits, '_',"
                + " '.' and '-'");
        }
        if (find(name).isPresent()) {
            throw new IllegalArgumentException("there is a port '" + name + "' already");
        }
        final Map<String, String> settings = new TreeMap<>();
        settings.put("name", name);
        settings.put("kind", kind);
        settings.put("number", number == null ? lowestFree() : number);
        options.forEach((key, value) -> settings.put("option." + key, value));
        final Dictionary<String, Object> properties = new Hashtable<>(settings);
        properties.put(FILE_KEY, file(name).toUri().toString());
        final Configuration configuration = configurations.getFactoryConfiguration(PID, name, "?");
        configuration.update(properties);
        final DatapathPort port;
        try {
            port = await(name);
        } catch (final IllegalStateException e) {
            write(name, settings);
            throw e;
        }
        if (port.state() == DatapathPort.State.WAITING && !wait) {
            configuration.delete();
            throw new IllegalArgumentException(port.error().orElse("it can't be opened"));
        }
        write(name, settings);
        return port;
    }

    private String lowestFree() {
        final List<Integer> taken = live.ports().stream().map(DatapathPort::number).toList();
        int number = 1;
        while (taken.contains(number)) {
            number++;
        }
        return Integer.toString(number);
    }

    private Optional<DatapathPort> find(final String name) {
        return live.ports().stream().filter(port -> port.name().equals(name)).findFirst();
    }

    /** Configurations are delivered, and ports opened, by other threads. */
    private DatapathPort await(final String name) {
        final long end = System.nanoTime() + PATIENCE_MS * 1_000_000;
        while (true) {
            final Optional<DatapathPort> port = find(name);
            if (port.isPresent()
                    && (port.get().state() != DatapathPort.State.WAITING || port.get().error().isPresent())) {
                return port.get();
            }
            pause(end, "port " + name + " is still being opened: datapath:ports shows it");
        }
    }

    private static void pause(final long end, final String late) {
        if (System.nanoTime() - end > 0) {
            throw new IllegalStateException(late);
        }
        try {
            Thread.sleep(POLL_MS);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted: " + late, e);
        }
    }

    /**
     * Removes a port, and its configuration if it has one.
     *
     * @param nameOrNumber its name, or its number in decimal, or {@code LOCAL}
     * @return whether there was one
     */
    boolean remove(final String nameOrNumber) throws IOException {
        final Optional<DatapathPort> found = live.ports().stream().filter(port -> port.name().equals(nameOrNumber)
            || Integer.toString(port.number()).equals(nameOrNumber)
            || nameOrNumber.equals("LOCAL") && port.number() == Datapath.LOCAL_PORT).findFirst();
        if (found.isEmpty()) {
            return false;
        }
        final String name = found.get().name();
        final Optional<Configuration> configuration = configuration(name);
        if (configuration.isEmpty()) {
            return live.removePort(name);
        }
        final Object file = configuration.get().getProperties().get(FILE_KEY);
        configuration.get().delete();
        final long end = System.nanoTime() + PATIENCE_MS * 1_000_000;
        while (find(name).isPresent()) {
            pause(end, "port " + name + " is still being removed");
        }
        if (file != null) {
            // The watcher deletes only files that it has seen already, and would bring this one back.
            Files.deleteIfExists(Path.of(URI.create(file.toString())));
        }
        return true;
    }

    private Optional<Configuration> configuration(final String name) throws IOException {
        final Configuration[] found;
        try {
            found = configurations.listConfigurations("(&(service.factoryPid=" + PID + ")(name=" + name + "))");
        } catch (final InvalidSyntaxException impossible) {
            throw new IllegalStateException(impossible);
        }
        return found == null ? Optional.empty() : Optional.of(found[0]);
    }

    private Path file(final String name) {
        return folder.resolve(PID + "-" + name + ".cfg").toAbsolutePath();
    }

    private void write(final String name, final Map<String, String> settings) throws IOException {
        final List<String> lines = new ArrayList<>();
        lines.add("# A port of the live datapath. datapath:port-add wrote this, datapath:port-remove deletes it.");
        settings.forEach((key, value) -> lines.add(key + " = " + value.replace("\\", "\\\\")));
        Files.write(file(name), lines);
    }
}
