// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.spi.Bypass;
import org.trackway.offload.OffloadSettings;
import org.trackway.offload.ProviderStatus.Counter;
import org.trackway.offload.core.Chapter.Phase;
import org.trackway.offload.spi.Activity;
import org.trackway.offload.spi.Answer;
import org.trackway.offload.spi.Capabilities;
import org.trackway.offload.spi.Operation;
import org.trackway.packet.Port;

/**
 * What one provider holds, as the manager has it: the truth about whom a delete is sent for. Takes notes in, chooses
 * the next operations, takes answers in. It calls nobody's code but the tracker's and the path book's.
 *
 * <p>Guarded by the monitor of its worker, but for what is volatile. A connection or path has one operation under way
 * at a time, so what is asked of it comes in order.
 */
final class ProviderTable {

    private static final long MS = 1_000_000;
    static final String GONE = "it is gone";

    private final ProviderWorker worker;
    private final Conntrack conntrack;
    private final Dossiers dossiers;
    private final PathBook book;
    private final Tally tally;
    private final Health health;
    private final Map<Long, Chapter> chapters = new HashMap<>();
    private final Agenda agenda = new Agenda();
    private final PathTable paths;
    private final Admission admission;
    private volatile int held;
    private volatile boolean closed;
    private OffloadSettings settings;
    private volatile Capabilities capabilities = Capabilities.TRACKS;

    ProviderTable(final ProviderWorker worker, final Conntrack conntrack, final Dossiers dossiers, final PathBook book,
            final Tally tally, final Health health) {
        this.worker = worker;
        this.conntrack = conntrack;
        this.dossiers = dossiers;
        this.book = book;
        this.tally = tally;
        this.health = health;
        final Ranking ranking = new Ranking(conntrack);
        admission = new Admission(this, worker, conntrack, tally, ranking);
        paths = new PathTable(this, worker, book, tally, health, agenda, ranking);
    }

    // ---- what it is ----

    /** {@return how many connections the provider holds or may hold; for any thread} */
    int held() {
        return held;
    }

    /** {@return who is to be offered, and who waits for that} */
    Admission admission() {
        return admission;
    }

    /** {@return the paths among it} */
    PathTable paths() {
        return paths;
    }

    int queued() {
        return agenda.size() + admission.size();
    }

    /** {@return whether the provider has gone; for any thread} */
    boolean isClosed() {
        return closed;
    }

    void close() {
        closed = true;
    }

    /** {@return what the provider can do, as it said last; for any thread} */
    Capabilities capabilities() {
        return capabilities;
    }

    boolean forwards() {
        return capabilities.mode() == Capabilities.Mode.FORWARDS;
    }

    /** {@return how many connections it may hold, 0 if there is no limit} */
    long limit() {
        final long configured = settings.provider(worker.name()).limit().orElse(0);
        final long able = forwards() ? 0 : capabilities.capacity();
        return configured == 0 ? able : able == 0 ? configured : Math.min(able, configured);
    }

    List<Chapter> chapters() {
        return List.copyOf(chapters.values());
    }

    Chapter chapter(final long id) {
        return chapters.get(id);
    }

    // ---- settings ----

    OffloadSettings settings() {
        return settings;
    }

    /** Puts settings in force. What they do not allow any more leaves. */
    void settings(final OffloadSettings changed, final long nowNs) {
        settings = changed;
        recheck(nowNs);
    }

    /** Takes what the provider says it can do. {@return whether that has changed} */
    boolean capabilities(final Capabilities said, final long nowNs) {
        final boolean changed = !said.equals(capabilities);
        if (changed) {
            if (said.mode() != capabilities.mode()) {
                leaveAll("its provider changes from " + capabilities.mode() + " to " + said.mode(), true, nowNs);
            }
            capabilities = said;
            recheck(nowNs);
        }
        return changed;
    }

    /** Looks at everything that is held, as if it was new. */
    void recheck(final long nowNs) {
        for (final Chapter chapter : chapters()) {
            if (chapter.phase().isHeld() && chapter.phase() != Phase.LEAVING) {
                lookAt(chapter, nowNs);
                // The interval between two questions may be shorter now.
                schedule(chapter, nowNs);
            }
        }
    }

    // ---- notes ----

