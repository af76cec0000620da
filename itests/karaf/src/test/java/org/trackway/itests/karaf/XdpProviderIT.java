// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.karaf;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;

import java.lang.ref.WeakReference;
import java.util.Collection;
import java.util.Dictionary;
import java.util.Hashtable;
import javax.inject.Inject;
import org.apache.karaf.features.BootFinished;
import org.apache.karaf.features.FeaturesService;
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
import org.osgi.framework.ServiceReference;
import org.osgi.framework.wiring.BundleWiring;
import org.osgi.service.cm.ConfigurationAdmin;
import org.trackway.offload.spi.OffloadProvider;

/** The XDP provider in the container: its native part loads, its settings act, and nothing is left of it when it goes. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class XdpProviderIT {

    private static final String FEATURE = "trackway-provider-xdp";
    private static final String BUNDLE = "org.trackway.provider.xdp";
    private static final int PATIENCE = 600;

    /** Before it nothing is certain. */
    @Inject
    private BootFinished booted;
    @Inject
    private BundleContext context;
    @Inject
    private FeaturesService features;
    @Inject
    private ConfigurationAdmin configurations;

    @Configuration
    public Option[] container() {
        return Containers.distribution();
    }

    @Test
    public void itComesIsChangedAndGoesWithoutATrace() throws Exception {
        Assume.assumeTrue("needs root's rights", "true".equals(System.getenv("CI"))
            || "root".equals(System.getProperty("user.name")));
        features.installFeature(FEATURE);
        assertEquals("xdp of 131072", await("xdp of 131072"));

        final Dictionary<String, Object> settings = new Hashtable<>();
        settings.put("name", "card");
        settings.put("capacity", 1_000_000);
        configurations.getConfiguration(BUNDLE, null).update(settings);
        assertEquals("card of 1000000", await("card of 1000000"));
        settings.put("capacity", 0);
        configurations.getConfiguration(BUNDLE, null).update(settings);
        assertEquals("wrong settings are not taken", "card of 1000000", await("card of 1000000"));

        final WeakReference<ClassLoader> loader = loader();
        assertNotNull("its class loader", loader.get());
        features.uninstallFeature(FEATURE);
        assertEquals("nothing", await("nothing"));
        for (int i = 0; i < PATIENCE && loader.get() != null; i++) {
            System.gc();
            Thread.sleep(100);
        }
        assertNull("something holds the class loader of the bundle that was removed", loader.get());
    }

    private WeakReference<ClassLoader> loader() {
        for (final Bundle bundle : context.getBundles()) {
            if (BUNDLE.equals(bundle.getSymbolicName())) {
                return new WeakReference<>(bundle.adapt(BundleWiring.class).getClassLoader());
            }
        }
        throw new AssertionError("no such bundle");
    }

    /** Waits for the provider that is described. {@return what there is when it came, or in the end} */
    private String await(final String wanted) throws Exception {
        String there = there();
        for (int i = 0; i < 100 && !there.equals(wanted); i++) {
            Thread.sleep(100);
            there = there();
        }
        return there;
    }

    private String there() throws Exception {
        final Collection<ServiceReference<OffloadProvider>> references =
            context.getServiceReferences(OffloadProvider.class, null);
        assertTrue("one at the most", references.size() <= 1);
        for (final ServiceReference<OffloadProvider> reference : references) {
            final OffloadProvider provider = context.getService(reference);
            final String text = provider.name() + " of " + provider.capabilities().capacity();
            context.ungetService(reference);
            return text;
        }
        return "nothing";
    }
}
