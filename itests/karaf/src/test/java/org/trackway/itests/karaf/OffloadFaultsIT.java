// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.karaf;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.util.Hashtable;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
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
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.cm.ConfigurationAdmin;
import org.trackway.conntrack.Connection;
import org.trackway.datapath.Datapath;
import org.trackway.offload.Offload;
import org.trackway.offload.ProviderStatus;
import org.trackway.offload.ProviderStatus.State;
import org.trackway.offload.spi.Activity;
import org.trackway.offload.spi.Answer;
import org.trackway.offload.spi.OffloadProvider;
import org.trackway.offload.spi.ProviderContext;
import org.trackway.packet.Port;

/**
 * A provider misbehaves beside a good one, while conversations begin, go on and end: packets don't wait for it, it is
 * put into quarantine and shown there, and the good one goes on.
 */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class OffloadFaultsIT {

    private static final int CONVERSATIONS = 200;
    /** Packets of the shortest conversation, before the next one begins. */
    private static final int LENGTH = 31;
    private static final int RATE = 20_000;
    /** Small batches give many measurements. */
    private static final int BURST = 8;
    private static final double ALLOWED = 1.2;
    /** Fewer than six have no interval, so nothing could fail. More to measure: {@code -Dtrackway.pairs=40}. */
    private static final int PAIRS = Math.max(6, Integer.getInteger("trackway.pairs", 6));
    private static final long ROUND = 20_000;
    private static final String REPORTS_WHAT_IT_DOES_NOT_HOLD = "a provider of its own";
    private static final List<String> FLOWS = List.of(
        "table=0,priority=10,ip,actions=ct(table=1)",
        "table=1,priority=90,ct_state=+inv,actions=drop",
        "table=1,priority=80,in_port=1,ip,ct_state=+est,actions=output:2",
        "table=1,priority=80,in_port=2,ip,ct_state=+est,actions=output:1",
        "table=1,priority=60,in_port=1,ip,ct_state=+new,actions=ct(commit),output:2");

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

    private Shell shell;
    private Cards cards;
    private Conversations talk;
    /** The name of the one that misbehaves: another one each time, since a configuration's name is not free at once. */
    private String culprit;
    private ServiceRegistration<OffloadProvider> liar;

    @Configuration
    public Option[] container() {
        return Containers.distribution();
    }

    @Before
    public void begin() throws Exception {
        shell = Shell.admin(sessions);
        cards = new Cards(context, configurations);
        cards.plug("good", "priority=1");
        shell.run("feature:install trackway-provider-dummy");
        shell.run("offload:settings --call-limit 200 --update-interval 200 --retry 500 --close-limit 500");
        datapath.addFlows(FLOWS, Datapath.Missing.REFUSE);
        talk = new Conversations(datapath, new Script(LENGTH, false), CONVERSATIONS, RATE, BURST);
        talk.hear(4 * ROUND);
    }

    @After
    public void end() throws Exception {
        talk.close();
        datapath.removeFlows("", false);
        shell.run("conntrack:flush --all");
        if (offload.providers().size() > 1) {
            pull();
        }
    }

    @Test
    public void oneThatThrows() throws Exception {
        misbehaves(State.QUARANTINED, "throwing=all");
    }

    @Test
    public void oneThatAnswersAfterFiveSeconds() throws Exception {
        misbehaves(State.STUCK, "latencyUs=5000000");
    }

    @Test
    public void oneThatForgets() throws Exception {
        misbehaves(State.QUARANTINED, "forget=true");
    }

    @Test
    public void oneThatReportsWhatItDoesNotHold() throws Exception {
        misbehaves(State.QUARANTINED, REPORTS_WHAT_IT_DOES_NOT_HOLD);
    }

    @Test
    public void oneThatLiesIsFoundOutWhenItsBooksAreCompared() throws Exception {
        plug("forget=true", "lie=true");
        Trackway.eventually("it claims to hold some", () -> status(culprit) != null && status(culprit).held() > 100);
        final String verified = shell.run("offload:verify " + culprit);
        assertTrue(verified, verified.matches("(?s).*" + culprit + " +\\d+ +[1-9]\\d* +0 +0  repaired.*"));
        talk.hear(ROUND);
        talk.assertWell();
    }

    @Test
    public void oneThatNeverReturnsCostsOneThread() throws Exception {
        misbehaves(State.STUCK, "hanging=add");
        final List<String> before = Trackway.threads();
        plug("hanging=add");
        awaitState(State.STUCK);
        final List<String> during = Trackway.threads();
        assertEquals("threads: " + during + ", before: " + before, before.size() + 1, during.size());
        pull();
        assertEquals("the thread is still in it, and nothing else", during, Trackway.threads());
    }

    private void plug(final String... how) throws Exception {
        culprit = "bad-" + System.nanoTime();
        if (how[0].equals(REPORTS_WHAT_IT_DOES_NOT_HOLD)) {
            liar = context.registerService(OffloadProvider.class, new Liar(culprit), new Hashtable<>());
        } else {
            cards.plug(culprit, how);
        }
    }

    private void pull() throws Exception {
        if (liar != null) {
            liar.unregister();
            liar = null;
        } else {
            cards.pull(culprit);
        }
        Trackway.eventually("the good one alone is left", () -> offload.providers().size() == 1);
    }

    /** Takes nothing, and says of connections that nobody has that they are closing. */
    private static final class Liar implements OffloadProvider {

        private final String name;
        private ProviderContext manager;

        Liar(final String name) {
            this.name = name;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public void attach(final ProviderContext context) {
            manager = context;
        }

        @Override
        public Answer canOffload(final Connection connection) {
            return Answer.ACCEPTED;
        }

        @Override
        public Answer add(final Connection connection, final Optional<Port> ingress) {
            manager.closing(-connection.id());
            return Answer.no("it has no time");
        }

        @Override
        public Activity delete(final long connectionId) {
            return Activity.UNTOLD;
        }
    }

    /**
     * Plugs a card in, sees what becomes of it, and that packets don't mind. Rounds with it and without it come in the
     * order ABBA, all of them count, and the claim is refuted when even the lower end of the interval is above what is
     * allowed.
     */
    private void misbehaves(final State expected, final String... how) throws Exception {
        final PairedTimes times = new PairedTimes();
        for (int pair = 0; pair < PAIRS; pair++) {
            if (pair % 2 == 0) {
                final int[] control = measure();
                times.add(control, measureBeside(expected, how));
            } else {
                final int[] bad = measureBeside(expected, how);
                times.add(measure(), bad);
            }
        }
        final String result = "p99.9 of the batch time with " + String.join(" ", how) + " to that without: " + times;
        System.out.println(result);
        assertTrue(result, times.lower() <= ALLOWED);
        talk.assertWell();
    }

    /** {@return the times of the batches of one round beside a card that misbehaves} */
    private int[] measureBeside(final State expected, final String... how) throws Exception {
        plug(how);
        awaitState(expected);
        assertShown(expected);
        final int[] times = measure();
        final long forwarded = forwarded();
        assertEquals("the good one is well", State.ACTIVE, status("good").state());
        Trackway.eventually(() -> "and goes on: " + offload.providers(), () -> forwarded() > forwarded);
        pull();
        return times;
    }

    /** {@return the times of the batches of one round, sorted} */
    private int[] measure() throws Exception {
        talk.takeBatchTimes();
        talk.hear(ROUND);
        return talk.takeBatchTimes();
    }

    private long forwarded() {
        return status("good").counters().get(ProviderStatus.Counter.FORWARDED);
    }

    private ProviderStatus status(final String name) {
        return offload.providers().stream().filter(provider -> provider.name().equals(name)).findFirst().orElse(null);
    }

    private void awaitState(final State expected) throws InterruptedException {
        Trackway.eventually(() -> "it is " + expected + ": " + offload.providers() + talk,
            () -> status(culprit) != null && status(culprit).state() == expected);
    }

    private void assertShown(final State expected) throws Exception {
        final String shown = shell.run("offload:providers");
        // A retry may be under way just now.
        assertTrue(shown, shown.matches("(?s).*\\b" + culprit + " +(" + expected.name().toLowerCase(Locale.ROOT)
            + "|active) .*"));
        assertTrue(shown, status(culprit).lastFailure().isPresent());
    }
}
