// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.xdp;

import com.sun.jna.Native;
import com.sun.jna.Platform;
import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;

/**
 * Sends bursts of a UDP frame without a tag and with no checksum, by a program in the kernel that clones it: about twice
 * as many as a packet socket sends in the same time. What arrives are ordinary packets, not frames of XDP, each of which
 * fills a page of the receiver's queue. Each comes from another port, by chance. For one thread at a time.
 */
public final class BurstSender implements AutoCloseable {

    /** Packets in a burst. */
    public static final int BURST = 32;

    /** What is sent is done in the namespace of the thread that sends. */
    @FunctionalInterface
    public interface Task {
        void run() throws IOException;
    }

    private static final int PROG_LOAD = 5;
    private static final int TEST_RUN = 10;
    private static final int PROG_TYPE_SCHED_CLS = 3;
    private static final int ATTRIBUTES = 128;
    private static final int SOURCE_PORT = 34;

    private static final int RANDOM = 7;
    private static final int STORE_BYTES = 9;
    private static final int CLONE_REDIRECT = 13;

    private final long number = Platform.isARM() ? 280 : 321;
    private final NativeMemory attributes = NativeMemory.allocate(ATTRIBUTES);
    private final NativeMemory frame;
    private final int program;

    /**
     * Loads the program.
     *
     * @param interfaceIndex where it sends, in the namespace of the thread that will
     * @param firstPort      the lowest source port
     * @param ports          how many there are, a power of two
     */
    public BurstSender(final int interfaceIndex, final byte[] frame, final int firstPort, final int ports)
            throws IOException {
        LibC.register();
        this.frame = NativeMemory.of(frame);
        // r6 the packet, r7 how many are to be sent.
        final long[] code = {
            instruction(0xbf, 6, 1, 0, 0),
            instruction(0xb7, 7, 0, 0, BURST),
            instruction(0x85, 0, 0, 0, RANDOM),
            instruction(0x57, 0, 0, 0, ports - 1),
            instruction(0x07, 0, 0, 0, firstPort),
            instruction(0xdc, 0, 0, 0, Short.SIZE),
            instruction(0x6b, 10, 0, -2, 0),
            instruction(0xbf, 1, 6, 0, 0),
            instruction(0xb7, 2, 0, 0, SOURCE_PORT),
            instruction(0xbf, 3, 10, 0, 0),
            instruction(0x07, 3, 0, 0, -2),
            instruction(0xb7, 4, 0, 0, Short.BYTES),
            instruction(0xb7, 5, 0, 0, 0),
            instruction(0x85, 0, 0, 0, STORE_BYTES),
            instruction(0xbf, 1, 6, 0, 0),
            instruction(0xb7, 2, 0, 0, interfaceIndex),
            instruction(0xb7, 3, 0, 0, 0),
            instruction(0x85, 0, 0, 0, CLONE_REDIRECT),
            instruction(0x17, 7, 0, 0, 1),
            instruction(0x55, 7, 0, -18, 0),
            instruction(0xb7, 0, 0, 0, 0),
            instruction(0x95, 0, 0, 0, 0),
        };
        final NativeMemory instructions = NativeMemory.allocate(code.length * Long.BYTES);
        for (int i = 0; i < code.length; i++) {
            instructions.buffer().putLong(i * Long.BYTES, code[i]);
        }
        final NativeMemory license = NativeMemory.of("Apache-2.0\0".getBytes(StandardCharsets.US_ASCII));
        attributes.buffer().putInt(0, PROG_TYPE_SCHED_CLS).putInt(4, code.length).putLong(8, instructions.address())
            .putLong(16, license.address());
        program = call(PROG_LOAD);
        Reference.reachabilityFence(instructions.buffer());
        Reference.reachabilityFence(license.buffer());
    }

    /** An instruction of a little endian machine, as the kernel's linux/bpf.h has it. */
    private static long instruction(final int code, final int destination, final int source, final int offset,
            final int value) {
        return code | destination << 8 | source << 12 | (offset & 0xffffL) << 16 | (long) value << 32;
    }

    /** Does something in a network namespace, on a thread of its own with this name. */
    public static void in(final String namespace, final String thread, final Task task) throws IOException {
        LibC.register();
        NetworkNamespace.run(namespace, () -> {
            Thread.currentThread().setName(thread);
            task.run();
        });
    }

    /** Sends a burst. */
    public void send() throws IOException {
        attributes.buffer().putInt(0, program).putInt(8, frame.buffer().capacity()).putInt(12, 0)
            .putLong(16, frame.address()).putLong(24, 0).putInt(32, 1);
        call(TEST_RUN);
    }

    private int call(final int command) throws IOException {
        final int result = (int) LibC.syscall(number, command, attributes.address(), ATTRIBUTES);
        if (result < 0) {
            throw new IOException("bpf " + command + ": " + LibC.strerror(Native.getLastError()));
        }
        return result;
    }

    @Override
    public void close() {
        LibC.close(program);
    }
}
