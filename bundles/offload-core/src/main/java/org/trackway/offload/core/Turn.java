// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import java.util.ArrayList;
import java.util.List;
import org.trackway.conntrack.Connection;
import org.trackway.offload.spi.Answer;
import org.trackway.offload.spi.OffloadBatch;
import org.trackway.offload.spi.Operation;
import org.trackway.packet.Port;

/**
 * One batch on its way to a provider and back: what each operation is about, and who is to be asked first whether he
 * can be offloaded. Belongs to the thread that takes the turn.
 */
final class Turn {

    final OffloadBatch batch = new OffloadBatch();
    final List<Candidate> candidates = new ArrayList<>();
    /** Chapters whose time is looked at when the answers are there. */
    final List<Chapter> settling = new ArrayList<>();
    private final List<Subject> subjects = new ArrayList<>();
    private int leaving;

    /** A connection that is about to be added, if the provider can. */
    static final class Candidate {
        final Chapter chapter;
        final Connection connection;
        final Port port;
        /** What the provider says to it before it is added; null if it was not asked. */
        Answer verdict;

        Candidate(final Chapter chapter, final Connection connection, final Port port) {
            this.chapter = chapter;
            this.connection = connection;
            this.port = port;
        }
    }

    /** {@return how many connections are deleted before the new ones are added} */
    long leaving() {
        return leaving;
    }

    int size() {
        return subjects.size() + candidates.size();
    }

    /** {@return whether there is anything to ask the provider} */
    boolean isAsking() {
        return size() > 0;
    }

    void append(final Operation.Kind kind, final long id, final Subject subject) {
        batch.append(kind, id);
        leaving += kind == Operation.Kind.DELETE && subject instanceof Chapter ? 1 : 0;
        add(subject);
    }

    void established(final Chapter chapter, final Connection connection, final Port port) {
        batch.established(connection, port);
        add(chapter);
    }

    void forward(final PathEntry entry) {
        batch.forward(entry.id(), entry.path.path());
        add(entry);
    }

    /** Appends the add of a candidate that the provider can take. */
    void add(final Candidate candidate) {
        batch.add(candidate.connection, candidate.port);
        add(candidate.chapter);
    }

    private void add(final Subject subject) {
        subject.asked = true;
        subjects.add(subject);
    }

    /** {@return what the operations are about, in their order} */
    List<Subject> subjects() {
        return subjects;
    }
}
