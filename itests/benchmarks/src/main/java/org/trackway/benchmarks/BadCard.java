// SPDX-License-Identifier: Apache-2.0
package org.trackway.benchmarks;

import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.trackway.conntrack.Connection;
import org.trackway.offload.Path;
import org.trackway.offload.spi.Activity;
import org.trackway.offload.spi.Answer;
import org.trackway.offload.spi.Capabilities;
import org.trackway.offload.spi.OffloadProvider;
import org.trackway.offload.spi.ProviderContext;
import org.trackway.packet.Port;

/** A provider that misbehaves. */
final class BadCard implements OffloadProvider {

    /** In which way. */
    enum Fault {
        /** In none, to compare with. */
        NONE,
        /** It throws on every call, but for its name. */
        THROWS,
        /** It answers after five seconds. */
        SLOW,
        /** It never returns. */
        HANGS,
        /** It claims success and forgets. */
        FORGETS,
        /** It reports about connections that it does not hold. */
        LIES
    }

    private static final long SLOW_MS = 5_000;
    private static final Activity QUIET = new Activity(0, 0, 0, 0, 0);

    private final Fault fault;
    private final CountDownLatch over = new CountDownLatch(1);
    private volatile ProviderContext manager;

    BadCard(final Fault fault) {
        this.fault = fault;
    }

    /** Has calls return that hang, so that no thread is left. */
    void end() {
        over.countDown();
    }

    private <T> T answer(final Supplier<T> sound) {
        switch (fault) {
            case THROWS -> throw new IllegalStateException("broken");
            case SLOW -> await(SLOW_MS);
            case HANGS -> await(Long.MAX_VALUE);
            default -> {
            }
        }
        return sound.get();
    }

    private Activity activity() {
        return fault == Fault.FORGETS ? Activity.UNKNOWN : QUIET;
    }

    private void await(final long ms) {
        final long endNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(ms);
        boolean done = false;
        while (!done) {
            try {
                done = over.await(endNs - System.nanoTime(), TimeUnit.NANOSECONDS) || System.nanoTime() - endNs >= 0;
            } catch (final InterruptedException unheard) {
                // Whoever interrupts it is not heard either.
            }
        }
    }

    @Override
    public String name() {
        return "bad";
    }

    @Override
    public Capabilities capabilities() {
        return answer(() -> Capabilities.FORWARDS);
    }

    @Override
    public void attach(final ProviderContext context) {
        manager = context;
    }

    @Override
    public boolean serves(final Port port) {
        return answer(() -> true);
    }

    @Override
    public Answer canOffload(final Connection connection) {
        return answer(() -> Answer.ACCEPTED);
    }

    @Override
    public Answer add(final Connection connection, final Optional<Port> ingress) {
        if (fault == Fault.LIES) {
            manager.lost(-connection.id(), "it passed there");
            return Answer.no("it has no time");
        }
        return answer(() -> Answer.ACCEPTED);
    }

    @Override
    public Answer established(final Connection connection, final Optional<Port> replyIngress) {
        return answer(() -> Answer.ACCEPTED);
    }

    @Override
    public Activity update(final long connectionId) {
        return answer(this::activity);
    }

    @Override
    public Activity delete(final long connectionId) {
        return answer(this::activity);
    }

    @Override
    public Answer forward(final long pathId, final Path path) {
        return answer(() -> Answer.ACCEPTED);
    }

    @Override
    public Activity activity(final long pathId) {
        return answer(this::activity);
    }

    @Override
    public Activity withdraw(final long pathId) {
        return answer(this::activity);
    }

    @Override
    public void flush() {
        answer(() -> null);
    }
}
