// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.afpacket;

import java.nio.ByteBuffer;

/**
 * TPACKET_V2: one slot of fixed size per packet ({@code struct tpacket2_hdr}, linux/if_packet.h). What does not fit in
 * a slot is read from the socket's queue, where the kernel has put it whole.
 */
final class RingV2 extends Ring {

    static final int LENGTH = 4;
    static final int CAPTURED = 8;
    static final int MAC = 12;
    static final int SECONDS = 16;
    static final int NANOSECONDS = 20;
    static final int TCI = 24;
    static final int TAG_TYPE = 26;

    /** The longest segment, with the virtio header and two tags, and some more. */
    private static final int LONGEST = 1 << 17;
    /** Header, address, virtio header, Ethernet header and tags, and what aligns them. */
    private static final int OVERHEAD = 160;
    private static final int SMALLEST_SLOT = 2048;

    private final int slotSize;
    private final int slots;
    private final PacketSocket socket;
    private final NativeMemory queued = NativeMemory.allocate(LONGEST);
    private int slot;

    /**
     * Reads slots from the first one on.
     *
     * @param socket where packets wait that are longer than a slot
     */
    RingV2(final NativeMemory memory, final int slotSize, final int slots, final PacketSocket socket) {
        super(memory);
        this.slotSize = slotSize;
        this.slots = slots;
        this.socket = socket;
    }

    /** {@return the size of slots that hold every ordinary packet of an interface: a power of two} */
    static int slotFor(final int mtu) {
        final int needed = Math.max(SMALLEST_SLOT, mtu + OVERHEAD);
        return Math.min(LONGEST, Integer.highestOneBit(needed - 1) << 1);
    }

    @Override
    boolean next() {
        final int base = slot * slotSize;
        status = acquire(base);
        if ((status & STATUS_USER) == 0) {
            return false;
        }
        length = memory.getInt(base + LENGTH);
        captured = memory.getInt(base + CAPTURED);
        at = base + (memory.getShort(base + MAC) & 0xffff);
        timestampNs =
            (memory.getInt(base + SECONDS) & 0xffffffffL) * 1_000_000_000L + memory.getInt(base + NANOSECONDS);
        tci = memory.getShort(base + TCI) & 0xffff;
        tagType = memory.getShort(base + TAG_TYPE) & 0xffff;
        return true;
    }

    @Override
    ByteBuffer frame() {
        if ((status & STATUS_COPY) == 0) {
            return captured < length ? null : memory;
        }
        long count = takeQueued();
        if (count < 0) {
            // An interface that went down tells so instead, once; the packet must go with its slot all the same.
            count = takeQueued();
        }
        at = VirtioHeader.SIZE;
        captured = (int) count - VirtioHeader.SIZE;
        return captured == length ? queued.buffer() : null;
    }

    private long takeQueued() {
        return LibC.recv(socket.descriptor(), queued.address(), LONGEST, LibC.MSG_DONTWAIT);
    }

    @Override
    void release() {
        giveBack(slot * slotSize);
        slot = slot + 1 == slots ? 0 : slot + 1;
    }
}