    void noteAdd(final long id, final PortRef port, final long nowNs) {
        final Dossier dossier = dossiers.obtain(id);
        if (dossier == null) {
            tally.add(Counter.CANCELLED);
            return;
        }
        dossier.ports(port, null);
        if (!chapters.containsKey(id)) {
            offer(dossier, nowNs);
        }
    }

    /** Offers a connection that the table does not have, unless the provider will never take it. */
    private void offer(final Dossier dossier, final long nowNs) {
        Chapter chapter = dossier.chapter(this);
        if (chapter == null) {
            chapter = new Chapter(this, dossier);
            dossier.add(chapter);
        }
        if (chapter.phase() != Phase.REFUSED) {
            chapters.put(dossier.id(), chapter);
            meet(dossier);
            chapter.turn(Phase.OFFERED, "", nowNs);
            admission.add(chapter);
        }
    }

    /** Has the provider be asked about the ports of a connection that it is to be offered. */
    void meet(final Dossier dossier) {
        worker.ports().meet(dossier.ingress());
        worker.ports().meet(dossier.replyIngress());
    }

    void noteEstablished(final long id, final PortRef replyPort) {
        final Dossier dossier = dossiers.get(id);
        if (dossier != null) {
            dossier.ports(null, replyPort);
            establish(dossier);
        }
    }

    private void establish(final Dossier dossier) {
        dossier.establish();
        for (int direction = 0; direction < 2; direction++) {
            final OfferedPath path = book.path(dossier, direction);
            if (path != null && path.oneWay) {
                path.withdraw("it was answered");
            }
        }
        final Chapter chapter = chapters.get(dossier.id());
        if (chapter != null && chapter.phase() == Phase.ADDED && !chapter.neverEstablish) {
            chapter.toEstablish = true;
            agenda.queue(chapter);
        }
    }

    void noteChanged(final long id, final PortRef replyPort, final long nowNs) {
        final Dossier dossier = dossiers.get(id);
        if (dossier == null) {
            return;
        }
        dossier.ports(null, replyPort);
        final Chapter chapter = chapters.get(id);
        if (chapter != null && chapter.phase().isHeld()) {
            lookAt(chapter, nowNs);
        }
    }

    /**
     * Mark or label are others now: paths were composed by the old ones, and hardware that tracks puts those on
     * packets.
     */
    private void remarked(final Chapter chapter, final long nowNs) {
        if (!forwards()) {
            leave(chapter, "its mark or label changed", false, true, nowNs);
            return;
        }
        final Dossier dossier = chapter.dossier();
        for (int direction = 0; direction < 2; direction++) {
            final OfferedPath path = book.path(dossier, direction);
            if (path != null) {
                path.withdraw("mark or label of connection " + dossier.id() + " changed");
            }
        }
    }

    void noteDelete(final long id, final long nowNs) {
        final Chapter chapter = chapters.get(id);
        if (chapter != null) {
            leave(chapter, GONE, false, false, nowNs);
        }
    }

    /** Looks at a connection that is held: it may have gone, begun to close, been answered, got another mark. */
    private void lookAt(final Chapter chapter, final long nowNs) {
        final Dossier dossier = chapter.dossier();
        final Optional<Connection> there = conntrack.connection(chapter.id());
        if (there.isEmpty()) {
            leave(chapter, GONE, false, false, nowNs);
            return;
        }
        final Connection connection = there.get();
        final Answer verdict = verdict(connection, nowNs);
        if (verdict.kind() == Answer.Kind.NO) {
            leave(chapter, verdict.reason(), false, false, nowNs);
            return;
        }
        final int remarks = dossier.remark(connection);
        if (chapter.remarks != remarks) {
            chapter.remarks = remarks;
            remarked(chapter, nowNs);
            if (chapter.phase() == Phase.LEAVING) {
                return;
            }
        }
        if (!dossier.isEstablished() && Eligibility.isEstablished(connection)) {
            establish(dossier);
        }
    }

    /** {@return whether a connection is offered to the provider: yes, not yet, or no, and why} */
    Answer verdict(final Connection connection, final long nowNs) {
        final Answer verdict = Eligibility.toAnybody(connection, settings, nowNs);
        return verdict.kind() == Answer.Kind.NO ? verdict : prefer(Eligibility.byCapabilities(connection, capabilities),
            verdict);
    }

