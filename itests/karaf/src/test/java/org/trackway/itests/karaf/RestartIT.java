// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.karaf;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.AfterClass;
import org.junit.Before;
import org.junit.Test;

/** The distribution as a user unpacks and runs it, from its own start script, once and once more. */
public class RestartIT {

    /** Within this time every command has to be there. */
    private static final Duration READY = Duration.ofSeconds(10);

    /** How long each start of these tests took until every command was there. */
    private static final List<Duration> STARTS = new ArrayList<>();

    private final Path home = Path.of(System.getProperty("trackway.work"), "restart");

    @Before
    public void unpack() throws Exception {
        run(List.of("rm", "-rf", home.toString()));
        Files.createDirectories(home);
        run(List.of("tar", "-xzf", Containers.directory().resolve("karaf-distro.tar.gz").toString(), "-C",
            home.toString(), "--strip-components=1"));
        replace("etc/org.apache.karaf.shell.cfg", "sshPort=8101", "sshPort=28101");
        replace("etc/org.apache.karaf.management.cfg", "rmiRegistryPort = 1099", "rmiRegistryPort = 21099");
        replace("etc/org.apache.karaf.management.cfg", "rmiServerPort = 44444", "rmiServerPort = 24444");
    }

    /** The best of some starts: what else the machine does is not the distribution's fault. */
    @AfterClass
    public static void everyCommandIsReadySoon() {
        assertTrue("ready after " + STARTS + ", one of them better than " + READY,
            STARTS.stream().anyMatch(start -> start.compareTo(READY) < 0));
    }

    @Test
    public void settingsOfTheShellSurviveARestart() throws Exception {
        final String changed = boot("conntrack:limits --max-connections 1234", "conntrack:limits");
        assertTrue(changed, changed.contains("1234"));

        final String kept = boot("conntrack:limits");
        assertTrue(kept, kept.contains("1234"));
    }

    @Test
    public void settingsOfTheFileActFromTheStart() throws Exception {
        Files.writeString(home.resolve("etc/org.trackway.conntrack.cfg"), "maxConnections = 4321\n");
        final String output = boot("conntrack:limits");
        assertTrue(output, output.contains("4321"));
    }

    @Test
    public void flowsAndPortsSurviveARestart() throws Exception {
        final String made = boot("datapath:port-add lan --number 7 --option file=samples/tftp4_get.pcap",
            "datapath:port-add out --option record=out.pcap",
            "datapath:flow-add 'in_port=lan,udp actions=ct(commit),out'",
            "datapath:flow-add 'table=3,arp actions=drop'",
            "datapath:flow-remove table=3");
        assertTrue(made, made.contains("port 7 is lan"));
        assertTrue(made, made.contains("port 1 is out"));
        assertTrue(Files.exists(home.resolve("etc/org.trackway.datapath.port-lan.cfg")));

        final String kept = boot("datapath:ports", "datapath:flows", "datapath:port-remove lan");
        assertTrue(kept, kept.matches("(?s).*\\b7 +lan +pcap +(running|ended) .*"));
        assertTrue(kept, kept.matches("(?s).*\\b1 +out +pcap +(running|ended) .*"));
        assertTrue(kept, kept.contains("udp,in_port=7 actions=ct(commit),output:1"));
        assertTrue(kept, !kept.contains("table=3"));

        final String removed = boot("datapath:ports");
        assertTrue(removed, removed.contains("out") && !removed.contains("lan"));
    }

    @Test
    public void aBrokenFileOfFlowsIsOneLineInTheLog() throws Exception {
        Files.writeString(home.resolve("etc/trackway.flows"), "arp actions=normal\ntcp actions=foo:1\n");
        final String output = boot("datapath:flows");
        assertTrue(output, output.contains("No flows"));
        final List<String> warnings = Files.readAllLines(home.resolve("data/log/karaf.log")).stream()
            .filter(line -> line.contains("WARN") && line.contains("trackway")).toList();
        assertEquals(warnings.toString(), 1, warnings.size());
        assertTrue(warnings.get(0), warnings.get(0).contains("etc/trackway.flows is loaded: line 2, column 13: 'foo'"));
    }

    /** Starts the distribution, runs commands in its first session, stops it, and returns what was printed. */
    private String boot(final String... commands) throws Exception {
        Files.writeString(home.resolve("etc/test.script"),
            "echo \"== ready ==\"\n" + String.join("\n", commands) + "\necho \"== done ==\"\nshutdown -f\n");
        final Path output = home.resolve("output");
        final ProcessBuilder builder = new ProcessBuilder(home.resolve("bin/karaf").toString())
            .directory(home.toFile())
            .redirectInput(new File("/dev/null"))
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("TERM", "dumb");
        builder.environment().put("EXTRA_JAVA_OPTS",
            "-Dkaraf.shell.init.script=shell.init.script,scripts/ready.script,test.script");
        final long start = System.nanoTime();
        final Process karaf = builder.start();
        try {
            Duration ready = null;
            while (ready == null && karaf.isAlive() && System.nanoTime() - start < 60_000_000_000L) {
                if (Files.readString(output, StandardCharsets.UTF_8).contains("== ready ==")) {
                    ready = Duration.ofNanos(System.nanoTime() - start);
                    STARTS.add(ready);
                } else {
                    Thread.sleep(20);
                }
            }
            assertTrue("it ends within a minute:\n" + Files.readString(output), karaf.waitFor(60, TimeUnit.SECONDS));
        } finally {
            karaf.descendants().forEach(ProcessHandle::destroyForcibly);
            karaf.destroyForcibly();
        }
        final String printed = Files.readString(output, StandardCharsets.UTF_8);
        assertTrue("every command ran:\n" + printed, printed.contains("== done =="));
        return printed.substring(printed.indexOf("== ready =="), printed.indexOf("== done =="));
    }

    private void replace(final String file, final String before, final String after) throws IOException {
        final Path path = home.resolve(file);
        final String text = Files.readString(path);
        assertTrue(file + " has " + before, text.contains(before));
        Files.writeString(path, text.replace(before, after));
    }

    private static void run(final List<String> command) throws Exception {
        assertEquals(command.toString(), 0, new ProcessBuilder(command).inheritIO().start().waitFor());
    }
}
