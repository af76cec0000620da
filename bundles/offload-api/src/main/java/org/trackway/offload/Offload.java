// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload;

import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/**
 * The offload manager, for those who look after it: a service. It offers the connections of the container's tracker to
 * the providers that are there, and sees to it that none is lost when one goes.
 *
 * <p>Every method may be called by any thread. Methods that name a provider throw {@link IllegalArgumentException} with
 * the names that there are if there is none of that name.
 */
@ProviderType
public interface Offload {

    /** {@return the settings in force} */
    OffloadSettings settings();

    /** {@return the providers that are there, the highest priority first} */
    List<ProviderStatus> providers();

    /** {@return how far any provider has taken a connection; allocates nothing} */
    OffloadState state(long connectionId);

    /** {@return why a connection of the tracker is, or is not, in hardware; one that there is not is in no hardware} */
    OffloadStory story(long connectionId);

    /** {@return every connection that a provider holds} */
    List<OffloadStory> held();

    /**
     * Has a provider give up what it holds, without a dropped packet, and offers it nothing more until {@link #resume}.
     *
     * @param timeoutNs nanoseconds to wait at the most
     * @return how many connections it still holds when this returns
     */
    long drain(String provider, long timeoutNs);

    /** Offers a drained provider connections again, and ends its quarantine if it is in one. */
    void resume(String provider);

    /**
     * Has a provider give up what it holds; it is offered all of it again.
     *
     * @return how many connections it held
     */
    long flush(String provider);

    /**
     * Compares what a provider holds with what it should, and repairs the differences.
     *
     * @param timeoutNs nanoseconds to wait for its answer at the most
     */
    Verification verify(String provider, long timeoutNs);
}
