// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.afpacket;

import java.nio.ByteBuffer;

/**
 * TPACKET_V3: blocks that the kernel fills with packets of any size and hands over as a whole ({@code struct
 * tpacket_block_desc}, {@code struct tpacket3_hdr}, linux/if_packet.h).
 */
final class RingV3 extends Ring {

    static final int BLOCK_STATUS = 8;
    static final int BLOCK_COUNT = 12;
    static final int BLOCK_FIRST = 16;

    static final int NEXT = 0;
    static final int SECONDS = 4;
    static final int NANOSECONDS = 8;
    static final int CAPTURED = 12;
    static final int LENGTH = 16;
    static final int STATUS = 20;
    static final int MAC = 24;
    static final int TCI = 32;
    static final int TAG_TYPE = 36;

    private final int blockSize;
    private final int blocks;
    private int block;
    private int left;
    private int packet;

    RingV3(final NativeMemory memory, final int blockSize, final int blocks) {
        super(memory);
        this.blockSize = blockSize;
        this.blocks = blocks;
    }

    @Override
    boolean next() {
        while (left == 0) {
            final int base = block * blockSize;
            if ((acquire(base + BLOCK_STATUS) & STATUS_USER) == 0) {
                return false;
            }
            left = memory.getInt(base + BLOCK_COUNT);
            packet = base + memory.getInt(base + BLOCK_FIRST);
            if (left == 0) {
                finishBlock();
            }
        }
        length = memory.getInt(packet + LENGTH);
        captured = memory.getInt(packet + CAPTURED);
        status = memory.getInt(packet + STATUS);
        at = packet + (memory.getShort(packet + MAC) & 0xffff);
        timestampNs =
            (memory.getInt(packet + SECONDS) & 0xffffffffL) * 1_000_000_000L + memory.getInt(packet + NANOSECONDS);
        tci = memory.getInt(packet + TCI) & 0xffff;
        tagType = memory.getShort(packet + TAG_TYPE) & 0xffff;
        return true;
    }

    @Override
    ByteBuffer frame() {
        return captured < length ? null : memory;
    }

    @Override
    void release() {
        packet += memory.getInt(packet + NEXT);
        left--;
        if (left == 0) {
            finishBlock();
        }
    }

    private void finishBlock() {
        giveBack(block * blockSize + BLOCK_STATUS);
        block = block + 1 == blocks ? 0 : block + 1;
    }
}
