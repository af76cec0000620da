// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.dummy;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.trackway.offload.spi.Capabilities;
import org.trackway.offload.spi.Capabilities.Translation;
import org.trackway.packet.IpProtocol;

/**
 * Settings of a simulated card; {@link DummyConfiguration} says what they mean. Immutable; wrong values are refused
 * with the name, what was given and what is allowed.
 */
record DummySettings(String name, int priority, List<Pattern> ports, Capabilities capabilities, int latencyUs,
        int pendingMs, int failureRate, int evictionRate, Set<Call> throwing, Set<Call> hanging, boolean forget,
        boolean lie, boolean backwards, boolean lost) {

    private static final int MAX_CAPACITY = 1_000_000;

    DummySettings {
        if (!name.matches("[A-Za-z0-9_.-]+")) {
            throw new IllegalArgumentException("name '" + name + "' has others than letters, digits, '_', '.' and '-'");
        }
        check("capacity", capabilities.capacity(), 1, MAX_CAPACITY);
        check("latencyUs", latencyUs, 0, 60_000_000);
        check("pendingMs", pendingMs, 0, 60_000);
        check("failureRate", failureRate, 0, 1000);
        check("evictionRate", evictionRate, 0, 1000);
    }

    private static void check(final String name, final long value, final long min, final long max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(name + " " + value + " is not in " + min + " to " + max);
        }
    }

    /**
     * {@return the settings that a configuration describes}
     *
     * @param from       the configuration
     * @param properties its properties, whose {@code service.pid} gives the name if the configuration does not
     * @throws IllegalArgumentException saying which value is wrong and what is allowed
     */
    static DummySettings of(final DummyConfiguration from, final Map<String, Object> properties) {
        return new DummySettings(name(from.name(), properties.get("service.pid")), from.priority(),
            items(from.ports()).map(DummySettings::pattern).toList(), capabilities(from), from.latencyUs(),
            from.pendingMs(), from.failureRate(), from.evictionRate(), Call.parse(from.throwing()),
            Call.parse(from.hanging()), from.forget(), from.lie(), from.backwards(), from.lost());
    }

    private static String name(final String given, final Object pid) {
        if (!given.isEmpty()) {
            return given;
        }
        final String name = String.valueOf(pid);
        return name.contains("~") ? name.substring(name.indexOf('~') + 1) : "dummy";
    }

    private static Capabilities capabilities(final DummyConfiguration from) {
        final Capabilities base = switch (from.mode()) {
            case "forwards" -> Capabilities.FORWARDS;
            case "tracks" -> Capabilities.TRACKS;
            default -> throw new IllegalArgumentException("mode '" + from.mode() + "' is neither forwards nor tracks");
        };
        final Set<Integer> protocols = items(from.protocols()).map(IpProtocol::parse).collect(Collectors.toSet());
        return base.withProtocols(protocols).withVersions(true, from.v6()).withOneWay(from.oneWay())
            .withNat(from.nat() ? Set.of(Translation.values()) : Set.of()).withCapacity(from.capacity())
            .withBatchSize(from.batchSize());
    }

    private static Stream<String> items(final String text) {
        return Arrays.stream(text.split(",")).map(String::trim).filter(item -> !item.isEmpty());
    }

    private static Pattern pattern(final String port) {
        return Pattern.compile(Arrays.stream(port.split("\\*", -1)).map(Pattern::quote)
            .collect(Collectors.joining(".*")));
    }

    /** {@return whether it serves a port of this name} */
    boolean serves(final String port) {
        return ports.stream().anyMatch(pattern -> pattern.matcher(port).matches());
    }

    /** {@return whether packets pass on it} */
    boolean forwards() {
        return capabilities.mode() == Capabilities.Mode.FORWARDS;
    }
}
