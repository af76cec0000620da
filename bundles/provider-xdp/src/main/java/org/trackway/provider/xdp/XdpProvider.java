// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.xdp;

import java.io.IOException;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.trackway.conntrack.Connection;
import org.trackway.offload.Path;
import org.trackway.offload.spi.Activity;
import org.trackway.offload.spi.Answer;
import org.trackway.offload.spi.Capabilities;
import org.trackway.offload.spi.OffloadBatch;
import org.trackway.offload.spi.OffloadProvider;
import org.trackway.offload.spi.Operation;
import org.trackway.offload.spi.ProviderContext;
import org.trackway.packet.IpProtocol;
import org.trackway.packet.LinuxInterface;
import org.trackway.packet.Port;

/**
 * Forwards paths in the XDP layer of the interfaces behind ports. A batch is one batched removal and one batched
 * addition of entries in the kernel's map; what has passed is read in memory that is shared with the kernel.
 *
 * <p>What it holds is guarded by its monitor: one thread calls its operations, another looks after the interfaces.
 */
final class XdpProvider implements OffloadProvider {

    private static final Logger LOG = LoggerFactory.getLogger(XdpProvider.class);

    private static final long LOOK_MS = 1_000;
    private static final String LIKE_ANOTHER = "packets of another path are the same";

    /** A path that is held. */
    private static final class Held {

        final long id;
        final PathKey key;
        final int slot;
        final XdpPort ingress;
        final XdpPort egress;
        /** The operation that adds it, until it is added. */
        Operation adding;

        Held(final long id, final PathKey key, final int slot, final XdpPort ingress, final XdpPort egress,
                final Operation adding) {
            this.id = id;
            this.key = key;
            this.slot = slot;
            this.ingress = ingress;
            this.egress = egress;
            this.adding = adding;
        }
    }

    private final XdpSettings settings;
    private volatile Capabilities capabilities;
    /** Ports that it was asked about and serves, for any thread. */
    private final Map<String, WeakReference<Port>> served = new ConcurrentHashMap<>();

    private final ForwardProgram program;
    private final Map<Long, Held> paths = new HashMap<>();
    private final Map<PathKey, Held> byKey = new HashMap<>();
    private final Set<Long> connections = new HashSet<>();
    final XdpPort[] ports = new XdpPort[ForwardProgram.MAX_PORTS];
    /** Slots that were used and are free; those from {@code fresh} on were never used. */
    private final int[] free;
    private int freeCount;
    private int fresh;

    private final NativeMemory keys = NativeMemory.allocate(Capabilities.MAX_BATCH * PathKey.SIZE);
    private final NativeMemory actions = NativeMemory.allocate(Capabilities.MAX_BATCH * PathAction.SIZE);
    private final List<Operation> removing = new ArrayList<>();
    private final List<Held> adding = new ArrayList<>();

    private final Thread caretaker = new Thread(this::look, "trackway-xdp");
    private ProviderContext context;
    private boolean closed;

    /**
     * Makes the maps; {@link LibC} is registered.
     *
     * @throws IOException in one line, what is missing
     */
    XdpProvider(final XdpSettings settings) throws IOException {
        this.settings = settings;
        program = new ForwardProgram(settings.capacity());
        free = new int[settings.capacity()];
        try {
            // What the kernel does not take is said now, not of every connection.
            LibC.close(program.load(0));
        } catch (final IOException refused) {
            program.close();
            throw refused;
        }
        capabilities = Capabilities.FORWARDS.withProtocols(Set.of(IpProtocol.TCP, IpProtocol.UDP)).withOneWay(true)
            .withCapacity(settings.capacity()).withBatchSize(Capabilities.MAX_BATCH)
            .withDetail("attached to no interface yet");
        caretaker.setDaemon(true);
        caretaker.start();
    }

    // ---- What it is ----

    @Override
    public String name() {
        return settings.name();
    }

    @Override
    public int priority() {
        return settings.priority();
    }

