// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.karaf;

import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertSame;
import static org.junit.Assert.assertTrue;

import java.util.HashMap;
import java.util.Map;
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
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.wiring.BundleWiring;
import org.trackway.datapath.Datapath;

/**
 * Ports on Linux interfaces are installed from the distribution itself, their native part loads in the container, and
 * nothing that was there before is refreshed.
 */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class LinuxInterfacesIT {

    private static final String FEATURE = "trackway-afpacket";

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

    private Map<Bundle, BundleWiring> wirings() {
        final Map<Bundle, BundleWiring> wirings = new HashMap<>();
        for (final Bundle bundle : context.getBundles()) {
            wirings.put(bundle, bundle.adapt(BundleWiring.class));
        }
        return wirings;
    }
}
