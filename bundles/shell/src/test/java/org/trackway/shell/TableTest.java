// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class TableTest {

    @Test
    void textStandsLeftAndNumbersRight() {
        final Printed printed = Printed.pipe();
        new Table().text("Name").number("Bytes").row("a", 5).row("longer name", 12345678).print(printed.console());

        assertThat(printed.text()).isEqualTo("""
            Name            Bytes
            a                   5
            longer name  12345678
            """);
    }

    @Test
    void optionalColumnIsThereOnlyIfARowHasIt() {
        final Printed without = Printed.pipe();
        new Table().text("A").optional("Mark").text("B").row("x", null, "y").print(without.console());
        assertThat(without.text()).isEqualTo("A  B\nx  y\n");

        final Printed with = Printed.pipe();
        new Table().text("A").optional("Mark").text("B").row("x", null, "y").row("x", "0x1", "y").print(with.console());
        assertThat(with.text()).isEqualTo("A  Mark  B\nx        y\nx  0x1   y\n");
    }

    @Test
    void headsAreBoldOnATerminalOnly() {
        final Printed terminal = Printed.terminal();
        new Table().text("A").row("x").print(terminal.console());

        assertThat(terminal.text()).isEqualTo("\u001b[1mA\u001b[0m\nx\n");
    }

    @Test
    void aRowHasOneCellAColumn() {
        assertThatThrownBy(() -> new Table().text("A").row(1, 2)).hasMessage("2 cells for 1 columns");
    }
}
