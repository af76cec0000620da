// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.pcap;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.trackway.packet.Packet;

/**
 * The next generation format (draft-ietf-opsawg-pcapng): sections of blocks. Section headers, interface descriptions,
 * and enhanced, simple and obsolete packet blocks are read; all others are stepped over.
 */
final class PcapngFormat extends CaptureFormat {

    private static final int SECTION = 0x0a0d0d0a;
    private static final int INTERFACE = 1;
    private static final int OBSOLETE_PACKET = 2;
    private static final int SIMPLE_PACKET = 3;
    private static final int ENHANCED_PACKET = 6;

    private static final int BYTE_ORDER = 0x1a2b3c4d;
    private static final int BLOCK_START = 8;
    private static final int BLOCK_FRAME = 12;
    private static final int TIME_RESOLUTION_OPTION = 9;
    private static final int TIME_OFFSET_OPTION = 14;

    /** The longest block that is believed, as in libpcap. */
    private static final long MAX_BLOCK = 16L << 20;
    /** Far more than any machine has; keeps a damaged file from filling the memory. */
    private static final int MAX_INTERFACES = 1 << 16;

    private final List<CaptureInterface> interfaces = new ArrayList<>();

    PcapngFormat(final CaptureInput input) {
        super(input);
    }

    static boolean isSection(final int magic) {
        return magic == SECTION;
    }

    @Override
    boolean next(final Packet packet) throws IOException {
        while (input.has(BLOCK_START)) {
            // Reads the same in both byte orders; those of the new section are told by its third word.
            final boolean section = input.i32(0) == SECTION;
            if (section && !findByteOrder()) {
                return false;
            }
            final int type = input.i32(0);
            final int length = blockLength(type);
            if (!input.has(length)) {
                return incomplete(type == ENHANCED_PACKET || type == SIMPLE_PACKET || type == OBSOLETE_PACKET
                    ? nextPacket() : block(type), length);
            }
            if (input.u32(length - 4) != length) {
                throw input.error("damaged: " + block(type) + " begins with the length " + length + " and ends with "
                    + input.u32(length - 4));
            }
            final boolean found = readBlock(type, length, packet);
            input.skip(length);
            if (found) {
                return true;
            }
        }
        return input.ready() > 0 && incomplete("the block at byte " + input.position(), BLOCK_FRAME);
    }

    private boolean findByteOrder() throws IOException {
        if (!input.has(BLOCK_FRAME)) {
            return incomplete(block(SECTION), BLOCK_FRAME);
        }
        input.littleEndian(false);
        final int order = input.i32(8);
        if (order != BYTE_ORDER && order != Integer.reverseBytes(BYTE_ORDER)) {
            throw input.error(String.format("damaged: %s has no byte-order magic but %08x", block(SECTION), order));
        }
        input.littleEndian(order != BYTE_ORDER);
        return true;
    }

    private int blockLength(final int type) throws IOException {
        final long length = input.u32(4);
        final int least = BLOCK_FRAME + switch (type) {
            case SECTION -> 16;
            case INTERFACE -> 8;
            case OBSOLETE_PACKET, ENHANCED_PACKET -> 20;
            case SIMPLE_PACKET -> 4;
            default -> 0;
        };
        if (length < least || length > MAX_BLOCK || length % 4 != 0) {
            throw input.error("damaged: " + block(type) + " claims " + length + " bytes, which can't be");
        }
        return (int) length;
    }

    private boolean readBlock(final int type, final int length, final Packet packet) throws IOException {
        switch (type) {
            case SECTION -> {
                if (input.u16(12) != 1) {
                    throw input.error("pcapng version " + input.u16(12) + "." + input.u16(14) + " is not read (byte "
                        + input.position() + "); this is: 1.0");
                }
                interfaces.clear();
                return false;
            }
            case INTERFACE -> {
                addInterface(length);
                return false;
            }
            case ENHANCED_PACKET -> {
                final CaptureInterface from = interfaceOf(input.u32(8));
                loadFrom(packet, from, 28, input.u32(20), length,
                    from.nanoseconds(input.u32(12) << 32 | input.u32(16)));
                return true;
            }
            case OBSOLETE_PACKET -> {
                final CaptureInterface from = interfaceOf(input.u16(8));
                loadFrom(packet, from, 28, input.u32(20), length,
                    from.nanoseconds(input.u32(12) << 32 | input.u32(16)));
                return true;
            }
            case SIMPLE_PACKET -> {
                final CaptureInterface from = interfaceOf(0);
                // How much was captured is not written down: the packet's length, unless the interface cut it.
                final long captured = Math.min(input.u32(8), from.snapLength());
                loadFrom(packet, from, 12, captured, length, 0);
                return true;
            }
            default -> {
                return false;
            }
        }
    }

    private void loadFrom(final Packet packet, final CaptureInterface from, final int ahead, final long captured,
            final int length, final long timeNs) throws IOException {
        final int count = checkedLength(captured);
        if (count > length - 4 - ahead) {
            throw input.error("damaged: " + nextPacket() + " claims " + count + " bytes in a block of " + length);
        }
        if (from.linkType() == null) {
            throw LinkType.unknown(input, nextPacket() + ": ", from.linkNumber());
        }
        load(packet, from.linkType(), ahead, count, timeNs);
    }

    private CaptureInterface interfaceOf(final long number) throws IOException {
        if (number >= interfaces.size()) {
            throw input.error("damaged: " + nextPacket() + " is of interface " + number + ", and "
                + (interfaces.isEmpty() ? "none has" : "only " + interfaces.size() + " have") + " been described");
        }
        return interfaces.get((int) number);
    }

    private void addInterface(final int length) throws IOException {
        if (interfaces.size() == MAX_INTERFACES) {
            throw input.error("damaged: " + block(INTERFACE) + " is one more than the " + MAX_INTERFACES
                + " that are read");
        }
        int resolution = CaptureInterface.MICROSECONDS;
        long offsetSeconds = 0;
        int at = 16;
        while (at + 4 <= length - 4 && input.u16(at) != 0) {
            final int option = input.u16(at);
            final int size = input.u16(at + 2);
            if (at + 4 + size > length - 4) {
                throw input.error("damaged: an option of " + block(INTERFACE) + " reaches behind the block's end");
            }
            if (option == TIME_RESOLUTION_OPTION && size >= 1) {
                resolution = input.data()[input.at() + at + 4] & 0xff;
            } else if (option == TIME_OFFSET_OPTION && size >= 8) {
                offsetSeconds = input.i64(at + 4);
            }
            at += 4 + (size + 3) / 4 * 4;
        }
        interfaces.add(CaptureInterface.of(input.u16(8), input.u32(12), resolution, offsetSeconds));
    }

    private String block(final int type) {
        return switch (type) {
            case SECTION -> "the section header";
            case INTERFACE -> "the interface description";
            default -> "the block of type " + Integer.toUnsignedString(type);
        } + " at byte " + input.position();
    }
}
