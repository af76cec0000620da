// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.pcap;

import java.io.IOException;

/** A source in memory, which hands out as much at a time as it is told to, and can be kept from ending. */
final class ByteSource implements Source {

    private final byte[] bytes;
    private final int step;
    private int position;
    private int visible;

    ByteSource(final byte[] bytes, final int step) {
        this.bytes = bytes;
        this.step = step;
        visible = bytes.length;
    }

    /** {@return a port that receives these bytes, read so many at a time} */
    static PcapPort port(final byte[] bytes, final int step) throws IOException {
        return port(new ByteSource(bytes, step));
    }

    static PcapPort port(final ByteSource source) throws IOException {
        final CaptureInput input = new CaptureInput("x.pcap", source);
        return new PcapPort("p", input, CaptureFormat.detect(input), null);
    }

    /** Lets the reader see the first bytes only; there is more as long as these are not all. */
    ByteSource show(final int count) {
        visible = count;
        return this;
    }

    @Override
    public int read(final byte[] target, final int from, final int count) {
        final int taken = Math.min(Math.min(count, step), visible - position);
        if (taken == 0) {
            return visible == bytes.length ? -1 : 0;
        }
        System.arraycopy(bytes, position, target, from, taken);
        position += taken;
        return taken;
    }

    @Override
    public long size() {
        return bytes.length;
    }

    @Override
    public void close() {
        visible = position;
    }
}
