// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

/** Looks the packet up again, in another table or as if it came from another port, and comes back. */
final class Resubmit extends Action {

    /** Stands for the port or the table that the packet is in. */
    static final int SAME = -1;

    private final int port;
    final int table;
    private final boolean original;

    /**
     * Makes the action.
     *
     * @param port     the ingress port to assume, or {@link #SAME}
     * @param table    the table to look in, or {@link #SAME}
     * @param original whether the original tuple of the connection stands in for the packet's own
     */
    Resubmit(final int port, final int table, final boolean original) {
        this.port = port;
        this.table = table;
        this.original = original;
    }

    @Override
    Next run(final Pipeline pipeline, final Frame frame) {
        final int next = table == SAME ? frame.table() : table;
        return pipeline.resubmit(frame, port, next, original) ? Next.CALL : Next.RETURN;
    }

    /** {@return whether it looks the packet up as it is} */
    boolean isPlain() {
        return port == SAME && !original;
    }

    @Override
    boolean fitsPath() {
        return true;
    }

    @Override
    public String toString() {
        if (table == SAME) {
            return "resubmit:" + Values.port(port);
        }
        return "resubmit(" + (port == SAME ? "" : Values.port(port)) + "," + table + (original ? ",ct)" : ")");
    }
}
