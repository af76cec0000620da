// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.karaf;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import javax.inject.Inject;
import org.apache.karaf.features.BootFinished;
import org.apache.karaf.features.FeaturesService;
import org.apache.karaf.shell.api.console.SessionFactory;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.ops4j.pax.exam.spi.reactors.ExamReactorStrategy;
import org.ops4j.pax.exam.spi.reactors.PerClass;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;

/** The live datapath's flows and ports: saved, waiting for what is not there, changed by their files. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class DatapathIT {

    private static final Path ETC = Path.of(System.getProperty("karaf.etc", "etc"));
    private static final String HELPER = "trackway-helper-ftp";

    /** Before it nothing is certain. */
    @Inject
    private BootFinished booted;
    @Inject
    private BundleContext context;
    @Inject
    private FeaturesService features;
    @Inject
    private SessionFactory sessions;

    private Shell shell;

    @Configuration
    public Option[] container() {
        return Containers.distribution();
    }

    @Before
    public void logIn() {
        shell = Shell.admin(sessions);
    }

    @After
    public void theDatapathStayedAsItWas() throws Exception {
        shell.run("datapath:flow-remove --all");
        assertEquals("activated once", 1,
            Trackway.log().filter(line -> line.contains("Datapath 'live' is ready")).count());
    }

    private boolean prints(final String command, final String text) {
        try {
            return shell.run(command).contains(text);
        } catch (final Exception impossible) {
            throw new AssertionError(impossible);
        }
    }

    @Test
    public void aSavedFlowWaitsForItsHelper() throws Exception {
        shell.run("datapath:flow-add 'tcp actions=ct(commit,alg=ftp)'");
        assertTrue(Files.readString(ETC.resolve("trackway.flows")).contains("tcp actions=ct(commit,alg=ftp)"));

        features.uninstallFeature(HELPER);
        assertTrue(prints("datapath:flows", "(waits for helper ftp)"));
        features.installFeature(HELPER, EnumSet.noneOf(FeaturesService.Option.class));
        Trackway.eventually("it has its helper", () -> !prints("datapath:flows", "waits for"));
    }

    @Test
    public void theFileOfFlowsCanBeChanged() throws Exception {
        shell.run("datapath:flow-add 'udp actions=1'");
        Files.writeString(ETC.resolve("other.flows"), "in_port=nowhere,tcp actions=ct(commit,alg=sip),2\n");
        final Path settings = ETC.resolve("org.trackway.datapath.cfg");
        final String shipped = Files.readString(settings);
        Files.writeString(settings, "flows = etc/other.flows\n");
        Trackway.eventually("the other flows are in force", () -> prints("datapath:flows",
            "in_port=nowhere,tcp actions=ct(commit,alg=sip),2 (waits for helper sip, port nowhere)"));
        assertFalse(prints("datapath:flows", "udp"));

        Files.writeString(settings, shipped);
        Trackway.eventually("the flows are back", () -> prints("datapath:flows", "udp actions=output:1"));
        assertFalse(prints("datapath:flows", "tcp"));
    }

    @Test
    public void aPortCanBeAFile() throws Exception {
        final Path file = ETC.resolve("org.trackway.datapath.port-wan.cfg");
        Files.writeString(file, "name = wan\nkind = pcap\nnumber = 5\noption.file = samples/missing.pcap\n");
        Trackway.eventually("it waits and says why", () -> prints("datapath:ports", "waiting")
            && prints("datapath:ports", "missing.pcap"));
        Files.writeString(file, "name = wan\nkind = pcap\nnumber = 6\noption.file = samples/tftp4_get.pcap\n");
        Trackway.eventually("it is open", () -> prints("datapath:ports", "ended"));

        final Bundle kind = Trackway.bundle(context, "org.trackway.port.pcap");
        kind.stop();
        assertTrue(prints("datapath:ports", "there are no ports of kind 'pcap' now"));
        kind.start();
        Trackway.eventually("it is open again", () -> prints("datapath:ports", "ended"));

        assertEquals("port wan removed", shell.run("datapath:port-remove wan").trim());
        assertFalse(Files.exists(file));
        assertFalse(prints("datapath:ports", "wan"));
    }

    @Test
    public void thePromptOpensPortsOrSaysWhyNot() throws Exception {
        final String refused = shell.fails("datapath:port-add lan --option file=samples/missing.pcap");
        assertEquals(refused, 1, refused.lines().count());
        assertTrue(refused, refused.contains("missing.pcap"));
        assertFalse(prints("datapath:ports", "lan"));

        final String waits = shell.run("datapath:port-add lan --wait --option file=samples/missing.pcap");
        assertTrue(waits, waits.contains("port 1 is lan and waits: "));
        assertEquals("port 1 removed", shell.run("datapath:port-remove 1").trim());

        assertEquals("port 1 is lan", shell.run("datapath:port-add lan --option file=samples/tftp4_get.pcap").trim());
        assertEquals(List.of("port 1 removed"), shell.run("datapath:port-remove 1").lines().toList());
        assertFalse(Files.exists(ETC.resolve("org.trackway.datapath.port-lan.cfg")));
    }
}