    @Override
    public Capabilities capabilities() {
        return capabilities;
    }

    @Override
    public boolean serves(final Port port) {
        final boolean serves = port.linuxInterface().map(LinuxInterface::name).filter(settings::serves).isPresent();
        if (serves) {
            served.put(port.name(), new WeakReference<>(port));
        } else {
            served.remove(port.name());
        }
        return serves;
    }

    @Override
    public synchronized void attach(final ProviderContext to) {
        context = to;
    }

    // ---- Connections: nothing is kept of them but that they are there, not more than there could be paths of ----

    @Override
    public Answer canOffload(final Connection connection) {
        return Answer.ACCEPTED;
    }

    @Override
    public synchronized Answer add(final Connection connection, final Optional<Port> ingress) {
        ingress.ifPresent(this::learn);
        if (connections.size() >= settings.capacity()) {
            return Answer.FULL;
        }
        connections.add(connection.id());
        return Answer.ACCEPTED;
    }

    @Override
    public synchronized Answer established(final Connection connection, final Optional<Port> replyIngress) {
        replyIngress.ifPresent(this::learn);
        return Answer.ACCEPTED;
    }

    /** Paths name ports; which those are is known of packets that came in there. */
    private void learn(final Port port) {
        final WeakReference<Port> known = served.get(port.name());
        if (known == null || known.get() != port) {
            serves(port);
        }
    }

    @Override
    public synchronized Activity delete(final long connectionId) {
        connections.remove(connectionId);
        return Activity.UNTOLD;
    }

    // ---- Paths ----

    @Override
    public Answer forward(final long pathId, final Path path) {
        final OffloadBatch one = new OffloadBatch();
        one.forward(pathId, path);
        submit(one);
        return one.operations().get(0).answer();
    }

    @Override
    public Activity withdraw(final long pathId) {
        final OffloadBatch one = new OffloadBatch();
        one.append(Operation.Kind.WITHDRAW, pathId);
        submit(one);
        return one.operations().get(0).activity();
    }

    @Override
    public synchronized Activity activity(final long pathId) {
        return closed ? Activity.UNKNOWN : activity(paths.get(pathId), program.now());
    }

    private Activity activity(final Held held, final long now) {
        return held == null ? Activity.UNKNOWN : new Activity(Math.max(0, now - program.seen(held.slot)),
            program.packets(held.slot), program.bytes(held.slot), 0, 0);
    }

    @Override
    public synchronized void submit(final OffloadBatch batch) {
        final List<Operation> all = batch.operations();
        for (int i = 0; i < all.size() && !closed; i += Capabilities.MAX_BATCH) {
            perform(all.subList(i, Math.min(all.size(), i + Capabilities.MAX_BATCH)));
        }
    }

    private void perform(final List<Operation> operations) {
        final long now = program.now();
        for (final Operation operation : operations) {
            switch (operation.kind()) {
                case FORWARD -> begin(operation, now);
                case WITHDRAW -> end(operation, now);
                case ACTIVITY -> operation.activity(activity(paths.get(operation.id()), now));
                case ADD -> operation.answer(add(operation.connection(), operation.port()));
                case ESTABLISHED -> operation.answer(established(operation.connection(), operation.port()));
                case UPDATE -> operation.activity(update(operation.id()));
                default -> operation.activity(delete(operation.id()));
            }
        }
        // Nobody has seen the order inside of the batch; what was taken back is out of both.
        removeAll(now);
        addAll();
    }

