// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.live;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.OvsFormat;
import org.trackway.conntrack.core.Trackers;
import org.trackway.datapath.Datapath;
import org.trackway.datapath.DatapathPort;
import org.trackway.datapath.PrivateDatapath;
import org.trackway.datapath.core.DatapathFactoryComponent;
import org.trackway.datapath.core.PortFactories;
import org.trackway.datapath.core.Shortcuts;
import org.trackway.helper.ftp.FtpHelper;
import org.trackway.helper.tftp.TftpHelper;
import org.trackway.offload.Paths;
import org.trackway.port.afpacket.AfPacketPortFactory;

/** The product as it runs in the container, on interfaces of a namespace. */
final class Forwarder implements Middlebox {

    private final Network network;
    private final String namespace;
    private final Conntrack tracker;
    private final Shortcuts shortcuts = new Shortcuts();
    private final PrivateDatapath datapath;

    Forwarder(final Network network, final String namespace, final ConntrackSettings settings) {
        this.network = network;
        this.namespace = namespace;
        tracker = Trackers.make(settings, List.of(new FtpHelper(), new TftpHelper()));
        final PortFactories factories = new PortFactories();
        factories.bind(new AfPacketPortFactory());
        datapath = new DatapathFactoryComponent(factories, shortcuts).create("live", tracker);
        datapath.start();
    }

    Conntrack tracker() {
        return tracker;
    }

    Datapath datapath() {
        return datapath;
    }

    @Override
    public Forwarder attach(final String port, final String mac, final String... addresses) throws IOException {
        return port(port);
    }

    /** Has its paths taken. */
    Forwarder paths(final Paths taker) {
        shortcuts.bindPaths(taker);
        return this;
    }

    /** Adds an interface as a port of the same name. */
    Forwarder port(final String name, final String... options) throws IOException {
        final Map<String, String> settings = new HashMap<>(Map.of("netns", network.namespace(namespace)));
        for (final String option : options) {
            final int equals = option.indexOf('=');
            settings.put(option.substring(0, equals), option.substring(equals + 1));
        }
        datapath.openPort("afpacket", name, settings, OptionalInt.empty());
        return this;
    }

    Forwarder flows(final List<String> lines) {
        datapath.addFlows(lines, Datapath.Missing.REFUSE);
        return this;
    }

    @Override
    public void rules(final String text) {
        datapath.removeFlows("", false);
        flows(text.lines().toList());
    }

    /** Loads flows as they are shipped. */
    Forwarder sample(final String name) throws IOException {
        final Path samples = Path.of(System.getProperty("trackway.samples"));
        return flows(Files.readAllLines(samples.resolve(name + ".flows")));
    }

    DatapathPort state(final String port) {
        return datapath.ports().stream().filter(one -> one.name().equals(port)).findFirst().orElseThrow();
    }

    @Override
    public List<String> connections() {
        final List<String> lines = new ArrayList<>();
        tracker.forEach(ConnectionFilter.ALL, one -> lines.add(OvsFormat.connection(one, false, false)));
        return lines;
    }

    /** {@return what helpers expect, as {@code ovs-appctl dpctl/dump-conntrack-exp} prints it} */
    List<String> expectations(final OptionalInt zone) {
        return tracker.expectations(zone).stream().map(OvsFormat::expectation).toList();
    }

    @Override
    public void flush() {
        tracker.flush(ConnectionFilter.ALL);
    }

    @Override
    public boolean takesUnfinishedPackets() {
        return true;
    }

    @Override
    public void close() {
        datapath.close();
    }
}
