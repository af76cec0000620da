// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.karaf;

import static org.junit.Assert.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
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

/** Trackway in a Karaf that its own project shipped, by dropping the .kar into its deploy folder. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class KarIT {

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
    public void deploysFromTheDeployFolder() throws Exception {
        final Path deploy = Path.of(System.getProperty("karaf.base"), "deploy");
        // The folder is watched: the file gets its name when it is whole.
        final Path copy = Files.copy(Containers.directory().resolve("features.kar"), deploy.resolveSibling("copy"));
        Files.move(copy, deploy.resolve("trackway.kar"), StandardCopyOption.ATOMIC_MOVE);

        final Shell shell = Shell.admin(sessions);
        Trackway.eventually("commands are there", () -> shell.commands("datapath").contains("replay"));
        assertEquals(Trackway.SYMBOLIC_NAMES,
            Trackway.bundles(context).stream().map(Bundle::getSymbolicName).sorted().toList());
        Trackway.bundles(context).forEach(bundle -> assertEquals(bundle.toString(), Bundle.ACTIVE, bundle.getState()));

        Files.delete(deploy.resolve("trackway.kar"));
        Trackway.eventually("all bundles are gone", () -> Trackway.bundles(context).isEmpty());
        assertEquals(List.of(), shell.commands("datapath"));
    }
}