    /** Takes note of a path, to be added at the end of the batch; or answers at once. */
    private void begin(final Operation operation, final long now) {
        try {
            final Path path = operation.path();
            final Answer refused = refuse(path);
            if (refused != null) {
                operation.answer(refused);
                return;
            }
            for (final String name : List.of(path.ingress(), path.egress())) {
                if (!served.containsKey(name)) {
                    operation.answer(Answer.later(name + " is no port that it serves, as far as it has seen"));
                    return;
                }
            }
            final XdpPort ingress = port(path.ingress());
            final XdpPort egress = port(path.egress());
            final int attachedBefore = ingress.mode();
            ingress.attach(settings.attach());
            if (ingress.isNative() && !egress.sends()) {
                if (settings.attach() == XdpSettings.Attach.NATIVE) {
                    operation.answer(Answer.no(path.egress() + " would lose what is redirected to it: its driver can't"
                        + " send XDP frames now (of a veth, turn on GRO of its peer: ethtool -K PEER gro on)"));
                    return;
                }
                ingress.attachInStack();
            }
            if (ingress.mode() != attachedBefore) {
                describe();
            }
            final PathKey key = PathKey.of(ingress.number, path);
            if (byKey.containsKey(key)) {
                operation.answer(Answer.later(LIKE_ANOTHER));
                return;
            }
            if (freeCount == 0 && fresh == free.length) {
                operation.answer(Answer.FULL);
                return;
            }
            final int slot = freeCount > 0 ? free[--freeCount] : fresh++;
            final Held held = new Held(operation.id(), key, slot, ingress, egress, operation);
            program.resetCount(held.slot, now);
            ingress.paths++;
            egress.paths++;
            paths.put(held.id, held);
            byKey.put(key, held);
            adding.add(held);
        } catch (final IOException failure) {
            operation.answer(Answer.no(failure.getMessage()));
        }
    }

    /** Says for people where the program is attached, and how. */
    private void describe() {
        final String attached = Arrays.stream(ports).filter(port -> port != null && port.mode() != 0)
            .map(XdpPort::toString).collect(Collectors.joining(", "));
        capabilities = capabilities.withDetail("attached to " + (attached.isEmpty() ? "no interface" : attached));
    }

    private static Answer refuse(final Path path) {
        if (path.arrivingTags().size() > 1 || path.leavingTags().size() > 1) {
            return Answer.no("it has two VLAN tags, of which XDP knows one");
        }
        return null;
    }

    /** {@return a port by its name, opened if it is not} */
    private XdpPort port(final String name) throws IOException {
        final Port port = served.get(name).get();
        if (port == null) {
            throw new IOException(name + " has gone");
        }
        int number = -1;
        for (int i = 0; i < ports.length; i++) {
            if (ports[i] != null && ports[i].isOf(port)) {
                return ports[i];
            }
            if (ports[i] == null && number < 0) {
                number = i;
            }
        }
        if (number < 0) {
            throw new IOException("it serves " + ports.length + " ports already");
        }
        final LinuxInterface at = port.linuxInterface()
            .orElseThrow(() -> new IOException(name + ": its interface has gone"));
        ports[number] = new XdpPort(program, number, port, at);
        return ports[number];
    }

    /** Takes note that a path is to be removed at the end of the batch; or answers at once. */
    private void end(final Operation operation, final long now) {
        final Held held = paths.get(operation.id());
        if (held == null) {
            operation.activity(Activity.UNKNOWN);
        } else if (held.adding != null) {
            held.adding.answer(Answer.ACCEPTED);
            operation.activity(activity(held, now));
            adding.remove(held);
            forget(held);
        } else if (byKey.remove(held.key, held)) {
            // From here on others of this batch may be like it.
            removing.add(operation);
        } else {
            operation.activity(Activity.UNKNOWN);
        }
    }

    private void forget(final Held held) {
        paths.remove(held.id);
        byKey.remove(held.key, held);
        free[freeCount++] = held.slot;
        leave(held.ingress);
        leave(held.egress);
    }

    private void leave(final XdpPort port) {
        port.paths--;
        if (port.paths == 0 && port.isClosed()) {
            ports[port.number] = null;
        }
    }

