// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which ports a provider serves, as it has said. Read by any thread; what is to be asked is guarded by the worker's
 * monitor. A port that it was not asked about counts as served: it may refuse what comes of that.
 */
final class ServedPorts {

    private final Map<PortRef, Boolean> served = new ConcurrentHashMap<>();
    private final Set<PortRef> unknown = new HashSet<>();

    boolean serves(final PortRef port) {
        return served.get(port) != Boolean.FALSE;
    }

    /** {@return whether a port of this name is served, or none is known} */
    boolean serves(final String name) {
        boolean serves = true;
        for (final Map.Entry<PortRef, Boolean> entry : served.entrySet()) {
            if (entry.getKey().name().equals(name) && !entry.getKey().refersTo(null)) {
                if (entry.getValue()) {
                    return true;
                }
                serves = false;
            }
        }
        return serves;
    }

    /** Notes a port, so that the provider is asked about it before anything of that port is offered. */
    void meet(final PortRef port) {
        if (port != null && !served.containsKey(port)) {
            unknown.add(port);
        }
    }

    /** {@return the ports to ask about, once} */
    List<PortRef> takeUnknown() {
        final List<PortRef> taken = List.copyOf(unknown);
        unknown.clear();
        return taken;
    }

    /** Notes what the provider said, and forgets ports that are gone. {@return whether it serves the port anew} */
    boolean learn(final PortRef port, final boolean serves) {
        served.keySet().removeIf(known -> known.refersTo(null));
        return served.put(port, serves) == Boolean.FALSE && serves;
    }

    /** Ports of this name are served no longer. */
    void lose(final String name) {
        served.replaceAll((ref, serves) -> serves && !ref.name().equals(name));
    }

    /** Has the provider asked again about ports of this name that it does not serve. {@return whether there are any} */
    boolean regain(final String name) {
        boolean any = false;
        for (final Map.Entry<PortRef, Boolean> entry : served.entrySet()) {
            if (!entry.getValue() && entry.getKey().name().equals(name)) {
                unknown.add(entry.getKey());
                any = true;
            }
        }
        return any;
    }

    /** {@return the names of the ports that are served, in order} */
    List<String> names() {
        return served.entrySet().stream().filter(Map.Entry::getValue).map(entry -> entry.getKey().name()).distinct()
            .sorted().toList();
    }
}
