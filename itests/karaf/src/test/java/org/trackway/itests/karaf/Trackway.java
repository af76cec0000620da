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

    /** Waits until something holds that the container does on threads of its own; fails after thirty seconds. */
    static void eventually(final String what, final BooleanSupplier condition) throws InterruptedException {
        eventually(() -> what, condition);
    }

    /** The same, saying what was waited for as it is in the end. */
    static void eventually(final Supplier<String> what, final BooleanSupplier condition) throws InterruptedException {
        final long deadline = System.nanoTime() + 30_000_000_000L;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                fail("within 30 s: " + what.get());
            }
            Thread.sleep(20);
        }
    }
}
