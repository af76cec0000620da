// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.karaf;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Times of batches from pairs of rounds, one with something and one without it. The claim is about the median, over
 * pairs, of the ratio of both rounds' 99.9th percentiles; its interval is that of order statistics, which assumes
 * nothing of how ratios are distributed. Every pair counts.
 */
final class PairedTimes {

    /** How often the interval may miss the median on either side together. */
    private static final double MISSES = 0.05;

    private final List<Double> ratios = new ArrayList<>();
    private int[] without = {};
    private int[] with = {};

    /** Adds a pair of rounds, each sorted, in nanoseconds. */
    void add(final int[] control, final int[] treated) {
        ratios.add((double) slowest(treated) / slowest(control));
        ratios.sort(null);
        without = join(without, control);
        with = join(with, treated);
    }

    /** {@return the lower end of the interval of the median ratio; 0 while there are too few pairs for one} */
    double lower() {
        final int rank = rank(ratios.size());
        return rank == 0 ? 0 : ratios.get(rank - 1);
    }

    private double upper() {
        final int rank = rank(ratios.size());
        return rank == 0 ? Double.POSITIVE_INFINITY : ratios.get(ratios.size() - rank);
    }

    /** {@return which of so many values, in order, ends the interval; 0 if even the outermost is too near} */
    static int rank(final int pairs) {
        double probability = Math.pow(0.5, pairs);
        double below = 0;
        int rank = 0;
        while (2 * (below + probability) <= MISSES) {
            below += probability;
            probability *= (double) (pairs - rank) / (rank + 1);
            rank++;
        }
        return rank;
    }

    private static int[] join(final int[] one, final int[] other) {
        return IntStream.concat(Arrays.stream(one), Arrays.stream(other)).sorted().toArray();
    }

    /** {@return the 99.9th percentile of sorted times} */
    private static int slowest(final int[] times) {
        return times[(int) (times.length * 999L / 1000)];
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "median of %d pairs %.2f, 95 %% interval %.2f to %.2f; all batches %.2f "
            + "(%d us, else %d us, of %d and %d)", ratios.size(),
            (ratios.get((ratios.size() - 1) / 2) + ratios.get(ratios.size() / 2)) / 2, lower(), upper(),
            (double) slowest(with) / slowest(without), slowest(with) / 1000, slowest(without) / 1000, with.length,
            without.length);
    }
}
