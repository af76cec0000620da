// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.Conntrack;
import org.trackway.offload.Offload;
import org.trackway.offload.OffloadSettings;
import org.trackway.offload.OffloadState;
import org.trackway.offload.OffloadStory;
import org.trackway.offload.Paths;
import org.trackway.offload.ProviderStatus;
import org.trackway.offload.ProviderStatus.State;
import org.trackway.offload.Verification;
import org.trackway.offload.spi.Answer;
import org.trackway.offload.spi.OffloadProvider;

/**
 * The offload manager of one tracker: knows the providers that are there, each with its {@link ProviderWorker}, and
 * observes the tracker while one of them can be offered connections. Knows nothing of OSGi.
 *
 * <p>Any thread calls any method. The monitor of this object guards the coming and going of providers; workers are
 * locked after it. Which workers are told by packet threads is published as a whole by {@link Notes}.
 */
final class Manager implements Offload {

    private static final Logger LOG = LoggerFactory.getLogger(Manager.class);
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]+");
    private static final long MS = 1_000_000;
    private static final long WATCH_NS = 100 * MS;

    private final Conntrack conntrack;
    private final Threads threads;
    private final Dossiers dossiers;
    private final PathBook book;
    private final Notes notes;
    private final List<ProviderWorker> workers = new CopyOnWriteArrayList<>();
    /** Those whose name another one has. Guarded by this. */
    private final List<OffloadProvider> namesakes = new ArrayList<>();
    /** Guarded by notes. */
    private Conntrack.Registration observation;
    private volatile OffloadSettings settings;
    private volatile boolean closed;

    /** Starts threads. */
    interface Threads {

        /** Starts none: whoever asks something of a worker takes its steps. */
        Threads NONE = (name, body) -> null;

        /** {@return a thread that is to run this, not started yet; null if its steps are taken by others} */
        Thread make(String name, Runnable body);
    }

    Manager(final Conntrack conntrack, final OffloadSettings settings, final Threads threads) {
        this.conntrack = conntrack;
        this.settings = settings;
        this.threads = threads;
        dossiers = new Dossiers(conntrack);
        notes = new Notes(dossiers);
        book = new PathBook(dossiers, () -> workers);
        final Thread watcher = threads.make("trackway-offload-watch", this::watchOn);
        if (watcher != null) {
            watcher.start();
        }
    }

    Paths paths() {
        return book;
    }

    // ---- providers come and go ----

    synchronized void add(final OffloadProvider provider) {
        final String name;
        try {
            name = provider.name();
        } catch (final RuntimeException | Error thrown) {
            LOG.warn("An offload provider is not taken, it fails to say its name.", thrown);
            return;
        }
        if (name == null || !NAME.matcher(name).matches()) {
            LOG.warn("An offload provider is not taken: its name '{}' has to be of letters, digits, '_', '.' and '-'.",
                name);
        } else if (find(name).isPresent()) {
            LOG.warn("An offload provider waits: there is another one of its name '{}'.", name);
            namesakes.add(provider);
        } else {
            start(name, provider);
        }
    }

    private void start(final String name, final OffloadProvider provider) {
        final ProviderWorker worker = new ProviderWorker(name, provider, conntrack, dossiers, book, () -> settings,
            this::refresh);
        final Thread thread = threads.make("trackway-offload-" + name, worker);
        worker.thread(thread);
        workers.add(worker);
        if (thread != null) {
            thread.start();
        }
    }

    /** Has a provider give up everything; once this returns, it is not called any more. */
    void remove(final OffloadProvider provider) {
        final Optional<ProviderWorker> worker;
        synchronized (this) {
            namesakes.removeIf(waiting -> waiting == provider);
            worker = workers.stream().filter(known -> known.isFor(provider)).findFirst();
        }
        worker.ifPresent(this::remove);
    }

    private void remove(final ProviderWorker worker) {
        worker.close(settings.closeLimitMs() * MS);
        synchronized (this) {
            workers.remove(worker);
            final List<OffloadProvider> again = List.copyOf(namesakes);
            namesakes.clear();
            again.forEach(this::add);
        }
        refresh();
    }

    /** Closes everything: no connection is held any more, no thread is left but those that hang in a provider. */
    void close() {
        synchronized (this) {
            namesakes.clear();
        }
        workers.forEach(this::remove);
        closed = true;
        dossiers.close();
    }

    /** Observes the tracker while somebody is to be told of connections. */
    private void refresh() {
        synchronized (notes) {
            final ProviderWorker[] active = sorted().stream().filter(worker -> worker.state() == State.ACTIVE)
                .toArray(ProviderWorker[]::new);
            notes.tell(active);
            if (active.length > 0 && observation == null) {
                observation = conntrack.observe(notes);
            } else if (active.length == 0 && observation != null) {
                observation.close();
                observation = null;
            }
        }
    }

    /** {@return the observer} */
    Notes notes() {
        return notes;
    }

    /** {@return whether the tracker tells it of connections} */
    boolean isObserving() {
        synchronized (notes) {
            return observation != null;
        }
    }

    private List<ProviderWorker> sorted() {
        return workers.stream().sorted(Comparator.comparingInt(ProviderWorker::priority).reversed()
            .thenComparing(ProviderWorker::name)).toList();
    }

    private Optional<ProviderWorker> find(final String name) {
        return workers.stream().filter(worker -> worker.name().equals(name)).findFirst();
    }

    private ProviderWorker named(final String name) {
        return find(name).orElseThrow(() -> new IllegalArgumentException("there is no provider '" + name + "'; there "
            + (workers.isEmpty() ? "is none" : "are " + String.join(", ", sorted().stream().map(ProviderWorker::name)
                .toList()))));
    }

    // ---- time ----

    private void watchOn() {
        while (!closed) {
            LockSupport.parkNanos(this, Math.min(WATCH_NS, settings.callLimitMs() * MS / 2));
            watch();
        }
    }

    /** Looks whether a call hangs. */
    void watch() {
        workers.forEach(ProviderWorker::watch);
    }

    // ---- for those who look after it ----

    @Override
    public OffloadSettings settings() {
        return settings;
    }

    /** Puts other settings in force, at once. */
    void settings(final OffloadSettings changed) {
        settings = changed;
        workers.forEach(ProviderWorker::nudge);
    }

    @Override
    public List<ProviderStatus> providers() {
        return sorted().stream().map(ProviderWorker::status).toList();
    }

    @Override
    public OffloadState state(final long connectionId) {
        final Dossier dossier = dossiers.get(connectionId);
        return dossier == null ? OffloadState.NONE : dossier.state();
    }

    @Override
    public OffloadStory story(final long connectionId) {
        final Optional<Connection> there = conntrack.connection(connectionId);
        if (there.isEmpty()) {
            return new OffloadStory(connectionId, "there is no such connection", List.of());
        }
        final Dossier dossier = dossiers.get(connectionId);
        final List<OffloadStory.Chapter> chapters = sorted().stream()
            .map(worker -> chapter(worker, dossier, there.get())).toList();
        return new OffloadStory(connectionId, reason(there.get()), chapters);
    }

    private String reason(final Connection connection) {
        if (!settings.enabled()) {
            return "offload is switched off";
        }
        return workers.isEmpty() ? "there is no provider"
            : Eligibility.toAnybody(connection, settings, conntrack.now()).reason();
    }

    private OffloadStory.Chapter chapter(final ProviderWorker worker, final Dossier dossier,
            final Connection connection) {
        final Chapter known = dossier == null ? null : dossier.chapter(worker.table());
        if (known != null) {
            return new OffloadStory.Chapter(worker.name(), known.state(), (known.unseen & 1) != 0,
                (known.unseen & 2) != 0, known.reason().isEmpty() ? refusal(known) : known.reason(), known.sinceNs());
        }
        final Answer verdict = Eligibility.byCapabilities(connection, worker.table().capabilities());
        final String reason = worker.state() != State.ACTIVE ? "its provider is " + worker.state()
            : verdict.kind() == Answer.Kind.ACCEPTED ? "" : verdict.reason();
        return new OffloadStory.Chapter(worker.name(), OffloadState.NONE, false, false, reason, connection.createdNs());
    }

    /** {@return why a connection that could take a path takes none} */
    private String refusal(final Chapter chapter) {
        for (int direction = 0; direction < 2; direction++) {
            final String refusal = book.refusal(chapter.dossier(), direction);
            if (chapter.open != 0 && refusal != null) {
                return "no path: " + refusal;
            }
        }
        return "";
    }

    @Override
    public List<OffloadStory> held() {
        final Set<Long> ids = new LinkedHashSet<>();
        workers.forEach(worker -> ids.addAll(worker.heldIds()));
        return ids.stream().map(this::story).filter(story -> story.state() != OffloadState.NONE).toList();
    }

    @Override
    public long drain(final String provider, final long timeoutNs) {
        return named(provider).drain(timeoutNs);
    }

    @Override
    public void resume(final String provider) {
        named(provider).resume();
    }

    @Override
    public long flush(final String provider) {
        return named(provider).flush();
    }

    @Override
    public Verification verify(final String provider, final long timeoutNs) {
        return named(provider).verify(timeoutNs);
    }

    /** Takes a step of every worker, as their threads do. {@return whether there may be more to do at once} */
    boolean step() {
        return workers.stream().map(ProviderWorker::step).reduce(false, Boolean::logicalOr);
    }
}
