// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.oracle;

import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.trackway.packet.PacketBatch;

/**
 * Every scenario, its rules written as flows between two ports: states, tables, expectations and the packets that leave
 * equal the peer's.
 */
class ScenariosTest {

    @TestFactory
    Stream<DynamicTest> packetByPacket() throws IOException {
        return each(1);
    }

    /**
     * Packets that come in together are judged as if they had come one by one. Only what tells of single arrivals is
     * not compared: when packets leave, and which fragments were held meanwhile.
     */
    @TestFactory
    Stream<DynamicTest> inBursts() throws IOException {
        return each(PacketBatch.BURST);
    }

    private static Stream<DynamicTest> each(final int burst) throws IOException {
        final Differences differences = Differences.load();
        return Location.list("trackway.oracle", "scenarios", "*").stream()
            .map(folder -> DynamicTest.dynamicTest(folder.getFileName().toString(),
                () -> check(folder, burst, differences)));
    }

    private static void check(final Path folder, final int burst, final Differences differences) throws IOException {
        final Scenario scenario = Scenario.read(folder);
        final Answers golden = Golden.read(folder, scenario);
        final Answers ours = ScenarioRun.of(scenario, burst);
        final boolean holds = golden.part("ct_state").stream().anyMatch(line -> line.endsWith("(held)"));
        final StringBuilder wrong = new StringBuilder();
        final Set<String> parts = new LinkedHashSet<>(ours.names());
        parts.addAll(golden.names());
        for (final String part : parts) {
            List<String> mine = ours.part(part);
            List<String> right = new ArrayList<>(differences.apply(scenario.name(), part, golden.part(part)));
            if (part.startsWith("dump ") || part.startsWith("expectations ")) {
                right.sort(null);
            }
            // Not every scenario tells of fragments and limits; all else that is not mentioned is not there.
            boolean told = !right.isEmpty() || !part.equals("fragments") && !part.startsWith("limits ");
            if (burst > 1) {
                told &= !part.matches("limits after \\d+ .*") && !(holds && part.equals("ct_state"));
                if (part.equals("tx")) {
                    mine = byPort(mine, holds);
                    right = byPort(right, holds);
                }
            }
            final String difference = told ? first(mine, right) : null;
            if (difference != null) {
                wrong.append(System.lineSeparator()).append(part).append(": ").append(difference);
            }
        }
        if (!wrong.isEmpty()) {
            fail(scenario.name() + wrong);
        }
    }

    /** {@return packets that left without their numbers, port by port, in order or sorted} */
    private static List<String> byPort(final List<String> lines, final boolean sorted) {
        return lines.stream().map(line -> line.substring(line.indexOf('>') - 1))
            .sorted(sorted ? Comparator.naturalOrder() : Comparator.comparing(line -> line.split(" ")[1])).toList();
    }

    /** {@return the first line that differs, with both answers, or null} */
    private static String first(final List<String> ours, final List<String> right) {
        for (int i = 0; i < Math.max(ours.size(), right.size()); i++) {
            final String mine = i < ours.size() ? ours.get(i) : "nothing";
            final String theirs = i < right.size() ? right.get(i) : "nothing";
            if (!mine.equals(theirs)) {
                return String.format("line %d%n  ours  %s%n  right %s%s", i + 1, mine, theirs, frames(mine, theirs));
            }
        }
        return null;
    }

    /** {@return what two packets that left are, and where they part, if the lines are about packets} */
    private static String frames(final String mine, final String theirs) {
        if (!mine.contains("-> ") || !theirs.contains("-> ")) {
            return "";
        }
        final byte[] one = frame(mine);
        final byte[] other = frame(theirs);
        int at = 0;
        while (at < Math.min(one.length, other.length) && one[at] == other[at]) {
            at++;
        }
        return String.format("%n  they part at byte %d%n  ours  %s%n  right %s", at, Describe.packet(one),
            Describe.packet(other));
    }

    private static byte[] frame(final String line) {
        return HexFormat.of().parseHex(line.substring(line.lastIndexOf(' ') + 1));
    }
}
