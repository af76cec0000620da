// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.karaf;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.List;
import javax.inject.Inject;
import org.apache.karaf.features.BootFinished;
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
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.ConntrackSettings;

/** Settings change and bundles stop and start under a running container. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class HotChangeIT {

    private static final String PID = "org.trackway.conntrack";
    private static final Path FILE = Path.of(System.getProperty("karaf.etc", "etc"), PID + ".cfg");

    /** Before it nothing is certain. */
    @Inject
    private BootFinished booted;
    @Inject
    private BundleContext context;
    @Inject
    private SessionFactory sessions;
    @Inject
    private ServiceComponentRuntime components;
    @Inject
    private ConfigurationAdmin configurations;

    private String shipped;

    @Configuration
    public Option[] container() {
        return Containers.distribution();
    }

    @Before
    public void rememberTheFile() throws Exception {
        shipped = Files.readString(FILE);
    }

    @After
    public void restoreTheFile() throws Exception {
        // More than once: what a test changed last may still be on its way to the file.
        Trackway.eventually("the defaults are back", () -> {
            if (!text().equals(shipped)) {
                write(shipped);
            }
            return tracker().settings().equals(ConntrackSettings.DEFAULT);
        });
    }

    @Test
    public void settingsActAtOnceAndAreWrittenToTheirFile() throws Exception {
        final ServiceReference<Conntrack> before = context.getServiceReference(Conntrack.class);
        final Conntrack tracker = tracker();
        assertEquals(ConntrackSettings.DEFAULT.maxConnections(), tracker.settings().maxConnections());

        update("maxConnections", "12345");
        Trackway.eventually("it acts", () -> tracker.settings().maxConnections() == 12345);
        Trackway.eventually("it is written", () -> text().contains("12345"));
        assertTrue("what the settings mean is still there", text().contains("# Connections it may hold"));

        write("sweepIntervalMs = 777\n");
        Trackway.eventually("the file acts", () -> tracker.settings().sweepIntervalMs() == 777);
        assertEquals("what is not in it has its default", ConntrackSettings.DEFAULT.maxConnections(),
            tracker.settings().maxConnections());

        final ServiceReference<Conntrack> after = context.getServiceReference(Conntrack.class);
        assertEquals("the tracker is the same", before.getProperty(Constants.SERVICE_ID),
            after.getProperty(Constants.SERVICE_ID));
    }

    @Test
    public void wrongSettingsAreRefusedAndTheOldOnesStay() throws Exception {
        final Conntrack tracker = tracker();
        update("maxFragments", "123");
        Trackway.eventually("it acts", () -> tracker.settings().maxFragments() == 123);
        update("maxFragments", "60000");
        Trackway.eventually("it is said why", () -> {
            try {
                return Trackway.problems().stream().anyMatch(line -> line.contains("60000"));
            } catch (final IOException impossible) {
                throw new AssertionError(impossible);
            }
        });
        assertEquals(123, tracker.settings().maxFragments());
    }

    @Test
    public void everyBundleStopsAndStarts() throws Exception {
        final Shell shell = Shell.admin(sessions);
        final List<String> conntrack = shell.commands("conntrack");
        final List<String> datapath = shell.commands("datapath");
        final List<String> services = Trackway.interfaces(context);
        final List<String> threads = Trackway.threads();
        assertFalse(services.isEmpty());
        for (final Bundle bundle : Trackway.bundles(context)) {
            bundle.stop();
            assertEquals(bundle.toString(), Bundle.RESOLVED, bundle.getState());
            bundle.start();
            assertEquals(bundle.toString(), Bundle.ACTIVE, bundle.getState());
        }
        Trackway.eventually("all services are back", () -> Trackway.interfaces(context).equals(services));
        Trackway.eventually("all commands are back", () -> shell.commands("conntrack").equals(conntrack)
            && shell.commands("datapath").equals(datapath));
        Trackway.eventually("as many threads as before", () -> Trackway.threads().equals(threads));
        Trackway.assertComponentsSatisfied(context, components);
    }

    @Test
    public void theTrackerStopsWithoutLeavingAThread() throws Exception {
        final Bundle core = Trackway.bundle(context, "org.trackway.conntrack.core");
        core.stop();
        try {
            Trackway.eventually("no sweeper is left", () -> Trackway.threads().isEmpty());
            assertTrue("no tracker is offered", context.getServiceReference(Conntrack.class) == null);
        } finally {
            core.start();
        }
        Trackway.eventually("it is back", () -> context.getServiceReference(Conntrack.class) != null);
    }

    private Conntrack tracker() {
        return context.getService(context.getServiceReference(Conntrack.class));
    }

    private void update(final String name, final String value) throws Exception {
        final org.osgi.service.cm.Configuration configuration = configurations.getConfiguration(PID, "?");
        final Dictionary<String, Object> properties =
            configuration.getProperties() == null ? new Hashtable<>() : configuration.getProperties();
        properties.put(name, value);
        configuration.update(properties);
    }

    private static void write(final String text) {
        try {
            Files.writeString(FILE, text);
        } catch (final IOException impossible) {
            throw new AssertionError(impossible);
        }
    }

    private static String text() {
        try {
            return Files.readString(FILE);
        } catch (final IOException missing) {
            return missing.toString();
        }
    }
}
