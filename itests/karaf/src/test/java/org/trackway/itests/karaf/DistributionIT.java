// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.karaf;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import javax.inject.Inject;
import org.apache.karaf.features.BootFinished;
import org.apache.karaf.features.FeaturesService;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.ops4j.pax.exam.spi.reactors.ExamReactorStrategy;
import org.ops4j.pax.exam.spi.reactors.PerClass;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.runtime.ServiceComponentRuntime;

/** The distribution as it is unpacked: everything is there, started and satisfied. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class DistributionIT {

    /** Before it nothing is certain. */
    @Inject
    private BootFinished booted;
    @Inject
    private BundleContext context;
    @Inject
    private FeaturesService features;
    @Inject
    private ServiceComponentRuntime components;

    @Configuration
    public Option[] container() {
        return Containers.distribution();
    }

    @Test
    public void bootFeaturesAreInstalled() throws Exception {
        for (final String name : List.of("trackway-conntrack", "trackway-datapath", "trackway-pcap", "trackway-shell",
                "trackway-helper-ftp", "trackway-helper-tftp", "trackway-offload")) {
            assertTrue(name + " is installed", features.isInstalled(features.getFeature(name)));
        }
    }

    @Test
    public void everyBundleIsActive() {
        final List<Bundle> bundles = Trackway.bundles(context);
        assertEquals(Trackway.SYMBOLIC_NAMES, bundles.stream().map(Bundle::getSymbolicName).sorted().toList());
        bundles.forEach(bundle -> assertEquals(bundle.toString(), Bundle.ACTIVE, bundle.getState()));
    }

    @Test
    public void everyComponentIsSatisfied() {
        Trackway.assertComponentsSatisfied(context, components);
    }

    @Test
    public void nobodyElsesMachineGetsIn() throws Exception {
        assertEquals("127.0.0.1", setting("org.apache.karaf.shell.cfg", "sshHost"));
        assertEquals("127.0.0.1", setting("org.apache.karaf.management.cfg", "rmiRegistryHost"));
        assertEquals("127.0.0.1", setting("org.apache.karaf.management.cfg", "rmiServerHost"));
    }

    private static String setting(final String file, final String name) throws Exception {
        final Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(Path.of(System.getProperty("karaf.etc"), file))) {
            properties.load(reader);
        }
        return properties.getProperty(name);
    }

    @Test
    public void nothingWasLoggedAsAProblem() throws Exception {
        assertEquals(List.of(), Trackway.problems());
    }
}
