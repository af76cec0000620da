// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.karaf;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;

import java.lang.ref.WeakReference;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import javax.inject.Inject;
import org.apache.karaf.features.BootFinished;
import org.apache.karaf.features.FeaturesService;
import org.apache.karaf.shell.api.console.SessionFactory;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.ops4j.pax.exam.spi.reactors.ExamReactorStrategy;
import org.ops4j.pax.exam.spi.reactors.PerClass;
import org.osgi.framework.BundleContext;
import org.osgi.framework.wiring.BundleWiring;

/** Uninstalling Trackway leaves nothing behind, and installing it again brings everything back. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class UninstallIT {

    /** The features that the distribution boots with. */
    private static final Set<String> BOOTED =
        Set.of("trackway-shell", "trackway-pcap", "trackway-helper-ftp", "trackway-helper-tftp", "trackway-offload");

    /** Before it nothing is certain. */
    @Inject
    private BootFinished booted;
    @Inject
    private BundleContext context;
    @Inject
    private FeaturesService features;
    @Inject
    private SessionFactory sessions;

    @Configuration
    public Option[] container() {
        return Containers.distribution();
    }

    @Test
    public void nothingIsLeftBehind() throws Exception {
        final WeakReference<ClassLoader> tracker = new WeakReference<>(
            Trackway.bundle(context, "org.trackway.conntrack.core").adapt(BundleWiring.class).getClassLoader());
        final List<String> others = Trackway.otherBundles(context);
        final Shell shell = Shell.admin(sessions);
        assertFalse("commands are there", shell.commands("conntrack").isEmpty());

        features.uninstallFeatures(new HashSet<>(BOOTED), EnumSet.noneOf(FeaturesService.Option.class));

        assertEquals("bundles", List.of(), Trackway.bundles(context));
        assertEquals("other bundles", others, Trackway.otherBundles(context));
        assertEquals("commands", List.of(), shell.commands("conntrack"));
        assertEquals("commands", List.of(), shell.commands("datapath"));
        assertEquals("commands", List.of(), shell.commands("offload"));
        assertEquals("services", List.of(), Trackway.interfaces(context));
        Trackway.eventually("no thread is left of " + Trackway.threads(), () -> Trackway.threads().isEmpty());
        Trackway.eventually("the tracker's classes are garbage", () -> {
            System.gc();
            return tracker.get() == null;
        });

        features.installFeatures(new HashSet<>(BOOTED), EnumSet.noneOf(FeaturesService.Option.class));
        assertEquals(Trackway.SYMBOLIC_NAMES, Trackway.bundles(context).stream()
            .map(bundle -> bundle.getSymbolicName()).sorted().collect(Collectors.toList()));
    }
}
