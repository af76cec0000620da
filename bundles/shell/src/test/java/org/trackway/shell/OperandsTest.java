// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.apache.karaf.shell.api.action.Option;
import org.junit.jupiter.api.Test;

class OperandsTest {

    /** Options of every kind. */
    static final class Sample {
        @Option(name = "--live")
        boolean live;
        @Option(name = "--clock", aliases = "-c")
        String clock;
        @Option(name = "--set", multiValued = true)
        List<String> set;
        @Option(name = "--trace")
        @OptionalValue({"lines", "oracle"})
        String trace;
    }

    private final Sample sample = new Sample();

    private List<String> operands(final String... words) {
        return Operands.of(sample, List.of(words));
    }

    @Test
    void optionsMayFollowTheFirstWord() {
        assertThat(operands("file", "--live", "--clock", "frozen", "other")).containsExactly("file", "other");
        assertThat(sample.live).isTrue();
        assertThat(sample.clock).isEqualTo("frozen");
    }

    @Test
    void valuesMayFollowAnEqualsSignAndAliasesWork() {
        assertThat(operands("file", "-c=frozen", "--live=off")).containsExactly("file");
        assertThat(sample.clock).isEqualTo("frozen");
        assertThat(sample.live).isFalse();
    }

    @Test
    void listsCollect() {
        sample.set = List.of("1=1");
        operands("--set", "2=2", "--set=3=3");
        assertThat(sample.set).containsExactly("1=1", "2=2", "3=3");
    }

    @Test
    void anOptionalValueIsNeverTheNextWord() {
        assertThat(operands("file", "--trace", "other")).containsExactly("file", "other");
        assertThat(sample.trace).isEqualTo("lines");

        assertThat(operands("file", "--trace=oracle")).containsExactly("file");
        assertThat(sample.trace).isEqualTo("oracle");
    }

    @Test
    void whatWasTakenForAnOptionalValueIsGivenBack() {
        sample.trace = "--clock";
        assertThat(operands("frozen", "file")).containsExactly("file");
        assertThat(sample.trace).isEqualTo("lines");
        assertThat(sample.clock).isEqualTo("frozen");

        sample.trace = "file";
        assertThat(operands()).containsExactly("file");

        sample.trace = "oracle";
        assertThat(operands("file")).containsExactly("file");
        assertThat(sample.trace).isEqualTo("oracle");
    }

    @Test
    void noWordsAreNoOperands() {
        assertThat(Operands.of(sample, null)).isEmpty();
        assertThat(operands("-")).containsExactly("-");
    }

    @Test
    void whatIsWrongIsNamed() {
        assertThatThrownBy(() -> operands("file", "--foo=1")).hasMessage("unknown option --foo: --help lists them");
        assertThatThrownBy(() -> operands("file", "--clock")).hasMessage("option --clock needs a value");
        assertThatThrownBy(() -> operands("file", "--live=maybe")).hasMessage("--live is 'maybe': give on or off");
    }
}
