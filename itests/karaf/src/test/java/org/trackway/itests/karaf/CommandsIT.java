// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.karaf;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.inject.Inject;
import org.apache.karaf.features.BootFinished;
import org.apache.karaf.shell.api.console.SessionFactory;
import org.junit.Before;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.ops4j.pax.exam.spi.reactors.ExamReactorStrategy;
import org.ops4j.pax.exam.spi.reactors.PerClass;

/** What people read at the prompt, and who may do what there. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class CommandsIT {

    private static final List<String> LOOKING = List.of(
        "conntrack:list", "conntrack:stats", "conntrack:count", "conntrack:tables", "conntrack:expectations",
        "conntrack:limits", "conntrack:timeouts", "conntrack:zones", "conntrack:zones 1 2", "conntrack:zones --ovs",
        "conntrack:fragments", "conntrack:fragments --ovs -m", "conntrack:limits --help", "datapath:ports",
        "datapath:flows", "offload:providers", "offload:list", "offload:settings", "offload:settings --help");
    private static final List<String> CHANGING = List.of(
        "conntrack:flush --all", "conntrack:limits --max-connections 3000000", "conntrack:limits --accounting on",
        "conntrack:timeouts --set short udp_first=5", "conntrack:timeouts --delete short",
        "conntrack:zones --set 7=1000", "conntrack:zones --delete 7", "conntrack:zones --default 0",
        "conntrack:fragments --v4 on", "conntrack:fragments --ovs --max 1000", "datapath:flow-add actions=drop",
        "datapath:flow-remove --all", "datapath:flow-load samples/helpers.flows",
        "datapath:port-add p1 --option record=p1.pcap", "datapath:port-remove p1",
        "datapath:replay samples/tftp4_get.pcap", "offload:disable", "offload:enable", "offload:disable --wait nic",
        "offload:enable nic", "offload:settings --min-packets 0", "offload:verify");

    /** Before it nothing is certain. */
    @Inject
    private BootFinished booted;
    @Inject
    private SessionFactory sessions;

    private Shell admin;

    @Configuration
    public Option[] container() {
        return Containers.distribution();
    }

    @Before
    public void logIn() throws Exception {
        admin = Shell.admin(sessions);
    }

    @Test
    public void aReplaySaysWhatTheTrackerMadeOfIt() throws Exception {
        final String summary = admin.run("datapath:replay samples/ftp4_pasv.pcap");
        assertTrue(summary, summary.contains("37 packets"));
        assertTrue(summary, summary.matches("(?s).*2\\s+new\\|trk.*16\\s+est\\|trk.*19\\s+est\\|rpl\\|trk.*"));
        assertTrue(summary, summary.contains("2 connections"));

        final String connections = admin.run("conntrack:list --tracker replay");
        assertTrue(connections, connections.contains("10.9.0.1:54108"));
        assertTrue(connections, connections.contains("10.9.0.2:50001"));
        assertTrue("the live tracker saw nothing", admin.run("conntrack:list").contains("No connections"));
    }

    @Test
    public void aTraceShowsEveryPacket() throws Exception {
        final String trace = admin.run("datapath:replay --trace=oracle --clock frozen samples/tftp4_get.pcap");
        assertEquals(trace, 13, trace.lines().filter(line -> line.matches("\\d+: .*trk.*")).count());
    }

    @Test
    public void everySampleOfFlowsLoadsAndHelpersRelate() throws Exception {
        for (final String sample : List.of("helpers", "firewall", "nat")) {
            final String loaded = admin.run("datapath:flow-load samples/" + sample + ".flows");
            assertTrue(loaded, loaded.contains("loaded"));
            assertFalse(admin.run("datapath:flows --no-stats").isBlank());
            admin.run("datapath:flow-remove --all");
        }
        final String related = admin.run("datapath:replay --flows samples/helpers.flows samples/ftp4_pasv.pcap");
        assertTrue(related, related.contains("new|rel|trk"));
        final String translated =
            admin.run("datapath:replay --flows samples/nat.flows samples/nat_ftp4_port.inside.pcap");
        assertTrue(translated, translated.contains("est|trk|snat"));
        assertTrue(admin.run("conntrack:expectations --tracker replay").contains("10.92.0.99"));
    }

    @Test
    public void aLiveReplayCanBeListedAndFlushed() throws Exception {
        admin.run("datapath:replay --live samples/ftp4_pasv.pcap");
        assertTrue(admin.run("conntrack:list --ovs").contains("tcp,orig=(src=10.9.0.1,dst=10.9.0.2,sport=54108"));
        assertTrue(admin.run("conntrack:flush --all").contains("2 connections flushed"));
        assertTrue(admin.run("conntrack:count").contains("0"));
    }

    @Test
    public void theShareOfALiveReplayThatSoftwareSeesFalls() throws Exception {
        final Path record = Files.createTempFile("left", ".pcap");
        admin.run("feature:install trackway-provider-dummy");
        try {
            final String summary =
                admin.run("datapath:replay --live --pace capture --record " + record + " samples/sensors.pcap");
            assertTrue(summary, summary.matches("(?s).*974 packets.*[1-9]\\d+  taken by a fast path.*"));
            final List<String> slices = summary.lines().dropWhile(line -> !line.contains("Up to packet")).skip(1)
                .takeWhile(line -> line.matches("[ \\d]+")).toList();
            final int least = slices.stream().mapToInt(CommandsIT::software).min().orElse(100);
            assertTrue(summary, least < 50 && least < software(slices.get(0)));
            assertEquals("every packet left", Files.size(Path.of("samples", "sensors.pcap")), Files.size(record));
            assertTrue(admin.run("offload:list --count"), admin.run("offload:list --count").matches("\\d+\\s*"));
        } finally {
            admin.run("feature:uninstall trackway-provider-dummy");
            admin.run("conntrack:flush --all");
        }
    }

    /** {@return what share software saw of a slice of a replay, in percent} */
    private static int software(final String slice) {
        final String[] cells = slice.trim().split(" +");
        return Integer.parseInt(cells[cells.length - 1]);
    }

    @Test
    public void garbageGetsOneClearLine() throws Exception {
        final Path directory = Files.createTempDirectory("garbage");
        final Path picture = Files.write(directory.resolve("picture.jpg"), new byte[] {-1, -40, -1, -32, 0, 16, 'J', 'F'});
        final Path empty = Files.write(directory.resolve("empty.pcap"), new byte[0]);
        for (final Path file : List.of(picture, empty, directory.resolve("missing.pcap"))) {
            final String message = admin.fails("datapath:replay " + file);
            assertEquals(message, 1, message.lines().count());
            assertTrue(message, message.contains(file.getFileName().toString()));
        }
        final byte[] whole = Files.readAllBytes(Path.of("samples", "ftp4_pasv.pcap"));
        final Path half = Files.write(directory.resolve("half.pcap"), Arrays.copyOf(whole, whole.length / 2));
        final String message = admin.fails("datapath:replay " + half);
        assertTrue(message, message.contains("half.pcap"));
        assertFalse("what was read before counts", admin.run("conntrack:list --tracker replay").contains("No conn"));
    }

    @Test
    public void viewersLookAndManagersChange() throws Exception {
        final Shell viewer = Shell.viewer(sessions);
        final Shell manager = Shell.manager(sessions);
        final List<String> denied = new ArrayList<>();
        for (final String command : LOOKING) {
            for (final Shell who : List.of(viewer, manager, admin)) {
                try {
                    assertFalse(command, who.run(command).isBlank());
                } catch (final Exception refused) {
                    denied.add(command + ": " + refused);
                }
            }
        }
        assertEquals("everybody can look", List.of(), denied);
        final List<String> allowed = new ArrayList<>();
        for (final String command : CHANGING) {
            final String name = command.split(" ")[0];
            try {
                viewer.run(command);
                allowed.add(command);
            } catch (final Exception refused) {
                assertTrue(command + ": " + refused, String.valueOf(refused).contains("Insufficient credentials")
                    || String.valueOf(refused).contains("Command not found: " + name));
            }
        }
        assertEquals("a viewer can't change anything", List.of(), allowed);
        for (final Shell who : List.of(manager, admin)) {
            for (final String command : CHANGING) {
                who.run(command);
            }
        }
    }

    @Test
    public void everyCommandHelpsWithExamples() throws Exception {
        for (final String scope : List.of("conntrack", "datapath", "offload")) {
            for (final String name : admin.commands(scope)) {
                final String help = admin.run(scope + ":" + name + " --help");
                assertTrue(scope + ":" + name + "\n" + help, help.contains("Examples:"));
            }
        }
    }
}
