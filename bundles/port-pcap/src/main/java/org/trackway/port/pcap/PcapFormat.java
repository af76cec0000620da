// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.pcap;

import java.io.IOException;
import org.trackway.packet.Bytes;
import org.trackway.packet.Packet;

/** The classic format (draft-ietf-opsawg-pcap): a file header, then records of 16 bytes and the packet. */
final class PcapFormat extends CaptureFormat {

    static final int FILE_HEADER = 24;
    static final int RECORD_HEADER = 16;
    static final int MICROSECONDS = 0xa1b2c3d4;
    static final int NANOSECONDS = 0xa1b23c4d;
    static final int MAJOR = 2;
    static final int MINOR = 4;

    /** The link type's bits in the last field of the file header; the others tell of a frame check sequence. */
    private static final int LINK_TYPE_MASK = 0x03ffffff;

    private final LinkType linkType;
    private final int nanosecondsPerTick;

    private PcapFormat(final CaptureInput input, final LinkType linkType, final int nanosecondsPerTick) {
        super(input);
        this.linkType = linkType;
        this.nanosecondsPerTick = nanosecondsPerTick;
    }

    static boolean isMagic(final int magic) {
        final int swapped = Integer.reverseBytes(magic);
        return magic == MICROSECONDS || magic == NANOSECONDS || swapped == MICROSECONDS || swapped == NANOSECONDS;
    }

    /** {@return the reader behind the file header, or null if that has not all come yet} */
    static PcapFormat open(final CaptureInput input) throws IOException {
        if (!input.has(FILE_HEADER)) {
            if (input.ended()) {
                throw input.error("truncated: the file header needs " + FILE_HEADER + " bytes, " + input.ready()
                    + " are there");
            }
            return null;
        }
        final int magic = Bytes.i32(input.data(), input.at());
        input.littleEndian(magic != MICROSECONDS && magic != NANOSECONDS);
        if (input.u16(4) != MAJOR) {
            throw input.error("pcap version " + input.u16(4) + "." + input.u16(6) + " is not read; this is: "
                + MAJOR + "." + MINOR);
        }
        final int number = input.i32(20) & LINK_TYPE_MASK;
        final LinkType type = LinkType.of(number);
        if (type == null) {
            throw LinkType.unknown(input, "", number);
        }
        final PcapFormat format = new PcapFormat(input, type, input.i32(0) == NANOSECONDS ? 1 : 1000);
        input.skip(FILE_HEADER);
        return format;
    }

    @Override
    boolean next(final Packet packet) throws IOException {
        if (!input.has(RECORD_HEADER)) {
            return input.ready() > 0 && incomplete(nextPacket(), RECORD_HEADER);
        }
        final int length = checkedLength(input.u32(8));
        if (!input.has(RECORD_HEADER + length)) {
            return incomplete(nextPacket(), RECORD_HEADER + length);
        }
        load(packet, linkType, RECORD_HEADER, length,
            input.u32(0) * 1_000_000_000L + input.u32(4) * nanosecondsPerTick);
        input.skip(RECORD_HEADER + length);
        return true;
    }
}
