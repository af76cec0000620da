// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.oracle;

import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/** Where the files of others lie, which the command line says: {@code -Dtrackway.oracle=DIR} and the like. */
final class Location {

    private Location() {
    }

    /**
     * {@return the folders that a system property names, as in a class path} Where it names none, tests are skipped,
     * unless they run in CI ({@code CI=true}), which must not skip them; a folder that is not there fails everywhere.
     */
    static List<Path> of(final String property) {
        final String value = System.getProperty(property, "");
        if (value.isBlank()) {
            final String hint = "no -D" + property + "=DIR was given: see itests/oracle/README.md";
            if ("true".equals(System.getenv("CI"))) {
                Assertions.fail(hint);
            }
            Assumptions.abort(hint);
        }
        final List<Path> folders = Stream.of(value.split(File.pathSeparator)).map(Path::of).toList();
        for (final Path folder : folders) {
            if (!Files.isDirectory(folder)) {
                Assertions.fail("-D" + property + "=" + value + ": there is no folder " + folder);
            }
        }
        return folders;
    }

    /** {@return what lies in a subfolder of the folders that a property names and fits, by name; at least one} */
    static List<Path> list(final String property, final String subfolder, final String glob) throws IOException {
        final List<Path> paths = new ArrayList<>();
        for (final Path folder : of(property)) {
            try (DirectoryStream<Path> found = Files.newDirectoryStream(folder.resolve(subfolder), glob)) {
                found.forEach(paths::add);
            }
        }
        if (paths.isEmpty()) {
            Assertions.fail("nothing like " + subfolder + "/" + glob + " in " + System.getProperty(property));
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
