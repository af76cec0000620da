// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

/** Sends the packet to a port that the flow names: {@code output:2}. Never back to where it came in. */
final class Output extends Action {

    private final int port;

    Output(final int port) {
        this.port = port;
    }

    @Override
    Next run(final Pipeline pipeline, final Frame frame) {
        if (port != Key.inPort(frame.key)) {
            pipeline.send(frame, port);
        }
        return Next.GO_ON;
    }

    @Override
    boolean fitsPath() {
        return true;
    }

    @Override
    public String toString() {
        final String name = Values.port(port);
        return name.equals("LOCAL") ? name : "output:" + name;
    }
}
