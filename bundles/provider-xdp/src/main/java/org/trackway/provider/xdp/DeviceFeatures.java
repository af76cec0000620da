// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.xdp;

import com.sun.jna.Native;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Asks the kernel what an interface can do with XDP now (generic netlink, family {@code netdev}; the kernel's
 * Documentation/netlink/specs/netdev.yaml). Belongs to the network namespace of the thread that makes it; used by one
 * thread at a time.
 */
final class DeviceFeatures {

    /** It runs programs, which may redirect: {@code NETDEV_XDP_ACT_BASIC} and {@code NETDEV_XDP_ACT_REDIRECT}. */
    static final long RUNS = 3;
    /**
     * It sends what others redirect to it: {@code NETDEV_XDP_ACT_NDO_XMIT}. A veth does if its peer has a program or
     * GRO; to one that does not, frames would be lost without a word.
     */
    static final long SENDS = 4;

    private static final int CONTROL = 16;
    private static final int GET_FAMILY = 3;
    private static final int FAMILY_ID = 1;
    private static final int FAMILY_NAME = 2;
    private static final int DEVICE_GET = 1;
    private static final int DEVICE_INDEX = 1;
    private static final int DEVICE_XDP_FEATURES = 3;

    private static final int REQUEST = 1;
    private static final int ERROR = 2;
    private static final int HEADERS = 20;
    private static final int BUFFER = 8192;
    private static final int MSG_DONTWAIT = 0x40;

    private final NativeMemory memory = NativeMemory.allocate(BUFFER);
    private final int socket;
    private final int family;

    /** Opens it. */
    DeviceFeatures() throws IOException {
        socket = LibC.socket(LibC.AF_NETLINK, LibC.SOCK_RAW | LibC.SOCK_CLOEXEC, LibC.NETLINK_GENERIC);
        if (socket < 0) {
            throw new IOException("generic netlink: " + LibC.strerror(Native.getLastError()));
        }
        try {
            final byte[] name = "netdev\0".getBytes(StandardCharsets.US_ASCII);
            memory.buffer().put(HEADERS + 4, name).put(HEADERS + 4 + name.length, (byte) 0);
            family = (int) ask(CONTROL, GET_FAMILY, FAMILY_NAME, name.length, FAMILY_ID, Short.BYTES);
        } catch (final IOException old) {
            close();
            throw new IOException("the kernel can't say what interfaces can do with XDP: that needs Linux 6.3 or later",
                old);
        }
    }

    /** {@return the bits of what an interface can do} */
    long of(final int interfaceIndex) throws IOException {
        memory.buffer().putInt(HEADERS + 4, interfaceIndex);
        return ask(family, DEVICE_GET, DEVICE_INDEX, Integer.BYTES, DEVICE_XDP_FEATURES, Long.BYTES);
    }

    void close() {
        LibC.close(socket);
    }

    /** Sends a command with one attribute, whose value is in place, and reads one of the answer. */
    private long ask(final int type, final int command, final int attribute, final int length, final int wanted,
            final int size) throws IOException {
        final ByteBuffer buffer = memory.buffer();
        final int total = HEADERS + (4 + length + 3 & ~3);
        buffer.putInt(0, total).putShort(4, (short) type).putShort(6, (short) REQUEST).putLong(8, 0)
            .put(16, (byte) command).put(17, (byte) 1).putShort(18, (short) 0)
            .putShort(HEADERS, (short) (4 + length)).putShort(HEADERS + 2, (short) attribute);
        if (LibC.send(socket, memory.address(), total, 0) < 0) {
            throw new IOException("netlink: " + LibC.strerror(Native.getLastError()));
        }
        // The answer is there when the question was taken.
        final long received = LibC.recv(socket, memory.address(), BUFFER, MSG_DONTWAIT);
        if (received < HEADERS) {
            throw new IOException("netlink: no answer");
        }
        if (buffer.getShort(4) == ERROR) {
            throw new IOException("netlink: " + LibC.strerror(-buffer.getInt(16)));
        }
        final int end = (int) Math.min(received, buffer.getInt(0));
        for (int at = HEADERS; at + 4 + size <= end;) {
            final int attributeLength = Math.max(4, buffer.getShort(at) & 0xffff);
            if (buffer.getShort(at + 2) == wanted) {
                return size == Short.BYTES ? buffer.getShort(at + 4) & 0xffff : buffer.getLong(at + 4);
            }
            at += attributeLength + 3 & ~3;
        }
        throw new IOException("netlink: the answer lacks what was asked for");
    }
}
