// SPDX-License-Identifier: Apache-2.0
package com.example.notebook;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.osgi.service.component.annotations.Component;
import org.trackway.conntrack.Connection;
import org.trackway.offload.spi.Activity;
import org.trackway.offload.spi.Answer;
import org.trackway.offload.spi.Capabilities;
import org.trackway.offload.spi.OffloadProvider;
import org.trackway.packet.Port;

/** Hardware that notes when it was given a connection, and sees no packet of it. */
@Component
public final class NotebookProvider implements OffloadProvider {

    private static final int PAGES = 1000;

    /** When each connection was added. Operations come on one thread, so no lock is needed. */
    private final Map<Long, Long> notes = new HashMap<>();

    @Override
    public String name() {
        return "notebook";
    }

    @Override
    public Capabilities capabilities() {
        return Capabilities.TRACKS.withCapacity(PAGES).withCounters(false);
    }

    @Override
    public Answer canOffload(final Connection connection) {
        return notes.size() < PAGES ? Answer.ACCEPTED : Answer.FULL;
    }

    @Override
    public Answer add(final Connection connection, final Optional<Port> ingress) {
        if (notes.size() == PAGES) {
            return Answer.FULL;
        }
        notes.put(connection.id(), System.nanoTime());
        return Answer.ACCEPTED;
    }

    @Override
    public Activity update(final long connectionId) {
        return activity(notes.get(connectionId));
    }

    @Override
    public Activity delete(final long connectionId) {
        return activity(notes.remove(connectionId));
    }

    private static Activity activity(final Long since) {
        return since == null ? Activity.UNKNOWN : new Activity(System.nanoTime() - since, 0, 0, 0, 0);
    }

    @Override
    public void flush() {
        notes.clear();
    }

    @Override
    public Optional<Holdings> holdings() {
        return Optional.of(new Holdings(notes.keySet().stream().mapToLong(Long::longValue).toArray(), new long[0]));
    }
}
