// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.xdp;

import com.sun.jna.Native;
import com.sun.jna.Platform;
import java.lang.ref.Reference;

/** {@code BPF_PROG_TEST_RUN}: the kernel runs a program on a frame. */
final class TestRun {

    private static final int COMMAND = 10;
    private static final int ATTRIBUTES = 128;
    private static final int ROOM = 4096;
    private static final int PASS = 2;
    private static final int LIVE_FRAMES = 1 << 1;

    private TestRun() {
    }

    /** Runs a program on so many copies of a frame, which really go where it sends them. */
    static void live(final int program, final byte[] frame, final int copies) {
        call(program, frame, null, copies, LIVE_FRAMES);
    }

    /** Runs a program once; nothing is sent. {@return the frame as the program left it, null if it let it pass} */
    static byte[] once(final int program, final byte[] frame) {
        final NativeMemory out = NativeMemory.allocate(ROOM);
        final NativeMemory attributes = call(program, frame, out, 1, 0);
        if (attributes.buffer().getInt(4) == PASS) {
            return null;
        }
        final byte[] left = new byte[attributes.buffer().getInt(12)];
        out.buffer().get(0, left);
        return left;
    }

    private static NativeMemory call(final int program, final byte[] frame, final NativeMemory out, final int copies,
            final int flags) {
        final NativeMemory attributes = NativeMemory.allocate(ATTRIBUTES);
        final NativeMemory in = NativeMemory.of(frame);
        attributes.buffer().putInt(0, program).putInt(8, frame.length).putLong(16, in.address()).putInt(32, copies)
            .putInt(64, flags);
        if (out != null) {
            attributes.buffer().putInt(12, ROOM).putLong(24, out.address());
        }
        final long result = LibC.syscall(Platform.isARM() ? 280 : 321, COMMAND, attributes.address(), ATTRIBUTES);
        if (result != 0) {
            throw new AssertionError("BPF_PROG_TEST_RUN: " + LibC.strerror(Native.getLastError()));
        }
        // Not before the kernel has read it.
        Reference.reachabilityFence(in.buffer());
        return attributes;
    }
}
