// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.pcap;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;

/**
 * A regular file, read from front to back, that may be growing. Not a {@code FileChannel}: that one closes itself when
 * a thread that reads is interrupted, and stopping a forwarding loop must not break its ports.
 */
final class FileSource implements Source {

    private final RandomAccessFile file;
    private final boolean follow;
    private long position;
    private volatile long size;

    /**
     * Opens a file.
     *
     * @param follow whether the end of the file is not the end of the capture
     */
    FileSource(final Path path, final boolean follow) throws IOException {
        try {
            file = new RandomAccessFile(path.toFile(), "r");
        } catch (final FileNotFoundException e) {
            throw new IOException("can't be opened: " + e.getMessage(), e);
        }
        this.follow = follow;
        size = file.length();
    }

    @Override
    public int read(final byte[] target, final int from, final int count) throws IOException {
        final int read = file.read(target, from, count);
        size = file.length();
        if (read > 0) {
            position += read;
            return read;
        }
        if (size < position) {
            throw new IOException("shrank to " + size + " bytes while it was read at byte " + position);
        }
        return follow ? 0 : -1;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
