// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.afpacket;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A receive ring that is shared with the kernel. {@link #next} finds the packet whose turn it is and fills the fields;
 * {@link #release} gives its place back. Belongs to one thread at a time.
 */
abstract class Ring {

    static final int STATUS_USER = 1;
    static final int STATUS_COPY = 1 << 1;
    static final int STATUS_VLAN = 1 << 4;
    static final int STATUS_VLAN_TYPE = 1 << 6;

    private static final VarHandle STATUS =
        MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.nativeOrder());

    final ByteBuffer memory;

    /** Status bits of the packet. */
    int status;
    /** Index of the frame's first byte in {@link #frame}; the virtio header lies before it. */
    int at;
    /** How many bytes of the frame are there. */
    int captured;
    /** How long the frame is. */
    int length;
    /** Priority, DEI and identifier of the VLAN tag that the kernel took out, if it did. */
    int tci;
    /** EtherType of that tag, if it is known. */
    int tagType;
    long timestampNs;

    Ring(final NativeMemory memory) {
        this.memory = memory.buffer();
    }

    /** {@return whether there is a packet} */
    abstract boolean next();

    /** Gives the place of the packet that {@link #next} found back to the kernel. */
    abstract void release();

    /**
     * {@return where the bytes of the packet lie whole, or null if it is lost}
     * Must be called once between {@link #next} and {@link #release}, and before the virtio header is read.
     */
    abstract ByteBuffer frame();

    /** Reads a status such that everything the kernel wrote before it is seen. */
    final int acquire(final int index) {
        return (int) STATUS.getAcquire(memory, index);
    }

    /** Writes a status behind all reads before. */
    final void giveBack(final int index) {
        STATUS.setRelease(memory, index, 0);
    }
}
