// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.karaf;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import javax.inject.Inject;
import org.apache.karaf.features.BootFinished;
import org.apache.karaf.features.FeaturesService;
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
import org.osgi.framework.wiring.BundleWiring;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.ConntrackFactory;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.CtState;
import org.trackway.datapath.Datapath;
import org.trackway.datapath.DatapathFactory;
import org.trackway.datapath.PrivateDatapath;
import org.trackway.datapath.SeenPacket;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Port;
import org.trackway.packet.PortFactory;

/**
 * The FTP helper comes and goes in the middle of a session: lftp listed a folder and fetched a file in active mode, so
 * that the session has two data connections. The tracker and the datapath notice nothing but the helper.
 */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class HelperIT {

    private static final String HELPER = "org.trackway.helper.ftp";
    private static final String FEATURE = "trackway-helper-ftp";
    private static final int CONTROL = 21;
    private static final List<String> FLOWS = List.of(
        "priority=20,tcp,tp_dst=21,actions=ct(commit,alg=ftp)",
        "priority=20,tcp,tp_src=21,actions=ct(commit,alg=ftp)",
        "priority=10,ip,actions=ct(commit)");

    /** Before it nothing is certain. */
    @Inject
    private BootFinished booted;
    @Inject
    private BundleContext context;
    @Inject
    private FeaturesService features;
    @Inject
    private ConntrackFactory trackers;
    @Inject
    private DatapathFactory datapaths;
    @Inject
    private PortFactory captures;

    private List<Object> hosts;
    private Conntrack tracker;

    @Configuration
    public Option[] container() {
        return Containers.distribution();
    }

    @Before
    public void rememberTheHosts() {
        hosts = hosts();
    }

    @After
    public void theHostsStayedAsTheyWere() throws Exception {
        assertEquals("neither reactivated nor refreshed", hosts, hosts());
        assertEquals("activated once", 1,
            Trackway.log().filter(line -> line.contains("Connection tracker 'live' is ready")).count());
        assertEquals(List.of(), Trackway.problems());
    }

    @Test
    public void bothDataConnectionsAreRelated() throws Exception {
        final List<SeenPacket> packets = replay(() -> { });
        assertEquals(List.of(true, true), related(packets));
        assertControlUnharmed(packets);
    }

    @Test
    public void updated() throws Exception {
        final List<SeenPacket> packets = replay(() -> {
            final Bundle helper = Trackway.bundle(context, HELPER);
            helper.update();
            Trackway.eventually("the helper is back", () -> tracker.helpers().contains("ftp"));
        });
        assertEquals(List.of(true, true), related(packets));
        assertControlUnharmed(packets);
    }

    @Test
    public void stoppedAndStarted() throws Exception {
        final List<SeenPacket> packets = replay(() -> {
            final Bundle helper = Trackway.bundle(context, HELPER);
            helper.stop();
            assertEquals(false, tracker.helpers().contains("ftp"));
            helper.start();
            Trackway.eventually("the helper is back", () -> tracker.helpers().contains("ftp"));
        });
        assertEquals(List.of(true, true), related(packets));
        assertControlUnharmed(packets);
    }

    @Test
    public void uninstalledAndInstalledForTheNextSession() throws Exception {
        final List<SeenPacket> packets = replay(() -> {
            features.uninstallFeature(FEATURE);
            assertEquals(false, tracker.helpers().contains("ftp"));
        });
        assertEquals("the second data connection came without a helper", List.of(true, false), related(packets));
        assertControlUnharmed(packets);
        assertTrue("its bundle is gone", Trackway.bundles(context).stream()
            .noneMatch(bundle -> bundle.getSymbolicName().equals(HELPER)));

        features.installFeature(FEATURE, EnumSet.noneOf(FeaturesService.Option.class));
        Trackway.eventually("the helper is back", () -> tracker.helpers().contains("ftp"));
        assertEquals(List.of(true, true), related(replay(() -> { })));
    }

    @Test
    public void installedInTheMiddle() throws Exception {
        features.uninstallFeature(FEATURE);
        final List<SeenPacket> packets = replay(() -> {
            features.installFeature(FEATURE, EnumSet.noneOf(FeaturesService.Option.class));
            Trackway.eventually("the helper is there", () -> tracker.helpers().contains("ftp"));
        });
        assertEquals("the second data connection came with a helper", List.of(false, true), related(packets));
        assertControlUnharmed(packets);
    }

    /** Replays the session and does something when its first data connection is over. */
    private List<SeenPacket> replay(final Interruption interruption) throws Exception {
        final List<SeenPacket> seen = new ArrayList<>();
        tracker = trackers.create("session", ConntrackSettings.DEFAULT, () -> 1);
        try (PrivateDatapath datapath = datapaths.create("session", tracker);
                Port port = captures.open("session", Map.of("file", System.getProperty("trackway.capture")))) {
            datapath.addFlows(FLOWS, Datapath.Missing.WAIT);
            datapath.observe(seen::add);
            final PacketBatch burst = new PacketBatch();
            final PacketBatch one = new PacketBatch();
            boolean interrupted = false;
            while (port.receive(burst) >= 0) {
                for (int i = 0; i < burst.size(); i++) {
                    if (!interrupted && firstDataConnectionIsOver(seen)) {
                        interruption.happen();
                        interrupted = true;
                    }
                    one.add(burst.get(i));
                    datapath.process(port, one);
                    one.clear();
                }
                burst.clear();
            }
            assertTrue("it was interrupted", interrupted);
        }
        return seen;
    }

    /** The control connection goes on after packets of a data connection. */
    private static boolean firstDataConnectionIsOver(final List<SeenPacket> seen) {
        return dataConnections(seen).size() == 1 && isControl(seen.get(seen.size() - 1))
            && seen.get(seen.size() - 1).length() > 80;
    }

    /** {@return for each data connection whether all of its packets were related} */
    private static List<Boolean> related(final List<SeenPacket> packets) {
        return dataConnections(packets).stream()
            .map(ports -> packets.stream().filter(packet -> !isControl(packet) && ports(packet).equals(ports))
                .allMatch(packet -> (packet.ctState() & CtState.RELATED) != 0))
            .toList();
    }

    private static List<String> dataConnections(final List<SeenPacket> packets) {
        return packets.stream().filter(packet -> !isControl(packet)).map(HelperIT::ports).distinct().toList();
    }

    private static void assertControlUnharmed(final List<SeenPacket> packets) {
        packets.stream().filter(HelperIT::isControl).skip(1).forEach(packet -> {
            assertEquals("packet " + packet.number() + " is " + CtState.format(packet.ctState()),
                0, packet.ctState() & CtState.INVALID);
            assertTrue("packet " + packet.number() + " is " + CtState.format(packet.ctState()),
                (packet.ctState() & CtState.ESTABLISHED) != 0);
        });
    }

    private static boolean isControl(final SeenPacket packet) {
        return packet.tuple().map(tuple -> tuple.sourcePort() == CONTROL || tuple.destinationPort() == CONTROL)
            .orElse(false);
    }

    private static String ports(final SeenPacket packet) {
        final int one = packet.tuple().orElseThrow().sourcePort();
        final int other = packet.tuple().orElseThrow().destinationPort();
        return Math.min(one, other) + "-" + Math.max(one, other);
    }

    /** {@return what changes if the tracker or the datapath is activated anew or its bundle refreshed} */
    private List<Object> hosts() {
        final List<Object> identities = new ArrayList<>();
        for (final Class<?> type : List.of(Conntrack.class, ConntrackFactory.class, Datapath.class,
                DatapathFactory.class)) {
            final ServiceReference<?> service = context.getServiceReference(type);
            identities.add(service.getProperty(Constants.SERVICE_ID));
            identities.add(service.getBundle().adapt(BundleWiring.class));
        }
        return identities;
    }

    /** What happens in the middle of a session. */
    @FunctionalInterface
    private interface Interruption {
        void happen() throws Exception;
    }
}
