// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.xdp;

import com.sun.jna.Native;
import com.sun.jna.Platform;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/** The kernel's own machine runs the program on frames of the test; nothing is attached or sent. */
final class Kernel {

    static final int PASS = 2;
    static final int REDIRECT = 4;

    /** What became of a frame. */
    record Outcome(int action, byte[] frame) {
    }

    private static final int TEST_RUN = 10;
    private static final int ROOM = 4096;

    private final NativeMemory attributes = NativeMemory.allocate(128);
    private final NativeMemory in = NativeMemory.allocate(ROOM);
    private final NativeMemory out = NativeMemory.allocate(ROOM);

    /** {@return the maps}; where the kernel does not let us the test is skipped, with CI=true it fails. */
    static ForwardProgram program(final int capacity) {
        try {
            LibC.register();
            return new ForwardProgram(capacity);
        } catch (final IOException | LinkageError missing) {
            if ("true".equals(System.getenv("CI"))) {
                Assertions.fail("Tests of the BPF program", missing);
            }
            Assumptions.abort(missing.getMessage());
            throw new AssertionError(missing);
        }
    }

    /** Runs a program on a frame. */
    Outcome run(final int program, final byte[] frame) {
        in.buffer().put(0, frame);
        final ByteBuffer to = attributes.buffer();
        for (int i = 0; i < 128; i += 8) {
            to.putLong(i, 0);
        }
        to.putInt(0, program).putInt(8, frame.length).putInt(12, ROOM).putLong(16, in.address())
            .putLong(24, out.address()).putInt(32, 1);
        final long result = LibC.syscall(Platform.isARM() ? 280 : 321, TEST_RUN, attributes.address(), 128);
        Assertions.assertThat(result).as("BPF_PROG_TEST_RUN, errno %s", Native.getLastError()).isZero();
        final byte[] left = new byte[to.getInt(12)];
        out.buffer().get(0, left);
        return new Outcome(to.getInt(4), left);
    }
}
