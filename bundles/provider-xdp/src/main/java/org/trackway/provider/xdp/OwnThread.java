// SPDX-License-Identifier: Apache-2.0
package org.trackway.provider.xdp;

import java.io.IOException;

/** Runs what would leave its mark on the thread that runs it on a thread that ends with it. */
final class OwnThread {

    /** What is to be done there. */
    interface Task {
        void run() throws IOException;
    }

    private OwnThread() {
    }

    /** Runs a task and waits for its end. What it throws is thrown. */
    static void run(final String name, final Task task) throws IOException {
        final Throwable[] thrown = new Throwable[1];
        final Thread thread = new Thread(() -> {
            try {
                task.run();
            } catch (final IOException | RuntimeException | Error e) {
                thrown[0] = e;
            }
        }, name);
        thread.start();
        join(thread);
        if (thrown[0] instanceof Error error) {
            throw error;
        }
        if (thrown[0] instanceof RuntimeException exception) {
            throw exception;
        }
        if (thrown[0] != null) {
            throw (IOException) thrown[0];
        }
    }

    /** Waits for the end of a thread, interrupted or not. */
    static void join(final Thread thread) {
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
    }
}
