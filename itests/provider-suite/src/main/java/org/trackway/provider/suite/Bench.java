// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.trackway.conntrack.Connection;
import org.trackway.offload.Path;
import org.trackway.offload.spi.Activity;
import org.trackway.offload.spi.Answer;
import org.trackway.offload.spi.Answer.Kind;
import org.trackway.offload.spi.OffloadBatch;
import org.trackway.offload.spi.OffloadProvider;
import org.trackway.offload.spi.Operation;
import org.trackway.offload.spi.ProviderContext;
import org.trackway.packet.Port;

/**
 * Drives a provider as the manager does: all operations in batches on one thread, each within its limit, and books of
 * what the provider has accepted, against which its reports are judged.
 *
 * <p>The books are guarded by this object: tests write them, the provider's threads report.
 */
final class Bench implements ProviderContext {

    private static final long CALL_LIMIT_NS = TimeUnit.SECONDS.toNanos(1);
    /** What an operation says that nobody has answered; see {@link Operation#answer()}. */
    private static final String NO_ANSWER = "no answer";

    final OffloadProvider provider;
    private final long patienceNs;
    private final ExecutorService thread = Executors.newSingleThreadExecutor(work -> {
        final Thread manager = new Thread(work, "offload-suite-manager");
        manager.setDaemon(true);
        return manager;
    });
    private final Set<Long> connections = new HashSet<>();
    private final Set<Long> paths = new HashSet<>();
    /** What was said later of connections and of paths, and not asked after yet. */
    private final Map<Long, Queue<Answer>> answers = new HashMap<>();
    private final Map<Long, Queue<Answer>> pathAnswers = new HashMap<>();
    /** Ports that were reported as back, and not as lost since. */
    private final Set<String> back = new HashSet<>();
    private final List<String> wrongReports = new ArrayList<>();

    Bench(final OffloadProvider provider, final long patienceNs) {
        this.provider = provider;
        this.patienceNs = patienceNs;
        call("attach", () -> {
            provider.attach(this);
            return null;
        });
    }

    /** Ends the manager's thread. */
    void end() {
        thread.shutdownNow();
    }

    // ---- calls ----

