// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.trackway.datapath.DatapathPort;
import org.trackway.datapath.DatapathPort.State;
import org.trackway.packet.Port;
import org.trackway.packet.PortFactory;

/** Ports that a configuration asks for: open when they can be, shown with the reason when not. */
@Timeout(30)
class ConfiguredPortTest {

    @TempDir
    Path base;

    private final FakeFactory fake = new FakeFactory();
    private LiveDatapath live;

    /** Opens ports of kind fake, when the test lets it. */
    private static final class FakeFactory implements PortFactory {

        private final List<FakePort> opened = new ArrayList<>();
        private final List<Map<String, String>> options = new ArrayList<>();
        private String problem;
        private CountDownLatch cable = new CountDownLatch(0);

        @Override
        public String kind() {
            return "fake";
        }

        @Override
        public Map<String, String> options() {
            return Map.of();
        }

        @Override
        public Port open(final String name, final Map<String, String> given) throws IOException {
            try {
                cable.await();
            } catch (final InterruptedException e) {
                throw new IOException(e);
            }
            synchronized (this) {
                if (problem != null) {
                    throw new IOException(problem);
                }
                final FakePort port = new FakePort(name).endless();
                opened.add(port);
                options.add(given);
                return port;
            }
        }

        synchronized void problem(final String now) {
            problem = now;
        }

        synchronized List<FakePort> opened() {
            return List.copyOf(opened);
        }
    }

    @BeforeEach
    void start() {
        live = new LiveDatapath(base, new FakeConntrack(), new PortFactories(), new Shortcuts());
        live.activate(LiveDatapathTest.setting(""));
    }

    @AfterEach
    void stop() {
        live.deactivate();
    }

    private ConfiguredPort configure(final String name, final String kind, final String number) {
        final ConfiguredPort port = new ConfiguredPort(new PortSettings(name, kind, number, Map.of("key", "value")));
        live.bindPort(port);
        return port;
    }

    /** Waits until a port is shown in a state, and with this reason. */
    private DatapathPort await(final String name, final State state, final String error) throws InterruptedException {
        while (true) {
            for (final DatapathPort port : live.ports()) {
                if (port.name().equals(name) && port.state() == state
                        && (error == null ? port.error().isEmpty() : port.error().equals(Optional.of(error)))) {
                    return port;
                }
            }
            spin();
        }
    }

    private static void spin() throws InterruptedException {
        Thread.onSpinWait();
        if (Thread.interrupted()) {
            throw new InterruptedException("it takes too long");
        }
    }

    @Test
    void aPortWaitsForItsKindAndGoesBackToWaitingWhenThatGoes() throws Exception {
        final ConfiguredPort port = configure("lan", "fake", "7");
        assertThat(await("lan", State.WAITING, "there are no ports of kind 'fake' now").number()).isEqualTo(7);

        port.bindKind(fake);
        assertThat(await("lan", State.RUNNING, null).number()).isEqualTo(7);
        assertThat(fake.options).containsExactly(Map.of("key", "value"));

        port.unbindKind(fake);
        await("lan", State.WAITING, "there are no ports of kind 'fake' now");
        assertThat(fake.opened().get(0).isClosed()).isTrue();
        assertThat(live.ports()).hasSize(1);
        port.bindKind(fake);
        await("lan", State.RUNNING, null);
    }

    @Test
    void aPortThatCannotBeOpenedIsTriedAgainWhenItsConfigurationChanges() throws Exception {
        fake.problem("no such interface");
        final ConfiguredPort port = configure("lan", "fake", "");
        port.bindKind(fake);
        assertThat(await("lan", State.WAITING, "no such interface").number()).isZero();

        fake.problem(null);
        port.change(new PortSettings("lan", "fake", "3", Map.of()));
        assertThat(await("lan", State.RUNNING, null).number()).isEqualTo(3);
        port.change(new PortSettings("lan", "fake", "3", Map.of()));
        assertThat(fake.opened()).as("nothing changed").hasSize(1);
        port.change(new PortSettings("wan", "fake", "LOCAL", Map.of()));
        assertThat(await("wan", State.RUNNING, null).number()).isEqualTo(65534);
        assertThat(fake.opened().get(0).isClosed()).isTrue();
        assertThat(live.ports()).hasSize(1);
    }

    @Test
    void aNumberThatIsTakenIsWaitedFor() throws Exception {
        live.addPort(new FakePort("other"), OptionalInt.of(1));
        configure("lan", "fake", "1").bindKind(fake);
        await("lan", State.WAITING, "there is a port number 1 already");
        assertThat(fake.opened().get(0).isClosed()).isTrue();
        live.removePort("other");
        assertThat(await("lan", State.RUNNING, null).number()).isEqualTo(1);
    }

    @Test
    void theNumberOfAWaitingPortIsKeptForIt() throws Exception {
        configure("lan", "fake", "1");
        assertThat(live.addPort(new FakePort("other"), OptionalInt.empty()).number()).isEqualTo(2);
    }

    @Test
    void wrongNumbersAndNamesAreSaid() throws Exception {
        configure("lan", "fake", "x").bindKind(fake);
        await("lan", State.WAITING, "number 'x' is not in 1 to 65279, nor LOCAL");
        configure("flood", "fake", "").bindKind(fake);
        await("flood", State.WAITING, "'flood' can't be the name of a port: give letters, digits, '_', '.' and '-', not"
            + " a number and not a word of the flow language");
    }

    @Test
    void whatOpensTooLateIsClosed() throws Exception {
        fake.cable = new CountDownLatch(1);
        final ConfiguredPort port = configure("lan", "fake", "1");
        port.bindKind(fake);
        assertThat(await("lan", State.WAITING, null).error()).as("it is being opened").isEmpty();
        live.unbindPort(port);
        assertThat(live.ports()).isEmpty();
        fake.cable.countDown();
        while (fake.opened().isEmpty() || !fake.opened().get(0).isClosed()) {
            spin();
        }
        assertThat(live.ports()).isEmpty();
    }

    @Test
    void optionsAreTheKeysThatSaySo() {
        final Map<String, Object> properties = new HashMap<>(Map.of("name", " lan ", "option.file", "/tmp/a.pcap",
            "option.follow", true, "service.pid", "x"));
        final PortConfiguration configuration = new PortConfiguration() {
            @Override
            public String name() {
                return " lan ";
            }

            @Override
            public String kind() {
                return "pcap";
            }

            @Override
            public String number() {
                return "";
            }

            @Override
            public Class<PortConfiguration> annotationType() {
                return PortConfiguration.class;
            }
        };
        assertThat(PortSettings.of(configuration, properties)).isEqualTo(
            new PortSettings("lan", "pcap", "", Map.of("file", "/tmp/a.pcap", "follow", "true")));
    }
}
