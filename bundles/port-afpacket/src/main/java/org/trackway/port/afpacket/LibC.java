// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.afpacket;

import com.sun.jna.Native;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;

/**
 * The system calls that a packet socket needs, mapped directly: all arguments are numbers, so that a call allocates
 * nothing. Pointers are {@code long}s, therefore 64-bit systems only. After -1, {@link Native#getLastError} is errno.
 * Callable between {@link #register} and {@link #unregister}.
 */
final class LibC {

    static final int AF_PACKET = 17;
    static final int SOCK_RAW = 3;
    static final int SOCK_CLOEXEC = 0x80000;
    static final int CLONE_NEWNET = 0x40000000;
    static final int O_CLOEXEC = 0x80000;
    static final int MSG_DONTWAIT = 0x40;
    static final int PROT_READ_WRITE = 3;
    static final int MAP_SHARED = 1;
    static final short POLLIN = 1;
    static final short POLLOUT = 4;
    static final short POLLERR = 8;

    static final int EPERM = 1;
    static final int ENOENT = 2;
    static final int EINTR = 4;
    static final int ENXIO = 6;
    static final int EAGAIN = 11;
    static final int EACCES = 13;
    static final int ENODEV = 19;
    static final int EMSGSIZE = 90;
    static final int ENETDOWN = 100;

    private static boolean registered;

    private LibC() {
    }

    /**
     * Binds the methods of this class.
     *
     * @throws LinkageError if JNA has no native part for this machine
     */
    static synchronized void register() {
        if (registered) {
            return;
        }
        // JNA leaves objects with the thread, which would hold the bundle for as long as that lives.
        try {
            final Executor own = task -> new Thread(task, "trackway-afpacket-jna").start();
            CompletableFuture.runAsync(() -> Native.register(LibC.class, "c"), own).join();
        } catch (final CompletionException failed) {
            if (failed.getCause() instanceof LinkageError missing) {
                throw missing;
            }
            throw failed;
        }
        registered = true;
    }

    /** Lets them go, or they would hold this class and with it the bundle. */
    static synchronized void unregister() {
        if (registered) {
            Native.unregister(LibC.class);
            registered = false;
        }
    }

    static native int socket(int domain, int type, int protocol);

    static native int bind(int fd, long address, int length);

    static native int getsockname(int fd, long address, long length);

    static native int setsockopt(int fd, int level, int name, long value, int length);

    static native int getsockopt(int fd, int level, int name, long value, long length);

    static native int ioctl(int fd, long request, long argument);

    static native long mmap(long address, long length, int protection, int flags, int fd, long offset);

    static native int munmap(long address, long length);

    static native int sendmmsg(int fd, long messages, int count, int flags);

    static native long recv(int fd, long buffer, long length, int flags);

    static native int poll(long descriptors, long count, int timeoutMs);

    static native int open(String path, int flags);

    static native int setns(int fd, int type);

    static native int close(int fd);

    static native String strerror(int error);
}
