// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.oracle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

/** The list of differences lets nothing through that it does not say. */
class DifferencesTest {

    private static final List<String> GOLDEN = List.of("1: new|trk", "2: inv|trk", "3: 3 -> p2 0a0b0c");

    @Test
    void whatIsNotListedStays() {
        assertThat(apply("== other ct_state", "Because.", "- 1: new|trk")).isEqualTo(GOLDEN);
    }

    @Test
    void replacesALineInItsPlace() {
        assertThat(apply("== case ct_state", "Because.", "- 2: inv|trk", "+ 2: est|trk"))
            .containsExactly("1: new|trk", "2: est|trk", "3: 3 -> p2 0a0b0c");
    }

    @Test
    void replacesBytesOfAPacket() {
        assertThat(apply("== case ct_state", "Because.", "~ 3 @1 0b -> ffff")).contains("3: 3 -> p2 0affff0c");
    }

    @Test
    void aStaleLineFails() {
        assertThatThrownBy(() -> apply("== case ct_state", "Because.", "- 2: est|trk", "+ 2: new|trk"))
            .isInstanceOf(AssertionError.class).hasMessageContaining("not in the golden: - 2: est|trk");
    }

    @Test
    void staleBytesFail() {
        assertThatThrownBy(() -> apply("== case ct_state", "Because.", "~ 3 @1 0c -> ff"))
            .isInstanceOf(AssertionError.class).hasMessageContaining("not in the golden: ~ 3 @1");
        assertThatThrownBy(() -> apply("== case ct_state", "Because.", "~ 9 @1 0c -> ff"))
            .isInstanceOf(AssertionError.class);
    }

    @Test
    void everyDifferenceHasAReason() {
        assertThatIllegalArgumentException().isThrownBy(() -> apply("== case ct_state", "- 2: inv|trk"))
            .withMessageContaining("without a reason");
    }

    private static List<String> apply(final String... lines) {
        return Differences.parse(List.of(lines)).apply("case", "ct_state", GOLDEN);
    }
}
