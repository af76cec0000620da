// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Dictionary;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;
import org.trackway.datapath.Datapath;
import org.trackway.datapath.DatapathPort;
import org.trackway.datapath.DatapathPort.State;
import org.trackway.packet.Port;

/** Ports that are added and removed for good. */
class PortSettingsTest {

    @TempDir
    Path etc;

    private final List<DatapathPort> ports = new ArrayList<>();
    private final List<String> removedByName = new ArrayList<>();
    private Dictionary<String, Object> stored;
    /** Why the port can't be opened, null if it can. */
    private String problem;

    private static DatapathPort port(final int number, final String name, final String error) {
        return new DatapathPort(number, name, "pcap", error == null ? State.RUNNING : State.WAITING,
            Optional.ofNullable(error), new Port.Statistics(0, 0, 0, 0, 0));
    }

    /** A container with one configuration at most, which acts at once. */
    private PortSettings settings() {
        final ClassLoader loader = getClass().getClassLoader();
        final Configuration configuration = (Configuration) Proxy.newProxyInstance(loader,
            new Class<?>[] {Configuration.class}, (proxy, method, arguments) -> {
                switch (method.getName()) {
                    case "getProperties":
                        return stored;
                    case "delete":
                        ports.removeIf(port -> port.name().equals(stored.get("name")));
                        stored = null;
                        return null;
                    default:
                        @SuppressWarnings("unchecked")
                        final Dictionary<String, Object> updated = (Dictionary<String, Object>) arguments[0];
                        stored = updated;
                        ports.add(port(Integer.parseInt(stored.get("number").toString()),
                            stored.get("name").toString(), problem));
                        return null;
                }
            });
        final ConfigurationAdmin admin = (ConfigurationAdmin) Proxy.newProxyInstance(loader,
            new Class<?>[] {ConfigurationAdmin.class}, (proxy, method, arguments) -> {
                if (method.getName().equals("listConfigurations")) {
                    final boolean asked = stored != null && arguments[0].equals(
                        "(&(service.factoryPid=org.trackway.datapath.port)(name=" + stored.get("name") + "))");
                    return asked ? new Configuration[] {configuration} : null;
                }
                assertThat(arguments).containsExactly("org.trackway.datapath.port", "lan", "?");
                return configuration;
            });
        final Datapath live = (Datapath) Proxy.newProxyInstance(loader, new Class<?>[] {Datapath.class},
            (proxy, method, arguments) -> {
                if (method.getName().equals("ports")) {
                    return List.copyOf(ports);
                }
                removedByName.add(arguments[0].toString());
                return true;
            });
        return new PortSettings(admin, live, etc);
    }

    @Test
    void aPortIsAConfigurationAndAFile() throws IOException {
        ports.add(port(1, "other", null));
        final DatapathPort added = settings().add("lan", "pcap", null, Map.of("file", "C:\\a.pcap"), false);

        assertThat(added.number()).as("the lowest free one").isEqualTo(2);
        final Path file = etc.resolve("org.trackway.datapath.port-lan.cfg");
        assertThat(stored.get("option.file")).isEqualTo("C:\\a.pcap");
        assertThat(stored.get("felix.fileinstall.filename")).isEqualTo(file.toUri().toString());
        assertThat(Files.readAllLines(file)).contains("kind = pcap", "name = lan", "number = 2",
            "option.file = C:\\\\a.pcap");

        assertThat(settings().remove("2")).isTrue();
        assertThat(stored).isNull();
        assertThat(file).doesNotExist();
        assertThat(removedByName).isEmpty();
    }

    @Test
    void nothingStaysOfAPortThatCannotBeOpenedUnlessItMayWait() throws IOException {
        problem = "no such file";
        assertThatThrownBy(() -> settings().add("lan", "pcap", null, Map.of(), false)).hasMessage("no such file");
        assertThat(stored).isNull();
        assertThat(etc).isEmptyDirectory();

        assertThat(settings().add("lan", "pcap", "5", Map.of(), true).error()).contains("no such file");
        assertThat(stored.get("number")).isEqualTo("5");
    }

    @Test
    void namesThatAreTakenOrWouldLeaveTheFolderAreRefused() {
        ports.add(port(1, "other", null));
        assertThatThrownBy(() -> settings().add("other", "pcap", null, Map.of(), true))
            .hasMessage("there is a port 'other' already");
        assertThatThrownBy(() -> settings().add("../x", "pcap", null, Map.of(), true))
            .hasMessageStartingWith("'../x' can't be the name of a port");
        assertThat(stored).isNull();
    }

    @Test
    void portsOfProgramsGoWithoutAConfiguration() throws IOException {
        ports.add(port(Datapath.LOCAL_PORT, "other", null));
        assertThat(settings().remove("LOCAL")).isTrue();
        assertThat(removedByName).containsExactly("other");
        assertThat(settings().remove("7")).isFalse();
    }
}
