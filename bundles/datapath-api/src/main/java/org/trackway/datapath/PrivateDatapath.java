// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath;

import org.osgi.annotation.versioning.ProviderType;

/**
 * A datapath that belongs to whoever had it made. Its ports are not polled until it is {@linkplain #start started};
 * until then packets enter by {@link #process} alone, which is what tests and programs with a loop of their own want.
 */
@ProviderType
public interface PrivateDatapath extends Datapath, AutoCloseable {

    /** Starts one thread per port, for those that are there and those to come. Does nothing if it runs. */
    void start();

    /** Stops polling. When this returns, no thread of this datapath is left. */
    void stop();

    /** Stops, then removes and closes all ports. */
    @Override
    void close();
}
