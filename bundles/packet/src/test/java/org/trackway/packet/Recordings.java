// SPDX-License-Identifier: Apache-2.0
package org.trackway.packet;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Reads the recordings of tests, which are classic capture files of Ethernet frames. */
public final class Recordings {

    private static final int MICROSECONDS = 0xa1b2c3d4;
    private static final int FILE_HEADER = 24;
    private static final int RECORD_HEADER = 16;
    private static final int CAPTURED_LENGTH = 8;

    private Recordings() {
    }

    /**
     * {@return the packets of a recording, without their times}
     *
     * @param capture the file, in either byte order; it is closed
     * @throws IOException if it can't be read
     */
    public static List<Packet> read(final InputStream capture) throws IOException {
        final ByteBuffer file;
        try (capture) {
            file = ByteBuffer.wrap(capture.readAllBytes());
        }
        file.order(file.getInt(0) == MICROSECONDS ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
        file.position(FILE_HEADER);
        final List<Packet> packets = new ArrayList<>();
        while (file.hasRemaining()) {
            final byte[] frame = new byte[file.getInt(file.position() + CAPTURED_LENGTH)];
            file.position(file.position() + RECORD_HEADER);
            file.get(frame);
            packets.add(Packet.of(frame));
        }
        return packets;
    }
}
