// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.util.ArrayList;
import java.util.List;

/**
 * A table for people: heads, then rows, columns two spaces apart, numbers to the right. Columns that may stay empty are
 * left out when they do. Not thread-safe.
 */
final class Table {

    private enum Kind { TEXT, NUMBER, OPTIONAL }

    private record Column(String head, Kind kind) {
    }

    private final List<Column> columns = new ArrayList<>();
    private final List<String[]> rows = new ArrayList<>();

    /** Adds a column of text. */
    Table text(final String head) {
        columns.add(new Column(head, Kind.TEXT));
        return this;
    }

    /** Adds a column of numbers; its head names the unit. */
    Table number(final String head) {
        columns.add(new Column(head, Kind.NUMBER));
        return this;
    }

    /** Adds a column of text which is left out if no row has any. */
    Table optional(final String head) {
        columns.add(new Column(head, Kind.OPTIONAL));
        return this;
    }

    /** Adds a row with one cell a column; null is an empty cell. */
    Table row(final Object... cells) {
        if (cells.length != columns.size()) {
            throw new IllegalStateException(cells.length + " cells for " + columns.size() + " columns");
        }
        final String[] row = new String[cells.length];
        for (int i = 0; i < row.length; i++) {
            row[i] = cells[i] == null ? "" : cells[i].toString();
        }
        rows.add(row);
        return this;
    }

    /** {@return whether it has rows} */
    boolean isEmpty() {
        return rows.isEmpty();
    }

    /** Prints it. */
    void print(final Console console) {
        final int[] widths = new int[columns.size()];
        for (int i = 0; i < widths.length; i++) {
            final int column = i;
            final int cells = rows.stream().mapToInt(row -> row[column].length()).max().orElse(0);
            final boolean leftOut = cells == 0 && columns.get(i).kind == Kind.OPTIONAL;
            widths[i] = leftOut ? -1 : Math.max(cells, columns.get(i).head.length());
        }
        console.println(console.bold(line(columns.stream().map(Column::head).toArray(String[]::new), widths)));
        for (final String[] row : rows) {
            console.println(line(row, widths));
        }
    }

    private String line(final String[] cells, final int[] widths) {
        final StringBuilder line = new StringBuilder();
        for (int i = 0; i < cells.length; i++) {
            if (widths[i] >= 0) {
                line.append(line.isEmpty() ? "" : "  ");
                final String padding = " ".repeat(widths[i] - cells[i].length());
                line.append(columns.get(i).kind == Kind.NUMBER ? padding + cells[i] : cells[i] + padding);
            }
        }
        return line.toString().stripTrailing();
    }
}
