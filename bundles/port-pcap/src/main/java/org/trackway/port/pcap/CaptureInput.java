// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.pcap;

import java.io.Closeable;
import java.io.IOException;
import java.util.Arrays;
import org.trackway.packet.Bytes;

/**
 * The bytes of a capture through a window that slides over them. A record is looked at only when it lies in the window
 * as a whole, so a reader never has to remember half of one: if the rest has not come yet, it asks again later.
 *
 * <p>The window starts at a megabyte and grows only while a record that is really there needs it.
 */
final class CaptureInput implements Closeable {

    private static final int WINDOW = 1 << 20;

    private final String name;
    private final Source source;
    private byte[] data = new byte[WINDOW];
    private int at;
    private int limit;
    private long base;
    private boolean ended;
    private boolean swapped;

    /**
     * Reads a source from its start.
     *
     * @param name what error messages call it
     */
    CaptureInput(final String name, final Source source) {
        this.name = name;
        this.source = source;
    }

    /** {@return whether so many bytes lie ready; if not, more may come unless it has {@linkplain #ended ended}} */
    boolean has(final int count) throws IOException {
        while (limit - at < count) {
            if (!fill()) {
                return false;
            }
        }
        return true;
    }

    private boolean fill() throws IOException {
        if (ended) {
            return false;
        }
        if (at > 0) {
            System.arraycopy(data, at, data, 0, limit - at);
            base += at;
            limit -= at;
            at = 0;
        }
        if (limit == data.length) {
            data = Arrays.copyOf(data, 2 * data.length);
        }
        final int read;
        try {
            read = source.read(data, limit, data.length - limit);
        } catch (final IOException e) {
            throw error(e.getMessage() == null ? "can't be read behind byte " + (base + limit) : e.getMessage());
        }
        if (read < 0) {
            ended = true;
        }
        limit += Math.max(read, 0);
        return read > 0;
    }

    /** {@return whether the source has no more bytes than lie ready} */
    boolean ended() {
        return ended;
    }

    /** {@return the source's size in bytes as far as is known; any thread may ask} */
    long size() {
        return source.size();
    }

    /** {@return how many bytes lie ready, without looking for more} */
    int ready() {
        return limit - at;
    }

    /** {@return how many bytes have been consumed: the offset of the next one in the capture} */
    long position() {
        return base + at;
    }

    /** {@return the array that the bytes lie in, from {@link #at} on; it may be another one after {@link #has}} */
    byte[] data() {
        return data;
    }

    /** {@return the index in {@link #data} of the next byte} */
    int at() {
        return at;
    }

    /** Consumes bytes that lie ready. */
    void skip(final int count) {
        at += count;
    }

    /** Says whether numbers are written little-endian from here on. */
    void littleEndian(final boolean little) {
        swapped = little;
    }

    /** {@return the 16-bit number so many bytes ahead} */
    int u16(final int ahead) {
        final int value = Bytes.u16(data, at + ahead);
        return swapped ? Short.reverseBytes((short) value) & 0xffff : value;
    }

    /** {@return the 32-bit number so many bytes ahead, as its bit pattern} */
    int i32(final int ahead) {
        final int value = Bytes.i32(data, at + ahead);
        return swapped ? Integer.reverseBytes(value) : value;
    }

    /** {@return the 32-bit number so many bytes ahead} */
    long u32(final int ahead) {
        return i32(ahead) & 0xffffffffL;
    }

    /** {@return the 64-bit number so many bytes ahead, as its bit pattern} */
    long i64(final int ahead) {
        final long value = Bytes.i64(data, at + ahead);
        return swapped ? Long.reverseBytes(value) : value;
    }

    /** {@return what to throw: one line that begins with the input's name} */
    IOException error(final String what) {
        return new IOException(name + ": " + what);
    }

    /** Closes the source; any thread may. */
    @Override
    public void close() throws IOException {
        source.close();
    }
}
