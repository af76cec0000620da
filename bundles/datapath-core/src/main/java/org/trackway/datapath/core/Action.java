// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

/** One action of a flow. Immutable, so that any number of packets on any number of threads can be at it. */
abstract class Action {

    /** What comes after an action. */
    enum Next {
        /** The next action of the list. */
        GO_ON,
        /** Another list, which the action has put on the frame's stack; then the rest of this one. */
        CALL,
        /** Nothing until the pipeline lets the frame go on. */
        WAIT,
        /** The rest of this list is skipped. */
        RETURN
    }

    /** Acts on one packet. */
    abstract Next run(Pipeline pipeline, Frame frame);

    /** {@return whether it does the same to every packet of a path, and a path can say what} */
    boolean fitsPath() {
        return false;
    }

    /** {@return the action as {@code ovs-ofctl} prints it} */
    @Override
    public abstract String toString();
}
