// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

/** Copies bits of one field to another: {@code move:SRC->DST}. */
final class Move extends Action {

    final Subfield source;
    final Subfield target;

    Move(final Subfield source, final Subfield target) {
        this.source = source;
        this.target = target;
    }

    /** Copies the bits from one key to another, or within one. */
    void apply(final long[] from, final long[] to) {
        for (int done = 0; done < source.count(); done += 64) {
            final int bits = Math.min(64, source.count() - done);
            target.write(to, done, bits, source.read(from, done, bits));
        }
    }

    @Override
    Next run(final Pipeline pipeline, final Frame frame) {
        apply(frame.key, frame.key);
        if (target.field().isHeader()) {
            pipeline.write(frame, target.field());
        }
        return Next.GO_ON;
    }

    @Override
    public String toString() {
        return "move:" + source + "->" + target;
    }
}
