// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.lang.ref.SoftReference;
import java.util.concurrent.atomic.AtomicReference;
import org.trackway.conntrack.Conntrack;

/**
 * Remembers the tracker of the last replay, so that its connections can be looked at afterwards, from any session. It
 * is given up when memory is needed for something else. Thread-safe.
 */
final class LastReplay {

    private static final AtomicReference<SoftReference<Conntrack>> LAST = new AtomicReference<>();

    private LastReplay() {
    }

    /** Remembers a tracker instead of the one before. */
    static void remember(final Conntrack conntrack) {
        LAST.set(new SoftReference<>(conntrack));
    }

    /** Keeps none. */
    static void forget() {
        LAST.set(null);
    }

    /** {@return the tracker, or null if there was no replay yet or its memory was needed} */
    static Conntrack conntrack() {
        final SoftReference<Conntrack> last = LAST.get();
        return last == null ? null : last.get();
    }

    /**
     * {@return the tracker}
     *
     * @throws IllegalStateException saying why there is none
     */
    static Conntrack required() {
        final Conntrack conntrack = conntrack();
        if (conntrack == null) {
            throw new IllegalStateException(LAST.get() == null
                ? "there was no replay yet: start one with datapath:replay"
                : "the last replay's tracker was given up because memory was short: replay again");
        }
        return conntrack;
    }
}
