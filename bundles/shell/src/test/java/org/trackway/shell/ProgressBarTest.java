// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.trackway.packet.Progress;

class ProgressBarTest {

    private static final long SECOND = 1_000_000_000;

    private final Printed terminal = Printed.terminal();

    private static Progress input(final long position, final long size) {
        return new Progress() {
            @Override
            public long position() {
                return position;
            }

            @Override
            public long size() {
                return size;
            }
        };
    }

    @Test
    void aQuarterIsShownWithRateAndTimeLeft() {
        assertThat(new ProgressBar(terminal.console(), input(250_000_000, 1_000_000_000)).line(1_000_000, 2 * SECOND))
            .isEqualTo("[#######.......................] 25 % of 1.0 GB, 500k packets/s, 6.00 s left");
    }

    @Test
    void withoutKnownSizeThereIsNoBar() {
        assertThat(new ProgressBar(terminal.console(), null).line(1000, SECOND))
            .isEqualTo("1000 packets, 1.0k packets/s");
        assertThat(new ProgressBar(terminal.console(), input(5, Progress.UNKNOWN)).line(1000, SECOND))
            .isEqualTo("1000 packets, 1.0k packets/s");
    }

    @Test
    void aFileThatGrewPastItsSizeIsDone() {
        assertThat(new ProgressBar(terminal.console(), input(1100, 1000)).line(10, SECOND))
            .contains("] 100 % of 1.0 kB");
    }

    @Test
    void shortReplaysAndPipesSeeNothing() {
        final ProgressBar shortOne = new ProgressBar(terminal.console(), input(1, 2));
        shortOne.replayed(1, 100, SECOND - 1);
        shortOne.clear();
        assertThat(terminal.text()).isEmpty();

        final Printed pipe = Printed.pipe();
        final ProgressBar piped = new ProgressBar(pipe.console(), input(1, 2));
        piped.replayed(1, 100, 5 * SECOND);
        piped.clear();
        assertThat(pipe.text()).isEmpty();
    }

    @Test
    void theBarOverwritesItselfAndIsTakenAway() {
        final ProgressBar bar = new ProgressBar(terminal.console(), input(1, 2));
        bar.replayed(1, 100, 2 * SECOND);
        bar.clear();
        assertThat(terminal.text()).startsWith("\r\u001b[K[####").endsWith("\r\u001b[K");
    }
}
