// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.pcap;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.trackway.packet.Bytes;
import org.trackway.packet.Packet;

/**
 * Writes packets to a new pcap file: big-endian, nanoseconds, Ethernet. The file header is written at once, the packets
 * whenever the buffer is full and on close. One thread writes, any closes.
 */
final class PcapRecorder implements Closeable {

    private static final int BUFFER = 2 * CaptureFormat.MAX_PACKET;

    private final Path path;
    private final OutputStream out;
    private final byte[] buffer = new byte[BUFFER];
    private int used;
    private boolean closed;

    /** Makes the file, or empties the one that is there. */
    PcapRecorder(final Path path) throws IOException {
        this.path = path;
        try {
            out = Files.newOutputStream(path);
        } catch (final IOException e) {
            throw new IOException(path + ": can't be written: " + CaptureFile.reason(e), e);
        }
        Bytes.put32(buffer, 0, PcapFormat.NANOSECONDS);
        Bytes.put16(buffer, 4, PcapFormat.MAJOR);
        Bytes.put16(buffer, 6, PcapFormat.MINOR);
        Bytes.put64(buffer, 8, 0);
        Bytes.put32(buffer, 16, CaptureFormat.MAX_PACKET);
        Bytes.put32(buffer, 20, LinkType.ETHERNET.number());
        used = PcapFormat.FILE_HEADER;
        try {
            flush();
        } catch (final IOException e) {
            out.close();
            throw e;
        }
    }

    /** {@return whether the packet was written: not if it is longer than what a capture may hold} */
    synchronized boolean write(final Packet packet) throws IOException {
        if (closed) {
            throw new IOException(path + ": the recording was closed");
        }
        final int length = packet.length();
        if (length > CaptureFormat.MAX_PACKET) {
            return false;
        }
        if (used + PcapFormat.RECORD_HEADER + length > buffer.length) {
            flush();
        }
        final long time = packet.timestampNs();
        Bytes.put32(buffer, used, (int) Math.floorDiv(time, 1_000_000_000L));
        Bytes.put32(buffer, used + 4, (int) Math.floorMod(time, 1_000_000_000L));
        Bytes.put32(buffer, used + 8, length);
        Bytes.put32(buffer, used + 12, length);
        System.arraycopy(packet.data(), packet.offset(), buffer, used + PcapFormat.RECORD_HEADER, length);
        used += PcapFormat.RECORD_HEADER + length;
        return true;
    }

    private void flush() throws IOException {
        final int count = used;
        // What could not be written is given up: a second attempt would write a part of it twice.
        used = 0;
        try {
            out.write(buffer, 0, count);
        } catch (final IOException e) {
            throw new IOException(path + ": can't be written: " + CaptureFile.reason(e), e);
        }
    }

    @Override
    public synchronized void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        try (out) {
            flush();
        }
    }
}
