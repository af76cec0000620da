// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.karaf;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
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
import org.osgi.framework.wiring.BundleWiring;
import org.osgi.service.cm.ConfigurationAdmin;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.Counter;
import org.trackway.datapath.Datapath;
import org.trackway.offload.Offload;
import org.trackway.offload.ProviderStatus;

/**
 * Providers come and go while live conversations pass: no packet is lost, every packet is counted once, and nothing but
 * the providers notices.
 */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class OffloadIT {

    /** More of them with {@code -Dtrackway.soak=10000}, for an hour or two. */
    private static final int CYCLES = Integer.getInteger("trackway.soak", 0);
    private static final int CONVERSATIONS = 10_000;
    private static final int RATE = 40_000;
    private static final int ZONE = 7;
    private static final int SAMPLES = 100;
    /** So many paths, and a card has been found by conversations of all kinds. */
    private static final int SOME = 500;
    private static final Path DEPLOYED = Path.of(System.getProperty("karaf.base", ""), "deploy", "card.jar");
    private static final List<String> FLOWS = List.of(
        "table=0,priority=10,ip,actions=ct(table=1,zone=7,nat)",
        "table=1,priority=90,ct_state=+inv,actions=drop",
        "table=1,priority=80,in_port=1,ip,ct_state=+est,actions=output:2",
        "table=1,priority=80,in_port=2,ip,ct_state=+est,actions=output:1",
        "table=1,priority=70,in_port=1,udp,tp_dst=4000,ct_state=+new,"
            + "actions=ct(commit,zone=7,nat(src=10.8.0.1),timeout=patient),output:2",
        "table=1,priority=60,in_port=1,ip,ct_state=+new,actions=ct(commit,zone=7,timeout=patient),output:2");

    /** Before it nothing is certain. */
    @Inject
    private BootFinished booted;
    @Inject
    private BundleContext context;
    @Inject
    private ConfigurationAdmin configurations;
    @Inject
    private SessionFactory sessions;
    @Inject
    private Datapath datapath;
    @Inject
    private Offload offload;

    private Conntrack tracker;
    private Map<String, Object> hosts;
    private long invalid;

    @Configuration
    public Option[] container() {
        return Containers.distribution();
    }

    @Before
    public void rememberTheHosts() throws Exception {
        tracker = datapath.conntrack();
        Trackway.holdThroughPauses(tracker, Shell.admin(sessions));
        hosts = hosts();
        invalid = tracker.counters().get(Counter.INVALID);
    }

    @After
    public void theHostsStayedAsTheyWere() throws Exception {
        Files.deleteIfExists(DEPLOYED);
        for (final Bundle bundle : context.getBundles()) {
            if (isCard(bundle)) {
                bundle.uninstall();
            }
        }
        Trackway.eventually("no provider is left", () -> offload.providers().isEmpty());
        datapath.removeFlows("", false);
        tracker.flush(ConnectionFilter.ALL);
        assertEquals("neither reactivated nor refreshed", hosts, hosts());
        for (final String host : List.of("Connection tracker 'live' is ready", "Datapath 'live' is ready")) {
            assertEquals(host, 1, Trackway.log().filter(line -> line.contains(host)).count());
        }
        assertEquals(List.of(), Trackway.problems());
        assertEquals("no packet was invalid", invalid, (long) tracker.counters().get(Counter.INVALID));
    }

    /** {@return what changes if a bundle is refreshed, or a service of the hosts comes anew} */
    private Map<String, Object> hosts() {
        final Map<String, Object> identities = new TreeMap<>();
        for (final Class<?> type : List.of(Conntrack.class, Datapath.class, Offload.class)) {
            final ServiceReference<?> service = context.getServiceReference(type);
            identities.put(type.getName(), service.getProperty(Constants.SERVICE_ID));
        }
        Arrays.stream(context.getBundles()).filter(bundle -> !isCard(bundle)).forEach(bundle ->
            identities.put(bundle.getBundleId() + " " + bundle, bundle.adapt(BundleWiring.class)));
        return identities;
    }

    private static boolean isCard(final Bundle bundle) {
        return String.valueOf(bundle.getSymbolicName()).startsWith(Cards.DUMMY);
    }

    private Conversations talk() {
        datapath.addFlows(FLOWS, Datapath.Missing.REFUSE);
        return new Conversations(datapath, new Script(0, true), CONVERSATIONS, RATE, 32);
    }

    private ProviderStatus status(final String name) {
        return offload.providers().stream().filter(provider -> provider.name().equals(name)).findFirst().orElse(null);
    }

    private long paths(final String name) {
        final ProviderStatus status = status(name);
        return status == null ? 0 : status.paths();
    }

    private void awaitPathsOf(final String name) throws InterruptedException {
        Trackway.eventually(() -> name + " forwards: " + offload.providers(), () -> paths(name) > SOME);
    }

    private void awaitAllForwarded() throws InterruptedException {
        Trackway.eventually(() -> "the card forwards all there is: " + offload.providers(),
            () -> paths("dummy") == 2 * CONVERSATIONS);
    }

    @Test
    public void conversationsAreLiveWithoutOffload() throws Exception {
        final long bypassed = datapath.counters().bypassed();
        try (Conversations talk = talk()) {
            talk.hear(10 * CONVERSATIONS);
            talk.pause();
            talk.assertWell();
            assertEquals(0, talk.assertTracked(tracker, ZONE));
            assertEquals(bypassed, datapath.counters().bypassed());
        }
    }

    @Test
    public void cardsComeAndGoUnderTraffic() throws Exception {
        final Cards cards = new Cards(context, configurations);
        cards.configure("a", "priority=5");
        cards.configure("b", "capacity=5000", "batchSize=256", "oneWay=true");
        final List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
        final List<Watcher> watchers = new ArrayList<>();
        try (Conversations talk = talk()) {
            talk.hear(5 * CONVERSATIONS);
            Bundle old = null;
            long heap = 0;
            final List<String> threads = new ArrayList<>();
            long[] counted = new long[SAMPLES];
            for (int cycle = 0; cycle < CYCLES; cycle++) {
                final String name = cycle % 2 == 0 ? "a" : "b";
                final Watcher watcher = cycle % 5 == 0 ? new Watcher(context) : null;
                final Bundle card = cards.install(name);
                card.start();
                loaders.add(new WeakReference<>(card.adapt(BundleWiring.class).getClassLoader()));
                awaitPathsOf(name);
                card.stop();
                card.start();
                awaitPathsOf(name);
                card.update(new ByteArrayInputStream(Cards.jar(Cards.DUMMY + "." + name)));
                loaders.add(new WeakReference<>(card.adapt(BundleWiring.class).getClassLoader()));
                awaitPathsOf(name);
                if (old != null) {
                    old.uninstall();
                }
                old = card;
                talk.hear(CONVERSATIONS / 10);
                if (watcher != null) {
                    watcher.assertRightUntilItGoes();
                    watchers.add(watcher);
                }
                counted = assertNothingWentBack(talk, counted);
                talk.assertWell();
                if (cycle == (CYCLES / 5 | 1)) {
                    threads.addAll(Trackway.threads());
                    heap = heap();
                }
            }
            talk.pause();
            assertEquals("calls after it had gone", 0, watchers.stream().mapToInt(Watcher::lateCalls).sum());
            assertTrue("some are in hardware", talk.assertTracked(tracker, ZONE) > 0);
            assertEquals("threads", threads, Trackway.threads());
            final long grown = heap() - heap;
            assertTrue("the heap has grown by " + grown, grown < 16 << 20);
            old.uninstall();
            assertEquals("none is in hardware", 0, talk.assertTracked(tracker, ZONE));
            talk.assertWell();
        }
        assertTrue("the fast path was taken", datapath.counters().bypassed() > CONVERSATIONS);
        Trackway.eventually("the classes of all cards are garbage", () -> {
            System.gc();
            return loaders.stream().allMatch(loader -> loader.get() == null);
        });
    }

    /** {@return the packets counted so far of some connections: never fewer than before} */
    private long[] assertNothingWentBack(final Conversations talk, final long[] before) {
        final long[] now = new long[before.length];
        for (int i = 0; i < now.length; i++) {
            final var connection = talk.connection(tracker, ZONE, i * (CONVERSATIONS / SAMPLES));
            now[i] = connection.originalCount().packets() + connection.replyCount().packets();
            assertTrue(connection + " had " + before[i], now[i] >= before[i]);
        }
        return now;
    }

    private static long heap() {
        System.gc();
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    /** The folder is watched: the file gets its name when it is whole. */
    private static void deploy(final byte[] jar) throws IOException {
        final Path copy = Files.write(DEPLOYED.resolveSibling("../card.jar"), jar);
        Files.move(copy, DEPLOYED, StandardCopyOption.ATOMIC_MOVE);
    }

    @Test
    public void aProviderWrittenByTheGuideIsDeployedByCopyingItsJar() throws Exception {
        try (Conversations talk = talk()) {
            talk.hear(3 * CONVERSATIONS);
            deploy(Files.readAllBytes(Path.of(System.getProperty("trackway.containers"), "notebook-provider.jar")));
            Trackway.eventually("its pages are full of connections", () -> offload.providers().stream()
                .anyMatch(provider -> provider.name().equals("notebook") && provider.held() == 1_000));
            talk.hear(CONVERSATIONS);
            Files.delete(DEPLOYED);
            Trackway.eventually("it is gone", () -> offload.providers().isEmpty());
            talk.hear(CONVERSATIONS);
            talk.pause();
            assertEquals("none is in hardware", 0, talk.assertTracked(tracker, ZONE));
            talk.assertWell();
        }
    }

    @Test
    public void aJarInTheDeployFolderIsAProvider() throws Exception {
        try (Conversations talk = talk()) {
            talk.hear(3 * CONVERSATIONS);
            deploy(Cards.jar());
            awaitAllForwarded();
            talk.hear(CONVERSATIONS);
            talk.pause();
            assertEquals("all are in hardware", CONVERSATIONS, talk.assertTracked(tracker, ZONE));
            talk.resume();
            Files.delete(DEPLOYED);
            Trackway.eventually("it is gone", () -> offload.providers().isEmpty());
            talk.hear(CONVERSATIONS);
            talk.pause();
            assertEquals("none is in hardware", 0, talk.assertTracked(tracker, ZONE));
            talk.assertWell();
        }
    }

    @Test
    public void theShellShowsAndSwitches() throws Exception {
        final Shell shell = Shell.admin(sessions);
        final Shell viewer = Shell.viewer(sessions);
        shell.run("feature:install trackway-provider-dummy");
        shell.run("offload:settings --update-interval 100");
        try (Conversations talk = talk()) {
            awaitAllForwarded();
            final String providers = viewer.run("offload:providers");
            assertTrue(providers, providers.matches("(?s).*dummy +active .* forwards +0 +10000 +none +20000 .*"));
            final String details = viewer.run("offload:providers dummy");
            assertTrue(details, details.contains("Ports          clients, servers"));
            final long id = talk.connection(tracker, ZONE, 0).id();
            final String why = viewer.run("offload:why " + id);
            assertTrue(why, why.contains("in hardware: dummy forwards both directions (for "));
            assertTrue(viewer.run("offload:show " + id).matches("(?s).*dummy +established +hardware +hardware .*"));
            assertEquals("10000", viewer.run("offload:list --count").trim());
            assertEquals("5000", viewer.run("offload:list --count --protocol tcp").trim());
            assertEquals("10000", viewer.run("conntrack:list --offloaded --count").trim());
            assertTrue(viewer.fails("offload:drain dummy"), viewer.fails("offload:drain dummy").matches(
                ".*(Insufficient credentials|Command not found).*"));
            assertTrue(shell.run("offload:verify").contains("clean"));

            assertTrue(shell.run("offload:drain dummy").contains("dummy is drained"));
            assertEquals("0", viewer.run("offload:list --count").trim());
            assertTrue(viewer.run("offload:why " + id), viewer.run("offload:why " + id).contains("in software"));
            shell.run("offload:resume dummy");
            awaitAllForwarded();
            shell.run("offload:flush dummy");
            awaitAllForwarded();

            shell.run("offload:disable");
            Trackway.eventually("none is in hardware", () -> offload.held().isEmpty());
            assertTrue(viewer.run("offload:why " + id), viewer.run("offload:why " + id).contains("in software"));
            shell.run("offload:enable");
            awaitAllForwarded();
            shell.run("offload:disable dummy");
            Trackway.eventually("none is in hardware", () -> offload.held().isEmpty());
            shell.run("offload:enable dummy");
            shell.run("offload:settings --protocols udp");
            Trackway.eventually("udp alone", () -> offload.held().size() == CONVERSATIONS / 2);
            shell.run("offload:settings --protocols all");
            talk.hear(CONVERSATIONS);
            talk.pause();
            talk.assertTracked(tracker, ZONE);
            talk.assertWell();
        } finally {
            shell.run("feature:uninstall trackway-provider-dummy");
            shell.run("offload:settings --update-interval 2000");
        }
    }
}
