// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import java.lang.ref.WeakReference;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.function.Supplier;

/**
 * One object for every thread that asks, for as long as there are both this holder and the thread. A {@link ThreadLocal}
 * alone would keep an object that knows its owner, and with it the owner, for as long as the thread lives.
 */
final class PerThread<T> {

    private final Supplier<T> maker;
    private final ThreadLocal<WeakReference<T>> known = new ThreadLocal<>();
    /** What the weak references point to. Guarded by itself. */
    private final Map<Thread, T> held = new WeakHashMap<>();

    PerThread(final Supplier<T> maker) {
        this.maker = maker;
    }

    T get() {
        final WeakReference<T> reference = known.get();
        final T own = reference == null ? null : reference.get();
        return own == null ? make() : own;
    }

    private T make() {
        final T made = maker.get();
        synchronized (held) {
            held.put(Thread.currentThread(), made);
        }
        known.set(new WeakReference<>(made));
        return made;
    }
}
