// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.xdp;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Memory at a fixed address in the machine's byte order, for what is exchanged with the kernel. */
record NativeMemory(ByteBuffer buffer, long address) {

    /** {@return zeroed memory, freed when it is no longer reachable} */
    static NativeMemory allocate(final int size) {
        final ByteBuffer buffer = ByteBuffer.allocateDirect(size).order(ByteOrder.nativeOrder());
        return new NativeMemory(buffer, Pointer.nativeValue(Native.getDirectBufferPointer(buffer)));
    }

    /** {@return memory with these bytes} */
    static NativeMemory of(final byte[] bytes) {
        final NativeMemory memory = allocate(bytes.length);
        memory.buffer.put(0, bytes);
        return memory;
    }

    /** {@return a view of memory that the kernel mapped; touching it after it was unmapped kills the process} */
    static NativeMemory mapped(final long address, final int size) {
        return new NativeMemory(new Pointer(address).getByteBuffer(0, size).order(ByteOrder.nativeOrder()), address);
    }
}
