// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.karaf;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertSame;
import static org.junit.Assert.assertTrue;

import java.lang.ref.WeakReference;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.inject.Inject;
import org.apache.karaf.features.BootFinished;
import org.apache.karaf.features.FeaturesService;
import org.apache.karaf.shell.api.console.SessionFactory;
import org.junit.Assume;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.ops4j.pax.exam.spi.reactors.ExamReactorStrategy;
import org.ops4j.pax.exam.spi.reactors.PerClass;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.wiring.BundleWiring;
import org.trackway.datapath.Datapath;

/**
 * Ports on Linux interfaces are installed from the distribution itself, their native part loads in the container,
 * nothing that was there before is refreshed, and nothing is left of them when they go.
 */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class LinuxInterfacesIT {

    private static final String FEATURE = "trackway-afpacket";
    private static final String BUNDLE = "org.trackway.port.afpacket";
    private static final int PATIENCE = 600;

    /** Before it nothing is certain. */
    @Inject
    private BootFinished booted;
    @Inject
    private BundleContext context;
    @Inject
    private FeaturesService features;
    @Inject
    private SessionFactory sessions;
    @Inject
    private Datapath datapath;

    @Configuration
    public Option[] container() {
        return Containers.distribution();
    }

    @Test
    public void theFeatureComesAndGoes() throws Exception {
        assertFalse("not there at first", datapath.portKinds().contains("afpacket"));
        final Map<Bundle, BundleWiring> before = wirings();
        features.installFeature(FEATURE);
        for (final Map.Entry<Bundle, BundleWiring> bundle : before.entrySet()) {
            assertSame(bundle.getKey() + " was refreshed", bundle.getValue(),
                bundle.getKey().adapt(BundleWiring.class));
        }
        assertTrue(datapath.portKinds().toString(), datapath.portKinds().contains("afpacket"));

        // Only the kernel knows: with rights that the interface is missing, without them that they are.
        final String answer = Shell.admin(sessions).fails("datapath:port-add tw-missing --kind afpacket");
        assertTrue(answer, answer.contains("tw-missing: there is no such network interface")
            || answer.contains("CAP_NET_RAW"));
        final String options = Shell.admin(sessions).fails("datapath:port-add x --kind afpacket --option mode=v1");
        assertTrue(options, options.contains("give v2 or v3"));

        features.uninstallFeature(FEATURE);
        assertFalse("gone again", datapath.portKinds().contains("afpacket"));
    }

    /** Ports in both layouts of the ring carry packets when the bundle is updated, afterwards, and when it goes. */
    @Test
    public void nothingHoldsItsClassesWhenItHasGone() throws Exception {
        Assume.assumeTrue("needs root's rights", "true".equals(System.getenv("CI"))
            || "root".equals(System.getProperty("user.name")));
        final String namespace = "tw-" + Long.toHexString(System.nanoTime());
        final Shell shell = Shell.admin(sessions);
        ip("netns", "add", namespace);
        try {
            ip("link", "add", "near", "netns", namespace, "type", "veth", "peer", "name", "far", "netns", namespace);
            features.installFeature(FEATURE);
            final Bundle bundle = Trackway.bundle(context, BUNDLE);
            final String options = " --kind afpacket --option netns=" + namespace;
            shell.run("datapath:port-add near --option mode=v2" + options);
            shell.run("datapath:port-add far --option mode=v3" + options);
            datapath.addFlows(List.of("in_port=near,actions=in_port"), Datapath.Missing.REFUSE);
            awaitPackets(namespace);

            final WeakReference<ClassLoader> first = loader(bundle);
            bundle.update();
            awaitPackets(namespace);
            assertGone("updated", first);

            final WeakReference<ClassLoader> second = loader(bundle);
            features.uninstallFeature(FEATURE);
            assertGone("uninstalled", second);
        } finally {
            datapath.removeFlows("", false);
            datapath.removePort("near");
            datapath.removePort("far");
            ip("netns", "delete", namespace);
        }
    }

    /** Connects the cable anew, whereupon the kernel speaks at both ends, until both ports have had a packet. */
    private void awaitPackets(final String namespace) throws Exception {
        for (final String state : List.of("down", "up")) {
            ip("-n", namespace, "link", "set", "near", state);
            ip("-n", namespace, "link", "set", "far", state);
        }
        Trackway.eventually(() -> "packets pass: " + datapath.ports(), () -> datapath.ports().stream()
            .filter(port -> port.statistics().receivedPackets() > 0).count() == 2);
    }

    private static WeakReference<ClassLoader> loader(final Bundle bundle) {
        return new WeakReference<>(bundle.adapt(BundleWiring.class).getClassLoader());
    }

    private static void assertGone(final String how, final WeakReference<ClassLoader> loader)
            throws InterruptedException {
        for (int i = 0; i < PATIENCE && loader.get() != null; i++) {
            System.gc();
            Thread.sleep(100);
        }
        assertNull("something holds the class loader of the bundle that was " + how, loader.get());
    }

    private static void ip(final String... arguments) throws Exception {
        final List<String> command = new ArrayList<>(List.of("ip"));
        command.addAll(List.of(arguments));
        final Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(command + ": " + output, 0, process.waitFor());
    }

    private Map<Bundle, BundleWiring> wirings() {
        final Map<Bundle, BundleWiring> wirings = new HashMap<>();
        for (final Bundle bundle : context.getBundles()) {
            wirings.put(bundle, bundle.adapt(BundleWiring.class));
        }
        return wirings;
    }
}
