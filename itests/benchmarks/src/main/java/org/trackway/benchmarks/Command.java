// SPDX-License-Identifier: Apache-2.0
package org.trackway.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A program that prints {@code key=value} lines, or a line {@code name: N ms} as Open vSwitch's benchmark does. */
final class Command {

    private Command() {
    }

    /** {@return the command that runs {@link Measurement} in a JVM like this one} */
    static List<String> measurement(final String heap, final String arguments) {
        final List<String> command = new ArrayList<>(List.of(
            System.getProperty("java.home") + "/bin/java", "-Xms" + heap, "-Xmx" + heap,
            "-cp", System.getProperty("java.class.path"), Measurement.class.getName()));
        command.addAll(List.of(arguments.split(" ")));
        return command;
    }

    /** {@return the command line with arguments appended} */
    static List<String> of(final String line, final String arguments) {
        return List.of((line + " " + arguments).trim().split(" +"));
    }

    /**
     * Runs a command to its end.
     *
     * @return the numbers it printed by name; {@code name: N ms} comes out as {@code ms}
     * @throws IOException if it can't be started or fails
     */
    static Map<String, Double> run(final List<String> command) throws IOException, InterruptedException {
        final Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        final Map<String, Double> values = new HashMap<>();
        try (BufferedReader lines = process.inputReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.matches("\\w+=[-0-9.]+")) {
                    values.put(line.substring(0, line.indexOf('=')),
                        Double.valueOf(line.substring(line.indexOf('=') + 1)));
                } else if (line.matches("\\w+: +[0-9]+ ms")) {
                    values.put("ms", Double.valueOf(line.replaceAll("\\D", "")));
                }
            }
        }
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + " ended with " + process.exitValue());
        }
        return values;
    }
}
