// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath;

/** A text is not a flow, or one that can't be done. The message is one line: where, what, and what is allowed. */
public final class FlowException extends IllegalArgumentException {

    private static final long serialVersionUID = 1;

    private final int line;
    private final int column;
    private final String offending;
    private final String problem;

    /**
     * Describes what is wrong.
     *
     * @param line      number of the line from 1, or 0 if there was only one
     * @param column    where in the line the offending text starts, from 1
     * @param offending the offending text as it was written; may be empty
     * @param problem   what is wrong with it and what is allowed, without a full stop
     */
    public FlowException(final int line, final int column, final String offending, final String problem) {
        super((line > 0 ? "line " + line + ", " : "") + "column " + column + ": "
            + (offending.isEmpty() ? "" : "'" + offending + "': ") + problem);
        this.line = line;
        this.column = column;
        this.offending = offending;
        this.problem = problem;
    }

    /** {@return the same problem in this line of a file, from 1} */
    public FlowException inLine(final int number) {
        return new FlowException(number, column, offending, problem);
    }

    /** {@return the number of the line from 1, or 0 if there was only one} */
    public int line() {
        return line;
    }

    /** {@return where in the line the offending text starts, from 1} */
    public int column() {
        return column;
    }

    /** {@return the offending text as it was written; may be empty} */
    public String offending() {
        return offending;
    }

    /** {@return what is wrong and what is allowed} */
    public String problem() {
        return problem;
    }
}
