// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;
import org.trackway.conntrack.TcpState;
import org.trackway.offload.OffloadSettings;
import org.trackway.offload.OffloadState;
import org.trackway.offload.OffloadStory;
import org.trackway.offload.ProviderStatus;

/** What the commands of scope offload print, refuse and set. */
class OffloadCommandsTest {

    private final FakeTracker tracker = new FakeTracker();
    private final FakeOffload offload = new FakeOffload();
    private final List<String> borrowed = new ArrayList<>();
    private boolean installed = true;
    private Dictionary<String, Object> stored = new Hashtable<>();
    private OffloadSettings delivered = OffloadSettings.DEFAULT;

    @BeforeEach
    void fill() {
        tracker.connections.add(Connections.tcp(TcpState.ESTABLISHED, "10.1.1.1", 1000, "10.1.1.2", 80).id(8)
            .offloaded().make());
        tracker.connections.add(Connections.udp("10.1.1.1", 2000, "10.1.1.2", 53).id(12).zone(5).make());
        offload.story(8, "nic", OffloadState.ESTABLISHED, true, true, "");
        offload.story(8, "old", OffloadState.NONE, false, false, "it is full");
    }

    /** A framework whose only service is the manager, if that is installed. */
    private BundleContext framework() {
        final ServiceReference<?> reference = proxy(ServiceReference.class, (name, arguments) -> null);
        return proxy(BundleContext.class, (name, arguments) -> switch (name) {
            case "getServiceReference" -> installed ? reference : null;
            case "getService" -> {
                borrowed.add("taken");
                yield offload;
            }
            case "ungetService" -> {
                borrowed.add("given back");
                yield true;
            }
            default -> throw new UnsupportedOperationException(name);
        });
    }

    /** A configuration admin that keeps what is stored and delivers what the test says. */
    private ConfigurationAdmin configurations() {
        final Configuration configuration = proxy(Configuration.class, (name, arguments) -> {
            if (name.equals("update")) {
                @SuppressWarnings("unchecked")
                final Dictionary<String, Object> updated = (Dictionary<String, Object>) arguments[0];
                stored = updated;
                offload.settings = delivered;
                return null;
            }
            return stored;
        });
        return proxy(ConfigurationAdmin.class, (name, arguments) -> configuration);
    }

    private interface Call {
        Object answer(String name, Object[] arguments);
    }

