// SPDX-License-Identifier: Apache-2.0
package org.trackway.packet;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * What a {@link Port} implements besides, if it can tell how far through its input it is: a capture file, for a
 * progress bar. May be asked by any thread, also after the port was closed.
 */
@ConsumerType
public interface Progress {

    /** {@link #size}: nobody knows where the input ends, as of a pipe. */
    long UNKNOWN = -1;

    /** {@return how many bytes of the input have been turned into packets, headers included} */
    long position();

    /** {@return how many bytes the input has as far as is known now, or {@link #UNKNOWN}; it may grow} */
    long size();
}
