// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.pcap;

import java.io.FileInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Opens what the option {@code file} names. */
final class CaptureFile {

    /** Stands for standard input. */
    static final String STANDARD_INPUT = "-";

    private CaptureFile() {
    }

    /** {@return an input over standard input, which stays open: it belongs to the process} */
    static CaptureInput standardInput(final String port, final InputStream in) {
        return new CaptureInput("standard input", new StreamSource(port, () -> new FilterInputStream(in) {
            @Override
            public void close() {
                // not ours to close
            }
        }));
    }

    /**
     * {@return an input over a file, or over a named pipe and the like}
     *
     * @throws IOException in one line, why it can't be opened
     */
    static CaptureInput open(final String port, final Path path, final boolean follow) throws IOException {
        if (!Files.exists(path)) {
            throw new IOException(path + ": no such file");
        }
        if (Files.isDirectory(path)) {
            throw new IOException(path + ": is a directory");
        }
        if (!Files.isReadable(path)) {
            throw new IOException(path + ": permission denied");
        }
        final Source source = Files.isRegularFile(path) ? new FileSource(path, follow)
            : new StreamSource(port, () -> new FileInputStream(path.toFile()));
        return new CaptureInput(path.toString(), source);
    }

    /** {@return what went wrong, without the file's name, which some of the platform's exceptions give instead} */
    static String reason(final IOException e) {
        if (e instanceof NoSuchFileException) {
            return "no such directory";
        }
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        return e instanceof FileSystemException named && named.getReason() != null ? named.getReason()
            : String.valueOf(e.getMessage());
    }
}
