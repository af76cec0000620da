// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.trackway.packet.PortFactory;

/** The kinds of ports that the container has now. When one goes, its ports leave all datapaths. Thread-safe. */
@Component(service = PortFactories.class)
public final class PortFactories {

    private final Map<String, PortFactory> byKind = new ConcurrentHashMap<>();
    private final List<TableDatapath> datapaths = new CopyOnWriteArrayList<>();

    /** Takes note of a kind that has come. */
    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC,
        policyOption = ReferencePolicyOption.GREEDY)
    public void bind(final PortFactory factory) {
        byKind.put(factory.kind(), factory);
    }

    /** Takes note of a kind that goes, and removes its ports. */
    public void unbind(final PortFactory factory) {
        byKind.remove(factory.kind(), factory);
        datapaths.forEach(datapath -> datapath.removeAll(factory));
    }

    Set<String> kinds() {
        return Collections.unmodifiableSet(new TreeSet<>(byKind.keySet()));
    }

    /**
     * Finds a kind.
     *
     * @throws IllegalArgumentException naming the kinds there are, if it is not there
     */
    PortFactory get(final String kind) {
        final PortFactory factory = byKind.get(kind);
        if (factory == null) {
            throw new IllegalArgumentException("there are no ports of kind '" + kind + "' now; "
                + (byKind.isEmpty() ? "there is no kind at all"
                    : "there are " + String.join(", ", new TreeMap<>(byKind).keySet())));
        }
        return factory;
    }

    boolean isThere(final PortFactory factory) {
        return byKind.containsValue(factory);
    }

    void add(final TableDatapath datapath) {
        datapaths.add(datapath);
    }

    void remove(final TableDatapath datapath) {
        datapaths.remove(datapath);
    }
}