    private static Answer prefer(final Answer first, final Answer second) {
        return first.kind() == Answer.Kind.ACCEPTED ? second : first;
    }

    // ---- leaving ----

    /**
     * Has the provider give up a connection; one that it does not hold is forgotten at once.
     *
     * @param renew whether its timeout starts anew, since nobody knows when it was last seen
     * @param again whether it is offered again some time later
     */
    void leave(final Chapter chapter, final String why, final boolean renew, final boolean again, final long nowNs) {
        if (!chapter.phase().isHeld()) {
            if (!again) {
                if (chapter.phase() == Phase.OFFERED) {
                    tally.add(Counter.CANCELLED);
                }
                forget(chapter, why, nowNs);
            }
            return;
        }
        if (chapter.phase() == Phase.LEAVING) {
            chapter.again &= again;
            return;
        }
        chapter.renew = renew;
        chapter.again = again;
        chapter.forRoom = false;
        chapter.pending = false;
        chapter.turn(Phase.LEAVING, why, nowNs);
        open(chapter, 0);
        List.copyOf(chapter.paths).forEach(paths::leave);
        agenda.queue(chapter);
    }

    void leaveAll(final String why, final boolean again, final long nowNs) {
        for (final Chapter chapter : chapters()) {
            leave(chapter, why, false, again, nowNs);
        }
    }

    /** Has the provider give up what uses a port. */
    void leavePort(final String port, final String why, final long nowNs) {
        for (final Chapter chapter : chapters()) {
            if (isNamed(chapter.dossier().ingress(), port) || isNamed(chapter.dossier().replyIngress(), port)) {
                leave(chapter, why, false, false, nowNs);
            }
        }
        paths.leavePort(port);
    }

    private static boolean isNamed(final PortRef ref, final String name) {
        return ref != null && ref.name().equals(name);
    }

    /** Gives everything up at once, without asking the provider: it can't or need not answer. */
    void dropAll(final String why, final long nowNs) {
        for (final Chapter chapter : chapters()) {
            // A call that has not returned may be about it.
            chapter.asked = false;
            chapter.more = false;
            drop(chapter, why, nowNs);
        }
        agenda.clear();
        admission.clear();
    }

    /** Gives a connection up at once, without asking the provider. */
    void drop(final Chapter chapter, final String why, final long nowNs) {
        paths.drop(chapter);
        if (chapter.phase().isHeld()) {
            chapter.leftNs = nowNs;
            release(chapter, true);
        }
        forget(chapter, why, nowNs);
    }

    /** The provider is about to be asked to hold a connection, which the tracker holds already. */
    void ask(final Chapter chapter, final Connection connection, final long nowNs) {
        held = held + 1;
        chapter.turn(Phase.ASKED, "", nowNs);
        chapter.addedNs = nowNs;
        chapter.remarks = chapter.dossier().remark(connection);
        if (Eligibility.isEstablished(connection)) {
            chapter.dossier().establish();
        }
        // The handshake of TCP has to be seen.
        chapter.oneWay = capabilities.oneWay() && connection.tcp().isEmpty();
        if (chapter.oneWay && !forwards()) {
            expose(chapter);
        }
    }

    private void release(final Chapter chapter, final boolean renew) {
        open(chapter, 0);
        cover(chapter);
        chapter.pending = false;
        chapter.due = false;
        chapter.lost = false;
        chapter.toEstablish = false;
        chapter.last = Activity.UNTOLD;
        held = held - 1;
        chapter.dossier().drop(renew);
    }

    void forget(final Chapter chapter, final String why, final long nowNs) {
        chapters.remove(chapter.id());
        admission.remove(chapter);
        paths.forget(chapter);
        chapter.turn(Phase.GONE, why, nowNs);
    }

    private void open(final Chapter chapter, final int directions) {
        if (chapter.open != directions) {
            final boolean more = (directions & ~chapter.open) != 0;
            chapter.open = directions;
            book.reopened(chapter.dossier(), more);
            if (more) {
                book.join(chapter.dossier(), worker, path -> paths.decline(path, "its queue is full", true));
            }
        }
    }

    private void expose(final Chapter chapter) {
        if (!chapter.exposed) {
            chapter.exposed = true;
            chapter.unseen = 3;
            chapter.dossier().expose();
        }
    }

