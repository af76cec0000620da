// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.karaf;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.inject.Inject;
import org.apache.karaf.features.BootFinished;
import org.apache.karaf.shell.api.console.SessionFactory;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.ops4j.pax.exam.spi.reactors.ExamReactorStrategy;
import org.ops4j.pax.exam.spi.reactors.PerClass;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;

/** Trackway in a Karaf that its own project shipped, by its features repository. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class StockKarafIT {

    /** Before it nothing is certain. */
    @Inject
    private BootFinished booted;
    @Inject
    private BundleContext context;
    @Inject
    private SessionFactory sessions;

    @Configuration
    public Option[] container() {
        return Containers.stock();
    }

    @Test
    public void installsAndUninstallsByFeature() throws Exception {
        final Shell shell = Shell.admin(sessions);
        assertEquals(List.of(), Trackway.bundles(context));

        shell.run("feature:repo-add mvn:org.trackway/features/" + Containers.VERSION + "/xml/features");
        shell.run("feature:install trackway");

        assertEquals(Trackway.SYMBOLIC_NAMES,
            Trackway.bundles(context).stream().map(Bundle::getSymbolicName).sorted().toList());
        Trackway.bundles(context).forEach(bundle -> assertEquals(bundle.toString(), Bundle.ACTIVE, bundle.getState()));
        Trackway.eventually("commands are there", () -> shell.commands("conntrack").contains("list"));
        assertFalse("it answers", shell.run("conntrack:stats").isBlank());

        assertTrue("settings can be edited", Files.exists(Path.of(System.getProperty("karaf.etc"),
            "org.trackway.conntrack.cfg")));
        assertFalse("viewers may look", Shell.viewer(sessions).run("conntrack:list").isBlank());
        Shell.viewer(sessions).fails("conntrack:flush --all");
        shell.run("conntrack:flush --all");

        shell.run("feature:uninstall trackway");

        assertEquals(List.of(), Trackway.bundles(context));
        assertEquals(List.of(), shell.commands("conntrack"));
        assertEquals(List.of(), shell.commands("datapath"));
        Trackway.eventually("no thread is left", () -> Trackway.threads().isEmpty());
    }
}
