// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.karaf;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.util.Arrays;
import org.junit.Test;

public class PairedTimesTest {

    /** From the usual table of order statistics for the median, 95 %. */
    @Test
    public void intervalsEndAtTheRanksOfTheSignTest() {
        final int[][] ranks = {{1, 0}, {5, 0}, {6, 1}, {8, 1}, {9, 2}, {11, 2}, {12, 3}, {20, 6}, {30, 10}};
        for (final int[] rank : ranks) {
            assertEquals(rank[0] + " pairs", rank[1], PairedTimes.rank(rank[0]));
        }
    }

    @Test
    public void fewPairsProveNothing() {
        final PairedTimes times = new PairedTimes();
        for (int i = 0; i < 5; i++) {
            times.add(round(100), round(1000));
        }
        assertEquals(0, times.lower(), 0);
    }

    @Test
    public void onePairOfSixThatIsNotSlowerEndsTheInterval() {
        final PairedTimes times = new PairedTimes();
        for (final int treated : new int[] {300, 200, 400, 90, 500, 600}) {
            times.add(round(100), round(treated));
        }
        assertEquals(0.9, times.lower(), 0);
        final String said = times.toString();
        assertTrue(said, said.startsWith("median of 6 pairs 3.50, 95 % interval 0.90 to 6.00"));
    }

    private static int[] round(final int time) {
        final int[] times = new int[2000];
        Arrays.fill(times, time);
        return times;
    }
}
