// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

/** Sends the packet to the port whose number a field holds: {@code output:NXM_NX_REG0[0..15]}. */
final class OutputField extends Action {

    private final Subfield number;

    OutputField(final Subfield number) {
        this.number = number;
    }

    @Override
    Next run(final Pipeline pipeline, final Frame frame) {
        final long port = number.read(frame.key);
        if (port != Key.inPort(frame.key)) {
            pipeline.send(frame, port >>> 16 == 0 ? (int) port : Key.NO_PORT);
        }
        return Next.GO_ON;
    }

    @Override
    boolean fitsPath() {
        return number.isSteady();
    }

    @Override
    public String toString() {
        return "output:" + number;
    }
}
