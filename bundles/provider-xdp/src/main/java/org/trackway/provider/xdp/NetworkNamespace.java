// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.xdp;

import com.sun.jna.Native;
import java.io.IOException;

/** Asks the kernel for what it does in the network namespace of the thread that asks. */
final class NetworkNamespace {

    private NetworkNamespace() {
    }

    /**
     * Runs a task inside a namespace and waits for its end. A thread of its own enters the namespace and ends, so that
     * no other is ever moved.
     *
     * @param namespace the namespace's file, empty for the namespace of the process
     * @throws IOException in one line, what went wrong
     */
    static void run(final String namespace, final OwnThread.Task task) throws IOException {
        if (namespace.isEmpty()) {
            task.run();
        } else {
            OwnThread.run("trackway-xdp-netns", () -> {
                enter(namespace);
                task.run();
            });
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
