// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.Stream;
import org.trackway.conntrack.CtAction;

/**
 * Hands the packet to the tracker: {@code ct(...)}. The frame waits until the pipeline has gathered the packets that
 * can go together.
 */
final class Track extends Action {

    /** {@link #table} of an action that does not look the packet up again. */
    static final int NO_TABLE = -1;

    private static final int CACHED = 1024;

    /** Where a copy of the packet goes on afterwards, or {@link #NO_TABLE}. */
    final int table;
    /** What does not depend on the packet; zone, mark and label are overwritten where they do. */
    final CtAction fixed;
    private final Subfield zone;
    private final Action[] exec;
    private final boolean dynamic;
    /** Actions made for zones, marks and labels that were met; one that is pushed out is made anew. */
    private final AtomicReferenceArray<CtAction> made;
    private final String text;

    /**
     * Makes the action.
     *
     * @param fixed what it does, with the masks of mark and label, and their values as far as they are known
     * @param table where a copy of the packet goes on, or {@link #NO_TABLE}
     * @param zone  where the zone comes from, or null if it is known
     * @param exec  the actions on mark and label ({@link Assign}, {@link Move}), in order
     * @param text  the action in canonical text
     */
    Track(final CtAction fixed, final int table, final Subfield zone, final List<Action> exec, final String text) {
        this.fixed = fixed;
        this.table = table;
        this.zone = zone;
        this.exec = exec.toArray(Action[]::new);
        this.text = text;
        dynamic = zone != null || exec.stream().anyMatch(Move.class::isInstance);
        made = dynamic ? new AtomicReferenceArray<>(CACHED) : null;
    }

    @Override
    Next run(final Pipeline pipeline, final Frame frame) {
        frame.waitFor(this, dynamic ? resolve(frame.key, pipeline.scratchKey()) : fixed);
        return Next.WAIT;
    }

    /** {@return the zone that it looks in, -1 if that depends on the packet} */
    int zone() {
        return zone == null ? fixed.zone() : -1;
    }

    /** {@return whether it does the same to every packet} */
    boolean isFixed() {
        return !dynamic;
    }

    private CtAction resolve(final long[] key, final long[] scratch) {
        final int number = zone == null ? fixed.zone() : (int) zone.read(key) & 0xffff;
        for (final Action action : exec) {
            if (action instanceof Assign assign) {
                assign.apply(scratch);
            } else if (action instanceof Move move) {
                move.apply(key, scratch);
            }
        }
        final int mark = (int) Fields.CT_MARK.read(scratch) & fixed.markMask();
        final long labelHigh = scratch[Key.CT_LABEL] & fixed.labelMaskHigh();
        final long labelLow = scratch[Key.CT_LABEL + 1] & fixed.labelMaskLow();
        final long mixed = (number * 31L + mark) * 31 + labelHigh * 17 + labelLow;
        final int index = (int) (mixed * 0x9E3779B97F4A7C15L >>> 54);
        CtAction action = made.get(index);
        if (action == null || action.zone() != number || action.mark() != mark || action.labelHigh() != labelHigh
                || action.labelLow() != labelLow) {
            action = fixed.toBuilder().zone(number).mark(mark, fixed.markMask())
                .label(labelHigh, labelLow, fixed.labelMaskHigh(), fixed.labelMaskLow()).build();
            made.set(index, action);
        }
        return action;
    }

    @Override
    boolean fitsPath() {
        return (zone == null || zone.isSteady()) && Stream.of(exec)
            .allMatch(action -> !(action instanceof Move move) || move.source.isSteady());
    }

    @Override
    public String toString() {
        return text;
    }
}
