// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/**
 * The file with saved flows. It is always replaced as a whole, so that whoever reads it, or a crash, never meets half
 * of it. One thread at a time.
 */
final class FlowFile {

    private static final List<String> HEAD = List.of(
        "# Flows of the live datapath, read when it starts. The shell's datapath:flow-add, flow-load and flow-remove",
        "# replace this file: comments of yours do not last.");

    final Path path;

    FlowFile(final Path path) {
        this.path = path;
    }

    /**
     * {@return its lines; none if there is no such file}
     *
     * @throws IOException in a few words why it can't be read
     */
    List<String> read() throws IOException {
        try {
            return Files.readAllLines(path);
        } catch (final NoSuchFileException none) {
            return List.of();
        } catch (final CharacterCodingException binary) {
            throw new IOException("it is not a text of flows", binary);
        } catch (final IOException e) {
            throw new IOException(Files.isDirectory(path) ? "it is a directory" : "it can't be read", e);
        }
    }

    /** Replaces it. */
    void write(final List<String> flows) throws IOException {
        final List<String> lines = new ArrayList<>(HEAD);
        lines.addAll(flows);
        Files.createDirectories(path.getParent());
        final Path fresh = path.resolveSibling(path.getFileName() + ".new");
        Files.write(fresh, lines);
        Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Moves it out of the way, as it is, for whoever wants to mend it. {@return where it is now} */
    Path putAside() throws IOException {
        final Path aside = path.resolveSibling(path.getFileName() + ".broken");
        if (Files.exists(path)) {
            Files.move(path, aside, StandardCopyOption.REPLACE_EXISTING);
        }
        return aside;
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
