// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.trackway.conntrack.ConntrackSettings;
import org.trackway.conntrack.CtState;
import org.trackway.conntrack.FragmentStatus;
import org.trackway.packet.Bytes;
import org.trackway.packet.Checksums;
import org.trackway.packet.NamedPort;
import org.trackway.packet.Packet;
import org.trackway.packet.Recordings;

/**
 * Every {@code fragments-*} scenario recorded from Open vSwitch: which packets are held, what leaves when and with which
 * bytes, and the counters at the end. Runs with {@code -Dtrackway.oracle=DIR}. The tracker itself is played by a few
 * lines, so only the states that the module gives are compared.
 */
@EnabledIfSystemProperty(named = "trackway.oracle", matches = ".+")
class FragmentsOracleTest {

    private static final Pattern RULE = Pattern.compile("port: (\\w+)\\s+match: .*\\s+ct: \".*zone=(\\d+)");
    private static final Pattern LINE = Pattern.compile("(\\d+): (\\(held\\)|\\S+)(?:.*(released)\\))?.*");

    @TestFactory
    List<DynamicTest> scenarios() throws IOException {
        final List<DynamicTest> tests = new ArrayList<>();
        final Path scenarios = Path.of(System.getProperty("trackway.oracle"), "scenarios");
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(scenarios, "fragments-*")) {
            for (final Path folder : folders) {
                tests.add(DynamicTest.dynamicTest(folder.getFileName().toString(), () -> check(folder)));
            }
        }
        assertThat(tests).isNotEmpty();
        return tests;
    }

    private static void check(final Path folder) throws IOException {
        final String yaml = Files.readString(folder.resolve("scenario.yaml"));
        final Map<String, Integer> zones = new HashMap<>();
        for (final Matcher rule = RULE.matcher(yaml); rule.find();) {
            zones.put(rule.group(1), Integer.valueOf(rule.group(2)));
        }
        final FragmentsDriver driver = new FragmentsDriver();
        if (yaml.contains("smallest IPv4 fragment 400")) {
            driver.settings = ConntrackSettings.DEFAULT.withFragments(true, true, 400, 1280, 1000);
        }
        if (folder.getFileName().toString().endsWith("snat")) {
            driver.tracker = FragmentsOracleTest::translate;
        }
        final List<Packet> input = Recordings.read(Files.newInputStream(folder.resolve("input.pcap")));
        final List<String> table = Files.readAllLines(folder.resolve("input.tsv"));
        final Map<Integer, List<Matcher>> expected = new HashMap<>();
        for (final String line : Files.readAllLines(folder.resolve("expected.ct_state.txt"))) {
            final Matcher matcher = LINE.matcher(line);
            assertThat(matcher.matches()).as(line).isTrue();
            expected.computeIfAbsent(Integer.valueOf(matcher.group(1)), number -> new ArrayList<>()).add(matcher);
        }
        final List<String> left = new ArrayList<>();
        for (int i = 0; i < input.size(); i++) {
            final String[] columns = table.get(i + 1).split("\t");
            final Packet packet = input.get(i);
            packet.inPort(new NamedPort(columns[1]));
            driver.zone = zones.get(columns[1]);
            driver.nowNs = Long.parseLong(columns[2]) * 1_000_000;
            final List<Packet> out = driver.run(packet);
            final List<Matcher> lines = expected.get(i + 1);
            final boolean held = lines.get(0).group(2).equals("(held)");
            assertThat(out).as("packet %d", i + 1).hasSize(held ? 0 : lines.size());
            if (!held && lines.get(0).group(3) == null && packet.ctState() == CtState.INVALID) {
                assertThat(lines.get(0).group(2)).as("packet %d", i + 1).isEqualTo("inv|trk");
            }
            out.forEach(one -> left.add(hex(one)));
        }
        final List<Packet> sent = Recordings.read(Files.newInputStream(folder.resolve("expected.tx.pcap")));
        assertThat(left).containsExactlyElementsOf(sent.stream().map(FragmentsOracleTest::hex).toList());
        checkCounters(yaml, driver.status());
    }

    private static void checkCounters(final String yaml, final FragmentStatus status) {
        if (!yaml.contains("fragment counters at the end")) {
            return;
        }
        final StringBuilder text = new StringBuilder("num frag: " + status.held() + ";");
        append(text, "v4", status.v4());
        append(text, "v6", status.v6());
        for (final String counter : text.toString().split(";")) {
            assertThat(yaml).contains(counter.strip() + ";");
        }
    }

    private static void append(final StringBuilder text, final String family, final FragmentStatus.Counts counts) {
        final String start = family + " frags ";
        text.append(start).append("accepted: ").append(counts.accepted()).append(';')
            .append(start).append("completed: ").append(counts.completed()).append(';')
            .append(start).append("expired: ").append(counts.expired()).append(';')
            .append(start).append("too small: ").append(counts.tooSmall()).append(';')
            .append(start).append("overlapped: ").append(counts.overlapped()).append(';')
            .append(start).append("purged: ").append(counts.purged()).append(';');
    }

    /** What the rule {@code nat(src=10.1.1.240)} does to a UDP datagram of 10.1.1.1, and back. */
    private static void translate(final Packet packet) {
        packet.ctState(CtState.TRACKED);
        final byte[] data = packet.data();
        final int l3 = packet.l3Offset();
        if (Bytes.i32(data, l3 + 12) == 0x0a010101) {
            address(packet, l3 + 12, 0x0a0101f0);
        } else if (Bytes.i32(data, l3 + 16) == 0x0a0101f0) {
            address(packet, l3 + 16, 0x0a010101);
        }
    }

    private static void address(final Packet packet, final int at, final int value) {
        final byte[] data = packet.data();
        final int before = Bytes.i32(data, at);
        for (final int sum : new int[] {packet.l3Offset() + 10, packet.l4Offset() + 6}) {
            Bytes.put16(data, sum, Checksums.update32(Bytes.u16(data, sum), before, value));
        }
        Bytes.put32(data, at, value);
    }

    private static String hex(final Packet packet) {
        return HexFormat.of().formatHex(packet.bytes());
    }
}
