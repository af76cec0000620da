// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.io.PrintStream;
import org.apache.felix.service.command.Process;
import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.api.console.Terminal;
import org.apache.karaf.shell.support.CommandException;

/**
 * Where a command prints. Colours, and lines that overwrite themselves, are for terminals only: not for pipes, files
 * and scripts.
 *
 * @param out      takes the text
 * @param terminal whether a person sees it as it comes
 */
record Console(PrintStream out, boolean terminal) {

    private static final String ESCAPE = "\u001b[";

    /**
     * {@return the console of the command that runs in this session on this thread}
     *
     * @param out its standard output; a terminal is written to directly instead, since an interrupt, which is how
     *            ctrl-c arrives, in the middle of writing closes standard output for good
     */
    static Console of(final Session session, final PrintStream out) {
        final Terminal terminal = session.getTerminal();
        final Process process = Process.Utils.current();
        final boolean shown = terminal != null && terminal.isAnsiSupported() && !isDumb(terminal.getType())
            && (process == null || process.isTty(1));
        return shown ? new Console(session.getConsole(), true) : new Console(out, false);
    }

    private static boolean isDumb(final String type) {
        return type == null || type.startsWith("dumb");
    }

    /** Prints a line. */
    void println(final String line) {
        out.println(line);
    }

    /** Prints text as it is. */
    void print(final String text) {
        out.print(text);
    }

    /** {@return the text, bold on a terminal} */
    String bold(final String text) {
        return styled("1", text);
    }

    /** {@return the text, dimmed on a terminal} */
    String dim(final String text) {
        return styled("2", text);
    }

    /** {@return the text, green on a terminal} */
    String green(final String text) {
        return styled("32", text);
    }

    /** {@return the text, yellow on a terminal} */
    String yellow(final String text) {
        return styled("33", text);
    }

    /** {@return the text, red on a terminal} */
    String red(final String text) {
        return styled("31", text);
    }

    private String styled(final String code, final String text) {
        return terminal ? ESCAPE + code + "m" + text + ESCAPE + "0m" : text;
    }

    /** Replaces the line that the cursor is in; for terminals. */
    void overwrite(final String line) {
        out.print("\r" + ESCAPE + "K" + line);
        out.flush();
    }

    /**
     * {@return what a command throws to end with this line and no stack trace, neither at the prompt nor in the log}
     */
    CommandException failure(final String line) {
        return new CommandException(red(line), line);
    }
}
