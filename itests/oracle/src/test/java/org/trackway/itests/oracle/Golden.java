// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.oracle;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.trackway.packet.Packet;

/** Reads what the peer did in a scenario; its notes about fragments and limits are parts of their own. */
final class Golden {

    private static final Pattern DUMP = Pattern.compile("## (dump|expectations) (\\S+):.*");
    private static final Pattern LEFT =
        Pattern.compile("(\\d+): input (\\d+) -> (\\w+) .*?(?:released when input (\\d+) arrived)?");

    private static final String FRAGMENTS = "fragment counters at the end: ";
    private static final String LIMITS = "limits after ";

    private Golden() {
    }

    static Answers read(final Path folder, final Scenario scenario) throws IOException {
        final Answers answers = new Answers();
        answers.part("ct_state").addAll(Files.readAllLines(folder.resolve("expected.ct_state.txt")));
        sections(folder.resolve("expected.dump.txt"), answers);
        if (Files.exists(folder.resolve("expected.expectations.txt"))) {
            sections(folder.resolve("expected.expectations.txt"), answers);
        }
        sent(folder, answers.part("tx"));
        for (final String note : scenario.notes()) {
            if (note.startsWith(FRAGMENTS)) {
                answers.part("fragments").addAll(report(note));
            } else if (note.startsWith(LIMITS)) {
                answers.part(note.substring(0, note.indexOf(':'))).addAll(report(note));
            }
        }
        return answers;
    }

    /** {@return the lines of a report that a note holds in one} */
    private static List<String> report(final String note) {
        return List.of(note.substring(note.indexOf(": ") + 2).strip().split("; ?"));
    }

    private static void sections(final Path file, final Answers answers) throws IOException {
        String section = null;
        List<String> lines = null;
        for (final String line : Files.readAllLines(file)) {
            final Matcher head = DUMP.matcher(line);
            if (head.matches()) {
                section = head.group(1) + ' ' + head.group(2);
                lines = answers.part(section);
            } else if (line.startsWith("# ")) {
                lines = answers.part(section + ' ' + line.substring(2));
            } else if (!line.isEmpty()) {
                lines.add(line);
            }
        }
    }

    private static void sent(final Path folder, final List<String> lines) throws IOException {
        final List<Packet> packets = Capture.read(folder.resolve("expected.tx.pcap"));
        final List<String> text = Files.readAllLines(folder.resolve("expected.tx.txt")).stream()
            .filter(line -> !line.isEmpty()).toList();
        if (packets.size() != text.size()) {
            throw new IOException(folder + ": " + packets.size() + " packets left, " + text.size() + " lines");
        }
        for (int i = 0; i < text.size(); i++) {
            final Matcher left = LEFT.matcher(text.get(i));
            if (!left.matches()) {
                throw new IOException(folder + ": " + text.get(i));
            }
            final String trigger = left.group(4) == null ? left.group(2) : left.group(4);
            lines.add(line(i + 1, Integer.parseInt(trigger), left.group(3), packets.get(i).bytes()));
        }
    }

    /** {@return the line of a packet that left} */
    static String line(final int number, final int trigger, final String port, final byte[] frame) {
        return number + ": " + trigger + " -> " + port + ' ' + HexFormat.of().formatHex(frame);
    }
}
