// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.apache.karaf.shell.api.action.Action;
import org.apache.karaf.shell.api.action.lifecycle.Reference;
import org.apache.karaf.shell.api.console.Session;

/** A command: what goes wrong because of what the user gave ends it with one line. */
abstract class TrackwayCommand implements Action {

    @Reference
    Session session;

    @Override
    public final Object execute() throws Exception {
        final Console console = Console.of(session, System.out);
        try {
            run(console);
        } catch (final IllegalArgumentException | IllegalStateException | IOException | UncheckedIOException e) {
            throw console.failure(e.getMessage());
        } finally {
            console.out().flush();
        }
        return null;
    }

    /** Does what the command is for. What it throws is one line for the user. */
    abstract void run(Console console) throws IOException;

    /** {@return a file that the user named, from the directory he is in} */
    final Path path(final String name) {
        return session.currentDir().resolve(name);
    }
}