    private void cover(final Chapter chapter) {
        if (chapter.exposed) {
            chapter.exposed = false;
            chapter.unseen = 0;
            chapter.dossier().cover();
        }
    }

    // ---- time ----

    private void schedule(final Chapter chapter, final long nowNs) {
        final long nextNs = nowNs + settings.updateIntervalMs() * MS;
        agenda.schedule(chapter, Math.min(nextNs, Math.max(nowNs, chapter.expiresNs)));
    }

    /** {@return when something is to be asked next, {@link Long#MAX_VALUE} if nothing is} */
    long nextDueNs() {
        return agenda.nextDueNs();
    }

    /** Queues those whose activity is to be asked for now. */
    void wakeDue(final long nowNs) {
        for (Chapter chapter = agenda.takeDue(nowNs); chapter != null; chapter = agenda.takeDue(nowNs)) {
            if (chapter.phase().isHeld() && chapter.phase() != Phase.LEAVING && !chapter.due) {
                chapter.due = true;
                paths.wake(chapter, settings.callLimitMs() * MS, nowNs);
                agenda.queue(chapter);
            }
        }
    }

    /** Looks at those again that were not taken, as far as there may be another answer now. */
    void look(final long nowNs) {
        admission.look(nowNs);
        if (forwards()) {
            paths.look(settings.batchSize(), settings.updateIntervalMs() * MS, nowNs);
        }
    }

    /** Offers a connection that a scan has found, unless the table has it. */
    void found(final long id, final long nowNs) {
        final Chapter known = chapters.get(id);
        if (known != null) {
            known.again = true;
            return;
        }
        final Dossier dossier = dossiers.obtain(id);
        if (dossier != null) {
            offer(dossier, nowNs);
        }
    }

    // ---- the next operations ----

    void queueStray(final Operation.Kind kind, final long id) {
        agenda.queue(new Stray(kind, id));
    }

    boolean hasWork() {
        return !agenda.isEmpty() || admission.size() > 0;
    }

    /** {@return the next operations, those on what is held before new ones} */
    Turn plan(final long nowNs) {
        final Turn turn = new Turn();
        final int size = Math.min(settings.batchSize(), capabilities.batchSize());
        while (turn.size() < size && !agenda.isEmpty()) {
            final Subject subject = agenda.take();
            if (subject instanceof Chapter chapter) {
                plan(chapter, turn, nowNs);
            } else if (subject instanceof PathEntry entry) {
                PathTable.plan(entry, turn);
            } else if (subject instanceof Stray stray) {
                turn.append(stray.kind, stray.id, stray);
            }
        }
        admission.plan(turn, size, nowNs);
        return turn;
    }

    private void plan(final Chapter chapter, final Turn turn, final long nowNs) {
        if (chapter.phase() == Phase.LEAVING) {
            if (chapter.paths.isEmpty()) {
                if (chapter.lost) {
                    left(chapter, nowNs);
                } else {
                    turn.append(Operation.Kind.DELETE, chapter.id(), chapter);
                }
            }
        } else if (chapter.phase() == Phase.ADDED && chapter.toEstablish) {
            chapter.toEstablish = false;
            final Optional<Connection> there = conntrack.connection(chapter.id());
            if (there.isEmpty()) {
                leave(chapter, GONE, false, false, nowNs);
                return;
            }
            if (!forwards()) {
                expose(chapter);
            }
            chapter.turn(Phase.ESTABLISHING, "", nowNs);
            turn.established(chapter, there.get(), port(chapter.dossier().replyIngress()));
        } else if (chapter.phase().isHeld() && chapter.due) {
            chapter.due = false;
            if (chapter.pending) {
                checkPending(chapter, nowNs);
            } else if (forwards()) {
                turn.settling.add(chapter);
            } else {
                turn.append(Operation.Kind.UPDATE, chapter.id(), chapter);
            }
        }
    }

    private void checkPending(final Chapter chapter, final long nowNs) {
        if (nowNs - chapter.pendingNs >= settings.callLimitMs() * MS) {
            health.failure("no answer came for connection " + chapter.id());
            leave(chapter, "its provider did not answer", false, true, nowNs);
        } else {
            schedule(chapter, nowNs);
        }
    }

    static Port port(final PortRef ref) {
        return ref == null ? null : ref.get();
    }

    // ---- answers ----

