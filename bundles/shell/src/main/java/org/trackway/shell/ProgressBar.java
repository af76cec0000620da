// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import org.trackway.datapath.ReplayProgress;
import org.trackway.packet.Progress;

/** Shows how far a replay is, on a terminal, if it takes longer than a moment. Not thread-safe. */
final class ProgressBar implements ReplayProgress {

    private static final long MOMENT_NS = 1_000_000_000;
    private static final int CELLS = 30;

    private final Console console;
    private final Progress input;
    private boolean shown;

    /**
     * Starts without showing anything.
     *
     * @param input how far the input is read, or null if it can't tell
     */
    ProgressBar(final Console console, final Progress input) {
        this.console = console;
        this.input = input;
    }

    @Override
    public void replayed(final long packets, final long bytes, final long elapsedNs) {
        if (console.terminal() && elapsedNs >= MOMENT_NS && !Thread.currentThread().isInterrupted()) {
            console.overwrite(line(packets, elapsedNs));
            shown = true;
        }
    }

    /** {@return the line to show} */
    String line(final long packets, final long elapsedNs) {
        final String rate = Units.rate(packets * 1e9 / elapsedNs);
        final long size = input == null ? Progress.UNKNOWN : input.size();
        if (size <= 0) {
            return Units.count(packets, "packet") + ", " + rate;
        }
        final long position = Math.min(input.position(), size);
        final int done = (int) (CELLS * position / size);
        final StringBuilder line = new StringBuilder(100).append('[').append("#".repeat(done));
        line.append(".".repeat(CELLS - done)).append("] ").append(100 * position / size).append(" % of ");
        line.append(Units.bytes(size)).append(", ").append(rate);
        if (position > 0 && position < size) {
            final double remaining = (double) elapsedNs / position * (size - position);
            line.append(", ").append(Units.duration((long) remaining)).append(" left");
        }
        return line.toString();
    }

    /** Takes the line away. */
    void clear() {
        if (shown) {
            console.overwrite("");
        }
    }
}
