// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.pcap;

import java.io.IOException;
import org.trackway.packet.Packet;
import org.trackway.packet.PacketBatch;
import org.trackway.packet.Port;
import org.trackway.packet.Progress;

/**
 * A port that receives what a capture holds and records what is sent to it; either may be missing. A capture that turns
 * out to be damaged ends with its last good packet: the receive after that, and every later one, says what is wrong.
 */
final class PcapPort implements Port, Progress {

    private static final int FRAME = 2048;

    private final String name;
    private final CaptureInput input;
    private final PcapRecorder recorder;
    private final Packet[] pool = new Packet[PacketBatch.BURST];
    private CaptureFormat format;
    private IOException failure;

    // Each is written by one thread, that which receives or that which sends.
    private volatile long receivedPackets;
    private volatile long receivedBytes;
    private volatile long sentPackets;
    private volatile long sentBytes;
    private volatile long dropped;
    private volatile long position;
    private volatile boolean closed;

    /**
     * Takes over both ends and closes them when it is closed.
     *
     * @param input    the capture, or null if nothing is to be received
     * @param format   the capture's format, or null if its first bytes have not come yet
     * @param recorder the recording, or null if nothing is to be recorded
     */
    PcapPort(final String name, final CaptureInput input, final CaptureFormat format,
            final PcapRecorder recorder) {
        this.name = name;
        this.input = input;
        this.format = format;
        this.recorder = recorder;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String kind() {
        return PcapPortFactory.KIND;
    }

    @Override
    public int receive(final PacketBatch batch) throws IOException {
        if (input == null || closed) {
            return -1;
        }
        if (failure != null) {
            throw failure;
        }
        int count = 0;
        long bytes = 0;
        try {
            while (count < PacketBatch.BURST && (format != null || (format = CaptureFormat.detect(input)) != null)) {
                final Packet packet = free(count);
                if (!format.next(packet)) {
                    break;
                }
                packet.inPort(this);
                batch.add(packet);
                bytes += packet.length();
                count++;
            }
        } catch (final IOException e) {
            failure = e;
        }
        position = input.position();
        if (count > 0) {
            receivedPackets += count;
            receivedBytes += bytes;
            return count;
        }
        if (closed) {
            return -1;
        }
        if (failure != null) {
            throw failure;
        }
        return input.ended() ? -1 : 0;
    }

    /** The packet of an earlier receive, unless somebody kept it. */
    private Packet free(final int index) {
        Packet packet = pool[index];
        if (packet == null || packet.isKept()) {
            packet = new Packet(FRAME);
            pool[index] = packet;
        }
        return packet;
    }

    @Override
    public void send(final PacketBatch batch) throws IOException {
        int count = 0;
        long bytes = 0;
        try {
            for (int i = 0; i < batch.size() && recorder != null; i++) {
                final Packet packet = batch.get(i);
                if (recorder.write(packet)) {
                    count++;
                    bytes += packet.length();
                }
            }
        } finally {
            sentPackets += count;
            sentBytes += bytes;
            dropped += batch.size() - count;
        }
    }

    @Override
    public Statistics statistics() {
        return new Statistics(receivedPackets, receivedBytes, sentPackets, sentBytes, dropped);
    }

    @Override
    public long position() {
        return position;
    }

    @Override
    public long size() {
        return input == null ? 0 : input.size();
    }

    @Override
    public void close() throws IOException {
        closed = true;
        try {
            if (input != null) {
                input.close();
            }
        } finally {
            if (recorder != null) {
                recorder.close();
            }
        }
    }
}
