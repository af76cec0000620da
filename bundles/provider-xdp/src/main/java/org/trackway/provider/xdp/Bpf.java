// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.xdp;

import com.sun.jna.Native;
import com.sun.jna.Platform;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * The {@code bpf} system call (bpf(2); {@code union bpf_attr} of the kernel's include/uapi/linux/bpf.h). What it makes
 * are file descriptors, which their taker closes; with the process they go by themselves. One call at a time.
 */
final class Bpf {

    /** What a link is attached as: {@code XDP_FLAGS_SKB_MODE} and {@code XDP_FLAGS_DRV_MODE}. */
    static final int GENERIC = 1 << 1;
    static final int NATIVE = 1 << 2;

    /** What a batch came to: how many entries were done, and the error that ended it, 0 if none did. */
    record Done(int count, int error) {
    }

    private static final int MAP_CREATE = 0;
    private static final int MAP_UPDATE = 2;
    private static final int MAP_DELETE = 3;
    private static final int PROG_LOAD = 5;
    private static final int MAP_UPDATE_BATCH = 26;
    private static final int MAP_DELETE_BATCH = 27;
    private static final int LINK_CREATE = 28;

    private static final int PROG_TYPE_XDP = 6;
    private static final int ATTACH_XDP = 37;
    private static final int ATTRIBUTES = 128;
    private static final int LOG = 1 << 16;

    private final long number = Platform.isARM() ? 280 : 321;
    private final NativeMemory attributes = NativeMemory.allocate(ATTRIBUTES);
    private final NativeMemory element = NativeMemory.allocate(16);

    /** {@return a new map} */
    synchronized int createMap(final String name, final ObjectFile.MapDefinition map) throws IOException {
        final ByteBuffer to = clear().putInt(0, map.type()).putInt(4, map.keySize()).putInt(8, map.valueSize())
            .putInt(12, map.entries()).putInt(16, map.flags());
        name(to, 28, name);
        return check(call(MAP_CREATE), "making the BPF map '" + name + "' of " + map.entries() + " entries");
    }

    /** {@return the program, loaded} */
    synchronized int load(final String name, final byte[] code, final String license) throws IOException {
        final NativeMemory instructions = NativeMemory.of(code);
        final NativeMemory terms = NativeMemory.of((license + '\0').getBytes(StandardCharsets.US_ASCII));
        int program = load(name, instructions, terms, null);
        if (program < 0 && Native.getLastError() != LibC.EPERM && Native.getLastError() != LibC.ENOSYS) {
            // Once more, for what the verifier has to say.
            final NativeMemory log = NativeMemory.allocate(LOG);
            program = load(name, instructions, terms, log);
            if (program < 0) {
                final int error = Native.getLastError();
                throw new IOException("the kernel does not take the BPF program: " + LibC.strerror(error)
                    + lastLines(log.buffer()));
            }
        }
        return check(program, "loading the BPF program");
    }

    private int load(final String name, final NativeMemory code, final NativeMemory license, final NativeMemory log) {
        final ByteBuffer to = clear().putInt(0, PROG_TYPE_XDP).putInt(4, code.buffer().capacity() / 8)
            .putLong(8, code.address()).putLong(16, license.address()).putInt(68, ATTACH_XDP);
        if (log != null) {
            to.putInt(24, 1).putInt(28, LOG).putLong(32, log.address());
        }
        name(to, 48, name);
        return call(PROG_LOAD);
    }

    /** The end of the verifier's log, in one line: there the reason is. */
    private static String lastLines(final ByteBuffer log) {
        final byte[] bytes = new byte[LOG];
        log.get(0, bytes);
        final String text = new String(bytes, StandardCharsets.US_ASCII);
        final String[] lines = text.substring(0, Math.max(0, text.indexOf('\0'))).split("\n");
        final StringBuilder last = new StringBuilder();
        for (int i = Math.max(0, lines.length - 8); i < lines.length; i++) {
            if (!lines[i].isBlank()) {
                last.append(last.isEmpty() ? " (" : "; ").append(lines[i].strip());
            }
        }
        return last.isEmpty() ? "" : last.append(')').toString();
    }

    /**
     * Attaches a program to an interface of the calling thread's network namespace, until the descriptor is closed.
     *
     * @param mode {@link #NATIVE} or {@link #GENERIC}
     * @return the link
     */
    synchronized int attach(final int program, final int interfaceIndex, final int mode) throws IOException {
        clear().putInt(0, program).putInt(4, interfaceIndex).putInt(8, ATTACH_XDP).putInt(12, mode);
        final int link = call(LINK_CREATE);
        final int error = link < 0 ? Native.getLastError() : 0;
        switch (error) {
            case LibC.EBUSY, LibC.EEXIST -> throw new IOException("another XDP program is attached to it");
            case LibC.EOPNOTSUPP -> throw new IOException("its driver has no XDP");
            case LibC.ERANGE -> throw new IOException("its MTU, or that of its peer, is too large for native XDP");
            case LibC.ENODEV -> throw new IOException("the interface has gone");
            default -> {
                return check(link, "attaching");
            }
        }
    }

    /** Sets an entry of a map whose keys and values are 32 bits. */
    synchronized void set(final int map, final int key, final int value) throws IOException {
        element.buffer().putInt(0, key).putInt(8, value);
        clear().putInt(0, map).putLong(8, element.address()).putLong(16, element.address() + 8);
        check(call(MAP_UPDATE), "setting an entry of a BPF map");
    }

    /** Removes an entry of a map whose keys are 32 bits, if it is there. */
    synchronized void remove(final int map, final int key) throws IOException {
        element.buffer().putInt(0, key);
        clear().putInt(0, map).putLong(8, element.address());
        final int result = call(MAP_DELETE);
        check(result < 0 && Native.getLastError() == LibC.ENOENT ? 0 : result, "removing an entry of a BPF map");
    }

    /** Adds or replaces entries, in order, until one fails. */
    synchronized Done update(final int map, final long keys, final long values, final int count) {
        return batch(MAP_UPDATE_BATCH, map, keys, values, count);
    }

    /** Removes entries, in order, until one fails. */
    synchronized Done delete(final int map, final long keys, final int count) {
        return batch(MAP_DELETE_BATCH, map, keys, 0, count);
    }

    private Done batch(final int command, final int map, final long keys, final long values, final int count) {
        clear().putLong(16, keys).putLong(24, values).putInt(32, count).putInt(36, map);
        final int result = call(command);
        final int error = result < 0 ? Native.getLastError() : 0;
        final int done = attributes.buffer().getInt(32);
        // On some errors the kernel leaves the number as it was: then nothing was done.
        return new Done(error != 0 && done == count ? 0 : done, error);
    }

    private ByteBuffer clear() {
        final ByteBuffer buffer = attributes.buffer();
        for (int i = 0; i < ATTRIBUTES; i += 8) {
            buffer.putLong(i, 0);
        }
        return buffer;
    }

    private static void name(final ByteBuffer to, final int at, final String name) {
        to.put(at, name.getBytes(StandardCharsets.US_ASCII), 0, Math.min(15, name.length()));
    }

    private int call(final int command) {
        return (int) LibC.syscall(number, command, attributes.address(), ATTRIBUTES);
    }

    private static int check(final int result, final String what) throws IOException {
        if (result >= 0) {
            return result;
        }
        final int error = Native.getLastError();
        throw new IOException(switch (error) {
            case LibC.EPERM -> what + " needs the capabilities CAP_BPF and CAP_NET_ADMIN (run as root, or give them to"
                + " the process)";
            case LibC.ENOSYS -> "the kernel has no bpf system call (CONFIG_BPF_SYSCALL)";
            default -> what + " failed: " + LibC.strerror(error);
        });
    }
}
