// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.xdp;

import com.sun.jna.Native;
import java.io.IOException;

/**
 * The system calls that this bundle needs, mapped directly. Pointers are {@code long}s, therefore 64-bit systems only.
 * After -1, {@link Native#getLastError} is errno. Callable between {@link #register} and {@link #unregister}.
 */
final class LibC {

    static final int AF_NETLINK = 16;
    static final int SOCK_RAW = 3;
    static final int SOCK_CLOEXEC = 0x80000;
    static final int NETLINK_GENERIC = 16;
    static final int CLONE_NEWNET = 0x40000000;
    static final int O_CLOEXEC = 0x80000;
    static final int PROT_READ_WRITE = 3;
    static final int MAP_SHARED = 1;
    static final int CLOCK_MONOTONIC = 1;

    static final int EPERM = 1;
    static final int ENOENT = 2;
    static final int E2BIG = 7;
    static final int ENODEV = 19;
    static final int EINVAL = 22;
    static final int ERANGE = 34;
    static final int ENOSYS = 38;
    static final int EBUSY = 16;
    static final int EEXIST = 17;
    static final int EOPNOTSUPP = 95;

    private static boolean registered;

    private LibC() {
    }

    /** Binds the methods of this class. */
    static synchronized void register() throws IOException {
        if (!registered) {
            // JNA leaves objects with the thread, which would hold the bundle for as long as that lives.
            OwnThread.run("trackway-xdp-jna", () -> Native.register(LibC.class, "c"));
            registered = true;
        }
    }

    /** Lets them go, or they would hold this class and with it the bundle. */
    static synchronized void unregister() {
        if (registered) {
            Native.unregister(LibC.class);
            registered = false;
        }
    }

    static native long syscall(long number, long first, long second, long third);

    static native int socket(int domain, int type, int protocol);

    static native long send(int fd, long buffer, long length, int flags);

    static native long recv(int fd, long buffer, long length, int flags);

    static native long mmap(long address, long length, int protection, int flags, int fd, long offset);

    static native int munmap(long address, long length);

    static native int clock_gettime(int clock, long time);

    static native int open(String path, int flags);

    static native int setns(int fd, int type);

    static native int close(int fd);

    static native String strerror(int error);
}
