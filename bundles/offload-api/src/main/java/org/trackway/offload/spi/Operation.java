// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.spi;

import java.util.Optional;
import org.trackway.conntrack.Connection;
import org.trackway.offload.Path;
import org.trackway.packet.Port;

/**
 * One operation of an {@link OffloadBatch}, with its answer. Which fields are present depends on the kind:
 *
 * <pre>
 *   kind         id          connection  port               path  answered by
 *   ADD          connection  yes         original ingress         answer
 *   ESTABLISHED  connection  yes         reply ingress            answer
 *   UPDATE       connection                                       activity
 *   DELETE       connection                                       activity
 *   FORWARD      path                                       yes   answer
 *   ACTIVITY     path                                             activity
 *   WITHDRAW     path                                             activity
 * </pre>
 *
 * Belongs to the thread that performs the batch.
 */
public final class Operation {

    /** What is to be done; see the methods of {@link OffloadProvider}. */
    public enum Kind {
        /** {@link OffloadProvider#add}. */
        ADD,
        /** {@link OffloadProvider#established}. */
        ESTABLISHED,
        /** {@link OffloadProvider#update}. */
        UPDATE,
        /** {@link OffloadProvider#delete}. */
        DELETE,
        /** {@link OffloadProvider#forward}. */
        FORWARD,
        /** {@link OffloadProvider#activity}. */
        ACTIVITY,
        /** {@link OffloadProvider#withdraw}. */
        WITHDRAW
    }

    private static final Answer NONE = Answer.failed("no answer");

    private final OffloadBatch batch;
    private final Kind kind;
    private final long id;
    private final Connection connection;
    private final Port port;
    private final Path path;
    private Answer answer = NONE;
    private Activity activity = Activity.UNKNOWN;

    Operation(final OffloadBatch batch, final Kind kind, final long id, final Connection connection, final Port port,
            final Path path) {
        this.batch = batch;
        this.kind = kind;
        this.id = id;
        this.connection = connection;
        this.port = port;
        this.path = path;
    }

    /** {@return what is to be done} */
    public Kind kind() {
        return kind;
    }

    /** {@return the id of the connection or path} */
    public long id() {
        return id;
    }

    /** {@return the connection as it is now, null for other kinds than ADD and ESTABLISHED} */
    public Connection connection() {
        return connection;
    }

    /** {@return the ingress port, if it is known} */
    public Optional<Port> port() {
        return Optional.ofNullable(port);
    }

    /** {@return the path, null for other kinds than FORWARD} */
    public Path path() {
        return path;
    }

    /** Says what became of it. */
    public void answer(final Answer value) {
        answer = value == null ? NONE : value;
        batch.progress();
    }

    /** Answers an UPDATE, DELETE, ACTIVITY or WITHDRAW. */
    public void activity(final Activity value) {
        activity = value == null ? Activity.UNKNOWN : value;
        answer(Answer.ACCEPTED);
    }

    /** {@return what was answered; a failure if nothing was} */
    public Answer answer() {
        return answer;
    }

    /** {@return what was answered by {@link #activity(Activity)}; unknown if nothing was} */
    public Activity activity() {
        return activity;
    }

    /** Performs it by the provider's method of its name, and takes what that returns or throws as the answer. */
    void perform(final OffloadProvider provider) {
        try {
            switch (kind) {
                case ADD -> answer(provider.add(connection, port()));
                case ESTABLISHED -> answer(provider.established(connection, port()));
                case UPDATE -> activity(provider.update(id));
                case DELETE -> activity(provider.delete(id));
                case FORWARD -> answer(provider.forward(id, path));
                case ACTIVITY -> activity(provider.activity(id));
                default -> activity(provider.withdraw(id));
            }
        } catch (final RuntimeException | Error thrown) {
            // A provider is a guest: an Error of its class loading is its failure alone.
            answer(Answer.failed(thrown.toString()));
        }
    }
}
