// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.spi;

import java.util.Objects;

/**
 * What a provider says to an operation. Immutable.
 *
 * @param kind   what it means
 * @param reason why, in a few words for people; empty where nothing needs saying
 */
public record Answer(Kind kind, String reason) {

    /** What an answer means. */
    public enum Kind {
        /** Done: the provider holds it. */
        ACCEPTED,
        /** The provider will {@linkplain ProviderContext#answer say} later; until it does, it counts as holding it. */
        PENDING,
        /** Not now; the provider is asked again, at a bounded rate. */
        LATER,
        /** There is no room; the provider is asked again when there may be. */
        FULL,
        /** Never for this connection; the provider is not asked again. */
        NO,
        /** It should have worked. Failures in a row put the provider into quarantine. */
        FAILED
    }

    /** Done. */
    public static final Answer ACCEPTED = new Answer(Kind.ACCEPTED, "");
    /** To be said later. */
    public static final Answer PENDING = new Answer(Kind.PENDING, "");
    /** No room. */
    public static final Answer FULL = new Answer(Kind.FULL, "it is full");

    /** Checks that nothing is missing. */
    public Answer {
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(reason, "reason");
    }

    /** {@return an answer that says "not yet"} */
    public static Answer later(final String reason) {
        return new Answer(Kind.LATER, reason);
    }

    /** {@return an answer that says "never"} */
    public static Answer no(final String reason) {
        return new Answer(Kind.NO, reason);
    }

    /** {@return an answer that says "it went wrong"} */
    public static Answer failed(final String reason) {
        return new Answer(Kind.FAILED, reason);
    }

    /** {@return whether the provider holds it, or may} */
    public boolean isHeld() {
        return kind == Kind.ACCEPTED || kind == Kind.PENDING;
    }
}
