// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.afpacket;

import com.sun.jna.Native;
import java.io.IOException;
import java.nio.file.Path;

/** Makes sockets in another network namespace. */
final class NetworkNamespace {

    /** Makes a socket in whatever namespace the calling thread is in. */
    interface Opener {
        int open() throws IOException;
    }

    private NetworkNamespace() {
    }

    /**
     * Calls the opener inside a namespace. A socket belongs to the namespace that its thread was in when it was made,
     * whoever uses it later; so a thread of its own enters the namespace and ends, and no other is ever moved.
     *
     * @param namespace the namespace's file, null for the namespace of the process
     * @return the socket
     * @throws IOException in one line, why there is none
     */
    static int open(final Path namespace, final Opener opener) throws IOException {
        if (namespace == null) {
            return opener.open();
        }
        final int[] socket = new int[1];
        final IOException[] failure = new IOException[1];
        final Thread thread = new Thread(() -> {
            try {
                enter(namespace);
                socket[0] = opener.open();
            } catch (final IOException e) {
                failure[0] = e;
            }
        }, "trackway-netns-" + namespace.getFileName());
        thread.start();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (final InterruptedException notNow) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (failure[0] != null) {
            throw failure[0];
        }
        return socket[0];
    }

    private static void enter(final Path namespace) throws IOException {
        final int file = LibC.open(namespace.toString(), LibC.O_CLOEXEC);
        if (file < 0) {
            final int error = Native.getLastError();
            throw new IOException(error == LibC.ENOENT ? namespace + ": no such network namespace"
                : namespace + ": " + LibC.strerror(error));
        }
        final int result = LibC.setns(file, LibC.CLONE_NEWNET);
        final int error = Native.getLastError();
        LibC.close(file);
        if (result < 0) {
            throw new IOException(error == LibC.EPERM
                ? namespace + ": entering a network namespace needs the capability CAP_SYS_ADMIN"
                : namespace + ": is no network namespace: " + LibC.strerror(error));
        }
    }
}
