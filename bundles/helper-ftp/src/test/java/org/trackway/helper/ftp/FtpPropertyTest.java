// SPDX-License-Identifier: Apache-2.0
package org.trackway.helper.ftp;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;

/** What holds for any session, however it is cut into segments. */
class FtpPropertyTest {

    private static final String LONG = "x".repeat(600);

    @Provide
    Arbitrary<List<String>> lines() {
        final Arbitrary<Integer> number = Arbitraries.integers().between(0, 270);
        return Arbitraries.frequencyOf(
            Tuple.of(6, number.map(n -> "PORT 10,1,1,1,156," + n + "\r\n")),
            Tuple.of(2, number.map(n -> "EPRT |1|10.1.1.1|" + (40_000 + n) + "|\r\n")),
            Tuple.of(2, number.map(n -> "PORT 10,1,1," + n + ",156,1\r\n")),
            Tuple.of(4, Arbitraries.of("NOOP\r\n", "\r\n", "P\n", "PORT\r\n", "RETR PORT 10,1,1,1,1,1\r\n",
                "EPRT |2|fc00::1|1|\r\n", "PORT 10,1,1,1,1\r\n", LONG + "\r\n", "PORT " + LONG + "1,1\r\n")))
            .list().ofMaxSize(12);
    }

    @Property(tries = 500)
    void anyCutIntoSegmentsExpectsTheSame(@ForAll("lines") final List<String> lines, @ForAll final long seed) {
        final FtpBench whole = FtpBench.plain();
        lines.forEach(whole::client);

        final Random random = new Random(seed);
        final FtpBench cut = FtpBench.plain();
        final String session = String.join("", lines);
        int at = 0;
        while (at < session.length()) {
            final int end = Math.min(session.length(), at + 1 + random.nextInt(random.nextBoolean() ? 4 : 60));
            final int from = cut.next(false);
            cut.client(session.substring(at, end));
            if (random.nextInt(3) == 0) {
                cut.at(false, from, session.substring(at, end));
            }
            at = end;
        }
        assertThat(cut.expected).isEqualTo(whole.expected);
    }

    @Property(tries = 500)
    void neverMoreExpectationsThanCommands(@ForAll("lines") final List<String> lines, @ForAll final long seed) {
        final Random random = new Random(seed);
        final FtpBench bench = FtpBench.sourceNat();
        final String session = String.join("", lines);
        for (int i = 0; i < 40 && !session.isEmpty(); i++) {
            final int from = random.nextInt(session.length());
            bench.at(false, from, session.substring(from, Math.min(session.length(), from + 1 + random.nextInt(80))));
        }
        final long commands =
            lines.stream().filter(line -> line.startsWith("PORT") || line.startsWith("EPRT")).count();
        // Pieces in any order: each may be taken for the start of a line once, when it is the first ever seen.
        assertThat(bench.expected.size()).isLessThanOrEqualTo((int) commands + 1);
    }

    @Property(tries = 500)
    void anyBytesAreSurvived(@ForAll final byte[] bytes, @ForAll final boolean isReply, @ForAll final boolean v6) {
        final FtpBench bench = v6 ? FtpBench.plain6() : FtpBench.sourceNat();
        final String text = new String(bytes, StandardCharsets.ISO_8859_1);
        final String prefix = isReply ? "227 " : "EPRT |";
        assertThat(bench.at(isReply, 1, prefix + text)).startsWith(prefix);
        bench.at(isReply, 1 + prefix.length() + text.length(), text);
    }
}
