// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** A console that keeps what is printed. */
final class Printed {

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final Console console;

    private Printed(final boolean terminal) {
        console = new Console(new PrintStream(bytes, true, StandardCharsets.UTF_8), terminal);
    }

    static Printed pipe() {
        return new Printed(false);
    }

    static Printed terminal() {
        return new Printed(true);
    }

    Console console() {
        return console;
    }

    String text() {
        return bytes.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n");
    }
}
