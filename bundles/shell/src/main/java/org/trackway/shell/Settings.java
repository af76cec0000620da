// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.io.IOException;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.ConntrackSettings;

/**
 * Changes the live tracker's settings where they are kept, in configuration {@value #PID}, so that they survive a
 * restart. Only the keys that change are touched: what nobody set stays at its default.
 */
final class Settings {

    /** The configuration of the live tracker. */
    static final String PID = "org.trackway.conntrack";

    private static final long PATIENCE_MS = 5000;
    private static final long POLL_MS = 10;

    private final ConfigurationAdmin configurations;
    private final Conntrack live;

    Settings(final ConfigurationAdmin configurations, final Conntrack live) {
        this.configurations = configurations;
        this.live = live;
    }

    /**
     * Changes settings and waits until they are in force.
     *
     * @param change makes the wanted settings of the present ones
     * @return the settings in force
     * @throws IllegalArgumentException if they are not possible, saying what is
     * @throws IllegalStateException    if the tracker does not take them in time
     */
    ConntrackSettings change(final UnaryOperator<ConntrackSettings> change) throws IOException {
        final ConntrackSettings present = live.settings();
        final ConntrackSettings wanted = change.apply(present);
        final Map<String, String> before = properties(present);
        final Map<String, String> changed = properties(wanted);
        changed.entrySet().removeIf(entry -> entry.getValue().equals(before.get(entry.getKey())));
        if (!changed.isEmpty()) {
            final Configuration configuration = configurations.getConfiguration(PID, "?");
            final Dictionary<String, Object> kept = configuration.getProperties();
            final Dictionary<String, Object> all = kept == null ? new Hashtable<>() : kept;
            changed.forEach(all::put);
            configuration.update(all);
            await(wanted);
        }
        return live.settings();
    }

    /** Configurations are delivered by another thread. */
    private void await(final ConntrackSettings wanted) {
        final long end = System.nanoTime() + PATIENCE_MS * 1_000_000;
        while (!live.settings().equals(wanted)) {
            if (System.nanoTime() - end > 0) {
                throw new IllegalStateException("the tracker did not take all of configuration " + PID
                    + "; its log says what is wrong with it");
            }
            try {
                Thread.sleep(POLL_MS);
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted before the tracker took configuration " + PID, e);
            }
        }
    }

    /** {@return settings as the configuration has them: key to text} */
    static Map<String, String> properties(final ConntrackSettings settings) {
        final Map<String, String> properties = new LinkedHashMap<>();
        properties.put("maxConnections", Integer.toString(settings.maxConnections()));
        properties.put("sweepIntervalMs", Integer.toString(settings.sweepIntervalMs()));
        properties.put("tcpSequenceCheck", Boolean.toString(settings.tcpSequenceCheck()));
        properties.put("accounting", Boolean.toString(settings.accounting()));
        properties.put("defaultZoneLimit", Long.toString(settings.defaultZoneLimit()));
        properties.put("zoneLimits", new TreeMap<>(settings.zoneLimits()).entrySet().stream()
            .map(entry -> entry.getKey() + "=" + entry.getValue()).collect(Collectors.joining("; ")));
        properties.put("timeoutPolicies", new TreeMap<>(settings.timeoutPolicies()).values().stream()
            .map(Object::toString).collect(Collectors.joining("; ")));
        properties.put("maxExpectations", Integer.toString(settings.maxExpectations()));
        properties.put("reassembleV4", Boolean.toString(settings.reassembleV4()));
        properties.put("reassembleV6", Boolean.toString(settings.reassembleV6()));
        properties.put("minFragmentV4", Integer.toString(settings.minFragmentV4()));
        properties.put("minFragmentV6", Integer.toString(settings.minFragmentV6()));
        properties.put("maxFragments", Integer.toString(settings.maxFragments()));
        return properties;
    }
}
