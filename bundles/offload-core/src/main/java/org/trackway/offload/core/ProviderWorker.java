// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.trackway.conntrack.Conntrack;
import org.trackway.offload.OffloadSettings;
import org.trackway.offload.ProviderStatus;
import org.trackway.offload.ProviderStatus.State;
import org.trackway.offload.Verification;
import org.trackway.offload.spi.Answer;
import org.trackway.offload.spi.OffloadProvider;
import org.trackway.offload.spi.Operation;
import org.trackway.packet.Port;

/**
 * Drives one provider. Packet threads put notes in, one thread of its own takes steps: it takes notes and reports in,
 * chooses operations, has the provider perform them, takes its answers in. All that is decided is decided in {@link
 * #step}, which does not wait, so that a test takes the steps itself.
 *
 * <p>The monitor of this object guards the table and all that is not final or volatile. It is <em>never</em> held while
 * the provider is called, so that whoever finds that a call hangs can give up all that the provider holds. Every call
 * begins and ends under the monitor; the epoch tells a call that returns whether that has happened meanwhile.
 *
 * <p><b>Lock order:</b> manager, worker, then dossier or path book, then what the tracker locks.
 */
final class ProviderWorker implements Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(ProviderWorker.class);
    private static final long MS = 1_000_000;
    /** Notes taken in by one step. */
    private static final int NOTES = 1_024;
    /** How long the thread sleeps while there was something to do a moment ago, so that packets need not wake it. */
    private static final long NAP_NS = MS;
    /** How long it takes for that moment to pass. */
    private static final long CALM_NS = 100 * MS;
    private static final long SLEEP_NS = 1_000 * MS;

    private final String name;
    private final Conntrack conntrack;
    private final Supplier<OffloadSettings> settings;
    private final LongSupplier clock;
    /** Told, without any monitor, that the state has changed. */
    private final Runnable changed;
    private final Tally tally = new Tally();
    private final Health health = new Health(tally);
    private final Reports reports = new Reports(tally, this::wake);
    private final ProviderTable table;
    private final Calls calls = new Calls();
    private final Mailbox mailbox;
    private final ServedPorts ports = new ServedPorts();
    private volatile boolean asleep;
    private volatile Thread thread;

    private volatile OffloadProvider provider;
    private volatile int priority;
    private volatile State state = State.DISABLED;
    private volatile long sinceNs;
    private volatile boolean closed;

    // Guarded by this.
    private OffloadSettings applied;
    private boolean introduced;
    private boolean closing;
    private boolean drained;
    private boolean lost;
    private boolean stuck;
    private boolean mustFlush;
    private boolean announce;
    private long flushNs;
    /** Why everything is to leave with the next step, if it is. */
    private String leaveAll;
    private boolean leaveAgain;
    private boolean scanWanted;
    private Scan scan;
    private long nextLookNs;
    /** Comparisons that somebody waits for; each has room for its result. */
    private final List<Verification[]> comparisons = new ArrayList<>();
    /** Counts how often all was given up while the provider may have been in a call. */
    private int epoch;

    ProviderWorker(final String name, final OffloadProvider provider, final Conntrack conntrack,
            final Dossiers dossiers, final PathBook book, final Supplier<OffloadSettings> settings,
            final Runnable changed) {
        this.name = name;
        this.provider = provider;
        this.conntrack = conntrack;
        this.settings = settings;
        this.changed = changed;
        clock = conntrack::now;
        table = new ProviderTable(this, conntrack, dossiers, book, tally, health);
        applied = settings.get();
        table.settings(applied, clock.getAsLong());
        mailbox = new Mailbox(tally, applied.queueSize());
        sinceNs = clock.getAsLong();
    }

    String name() {
        return name;
    }

    ProviderTable table() {
        return table;
    }

    int priority() {
        return settings.get().provider(name).priority().orElse(priority);
    }

    State state() {
        return state;
    }

    boolean isFor(final OffloadProvider candidate) {
        return provider == candidate;
    }

    // ---- for packet threads ----

    /** Takes a note of something; never blocks. */
    void note(final byte kind, final long connectionId, final PortRef port) {
        if (kind == NoteRing.ADD && port != null && !ports.serves(port)) {
            return;
        }
        mailbox.note(kind, connectionId, port);
        wake();
    }

    /** {@return whether notes wait that this worker has not made an end of} */
    boolean hasNotes() {
        return mailbox.notes().size() > 0;
    }

    /** {@return the ports that the provider serves} */
    ServedPorts ports() {
        return ports;
    }

    /** Hands an offered path over. {@return false if there is no room, or nobody to take it} */
    boolean deliver(final OfferedPath path) {
        final boolean taken = mailbox.offer(path);
        wake();
        return taken;
    }

    /** Has a path withdrawn that was handed over. */
    void withdraw(final OfferedPath path) {
        mailbox.put(path);
        wake();
    }

    // ---- the thread ----

    /** Says which thread takes the steps. */
    void thread(final Thread own) {
        thread = own;
    }

    private void wake() {
        if (asleep) {
            asleep = false;
            LockSupport.unpark(thread);
        }
    }

    @Override
    public void run() {
        long busyNs = System.nanoTime();
        while (!closed) {
            boolean more;
            try {
                more = step();
            } catch (final RuntimeException | Error failure) {
                LOG.error("A step for offload provider '{}' failed; its connections go to software.", name, failure);
                giveUpAfterFault();
                more = false;
            }
            final long now = System.nanoTime();
            if (more) {
                busyNs = now;
            } else {
                rest(now - busyNs < CALM_NS);
            }
        }
    }

    private void rest(final boolean nap) {
        final long next = nextNs();
        final long left = next == Long.MAX_VALUE ? SLEEP_NS : next - clock.getAsLong();
        if (nap || left <= NAP_NS) {
            // A millisecond's questions make one batch.
            LockSupport.parkNanos(this, NAP_NS);
            return;
        }
        asleep = true;
        if (!isNews()) {
            LockSupport.parkNanos(this, Math.min(SLEEP_NS, left));
        }
        asleep = false;
    }

    /** {@return whether something came in that no step has seen} */
    private boolean isNews() {
        return !mailbox.isEmpty() || !reports.isEmpty() || closed;
    }

    private synchronized long nextNs() {
        long next = Math.min(table.nextDueNs(), health.retryNs());
        if (state == State.ACTIVE) {
            next = Math.min(next, nextLookNs);
        }
        return next;
    }

    // ---- a step ----

    /**
     * Does what there is to do now, without waiting but for the provider.
     *
     * @return whether there may be more to do at once
     */
    boolean step() {
        final int mine;
        boolean more;
        synchronized (this) {
            if (closed) {
                return false;
            }
            more = absorb(clock.getAsLong());
            mine = epoch;
        }
        announce();
        if (!introduce(mine) || !flushIfMust(mine) || !compare(mine)) {
            return settleUp(mine);
        }
        more |= scan();
        if (!askPorts(mine)) {
            return settleUp(mine);
        }
        if (hasWork()) {
            if (!takeTurn(mine)) {
                return settleUp(mine);
            }
            more = true;
        }
        announce();
        tell();
        return more;
    }

    private synchronized boolean hasWork() {
        return table.hasWork();
    }

    /**
     * The end of a step in which a call did not do what it should. {@return whether there may be more to do at once}
     */
    private boolean settleUp(final int mine) {
        final boolean returned;
        synchronized (this) {
            returned = epoch != mine && stuck;
            if (returned) {
                stuck = false;
                flushSoon(clock.getAsLong());
                review(clock.getAsLong());
            }
        }
        announce();
        tell();
        return returned || hasWork();
    }

    /** Takes in what came from others, and what time brings. {@return whether there is more} */
    private boolean absorb(final long nowNs) {
        final OffloadSettings now = settings.get();
        if (now != applied) {
            final boolean resize = now.queueSize() != applied.queueSize();
            applied = now;
            if (resize) {
                takeNotes(nowNs, Integer.MAX_VALUE);
                mailbox.resize(now.queueSize());
            }
            table.settings(now, nowNs);
            scanWanted = true;
        }
        boolean more = takeReports(nowNs);
        if (health.isExhausted(applied.maxFailures()) && state == State.ACTIVE) {
            health.quarantine(applied.retryMs(), nowNs);
            flushSoon(nowNs);
        }
        endQuarantine(nowNs);
        if (leaveAll != null) {
            table.leaveAll(leaveAll, leaveAgain, nowNs);
            leaveAll = null;
            leaveAgain = false;
        }
        more |= takeNotes(nowNs, NOTES);
        takePaths(nowNs);
        table.wakeDue(nowNs);
        if (state == State.ACTIVE && nextLookNs <= nowNs) {
            nextLookNs = nowNs + applied.updateIntervalMs() * MS;
            health.sense();
            if (mailbox.takeOverflowed()) {
                table.recheck(nowNs);
                table.admission().miss();
            }
            scanWanted |= table.admission().takeMissed();
            table.look(nowNs);
        }
        return more;
    }

    private boolean takeReports(final long nowNs) {
        for (int i = 0; i < NOTES; i++) {
            final Reports.Report report = reports.poll();
            if (report == null) {
                return false;
            }
            if (report.answer() != null && report.answer().kind() == Answer.Kind.FAILED) {
                health.failure(report.kind() + " about " + report.id() + ": " + report.answer().reason());
            }
            take(report, nowNs);
        }
        return true;
    }

    private void takePaths(final long nowNs) {
        for (OfferedPath path = mailbox.takePath(); path != null; path = mailbox.takePath()) {
            table.paths().note(path, state == State.ACTIVE, nowNs);
        }
    }

    private boolean takeNotes(final long nowNs, final int limit) {
        final NoteRing ring = mailbox.notes();
        for (int i = 0; i < limit; i++) {
            if (!ring.poll()) {
                return false;
            }
            final PortRef port = ring.port();
            ports.meet(port);
            switch (ring.kind()) {
                case NoteRing.ADD -> {
                    if (state == State.ACTIVE) {
                        table.noteAdd(ring.id(), port, nowNs);
                    }
                }
                case NoteRing.ESTABLISHED -> table.noteEstablished(ring.id(), port);
                case NoteRing.CHANGED -> table.noteChanged(ring.id(), port, nowNs);
                default -> table.noteDelete(ring.id(), nowNs);
            }
        }
        return true;
    }

    private void take(final Reports.Report report, final long nowNs) {
        switch (report.kind()) {
            case PORT_LOST -> {
                ports.lose(report.text());
                table.leavePort(report.text(), "port " + report.text() + " does not serve any more: " + report.why(),
                    nowNs);
            }
            case PORT_BACK -> scanWanted |= ports.regain(report.text());
            case DEVICE_LOST -> {
                lost = true;
                table.dropAll("the device is lost: " + report.why(), nowNs);
            }
            case DEVICE_BACK -> lost = false;
            case PATH_ANSWER, PATH_LOST -> {
                final PathEntry entry = table.paths().get(report.id());
                if (entry == null) {
                    health.nonsense("it reports about path " + report.id() + ", which it does not hold");
                    return;
                }
                health.sense();
                if (report.kind() == Reports.Kind.PATH_LOST) {
                    table.paths().lost(entry, "hardware has lost it: " + report.why());
                } else if (entry.pending) {
                    table.paths().forwarded(entry, report.answer(), nowNs);
                }
            }
            default -> {
                final Chapter chapter = table.chapter(report.id());
                if (chapter == null || !chapter.phase().isHeld()) {
                    health.nonsense("it reports about connection " + report.id() + ", which it does not hold");
                    return;
                }
                health.sense();
                take(chapter, report, nowNs);
            }
        }
    }

    private void take(final Chapter chapter, final Reports.Report report, final long nowNs) {
        switch (report.kind()) {
            case LOST -> table.lost(chapter, "hardware has lost it: " + report.why(), nowNs);
            case CLOSING -> table.leave(chapter, "it is closing", false, false, nowNs);
            default -> {
                if (chapter.pending && chapter.phase() == Chapter.Phase.ASKED) {
                    table.added(chapter, report.answer(), nowNs);
                } else if (chapter.pending) {
                    table.established(chapter, report.answer(), nowNs);
                }
            }
        }
    }

    // ---- state ----

    private State judge() {
        return stuck ? State.STUCK : lost ? State.LOST : health.isQuarantined() ? State.QUARANTINED
            : closing || !applied.enabled() || !applied.provider(name).enabled() ? State.DISABLED
            : drained ? State.DRAINED : introduced ? State.ACTIVE : State.DISABLED;
    }

    /** Comes to the state that follows from what is known. */
    private void review(final long nowNs) {
        final State next = judge();
        mailbox.shut(closed || next == State.STUCK);
        if (next == state) {
            return;
        }
        if (next == State.ACTIVE) {
            scanWanted = true;
            nextLookNs = nowNs + applied.updateIntervalMs() * MS;
        } else {
            scan = null;
            if (next == State.DISABLED || next == State.DRAINED) {
                leaveAgain = false;
                leaveAll = next == State.DRAINED ? "its provider is drained"
                    : closing ? "its provider goes" : "offload is switched off";
            }
        }
        LOG.info("Offload provider '{}' is {} now, before that {}.", name, next, state);
        state = next;
        sinceNs = nowNs;
        announce = true;
    }

    private void announce() {
        final boolean due;
        synchronized (this) {
            due = announce;
            announce = false;
        }
        if (due) {
            changed.run();
        }
    }

    /** Tells others what the table has to tell, and those who wait that something may have happened. */
    private void tell() {
        final List<Runnable> news;
        synchronized (this) {
            news = table.paths().takeNews();
            notifyAll();
        }
        for (final Runnable one : news) {
            try {
                one.run();
            } catch (final RuntimeException | Error thrown) {
                LOG.warn("Who offered a path of provider '{}' failed on what happened on it.", name, thrown);
            }
        }
    }

    // ---- calls of the provider; no monitor is held ----

    /** Begins a call. {@return whether it may be made} */
    private synchronized boolean begin(final int mine, final Turn turn) {
        if (epoch != mine || closed) {
            return false;
        }
        calls.begin(turn, clock.getAsLong());
        return true;
    }

    /** Ends a call of so many operations. {@return whether anybody still waits for what it said} */
    private synchronized boolean end(final int mine, final int operations) {
        calls.end(operations, clock.getAsLong());
        return epoch == mine;
    }

    /** Calls the provider. {@return what it says; empty if that counts no longer, or it failed} */
    private <T> Optional<T> call(final int mine, final String what, final Supplier<T> guest) {
        if (!begin(mine, null)) {
            return Optional.empty();
        }
        T said = null;
        String failure = null;
        try {
            said = guest.get();
            failure = said == null ? what + " says null" : null;
        } catch (final RuntimeException | Error thrown) {
            failure = what + ": " + thrown;
        }
        final boolean counts = end(mine, 0);
        if (failure != null) {
            fail(mine, failure);
        }
        return counts ? Optional.ofNullable(said) : Optional.empty();
    }

    private boolean introduce(final int mine) {
        synchronized (this) {
            if (introduced || mustFlush || closing) {
                return true;
            }
        }
        final OffloadProvider guest = provider;
        final boolean done = call(mine, "attach", () -> {
            guest.attach(reports);
            priority = guest.priority();
            return true;
        }).isPresent() && readCapabilities(mine);
        synchronized (this) {
            introduced = done;
            if (!done && epoch == mine) {
                // It can't even say what it is: tried again as if it was in quarantine.
                health.quarantine(applied.retryMs(), clock.getAsLong());
            }
            review(clock.getAsLong());
        }
        announce();
        return done;
    }

    private boolean readCapabilities(final int mine) {
        final OffloadProvider guest = provider;
        return call(mine, "capabilities", guest::capabilities).map(said -> {
            synchronized (this) {
                scanWanted |= table.capabilities(said, clock.getAsLong());
            }
            return true;
        }).orElse(false);
    }

    private boolean askPorts(final int mine) {
        final List<PortRef> refs;
        synchronized (this) {
            refs = ports.takeUnknown();
        }
        final OffloadProvider guest = provider;
        for (final PortRef ref : refs) {
            final Port port = ref.get();
            if (port != null) {
                call(mine, "serves", () -> guest.serves(port)).filter(serves -> ports.learn(ref, serves))
                    .ifPresent(anew -> table.paths().changed());
            }
        }
        return epochIs(mine);
    }

    private synchronized boolean epochIs(final int mine) {
        return epoch == mine;
    }

    /** Has a provider that misbehaved forget everything, and gives up what it held. */
    private boolean flushIfMust(final int mine) {
        synchronized (this) {
            if (!mustFlush || flushNs > clock.getAsLong()) {
                return true;
            }
        }
        final OffloadProvider guest = provider;
        final boolean done = call(mine, "flush", () -> {
            guest.flush();
            return true;
        }).isPresent();
        synchronized (this) {
            if (epoch != mine) {
                return false;
            }
            final long nowNs = clock.getAsLong();
            table.dropAll("its provider is in quarantine", nowNs);
            mustFlush = !done;
            if (!done) {
                if (!health.isQuarantined() || health.retryNs() <= nowNs) {
                    health.prolong(applied.retryMs(), nowNs);
                }
                flushNs = health.retryNs();
            }
            endQuarantine(nowNs);
            return true;
        }
    }

    /** Ends a quarantine whose time is over, unless the provider has to forget something first. */
    private void endQuarantine(final long nowNs) {
        if (health.retryNs() <= nowNs && !mustFlush && !stuck) {
            health.end(nowNs);
        }
        review(nowNs);
    }

    private void flushSoon(final long nowNs) {
        mustFlush = true;
        flushNs = nowNs;
    }

    /** Offers what was there before. {@return whether there is more} */
    private boolean scan() {
        final boolean start;
        synchronized (this) {
            if (state != State.ACTIVE) {
                return false;
            }
            start = scanWanted;
            scanWanted = false;
        }
        final Scan fresh = start ? Scan.of(conntrack, settings.get()) : null;
        synchronized (this) {
            if (fresh != null) {
                scan = fresh;
            }
            if (scan == null) {
                return false;
            }
            for (int left = table.admission().appetite(); left > 0 && scan.hasNext(); left--) {
                table.found(scan.next(), clock.getAsLong());
            }
            if (!scan.hasNext()) {
                scan = null;
            }
            return scan != null;
        }
    }

    /**
     * Has the provider perform the next operations, if there are any. {@return whether it is still to be dealt with}
     */
    private boolean takeTurn(final int mine) {
        if (!readCapabilities(mine)) {
            return false;
        }
        final Turn turn;
        synchronized (this) {
            if (epoch != mine) {
                return false;
            }
            turn = table.plan(clock.getAsLong());
        }
        if (!turn.isAsking()) {
            return finish(mine, turn, List.of());
        }
        if (!begin(mine, turn)) {
            return false;
        }
        final OffloadProvider guest = provider;
        List<Operation> operations = List.of();
        String failure = null;
        try {
            askCandidates(guest, turn);
            // A copy: the batch is in the provider's hands.
            operations = List.copyOf(turn.batch.operations());
            if (!operations.isEmpty() && !turn.batch.isCancelled()) {
                guest.submit(turn.batch);
            }
        } catch (final RuntimeException | Error thrown) {
            failure = "submit: " + thrown;
        }
        end(mine, operations.size());
        if (failure != null) {
            fail(mine, failure);
        }
        return finish(mine, turn, operations);
    }

    private void askCandidates(final OffloadProvider guest, final Turn turn) {
        for (final Turn.Candidate candidate : turn.candidates) {
            if (turn.batch.isCancelled()) {
                return;
            }
            try {
                final Answer said = guest.canOffload(candidate.connection);
                candidate.verdict = said == null ? Answer.failed("canOffload says null") : said;
            } catch (final RuntimeException | Error thrown) {
                candidate.verdict = Answer.failed("canOffload: " + thrown);
            }
            calls.progress();
            if (candidate.verdict.isHeld()) {
                turn.add(candidate);
            }
        }
    }

    private synchronized boolean finish(final int mine, final Turn turn, final List<Operation> operations) {
        if (epoch != mine) {
            return false;
        }
        table.take(turn, operations, clock.getAsLong());
        return true;
    }

    private synchronized void fail(final int mine, final String what) {
        if (epoch == mine) {
            health.failure(what);
        }
    }

    // ---- for those who look after it ----

    /** Gives up what a call holds up for too long. Called from time to time by a thread that is not the worker's. */
    void watch() {
        synchronized (this) {
            final long nowNs = clock.getAsLong();
            if (stuck || !calls.isHanging(applied.callLimitMs() * MS, nowNs)) {
                return;
            }
            stuck = true;
            health.failure("a call did not return within " + applied.callLimitMs() + " ms");
            health.quarantine(applied.retryMs(), nowNs);
            review(nowNs);
            giveUp("a call of its provider does not return", nowNs);
        }
        announce();
        tell();
    }

    /** Gives up everything at once, whatever the provider is doing. */
    private void giveUp(final String why, final long nowNs) {
        epoch++;
        calls.cancel();
        table.dropAll(why, nowNs);
        takePaths(nowNs);
    }

    private synchronized void giveUpAfterFault() {
        final long nowNs = clock.getAsLong();
        health.quarantine(applied.retryMs(), nowNs);
        giveUp("the manager failed", nowNs);
        flushSoon(nowNs);
        review(nowNs);
    }

    /** Makes the worker's thread take a step soon. */
    void nudge() {
        LockSupport.unpark(thread);
    }

    /**
     * Has the provider give up everything within a limit, and calls it never again once this returns.
     *
     * @param limitNs nanoseconds for its last calls
     */
    void close(final long limitNs) {
        final long endNs = System.nanoTime() + limitNs;
        synchronized (this) {
            closing = true;
        }
        nudge();
        await(() -> stuck || leaveAll == null && state != State.ACTIVE && table.held() == 0, limitNs);
        final boolean free;
        synchronized (this) {
            closed = true;
            review(clock.getAsLong());
            giveUp("its provider has gone", clock.getAsLong());
            table.close();
            provider = null;
            free = !calls.isCalling();
        }
        reports.close();
        announce();
        tell();
        nudge();
        if (free && thread != null && thread != Thread.currentThread()) {
            try {
                TimeUnit.NANOSECONDS.timedJoin(thread, Math.max(1, endNs - System.nanoTime()));
            } catch (final InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Has the provider give up everything, and offers it nothing more. {@return how much it still holds after that
     * time}
     */
    long drain(final long timeoutNs) {
        synchronized (this) {
            drained = true;
        }
        nudge();
        await(() -> leaveAll == null && state != State.ACTIVE && table.held() == 0, timeoutNs);
        return table.held();
    }

    void resume() {
        synchronized (this) {
            drained = false;
            if (!stuck) {
                health.pardon();
                flushNs = clock.getAsLong();
            }
        }
        nudge();
    }

    /** Has the provider give up everything; it is offered all of it again. {@return how much it held} */
    long flush() {
        final long held;
        synchronized (this) {
            held = table.held();
            if (leaveAll == null) {
                leaveAll = "it was flushed";
                leaveAgain = true;
            }
        }
        nudge();
        return held;
    }

    /** Compares what the provider holds with what it should, and repairs the differences. */
    Verification verify(final long timeoutNs) {
        final Verification[] result = {null};
        synchronized (this) {
            comparisons.add(result);
        }
        nudge();
        await(() -> result[0] != null, timeoutNs);
        synchronized (this) {
            comparisons.remove(result);
            return result[0] == null ? new Verification(name, false, 0, 0, 0, 0) : result[0];
        }
    }

    /** Makes the comparisons that somebody waits for. {@return whether the provider is still to be dealt with} */
    private boolean compare(final int mine) {
        synchronized (this) {
            if (comparisons.isEmpty()) {
                return true;
            }
        }
        final OffloadProvider guest = provider;
        final Optional<OffloadProvider.Holdings> said = call(mine, "holdings", guest::holdings).flatMap(held -> held);
        synchronized (this) {
            if (epoch != mine) {
                return false;
            }
            final Verification result = said.map(held -> Comparison.make(name, table, held, conntrack, health,
                clock.getAsLong()))
                .orElse(new Verification(name, false, 0, 0, 0, 0));
            comparisons.forEach(waiting -> waiting[0] = result);
            comparisons.clear();
            return true;
        }
    }

    /** Waits for something that the worker's thread does; without such a thread, the caller does it. */
    private void await(final BooleanSupplier done, final long limitNs) {
        if (thread == null) {
            while (!isDone(done) && step()) {
                // Every step is nearer to it.
            }
            return;
        }
        if (thread == Thread.currentThread()) {
            // It would wait for itself: the provider asks for this in one of its calls.
            return;
        }
        final long endNs = System.nanoTime() + limitNs;
        synchronized (this) {
            try {
                for (long left = limitNs; left > 0 && !done.getAsBoolean(); left = endNs - System.nanoTime()) {
                    TimeUnit.NANOSECONDS.timedWait(this, left);
                }
            } catch (final InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private synchronized boolean isDone(final BooleanSupplier done) {
        return done.getAsBoolean();
    }

    synchronized ProviderStatus status() {
        return new ProviderStatus(name, priority(), table.capabilities(), state, sinceNs,
            ports.names(),
            table.held(), table.paths().size(), table.limit(), mailbox.size() + table.queued(), tally.all(),
            calls.meanNs(), calls.maxNs(), health.lastFailure());
    }

    /** {@return the ids of the connections that it holds} */
    synchronized List<Long> heldIds() {
        return table.chapters().stream().filter(chapter -> chapter.phase().isHeld()).map(Chapter::id).toList();
    }
}
