// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.oracle;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/** Where the files of others lie, which the command line says: {@code -Dtrackway.oracle=DIR} and the like. */
final class Location {

    private Location() {
    }

    /**
     * {@return the folder that a system property names} Where it names none, tests are skipped, unless they run in CI
     * ({@code CI=true}), which must not skip them; a folder that is not there fails everywhere.
     */
    static Path of(final String property) {
        final String value = System.getProperty(property, "");
        if (value.isBlank()) {
            final String hint = "no -D" + property + "=DIR was given: see itests/oracle/README.md";
            if ("true".equals(System.getenv("CI"))) {
                Assertions.fail(hint);
            }
            Assumptions.abort(hint);
        }
        final Path folder = Path.of(value);
        if (!Files.isDirectory(folder)) {
            Assertions.fail("-D" + property + "=" + value + ": there is no such folder");
        }
        return folder;
    }

    /** {@return what lies in a folder and fits, by name; at least one} */
    static List<Path> list(final Path folder, final String glob) throws IOException {
        final List<Path> paths = new ArrayList<>();
        try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, glob)) {
            found.forEach(paths::add);
        }
        if (paths.isEmpty()) {
            Assertions.fail("nothing like " + glob + " in " + folder);
        }
        Collections.sort(paths);
        return paths;
    }

    /** {@return the last part of a path without the ending that follows its last dot} */
    static String name(final Path path) {
        final String name = path.getFileName().toString();
        final int dot = name.lastIndexOf('.');
        return dot < 0 ? name : name.substring(0, dot);
    }
}
