// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

/** Forgets what the tracker said: {@code ct_clear}. */
final class CtClear extends Action {

    @Override
    Next run(final Pipeline pipeline, final Frame frame) {
        frame.packet.clearConntrack();
        frame.clearConntrack();
        return Next.GO_ON;
    }

    @Override
    boolean fitsPath() {
        return true;
    }

    @Override
    public String toString() {
        return "ct_clear";
    }
}
