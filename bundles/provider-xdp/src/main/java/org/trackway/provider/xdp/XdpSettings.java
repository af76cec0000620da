// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.xdp;

import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Settings of the provider. Immutable; wrong values are refused with the name, what was given and what is allowed.
 *
 * @param name       the provider's name
 * @param priority   its place among providers
 * @param capacity   paths that it can hold, 1..16777216; a connection needs one for each direction
 * @param attach     where in the interfaces the program runs
 * @param interfaces names of the interfaces that it serves, with {@code *}, <code>?</code> and <code>{a,b}</code>
 */
record XdpSettings(String name, int priority, int capacity, Attach attach, String interfaces) {

    /** Where in an interface the program runs. */
    enum Attach {
        /** In the driver where the interfaces on both sides can do it, else in the stack. */
        AUTO,
        /** In the driver. */
        NATIVE,
        /** In the stack, with every driver. */
        GENERIC
    }

    private static final int MAX_CAPACITY = 1 << 24;

    /** Checks values. */
    XdpSettings {
        if (!name.matches("[A-Za-z0-9_.-]+")) {
            throw new IllegalArgumentException("name '" + name + "': letters, digits, _, . and - are allowed");
        }
        if (capacity < 1 || capacity > MAX_CAPACITY) {
            throw new IllegalArgumentException("capacity " + capacity + " is not in 1 to " + MAX_CAPACITY);
        }
        // Throws what is wrong with it.
        FileSystems.getDefault().getPathMatcher("glob:" + interfaces);
    }

    /** {@return the settings of a configuration} */
    static XdpSettings of(final XdpConfiguration from) {
        final Attach attach;
        try {
            attach = Attach.valueOf(from.attach().toUpperCase(Locale.ROOT));
        } catch (final IllegalArgumentException unknown) {
            throw new IllegalArgumentException("attach '" + from.attach() + "': give auto, native or generic", unknown);
        }
        return new XdpSettings(from.name(), from.priority(), from.capacity(), attach, from.interfaces());
    }

    /** {@return whether an interface of this name is served} */
    boolean serves(final String networkInterface) {
        return FileSystems.getDefault().getPathMatcher("glob:" + interfaces).matches(Path.of(networkInterface));
    }
}