    /** Takes the answers of a turn in. */
    void take(final Turn turn, final List<Operation> operations, final long nowNs) {
        for (int i = 0; i < operations.size(); i++) {
            final Operation operation = operations.get(i);
            final Subject subject = turn.subjects().get(i);
            final long failures = health.failures();
            if (operation.answer().kind() == Answer.Kind.FAILED) {
                health.failure(operation.kind() + " of " + operation.id() + ": " + operation.answer().reason());
            } else if (isAsking(operation.kind()) && !operation.activity().isKnown()
                    && !operation.activity().equals(Activity.UNTOLD)) {
                health.failure("it does not know what it is asked for: " + operation.kind() + " of " + operation.id());
            }
            if (subject instanceof Chapter chapter) {
                take(chapter, operation, nowNs);
            } else if (subject instanceof PathEntry entry) {
                paths.take(entry, operation, nowNs);
            } else {
                tally.add(operation.kind() == Operation.Kind.DELETE ? Counter.DELETED : Counter.WITHDRAWN);
            }
            if (health.failures() == failures) {
                health.success();
            }
            agenda.answered(subject);
        }
        for (final Turn.Candidate candidate : turn.candidates) {
            final Answer verdict = candidate.verdict == null ? Answer.failed("it was not asked") : candidate.verdict;
            if (!verdict.isHeld()) {
                if (verdict.kind() == Answer.Kind.FAILED) {
                    health.failure(verdict.reason());
                }
                added(candidate.chapter, verdict, nowNs);
            }
        }
        for (final Chapter chapter : turn.settling) {
            settle(chapter, chapter.dossier().expires(), chapter.paths.stream().anyMatch(entry -> entry.untold), nowNs);
        }
    }

    private static boolean isAsking(final Operation.Kind kind) {
        return kind == Operation.Kind.UPDATE || kind == Operation.Kind.ACTIVITY;
    }

    private void take(final Chapter chapter, final Operation operation, final long nowNs) {
        switch (operation.kind()) {
            case ADD -> added(chapter, operation.answer(), nowNs);
            case ESTABLISHED -> established(chapter, operation.answer(), nowNs);
            case UPDATE -> updated(chapter, operation.activity(), nowNs);
            default -> deleted(chapter, operation.activity(), nowNs);
        }
    }

    /** The provider has said what becomes of an add, at once or later. */
    void added(final Chapter chapter, final Answer answer, final long nowNs) {
        chapter.pending = answer.kind() == Answer.Kind.PENDING;
        switch (answer.kind()) {
            case ACCEPTED -> {
                tally.add(Counter.ADDED);
                chapter.turn(Phase.ADDED, "", nowNs);
                chapter.expiresNs = chapter.dossier().expires();
                chapter.neverEstablish = false;
                chapter.toEstablish = chapter.dossier().isEstablished();
                chapter.passed = 0;
                chapter.rate(nowNs);
                if (chapter.oneWay && forwards()) {
                    open(chapter, 1);
                }
                if (chapter.toEstablish) {
                    agenda.queue(chapter);
                }
                schedule(chapter, nowNs);
            }
            case PENDING -> {
                chapter.pendingNs = nowNs;
                chapter.remark("its provider has not answered yet");
                chapter.expiresNs = nowNs + settings.callLimitMs() * MS;
                schedule(chapter, nowNs);
            }
            case NO -> {
                tally.add(Counter.REFUSED);
                release(chapter, false);
                forget(chapter, answer.reason(), nowNs);
                chapter.turn(Phase.REFUSED, answer.reason(), nowNs);
            }
            case FULL -> {
                tally.add(Counter.REFUSED);
                release(chapter, false);
                admission.full();
                admission.await(chapter, true, answer.reason(), nowNs);
            }
            default -> {
                release(chapter, false);
                admission.await(chapter, false, answer.reason(), nowNs);
            }
        }
    }

