// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.karaf;

import static java.util.Map.entry;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.inject.Inject;
import org.apache.karaf.features.BootFinished;
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
import org.osgi.framework.wiring.FrameworkWiring;

/** Every bundle resolves with what it may use, and with no other bundle of Trackway. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class ResolveIT {

    /** What each bundle may use, besides what Karaf brings: the rules of the house. */
    private static final Map<String, List<String>> MAY_USE = new TreeMap<>(Map.ofEntries(
        entry("packet", List.of()),
        entry("conntrack-api", List.of("packet")),
        entry("conntrack-core", List.of("packet", "conntrack-api")),
        entry("helper-ftp", List.of("packet", "conntrack-api")),
        entry("helper-tftp", List.of("packet", "conntrack-api")),
        entry("offload-api", List.of("packet", "conntrack-api")),
        entry("offload-core", List.of("packet", "conntrack-api", "offload-api")),
        entry("provider-dummy", List.of("packet", "conntrack-api", "offload-api")),
        entry("provider-xdp", List.of("packet", "conntrack-api", "offload-api")),
        entry("datapath-api", List.of("packet", "conntrack-api", "offload-api")),
        entry("datapath-core", List.of("packet", "conntrack-api", "offload-api", "datapath-api")),
        entry("port-pcap", List.of("packet")),
        entry("port-afpacket", List.of("packet")),
        entry("shell", List.of("packet", "conntrack-api", "offload-api", "datapath-api"))));

    @Inject
    private BootFinished booted;
    @Inject
    private BundleContext context;

    /** A stock Karaf with declarative services and nothing of Trackway. */
    @Configuration
    public Option[] container() {
        return Containers.stock(Containers.feature("scr"));
    }

    @Test
    public void everyBundleResolvesAlone() throws Exception {
        for (final Map.Entry<String, List<String>> rule : MAY_USE.entrySet()) {
            final List<Bundle> installed = new ArrayList<>();
            try {
                for (final String used : rule.getValue()) {
                    installed.add(context.installBundle(location(used)));
                }
                final Bundle bundle = context.installBundle(location(rule.getKey()));
                installed.add(bundle);
                assertTrue(rule.getKey() + " resolves with " + rule.getValue() + " alone",
                    framework().resolveBundles(List.of(bundle)));
            } finally {
                for (final Bundle bundle : installed) {
                    bundle.uninstall();
                }
                refresh();
            }
            assertEquals(List.of(), Trackway.bundles(context));
        }
    }

    private static String location(final String artifact) {
        return "mvn:org.trackway/" + artifact + "/" + Containers.VERSION;
    }

    private FrameworkWiring framework() {
        return context.getBundle(Constants.SYSTEM_BUNDLE_LOCATION).adapt(FrameworkWiring.class);
    }

    private void refresh() throws InterruptedException {
        final Object done = new Object();
        synchronized (done) {
            framework().refreshBundles(null, event -> {
                synchronized (done) {
                    done.notifyAll();
                }
            });
            done.wait(10_000);
        }
    }
}
