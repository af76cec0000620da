// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.io.IOException;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;
import org.trackway.conntrack.Conntrack;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.offload.Offload;
import org.trackway.offload.OffloadSettings;

/**
 * Changes settings of the live tracker, or of its offload, where they are kept: in a configuration, so that they
 * survive a restart. Only the keys that change are touched: what nobody set stays at its default.
 *
 * @param <T> the settings
 */
final class Settings<T> {

    private static final long PATIENCE_MS = 5000;
    private static final long POLL_MS = 10;

    private final ConfigurationAdmin configurations;
    private final String pid;
    private final Supplier<T> present;
    private final Function<T, Map<String, String>> texts;

    private Settings(final ConfigurationAdmin configurations, final String pid, final Supplier<T> present,
            final Function<T, Map<String, String>> texts) {
        this.configurations = configurations;
        this.pid = pid;
        this.present = present;
        this.texts = texts;
    }

    /** {@return the settings of the live tracker} */
    static Settings<ConntrackSettings> of(final ConfigurationAdmin configurations, final Conntrack live) {
        return new Settings<>(configurations, "org.trackway.conntrack", live::settings, Settings::texts);
    }

    /** {@return the settings of its offload} */
    static Settings<OffloadSettings> of(final ConfigurationAdmin configurations, final Offload offload) {
        return new Settings<>(configurations, "org.trackway.offload", offload::settings, Settings::texts);
    }

    /**
     * Changes settings and waits until they are in force.
     *
     * @param change makes the wanted settings of the present ones
     * @return the settings in force
     * @throws IllegalArgumentException if they are not possible, saying what is
     * @throws IllegalStateException    if they are not taken in time
     */
    T change(final UnaryOperator<T> change) throws IOException {
        final T old = present.get();
        final T wanted = change.apply(old);
        final Map<String, String> before = texts.apply(old);
        final Map<String, String> changed = texts.apply(wanted);
        changed.entrySet().removeIf(entry -> entry.getValue().equals(before.get(entry.getKey())));
        if (!changed.isEmpty()) {
            final Configuration configuration = configurations.getConfiguration(pid, "?");
            final Dictionary<String, Object> kept = configuration.getProperties();
            final Dictionary<String, Object> all = kept == null ? new Hashtable<>() : kept;
            changed.forEach(all::put);
            configuration.update(all);
            await(wanted);
        }
        return present.get();
    }

    /** Configurations are delivered by another thread. */
    private void await(final T wanted) {
        final long end = System.nanoTime() + PATIENCE_MS * 1_000_000;
        while (!present.get().equals(wanted)) {
            if (System.nanoTime() - end > 0) {
                throw new IllegalStateException("not all of configuration " + pid
                    + " was taken; the log says what is wrong with it");
            }
            try {
                Thread.sleep(POLL_MS);
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted before configuration " + pid + " was taken", e);
            }
        }
    }

    /** {@return settings as the configuration has them: key to text} */
    static Map<String, String> texts(final ConntrackSettings settings) {
        final Map<String, String> texts = new LinkedHashMap<>();
        texts.put("maxConnections", Integer.toString(settings.maxConnections()));
        texts.put("sweepIntervalMs", Integer.toString(settings.sweepIntervalMs()));
        texts.put("tcpSequenceCheck", Boolean.toString(settings.tcpSequenceCheck()));
        texts.put("accounting", Boolean.toString(settings.accounting()));
        texts.put("defaultZoneLimit", Long.toString(settings.defaultZoneLimit()));
        texts.put("zoneLimits", new TreeMap<>(settings.zoneLimits()).entrySet().stream()
            .map(entry -> entry.getKey() + "=" + entry.getValue()).collect(Collectors.joining("; ")));
        texts.put("timeoutPolicies", new TreeMap<>(settings.timeoutPolicies()).values().stream()
            .map(Object::toString).collect(Collectors.joining("; ")));
        texts.put("maxExpectations", Integer.toString(settings.maxExpectations()));
        texts.put("reassembleV4", Boolean.toString(settings.reassembleV4()));
        texts.put("reassembleV6", Boolean.toString(settings.reassembleV6()));
        texts.put("minFragmentV4", Integer.toString(settings.minFragmentV4()));
        texts.put("minFragmentV6", Integer.toString(settings.minFragmentV6()));
        texts.put("maxFragments", Integer.toString(settings.maxFragments()));
        return texts;
    }

    /** {@return settings as the configuration has them: key to text} */
    static Map<String, String> texts(final OffloadSettings settings) {
        final Map<String, String> texts = new LinkedHashMap<>();
        texts.put("enabled", Boolean.toString(settings.enabled()));
        texts.put("minPackets", Integer.toString(settings.minPackets()));
        texts.put("minAgeMs", Integer.toString(settings.minAgeMs()));
        texts.put("protocols", numbers(settings.protocols()));
        texts.put("zones", numbers(settings.zones()));
        texts.put("queueSize", Integer.toString(settings.queueSize()));
        texts.put("batchSize", Integer.toString(settings.batchSize()));
        texts.put("updateIntervalMs", Integer.toString(settings.updateIntervalMs()));
        texts.put("callLimitMs", Integer.toString(settings.callLimitMs()));
        texts.put("closeLimitMs", Integer.toString(settings.closeLimitMs()));
        texts.put("maxFailures", Integer.toString(settings.maxFailures()));
        texts.put("retryMs", Integer.toString(settings.retryMs()));
        texts.put("providers", new TreeMap<>(settings.providers()).entrySet().stream()
            .map(entry -> entry.getKey() + ":" + text(entry.getValue())).collect(Collectors.joining("; ")));
        return texts;
    }

    private static String numbers(final Set<Integer> numbers) {
        return numbers.stream().sorted().map(Object::toString).collect(Collectors.joining(", "));
    }

    private static String text(final OffloadSettings.Provider provider) {
        final StringBuilder text = new StringBuilder(provider.enabled() ? "" : " enabled=false");
        provider.priority().ifPresent(priority -> text.append(" priority=").append(priority));
        provider.limit().ifPresent(limit -> text.append(" limit=").append(limit));
        return text.toString();
    }
}
