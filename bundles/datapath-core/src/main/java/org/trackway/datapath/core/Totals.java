// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.concurrent.atomic.LongAdder;
import org.trackway.datapath.Datapath;

/** Counters of a datapath, which all its pipelines add to once per batch. */
final class Totals {

    final LongAdder packets = new LongAdder();
    final LongAdder bytes = new LongAdder();
    final LongAdder bypassed = new LongAdder();
    final LongAdder unmatched = new LongAdder();
    final LongAdder sent = new LongAdder();
    final LongAdder lost = new LongAdder();
    final LongAdder tooDeep = new LongAdder();

    Datapath.Counters snapshot() {
        return new Datapath.Counters(packets.sum(), bytes.sum(), bypassed.sum(), unmatched.sum(), sent.sum(),
            lost.sum(), tooDeep.sum());
    }
}
