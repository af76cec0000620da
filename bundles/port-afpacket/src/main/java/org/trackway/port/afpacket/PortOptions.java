// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.afpacket;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The options of a port.
 *
 * @param networkInterface the interface's name
 * @param namespace        file of its network namespace, null for that of the process
 * @param mode             how the receive ring is laid out
 * @param ringBytes        size of the receive ring in bytes, a multiple of 1 MiB
 * @param threads          how many threads share what arrives
 * @param promiscuous      whether frames for other machines are received too
 * @param bypass           whether what is sent goes around the interface's queueing discipline
 */
record PortOptions(String networkInterface, Path namespace, Mode mode, int ringBytes, int threads,
        boolean promiscuous, boolean bypass) {

    /** Layout of the receive ring. */
    enum Mode {
        /** One slot a packet: each can be read as soon as it has come. */
        V2,
        /** Blocks of packets: dense, but one that is not full is handed over only after a millisecond. */
        V3
    }

    static final String INTERFACE = "interface";
    static final String NETNS = "netns";
    static final String MODE = "mode";
    static final String RING = "ring";
    static final String THREADS = "threads";
    static final String PROMISCUOUS = "promiscuous";
    static final String BYPASS = "bypass";

    private static final int MEBIBYTE = 1 << 20;
    private static final int MAX_RING = 256;
    private static final int MAX_THREADS = 16;
    /** What fits in {@code IFNAMSIZ} with the zero at its end. */
    private static final int MAX_NAME = 15;

    /** {@return the options by name, in the order of importance, each with what it means} */
    static Map<String, String> descriptions() {
        final Map<String, String> options = new LinkedHashMap<>();
        options.put(INTERFACE, "Linux network interface; the port's own name if not given");
        options.put(NETNS, "network namespace of the interface: a name under /run/netns, or a path with a slash");
        options.put(MODE, "receive ring: v2 (default) has the lower latency, v3 takes more packets in the same memory");
        options.put(RING, "MiB of the receive ring of each thread, 1 to " + MAX_RING + "; default 8");
        options.put(THREADS, "threads that share what arrives, by connection, 1 to " + MAX_THREADS + "; default 1");
        options.put(PROMISCUOUS, "true receives frames for other machines too, as a bridge must; default true");
        options.put(BYPASS, "true sends around the interface's queueing discipline, which is faster; default true");
        return options;
    }

    /**
     * Reads options.
     *
     * @throws IllegalArgumentException if one is unknown or its value not allowed, with what is allowed
     */
    static PortOptions parse(final String port, final Map<String, String> options) {
        for (final String option : options.keySet()) {
            if (!descriptions().containsKey(option)) {
                throw new IllegalArgumentException("unknown option '" + option + "': an afpacket port takes "
                    + String.join(", ", descriptions().keySet()));
            }
        }
        final String name = options.getOrDefault(INTERFACE, port);
        if (name.isEmpty() || name.length() > MAX_NAME || name.matches(".*[\\s/].*")) {
            throw new IllegalArgumentException("option 'interface' is '" + name
                + "': give the name of a Linux network interface, 1 to " + MAX_NAME + " characters");
        }
        return new PortOptions(name, namespace(options.get(NETNS)), mode(options.getOrDefault(MODE, "v2")),
            number(options, RING, 8, MAX_RING, " MiB") * MEBIBYTE, number(options, THREADS, 1, MAX_THREADS, ""),
            flag(options, PROMISCUOUS), flag(options, BYPASS));
    }

    private static Path namespace(final String text) {
        if (text == null) {
            return null;
        }
        if (text.isEmpty() || text.equals(".") || text.equals("..")) {
            throw new IllegalArgumentException("option 'netns' is '" + text
                + "': give a name under /run/netns, or a path with a slash");
        }
        return text.contains("/") ? Path.of(text) : Path.of("/run/netns", text);
    }

    private static Mode mode(final String text) {
        return switch (text) {
            case "v2" -> Mode.V2;
            case "v3" -> Mode.V3;
            default -> throw new IllegalArgumentException("option 'mode' is '" + text + "': give v2 or v3");
        };
    }

    private static int number(final Map<String, String> options, final String name, final int otherwise, final int most,
            final String unit) {
        final String text = options.getOrDefault(name, Integer.toString(otherwise));
        final int number = text.matches("\\d{1,6}") ? Integer.parseInt(text) : 0;
        if (number < 1 || number > most) {
            throw new IllegalArgumentException("option '" + name + "' is '" + text + "': give 1 to " + most + unit);
        }
        return number;
    }

    private static boolean flag(final Map<String, String> options, final String name) {
        final String text = options.getOrDefault(name, "true");
        return switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException("option '" + name + "' is '" + text
                + "': give true or false");
        };
    }
}
