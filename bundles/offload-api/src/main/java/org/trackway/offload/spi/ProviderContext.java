// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.spi;

import org.osgi.annotation.versioning.ProviderType;

/**
 * How a provider reports what nobody asked it. Every method may be called by any thread, returns at once and takes
 * effect soon; what is said of something that the provider does not hold is counted as a failure of it, and ignored.
 * Once the provider has gone nothing has any effect.
 */
@ProviderType
public interface ProviderContext {

    /** Says what became of an add or established that was {@link Answer#PENDING}. */
    void answer(long connectionId, Answer answer);

    /** Says what became of a forward that was {@link Answer#PENDING}. */
    void pathAnswer(long pathId, Answer answer);

    /**
     * Hardware has lost this connection; its packets come through software again. It is offered anew some time later.
     */
    void lost(long connectionId, String why);

    /** Hardware has lost this path. */
    void pathLost(long pathId, String why);

    /** Hardware has seen a FIN or RST of this connection, which is now withdrawn, so that software sees how it ends. */
    void closing(long connectionId);

    /** A port does not serve any more: all that came in or left there is withdrawn, and nothing more is offered. */
    void portLost(String port, String why);

    /**
     * A port serves now that was lost, or was not served when {@link OffloadProvider#serves} was asked. That is asked
     * once more, and the provider is offered what comes in there, what began before as well. Of a port that serves
     * already, or that nobody has seen, it means nothing.
     */
    void portBack(String port);

    /** The device is gone with all it held. The provider is offered nothing until {@link #deviceBack}. */
    void deviceLost(String why);

    /** The device is there, empty. */
    void deviceBack();
}