    /** {@return what a call returns, made on the manager's thread} */
    <T> T call(final String what, final Callable<T> call) {
        try {
            return thread.submit(call).get(CALL_LIMIT_NS, TimeUnit.NANOSECONDS);
        } catch (final ExecutionException thrown) {
            throw new AssertionError(what + " threw " + thrown.getCause(), thrown.getCause());
        } catch (final TimeoutException e) {
            throw new AssertionError(what + " did not return within a second", e);
        } catch (final InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Has a batch performed. {@return it, every operation with its final answer} */
    OffloadBatch submit(final OffloadBatch batch) {
        synchronized (this) {
            // From now on it may report what it is given.
            batch.operations().stream().filter(operation -> operation.kind() == Operation.Kind.ADD)
                .forEach(operation -> connections.add(operation.id()));
            batch.operations().stream().filter(operation -> operation.kind() == Operation.Kind.FORWARD)
                .forEach(operation -> paths.add(operation.id()));
        }
        call("submit", () -> {
            provider.submit(batch);
            return null;
        });
        final List<Operation> operations = batch.operations();
        for (int i = 0; i < operations.size(); i++) {
            settle(operations.get(i), operations.subList(i, operations.size()));
        }
        return batch;
    }

    private void settle(final Operation operation, final List<Operation> following) {
        assertThat(operation.answer().reason()).as("the reason of the answer to " + operation.kind())
            .isNotEqualTo(NO_ANSWER);
        final boolean path = operation.kind() == Operation.Kind.FORWARD;
        if (operation.answer().kind() == Kind.PENDING) {
            // Of what was given up meanwhile nothing need be said.
            final boolean givenUp = following.stream().anyMatch(other -> other.id() == operation.id()
                && other.kind() == (path ? Operation.Kind.WITHDRAW : Operation.Kind.DELETE));
            operation.answer(givenUp ? Answer.ACCEPTED : awaited(path ? pathAnswers : answers, operation));
        }
        synchronized (this) {
            switch (operation.kind()) {
                case ADD -> book(connections, operation.id(), operation.answer().isHeld());
                case DELETE -> connections.remove(operation.id());
                case FORWARD -> book(paths, operation.id(), operation.answer().isHeld());
                case WITHDRAW -> paths.remove(operation.id());
                default -> {
                    // What is held stays.
                }
            }
        }
    }

    private static void book(final Set<Long> book, final long id, final boolean held) {
        if (!held) {
            book.remove(id);
        }
    }

    private synchronized Answer awaited(final Map<Long, Queue<Answer>> from, final Operation operation) {
        final long deadline = System.nanoTime() + patienceNs;
        final Queue<Answer> said = from.computeIfAbsent(operation.id(), id -> new ArrayDeque<>());
        while (said.isEmpty()) {
            final long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            if (left <= 0) {
                fail(operation.kind() + " was PENDING, and its answer did not come");
            }
            try {
                wait(left);
            } catch (final InterruptedException e) {
                throw new AssertionError(e);
            }
        }
        return said.remove();
    }

    private Operation single(final OffloadBatch batch) {
        return submit(batch).operations().get(0);
    }

    Answer add(final Connection connection, final Port ingress) {
        final OffloadBatch batch = new OffloadBatch();
        batch.add(connection, ingress);
        return single(batch).answer();
    }

    Answer established(final Connection connection, final Port replyIngress) {
        final OffloadBatch batch = new OffloadBatch();
        batch.established(connection, replyIngress);
        return single(batch).answer();
    }

    Answer forward(final long id, final Path path) {
        final OffloadBatch batch = new OffloadBatch();
        batch.forward(id, path);
        return single(batch).answer();
    }

    /** {@return what an UPDATE, DELETE, ACTIVITY or WITHDRAW is answered with, which must not fail} */
    Activity ask(final Operation.Kind kind, final long id) {
        final OffloadBatch batch = new OffloadBatch();
        batch.append(kind, id);
        final Operation operation = single(batch);
        assertThat(operation.answer()).as("the answer to " + kind).isEqualTo(Answer.ACCEPTED);
        return operation.activity();
    }

    /** {@return whether the provider would take a connection; asked on the manager's thread} */
    Answer canOffload(final Connection connection) {
        final Answer answer = call("canOffload", () -> provider.canOffload(connection));
        assertThat(answer).as("the answer to canOffload").isNotNull();
        return answer;
    }

    void flush() {
        call("flush", () -> {
            provider.flush();
            return null;
        });
        synchronized (this) {
            connections.clear();
            paths.clear();
        }
    }

    /** {@return what the provider says it holds: connections, then paths; empty if it can't tell} */
    Optional<List<Set<Long>>> holdings() {
        final Optional<OffloadProvider.Holdings> holdings = call("holdings", provider::holdings);
        return holdings.map(held -> List.of(ids(held.connections()), ids(held.paths())));
    }

    private static Set<Long> ids(final long[] ids) {
        final Set<Long> set = new HashSet<>();
        Arrays.stream(ids).forEach(id -> assertThat(set.add(id)).as("id " + id + " is held once").isTrue());
        return set;
    }

    /** Fails unless the provider's holdings are what it has accepted. */
    void assertHoldings() {
        final Optional<List<Set<Long>>> told = holdings();
        synchronized (this) {
            told.ifPresent(held -> assertThat(held).as("connections and paths held by the provider's own books")
                .isEqualTo(List.of(connections, paths)));
        }
    }

    /** Deletes all that is held, paths first. */
    void deleteAll() {
        final OffloadBatch batch = new OffloadBatch();
        synchronized (this) {
            paths.forEach(id -> batch.append(Operation.Kind.WITHDRAW, id));
            connections.forEach(id -> batch.append(Operation.Kind.DELETE, id));
        }
        submit(batch);
    }

    // ---- reports ----

    /** {@return reports about what the provider did not hold} */
    synchronized List<String> wrongReports() {
        return List.copyOf(wrongReports);
    }

    /** {@return the names of the ports that the provider says it has again} */
    synchronized Set<String> back() {
        return Set.copyOf(back);
    }

    private void judge(final Set<Long> book, final long id, final String report) {
        if (!book.contains(id)) {
            wrongReports.add(report + " " + id);
        }
    }

    @Override
    public synchronized void answer(final long connectionId, final Answer answer) {
        judge(connections, connectionId, "answer");
        answers.computeIfAbsent(connectionId, id -> new ArrayDeque<>()).add(answer);
        notifyAll();
    }

    @Override
    public synchronized void pathAnswer(final long pathId, final Answer answer) {
        judge(paths, pathId, "pathAnswer");
        pathAnswers.computeIfAbsent(pathId, id -> new ArrayDeque<>()).add(answer);
        notifyAll();
    }

    @Override
    public synchronized void lost(final long connectionId, final String why) {
        judge(connections, connectionId, "lost");
        connections.remove(connectionId);
    }

    @Override
    public synchronized void pathLost(final long pathId, final String why) {
        judge(paths, pathId, "pathLost");
        paths.remove(pathId);
    }

    @Override
    public synchronized void closing(final long connectionId) {
        judge(connections, connectionId, "closing");
    }

    @Override
    public synchronized void portLost(final String port, final String why) {
        back.remove(port);
    }

    @Override
    public synchronized void portBack(final String port) {
        back.add(port);
    }

    @Override
    public synchronized void deviceLost(final String why) {
        connections.clear();
        paths.clear();
    }

    @Override
    public void deviceBack() {
        // Devices may come back any time.
    }
}