    private void removeAll(final long now) {
        for (int i = 0; i < removing.size(); i++) {
            paths.get(removing.get(i).id()).key.write(keys.buffer(), i * PathKey.SIZE);
        }
        for (int i = 0; i < removing.size();) {
            final Bpf.Done done = program.remove(keys, i, removing.size() - i);
            // The one that is not there is removed, too.
            final int until = i + done.count() + (done.error() == LibC.ENOENT ? 1 : 0);
            for (; i < until; i++) {
                final Held held = paths.get(removing.get(i).id());
                removing.get(i).activity(activity(held, now));
                forget(held);
            }
            if (done.error() != 0 && done.error() != LibC.ENOENT) {
                final Operation failed = removing.get(i++);
                byKey.put(paths.get(failed.id()).key, paths.get(failed.id()));
                failed.answer(Answer.failed("removing it failed: " + LibC.strerror(done.error())));
            }
        }
        removing.clear();
    }

    private void addAll() {
        for (int i = 0; i < adding.size(); i++) {
            final Held held = adding.get(i);
            held.key.write(keys.buffer(), i * PathKey.SIZE);
            PathAction.write(actions.buffer(), i * PathAction.SIZE, held.key, held.adding.path(), held.slot,
                held.egress.number);
        }
        for (int i = 0; i < adding.size();) {
            final Bpf.Done done = program.add(keys, i, actions, adding.size() - i);
            for (final int until = i + done.count(); i < until; i++) {
                added(adding.get(i), Answer.ACCEPTED);
            }
            if (done.error() != 0) {
                final Held failed = adding.get(i++);
                forget(failed);
                added(failed, done.error() == LibC.E2BIG ? Answer.FULL
                    : Answer.failed("adding it failed: " + LibC.strerror(done.error())));
            }
        }
        adding.clear();
    }

    private static void added(final Held held, final Answer answer) {
        held.adding.answer(answer);
        held.adding = null;
    }

    @Override
    public synchronized void flush() {
        withdraw(paths.keySet());
        connections.clear();
    }

    private void withdraw(final Collection<Long> ids) {
        final OffloadBatch batch = new OffloadBatch();
        ids.forEach(id -> batch.append(Operation.Kind.WITHDRAW, id));
        submit(batch);
    }

    @Override
    public synchronized Optional<Holdings> holdings() {
        return Optional.of(new Holdings(connections.stream().mapToLong(Long::longValue).toArray(),
            paths.keySet().stream().mapToLong(Long::longValue).toArray()));
    }

    // ---- Interfaces ----

    /** Looks after the interfaces until it is closed. */
    private void look() {
        try {
            while (!Thread.interrupted()) {
                Thread.sleep(LOOK_MS);
                lookOnce();
            }
        } catch (final InterruptedException closing) {
            Thread.currentThread().interrupt();
        }
    }

    /** Gives up the ports that have gone, and paths whose egress would lose what they redirect. */
    synchronized void lookOnce() {
        for (final XdpPort port : ports) {
            if (closed || port == null || port.isClosed()) {
                continue;
            }
            try {
                if (!port.look()) {
                    lose(port, "its interface has gone");
                } else if (port.paths > 0 && !port.sends()) {
                    loseRedirected(port);
                }
            } catch (final IOException failure) {
                lose(port, failure.getMessage());
            }
        }
    }

    private void lose(final XdpPort port, final String why) {
        LOG.info("XDP gives up {}: {}", port, why);
        port.close();
        describe();
        if (port.paths == 0) {
            ports[port.number] = null;
        }
        if (context != null) {
            context.portLost(port.name(), why);
        }
    }

    /** Gives up the paths that a driver redirects to a port that does not send. */
    private void loseRedirected(final XdpPort port) {
        final List<Long> lost = paths.values().stream().filter(held -> held.egress == port && held.ingress.isNative())
            .map(held -> held.id).toList();
        withdraw(lost);
        if (context != null) {
            lost.forEach(id -> context.pathLost(id, port.name() + " can't send XDP frames any more"));
        }
    }

    // ---- Life ----

    /** Takes the program out of all interfaces and gives everything back. */
    void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            for (final XdpPort port : ports) {
                if (port != null) {
                    port.close();
                }
            }
            program.close();
        }
        caretaker.interrupt();
        OwnThread.join(caretaker);
    }
}