    private static <T> T proxy(final Class<T> type, final Call call) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type},
            (proxy, method, arguments) -> call.answer(method.getName(), arguments)));
    }

    private String print(final OffloadCommand command) throws IOException {
        command.context = framework();
        command.live = tracker;
        final Printed printed = Printed.pipe();
        command.run(printed.console());
        return printed.text();
    }

    private String list(final OffloadListCommand command) throws IOException {
        command.context = framework();
        command.live = tracker;
        final Printed printed = Printed.pipe();
        command.run(printed.console());
        return printed.text();
    }

    private String why(final String... words) throws IOException {
        final OffloadWhyCommand command = new OffloadWhyCommand();
        command.words = List.of(words);
        return print(command);
    }

    @Test
    void whatIsNotInstalledIsSaidInOneLine() {
        installed = false;
        assertThatThrownBy(() -> print(new OffloadProvidersCommand()))
            .hasMessage("offload is not installed: feature:install trackway-offload");
        assertThatThrownBy(() -> list(new OffloadListCommand()))
            .hasMessage("offload is not installed: feature:install trackway-offload");
    }

    @Test
    void theServiceIsGivenBackWhateverHappens() throws IOException {
        why("8");
        assertThatThrownBy(() -> why("99"));
        assertThat(borrowed).containsExactly("taken", "given back", "taken", "given back");
    }

    @Test
    void whyIsOneLine() throws IOException {
        assertThat(why("8")).isEqualTo("8  tcp 10.1.1.1:1000 > 10.1.1.2:80  in hardware: nic forwards both directions "
            + "(for 1.00 s); old: it is full (for 1.00 s)\n");
    }

    @Test
    void whySaysWhatEveryStateMeans() throws IOException {
        assertThat(why("12")).isEqualTo("12  udp 10.1.1.1:2000 > 10.1.1.2:53  zone 5  in software\n");
        offload.stories.put(12L, new OffloadStory(12, "udp is not offloaded", List.of()));
        assertThat(why("12")).endsWith("in software: udp is not offloaded\n");
        offload.stories.remove(12L);
        offload.story(12, "nic", OffloadState.ADDED, false, false, "");
        assertThat(why("12")).endsWith("in software, known to hardware: nic forwards nothing yet (for 1.00 s)\n");
        offload.stories.remove(12L);
        offload.story(12, "nic", OffloadState.ESTABLISHED, true, false, "the reply direction meets group 7");
        assertThat(why("12")).endsWith(
            "half in hardware: nic forwards the original direction, the reply direction meets group 7 (for 1.00 s)\n");
        offload.stories.remove(12L);
        offload.story(12, "nic", OffloadState.NONE, false, false, "");
        assertThat(why("12")).endsWith("in software: nic does not hold it (for 1.00 s)\n");
    }

    @Test
    void whyTakesTuplesAndZones() throws IOException {
        assertThat(why("zone=5", "ct_nw_src=10.1.1.1,ct_nw_dst=10.1.1.2,ct_nw_proto=17,ct_tp_src=2000,ct_tp_dst=53"))
            .startsWith("12  ").hasLineCount(1);
        assertThat(why("ct_nw_src=10.1.1.1")).hasLineCount(2);
        assertThatThrownBy(() -> why("zone=6")).hasMessage("no connection is like that");
        assertThatThrownBy(() -> why("99")).hasMessage("connection 99 is gone, or never was in tracker live");
        assertThatThrownBy(() -> why("x")).hasMessage("'x' is no id of a connection: conntrack:list prints them");
    }

    @Test
    void showTellsTheWholeStory() throws IOException {
        final OffloadShowCommand command = new OffloadShowCommand();
        command.words = List.of("8");
        assertThat(print(command)).startsWith("Connection     8\n").endsWith("""
            Packets go     in hardware
            Provider  State        Out       Back      For     Why
            nic       established  hardware  hardware  1.00 s
            old       none         software  software  1.00 s  it is full
            """);
        command.words = List.of("8", "--json");
        assertThat(print(command)).startsWith("{\"id\":\"8\"").endsWith("""
            "offload":{"state":"established","reason":"","providers":[\
            {"provider":"nic","state":"established","forwards":true,"forwardsBack":true,"reason":"","forMs":1000},\
            {"provider":"old","state":"none","forwards":false,"forwardsBack":false,"reason":"it is full",\
            "forMs":1000}]}}
            """);
    }

    @Test
    void listHasARowForEachHolder() throws IOException {
        offload.providers.clear();
        offload.story(12, "old", OffloadState.ADDED, false, false, "not yet");
        assertThat(list(new OffloadListCommand())).isEqualTo("""
            ID  Zone  Proto  Source         Destination  State        Provider  Offload      Out       Back      \
            For     Why
            8      0  tcp    10.1.1.1:1000  10.1.1.2:80  ESTABLISHED  nic       established  hardware  hardware  \
            1.00 s
            12     5  udp    10.1.1.1:2000  10.1.1.2:53  MULTIPLE     old       added        software  software  \
            1.00 s  not yet
            """);
    }

    @Test
    void listFilters() throws IOException {
        offload.story(12, "old", OffloadState.ADDED, false, false, "");
        offload.provider("old", ProviderStatus.State.ACTIVE, Optional.empty());
        final OffloadListCommand command = new OffloadListCommand();
        command.provider = "old";
        command.count = true;
        assertThat(list(command)).isEqualTo("1\n");
        command.protocol = "tcp";
        assertThat(list(command)).isEqualTo("0\n");
        command.count = false;
        assertThat(list(command)).isEqualTo("No provider holds a connection.\n");
        command.json = true;
        assertThat(list(command)).isEqualTo("[]\n");
        command.provider = "x";
        assertThatThrownBy(() -> list(command)).hasMessage("there is no provider 'x': there are old");
        final OffloadListCommand one = new OffloadListCommand();
        one.limit = "1";
        assertThat(list(one)).endsWith("... and 1 more connection; --limit 0 shows all\n");
        LastReplay.remember(new FakeTracker());
        one.tracker = "replay";
        assertThatThrownBy(() -> list(one)).hasMessage("connections of a replay's own tracker are in no hardware");
    }

    @Test
    void providersAreATable() throws IOException {
        assertThat(print(new OffloadProvidersCommand()))
            .isEqualTo("No providers. feature:install trackway-provider-dummy installs a simulated one.\n");
        offload.provider("nic", ProviderStatus.State.QUARANTINED, Optional.of("it threw"));
        assertThat(print(new OffloadProvidersCommand())).isEqualTo("""
            Provider  State        For     Mode      Priority  Connections  Limit  Paths  Queued  Failures  Last failure
            nic       quarantined  1.00 s  forwards         3            2    100      4       7         1  it threw
            """);
        offload.settings = OffloadSettings.DEFAULT.withEnabled(false);
        assertThat(print(new OffloadProvidersCommand())).endsWith("Offload is off: offload:enable switches it on.\n");
    }

    @Test
    void aProviderIsShownInFull() throws IOException {
        offload.provider("nic", ProviderStatus.State.ACTIVE, Optional.empty());
        final OffloadProvidersCommand command = new OffloadProvidersCommand();
        command.words = List.of("nic");
        assertThat(print(command)).isEqualTo("""
            Provider       nic
            State          active for 1.00 s
            Mode           forwards: packets leave without flow table and tracker
            Priority       3
            Protocols      tcp
            IP versions    4
            Translations   source
            Zones          all
            Takes over     when both directions were seen
            Counters       packets and bytes
            Batches        up to 64 operations
            Ports          in, out
            Connections    2 of at most 100
            Paths          4
            Queued         7
            Added          4
            Refused        0
            Established    0
            Updated        0
            Deleted        0
            Cancelled      0
            Forwarded      0
            Withdrawn      0
            Lost           0
            Overflowed     0
            Failed         0
            Nonsense       0
            Quarantined    0
            Mean latency   12 us an operation
            Longest call   3 ms
            Last failure   none
            """);
        command.words = List.of("--json");
        assertThat(print(command)).startsWith("[{\"name\":\"nic\",\"state\":\"active\",\"forMs\":1000,")
            .contains("\"counters\":{\"added\":4,", "\"lastFailure\":null}]");
        command.words = List.of("x");
        assertThatThrownBy(() -> print(command)).hasMessage("there is no provider 'x': there are nic");
    }

    @Test
    void whatAProviderSaysOfItselfIsShown() throws IOException {
        offload.provider("xdp", ProviderStatus.State.ACTIVE, Optional.empty(), "attached to in (native)");
        assertThat(print(new OffloadProvidersCommand())).isEqualTo("""
            Provider  State   For     Mode      Priority  Connections  Limit  Paths  Queued  Failures  Detail
            xdp       active  1.00 s  forwards         3            2    100      4       7         0  %s
            """.formatted("attached to in (native)"));
        final OffloadProvidersCommand command = new OffloadProvidersCommand();
        command.words = List.of("xdp");
        assertThat(print(command)).contains("Detail         attached to in (native)\n");
        command.words = List.of("--json");
        assertThat(print(command)).contains("\"detail\":\"attached to in (native)\"");
    }

    @Test
    void drainWaitsAndSaysWhatIsLeft() throws IOException {
        final OffloadDrainCommand command = new OffloadDrainCommand();
        command.words = List.of("nic", "--timeout", "2");
        assertThat(print(command)).startsWith("nic is drained");
        assertThat(offload.calls).containsExactly("drain nic 2000000000");
        offload.left = 1;
        assertThatThrownBy(() -> print(command)).hasMessageStartingWith("nic still holds 1 connection after 2 s");
    }

    @Test
    void flushAndResumeSayWhatHappened() throws IOException {
        final OffloadFlushCommand flush = new OffloadFlushCommand();
        flush.words = List.of("nic");
        assertThat(print(flush)).isEqualTo("2 connections flushed from nic\n");
        final OffloadResumeCommand resume = new OffloadResumeCommand();
        resume.words = List.of("nic");
        assertThat(print(resume)).isEqualTo("nic is offered connections again\n");
        assertThat(offload.calls).containsExactly("flush nic", "resume nic");
    }

    @Test
    void verifyShowsDifferences() throws IOException {
        assertThat(print(new OffloadVerifyCommand())).isEqualTo("No providers.\n");
        offload.provider("good", ProviderStatus.State.ACTIVE, Optional.empty());
        offload.provider("bad", ProviderStatus.State.ACTIVE, Optional.empty());
        offload.provider("dumb", ProviderStatus.State.ACTIVE, Optional.empty());
        assertThat(print(new OffloadVerifyCommand())).isEqualTo("""
            Provider  Compared  Missing  Unexpected  Dead  Result
            good             5        0           0     0  clean
            bad              5        1           2     1  repaired
            dumb                                           can't tell what it holds
            """);
    }

    private String change(final OffloadSwitchCommand command, final OffloadSettings wanted, final String... words)
            throws IOException {
        delivered = wanted;
        command.configurations = configurations();
        command.words = List.of(words);
        return print(command);
    }

    @Test
    void allOfItIsSwitchedOffAndOn() throws IOException {
        assertThat(change(new OffloadDisableCommand(), OffloadSettings.DEFAULT.withEnabled(false)))
            .isEqualTo("offload is off\n");
        assertThat(stored.get("enabled")).isEqualTo("false");
        assertThat(list(new OffloadListCommand())).contains("nic");
        offload.stories.clear();
        assertThat(list(new OffloadListCommand()))
            .isEqualTo("No provider holds a connection: offload is off, offload:enable switches it on.\n");
        assertThat(change(new OffloadEnableCommand(), OffloadSettings.DEFAULT)).isEqualTo("offload is on\n");
        assertThat(stored.get("enabled")).isEqualTo("true");
    }

    @Test
    void aProviderIsSwitchedOffAndOn() throws IOException {
        final OffloadSettings off = OffloadSettings.DEFAULT.withProvider("nic",
            new OffloadSettings.Provider(false, OptionalInt.empty(), OptionalLong.empty()));
        assertThatThrownBy(() -> change(new OffloadDisableCommand(), off, "nic"))
            .hasMessage("there is no provider 'nic'");
        assertThat(change(new OffloadDisableCommand(), off, "nic", "--wait")).isEqualTo("nic is off\n");
        assertThat(stored.get("providers")).isEqualTo("nic: enabled=false");
        offload.settings = off.withEnabled(false);
        assertThat(change(new OffloadEnableCommand(), OffloadSettings.DEFAULT.withEnabled(false), "nic"))
            .isEqualTo("nic is on, but offload as a whole is off\n");
        assertThat(stored.get("providers")).isEqualTo("");
    }

    @Test
    void settingsShowNowAndDefault() throws IOException {
        offload.settings = new OffloadSettings(true, 20, 0, Set.of(17, 6), Set.of(), 65_536, 256,
            2_000, 1_000, 5_000, 16, 1_000, Map.of("nic",
                new OffloadSettings.Provider(true, OptionalInt.of(5), OptionalLong.empty())));
        assertThat(print(new OffloadSettingsCommand())).isEqualTo("""
            Setting              Now  Default  Unit
            enabled               on       on
            min-packets           20        0  packets before it is offered
            min-age                0        0  ms before it is offered
            protocols        tcp,udp      all
            zones                all      all
            queue-size         65536    65536  notes for each provider
            batch-size           256      256  operations
            update-interval     2000     2000  ms
            call-limit          1000     1000  ms an operation
            close-limit         5000     5000  ms for a provider's last calls
            max-failures          16       16  in a row
            retry               1000     1000  ms, doubled each time
            Provider  Enabled  Priority  Limit
            nic       on              5   none
            """);
    }

    @Test
    void settingsAreSetAndTakenBack() throws IOException {
        offload.provider("nic", ProviderStatus.State.ACTIVE, Optional.empty());
        final OffloadSettingsCommand command = new OffloadSettingsCommand();
        command.configurations = configurations();
        command.provider = "nic";
        command.priority = "10";
        command.limit = "5000";
        command.protocols = "tcp";
        final OffloadSettings tcp = new OffloadSettings(true, 0, 0, Set.of(6), Set.of(), 65_536, 256,
            2_000, 1_000, 5_000, 16, 1_000, Map.of());
        delivered = tcp.withProvider("nic",
            new OffloadSettings.Provider(true, OptionalInt.of(10), OptionalLong.of(5000)));
        print(command);
        assertThat(stored.get("providers")).isEqualTo("nic: priority=10 limit=5000");
        assertThat(stored.get("protocols")).isEqualTo("6");
        command.priority = "own";
        command.limit = "none";
        delivered = tcp;
        print(command);
        assertThat(stored.get("providers")).isEqualTo("");
    }

    @Test
    void settingsThatAreWrongAreRefused() {
        final OffloadSettingsCommand command = new OffloadSettingsCommand();
        command.updateInterval = "9";
        assertThatThrownBy(() -> print(command))
            .hasMessage("--update-interval '9' is not a number from 10 to 600000");
        command.limit = "5";
        assertThatThrownBy(() -> print(command))
            .hasMessage("--priority and --limit go with --provider NAME, and it with them");
        command.provider = "x";
        assertThatThrownBy(() -> print(command)).hasMessage("there is no provider 'x'");
    }
}
