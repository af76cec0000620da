// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.pcap;

import java.io.IOException;
import org.trackway.packet.Bytes;
import org.trackway.packet.Packet;

/** Reads the packets of one capture, one after the other. */
abstract class CaptureFormat {

    /** The longest packet that is read: what libpcap takes, and more than any device delivers. */
    static final int MAX_PACKET = 256 * 1024;

    private static final int MAGIC = 4;

    final CaptureInput input;
    private long packets;

    CaptureFormat(final CaptureInput input) {
        this.input = input;
    }

    /**
     * Finds the format by the first bytes.
     *
     * @return the format, or null if these bytes have not come yet
     * @throws IOException if it is no capture that can be read
     */
    static CaptureFormat detect(final CaptureInput input) throws IOException {
        if (!input.has(MAGIC)) {
            if (!input.ended()) {
                return null;
            }
            throw input.error(input.ready() == 0 ? "is empty, so it is no capture"
                : "is no capture: it has only " + input.ready() + " bytes");
        }
        final int magic = Bytes.i32(input.data(), input.at());
        if (PcapngFormat.isSection(magic)) {
            return new PcapngFormat(input);
        }
        if (PcapFormat.isMagic(magic)) {
            return PcapFormat.open(input);
        }
        throw input.error(String.format("is no pcap or pcapng capture: it begins with %02x %02x %02x %02x%s",
            magic >>> 24, magic >>> 16 & 0xff, magic >>> 8 & 0xff, magic & 0xff, nameOf(magic)));
    }

    /** What else the file may be, for those that are most often taken for captures. */
    private static String nameOf(final int magic) {
        if (magic >>> 16 == 0x1f8b) {
            return " (gzip: decompress it first)";
        }
        if (magic >>> 8 == 0xffd8ff) {
            return " (a JPEG image)";
        }
        return switch (magic) {
            case 0x28b52ffd -> " (zstd: decompress it first)";
            case 0xfd377a58 -> " (xz: decompress it first)";
            case 0x504b0304 -> " (a ZIP archive)";
            case 0x89504e47 -> " (a PNG image)";
            case 0x25504446 -> " (a PDF document)";
            case 0x736e6f6f -> " (a snoop capture)";
            case 0x34cdb2a1, 0xa1b2cd34 -> " (a modified pcap capture of old Linux systems)";
            default -> "";
        };
    }

    /**
     * Reads the next packet and its time into {@code packet}.
     *
     * @return false if no whole one is there: for good if the input has ended, else until more has come
     * @throws IOException if the capture is damaged or truncated, in one line, where
     */
    abstract boolean next(Packet packet) throws IOException;

    /** Fills a packet with bytes that lie ready. */
    final void load(final Packet packet, final LinkType type, final int ahead, final int count, final long timeNs) {
        type.load(packet, input.data(), input.at() + ahead, count);
        packet.timestampNs(timeNs);
        packets++;
    }

    /** {@return "packet N at byte M": the one that comes next} */
    final String nextPacket() {
        return "packet " + (packets + 1) + " at byte " + input.position();
    }

    /** Answers for a record that is not all there: false if the rest may come, else it throws. */
    final boolean incomplete(final String what, final long needed) throws IOException {
        if (input.ended()) {
            throw input.error("truncated: " + what + " needs " + needed + " bytes, " + input.ready() + " are there");
        }
        return false;
    }

    /** Checks how many bytes a packet says were captured. */
    final int checkedLength(final long captured) throws IOException {
        if (captured > MAX_PACKET) {
            throw input.error("damaged: " + nextPacket() + " claims " + captured + " bytes, more than the "
                + MAX_PACKET + " that are read");
        }
        return (int) captured;
    }
}
