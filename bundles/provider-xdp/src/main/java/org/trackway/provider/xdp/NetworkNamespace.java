// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.xdp;

import com.sun.jna.Native;
import java.io.IOException;

/** Asks the kernel for what it does in the network namespace of the thread that asks. */
final class NetworkNamespace {

    /** What is to be done there. */
    interface Task {
        void run() throws IOException;
    }

    private NetworkNamespace() {
    }

    /**
     * Runs a task inside a namespace and waits for its end. A thread of its own enters the namespace and ends, so that no
     * other is ever moved.
     *
     * @param namespace the namespace's file, empty for the namespace of the process
     * @throws IOException in one line, what went wrong
     */
    static void run(final String namespace, final Task task) throws IOException {
        if (namespace.isEmpty()) {
            task.run();
            return;
        }
        final Throwable[] failure = new Throwable[1];
        final Thread thread = new Thread(() -> {
            try {
                enter(namespace);
                task.run();
            } catch (final IOException | RuntimeException | Error e) {
                failure[0] = e;
            }
        }, "trackway-xdp-netns");
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
            throw new IOException(failure[0].getMessage(), failure[0]);
        }
    }

    private static void enter(final String namespace) throws IOException {
        final int file = LibC.open(namespace, LibC.O_CLOEXEC);
        if (file < 0) {
            throw new IOException(namespace + ": " + LibC.strerror(Native.getLastError()));
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
