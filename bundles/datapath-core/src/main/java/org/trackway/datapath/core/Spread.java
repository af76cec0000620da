// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

/** Actions whose ports the flow does not name. */
final class Spread extends Action {

    /** Where the packet goes. */
    enum To {
        /** Back to the port it came in by. */
        IN_PORT,
        /** To every other port. */
        FLOOD,
        /** To every other port, too: no port of a datapath is exempt from flooding. */
        ALL,
        /** Where a learning switch would send it. */
        NORMAL
    }

    private final To to;

    Spread(final To to) {
        this.to = to;
    }

    @Override
    Next run(final Pipeline pipeline, final Frame frame) {
        switch (to) {
            case IN_PORT:
                pipeline.send(frame, Key.inPort(frame.key));
                return Next.GO_ON;
            case NORMAL:
                return pipeline.normal(frame);
            default:
                pipeline.flood(frame);
                return Next.GO_ON;
        }
    }

    boolean isNormal() {
        return to == To.NORMAL;
    }

    @Override
    boolean fitsPath() {
        return to == To.NORMAL || to == To.IN_PORT;
    }

    @Override
    public String toString() {
        return to.name();
    }
}