    /** The provider has said what becomes of an established, at once or later. */
    void established(final Chapter chapter, final Answer answer, final long nowNs) {
        chapter.pending = answer.kind() == Answer.Kind.PENDING;
        if (chapter.pending) {
            chapter.pendingNs = nowNs;
            chapter.expiresNs = Math.min(chapter.expiresNs, nowNs + settings.callLimitMs() * MS);
            schedule(chapter, nowNs);
            return;
        }
        if (answer.kind() == Answer.Kind.ACCEPTED) {
            tally.add(Counter.ESTABLISHED);
            chapter.turn(Phase.ESTABLISHED, "", nowNs);
            if (forwards()) {
                open(chapter, 3);
            }
        } else {
            chapter.neverEstablish = answer.kind() == Answer.Kind.NO;
            if (!chapter.oneWay) {
                cover(chapter);
            }
            chapter.turn(Phase.ADDED, answer.reason(), nowNs);
        }
        if (chapter.due) {
            agenda.queue(chapter);
        }
    }

    private void updated(final Chapter chapter, final Activity activity, final long nowNs) {
        if (activity.equals(Activity.UNTOLD)) {
            settle(chapter, chapter.dossier().expires(), true, nowNs);
        } else if (activity.isKnown()) {
            settle(chapter, credit(chapter, activity, nowNs), false, nowNs);
        } else {
            leave(chapter, "its provider does not know it", true, true, nowNs);
        }
    }

    /** Adds to a connection what has passed since its last answer. {@return when its time is over} */
    private long credit(final Chapter chapter, final Activity activity, final long nowNs) {
        final Activity before = chapter.last;
        if (isBack(activity, before)) {
            nonsense("its counters of connection " + chapter.id() + " went back");
            return chapter.dossier().expires();
        }
        chapter.last = activity;
        chapter.passed += activity.packets() - before.packets() + activity.replyPackets() - before.replyPackets();
        tally.add(Counter.UPDATED);
        return chapter.dossier().credit(seen(activity, chapter.addedNs, nowNs), activity.packets() - before.packets(),
            activity.bytes() - before.bytes(), activity.replyPackets() - before.replyPackets(),
            activity.replyBytes() - before.replyBytes());
    }

    /** {@return when something was seen last, of what is there since some time} */
    static long seen(final Activity activity, final long sinceNs, final long nowNs) {
        return nowNs - Math.min(activity.idleNs(), nowNs - sinceNs);
    }

    private static boolean isBack(final Activity now, final Activity before) {
        return now.packets() < before.packets() || now.bytes() < before.bytes()
            || now.replyPackets() < before.replyPackets() || now.replyBytes() < before.replyBytes();
    }

    void nonsense(final String what) {
        tally.add(Counter.NONSENSE);
        health.failure(what);
    }

    /**
     * What is known of a connection's time decides whether it stays.
     *
     * @param untold whether the provider can't tell whether it is in use
     */
    private void settle(final Chapter chapter, final long expires, final boolean untold, final long nowNs) {
        if (chapter.phase() == Phase.LEAVING || !chapter.phase().isHeld()) {
            return;
        }
        if (expires == Bypass.GONE) {
            leave(chapter, GONE, false, false, nowNs);
            return;
        }
        if (expires <= nowNs) {
            leave(chapter, untold ? "its provider can't tell whether it is in use" : "its time is over", untold, untold,
                nowNs);
            return;
        }
        chapter.expiresNs = expires;
        chapter.rate(nowNs);
        if (chapter.phase() == Phase.ADDED) {
            if (!chapter.dossier().isEstablished()) {
                lookAt(chapter, nowNs);
            } else if (!chapter.neverEstablish) {
                chapter.toEstablish = true;
                agenda.queue(chapter);
            }
        }
        schedule(chapter, nowNs);
    }

    private void deleted(final Chapter chapter, final Activity activity, final long nowNs) {
        tally.add(Counter.DELETED);
        // Of a provider that forwards, the paths have said it all.
        if (activity.isKnown() && !forwards()) {
            credit(chapter, activity, nowNs);
        }
        left(chapter, nowNs);
    }

    private void left(final Chapter chapter, final long nowNs) {
        final String why = chapter.reason();
        if (chapter.renew) {
            chapter.leftNs = nowNs;
        }
        release(chapter, chapter.renew);
        if (chapter.again) {
            admission.await(chapter, chapter.forRoom, why, nowNs);
        } else {
            forget(chapter, why, nowNs);
        }
    }

    /** Hardware has lost a connection: there is nothing to delete, but the paths that may be left. */
    void lost(final Chapter chapter, final String why, final long nowNs) {
        tally.add(Counter.LOST);
        chapter.lost = true;
        leave(chapter, why, true, true, nowNs);
    }
}
