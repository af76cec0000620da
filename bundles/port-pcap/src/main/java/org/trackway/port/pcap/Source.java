// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.pcap;

import java.io.Closeable;
import java.io.IOException;

/** Where the bytes of a capture come from. One thread reads; any may ask for the size and close. */
interface Source extends Closeable {

    /**
     * Reads what is there without waiting for more.
     *
     * @return how many bytes were read, 0 if there are none now, -1 if none will come
     */
    int read(byte[] target, int from, int count) throws IOException;

    /** {@return the input's size in bytes as far as is known, or {@link org.trackway.packet.Progress#UNKNOWN}} */
    long size();
}
