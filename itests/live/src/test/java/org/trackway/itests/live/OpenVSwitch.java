// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.live;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Debian's Open vSwitch with its userspace datapath: a daemon and a database of this test's own in a namespace. */
final class OpenVSwitch implements Middlebox {

    private static final String BRIDGE = "br0";

    private final Network network;
    private final String namespace;
    private final Path folder;
    private final String database;
    private int ports;

    OpenVSwitch(final Network network, final String namespace) throws IOException {
        this.network = network;
        this.namespace = namespace;
        folder = Files.createDirectory(network.files().resolve("ovs"));
        database = "unix:" + folder.resolve("db");
        final String file = folder.resolve("conf.db").toString();
        network.in(namespace, "ovsdb-tool", "create", file, "/usr/share/openvswitch/vswitch.ovsschema");
        network.start(namespace, "ovsdb-server", file, "--remote=p" + database, unixctl("db"), "-vconsole:warn");
        Await.until("the database", () -> Files.exists(folder.resolve("db")));
        configure("--no-wait", "init");
        network.start(namespace, "env", "OVS_RUNDIR=" + folder, "ovs-vswitchd", database, "--disable-system",
            unixctl("vswitchd"), "-vconsole:warn");
        configure("add-br", BRIDGE, "--", "set", "bridge", BRIDGE, "datapath_type=netdev", "fail-mode=secure");
    }

    private String unixctl(final String daemon) {
        return "--unixctl=" + folder.resolve(daemon + ".ctl");
    }

    private void configure(final String... words) {
        final String[] command = new String[words.length + 2];
        command[0] = "ovs-vsctl";
        command[1] = "--db=" + database;
        System.arraycopy(words, 0, command, 2, words.length);
        network.in(namespace, command);
    }

    private String ask(final String... words) {
        final String[] command = new String[words.length + 3];
        command[0] = "ovs-appctl";
        command[1] = "-t";
        command[2] = folder.resolve("vswitchd.ctl").toString();
        System.arraycopy(words, 0, command, 3, words.length);
        return network.in(namespace, command);
    }

    @Override
    public OpenVSwitch attach(final String port, final String mac, final String... addresses) {
        ports++;
        configure("add-port", BRIDGE, port, "--", "set", "interface", port, "ofport_request=" + ports);
        return this;
    }

    @Override
    public void rules(final String text) throws IOException {
        final Path flows = Files.writeString(folder.resolve("flows"), text);
        network.in(namespace, "ovs-ofctl", "--bundle", "replace-flows", "unix:" + folder.resolve(BRIDGE + ".mgmt"),
            flows.toString());
    }

    @Override
    public List<String> connections() {
        return ask("dpctl/dump-conntrack").lines().toList();
    }

    @Override
    public void flush() {
        ask("dpctl/flush-conntrack");
    }

    @Override
    public boolean takesUnfinishedPackets() {
        return false;
    }

    @Override
    public void close() {
        // The daemons end with the network.
    }
}
