// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.karaf;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;
import static org.junit.Assert.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.service.component.runtime.dto.ComponentConfigurationDTO;
import org.osgi.service.component.runtime.dto.ComponentDescriptionDTO;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.TimeoutPolicy;

/** What there is of Trackway in a container. */
final class Trackway {

    /** The symbolic names of all bundles, sorted. */
    static final List<String> SYMBOLIC_NAMES = List.of(
        "org.trackway.conntrack",
        "org.trackway.conntrack.core",
        "org.trackway.datapath",
        "org.trackway.datapath.core",
        "org.trackway.helper.ftp",
        "org.trackway.helper.tftp",
        "org.trackway.offload",
        "org.trackway.offload.core",
        "org.trackway.packet",
        "org.trackway.port.pcap",
        "org.trackway.shell");

    private static final int NAP_MS = 20;
    private static final int NAPS = 30_000 / NAP_MS;

    private Trackway() {
    }

    /** {@return Trackway's bundles that are installed; the tests' own is none of them} */
    static List<Bundle> bundles(final BundleContext context) {
        return Arrays.stream(context.getBundles())
            .filter(bundle -> String.valueOf(bundle.getSymbolicName()).startsWith("org.trackway."))
            .toList();
    }

    /** {@return everybody else's bundles, the tests' own among them} */
    static List<String> otherBundles(final BundleContext context) {
        return Arrays.stream(context.getBundles())
            .filter(bundle -> !String.valueOf(bundle.getSymbolicName()).startsWith("org.trackway."))
            .map(Bundle::toString).sorted().toList();
    }

    /** {@return the interfaces that Trackway's services offer, each as often as it is offered} */
    static List<String> interfaces(final BundleContext context) {
        try {
            final ServiceReference<?>[] all = context.getAllServiceReferences(null, "(objectClass=org.trackway.*)");
            return all == null ? List.of() : Arrays.stream(all)
                .map(service -> Arrays.toString((String[]) service.getProperty(Constants.OBJECTCLASS)))
                .sorted().toList();
        } catch (final InvalidSyntaxException impossible) {
            throw new AssertionError(impossible);
        }
    }

    /** {@return the names of Trackway's threads that are alive} */
    static List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream().map(Thread::getName)
            .filter(name -> name.startsWith("trackway")).sorted().toList();
    }

    /** {@return the lines of the container's log} */
    static Stream<String> log() throws IOException {
        return Files.readAllLines(Path.of(System.getProperty("karaf.log"), "karaf.log")).stream();
    }

    /** {@return what of Trackway was logged as a warning or an error} */
    static List<String> problems() throws IOException {
        return log().filter(line -> line.contains("trackway"))
            .filter(line -> line.contains("| WARN") || line.contains("| ERROR")).toList();
    }

    /** {@return the bundle with this symbolic name} */
    static Bundle bundle(final BundleContext context, final String symbolicName) {
        return bundles(context).stream().filter(bundle -> bundle.getSymbolicName().equals(symbolicName)).findFirst()
            .orElseThrow(() -> new AssertionError(symbolicName + " is not installed"));
    }

    /** Fails unless every enabled component of Trackway is satisfied or active. */
    static void assertComponentsSatisfied(final BundleContext context, final ServiceComponentRuntime runtime) {
        final Bundle[] bundles = bundles(context).toArray(Bundle[]::new);
        assertTrue("there are components", !runtime.getComponentDescriptionDTOs(bundles).isEmpty());
        for (final ComponentDescriptionDTO component : runtime.getComponentDescriptionDTOs(bundles)) {
            for (final ComponentConfigurationDTO configuration : runtime.getComponentConfigurationDTOs(component)) {
                assertTrue(component.name + " is in state " + configuration.state + " " + configuration.failure,
                    configuration.state == ComponentConfigurationDTO.ACTIVE
                        || configuration.state == ComponentConfigurationDTO.SATISFIED);
            }
            if (!component.configurationPolicy.equals("require")) {
                assertEquals(component.name + " has a configuration", 1,
                    runtime.getComponentConfigurationDTOs(component).size());
            }
        }
    }

    /**
     * Lets connections that name the timeout policy {@code patient} live for an hour, and providers' calls take as
     * long as ten minutes: a test that judges neither is not to fail when the whole machine stands still for a while.
     */
    static void holdThroughPauses(final Conntrack conntrack, final Shell admin) throws Exception {
        conntrack.settings(conntrack.settings().withTimeoutPolicy(TimeoutPolicy.parse("patient: tcp_syn_sent=3600"
            + " tcp_syn_recv=3600 udp_first=3600 udp_single=3600 udp_multiple=3600")));
        admin.run("offload:settings --call-limit 600000 --close-limit 600000");
    }

    /**
     * Waits until something holds that the container does on threads of its own; fails after thirty seconds of waiting,
     * in which the time that the machine stands still does not count.
     */
    static void eventually(final String what, final BooleanSupplier condition) throws InterruptedException {
        eventually(() -> what, condition);
    }

    /** The same, saying what was waited for as it is in the end. */
    static void eventually(final Supplier<String> what, final BooleanSupplier condition) throws InterruptedException {
        for (int nap = 0; !condition.getAsBoolean(); nap++) {
            if (nap == NAPS) {
                fail("within 30 s: " + what.get());
            }
            Thread.sleep(NAP_MS);
        }
    }
}
