// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.oracle;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.packet.Packet;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * What happens in a scenario: {@code scenario.yaml}, {@code input.tsv} and {@code input.pcap}.
 *
 * @param name     of its folder
 * @param settings of the tracker
 * @param rules    in the order in which they are asked
 * @param steps    one after the other
 * @param notes    remarks, some of which hold numbers of the peer
 * @param inputs   the packets
 */
record Scenario(String name, ConntrackSettings settings, List<Rule> rules, List<Step> steps, List<String> notes,
        List<Input> inputs) {

    /**
     * What is done to a packet.
     *
     * @param port      where it enters, {@code p1} or {@code p2}
     * @param match     what it has to be, in words of flows
     * @param ct        the arguments of the {@code ct} action
     * @param ifRelated the arguments of a second {@code ct} action for packets that are then new and related, or null
     */
    record Rule(String port, String match, String ct, String ifRelated) {
    }

    /** Something that happens ({@code packets}, {@code dump}, {@code advance_ms}, {@code setting}); its argument. */
    record Step(String kind, String argument) {
    }

    /** A packet, the port by which it enters and the milliseconds that the clock must then show. */
    record Input(String port, long clockMs, Packet packet) {
    }

    static Scenario read(final Path folder) throws IOException {
        final Map<?, ?> root;
        try (Reader reader = Files.newBufferedReader(folder.resolve("scenario.yaml"))) {
            root = new Yaml(new SafeConstructor(new LoaderOptions())).load(reader);
        }
        final List<Packet> packets = Capture.read(folder.resolve("input.pcap"));
        final List<String> rows = Files.readAllLines(folder.resolve("input.tsv"));
        if (rows.size() - 1 != packets.size()) {
            throw new IOException(folder + ": " + packets.size() + " packets, " + (rows.size() - 1) + " rows");
        }
        final List<Input> inputs = new ArrayList<>();
        for (int i = 0; i < packets.size(); i++) {
            final String[] columns = rows.get(i + 1).split("\t");
            inputs.add(new Input(columns[1], Long.parseLong(columns[2]), packets.get(i)));
        }
        return new Scenario(folder.getFileName().toString(), settings(strings(root.get("settings"))),
            maps(root.get("rules")).stream().map(Scenario::rule).toList(),
            maps(root.get("steps")).stream().map(Scenario::step).toList(), strings(root.get("notes")), inputs);
    }

    private static List<?> list(final Object node) {
        return node == null ? List.of() : (List<?>) node;
    }

    private static List<String> strings(final Object node) {
        return list(node).stream().map(String::valueOf).toList();
    }

    private static List<? extends Map<?, ?>> maps(final Object node) {
        return list(node).stream().map(entry -> (Map<?, ?>) entry).toList();
    }

    private static Rule rule(final Map<?, ?> node) {
        final Object second = node.get("then_if_new_and_related");
        return new Rule(String.valueOf(node.get("port")), String.valueOf(node.get("match")),
            String.valueOf(node.get("ct")), second == null ? null : second.toString());
    }

    private static Step step(final Map<?, ?> node) {
        final Map.Entry<?, ?> only = node.entrySet().iterator().next();
        return new Step(String.valueOf(only.getKey()), String.valueOf(only.getValue()));
    }

    private static ConntrackSettings settings(final List<String> lines) {
        ConntrackSettings settings = ConntrackSettings.DEFAULT;
        for (final String line : lines) {
            final String[] words = line.split(" ");
            if (line.matches("zone \\d+ limit \\d+")) {
                settings = settings.withZoneLimit(Integer.parseInt(words[1]), Long.valueOf(words[3]));
            } else if (line.matches("maximum connections \\d+")) {
                settings = settings.withMaxConnections(Integer.parseInt(words[2]));
            } else if (line.equals("TCP sequence check off")) {
                settings = settings.withTcpSequenceCheck(false);
            } else if (line.matches("smallest IPv4 fragment \\d+")) {
                settings = settings.withFragments(true, true, Integer.parseInt(words[3]), settings.minFragmentV6(),
                    settings.maxFragments());
            } else {
                throw new IllegalArgumentException("unknown setting: " + line);
            }
        }
        return settings;
    }
}
