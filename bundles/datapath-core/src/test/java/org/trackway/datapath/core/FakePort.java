// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Port;

/** A port that delivers what a test put into it and remembers what was sent to it. Thread-safe. */
final class FakePort implements Port {

    private final String name;
    private final Deque<Object> arriving = new ArrayDeque<>();
    private final List<byte[]> sent = new ArrayList<>();
    private boolean closed;
    private boolean endless;
    private Throwable broken;
    private Runnable whenSending = () -> { };
    private int receives;

    FakePort(final String name) {
        this.name = name;
    }

    /** Lets packets arrive, at most 32 of them at a time. */
    synchronized FakePort arrive(final List<Packet> packets) {
        for (int i = 0; i < packets.size(); i += PacketBatch.BURST) {
            arriving.add(List.copyOf(packets.subList(i, Math.min(packets.size(), i + PacketBatch.BURST))));
        }
        return this;
    }

    /** Lets receiving fail when all that was put in before has been delivered. */
    synchronized FakePort fail(final String message) {
        return fail(new IOException(message));
    }

    /** Lets receiving fail in this way when all that was put in before has been delivered. */
    synchronized FakePort fail(final Throwable failure) {
        arriving.add(failure);
        return this;
    }

    /** Lets receiving wait for more where it would end. */
    synchronized FakePort endless() {
        endless = true;
        return this;
    }

    /** Lets sending fail. */
    synchronized FakePort breakSending() {
        return failSending(new IOException(name + ": the cable is cut"));
    }

    /** Lets sending fail in this way. */
    synchronized FakePort failSending(final Throwable failure) {
        broken = failure;
        return this;
    }

    /** Lets something happen whenever packets are sent. */
    synchronized FakePort whenSending(final Runnable what) {
        whenSending = what;
        return this;
    }

    synchronized List<byte[]> sent() {
        return List.copyOf(sent);
    }

    synchronized boolean isClosed() {
        return closed;
    }

    synchronized int receives() {
        return receives;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String kind() {
        return "fake";
    }

    @Override
    public synchronized int receive(final PacketBatch batch) throws IOException {
        receives++;
        notifyAll();
        final Object next = arriving.poll();
        if (next == null) {
            return endless ? 0 : -1;
        }
        if (next instanceof IOException failure) {
            throw failure;
        }
        if (next instanceof Error error) {
            throw error;
        }
        for (final Object packet : (List<?>) next) {
            ((Packet) packet).inPort(this);
            batch.add((Packet) packet);
        }
        return batch.size();
    }

    @Override
    public synchronized void send(final PacketBatch batch) throws IOException {
        whenSending.run();
        if (broken instanceof Error error) {
            throw error;
        }
        if (broken instanceof IOException failure) {
            throw failure;
        }
        for (int i = 0; i < batch.size(); i++) {
            sent.add(batch.get(i).bytes());
        }
        notifyAll();
    }

    /** Waits until so many packets were sent to it. */
    synchronized void awaitSent(final int count) throws InterruptedException {
        while (sent.size() < count) {
            wait();
        }
    }

    /** Waits until it was polled so often. */
    synchronized void awaitReceives(final int count) throws InterruptedException {
        while (receives < count) {
            wait();
        }
    }

    @Override
    public synchronized Statistics statistics() {
        return new Statistics(0, 0, sent.size(), 0, 0);
    }

    @Override
    public synchronized void close() {
        closed = true;
    }
}
