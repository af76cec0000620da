// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.trackway.offload.ProviderStatus.Counter;
import org.trackway.offload.spi.Answer;
import org.trackway.offload.spi.ProviderContext;

/**
 * What a provider reports, on whatever thread, until its worker takes it in. Bounded: what is one too many is counted
 * and forgotten, and found out by the next questions.
 */
final class Reports implements ProviderContext {

    private static final int CAPACITY = 65_536;

    private final BlockingQueue<Report> queue = new ArrayBlockingQueue<>(CAPACITY);
    private final Tally tally;
    private final Runnable wake;
    private volatile boolean closed;

    /** What is reported. */
    enum Kind { ANSWER, PATH_ANSWER, LOST, PATH_LOST, CLOSING, PORT_LOST, PORT_BACK, DEVICE_LOST, DEVICE_BACK }

    /**
     * One report.
     *
     * @param id     connection or path, if it is about one
     * @param answer for answers
     * @param text   why, or which port
     */
    record Report(Kind kind, long id, Answer answer, String text, String why) {
    }

    Reports(final Tally tally, final Runnable wake) {
        this.tally = tally;
        this.wake = wake;
    }

    /** {@return the next report, null if there is none} */
    Report poll() {
        return queue.poll();
    }

    boolean isEmpty() {
        return queue.isEmpty();
    }

    /** Takes nothing in from now on. */
    void close() {
        closed = true;
        queue.clear();
    }

    private void put(final Kind kind, final long id, final Answer answer, final String text, final String why) {
        if (!closed) {
            if (!queue.offer(new Report(kind, id, answer, text, why))) {
                tally.add(Counter.OVERFLOWED);
            }
            wake.run();
        }
    }

    @Override
    public void answer(final long connectionId, final Answer answer) {
        put(Kind.ANSWER, connectionId, Objects.requireNonNull(answer, "answer"), null, null);
    }

    @Override
    public void pathAnswer(final long pathId, final Answer answer) {
        put(Kind.PATH_ANSWER, pathId, Objects.requireNonNull(answer, "answer"), null, null);
    }

    @Override
    public void lost(final long connectionId, final String why) {
        put(Kind.LOST, connectionId, null, null, why);
    }

    @Override
    public void pathLost(final long pathId, final String why) {
        put(Kind.PATH_LOST, pathId, null, null, why);
    }

    @Override
    public void closing(final long connectionId) {
        put(Kind.CLOSING, connectionId, null, null, null);
    }

    @Override
    public void portLost(final String port, final String why) {
        put(Kind.PORT_LOST, 0, null, Objects.requireNonNull(port, "port"), why);
    }

    @Override
    public void portBack(final String port) {
        put(Kind.PORT_BACK, 0, null, Objects.requireNonNull(port, "port"), null);
    }

    @Override
    public void deviceLost(final String why) {
        put(Kind.DEVICE_LOST, 0, null, null, why);
    }

    @Override
    public void deviceBack() {
        put(Kind.DEVICE_BACK, 0, null, null, null);
    }
}
